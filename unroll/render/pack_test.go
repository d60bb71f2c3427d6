package render_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

// runes counts code points and what stands between blocks, as chat adapters do.
func runes(b render.Block) int { return utf8.RuneCountInString(b.Text) + 2 }

// marked counts bytes and the markup that each facet costs.
func marked(b render.Block) int {
	n := len(b.Text)
	for _, f := range b.Facets {
		n += len("<a href=''></a>") + len(f.URL)
	}
	return n
}

func texts(pages [][]render.Block) [][]string {
	var out [][]string
	for _, page := range pages {
		var p []string
		for _, b := range page {
			p = append(p, b.Text)
		}
		out = append(out, p)
	}
	return out
}

func TestPack(t *testing.T) {
	text := func(s string) render.Block { return render.Block{Kind: render.BlockText, Text: s} }
	warn := render.Block{Kind: render.BlockWarning, Text: "CW"}
	length := func(b render.Block) int { return len(b.Text) }
	tests := []struct {
		name   string
		blocks []render.Block
		max    int
		want   [][]string
	}{
		{"no blocks", nil, 10, nil},
		{"no limit", []render.Block{text("a"), text("b")}, 0, [][]string{{"a", "b"}}},
		{"exactly full", []render.Block{text("12345"), text("67890"), text("x")}, 10, [][]string{{"12345", "67890"}, {"x"}}},
		{"cut after a paragraph", []render.Block{text("One. Two.\n\nThree. Four")}, 18, [][]string{{"One. Two.\n\n"}, {"Three. Four"}}},
		{"cut after a sentence", []render.Block{text("One two. Three four")}, 14, [][]string{{"One two. "}, {"Three four"}}},
		{"cut after a line", []render.Block{text("one two\nthree four")}, 13, [][]string{{"one two\n"}, {"three four"}}},
		{"cut after a word", []render.Block{text("one two three four")}, 10, [][]string{{"one two "}, {"three four"}}},
		{"the space after a word may not fit", []render.Block{text("one two three four")}, 7, [][]string{{"one two"}, {" three "}, {"four"}}},
		{"no break without a space", []render.Block{text("abcdefghij")}, 4, [][]string{{"abcd"}, {"efgh"}, {"ij"}}},
		{"no break at a no-break space", []render.Block{text("one two\u00a0three")}, 11, [][]string{{"one two\u00a0th"}, {"ree"}}},
		{"not inside a grapheme", []render.Block{text("ab\u0301cde")}, 3, [][]string{{"a"}, {"b\u0301"}, {"cde"}}},
		{"not at a space that carries a mark", []render.Block{text("aaaaaa \u0301bbbb")}, 12, [][]string{{"aaaaaa \u0301bbb"}, {"b"}}},
		{"a grapheme larger than a page", []render.Block{text("xb\u0301\u0301\u0301y")}, 5, [][]string{{"x"}, {"b\u0301\u0301"}, {"\u0301y"}}},
		{"a code point larger than a page", []render.Block{text("灯灯")}, 2, [][]string{{"灯"}, {"灯"}}},
		{"a warning stays with its post", []render.Block{text("123456"), warn, text("789")}, 10, [][]string{{"123456"}, {"CW", "789"}}},
		{"a warning that has no room there", []render.Block{text("123456"), warn, text("123456789")}, 10, [][]string{{"123456", "CW"}, {"123456789"}}},
		{"a page of warnings", []render.Block{warn, warn, text("123456789")}, 10, [][]string{{"CW", "CW"}, {"123456789"}}},
		{"a long text begins on a page half free", []render.Block{text("1234"), text("one two three")}, 10, [][]string{{"1234", "one "}, {"two three"}}},
		{"but not on a fuller one", []render.Block{text("123456"), text("one two three")}, 10, [][]string{{"123456"}, {"one two "}, {"three"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, texts(render.Pack(tt.blocks, tt.max, length))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPackCutsFacets(t *testing.T) {
	media := []unroll.Media{{URL: "https://m.example/1"}}
	b := render.Block{Kind: render.BlockQuote, PostID: "7", Text: "one two three four", Media: media, Spoiler: true, Facets: []unroll.Facet{
		{Start: 0, End: 18, Kind: unroll.FacetQuote},
		{Start: 4, End: 13, Kind: unroll.FacetLink, URL: "https://example.org/"},
		{Start: 14, End: 18, Kind: unroll.FacetBold},
	}}
	want := [][]render.Block{
		{{Kind: render.BlockQuote, PostID: "7", Text: "one two ", Media: media, Spoiler: true, Facets: []unroll.Facet{
			{Start: 0, End: 8, Kind: unroll.FacetQuote},
			{Start: 4, End: 8, Kind: unroll.FacetLink, URL: "https://example.org/"},
		}}},
		{{Kind: render.BlockQuote, PostID: "7", Text: "three four", Spoiler: true, Facets: []unroll.Facet{
			{Start: 0, End: 10, Kind: unroll.FacetQuote},
			{Start: 0, End: 5, Kind: unroll.FacetLink, URL: "https://example.org/"},
			{Start: 6, End: 10, Kind: unroll.FacetBold},
		}}},
	}
	got := render.Pack([]render.Block{b}, 10, func(b render.Block) int { return len(b.Text) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPackKeepsMedia(t *testing.T) {
	media := []unroll.Media{{URL: "https://m.example/1"}}
	for _, text := range []string{"", "short", "a text that needs three pages", "灯\u0301\u0301\u0301\u0301"} {
		pages := render.Pack([]render.Block{{Text: text, Media: media}}, 10, func(b render.Block) int { return len(b.Text) + len(b.Media) })
		n := 0
		for _, page := range pages {
			for _, b := range page {
				n += len(b.Media)
			}
		}
		if n != 1 || len(pages[0][0].Media) != 1 {
			t.Errorf("%q: %d media on %d pages", text, n, len(pages))
		}
	}
}

func TestPackIsStable(t *testing.T) {
	thread := rendertest.Thread("https://media.example")
	blocks := render.Blocks(&thread, render.Options{})
	for _, max := range []int{300, 1000, 4000} {
		whole := render.Pack(blocks, max, runes)
		for n := range blocks {
			part := render.Pack(blocks[:n+1], max, runes)
			last := len(part) - 1
			if diff := cmp.Diff(whole[:last], part[:last]); diff != "" {
				t.Fatalf("max %d: pages of the first %d blocks changed (-whole +part):\n%s", max, n+1, diff)
			}
		}
	}
}

// checkPages reports what the pages of blocks break of Pack's promises.
func checkPages(blocks []render.Block, pages [][]render.Block, max int, size func(render.Block) int) error {
	var before, after strings.Builder
	borders := map[int]bool{0: true} // of graphemes and blocks, in before
	for _, b := range blocks {
		start := before.Len()
		before.WriteString(b.Text)
		for g := graphemes.FromString(b.Text); g.Next(); {
			borders[start+g.End()] = true
		}
	}
	large := func(at int) bool { // the grapheme around offset at is larger than a page
		start, end := at, at
		for ; !borders[start]; start-- {
		}
		for ; !borders[end]; end++ {
		}
		return size(render.Block{Kind: render.BlockText, Text: before.String()[start:end]}) > max
	}
	for i, page := range pages {
		if len(page) == 0 {
			return fmt.Errorf("page %d is empty", i)
		}
		used := 0
		for _, b := range page {
			used += size(b)
			if err := checkFacets(b); err != nil {
				return fmt.Errorf("page %d: %w", i, err)
			}
			after.WriteString(b.Text)
			if at := after.Len(); !strings.HasPrefix(before.String(), after.String()) {
				return fmt.Errorf("page %d ends in a text that is not the author's", i)
			} else if !borders[at] && !large(at) {
				return fmt.Errorf("page %d is cut inside a grapheme at byte %d", i, at)
			}
		}
		single := len(page) == 1 && utf8.RuneCountInString(page[0].Text) <= 1
		if used > max && !single {
			return fmt.Errorf("page %d has size %d of %d", i, used, max)
		}
	}
	if before.Len() != after.Len() {
		return fmt.Errorf("%d bytes of %d came through", after.Len(), before.Len())
	}
	return nil
}

func checkFacets(b render.Block) error {
	var open []unroll.Facet
	last := 0
	for _, f := range b.Facets {
		if f.Start < last || f.Start >= f.End || f.End > len(b.Text) {
			return fmt.Errorf("facet %+v is out of order or of the text", f)
		}
		last = f.Start
		if !utf8.RuneStart(b.Text[f.Start]) || f.End < len(b.Text) && !utf8.RuneStart(b.Text[f.End]) {
			return fmt.Errorf("facet %+v ends inside a code point", f)
		}
		open = slices.DeleteFunc(open, func(o unroll.Facet) bool { return o.End <= f.Start })
		for _, o := range open {
			if f.End > o.End {
				return fmt.Errorf("facets %+v and %+v overlap", o, f)
			}
		}
		open = append(open, f)
	}
	return nil
}

func FuzzPack(f *testing.F) {
	thread := rendertest.Thread("https://media.example")
	for i := range thread.Posts {
		f.Add(thread.Posts[i].Text, 5, 40, 60, false)
	}
	f.Add("👩🏽‍🔧👩🏽‍🔧 🇸🇪🇳🇴 e\u0301\u0301\u0301", 3, 9, 7, true)
	f.Add("space \u0301 before a mark\r\n\r\nnext.  Then", 0, 20, 4, true)
	f.Add("\xff\xfe broken", 1, 2, 3, false)
	f.Fuzz(func(t *testing.T, text string, from, to, max int, markup bool) {
		max = 1 + (max&0x7fffffff)%300
		size := runes
		if markup {
			size = marked
		}
		blocks := []render.Block{
			{Kind: render.BlockWarning, Text: "CW"},
			{Kind: render.BlockText, Text: text, Facets: []unroll.Facet{
				{Start: from, End: to, Kind: unroll.FacetLink, URL: "https://example.org/"},
				{Start: from / 2, End: to, Kind: unroll.FacetBold},
				{Start: 0, End: len(text), Kind: unroll.FacetQuote},
			}},
			{Kind: render.BlockMedia, Text: text, Media: make([]unroll.Media, 1)},
			{Kind: render.BlockFooter, Text: "The end."},
		}
		for i, b := range blocks { // the invalid ones stay in what is not cut
			if checkFacets(b) != nil {
				blocks[i].Facets = nil
			}
		}
		if err := checkPages(blocks, render.Pack(blocks, max, size), max, size); err != nil {
			t.Error(err)
		}
	})
}

func TestPackKeepsItsPromises(t *testing.T) {
	thread := rendertest.Thread("https://media.example")
	blocks := render.Blocks(&thread, render.Options{PageURL: "https://unroll.example/t"})
	for max := 1; max < 5000; max += 1 + max/7 {
		for name, size := range map[string]func(render.Block) int{"runes": runes, "marked": marked} {
			if err := checkPages(blocks, render.Pack(blocks, max, size), max, size); err != nil {
				t.Errorf("%s, max %d: %v", name, max, err)
			}
		}
	}
}

func BenchmarkPack(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		thread := rendertest.Long(n)
		blocks := render.Blocks(&thread, render.Options{})
		b.Run(fmt.Sprintf("posts=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render.Pack(blocks, 4000, runes)
			}
		})
		one := render.Block{Kind: render.BlockText}
		for _, block := range blocks {
			for _, f := range block.Facets {
				f.Start += len(one.Text)
				f.End += len(one.Text)
				one.Facets = append(one.Facets, f)
			}
			one.Text += block.Text + "\n\n"
		}
		b.Run(fmt.Sprintf("onetext=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render.Pack([]render.Block{one}, 4000, runes)
			}
		})
	}
}

func BenchmarkBlocks(b *testing.B) {
	for _, n := range []int{10, 100, 1000, 10000} {
		thread := rendertest.Long(n)
		b.Run(fmt.Sprintf("posts=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render.Blocks(&thread, render.Options{})
			}
		})
	}
}
