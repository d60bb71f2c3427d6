package render_test

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/html"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

// FuzzArticle: whatever text and facets come, the page is well-formed, leads
// to web addresses only, and shows the text.
func FuzzArticle(f *testing.F) {
	thread := rendertest.Thread("https://media.example")
	for p := range thread.All {
		f.Add(p.Text, 3, 20, 10, 14, 5, 60, "https://example.org/", byte(0))
	}
	for i, trick := range tricks {
		f.Add(trick, 0, len(trick), 1, 3, 2, 9, trick, byte(i))
	}
	kinds := []unroll.FacetKind{unroll.FacetLink, unroll.FacetMention, unroll.FacetTag, unroll.FacetBold, unroll.FacetItalic, unroll.FacetStrike, unroll.FacetCode, unroll.FacetQuote}
	f.Fuzz(func(t *testing.T, text string, a, b, c, d, e, g int, address string, kind byte) {
		n := int(kind)
		thread := unroll.Thread{Ref: unroll.Ref{Network: unroll.X, ID: "1"}, Posts: []unroll.Post{{ID: "1", Warning: "so that no line becomes the heading", Text: text, Facets: []unroll.Facet{
			{Start: a, End: b, Kind: kinds[n%len(kinds)], URL: address},
			{Start: c, End: d, Kind: kinds[(n+3)%len(kinds)], URL: "https://example.org/" + address},
			{Start: e, End: g, Kind: kinds[(n+5)%len(kinds)], URL: "https://example.org/"},
		}}}}
		page := article(t, thread)
		wellFormed(t, page)
		links(t, page)
		want := ""
		for _, block := range render.Blocks(&thread, render.Options{}) {
			if block.Kind == render.BlockText {
				want = block.Text
			}
		}
		if got := shown(t, page); got != bare(want) {
			t.Errorf("the page shows %q of %q", got, bare(want))
		}
	})
}

// shown is the text of the first post on a page, without spaces.
func shown(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Data == "div" && len(n.Attr) > 0 && n.Attr[0].Val == "text" {
			var b strings.Builder
			for d := range n.Descendants() {
				if d.Type == html.TextNode {
					b.WriteString(d.Data)
				}
			}
			return bare(b.String())
		}
	}
	return ""
}

func bare(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsSpace(c) {
			return -1
		}
		return c
	}, s)
}
