package render_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

func TestNumbersAreHidden(t *testing.T) {
	number := func(start, end int) *unroll.Numbering {
		return &unroll.Numbering{N: 1, Total: 2, Start: start, End: end}
	}
	thread := unroll.Thread{
		Posts: []unroll.Post{
			{ID: "1", Text: "1/2 How lighthouses speak, and why 1/2 of them do not", Numbering: number(0, 4), Facets: []unroll.Facet{
				{Start: 0, End: 3, Kind: unroll.FacetItalic}, {Start: 0, End: 7, Kind: unroll.FacetBold}, {Start: 8, End: 19, Kind: unroll.FacetTag},
			}},
			{ID: "2", Text: "The end (2/2)", Numbering: number(7, 13)},
			{ID: "3", Text: "Lies", Numbering: number(2, 99)},
			{ID: "4", Text: "🧵x", Numbering: number(1, 3)},
		},
		Branches: []unroll.Branch{{After: "1", Posts: []unroll.Post{{ID: "5", Text: "Aside 2/2", Numbering: number(5, 9)}}}},
	}
	var o render.Options
	if got := o.Title(&thread); got != "How lighthouses speak, and why 1/2 of them do not" {
		t.Errorf("title %q", got)
	}
	if got := render.Summary(&thread, 60); got != "How lighthouses speak, and why 1/2 of them do not The end…" {
		t.Errorf("summary %q", got)
	}
	var got []render.Block
	for _, b := range render.Blocks(&thread, o) {
		if b.Kind == render.BlockText {
			got = append(got, b)
		}
	}
	want := []render.Block{
		{Kind: render.BlockText, PostID: "1", Text: "How lighthouses speak, and why 1/2 of them do not", Facets: []unroll.Facet{
			{Start: 0, End: 3, Kind: unroll.FacetBold}, {Start: 4, End: 15, Kind: unroll.FacetTag},
		}},
		{Kind: render.BlockText, PostID: "2", Text: "The end"},
		{Kind: render.BlockText, PostID: "3", Text: "Lies"},
		{Kind: render.BlockText, PostID: "4", Text: "🧵x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (render.Options{KeepNumbers: true}).Title(&thread); got != "1/2 How lighthouses speak, and why 1/2 of them do not" {
		t.Errorf("with its number: title %q", got)
	}
	if thread.Posts[1].Text != "The end (2/2)" || thread.Posts[1].Numbering == nil || thread.Branches[0].Posts[0].Text != "Aside 2/2" {
		t.Error("the thread was changed")
	}
}

func TestQuotedCardsAndSources(t *testing.T) {
	thread := unroll.Thread{
		Source: "xapi", Sources: []string{"xapi", "fxtwitter"},
		Posts: []unroll.Post{{ID: "1", Text: "Look", Quote: &unroll.Quote{Text: "This", Card: &unroll.Card{URL: "https://c.example/", Title: "A page"}}}},
	}
	golden(t, "quotedcard.blocks", dump(render.Blocks(&thread, render.Options{})))
	golden(t, "quotedcard.html", article(t, thread))
}
