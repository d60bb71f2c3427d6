package discord

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

func TestEscapedShowsTheText(t *testing.T) {
	for name, text := range map[string]string{
		"plain":         "Nothing special, really.",
		"emphasis":      "*a* **b** ***c*** _d_ __e__ ~~f~~ ||g|| `h` ```i```",
		"heading":       "# one\n## two\n   ### three\n#tag",
		"lists":         "- a\n* b\n+ c\n1. d\n 2) e\n-# f",
		"numbering":     "3/12 and 1.5 and 12. end",
		"quotes":        "> a\n>>> b\n >c",
		"mentions":      "@everyone @here <@123> <@&4> <#5> </unroll:6> <t:7:R> <id:home>",
		"emoji":         "say :smile: or :a:b:c: at 12:30:45 <:x:1>",
		"masked link":   "[click](https://evil.example) and [a]",
		"bare address":  "see https://a.example/b_c_d?e=*f* or http://x.",
		"angle address": "<https://a.example/>",
		"shrug":         `¯\_(ツ)_/¯`,
		"backslashes":   `C:\new\_x \\ \`,
		"right to left": "مرحبا *عالم* 12. نص",
		"emoji text":    "👩‍👩‍👧‍👦 *x* 🏳️‍🌈",
		"only marks":    "****____~~~~||||````",
	} {
		t.Run(name, func(t *testing.T) {
			if diff := gocmp.Diff(text, shown(escaped(text))); diff != "" {
				t.Errorf("escaped %q\n%s", escaped(text), diff)
			}
			if l := links(escaped(text)); len(l) > 0 {
				t.Errorf("links %v in %q", l, escaped(text))
			}
		})
	}
}

func TestMarkdownFacets(t *testing.T) {
	const target = "https://a.example/x"
	over := func(text, part string, kind unroll.FacetKind) render.Block {
		i := strings.Index(text, part)
		return render.Block{Text: text, Facets: []unroll.Facet{{Start: i, End: i + len(part), Kind: kind, URL: target}}}
	}
	for name, tc := range map[string]struct {
		block render.Block
		want  string
	}{
		"link":             {over("read this now", "this", unroll.FacetLink), "read [this](https://a.example/x) now"},
		"mention":          {over("by @some_one!", "@some_one", unroll.FacetMention), `by [@some\_one](https://a.example/x)!`},
		"tag":              {over("#go", "#go", unroll.FacetTag), "[#go](https://a.example/x)"},
		"its own address":  {over("at "+target+".", target, unroll.FacetLink), "at <https://a.example/x>."},
		"another address":  {over("https://b.example/y", "https://b.example/y", unroll.FacetLink), `https\://[b.example/y](https://a.example/x)`},
		"brackets in link": {over("[1] a [2]", "[1] a [2]", unroll.FacetLink), `\[[1](https://a.example/x)][ a ](https://a.example/x)\[[2](https://a.example/x)]`},
		"bold":             {over("so *very* good", "*very*", unroll.FacetBold), `so **\*very\*** good`},
		"bold over lines":  {over("a \nb", "a \nb", unroll.FacetBold), "**a** \n**b**"},
		"italic":           {over("so good", "good", unroll.FacetItalic), "so *good*"},
		"italic with star": {over("a*b", "a*b", unroll.FacetItalic), `a\*b`},
		"strike":           {over("not now", "not", unroll.FacetStrike), "~~not~~ now"},
		"code":             {over("run a_b", "a_b", unroll.FacetCode), "run `a_b`"},
		"code with tick":   {over("run a`b", "a`b", unroll.FacetCode), "run a\\`b"},
		"quote":            {over("he said\n- a\n\n# b", "- a\n\n# b", unroll.FacetQuote), "he said\n> \\- a\n> \n> \\# b"},
		"quote in a line":  {over("he said a", "a", unroll.FacetQuote), "he said a"},
		"spoiler":          {render.Block{Text: "a||b|", Spoiler: true}, `||a\|\|b\| ||`},
		"gap":              {render.Block{Kind: render.BlockGap, Text: "missing"}, "-# missing"},
		"neighbours": {render.Block{Text: "ab", Facets: []unroll.Facet{
			{Start: 0, End: 1, Kind: unroll.FacetBold}, {Start: 1, End: 2, Kind: unroll.FacetBold},
		}}, "**a**b"},
		"nested": {render.Block{Text: "a b c", Facets: []unroll.Facet{
			{Start: 0, End: 5, Kind: unroll.FacetBold},
			{Start: 2, End: 3, Kind: unroll.FacetLink, URL: "https://a.example/(y)*"},
			{Start: 4, End: 5, Kind: unroll.FacetItalic},
		}}, "**a [b](https://a.example/%28y%29%2A) c**"},
		"no web address": {render.Block{Text: "a", Facets: []unroll.Facet{{Start: 0, End: 1, Kind: unroll.FacetLink, URL: "javascript:alert(1)"}}}, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			got := markdown(tc.block)
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if text := strings.TrimRight(shown(got), " "); text != tc.block.Text {
				t.Errorf("reads %q, want %q", text, tc.block.Text)
			}
		})
	}
}

