package xpost

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// at gives the range of the n-th part of text, in code points.
func at(text, part string) (start, end int) {
	before, _, found := strings.Cut(text, part)
	if !found {
		panic(part + " is not in " + text)
	}
	start = utf8.RuneCountInString(before)
	return start, start + utf8.RuneCountInString(part)
}

func entity(kind Kind, text, part, reads string) Entity {
	start, end := at(text, part)
	return Entity{Kind: kind, Start: start, End: end, Text: reads}
}

func short(text, part, display, target string) Entity {
	e := entity(Link, text, part, part)
	e.Display, e.URL = display, target
	return e
}

// marked writes the facets into the text: [kind text](url).
func marked(text string, facets []unroll.Facet) string {
	var b strings.Builder
	var open []unroll.Facet
	for i := 0; i <= len(text); i++ {
		for len(open) > 0 && open[len(open)-1].End == i {
			f := open[len(open)-1]
			open = open[:len(open)-1]
			b.WriteString("]")
			if f.URL != "" {
				b.WriteString("(" + f.URL + ")")
			}
		}
		for len(facets) > 0 && facets[0].Start == i {
			b.WriteString("[" + string(facets[0].Kind) + " ")
			open, facets = append(open, facets[0]), facets[1:]
		}
		if i < len(text) {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func TestClean(t *testing.T) {
	t.Parallel()
	const (
		a = "https://t.co/aaaaaaaaaa"
		b = "https://t.co/bbbbbbbbbb"
	)
	tests := []struct {
		name string
		text func() Text
		want string
	}{
		{"plain", func() Text { return Text{Raw: "one\n\ntwo"} }, "one\n\ntwo"},
		{"empty", func() Text { return Text{} }, ""},
		{"escapes, once", func() Text { return Text{Raw: "a &amp; b &lt;i&gt; &amp;amp; &quot;&#39; & &copy; &amp"} }, `a & b <i> &amp; "' & &copy; &amp`},
		{"trimmed", func() Text { return Text{Raw: " \n text \n\n"} }, "text"},
		{"link", func() Text {
			raw := "see " + a + " and more"
			return Text{Raw: raw, Entities: []Entity{short(raw, a, "example.org/p", "https://example.org/page?utm_source=x&q=1")}}
		}, "see [link example.org/p](https://example.org/page?q=1) and more"},
		{"link without display", func() Text {
			raw := "see " + a
			return Text{Raw: raw, Entities: []Entity{short(raw, a, "", "https://www.example.org/")}}
		}, "see [link example.org](https://www.example.org/)"},
		{"link to nothing a reader may open", func() Text {
			raw := "see " + a
			return Text{Raw: raw, Entities: []Entity{short(raw, a, "click", "javascript:alert(1)")}}
		}, "see [link click](" + a + ")"},
		{"link that nobody explains", func() Text { return Text{Raw: "see " + a + "."} }, "see [link t.co/aaaaaaaaaa](" + a + ")."},
		{"mention, tags", func() Text {
			raw := "hi @Ada_L #Go1 ＃日本 $GOOG"
			return Text{Raw: raw, Entities: []Entity{
				entity(Cashtag, raw, "$GOOG", "GOOG"), entity(Mention, raw, "@Ada_L", "ada_l"),
				entity(Hashtag, raw, "#Go1", "Go1"), entity(Hashtag, raw, "＃日本", "日本"),
			}}
		}, "hi [mention @Ada_L](https://x.com/ada_l) [tag #Go1](https://x.com/hashtag/Go1) " +
			"[tag ＃日本](https://x.com/hashtag/%E6%97%A5%E6%9C%AC) [tag $GOOG](https://x.com/search?q=%24GOOG)"},
		{"behind emoji, escapes, right-to-left and combining marks", func() Text {
			raw := "👩‍👩‍👧 &lt;&amp;&gt; שלום é 日本 #tag " + a + " @ada"
			return Text{Raw: raw, Entities: []Entity{
				entity(Hashtag, raw, "#tag", "tag"), short(raw, a, "x.test", "https://x.test/"), entity(Mention, raw, "@ada", "ada"),
			}}
		}, "👩‍👩‍👧 <&> שלום é 日本 [tag #tag](https://x.com/hashtag/tag) [link x.test](https://x.test/) [mention @ada](https://x.com/ada)"},
		{"counted in UTF-16 units", func() Text {
			raw := "😀😀 #one #two"
			return Text{Raw: raw, Entities: []Entity{
				{Kind: Hashtag, Start: 5, End: 9, Text: "one"}, {Kind: Hashtag, Start: 10, End: 14, Text: "two"},
			}}
		}, "😀😀 [tag #one](https://x.com/hashtag/one) [tag #two](https://x.com/hashtag/two)"},
		{"a range that is wrong is found by its text", func() Text {
			raw := "dear @adam and @ada"
			return Text{Raw: raw, Entities: []Entity{{Kind: Mention, Start: 0, End: 4, Text: "ada"}}}
		}, "dear @adam and [mention @ada](https://x.com/ada)"},
		{"a range that is wrong and text that is not there", func() Text {
			return Text{Raw: "dear @adam", Entities: []Entity{
				{Kind: Mention, Start: 4, End: 9, Text: "ada"},
				{Kind: Link, Start: -1, End: 99, Text: a},
				{Kind: Hashtag, Start: 3, End: 2},
				{Kind: Bold, Start: 9, End: 9},
			}}
		}, "dear @adam"},
		{"media at the end", func() Text {
			raw := "look 😀 " + a
			return Text{Raw: raw, Entities: []Entity{entity(Media, raw, a, a), entity(Media, raw, a, a)}, Shown: []int{0, 6}}
		}, "look 😀"},
		{"media in the middle", func() Text {
			raw := "look " + a + " there"
			return Text{Raw: raw, Entities: []Entity{entity(Media, raw, a, a)}}
		}, "look there"},
		{"media only", func() Text {
			return Text{Raw: a, Entities: []Entity{entity(Media, a, a, a)}, Shown: []int{0, 0}}
		}, ""},
		{"media of somebody else's video stands inside the range shown", func() Text {
			raw := "look\n\n" + a
			return Text{Raw: raw, Entities: []Entity{entity(Media, raw, a, a)}, Shown: []int{0, 29}}
		}, "look"},
		{"media of a note has the range of another text", func() Text {
			raw := strings.Repeat("long ", 80) + "end"
			return Text{Raw: raw, Entities: []Entity{{Kind: Media, Start: 10, End: 33, Text: a}}, Shown: []int{0, 900}}
		}, strings.Repeat("long ", 80) + "end"},
		{"quote, then media", func() Text {
			raw := "well " + a + " " + b
			return Text{
				Raw: raw, Entities: []Entity{short(raw, a, "x.com/q/status/7", "https://x.com/q/status/7"), entity(Media, raw, b, b)},
				Elsewhere: func(to string) bool { return strings.HasSuffix(to, "/7") },
			}
		}, "well"},
		{"a link to the quote inside the text stays", func() Text {
			raw := "well " + a + " indeed"
			return Text{
				Raw: raw, Entities: []Entity{short(raw, a, "x.com/q/status/7", "https://x.com/q/status/7")},
				Elsewhere: func(string) bool { return true },
			}
		}, "well [link x.com/q/status/7](https://x.com/q/status/7) indeed"},
		{"another link at the end stays", func() Text {
			raw := "well " + a
			return Text{
				Raw: raw, Entities: []Entity{short(raw, a, "a.test", "https://a.test")},
				Elsewhere: func(string) bool { return false },
			}
		}, "well [link a.test](https://a.test)"},
		{"names that the reply is addressed to", func() Text {
			raw := "@ada @bob yes @cyd"
			return Text{Raw: raw, Entities: []Entity{
				entity(Mention, raw, "@ada", "ada"), entity(Mention, raw, "@bob", "bob"), entity(Mention, raw, "@cyd", "cyd"),
			}, Shown: []int{10, 18}}
		}, "yes [mention @cyd](https://x.com/cyd)"},
		{"a range that would cut words is not believed", func() Text { return Text{Raw: "@ada yes, well", Shown: []int{9, 10}} }, "@ada yes, well"},
		{"a link behind the range stays", func() Text {
			raw := "yes " + a
			return Text{Raw: raw, Entities: []Entity{short(raw, a, "a.test", "https://a.test")}, Shown: []int{0, 3}}
		}, "yes [link a.test](https://a.test)"},
		{"a range that begins inside a name", func() Text {
			raw := "@ada yes"
			return Text{Raw: raw, Entities: []Entity{entity(Mention, raw, "@ada", "ada")}, Shown: []int{2, 8}}
		}, "[mention @ada](https://x.com/ada) yes"},
		{"a range in UTF-16 units cuts no link in two", func() Text {
			raw := "😀😀😀 yes " + a
			return Text{Raw: raw, Entities: []Entity{entity(Media, raw, a, a)}, Shown: []int{0, 10}}
		}, "😀😀😀 yes"},
		{"a range beyond the text", func() Text { return Text{Raw: "yes 😀", Shown: []int{0, 208}} }, "yes 😀"},
		{"a range that is upside down", func() Text { return Text{Raw: "yes", Shown: []int{3, -1}} }, "yes"},
		{"styles", func() Text {
			raw := "a &lt;bold&gt; and italic struck"
			return Text{Raw: raw, Entities: []Entity{
				entity(Bold, raw, "&lt;bold&gt;", ""), entity(Italic, raw, "italic", ""), entity(Strike, raw, "struck", ""),
			}}
		}, "a [bold <bold>] and [italic italic] [strike struck]"},
		{"styles over a link, cut by another", func() Text {
			raw := "one " + a + " two three"
			return Text{Raw: raw, Entities: []Entity{
				entity(Bold, raw, "one "+a, ""), entity(Italic, raw, a+" two", ""), short(raw, a, "a.test", "https://a.test"),
			}}
		}, "[bold one [italic [link a.test](https://a.test)]][italic  two] three"},
		{"style that begins inside a link", func() Text {
			raw := "one " + a + " two"
			start, end := at(raw, "aaaa two")
			return Text{Raw: raw, Entities: []Entity{{Kind: Bold, Start: start, End: end}, short(raw, a, "a.test", "https://a.test")}}
		}, "one [bold [link a.test](https://a.test) two]"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			text, facets := tc.text().Clean()
			sourcetest.CheckFacets(t, text, facets)
			if diff := cmp.Diff(tc.want, marked(text, facets)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("@ada 😀 &amp; #tag https://t.co/aaaaaaaaaa", uint8(0), 5, 8, uint8(3), 10, 14, 0, 40, "tag")
	f.Add("a &lt; b", uint8(5), 0, 5, uint8(6), 2, 8, 1, 3, "")
	f.Fuzz(func(t *testing.T, raw string, k1 uint8, s1, e1 int, k2 uint8, s2, e2, from, to int, reads string) {
		in := Text{Raw: raw, Shown: []int{from, to}, Elsewhere: func(s string) bool { return len(s)%2 == 0 }, Entities: []Entity{
			{Kind: Kind(k1 % 8), Start: s1, End: e1, Text: reads, URL: reads, Display: "x"},
			{Kind: Kind(k2 % 8), Start: s2, End: e2, Text: reads},
			{Kind: Bold, Start: s1, End: e2},
			{Kind: Italic, Start: s2, End: e1},
		}}
		if !utf8.ValidString(reads) {
			return // comes from JSON
		}
		text, facets := in.Clean()
		if !utf8.ValidString(text) {
			t.Errorf("not UTF-8: %q", text)
		}
		sourcetest.CheckFacets(t, text, facets)
	})
}

func TestUTF16Range(t *testing.T) {
	t.Parallel()
	const text = "a😀é日b"
	for _, tc := range []struct {
		start, end int
		want       string
	}{
		{0, 1, "a"}, {1, 3, "😀"}, {3, 5, "é日"}, {5, 99, "b"}, {99, 100, ""}, {-3, 1, "a"}, {3, 1, ""}, {2, 3, ""}, {0, 6, text},
	} {
		lo, hi := UTF16Range(text, tc.start, tc.end)
		if got := text[lo:hi]; got != tc.want {
			t.Errorf("%d to %d: %q, want %q", tc.start, tc.end, got, tc.want)
		}
	}
}

func BenchmarkClean(b *testing.B) {
	raw := strings.Repeat("👩‍👩‍👧 words &amp; more words, ", 20) + "#tag https://t.co/aaaaaaaaaa"
	in := Text{Raw: raw, Entities: []Entity{
		entity(Hashtag, raw, "#tag", "tag"), short(raw, "https://t.co/aaaaaaaaaa", "a.test", "https://a.test/?utm_x=1"),
	}}
	b.ReportAllocs()
	for b.Loop() {
		in.Clean()
	}
}
