package discord

import (
	"maps"
	"strings"
	"testing"
	"time"

	"unrollbot/bot/bottest"
)

// next is another process of the bot, at the same Discord and store, once
// this one has ended.
func (r *rig) next(change func(*Adapter)) *rig {
	r.t.Helper()
	if err := r.stop(); err != nil {
		r.t.Fatal(err)
	}
	return r.beside(change)
}

// beside is another process at the same time.
func (r *rig) beside(change func(*Adapter)) *rig {
	r.t.Helper()
	n := &rig{t: r.t, Discord: r.Discord, handler: &stub{answer: r.handler.answer}, values: r.values}
	a, err := New(Config{Token: "token", APIURL: r.APIURL(), PublicURL: "https://unroll.example", Log: testLog(r.t)}, n.handler, words{}, r.values)
	if err != nil {
		r.t.Fatal(err)
	}
	hurry(a)
	if change != nil {
		change(a)
	}
	n.adapter = a
	n.run()
	return n
}

// Whoever serves a shard next goes on with its session: what was sent in
// between is answered.
func TestSessionIsTakenUp(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true, AckWithin: time.Minute}, whole(1))
	r.alive()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	said := mention(r)
	n := r.next(nil)
	n.Answered(id)
	n.replied(said)
	n.alive()
	r.Look(func(s *bottest.DiscordState) {
		if len(s.Identifies) != 1 || s.Resumes != 1 || s.Count("POST /interactions/") != 3 || len(s.Sent()) != 4 {
			t.Errorf("%d sessions, %d resumed, %d acknowledged, %d messages", len(s.Identifies), s.Resumes, s.Count("POST /interactions/"), len(s.Sent()))
		}
		if len(s.ResumedAt) != 1 || !strings.HasPrefix(s.ResumedAt[0], "localhost:") {
			t.Errorf("resumed at %v, not where Discord wants it", s.ResumedAt)
		}
	})
	n.Gateway("drop", 0) // its own connection is mended as ever
	n.Await("the second resume", func(s *bottest.DiscordState) bool { return s.Resumes == 2 })
	n.alive()
}

// A process that was killed has kept its session some time before. What comes
// twice is answered once.
func TestSessionOfAKilledProcess(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true, AckWithin: time.Minute, Lenient: true}, whole(1))
	r.alive()
	first := r.next(nil) // this has the session kept
	first.alive()
	first.values.mu.Lock()
	before := maps.Clone(first.values.values)
	first.values.mu.Unlock()
	first.alive()
	said := mention(first)
	first.replied(said)
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	first.values.mu.Lock()
	maps.Copy(first.values.values, before) // as if it had not got to it
	first.values.mu.Unlock()
	n := first.next(nil)
	n.alive()
	r.Look(func(s *bottest.DiscordState) {
		if len(s.Identifies) != 1 || len(s.Sent()) != 5 {
			t.Errorf("%d sessions, %d messages", len(s.Identifies), len(s.Sent()))
		}
	})
}

// A session that cannot be taken up costs nothing but what was missed.
func TestSessionIsBegunAnew(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before func(*rig)
		cfg    bottest.DiscordConfig
	}{
		"forgotten":   {func(r *rig) { r.Forget() }, bottest.DiscordConfig{MessageContent: true}},
		"too old":     {func(r *rig) { r.values.forget("discord:500:session:") }, bottest.DiscordConfig{MessageContent: true}},
		"damaged":     {func(r *rig) { r.values.keep("discord:500:session:0/1", []byte("{"), time.Minute) }, bottest.DiscordConfig{MessageContent: true}},
		"new intents": {func(r *rig) { r.Grant() }, bottest.DiscordConfig{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, tc.cfg, whole(1))
			r.alive()
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			tc.before(r)
			n := r.next(nil)
			n.Await("a new session", func(s *bottest.DiscordState) bool {
				return len(s.Sessions) == 2 && s.Sessions[1].Live() && s.Sessions[1].Intents&intentMessageContent != 0
			})
			n.alive()
		})
	}
}

// Without the intent the session is taken up, and the texts stay withheld.
func TestSessionWithoutContent(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.alive()
	n := r.next(nil)
	n.alive()
	r.Look(func(s *bottest.DiscordState) {
		if s.Resumes != 1 || len(s.Sessions) != 1 || !n.adapter.withheld.Load() {
			t.Errorf("%d resumed, %d sessions, withheld %v", s.Resumes, len(s.Sessions), n.adapter.withheld.Load())
		}
	})
}

// Where a session is to be resumed may be out of reach: then the gateway's own
// address will do.
func TestSessionResumedElsewhere(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true, AckWithin: time.Minute}, whole(1))
	r.alive()
	r.Script(bottest.DiscordStep{On: "resume", Do: "drop"})
	r.Gateway("drop", 0)
	r.Await("the session", func(s *bottest.DiscordState) bool { return s.Resumes == 1 && len(s.ResumedAt) == 2 })
	r.alive()
	r.Look(func(s *bottest.DiscordState) {
		if !strings.HasPrefix(s.ResumedAt[0], "localhost:") || strings.HasPrefix(s.ResumedAt[1], "localhost:") {
			t.Errorf("resumed at %v", s.ResumedAt)
		}
	})
}

// Without a store nobody can go on: Discord shows the bot as offline at once.
func TestSessionEndsWithoutStore(t *testing.T) {
	t.Parallel()
	r := prepare(t, bottest.DiscordConfig{MessageContent: true}, whole(1))
	a, err := New(Config{Token: "token", APIURL: r.APIURL()}, r.handler, words{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	hurry(a)
	r.adapter = a
	r.run()
	r.Connected(1)
	r.alive()
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r.Await("the end of the session", func(s *bottest.DiscordState) bool { return s.Sessions[0].Ended() })
}

// A shard is handed from process to process under way: nothing is lost,
// nothing is answered twice, and everything is acknowledged in time.
func TestHandOverUnderLoad(t *testing.T) {
	t.Parallel()
	r := prepare(t, bottest.DiscordConfig{MessageContent: true}, whole(1))
	share := func(a *Adapter) {
		a.shared, a.sharing = true, sharing{lease: 600 * time.Millisecond, look: 50 * time.Millisecond, rest: 200 * time.Millisecond}
	}
	share(r.adapter)
	r.run()
	r.Connected(1)
	r.alive()
	processes := []*rig{r}
	var ids, said []string
	for range 3 {
		processes = append(processes, processes[len(processes)-1].beside(share))
		for range 15 {
			ids = append(ids, r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
			said = append(said, mention(r))
		}
		go func(p *rig) { _ = p.stop() }(processes[len(processes)-2]) // its error is told at the end
		for range 15 {
			ids = append(ids, r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
			said = append(said, mention(r))
		}
		for _, id := range ids {
			r.Answered(id)
		}
		for _, id := range said {
			r.replied(id)
		}
	}
	r.Look(func(s *bottest.DiscordState) {
		if len(s.Sent()) != 1+len(ids)+len(said) || s.Resumes < 3 || len(s.Sessions) != 1 {
			t.Errorf("%d messages to %d interactions and %d messages; %d resumed, %d sessions", len(s.Sent()), len(ids), len(said), s.Resumes, len(s.Sessions))
		}
	})
}
