package telegram

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	tele "gopkg.in/telebot.v3"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

func facet(text, part string, kind unroll.FacetKind, url string) unroll.Facet {
	i := strings.Index(text, part)
	return unroll.Facet{Start: i, End: i + len(part), Kind: kind, URL: url}
}

func TestCompose(t *testing.T) {
	const rich = "🧵 bold, italic, gone, code, @ada and #tag at example.com"
	text := render.Block{Kind: render.BlockText, PostID: "1", Text: rich, Facets: []unroll.Facet{
		facet(rich, "bold", unroll.FacetBold, ""),
		facet(rich, "italic", unroll.FacetItalic, ""),
		facet(rich, "gone", unroll.FacetStrike, ""),
		facet(rich, "code", unroll.FacetCode, ""),
		facet(rich, "@ada", unroll.FacetMention, "https://x.com/ada"),
		facet(rich, "#tag", unroll.FacetTag, ""),
		facet(rich, "example.com", unroll.FacetLink, "https://example.com/long"),
	}}
	tests := []struct {
		name string
		page []render.Block
		tail string
		want richText
	}{
		{"marks", []render.Block{text}, "", richText{Text: rich, Entities: []entity{
			{Type: tele.EntityBold, Offset: 3, Length: 4},
			{Type: tele.EntityItalic, Offset: 9, Length: 6},
			{Type: tele.EntityStrikethrough, Offset: 17, Length: 4},
			{Type: tele.EntityCode, Offset: 23, Length: 4},
			{Type: tele.EntityTextLink, Offset: 29, Length: 4, URL: "https://x.com/ada"},
			{Type: tele.EntityTextLink, Offset: 46, Length: 11, URL: "https://example.com/long"},
		}}},
		{"posts stand apart, parts of a post together", []render.Block{
			{Kind: render.BlockTitle, Text: "Title"},
			{Kind: render.BlockText, PostID: "1", Text: "One"},
			{Kind: render.BlockMedia, PostID: "1", Text: "Picture"},
			{Kind: render.BlockText, PostID: "2", Text: "Two"},
		}, "", richText{Text: "Title\n\nOne\nPicture\n\nTwo", Entities: []entity{
			{Type: tele.EntityItalic, Offset: 11, Length: 7},
		}}},
		{"quote", []render.Block{{Kind: render.BlockQuote, PostID: "1", Text: "Quoting Ada\nWords"}}, "", richText{
			Text: "Quoting Ada\nWords", Entities: []entity{{Type: tele.EntityBlockquote, Length: 17}},
		}},
		{"long quote is folded", []render.Block{{Kind: render.BlockQuote, PostID: "1", Text: strings.Repeat("a", 401)}}, "", richText{
			Text: strings.Repeat("a", 401), Entities: []entity{{Type: "expandable_blockquote", Length: 401}},
		}},
		{"no quote in a quote", []render.Block{{Kind: render.BlockQuote, PostID: "1", Text: "Quoting", Facets: []unroll.Facet{
			{Start: 0, End: 7, Kind: unroll.FacetQuote},
		}}}, "", richText{Text: "Quoting", Entities: []entity{{Type: tele.EntityBlockquote, Length: 7}}}},
		{"covered", []render.Block{{Kind: render.BlockText, PostID: "1", Text: "Secret", Spoiler: true}}, "", richText{
			Text: "Secret", Entities: []entity{{Type: tele.EntitySpoiler, Length: 6}},
		}},
		{"links that Telegram refuses", []render.Block{{Kind: render.BlockText, PostID: "1", Text: "abc", Facets: []unroll.Facet{
			{Start: 0, End: 1, Kind: unroll.FacetLink, URL: "http://localhost/"},
			{Start: 1, End: 2, Kind: unroll.FacetLink, URL: "javascript:alert(1)"},
			{Start: 2, End: 3, Kind: unroll.FacetLink, URL: "https://a.example/" + strings.Repeat("a", maxURL)},
		}}}, "", richText{Text: "abc"}},
		{"bare address", []render.Block{{Kind: render.BlockText, PostID: "1", Text: "https://a.example", Facets: []unroll.Facet{
			{Start: 0, End: 17, Kind: unroll.FacetLink, URL: "https://a.example"},
		}}}, "", richText{Text: "https://a.example"}},
		{"space at the ends", []render.Block{{Kind: render.BlockText, PostID: "1", Text: " \n🧵 b \n", Facets: []unroll.Facet{
			{Start: 0, End: 10, Kind: unroll.FacetBold},
		}}}, "", richText{Text: "🧵 b", Entities: []entity{{Type: tele.EntityBold, Length: 4}}}},
		{"tail", []render.Block{{Kind: render.BlockText, PostID: "1", Text: "One"}}, "http://localhost/x/1", richText{Text: "One\n\nhttp://localhost/x/1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, compose(tt.page, tt.tail)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestClean(t *testing.T) {
	const wj = "\u2060"
	tests := []struct{ name, in, mark, want, wantMark string }{
		{"nothing", "plain words", "words", "plain words", "words"},
		{"a name", "ask @ada now", "now", "ask @" + wj + "ada now", "now"},
		{"a name at the start", "@ada", "ada", "@" + wj + "ada", "ada"},
		{"an address of mail", "ada@example.com", "ada", "ada@example.com", "ada"},
		{"a command", "try /unroll now", "now", "try /" + wj + "unroll now", "now"},
		{"an address", "https://a.example/path/to", "path", "https://a.example/path/to", "path"},
		{"either", "and/or", "or", "and/or", "or"},
		{"controls", "a\x00b\rc\td", "d", "abc d", "d"},
		{"old marks for direction", "a\u202eb\u2029c", "c", "ab c", "c"},
		{"isolates stay", "a\u2068b\u2069c", "c", "a\u2068b\u2069c", "c"},
		{"broken UTF-8", "a\xffb", "b", "a\ufffdb", "b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := clean(render.Block{Text: tt.in, Facets: []unroll.Facet{facet(tt.in, tt.mark, unroll.FacetBold, "")}})
			if got.Text != tt.want {
				t.Errorf("text is %q, want %q", got.Text, tt.want)
			}
			if len(got.Facets) != 1 || got.Text[got.Facets[0].Start:got.Facets[0].End] != tt.wantMark {
				t.Errorf("facets are %+v", got.Facets)
			}
		})
	}
}

// A name that is a link calls nobody, and needs no sign in it.
func TestCleanLeavesLinkedNames(t *testing.T) {
	b := render.Block{Text: "ask @ada", Facets: []unroll.Facet{{Start: 4, End: 8, Kind: unroll.FacetMention, URL: "https://x.com/ada"}}}
	if diff := cmp.Diff(b, clean(b)); diff != "" {
		t.Error(diff)
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"https://unroll.example/x/1": true, "http://unroll.example:8080/": true, "https://8.8.8.8/": true, "https://[2001:4860:4860::8888]/": true,
		"http://localhost:8080/x/1": false, "http://127.0.0.1/": false, "http://10.1.2.3/": false, "http://[::1]:8080/": false, "http://192.168.0.1/": false,
		"http://unroll/": false, "http://unroll.local/": false, "http://a.internal./": false, "https://me:pw@a.example/": false,
		"ftp://a.example/": false, "": false, "https://": false, "https://a.example/" + strings.Repeat("a", maxURL): false,
	} {
		if got := public(address); got != want {
			t.Errorf("%.60s: %v", address, got)
		}
	}
}

// strange is a thread of a post and a quote with any text, and facets at any
// two ranges.
func strange(text string, a, b, c, d int) *unroll.Thread {
	post := unroll.Post{ID: "20", Text: text}
	last := 0
	for i, kind := range []unroll.FacetKind{unroll.FacetLink, unroll.FacetQuote} {
		from, to := runeStart(text, [2]int{a, c}[i]), runeStart(text, [2]int{b, d}[i])
		if from < to && from >= last {
			post.Facets = append(post.Facets, unroll.Facet{Start: from, End: to, Kind: kind, URL: "https://a.example"})
			last = to
		}
	}
	th := thread(0)
	th.Posts = []unroll.Post{post, {ID: "21", Quote: &unroll.Quote{Text: text, Author: th.Author}}}
	return th
}

func addStrange(f *testing.F) {
	f.Helper()
	f.Add("Hello @world /start #tag https://a.example", 0, 5, 3, 9)
	f.Add(strings.Repeat("🧵🇺🇳é\u202e\r\n", 700), 4, 4000, 1, 2)
	f.Add(strings.Repeat("#a ", 900), 0, 1, 0, 2700)
	f.Add("\xff\xfe \x00\t", 0, 2, 1, 3)
	f.Add("<b>&amp;</b> \"quoted\" <br>", 0, 7, 8, 20)
}

// Whatever a thread holds, each page keeps to Telegram's limits.
func FuzzPages(f *testing.F) {
	addStrange(f)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		const tail = "http://localhost/x/20"
		for _, page := range pages(strange(text, a, b, c, d), render.Options{}, tail, formPages) {
			got := compose(page, tail)
			code := utf16.Encode([]rune(got.Text))
			if len(code) > maxText || !utf8.ValidString(got.Text) {
				t.Errorf("page of %d units", len(code))
			}
			if len(got.Entities) > maxEntities {
				t.Errorf("%d entities", len(got.Entities))
			}
			low := func(i int) bool { return i < len(code) && code[i] >= 0xdc00 && code[i] < 0xe000 }
			for _, e := range got.Entities {
				switch end := e.Offset + e.Length; {
				case e.Offset < 0, e.Length < 1, end > len(code):
					t.Errorf("entity %+v of %d units", e, len(code))
				case low(e.Offset), low(end):
					t.Errorf("entity %+v cuts a character", e)
				}
			}
		}
	})
}

