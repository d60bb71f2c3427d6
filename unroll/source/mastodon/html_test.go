package mastodon

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/sourcetest"
)

// marked writes a text with its facets as tags: [link:text](target).
func marked(text string, facets []unroll.Facet) string {
	var b strings.Builder
	var open []unroll.Facet
	shut := func(at int) {
		for len(open) > 0 && open[len(open)-1].End <= at {
			f := open[len(open)-1]
			open = open[:len(open)-1]
			b.WriteString("]")
			if f.URL != "" {
				b.WriteString("(" + f.URL + ")")
			}
		}
	}
	next := 0
	for i := 0; i <= len(text); i++ {
		shut(i)
		for next < len(facets) && facets[next].Start == i {
			b.WriteString("[" + string(facets[next].Kind) + ":")
			open = append(open, facets[next])
			next++
		}
		if i < len(text) {
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

func TestPlain(t *testing.T) {
	tests := []struct{ name, html, want string }{
		{"nothing", "", ""},
		{"paragraphs", "<p>One</p><p>Two</p>", "One\n\nTwo"},
		{"breaks", "<p>One<br>two<br /><br/>three<br><br><br><br>four</p>", "One\ntwo\n\nthree\n\nfour"},
		{"white space", "<p>\n  One \t two\n</p>\n\n<p> three</p> ", "One two\n\nthree"},
		{"white space around marks", "a <b>b</b> <i> c</i>d", "a [bold:b] [italic:c]d"},
		{"a no-break space is text", "<p>10&nbsp;km</p>", "10\u00a0km"},
		{"entities, once", "<p>&lt;b&gt; &amp;amp; &quot;&#39;&#x1F9F5;</p>", `<b> &amp; "'🧵`},
		{"half an entity", "fish & chips &lt;b> &bogus; R&D", "fish & chips <b> &bogus; R&D"},
		{"marks", "<strong>b</strong><em>i</em><del>s</del><code>c</code><u>u</u>", "[bold:b][italic:i][strike:s][code:c]u"},
		{"marks across each other", "<b>1<i>2</b>3</i>4", "[bold:1[italic:2]]34"},
		{"marks not closed", "<b>1<i>2", "[bold:1[italic:2]]"},
		{"a mark in itself", "<b>1<strong>2</strong></b>", "[bold:12]"},
		{"empty marks", "<b></b><a href='https://a.example'></a>x", "x"},
		{"emoji and scripts", "<p>👩‍👩‍👧‍👦 <b>日本</b> <i>שלום</i></p>", "👩‍👩‍👧‍👦 [bold:日本] [italic:שלום]"},
		{"quote", "<blockquote><p>One</p><p>Two</p></blockquote><p>Three</p>", "[quote:One\n\nTwo]\n\nThree"},
		{"code keeps its space", "<pre><code>if x {\n\ty()\n}</code></pre><p>so</p>", "[code:if x {\n\ty()\n}]\n\nso"},
		{"code that ends with a line break", "<pre><code>a\n<i>b</i>\n</code></pre><p>so</p>", "[code:a\n[italic:b]]\n\nso"},
		{"heading", "<h2>Big</h2>small", "[bold:Big]\n\nsmall"},
		{"list", "<p>So:</p><ul><li>one</li><li><p>two</p></li></ul><p>end</p>", "So:\n\n• one\n• two\n\nend"},
		{"numbers", "<ol><li>one</li><li>two<ul><li>a</li><li>b</li></ul></li><li>three</li></ol>", "1. one\n2. two\n  • a\n  • b\n3. three"},
		{"list as snac writes it", "10/ Lines<br><br>more<br><ul><li>a list<li>of <b>things</b> & \"quotes\"", "10/ Lines\n\nmore\n\n• a list\n• of [bold:things] & \"quotes\""},
		{
			"bare address",
			`<a href="https://www.a.example/some/very/long/path?q=1"><span class="invisible">https://www.</span><span class="ellipsis">a.example/some/very/long/path?</span><span class="invisible">q=1</span></a>`,
			"[link:a.example/some/very/long/path?…](https://www.a.example/some/very/long/path?q=1)",
		},
		{"bare address without spans", `(<a href="https://a.example/">https://a.example/ </a>)`, "([link:a.example](https://a.example/) )"},
		{"address with a tracker", `<a href="https://a.example/x?utm_source=m&amp;id=2&fbclid=3">https://a.example/x?utm_source=m&amp;id=2&fbclid=3</a>`, "[link:a.example/x?id=2](https://a.example/x?id=2)"},
		{"address that lies", `<a href="https://evil.example/">https://bank.example/</a>`, "[link:evil.example](https://evil.example/)"},
		{"address in bold", `<b><a href="https://a.example/x"><i>https://a.example/x</i></a></b>`, "[bold:[link:a.example/x](https://a.example/x)]"},
		{"words as a link", `<a href="https://a.example/x">the <i>words</i></a>`, "[link:the [italic:words]](https://a.example/x)"},
		{"mail", `<a href="mailto:ann@a.example">write</a>`, "[link:write](mailto:ann@a.example)"},
		{"addresses nobody should open", `<a href="javascript:alert(1)">a</a> <a href="/x">b</a> <a href="data:text/html,x">c</a> <a>d</a>`, "a b c d"},
		{"link in a link", `<a href="https://a.example">a<a href="https://b.example">b</a>c</a>`, "[link:a](https://a.example)[link:b](https://b.example)c"},
		{
			"mention", `<span class="h-card" translate="no"><a href="https://a.example/@ann" class="u-url mention">@<span>ann</span></a></span> hi`,
			"[mention:@ann](https://a.example/@ann) hi",
		},
		{
			"tags", `<a href="https://a.example/tags/go" class="mention hashtag" rel="tag">#<span>go</span></a> <a href="https://a.example/tag/%E6%A0%87" rel="tag ugc">#标</a>`,
			"[tag:#go](https://a.example/tags/go) [tag:#标](https://a.example/tag/%E6%A0%87)",
		},
		{"hint at a quote", `<p class="quote-inline">RE: <a href="https://a.example/1">https://a.example/1</a></p><p>Look</p>`, "Look"},
		{"hint at a quote, inline", `<p>Look<span class="quote-inline"><br><br>RE: <a href="https://a.example/1">x</a></span></p>`, "Look"},
		{"emoji as a picture", `<p>so <img src="https://a.example/b.png" alt=":blob:" onerror="alert(1)"> be it</p>`, "so :blob: be it"},
		{"ruby", "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢(kan)"},
		{"scripts and styles", "a<script>alert('<p>x</p>')</script><style>p{}</style><!-- c --><iframe>x</iframe><svg><text>x</text></svg>b", "ab"},
		{"script that never ends", "a<script>b", "a"},
		{"control characters", "a\x00b\x1bc\u0085", "abc\u0085"},
		{"no HTML at all", "1 < 2 and 3 > 2", "1 < 2 and 3 > 2"},
		{"a tag that never ends", "a <b", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text, facets := plain(tt.html, true)
			sourcetest.CheckFacets(t, text, facets)
			if diff := cmp.Diff(tt.want, marked(text, facets)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if text, _ := plain(`<p class="quote-inline">RE: x</p><p>Look</p>`, false); text != "RE: x\n\nLook" {
		t.Errorf("the hint at a quote that is not shown: %q", text)
	}
}

// Hostile HTML takes time in proportion to their size.
func TestPlainHostile(t *testing.T) {
	for name, unit := range map[string]string{
		"nested":         "<b>",
		"nested divs":    "<div>",
		"nested lists":   "<ul><li>",
		"closed only":    "</i>",
		"crossing":       "<b></i>",
		"links":          "<a href='https://a.example/x'>https://a.example/x",
		"hidden":         "<span class='invisible'>x",
		"muted":          "<script><script>",
		"entities":       "&lt;",
		"attributes":     "<p " + strings.Repeat("a=b ", 1000) + ">",
		"half tags":      "<",
		"quotes":         "<p class='quote-inline'>",
		"lines":          "<br>",
		"comments":       "<!--",
		"classes":        "<b class=\"" + strings.Repeat("a ", 1000) + "\">x",
		"shortcodes":     ":a",
		"emojis":         ":a:",
		"leading people": "<a class=mention href='https://a.example/@ann'>@ann</a> ",
	} {
		t.Run(name, func(t *testing.T) {
			st := &status{
				Content: text(strings.Repeat(unit, 1<<18/len(unit))), ParentID: "1",
				Emojis: []emoji{{Code: "a", URL: "https://a.example/a.png"}},
			}
			start := time.Now()
			r := textOf(st, map[string]bool{"https://a.example/@ann": true}, true)
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("256 KiB took %v", took)
			}
			if !utf8.ValidString(r.Plain) {
				t.Error("not UTF-8")
			}
		})
	}
}

func TestTextOf(t *testing.T) {
	const ann, bob, cat = "https://a.example/@ann", "https://b.example/@bob", "https://c.example/@cat"
	at := func(page, user string) string {
		return fmt.Sprintf(`<span class="h-card"><a href="%s" class="u-url mention">@<span>%s</span></a></span>`, page, user)
	}
	people := map[string]bool{ann: true, bob: true}
	tests := []struct {
		name    string
		content string
		parent  id
		want    string
	}{
		{"own mention in front", "<p>" + at(ann, "ann") + " goes on</p>", "1", "goes on"},
		{"all of the conversation", "<p>" + at(ann, "ann") + " " + at(bob, "bob") + "<br>goes <b>on</b></p>", "1", "goes [bold:on]"},
		{"somebody else", "<p>" + at(cat, "cat") + " look</p>", "1", "[mention:@cat](" + cat + ") look"},
		{"own, then somebody else", "<p>" + at(ann, "ann") + " " + at(cat, "cat") + " look</p>", "1", "[mention:@cat](" + cat + ") look"},
		{"later in the text", "<p>by " + at(ann, "ann") + "</p>", "1", "by [mention:@ann](" + ann + ")"},
		{"not a reply", "<p>" + at(bob, "bob") + " wrote</p>", "", "[mention:@bob](" + bob + ") wrote"},
		{"nothing but mentions", "<p>" + at(ann, "ann") + "</p>", "1", ""},
		{"emojis", "<p>:blob: a:blob: :blob:! :none: <b>:blob:</b> ::blob:: :bl<i>ob:</i></p>", "", "[emoji::blob:](https://a.example/s.png) a:blob: [emoji::blob:](https://a.example/s.png)! :none: [bold:[emoji::blob:](https://a.example/s.png)] ::blob:: :bl[italic:ob:]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			st := &status{
				Content: text(tt.content), ParentID: tt.parent,
				Emojis: []emoji{{Code: "blob", URL: "https://a.example/b.gif", Static: "https://a.example/s.png"}, {Code: "none"}},
			}
			r := textOf(st, people, false)
			sourcetest.CheckFacets(t, r.Plain, r.Facets)
			if diff := cmp.Diff(tt.want, marked(r.Plain, r.Facets)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWithoutEmojis(t *testing.T) {
	emojis := []emoji{{Code: "blob", URL: "https://a.example/b.png"}}
	sourcetest.Gives(t, func(name string) string { return withoutEmojis(name, emojis) }, map[string]string{
		"Ann":                    "Ann",
		" Ann :blob: ":           "Ann",
		":blob: Ann :blob: Z. ":  "Ann Z.",
		"Ann: 10:30:20 :unsure:": "Ann: 10:30:20 :unsure:",
		":blob:":                 "",
	})
}

func TestAsksForRest(t *testing.T) {
	sourcetest.Gives(t, asksForRest, map[string]bool{
		"":              false,
		"<p>#nobot</p>": true,
		`<p>hi <a href="https://a.example/tags/NoBot" class="mention hashtag" rel="tag">#<span>NoBot</span></a>.</p>`: true,
		"Please #NoUnroll!":   true,
		"<p>nobot</p>":        false,
		"<p>#nobots</p>":      false,
		"<p>#nobot_yet</p>":   false,
		"<p>##nobot</p>":      false,
		"I like robots #bots": false,
	})
}

func TestLinkTarget(t *testing.T) {
	sourcetest.Gives(t, linkTarget, map[string]string{
		"https://a.example/?a=%20b&c":                    "https://a.example/?a=%20b&c",
		"https://a.example/?utm_medium=x":                "https://a.example/",
		"https://a.example/?utm_medium=x#top":            "https://a.example/#top",
		"https://a.example/?s=20&t=x":                    "https://a.example/?s=20&t=x",
		"https://x.com/a/status/1?s=20&t=x":              "https://x.com/a/status/1",
		"https://www.youtube.com/watch?v=1&si=abc&t=10s": "https://www.youtube.com/watch?v=1&t=10s",
		"ftp://a.example/":                               "",
		"https:///x":                                     "",
		" https://a.example ":                            "https://a.example",
	})
}

func FuzzPlain(f *testing.F) {
	f.Add("<p>One <b>two</b> <a href='https://a.example/?utm_x=1'>https://a.example/</a></p>", true)
	f.Add("<ul><li>a<ol><li>b</ul>:a: <pre>\n x</pre>", false)
	f.Add("<a class=mention href=https://a.example/@ann>@ann</a> :a:", true)
	f.Add("<script><p class=quote-inline>", true)
	f.Fuzz(func(t *testing.T, content string, reply bool) {
		content = strings.ToValidUTF8(content, "\ufffd") // as JSON gives it
		st := &status{Content: text(content), Emojis: []emoji{{Code: "a", URL: "https://a.example/a.png"}}}
		if reply {
			st.ParentID = "1"
		}
		r := textOf(st, map[string]bool{"https://a.example/@ann": true}, reply)
		sourcetest.CheckFacets(t, r.Plain, r.Facets)
		if r.Plain != strings.TrimSpace(r.Plain) {
			t.Errorf("not trimmed: %q", r.Plain)
		}
	})
}

func FuzzStatus(f *testing.F) {
	f.Add([]byte(`{"id":"1","url":"https://a.example/@ann/1","content":"<p>x</p>","visibility":"public","account":{"id":"2","acct":"ann","url":"https://a.example/@ann"}}`))
	f.Add([]byte(`{"id":7,"poll":{"options":[{"title":"x","votes_count":null}]},"card":{"url":"https://a.example"},"quote":{"state":"accepted","quoted_status":{"id":"2"}}}`))
	f.Add([]byte(`{"id":"1","media_attachments":[{"type":"gifv","url":null,"remote_url":"https://a.example/a.mp4","meta":{"original":{"duration":1e300}}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var st status
		if fedi.Decode(raw, &st) != nil || st.ID == "" || st.Account.key("a.example") == "" {
			return
		}
		p := st.original().post("a.example", nil)
		p.AuthorID = st.Account.key("a.example")
		sourcetest.CheckConversation(t, unroll.Conversation{
			Asked: p.ID, Ref: unroll.Ref{Network: unroll.Mastodon, Host: "a.example", ID: p.ID},
			Posts: []unroll.Post{p}, Authors: map[string]unroll.Author{p.AuthorID: st.Account.author("a.example")},
			Source: name, FetchedAt: time.Unix(1, 0),
		})
	})
}

func BenchmarkPlain(b *testing.B) {
	content := strings.Repeat(`<p>Some words and <a href="https://a.example/x?utm_source=1">https://a.example/x</a>, <b>bold</b> ones.</p>`, 5)
	b.ReportAllocs()
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		plain(content, true)
	}
}
