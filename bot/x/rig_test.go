package x

import (
	"log/slog"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

var threadRef = unroll.Ref{Network: unroll.X, ID: "20"}

// rig is the API, and a program to live there.
type rig struct {
	*mentiontest.Rig
	net   *bottest.X
	cfg   Config
	store unroll.Values // as the program that began last sees it
}

// inBubble runs a story in a time of its own.
func inBubble(t *testing.T, story func(r *rig)) {
	t.Helper()
	mentiontest.InBubble(t, newRig, story)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	time.Sleep(20 * 365 * 24 * time.Hour) // X counts its ids from 2010 on
	r := &rig{net: bottest.NewX(t)}
	r.Rig = &mentiontest.Rig{
		Net:  mentiontest.NewNet(t, threadRef, r.net.Secret, r.net.TokenHush, r.net.Key, r.net.Token, r.net.Bearer),
		Fake: r.net, Config: &r.cfg.Config, Post: "POST /2/tweets", List: "/mentions",
		Ask: r.ask, Watch: func() string { return r.asks("watch") }, Say: func(text string) {
			r.net.Mention(bottest.XMention{Author: "7", Parent: "24", ToBot: true, Text: "@bot " + text, Shown: 5, Lang: "en"})
		},
		Answers: func() (texts []string) {
			for _, p := range r.net.Posts() {
				texts = append(texts, p.Text)
			}
			return texts
		},
	}
	r.cfg = Config{
		UserID: r.net.BotID, APIKey: r.net.Key, APISecret: r.net.Secret, AccessToken: r.net.Token, AccessSecret: r.net.TokenHush,
		APIURL: "https://api.x.example", Transport: r.net,
	}
	r.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error) {
		cfg := r.cfg
		cfg.Log, r.store = log, v
		return New(cfg, d, p, v)
	}
	return r
}

// shared opens a rig as the stories of all networks know it.
func shared(t *testing.T) *mentiontest.Rig { return newRig(t).Rig }

// ask lets carol ask for the thread, under its last post.
func (r *rig) ask() string { return r.asks("unroll") }

func (r *rig) asks(word string) string {
	return r.net.Mention(bottest.XMention{Author: "7", Parent: "21", Text: "@ada @bot " + word, Shown: 5, Lang: "en"})
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