// Whatever a thread holds, its tags are ours, nest, and are closed.
func FuzzRich(f *testing.F) {
	addStrange(f)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		th := strange(text, a, b, c, d)
		var more func(int) string
		if a%2 == 0 {
			more = render.English{}.Posts
		}
		for _, page := range pages(th, render.Options{}, "", formRich) {
			var open []string
			for z := html.NewTokenizer(strings.NewReader(composeRich(th, page, "", true, more).HTML)); ; {
				kind := z.Next()
				if kind == html.ErrorToken {
					break
				}
				switch name := z.Token().Data; {
				case kind == html.StartTagToken && name != "br":
					open = append(open, name)
				case kind == html.EndTagToken && (len(open) == 0 || open[len(open)-1] != name):
					t.Fatalf("</%s> in %q", name, open)
				case kind == html.EndTagToken:
					open = open[:len(open)-1]
				case kind == html.CommentToken, kind == html.DoctypeToken:
					t.Errorf("markup of the text's own: %q", name)
				}
			}
			if len(open) > 0 {
				t.Errorf("not closed: %q", open)
			}
		}
	})
}

// runeStart brings any number to a rune border of text.
func runeStart(text string, i int) int {
	if len(text) == 0 {
		return 0
	}
	i = max(i, 0) % (len(text) + 1)
	for i > 0 && i < len(text) && !utf8.RuneStart(text[i]) {
		i--
	}
	return i
}
