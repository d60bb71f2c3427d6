package mastodon

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/link"
)

// maxDepth is how many elements may be open at a time. What lies deeper
// keeps its text and loses its formatting; that keeps the walk linear.
const maxDepth = 32

// plain turns a post's HTML into text with facets. It takes any HTML: what is
// no formatting of posts falls away, and at most its text is left.
//
// Paragraphs are set apart by an empty line; items of lists stand on lines of
// their own, behind a dot or number. A bare address reads as [shown] says. An
// inline hint at a quoted post ("RE: …") is left out with withoutQuote.
func plain(content string, withoutQuote bool) (string, []unroll.Facet) {
	w := walker{dropQuote: withoutQuote}
	z := html.NewTokenizer(strings.NewReader(content))
	for {
		switch z.Next() {
		case html.ErrorToken:
			w.closeTo(0)
			slices.Reverse(w.facets) // outer ones closed last
			fedi.SortFacets(w.facets)
			return string(w.out), w.facets
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(tagOf(z))
		case html.EndTagToken:
			name, _ := z.TagName()
			w.end(atom.Lookup(name))
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// tag is a start tag with the attributes that matter.
type tag struct {
	name      atom.Atom
	href, alt string

	mention, hashtag bool
	invisible        bool // part of an address that is not to be shown
	hint             bool // at a quoted post
}

func tagOf(z *html.Tokenizer) tag {
	name, more := z.TagName()
	t := tag{name: atom.Lookup(name)}
	for more {
		var key, val []byte
		key, val, more = z.TagAttr()
		switch string(key) {
		case "class", "rel": // rel="tag" is as good as class="hashtag"
			t.classify(string(val))
		case "href":
			t.href = string(val)
		case "alt":
			t.alt = string(val)
		}
	}
	return t
}

func (t *tag) classify(classes string) {
	for class := range strings.FieldsSeq(classes) {
		switch class {
		case "mention":
			t.mention = true
		case "hashtag", "tag":
			t.hashtag = true
		case "invisible":
			t.invisible = true
		case "quote-inline", "reference-link-inline":
			t.hint = true
		}
	}
}

// element is an open element.
type element struct {
	tag
	kind  unroll.FacetKind // "" for none
	start int              // where its text begins, in bytes; none before it has text
	items int              // of a list: how many came
	whole []byte           // of a link: all its text, also what is not shown
}

const none = -1

// walker writes text while elements open and close.
type walker struct {
	out    []byte
	facets []unroll.Facet
	open   []*element

	dropQuote bool
	skip      atom.Atom // until this element ends nothing is shown
	skipDepth int

	newlines int  // to be written before the next text
	space    bool // likewise, where no line breaks come
	marked   bool // a list item has just begun
}

func (w *walker) text(s string) {
	if w.skip != 0 || s == "" {
		return
	}
	if a := w.within(atom.A); a != nil {
		a.whole = append(a.whole, s...)
	}
	switch {
	case slices.ContainsFunc(w.open, func(e *element) bool { return e.invisible }):
	case w.within(atom.Pre) != nil:
		code := strings.TrimRight(s, "\n")
		w.write(code)
		w.newlines = min(w.newlines+len(s)-len(code), 2)
	default:
		w.space = w.space || isSpace(rune(s[0]))
		for word := range strings.FieldsFuncSeq(s, isSpace) {
			w.write(word)
			w.space = true
		}
		w.space = w.space && isSpace(rune(s[len(s)-1]))
	}
}

func isSpace(r rune) bool { return r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\f' }

// write appends text behind the white space that is due.
func (w *walker) write(s string) {
	s = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return
	}
	switch n := len(w.out); {
	case n == 0:
	case w.newlines > 0:
		w.out = append(w.out, "\n\n"[:w.newlines]...)
	case w.space && w.out[n-1] != ' ' && w.out[n-1] != '\n':
		w.out = append(w.out, ' ')
	}
	w.newlines, w.space, w.marked = 0, false, false
	for _, e := range w.open {
		if e.start == none {
			e.start = len(w.out)
		}
	}
	w.out = append(w.out, s...)
}

// lines asks for at least n line breaks before the next text, 2 at most.
func (w *walker) lines(n int) {
	if n == 0 {
		return
	}
	if !w.marked {
		w.newlines = max(w.newlines, n)
	}
	w.space = false
}

// within gives the innermost open element of that name, nil if there is none.
func (w *walker) within(names ...atom.Atom) *element {
	for _, e := range slices.Backward(w.open) {
		if slices.Contains(names, e.name) {
			return e
		}
	}
	return nil
}

func (w *walker) start(t tag) {
	switch {
	case w.skip != 0:
		if t.name == w.skip {
			w.skipDepth++
		}
		return
	case isMute(t.name) || w.dropQuote && t.hint:
		w.skip, w.skipDepth = t.name, 1
		return
	}
	switch t.name {
	case atom.Br:
		w.newlines, w.space = min(w.newlines+1, 2), false
		return
	case atom.Img:
		w.text(t.alt) // a custom emoji in some dialects
		return
	case atom.Hr:
		w.lines(2)
		return
	case atom.Input, atom.Wbr, atom.Link, atom.Meta, atom.Embed, atom.Source, atom.Area, atom.Col, atom.Base:
		return // they have no end
	case atom.A:
		w.end(atom.A) // links do not nest
	default:
	}
	w.lines(w.linesAround(t.name))
	if len(w.open) < maxDepth {
		w.open = append(w.open, &element{tag: t, kind: w.kind(&t), start: none})
	}
	if t.name == atom.Li {
		w.mark()
	}
}

func (w *walker) end(name atom.Atom) {
	if w.skip != 0 {
		if name == w.skip {
			w.skipDepth--
			if w.skipDepth == 0 {
				w.skip = 0
			}
		}
		return
	}
	for i, e := range slices.Backward(w.open) {
		if e.name == name {
			w.closeTo(i)
			break
		}
	}
	w.lines(w.linesAround(name))
}

// isMute tells whether nothing inside an element is a post's text.
func isMute(name atom.Atom) bool {
	switch name {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template, atom.Iframe, atom.Object, atom.Svg, atom.Math,
		atom.Select, atom.Textarea, atom.Noscript, atom.Noembed, atom.Noframes, atom.Xmp, atom.Audio, atom.Video, atom.Canvas:
		return true
	default:
		return false
	}
}

// linesAround is how many line breaks set an element apart.
func (w *walker) linesAround(name atom.Atom) int {
	switch name {
	case atom.P, atom.Blockquote, atom.Pre, atom.Table, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Dl:
		if w.within(atom.Li) != nil {
			return 1
		}
		return 2
	case atom.Li, atom.Div, atom.Tr, atom.Dt, atom.Dd, atom.Section, atom.Article, atom.Details, atom.Summary, atom.Figure, atom.Figcaption:
		return 1
	default:
		return 0
	}
}

// mark writes the dot or number of a list item.
func (w *walker) mark() {
	mark, depth := "• ", 0
	for _, e := range w.open {
		if e.name == atom.Ul || e.name == atom.Ol {
			depth++
		}
	}
	if list := w.within(atom.Ul, atom.Ol); list != nil && list.name == atom.Ol {
		list.items++
		mark = strconv.Itoa(list.items) + ". "
	}
	w.write(strings.Repeat("  ", max(depth-1, 0)) + mark)
	w.marked = true
}

// kind is what an element means for its text, once.
func (w *walker) kind(t *tag) unroll.FacetKind {
	var k unroll.FacetKind
	switch t.name {
	case atom.A:
		switch {
		case t.hashtag: // has the class mention as well
			k = unroll.FacetTag
		case t.mention:
			k = unroll.FacetMention
		default:
			k = unroll.FacetLink
		}
	case atom.B, atom.Strong, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		k = unroll.FacetBold
	case atom.I, atom.Em:
		k = unroll.FacetItalic
	case atom.Del, atom.S, atom.Strike:
		k = unroll.FacetStrike
	case atom.Code, atom.Pre, atom.Tt, atom.Kbd, atom.Samp:
		k = unroll.FacetCode
	case atom.Blockquote:
		k = unroll.FacetQuote
	default:
	}
	if slices.ContainsFunc(w.open, func(e *element) bool { return e.kind == k }) {
		return ""
	}
	return k
}

// closeTo closes the open elements from index i on.
func (w *walker) closeTo(i int) {
	for n := len(w.open) - 1; n >= i; n-- {
		e := w.open[n]
		w.open = w.open[:n]
		target := ""
		switch e.kind {
		case unroll.FacetLink:
			if target = linkTarget(e.href); target == "" {
				continue
			}
			w.shorten(e, target)
		case unroll.FacetMention, unroll.FacetTag:
			target = link.Web(e.href)
		default:
		}
		if e.kind != "" && e.start != none && e.start < len(w.out) {
			w.facets = append(w.facets, unroll.Facet{Start: e.start, End: len(w.out), Kind: e.kind, URL: target})
		}
	}
}

// linkTarget is where a link in a text may lead: the web, and mail addresses.
func linkTarget(address string) string {
	address = strings.TrimSpace(address)
	if u, err := url.Parse(address); err == nil && u.Scheme == "mailto" {
		return address
	}
	return link.Clean(address)
}

// shorten writes a bare address as people read it. A link's text that claims
// to be an address shows where the link really leads.
func (w *walker) shorten(e *element, target string) {
	whole := strings.TrimSpace(string(e.whole))
	if !strings.HasPrefix(whole, "http://") && !strings.HasPrefix(whole, "https://") || strings.ContainsFunc(whole, isSpace) {
		return
	}
	newlines, space := w.newlines, w.space // due behind the link
	if e.start != none {
		w.newlines, w.space = 0, false
		for len(w.facets) > 0 && w.facets[len(w.facets)-1].Start >= e.start {
			w.facets = w.facets[:len(w.facets)-1]
		}
		w.out = w.out[:e.start]
		for _, outer := range w.open {
			if outer.start >= e.start {
				outer.start = none // it begins with the link
			}
		}
	}
	w.open = append(w.open, e) // it takes part in write once more
	e.start = none
	w.write(link.Brief(target, fedi.MaxShown))
	w.open = w.open[:len(w.open)-1]
	w.newlines, w.space = newlines, space
}
