package telegram

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
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

// Whatever a thread holds, each page keeps to Telegram's limits.
func FuzzPages(f *testing.F) {
	f.Add("Hello @world /start #tag https://a.example", 0, 5, 3, 9)
	f.Add(strings.Repeat("🧵🇺🇳é\u202e\r\n", 700), 4, 4000, 1, 2)
	f.Add(strings.Repeat("#a ", 900), 0, 1, 0, 2700)
	f.Add("\xff\xfe \x00\t", 0, 2, 1, 3)
	f.Fuzz(func(t *testing.T, text string, a, b, c, d int) {
		post := unroll.Post{ID: "20", Text: text}
		for i, r := range [][2]int{{a, b}, {c, d}} {
			from, to := runeStart(text, r[0]), runeStart(text, r[1])
			if from < to && (i == 0 || from >= post.Facets[len(post.Facets)-1].End) {
				kinds := []unroll.FacetKind{unroll.FacetLink, unroll.FacetQuote}
				post.Facets = append(post.Facets, unroll.Facet{Start: from, End: to, Kind: kinds[i], URL: "https://a.example"})
			} else {
				break
			}
		}
		th := thread(0)
		th.Posts = []unroll.Post{post, {ID: "21", Quote: &unroll.Quote{Text: text, Author: th.Author}}}
		for _, page := range pages(th, render.Options{}, "http://localhost/x/20", formPages) {
			got := compose(page, "http://localhost/x/20")
			code := utf16.Encode([]rune(got.Text))
			if len(code) > maxText || !utf8.ValidString(got.Text) {
				t.Errorf("page of %d units", len(code))
			}
			if len(got.Entities) > maxEntities {
				t.Errorf("%d entities", len(got.Entities))
			}
			for _, e := range got.Entities {
				if e.Offset < 0 || e.Length < 1 || e.Offset+e.Length > len(code) {
					t.Errorf("entity %+v of %d units", e, len(code))
				} else if low := func(i int) bool { return i < len(code) && utf16.IsSurrogate(rune(code[i])) && code[i] >= 0xdc00 }; low(e.Offset) || low(e.Offset+e.Length) {
					t.Errorf("entity %+v cuts a character", e)
				}
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
