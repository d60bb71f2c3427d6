package x

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

var threadRef = unroll.Ref{Network: unroll.X, ID: "20"}

// rig is the API, and a program to live there.
type rig struct {
	*mentiontest.Net
	net   *bottest.X
	first string // id of the mention that a story is about
	cfg   Config
	store unroll.Values // as the program that began last sees it
}

// inBubble runs a story in a time of its own.
func inBubble(t *testing.T, story func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(20 * 365 * 24 * time.Hour) // X counts its ids from 2010 on
		r := &rig{net: bottest.NewX(t)}
		r.Net = &mentiontest.Net{T: t, Values: &mentiontest.Values{}, Threads: &mentiontest.Threads{}}
		r.Secrets = []string{r.net.Secret, r.net.TokenHush, r.net.Key, r.net.Token, r.net.Bearer}
		r.Threads.Set(mentiontest.Thread(threadRef), nil)
		r.cfg = Config{
			UserID: r.net.BotID, APIKey: r.net.Key, APISecret: r.net.Secret, AccessToken: r.net.Token, AccessSecret: r.net.TokenHush,
			APIURL: "https://api.x.example", Transport: r.net,
		}
		r.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error) {
			cfg := r.cfg
			cfg.Log, r.store = log, v
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
	return r.net.Mention(bottest.XMention{Author: "7", Parent: "21", Text: "@ada @bot unroll", Shown: 5, Lang: "en"})
}

func (r *rig) wantPosts(n int) []bottest.XPost {
	r.Helper()
	got := r.net.Posts()
	if len(got) != n {
		r.Fatalf("%d answers, want %d: %+v\n%s", len(got), n, got, r.Log())
	}
	return got
}

// spent is what today cost.
func (r *rig) spent() money {
	r.Helper()
	sum, err := (&purse{values: r.store}).spent(r.Context(), time.Now())
	if err != nil {
		r.Fatal(err)
	}
	return sum
}

// noon waits for noon, so that a story stays within a day of X's accounts.
func noon() {
	now := time.Now().UTC()
	time.Sleep(now.Truncate(24 * time.Hour).Add(36 * time.Hour).Sub(now))
}
