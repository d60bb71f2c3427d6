package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	rawhtml "github.com/yuin/goldmark/renderer/html"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

func TestMarkdownGolden(t *testing.T) {
	golden(t, "thread.md", rendered(t, render.Markdown, rendertest.Thread("https://media.example")))
}

// seen is what a reader of Markdown sees: its text, with line ends, blank
// lines between paragraphs, and marks around styles.
func seen(t *testing.T, md string, options ...goldmark.Option) string {
	t.Helper()
	var page bytes.Buffer
	options = append(options, goldmark.WithRendererOptions(rawhtml.WithUnsafe()))
	if err := goldmark.New(options...).Convert([]byte(md), &page); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&page)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		mark := map[atom.Atom]string{atom.Strong: "B", atom.Em: "I", atom.Del: "S", atom.Code: "C", atom.A: "A"}[n.DataAtom]
		switch {
		case n.Type == html.TextNode:
			b.WriteString(strings.ReplaceAll(n.Data, "\n", ""))
		case n.DataAtom == atom.Br:
			b.WriteByte('\n')
		case n.DataAtom == atom.Blockquote:
			b.WriteString("«\n\n")
		case mark != "":
			b.WriteString("{" + mark + " ")
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
		switch {
		case n.DataAtom == atom.Blockquote:
			b.WriteString("»\n\n")
		case n.DataAtom == atom.P, n.DataAtom == atom.H1:
			b.WriteString("\n\n")
		case mark != "":
			b.WriteByte('}')
		}
	}
	walk(root)
	return b.String()
}

// wrapped is a thread whose second post has the text, and what a reader sees
// of the rest of it.
func wrapped(text string, facets []unroll.Facet) (thread unroll.Thread, before, after string) {
	return unroll.Thread{
		Author: unroll.Author{Handle: "ada"}, Verdict: unroll.Verdict{State: unroll.Complete},
		Posts: []unroll.Post{{ID: "1", Text: "One"}, {ID: "2", Text: text, Facets: facets}},
	}, "Thread by @ada\n\n@ada · 2 posts\n\nOne\n\n", "Complete.\n\n"
}

func TestMarkdownIsReadAsWritten(t *testing.T) {
	mark := rendertest.Mark
	tests := []struct {
		name   string
		text   string
		facets []unroll.Facet
		want   string // empty: the text itself
	}{
		{"stars and underscores", "*a* _b_ **c** __d__ a*b*c snake_case_name ***", nil, ""},
		{"headings", "# one\n## two\nthree\n===\nfour\n---", nil, ""},
		{"lists", "- a\n+ b\n* c\n1. d\n2) e\n123456789. f\n1234567890. g", nil, ""},
		{"quotes and code", "> a\n`b` ``c``\n```\nd\n~~~", nil, ""},
		{"html and entities", "<b>a</b> &amp; &#42; <!-- b --> <script>", nil, ""},
		{"links and pictures", "[a](b) ![c](d) [e]: f\n[g] <https://h.example>", nil, ""},
		{"backslashes", "\\* \\\\ \\n a\\\nb\\", nil, ""},
		{"tables", "a|b\n-|-\n|c|d|\n:-\n:-:", nil, ""},
		{"strikes and sums", "~~a~~ ~b~ $a$ $$b$$", nil, ""},
		{"spaces", "  a\n    b\n\tc  d   e  \nf", nil, "  a\n    b\n c  d   e  \nf"},
		{"paragraphs", "a\n\nb\n \nc\n\n\n\nd", nil, "a\n\nb\n\nc\n\nd"},
		{"a rule", "***\n---\n___\n- - -", nil, ""},
		{"bold inside a word", "unbelievable", []unroll.Facet{{Start: 2, End: 9, Kind: unroll.FacetBold}}, "un{B believa}ble"},
		{"bold with punctuation inside a word", "a(b)c", []unroll.Facet{{Start: 1, End: 4, Kind: unroll.FacetBold}}, "a{B (b)}c"},
		{"bold beside bold", "abcd", []unroll.Facet{{Start: 0, End: 2, Kind: unroll.FacetBold}, {Start: 2, End: 4, Kind: unroll.FacetBold}}, "{B ab}{B cd}"},
		{"italic in bold", "abcd", []unroll.Facet{{Start: 0, End: 4, Kind: unroll.FacetBold}, {Start: 0, End: 2, Kind: unroll.FacetItalic}}, "{B {I ab}cd}"},
		{"spaces at the ends of bold", "a b c", []unroll.Facet{{Start: 1, End: 4, Kind: unroll.FacetBold}}, "a {B b} c"},
		{"bold over paragraphs", "a\n\nb", []unroll.Facet{{Start: 0, End: 4, Kind: unroll.FacetBold}}, "{B a}\n\n{B b}"},
		{"a star after bold", "a*", []unroll.Facet{{Start: 0, End: 1, Kind: unroll.FacetBold}}, "{B a}*"},
		{"strike", "ab", []unroll.Facet{{Start: 0, End: 1, Kind: unroll.FacetStrike}}, "{S a}b"},
		{"code with backticks", "a `b` c", []unroll.Facet{mark("a `b` c", "`b`", unroll.FacetCode, "")}, "a {C `b`} c"},
		{"code over lines", "a\nb", []unroll.Facet{{Start: 0, End: 3, Kind: unroll.FacetCode}}, "{C a}\n{C b}"},
		{"code beside code", "ab", []unroll.Facet{{Start: 0, End: 1, Kind: unroll.FacetCode}, {Start: 1, End: 2, Kind: unroll.FacetCode}}, "{C a}b"},
		{"markup in code", "*a*", []unroll.Facet{{Start: 0, End: 3, Kind: unroll.FacetCode}, {Start: 1, End: 2, Kind: unroll.FacetBold}}, "{C *a*}"},
		{"a link after a bang", "Oh!link", []unroll.Facet{mark("Oh!link", "link", unroll.FacetLink, "https://l.example/")}, "Oh!{A link}"},
		{"brackets in a link", "a]b(c", []unroll.Facet{mark("a]b(c", "a]b(c", unroll.FacetLink, "https://l.example/x(y)?a=<b>&amp;c")}, "{A a]b(c}"},
		{"a link in a link", "abc", []unroll.Facet{{Start: 0, End: 3, Kind: unroll.FacetLink, URL: "https://l.example/"}, {Start: 1, End: 2, Kind: unroll.FacetMention, URL: "https://m.example/"}}, "{A abc}"},
		{"a quote", "a\nb\nc", []unroll.Facet{{Start: 2, End: 4, Kind: unroll.FacetQuote}}, "a\n\n«\n\nb\n\n»\n\nc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			thread, before, after := wrapped(tt.text, tt.facets)
			md := rendered(t, render.Markdown, thread)
			want := tt.want
			if want == "" {
				want = tt.text
			}
			want = before + want + "\n\n" + after
			for name, options := range map[string][]goldmark.Option{"CommonMark": nil, "GFM": {goldmark.WithExtensions(extension.GFM)}} {
				got := strings.ReplaceAll(seen(t, md, options...), "\u00a0", " ")
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: (-want +got):\n%s\n%s", name, diff, md)
				}
			}
		})
	}
}

