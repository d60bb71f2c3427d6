package mastodon

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

var threadRef = unroll.Ref{Network: unroll.Mastodon, Host: "social.example", ID: "20"}

// rig is a server, and a program to live there.
type rig struct {
	*mentiontest.Net
	net    *bottest.Mastodon
	cfg    Config
	parent string // id of a post of ada's
}

// inBubble runs a story in a time of its own.
func inBubble(t *testing.T, story func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{net: bottest.NewMastodon(t)}
		r.Net = &mentiontest.Net{T: t, Values: &mentiontest.Values{}, Threads: &mentiontest.Threads{}}
		r.Secrets = []string{r.net.Token}
		r.Threads.Set(mentiontest.Thread(threadRef), nil)
		r.parent = r.net.Post("https://social.example/@ada/21")
		r.cfg = Config{URL: "https://social.example", Token: r.net.Token, Transport: r.net}
		r.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error) {
			cfg := r.cfg
			cfg.Log = log
			return New(cfg, d, p, v)
		}
		story(r)
	})
}

// live runs the program for a while.
func (r *rig) live(during ...func()) {
	r.Helper()
	l := r.Begin()
	r.rest()
	for _, f := range during {
		f()
		r.rest()
	}
	l.End()
	if l.Err != nil {
		r.Errorf("Run: %v", l.Err)
	}
}

// rest lets the program do all it has to do, retries too.
func (r *rig) rest() {
	time.Sleep(10 * time.Minute)
	synctest.Wait()
}

// ask lets carol ask for the thread, under its last post.
func (r *rig) ask() string {
	return r.net.Mention(bottest.MastodonMention{Author: "carol", InReplyTo: r.parent, Language: "en"})
}

func (r *rig) wantPosts(n int) []bottest.MastodonPost {
	r.Helper()
	got := r.net.Posts()
	if len(got) != n {
		r.Fatalf("%d answers, want %d: %+v\n%s", len(got), n, got, r.Log())
	}
	return got
}
