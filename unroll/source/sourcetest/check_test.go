package sourcetest

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"unrollbot/unroll"
)

// sound is a conversation without a fault, for tests to break.
func sound() unroll.Conversation {
	return unroll.Conversation{
		Asked: "2", Ref: unroll.Ref{Network: unroll.X, ID: "2"}, Source: "test", FetchedAt: time.Unix(1, 0),
		Authors: map[string]unroll.Author{"7": {ID: "7", Handle: "ada", URL: "https://x.com/ada"}},
		Replies: map[string]int{"1": 1},
		Cuts:    []unroll.Cut{{After: "2", Reason: unroll.CutLimit}},
		Seen:    map[string]bool{"2": true},
		Posts: []unroll.Post{
			{ID: "1", Gap: &unroll.Gap{Reason: unroll.GapDeleted}},
			{
				ID: "2", AuthorID: "7", ParentID: "1", Text: "né #a b",
				Facets: []unroll.Facet{
					{Start: 0, End: 6, Kind: unroll.FacetBold},
					{Start: 0, End: 3, Kind: unroll.FacetItalic},
					{Start: 4, End: 6, Kind: unroll.FacetTag, URL: "https://x.com/hashtag/a"},
					{Start: 7, End: 8, Kind: unroll.FacetStrike},
				},
				Media: []unroll.Media{{
					Kind: unroll.MediaVideo, URL: "https://v.test/a.mp4",
					Variants: []unroll.Variant{{URL: "https://v.test/a.mp4", Type: "video/mp4"}},
				}},
				Poll:  &unroll.Poll{Options: []unroll.PollOption{{Label: "yes", Votes: -1}}},
				Card:  &unroll.Card{URL: "https://example.org"},
				Quote: &unroll.Quote{Author: unroll.Author{ID: "8", Handle: "bob"}},
			},
		},
	}
}

func TestCheckConversation(t *testing.T) {
	t.Parallel()
	CheckConversation(t, sound())
	tests := []struct {
		name  string
		spoil func(c *unroll.Conversation, p *unroll.Post)
		want  string
	}{
		{"asked is missing", func(c *unroll.Conversation, _ *unroll.Post) { c.Asked = "3" }, "asked post"},
		{"ref is another", func(c *unroll.Conversation, _ *unroll.Post) { c.Ref.ID = "1" }, "ref"},
		{"no source", func(c *unroll.Conversation, _ *unroll.Post) { c.Source = "" }, "source"},
		{"no time", func(c *unroll.Conversation, _ *unroll.Post) { c.FetchedAt = time.Time{} }, "time"},
		{"count", func(c *unroll.Conversation, _ *unroll.Post) { c.Count = -1 }, "count"},
		{"replies", func(c *unroll.Conversation, _ *unroll.Post) { c.Replies["1"] = -1 }, "replies"},
		{"cut nowhere", func(c *unroll.Conversation, _ *unroll.Post) { c.Cuts[0].After = "9" }, "cut"},
		{"seen nowhere", func(c *unroll.Conversation, _ *unroll.Post) { c.Seen["9"] = true }, "seen below"},
		{"author's key", func(c *unroll.Conversation, _ *unroll.Post) {
			c.Authors["9"] = unroll.Author{ID: "8", Handle: "x"}
		}, "filed under"},
		{"author's handle", func(c *unroll.Conversation, _ *unroll.Post) {
			c.Authors["7"] = unroll.Author{ID: "7", Handle: "@ada"}
		}, "handle"},
		{"post's author", func(_ *unroll.Conversation, p *unroll.Post) { p.AuthorID = "6" }, "not known"},
		{"post's id", func(_ *unroll.Conversation, p *unroll.Post) { p.ID = "a?b" }, "part of a path"},
		{"gap with text", func(c *unroll.Conversation, _ *unroll.Post) { c.Posts[0].Text = "x" }, "a gap"},
		{"script as address", func(_ *unroll.Conversation, p *unroll.Post) { p.URL = "javascript:alert(1)" }, "not for the web"},
		{"relative address", func(_ *unroll.Conversation, p *unroll.Post) { p.Card.URL = "/a" }, "not for the web"},
		{"card without address", func(_ *unroll.Conversation, p *unroll.Post) { p.Card.URL = "" }, "without address"},
		{"text", func(_ *unroll.Conversation, p *unroll.Post) { p.Text = "\xffé #a b" }, "not UTF-8"},
		{"facet splits a rune", func(_ *unroll.Conversation, p *unroll.Post) { p.Facets[1].End = 2 }, "splits"},
		{"facet beyond", func(_ *unroll.Conversation, p *unroll.Post) { p.Facets[3].End = 9 }, "lie within"},
		{"facet empty", func(_ *unroll.Conversation, p *unroll.Post) { p.Facets[3].End = 7 }, "lie within"},
		{"facets not sorted", func(_ *unroll.Conversation, p *unroll.Post) { p.Facets[3].Start = 3 }, "not sorted"},
		{"facets overlap", func(_ *unroll.Conversation, p *unroll.Post) { p.Facets[2].End = 7 }, "overlaps"},
		{"wider facet second", func(_ *unroll.Conversation, p *unroll.Post) {
			p.Facets[0], p.Facets[1] = p.Facets[1], p.Facets[0]
		}, "overlaps"},
		{"link to nowhere", func(_ *unroll.Conversation, p *unroll.Post) { p.Facets[3].Kind = unroll.FacetLink }, "incomplete"},
		{"media without address", func(_ *unroll.Conversation, p *unroll.Post) { p.Media[0].URL = "" }, "media"},
		{"variant without type", func(_ *unroll.Conversation, p *unroll.Post) { p.Media[0].Variants[0].Type = "" }, "variant"},
		{"poll without options", func(_ *unroll.Conversation, p *unroll.Post) { p.Poll.Options = nil }, "poll"},
		{"poll votes", func(_ *unroll.Conversation, p *unroll.Post) { p.Poll.Options[0].Votes = -2 }, "poll option"},
		{"quote without author", func(_ *unroll.Conversation, p *unroll.Post) { p.Quote.Author = unroll.Author{} }, "quote"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := sound()
			tc.spoil(&c, &c.Posts[1])
			if got := strings.Join(problems(c), "\n"); !strings.Contains(got, tc.want) {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMutate(t *testing.T) {
	t.Parallel()
	const doc = `{"a":[1,{"b":"c"}],"d":null,"e":12345678901234567890}`
	rng := rand.New(rand.NewPCG(1, 2))
	changed := 0
	for range 200 {
		out := Mutate(rng, []byte(doc))
		if !json.Valid(out) {
			t.Fatalf("not JSON: %s", out)
		}
		if string(out) != doc {
			changed++
		}
	}
	if changed < 150 {
		t.Errorf("only %d of 200 were changed", changed)
	}
	if out := Mutate(rng, []byte("<html>")); string(out) != "<html>" {
		t.Errorf("got %s", out)
	}
}