// FuzzMarkdown: whatever the author wrote and however it is marked up, the
// reader sees the author's letters, and every link leads where it should.
func FuzzMarkdown(f *testing.F) {
	f.Add("so *very* good\n# x\n1. y", uint8(0), uint8(3), uint8(9), uint8(4), uint8(5), uint8(8), false)
	f.Add("https://a.example/x [b] || c", uint8(1), uint8(0), uint8(19), uint8(0), uint8(20), uint8(27), true)
	f.Add("a`b~~c**d", uint8(6), uint8(0), uint8(3), uint8(5), uint8(3), uint8(9), false)
	f.Fuzz(func(t *testing.T, text string, k1, s1, e1, k2, s2, e2 uint8, spoiler bool) {
		text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r", "")
		checkReads(t, text, spoiler, []unroll.Facet{
			{Start: int(s1), End: int(e1), Kind: facetKinds[int(k1)%len(facetKinds)], URL: "https://a.example/_(1)_*|~~"},
			{Start: int(s2), End: int(e2), Kind: facetKinds[int(k2)%len(facetKinds)], URL: "https://b.example/"},
		})
	})
}

// TestMarkdownProperty is the fuzz target's property on texts made of marks.
func TestMarkdownProperty(t *testing.T) {
	pieces := []string{
		"*", "**", "_", "__", "~", "~~", "|", "||", "`", "```", "[", "]", "(", ")", "<", ">", "> ", "# ", "- ", "-# ", "1. ", "12", ".",
		":", "://", "http", "@", "@everyone", "@here", "<@1>", "\\", "\n", "\n\n", " ", "a", "b c", "é", "👍", "https://c.example/d_e", "_(ツ)_/¯",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var text strings.Builder
		for range 1 + random.IntN(12) {
			text.WriteString(pieces[random.IntN(len(pieces))])
		}
		var facets []unroll.Facet
		for range random.IntN(4) {
			start := random.IntN(text.Len())
			facets = append(facets, unroll.Facet{
				Start: start, End: start + 1 + random.IntN(text.Len()-start),
				Kind: facetKinds[random.IntN(len(facetKinds))], URL: "https://a.example/_(1)_*|~~",
			})
		}
		if checkReads(t, text.String(), random.IntN(3) == 0, facets); t.Failed() {
			return
		}
	}
}

var facetKinds = []unroll.FacetKind{
	unroll.FacetLink, unroll.FacetMention, unroll.FacetTag, unroll.FacetBold, unroll.FacetItalic,
	unroll.FacetStrike, unroll.FacetCode, unroll.FacetQuote, unroll.FacetEmoji,
}

// checkReads writes a text with those facets that keep the rules of blocks,
// and reads it back.
func checkReads(t *testing.T, text string, spoiler bool, facets []unroll.Facet) {
	t.Helper()
	if text == "" {
		return
	}
	b := render.Block{Text: text, Spoiler: spoiler}
	slices.SortStableFunc(facets, func(a, b unroll.Facet) int { return cmp.Or(a.Start-b.Start, b.End-a.End) })
	border := func(i int) bool { return i == len(text) || utf8.RuneStart(text[i]) }
next:
	for _, f := range facets {
		if f.Start >= f.End || f.End > len(text) || !border(f.Start) || !border(f.End) {
			continue
		}
		for _, before := range b.Facets {
			if f.Start < before.End && f.End > before.End {
				continue next
			}
		}
		b.Facets = append(b.Facets, f)
	}
	got := markdown(b)
	seen := shown(got)
	if spoiler && strings.HasSuffix(text, "|") {
		seen = strings.TrimSuffix(seen, " ")
	}
	if seen != text {
		t.Errorf("wrote %q %v\nas    %q\nreads %q", text, b.Facets, got, seen)
	}
	for _, l := range links(got) {
		if !strings.HasPrefix(l[1], "https://a.example/") && !strings.HasPrefix(l[1], "https://b.example/") {
			t.Errorf("wrote %q\nas    %q\nwhich leads to %q", text, got, l[1])
		}
	}
}

func TestUnits(t *testing.T) {
	for text, want := range map[string]int{"": 0, "abc": 3, "é": 1, "漢": 1, "👍": 2} {
		if got := units(text); got != want {
			t.Errorf("units(%q) = %d, want %d", text, got, want)
		}
	}
}

func BenchmarkMarkdown(b *testing.B) {
	block := render.Block{Text: strings.Repeat("A *thread* of many_words, see #this: 1. first\n", 40)}
	b.ReportAllocs()
	b.SetBytes(int64(len(block.Text)))
	for b.Loop() {
		markdown(block)
	}
}
