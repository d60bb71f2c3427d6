package fxtwitter

import (
	"encoding/json"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// TestArticleOfMarks: ranges that overlap in every way are split, and are not
// many enough to matter.
func TestArticleOfMarks(t *testing.T) {
	t.Parallel()
	var b block
	b.Type, b.Text = "unstyled", strings.Repeat("🧵 word ", 2000)
	for i := range 20_000 {
		style := []string{"Bold", "Italic", "Strikethrough", "Code"}[i%4]
		b.Styles = append(b.Styles, blockRange{Offset: i % 7000, Length: 5000, Style: style})
	}
	var a article
	for range 200 {
		a.Content.Blocks = append(a.Content.Blocks, b)
	}
	raw, err := json.Marshal(map[string]any{"title": "Marks", "content": map[string]any{"blocks": a.Content.Blocks[:1]}})
	if err != nil {
		t.Fatal(err)
	}
	p := unroll.Post{Text: "See:"}
	addArticle(&p, raw)
	sourcetest.CheckFacets(t, p.Text, p.Facets)
	if len(p.Facets) < maxMarks {
		t.Errorf("%d facets", len(p.Facets))
	}

	w := articleWriter{article: &a}
	for i := range a.Content.Blocks {
		w.block(&a.Content.Blocks[i])
	}
	if n := len(w.facets); n > 2*maxFacets {
		t.Errorf("%d facets", n)
	}
}
