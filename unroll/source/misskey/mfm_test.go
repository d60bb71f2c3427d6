package misskey

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/sourcetest"
)

// shown writes a text with its facets as kind{text|address}.
func shown(r fedi.Text) string {
	var out strings.Builder
	var open []unroll.Facet
	closeTo := func(at int) {
		for len(open) > 0 && open[len(open)-1].End <= at {
			f := open[len(open)-1]
			open = open[:len(open)-1]
			if f.URL != "" {
				out.WriteString("|" + f.URL)
			}
			out.WriteString("}")
		}
	}
	next := 0
	for i := 0; i <= len(r.Plain); i++ {
		closeTo(i)
		for ; next < len(r.Facets) && r.Facets[next].Start == i; next++ {
			out.WriteString(string(r.Facets[next].Kind) + "{")
			open = append(open, r.Facets[next])
		}
		if i < len(r.Plain) {
			out.WriteByte(r.Plain[i])
		}
	}
	return out.String()
}

func TestPlain(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, src, want string }{
		{"nothing", "Just a text.", "Just a text."},
		{"bold", "a **b c** d", "a bold{b c} d"},
		{"bold, written otherwise", "__b__ <b>c</b>", "bold{b} bold{c}"},
		{"italic", "*a* _b_ <i>c</i>", "italic{a} italic{b} italic{c}"},
		{"no italic inside a word", "snake_case_name 2*3*4", "snake_case_name 2*3*4"},
		{"struck out", "~~a~~ <s>b</s>", "strike{a} strike{b}"},
		{"nested", "**a ~~b~~ c**", "bold{a strike{b} c}"},
		{"crossed", "**a ~~b** c~~", "bold{a ~~b} c~~"},
		{"left open", "**a `b ~~c [d $[x e", "**a `b ~~c [d $[x e"},
		{"code", "`a **b**`", "code{a **b**}"},
		{"block", "see\n```go\nx := *y\n```\nend", "see\ncode{x := *y}\nend"},
		{"link", "[a **b**](https://a.example/x?utm_source=y) c", "link{a bold{b}|https://a.example/x} c"},
		{"link without preview", "?[a](<https://a.example/(x)>)", "link{a|https://a.example/(x)}"},
		{"link to nothing", "[a](javascript:alert) [b](c d)", "[a](javascript:alert) [b](c d)"},
		{"no link in a link", "[https://b.example @c](https://a.example/)", "link{b.example @c|https://a.example/}"},
		{"address", "(https://a.example/b_(c)).", "(link{a.example/b_(c)|https://a.example/b_(c)})."},
		{"address in brackets", "<https://a.example/>", "link{a.example|https://a.example/}"},
		{"long address", "https://a.example/" + strings.Repeat("x", 40), "link{a.example/" + strings.Repeat("x", 20) + "…|https://a.example/" + strings.Repeat("x", 40) + "}"},
		{"mentions", "@ann @bob@far.example, a@b.example", "mention{@ann|https://home.example/@ann} mention{@bob@far.example|https://far.example/@bob}, a@b.example"},
		{"tags", "#tide #潮 #1 a#b", "tag{#tide|https://asked.example/tags/tide} tag{#潮|https://asked.example/tags/%E6%BD%AE} #1 a#b"},
		{"emoji stays", ":blob_cat_x: :a:", ":blob_cat_x: :a:"},
		{"function", "$[x2 big] $[spin.speed=2s,alternate **b**]", "big bold{b}"},
		{"functions in functions", "$[tada $[x2 a] [b]] c", "a [b] c"},
		{"plain", "<plain>**a**</plain> <small>b</small> <center>c</center>", "**a** b c"},
		{"quote", "a\n> b **c\n> d** e\nf", "a\nquote{b bold{c\nd} e}\nf"},
		{"nothing goes on into a quote, or out", "**a\n> b**c\nd**", "**a\nquote{b**c}\nd**"},
		{"less than", "a < b <x> </b> <", "a < b <x> </b> <"},
		{"control characters", "a\x00b\u0007c", "abc"},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := plain(tc.src, "asked.example", "home.example")
			sourcetest.CheckFacets(t, got.Plain, got.Facets)
			if diff := cmp.Diff(tc.want, shown(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// However often a mark is opened, reading stays linear.
func TestPlainHostile(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{
		"*", "**", "***a", "_", "__a ", "~~", "`", "```", "[", "](", "[](", "[a](((", "$[x ", "$[", "]", "<b>", "<plain>", "<http://",
		"> ", "\n>", "@", "@a@", "#", "#a", "https://", "?[", "**a ~~b `c [d](",
	} {
		start := time.Now()
		got := plain(strings.Repeat(piece, 2*maxText/len(piece)), "asked.example", "home.example")
		sourcetest.CheckFacets(t, got.Plain, got.Facets)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q took %v", piece, took)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, seed := range []string{
		"**a ~~b** c~~", "$[tada $[x2 a] [b](https://a.example)] c", "a\n> b **c\n> d** e\nf", "```go\nx\n```", "<b>a</b> `x` @a@b.example #t",
		"?[a](<https://a.example/(x)>)", "<plain>**</plain>***", "> ```\n> a\nb```\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		got := plain(src, "asked.example", "home.example")
		sourcetest.CheckFacets(t, got.Plain, got.Facets)
		got.DropMentions(map[string]bool{"https://home.example/@a": true})
		got.Trim()
		sourcetest.CheckFacets(t, got.Plain, got.Facets)
	})
}

func BenchmarkPlain(b *testing.B) {
	src := strings.Repeat("**Tides** come [twice](https://tides.example) a day, says @lin@far.example $[tada #sea]\n", 30)
	b.ReportAllocs()
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		_ = fmt.Sprint(len(plain(src, "asked.example", "home.example").Facets))
	}
}