func TestMarkdownLinksLeadWhereTheyShould(t *testing.T) {
	const url = "https://l.example/a(b)c?x=1&amp;y=\\z*_[d]&copy=2#~e"
	thread, _, _ := wrapped("link", []unroll.Facet{{Start: 0, End: 4, Kind: unroll.FacetLink, URL: url}})
	var page bytes.Buffer
	if err := goldmark.Convert([]byte(rendered(t, render.Markdown, thread)), &page); err != nil {
		t.Fatal(err)
	}
	root, err := html.Parse(&page)
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.DataAtom == atom.A {
			want := strings.NewReplacer("\\", "%5C", "[", "%5B", "]", "%5D").Replace(url) // the parser's own
			if n.Attr[0].Val != want {
				t.Errorf("got %s, want %s", n.Attr[0].Val, want)
			}
			return
		}
	}
	t.Error("no link")
}

// FuzzMarkdown: texts without facets come back as they were.
func FuzzMarkdown(f *testing.F) {
	thread := rendertest.Thread("https://media.example")
	for p := range thread.All {
		f.Add(p.Text)
	}
	for _, s := range []string{"1. a\n\n- b\n\n# c", "a\n    b\n\n    c", "[a]: b\n[a]", "<div>\n*a*\n</div>", "| a |\n| - |", "a  \nb\\\n", "&nbsp;&amp;", "- [ ] a\n- [x] b", "www.example.org a@b.example"} {
		f.Add(s)
	}
	plain := strings.NewReplacer("\u00a0", " ", "\t", " ")
	f.Fuzz(func(t *testing.T, text string) {
		thread, before, after := wrapped(text, nil)
		blocks := render.Blocks(&thread, render.Options{})
		shown := "" // what is left of the text without controls
		if len(blocks) == 4 {
			shown = blocks[2].Text
		}
		var want []string
		for _, s := range strings.Split(plain.Replace(shown), "\n") {
			if strings.Trim(s, " ") == "" {
				s = ""
			}
			want = append(want, s)
		}
		got := seen(t, rendered(t, render.Markdown, thread))
		got, ok := strings.CutPrefix(got, before)
		if !ok {
			t.Fatalf("the text changed what stands before it:\n%s", got)
		}
		if got, ok = strings.CutSuffix(got, after); !ok {
			t.Fatalf("the text changed what stands after it:\n%s", got)
		}
		if diff := cmp.Diff(squeeze(strings.Join(want, "\n")), squeeze(plain.Replace(got))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// squeeze drops blank lines but one between paragraphs.
func squeeze(s string) string {
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	return strings.Trim(s, "\n")
}
