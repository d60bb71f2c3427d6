package render_test

import (
	"io"
	"strings"
	"testing"
	"unicode"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

// rendered runs one of the renderers over t.
func rendered(t *testing.T, write func(io.Writer, *unroll.Thread) error, thread unroll.Thread) string {
	t.Helper()
	var b strings.Builder
	if err := write(&b, &thread); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextGolden(t *testing.T) {
	golden(t, "thread.txt", rendered(t, render.Text, rendertest.Thread("https://media.example")))
}

func TestTextHoldsNoControls(t *testing.T) {
	thread := hostile("\x1b]0;owned\x07\x1b[2J\u009b31m\r\x00")
	for i, c := range rendered(t, render.Text, thread) {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			t.Fatalf("control character %U at byte %d", c, i)
		}
	}
}

// hostile is a thread with s in every place that somebody else fills in.
func hostile(s string) unroll.Thread {
	author := unroll.Author{ID: s, Handle: "h" + s, Name: "n" + s, URL: "https://a.example/" + s, Avatar: "https://a.example/" + s}
	media := []unroll.Media{
		{Kind: unroll.MediaImage, URL: "https://m.example/" + s, Preview: s, Alt: s},
		{Kind: unroll.MediaVideo, URL: s, Preview: "https://m.example/" + s, Alt: s, Variants: []unroll.Variant{{URL: "https://m.example/" + s, Type: s}}},
		{Kind: unroll.MediaAudio, URL: "https://m.example/" + s, Alt: s},
		{Kind: unroll.MediaKind(s), URL: "https://m.example/" + s, Alt: s},
	}
	facets := []unroll.Facet{{Start: 0, End: len(s), Kind: unroll.FacetLink, URL: "https://l.example/" + s}, {Start: 0, End: len(s), Kind: unroll.FacetEmoji, URL: "https://l.example/" + s}, {Start: 1, End: 3, Kind: unroll.FacetKind(s), URL: s}}
	quote := &unroll.Quote{URL: "https://q.example/" + s, Author: author, Text: s, Facets: facets, Media: media, Warning: s}
	post := unroll.Post{
		ID: "1", URL: "https://p.example/" + s, Text: s, Facets: facets, Media: media, Quote: quote, Lang: s, Cut: true, Warning: s,
		Poll: &unroll.Poll{Options: []unroll.PollOption{{Label: s, Votes: 1}}, Votes: 1},
		Card: &unroll.Card{URL: "https://c.example/" + s, Title: s, Description: s, Image: "https://c.example/" + s, ImageAlt: s},
	}
	gap := unroll.Post{ID: "2", URL: s, Gap: &unroll.Gap{Reason: unroll.GapReason(s)}}
	branch := post
	branch.ID = "3"
	return unroll.Thread{
		Ref: unroll.Ref{Network: unroll.X, ID: "1"}, Author: author, Posts: []unroll.Post{post, gap}, ReplyTo: quote,
		Branches: []unroll.Branch{{After: "1", Posts: []unroll.Post{branch}}},
		Verdict:  unroll.Verdict{State: unroll.State(s), Evidence: []unroll.Evidence{{Rule: unroll.Rule(s), State: unroll.State(s), Post: s}}},
		Source:   s,
	}
}
