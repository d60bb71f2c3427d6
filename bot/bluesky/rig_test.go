package bluesky

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"slices"
	"testing"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

const (
	root = "at://did:plc:ada/app.bsky.feed.post/3n2zd4h4kaa22"
	last = "at://did:plc:ada/app.bsky.feed.post/3n2zd4h4kbb22"
	own  = "at://did:plc:bot/app.bsky.feed.post/3n2zd4h4kdd22"
)

var threadRef = unroll.Ref{Network: unroll.Bluesky, Author: "did:plc:ada", ID: "3n2zd4h4kaa22"}

// rig is a server, and a program to live there.
type rig struct {
	*mentiontest.Rig
	net *bottest.Bluesky
	cfg Config
}

// inBubble runs a story in a time of its own.
func inBubble(t *testing.T, story func(r *rig)) {
	t.Helper()
	mentiontest.InBubble(t, newRig, story)
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{net: bottest.NewBluesky(t)}
	r.Rig = &mentiontest.Rig{
		Net: mentiontest.NewNet(t, threadRef, r.net.Password, "access-1", "refresh-1"), Fake: r.net, Config: &r.cfg.Config,
		Post: "com.atproto.repo.putRecord", List: "listNotifications",
		Ask: r.ask, Watch: func() string { return r.asks("watch") }, Say: func(text string) {
			r.net.Write(bottest.BlueskyPost{Author: "did:plc:carol", Text: text, Parent: own, Reason: "reply", Langs: []string{"en"}})
		},
		Answers: func() (texts []string) {
			for _, a := range r.answers() {
				text := a.Text
				if a.Embed != nil {
					text += "\n" + a.Embed.External.URI
				}
				texts = append(texts, text)
			}
			return texts
		},
		Likes: func() int { return len(r.net.Records("app.bsky.feed.like")) },
	}
	r.cfg = Config{Identifier: r.net.Handle, AppPassword: r.net.Password, PDSURL: "https://pds.example", Transport: r.net}
	r.Make = func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error) {
		cfg := r.cfg
		cfg.Log = log
		return New(cfg, d, p, v)
	}
	return r
}

// shared opens a rig as the stories of all networks know it.
func shared(t *testing.T) *mentiontest.Rig { return newRig(t).Rig }

// ask lets carol ask for the thread, under its last post.
func (r *rig) ask() string { return r.asks("unroll") }

func (r *rig) asks(word string) string {
	return r.net.Write(bottest.BlueskyPost{
		Author: "did:plc:carol", Text: "@bot " + word, Mentions: true, Root: root, Parent: last, Langs: []string{"en"},
	})
}

// answers gives the bot's posts, oldest first.
func (r *rig) answers() []record {
	r.Helper()
	var out []record
	for _, rec := range r.net.Records(postType) {
		if rec.Writes != 1 {
			r.Errorf("written %d times", rec.Writes)
		}
		var p record
		if err := json.Unmarshal(rec.Value, &p); err != nil {
			r.Fatal(err)
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b record) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) })
	return out
}
