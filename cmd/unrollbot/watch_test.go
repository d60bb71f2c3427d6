package main

import (
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// grow lets the thread have n posts, and be read long enough ago to be looked
// at again.
func (r *rig) grow(n int) {
	r.t.Helper()
	r.net.Set(fakenet.Chain(n))
	ref, err := unroll.ParseRef(xLink(1))
	if err != nil {
		r.t.Fatal(err)
	}
	e, ok, err := r.app.store.Load(r.t.Context(), ref)
	if !ok || err != nil {
		r.t.Fatal(ok, err)
	}
	aged := *e.Thread
	aged.FetchedAt = aged.FetchedAt.Add(-2 * time.Minute)
	e.Thread = &aged
	var names []unroll.Ref
	for p := range aged.All {
		names = append(names, aged.RefOf(p))
	}
	if err := r.app.store.Save(r.t.Context(), aged.Ref, names, e, time.Hour); err != nil {
		r.t.Fatal(err)
	}
}

// A thread that is watched from two platforms grows, before and after a
// restart.
func TestWatchedThreadGrows(t *testing.T) {
	dir := "UNROLL_DATA_DIR=" + t.TempDir()
	soon := 50 * time.Millisecond
	r := newRig(t, fakenet.Chain(5), dir)
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	r.watch = bot.LookoutConfig{Poll: soon, Soonest: soon, Latest: soon, Gap: soon, Looks: unroll.Limit{Events: 1000, Per: time.Second, Burst: 1000}}
	r.start(dir)

	if m := r.telegramSays("/watch " + xLink(2)); !strings.Contains(m.Text, "I watch this thread, 5 posts long") {
		t.Fatalf("Telegram: %s", m.Text)
	}
	watch := bottest.DiscordInteraction{Command: "watch", Options: map[string]any{"link": xLink(4)}}
	if m := r.discord.Answered(r.discord.Interact(watch)); !strings.Contains(m.Text(), "I watch this thread, 5 posts long") {
		t.Fatalf("Discord: %s", m.Text())
	}
	told := func(line, first string) {
		t.Helper()
		holds := func(texts []string) bool {
			for _, text := range texts {
				if strings.Contains(text, line) && strings.Contains(text, first) && !strings.Contains(text, "post number 1 of") {
					return true
				}
			}
			return false
		}
		eventually(t, line+" on Telegram", func() bool {
			var texts []string
			for _, m := range r.telegram.Messages(77) {
				texts = append(texts, m.Text)
			}
			return holds(texts)
		})
		r.discord.Await(line+" on Discord", func(s *bottest.DiscordState) bool {
			var texts []string
			for _, m := range s.Sent() {
				texts = append(texts, m.Text())
			}
			return holds(texts)
		})
	}
	r.grow(7)
	told("2 new posts by", "post number 6 of")
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	r.start(dir)
	r.grow(8)
	told("1 new post by", "post number 8 of")

	if m := r.telegramSays("/unwatch " + xLink(8)); !strings.Contains(m.Text, "no longer watch that thread") {
		t.Errorf("Telegram: %s", m.Text)
	}
	if status, _, body := r.get("/latest"); status != 200 || strings.Contains(body, "post number 1 of") {
		t.Errorf("what chats watch is listed: %d", status)
	}
}
