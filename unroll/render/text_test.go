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
	thread := hostile("\x1b]0;owned\x07\x1b[2J\u009b31m\r\x00", "")
	for i, c := range rendered(t, render.Text, thread) {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			t.Fatalf("control character %U at byte %d", c, i)
		}
	}
}

// hostile is a thread with s in every text that somebody else fills in, and
// address at the end of every address.
func hostile(s, address string) unroll.Thread {
	at := func(host string) string { return "https://" + host + ".example/" + address }
	author := unroll.Author{ID: s, Handle: "h" + s, Name: "n" + s, URL: at("a"), Avatar: at("a")}
	media := []unroll.Media{
		{Kind: unroll.MediaImage, URL: at("m"), Preview: address, Alt: s},
		{Kind: unroll.MediaVideo, URL: address, Preview: at("m"), Alt: s, Variants: []unroll.Variant{{URL: at("m"), Type: s}, {URL: address}}},
		{Kind: unroll.MediaAudio, URL: at("m"), Alt: s},
		{Kind: unroll.MediaKind(s), URL: at("m"), Alt: s},
	}
	facets := []unroll.Facet{
		{Start: 0, End: len(s), Kind: unroll.FacetLink, URL: at("l")},
		{Start: 0, End: len(s), Kind: unroll.FacetEmoji, URL: at("l")},
		{Start: 1, End: 3, Kind: unroll.FacetKind(s), URL: address},
	}
	quote := &unroll.Quote{URL: at("q"), Author: author, Text: s, Facets: facets, Media: media, Warning: s, Card: &unroll.Card{URL: at("c"), Title: s, Description: s, Image: at("c")}}
	post := unroll.Post{
		ID: "1", URL: at("p"), Text: s, Facets: facets, Media: media, Quote: quote, Lang: s, Cut: true, Warning: s,
		Poll: &unroll.Poll{Options: []unroll.PollOption{{Label: s, Votes: 1}}, Votes: 1},
		Card: &unroll.Card{URL: at("c"), Title: s, Description: s, Image: at("c"), ImageAlt: s},
	}
	gap := unroll.Post{ID: "2", URL: address, Gap: &unroll.Gap{Reason: unroll.GapReason(s)}}
	branch := post
	branch.ID = "3"
	return unroll.Thread{
		Ref: unroll.Ref{Network: unroll.X, ID: "1"}, Author: author, Posts: []unroll.Post{post, gap}, ReplyTo: quote,
		Branches: []unroll.Branch{{After: "1", Posts: []unroll.Post{branch}}},
		Verdict:  unroll.Verdict{State: unroll.State(s), Evidence: []unroll.Evidence{{Rule: unroll.Rule(s), State: unroll.State(s), Post: s}}},
		Source:   s,
	}
}

func TestTextShowsWhereLinksLead(t *testing.T) {
	const url = "https://www.example.org/a/long/way"
	for shown, want := range map[string]string{
		"here":                   "here <" + url + ">",
		url:                      url,
		"example.org/a/long/way": "example.org/a/long/way",
		"example.org/a/lo…":      url,
		"example.org/a/lo...":    url,
		"evil.example/a…":        "evil.example/a… <" + url + ">",
	} {
		thread, _, _ := wrapped("See "+shown+" now", []unroll.Facet{{Start: 4, End: 4 + len(shown), Kind: unroll.FacetLink, URL: url}})
		if got := rendered(t, render.Text, thread); !strings.Contains(got, "\nSee "+want+" now\n") {
			t.Errorf("%s: %s", shown, got)
		}
	}
}
