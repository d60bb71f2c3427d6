package mastodon

import (
	"log/slog"
	"testing"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

var threadRef = unroll.Ref{Network: unroll.Mastodon, Host: "social.example", ID: "20"}

// rig is a server, and a program to live there.
type rig struct {
	*mentiontest.Rig
	net    *bottest.Mastodon
	cfg    Config
	parent string // id of a post of ada's
}

// inBubble runs a story in a time of its own.
func inBubble(t *testing.T, story func(r *rig)) {
	t.Helper()
	mentiontest.InBubble(t, newRig, story)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{net: bottest.NewMastodon(t)}
	r.parent = r.net.Post("https://social.example/@ada/21")
	r.Rig = &mentiontest.Rig{
		Net: mentiontest.NewNet(t, threadRef, r.net.Token), Fake: r.net, Config: &r.cfg.Config,
		Post: "/api/v1/statuses", List: "/api/v1/notifications",
		Ask: r.ask, Watch: func() string { return r.asks("watch") }, Say: func(text string) {
			r.net.Mention(bottest.MastodonMention{
				Author: "carol", InReplyTo: r.parent, ToBot: true, Content: "<p>" + bottest.MastodonBot + " " + text + "</p>", Language: "en",
			})
		},
		Answers: func() (texts []string) {
			for _, p := range r.net.Posts() {
				texts = append(texts, p.Status)
			}
			return texts
		},
		Likes: func() int { return len(r.net.Likes()) },
	}
	r.cfg = Config{URL: "https://social.example", Token: r.net.Token, Transport: r.net}
	r.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error) {
		cfg := r.cfg
		cfg.Log = log
		return New(cfg, d, p, v)
	}
	return r
}

// servers open a rig as the stories of all networks know it, by the kind of
// server.
func servers(t *testing.T, stories func(t *testing.T, open func(t *testing.T) *mentiontest.Rig)) {
	for name, gts := range map[string]bool{"mastodon": false, "gotosocial": true} {
		t.Run(name, func(t *testing.T) {
			stories(t, func(t *testing.T) *mentiontest.Rig {
				r := newRig(t)
				r.net.GoToSocial = gts
				return r.Rig
			})
		})
	}
}

// ask lets carol ask for the thread, under its last post.
func (r *rig) ask() string { return r.asks("unroll") }

func (r *rig) asks(word string) string {
	return r.net.Mention(bottest.MastodonMention{
		Author: "carol", InReplyTo: r.parent, Content: "<p>" + bottest.MastodonBot + " " + word + "</p>", Language: "en",
	})
}

func (r *rig) wantPosts(n int) []bottest.MastodonPost {
	r.Helper()
	r.Want(n)
	return r.net.Posts()
}
