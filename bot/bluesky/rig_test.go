package bluesky

import (
	"encoding/json"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

const (
	root = "at://did:plc:ada/app.bsky.feed.post/3n2zd4h4kaa22"
	last = "at://did:plc:ada/app.bsky.feed.post/3n2zd4h4kbb22"
)

var threadRef = unroll.Ref{Network: unroll.Bluesky, Author: "did:plc:ada", ID: "3n2zd4h4kaa22"}

// rig is a server, and a program to live there.
type rig struct {
	*mentiontest.Net
	net *bottest.Bluesky
	cfg Config
}

// inBubble runs a story in a time of its own.
func inBubble(t *testing.T, story func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { story(newRig(t)) })
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{net: bottest.NewBluesky(t)}
	r.Net = &mentiontest.Net{T: t, Values: &mentiontest.Values{}, Threads: &mentiontest.Threads{}}
	r.Secrets = []string{r.net.Password, "access-1", "refresh-1"}
	r.Threads.Set(mentiontest.Thread(threadRef), nil)
	r.cfg = Config{Identifier: r.net.Handle, AppPassword: r.net.Password, PDSURL: "https://pds.example", Transport: r.net}
	r.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error) {
		cfg := r.cfg
		cfg.Log = log
		return New(cfg, d, p, v)
	}
	return r
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
	return r.net.Write(bottest.BlueskyPost{
		Author: "did:plc:carol", Text: "@bot unroll", Mentions: true, Root: root, Parent: last, Langs: []string{"en"},
	})
}

// answers gives the bot's posts.
func (r *rig) answers() []record {
	r.Helper()
	var out []record
	for _, rec := range r.net.Records(postType) {
		var p record
		if err := json.Unmarshal(rec.Value, &p); err != nil {
			r.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

// wantAnswers checks how many there are, and gives the first's text.
func (r *rig) wantAnswers(n int) string {
	r.Helper()
	got := r.answers()
	if len(got) != n {
		r.Fatalf("%d answers, want %d: %+v\n%s", len(got), n, got, r.Log())
	}
	if n == 0 {
		return ""
	}
	return got[0].Text
}
