package fakenet_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

const script = `A comment, and one emoji:
:loaf: https://img.example/loaf.png
-- @ines --
Name: Ines Halloran
Handle: ines.light.test
Bio: Keeps the lamp.
-- 01 --
From: ines
Date: 2026-05-01T20:00:00Z
Lang: en

Hello @ines :loaf:
-- 02 --
From: ines
Reply-To: 01
Gap: deleted
-- 03 --
From: tom
Reply-To: 02
Warning: heights
Quotes: 01
Note: yes
Image: /a.png 4x3 | a lamp, seen
 from below
Image: /b.png 1x1
Poll: up = 3 / down = 4
Poll-Ends: 2026-05-02T20:00:00Z
Card: https://a.test/x | Title | Text | /c.png

Two

lines
`

func TestParse(t *testing.T) {
	w, err := fakenet.Parse([]byte(script))
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 5, 1, 20, 0, 0, 0, time.UTC)
	want := fakenet.World{
		Authors: []fakenet.Author{{ID: "ines", Name: "Ines Halloran", Handle: "ines.light.test", Bio: "Keeps the lamp."}},
		Emoji:   map[string]string{"loaf": "https://img.example/loaf.png"},
		Posts: []fakenet.Post{
			{Post: unroll.Post{ID: "01", AuthorID: "ines", At: day, Lang: "en", Text: "Hello @ines :loaf:", Facets: []unroll.Facet{
				{Start: 6, End: 11, Kind: unroll.FacetMention, URL: "ines"},
				{Start: 12, End: 18, Kind: unroll.FacetEmoji, URL: "https://img.example/loaf.png"},
			}}},
			{Post: unroll.Post{ID: "02", AuthorID: "ines", ParentID: "01", At: day.Add(4 * time.Minute), Gap: &unroll.Gap{Reason: unroll.GapDeleted}}},
			{Quotes: "01", Note: true, Post: unroll.Post{
				ID: "03", AuthorID: "tom", ParentID: "02", At: day.Add(8 * time.Minute), Warning: "heights", Sensitive: true, Text: "Two\n\nlines",
				Media: []unroll.Media{
					{Kind: unroll.MediaImage, URL: "/a.png", Width: 4, Height: 3, Alt: "a lamp, seen from below"},
					{Kind: unroll.MediaImage, URL: "/b.png", Width: 1, Height: 1},
				},
				Poll: &unroll.Poll{Votes: 7, EndsAt: day.AddDate(0, 0, 1), Options: []unroll.PollOption{{Label: "up", Votes: 3}, {Label: "down", Votes: 4}}},
				Card: &unroll.Card{URL: "https://a.test/x", Title: "Title", Description: "Text", Image: "/c.png"},
			}},
		},
	}
	if diff := cmp.Diff(want, w); diff != "" {
		t.Errorf("world (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, script := range map[string]string{
		"no author":  "-- 01 --\nLang: en\n\nText\n",
		"bad header": "-- 01 --\nno header at all\n\nText\n",
		"bad date":   "-- 01 --\nFrom: a\nDate: yesterday\n\nText\n",
		"bad image":  "-- 01 --\nFrom: a\nImage: /a.png\n\nText\n",
		"bad poll":   "-- 01 --\nFrom: a\nPoll: yes / no\n\nText\n",
	} {
		if _, err := fakenet.Parse([]byte(script)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Whatever a World holds, the servers answer, and soon.
func TestRandomWorldsAreServed(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		w := fakenet.Random(r, 40)
		n := start(t, w, fakenet.Config{})
		for _, p := range w.Posts[:10] {
			get(t, n.FxTwitterURL+"/2/thread/"+p.ID)
			xrpc(t, n, "app.bsky.feed.getPostThread?depth=1000&parentHeight=1000&uri="+at(p.AuthorID, p.ID))
			get(t, "http://"+n.MastodonHost+"/api/v1/statuses/"+p.ID+"/context")
		}
		if c := w.Conversation(w.Posts[0].ID); len(c.Posts) != len(w.Posts) {
			t.Fatalf("%d posts of %d", len(c.Posts), len(w.Posts))
		}
	}
}

func TestSetAndRename(t *testing.T) {
	n := start(t, fakenet.Chain(2), fakenet.Config{})
	n.Set(fakenet.Chain(3).Rename(func(id string) string { return fmt.Sprint("2", id) }))
	_, body := get(t, n.FxTwitterURL+"/2/thread/21000003")
	if diff := cmp.Diff([]string{"21000001", "21000002", "21000003"}, body.at("thread").ids("id")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
