package render_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

func article(t *testing.T, thread unroll.Thread) string {
	t.Helper()
	return rendered(t, render.Options{}.Article, thread)
}

func TestArticleGolden(t *testing.T) {
	golden(t, "thread.html", article(t, rendertest.Thread("https://media.example")))
}

func TestHTMLIsOneFileWithoutScripts(t *testing.T) {
	page := rendered(t, render.HTML, rendertest.Thread("https://media.example"))
	for _, s := range []string{"<script", "<link", "@import", "url("} {
		if strings.Contains(page, s) {
			t.Errorf("it holds %s", s)
		}
	}
	wellFormed(t, page)
}

// wellFormed fails unless page is XML: an EPUB needs that.
func wellFormed(t *testing.T, page string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// skeleton is the page's elements and the attributes that matter, without texts.
func skeleton(t *testing.T, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	depth := 0
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.ElementNode {
			fmt.Fprintf(&b, "%s<%s", strings.Repeat(" ", depth), n.Data)
			for _, a := range n.Attr {
				fmt.Fprintf(&b, " %s", a.Key)
				switch a.Key {
				case "class", "id", "rel", "dir", "referrerpolicy":
					fmt.Fprintf(&b, "=%q", a.Val)
				}
			}
			b.WriteString(">\n")
		}
		depth++
		for c := range n.ChildNodes() {
			walk(c)
		}
		depth--
	}
	walk(root)
	return b.String()
}

// tricks try to get out of the places that texts are put into.
var tricks = []string{
	`<script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)`,
	`javascript:alert(1)`,
	`</article></main><h1>owned</h1>`,
	`]]><!-- --><svg onload=alert(1)>`,
	`{{.Author}} ${x} <%= y %>`,
	"\u202e\u2066\u2067 txt.exe \u202d",
	"a\x00b\x1bc\u0085d",
	`&lt;b&gt; &#x3c;script&#x3e;`,
	"</style></title></textarea></noscript><plaintext>",
	"data:text/html;base64,PHNjcmlwdD4=",
	"\\\"><a href=//evil.example>",
	"?broken=\xd1\xff",
	"\ufeff\u200b\u00ad words words words",
}

func TestHostileTextsDoNotChangeThePage(t *testing.T) {
	want := skeleton(t, article(t, hostile("words words words and words", "a")))
	for _, trick := range tricks {
		t.Run(trick, func(t *testing.T) {
			page := article(t, hostile(trick, "a"))
			wellFormed(t, page)
			links(t, page)
			if diff := cmp.Diff(want, skeleton(t, page)); diff != "" {
				t.Errorf("(-plain +hostile):\n%s", diff)
			}
		})
	}
}

func TestHostileAddressesDoNotChangeThePage(t *testing.T) {
	elements := func(page string) map[string]bool {
		out := make(map[string]bool)
		for _, s := range strings.Split(skeleton(t, page), "\n") {
			out[strings.TrimSpace(s)] = true
		}
		return out
	}
	known := elements(article(t, hostile("words", "a")))
	for s := range elements(article(t, hostile("words", "%"))) { // no address can be read
		known[s] = true
	}
	for _, trick := range tricks {
		t.Run(trick, func(t *testing.T) {
			page := article(t, hostile("words", trick))
			wellFormed(t, page)
			links(t, page)
			for s := range elements(page) {
				if !known[s] {
					t.Errorf("new on the page: %s", s)
				}
			}
		})
	}
}

// links fails when an address of the page is anything but a web address or a
// place on the page.
func links(t *testing.T, page string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	var fragments []string
	for n := range root.Descendants() {
		for _, a := range n.Attr {
			switch a.Key {
			case "id":
				if ids[a.Val] {
					t.Errorf("id %q twice", a.Val)
				}
				ids[a.Val] = true
			case "href", "src", "poster", "cite":
				if f, ok := strings.CutPrefix(a.Val, "#"); ok {
					fragments = append(fragments, f)
				} else if u, err := url.Parse(a.Val); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
					t.Errorf("%s=%q", a.Key, a.Val)
				}
			}
		}
	}
	for _, f := range fragments {
		if !ids[f] {
			t.Errorf("#%s leads nowhere", f)
		}
	}
}

func TestArticleLinks(t *testing.T) { links(t, article(t, rendertest.Thread("https://media.example"))) }

func TestArticleFoldsDeepBranchesFlat(t *testing.T) {
	thread := unroll.Thread{Ref: unroll.Ref{Network: unroll.X, ID: "0"}, Posts: []unroll.Post{{ID: "0", Text: "root"}}}
	const n = 2000
	for i := 1; i <= n; i++ {
		thread.Branches = append(thread.Branches, unroll.Branch{After: fmt.Sprint(i - 1), Posts: []unroll.Post{{ID: fmt.Sprint(i), Text: "x"}}})
	}
	page := article(t, thread)
	depth, deepest, folds := 0, 0, 0
	z := html.NewTokenizer(strings.NewReader(page))
	for tok := z.Next(); tok != html.ErrorToken; tok = z.Next() {
		switch name, _ := z.TagName(); {
		case string(name) != "details":
		case tok == html.StartTagToken:
			folds++
			depth++
			deepest = max(deepest, depth)
		case tok == html.EndTagToken:
			depth--
		}
	}
	if folds != n || deepest > 8 {
		t.Errorf("%d branches, %d deep", folds, deepest)
	}
}

func TestBranchesInACircleEnd(t *testing.T) {
	post := func(id string) unroll.Post { return unroll.Post{ID: id, Text: "post " + id} }
	thread := unroll.Thread{
		Ref: unroll.Ref{Network: unroll.X, ID: "1"}, Posts: []unroll.Post{post("1")},
		Branches: []unroll.Branch{
			{After: "1", Posts: []unroll.Post{post("2"), post("1")}},
			{After: "2", Posts: []unroll.Post{post("3"), post("2")}},
			{After: "9", Posts: []unroll.Post{post("9")}},
		},
	}
	for name, write := range map[string]func(io.Writer, *unroll.Thread) error{"html": render.HTML, "text": render.Text, "epub": render.EPUB} {
		if out := rendered(t, write, thread); name == "html" && strings.Count(out, "<details") != 3 {
			t.Errorf("%d branches", strings.Count(out, "<details"))
		}
	}
	if blocks := render.Blocks(&thread, render.Options{}); len(blocks) != 5 {
		t.Errorf("%d blocks", len(blocks))
	}
}

func BenchmarkRenderers(b *testing.B) {
	renderers := []struct {
		name  string
		write func(io.Writer, *unroll.Thread) error
	}{{"text", render.Text}, {"markdown", render.Markdown}, {"json", render.JSON}, {"html", render.HTML}}
	for _, r := range renderers {
		for _, n := range []int{10, 100, 1000, 10000} {
			thread := rendertest.Long(n)
			b.Run(fmt.Sprintf("%s/posts=%d", r.name, n), func(b *testing.B) {
				b.ReportAllocs()
				var out bytes.Buffer
				for b.Loop() {
					out.Reset()
					if err := r.write(&out, &thread); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(int64(out.Len()))
			})
		}
	}
}

func TestCompact(t *testing.T) {
	const css = "/* a */\n@media (min-width: 1em) {\n\ta > b, c:not(.d) { margin: 0 1px; content: \" (\" attr(href) \")\"; }\n}\n/* b */\ne::after { width: calc(1em + 2px); }\n"
	const want = `@media (min-width:1em){a>b,c:not(.d){margin:0 1px;content:" (" attr(href) ")"}}e::after{width:calc(1em + 2px)}`
	if got := render.Compact(css); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
