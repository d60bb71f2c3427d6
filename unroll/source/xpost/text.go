// Package xpost holds what is the same about posts in all of X's APIs and in
// those that mirror them: how a text becomes clean text with facets, and what
// identifiers, addresses and videos look like.
//
// X hands out texts HTML-escaped, with short links in place of addresses,
// pictures and quotes, and counts the ranges of its entities in Unicode code
// points of the escaped text: measured on recorded answers of four APIs
// (November 2026), whatever their documentation says. Some ranges are wrong
// all the same, so wherever it is known what a range must read, that decides.
package xpost

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

// Kind is what an [Entity] is.
type Kind int

// Kinds of entities.
const (
	Link    Kind = iota // a short link, shown as Display and leading to URL
	Media               // the short link of a picture or video; left out of the text
	Mention             // Text is the name without "@"
	Hashtag             // Text is the tag without "#"
	Cashtag             // Text is the symbol without "$"
	Bold
	Italic
	Strike
)

// Entity is a range of a text that means something.
type Entity struct {
	Kind       Kind
	Start, End int    // in code points of the escaped text; End is exclusive
	Text       string // what the range reads, as far as Kind says
	Display    string
	URL        string
}

// Text is what X gives.
type Text struct {
	Raw      string // HTML-escaped
	Entities []Entity
	// Shown is X's display_text_range: two numbers, in code points of Raw.
	// Before it stand the names a reply is addressed to; any other length
	// means none. Its end is not heeded: some count it in UTF-16 units, and
	// all that stands behind it are links, which say themselves what they are.
	Shown []int
	// Elsewhere tells whether a link at the end of the text can go, because
	// what it leads to is shown beside the text. It may be nil.
	Elsewhere func(target string) bool
}

// maxEntities bounds the work on one text. X's longest posts, of 25,000
// characters, have a few dozen.
const maxEntities = 500

// bare finds short links that no entity speaks of.
var bare = regexp.MustCompile(`https?://t\.co/\w+`)

// Clean gives the text unescaped and without what is shown elsewhere, and its
// facets in bytes of the result: sorted, inside the text, none overlapping
// another partly.
func (t Text) Clean() (string, []unroll.Facet) {
	t.Raw = strings.ToValidUTF8(t.Raw, "\uFFFD")
	w := writer{raw: t.Raw}
	spans, styles := t.locate()
	from, to := t.bounds(spans)
	for _, s := range spans {
		if s.lo < from || s.hi > to {
			continue
		}
		before := s.lo
		if s.Kind == Media { // goes with the space before it
			before = max(len(strings.TrimRight(t.Raw[:s.lo], " ")), w.at)
		}
		w.plain(w.at, before, from)
		w.span(s)
	}
	w.plain(w.at, to, from)
	for _, s := range styles {
		w.style(s)
	}
	return w.finish()
}

// span is an entity at its place in the raw text, in bytes.
type span struct {
	Entity
	lo, hi int
}

// locate finds the entities that stand for their range, in order and without
// overlap, and the styles.
func (t Text) locate() (spans, styles []span) {
	ix := newIndex(t.Raw)
	for _, e := range t.Entities[:min(len(t.Entities), maxEntities)] {
		lo, hi, ok := ix.find(e)
		switch {
		case !ok:
		case e.Kind >= Bold:
			styles = append(styles, span{e, lo, hi})
		default:
			spans = append(spans, span{e, lo, hi})
		}
	}
	if strings.Contains(t.Raw, "://t.co/") { // most texts are spared the search
		for _, m := range bare.FindAllStringIndex(t.Raw, maxEntities) {
			address := t.Raw[m[0]:m[1]]
			spans = append(spans, span{Entity{Kind: Link, Text: address, URL: address}, m[0], m[1]})
		}
	}
	// Of several for one range the first counts: a bare link comes last.
	slices.SortStableFunc(spans, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	end := 0
	spans = slices.DeleteFunc(spans, func(s span) bool {
		if s.lo < end {
			return true
		}
		end = s.hi
		return false
	})
	return spans, styles
}

// bounds gives the bytes of Raw to be shown.
func (t Text) bounds(spans []span) (from, to int) {
	to = len(t.Raw)
	if len(t.Shown) == 2 {
		if lo := newIndex(t.Raw).byteOf(t.Shown[0]); onlyMentions(t.Raw[:lo], spans) {
			from = lo
		}
	}
	for i := len(spans) - 1; i >= 0; i-- {
		s := spans[i]
		end := len(strings.TrimRightFunc(t.Raw[:to], unicode.IsSpace))
		switch {
		case s.lo >= to:
			continue
		case s.hi < end || s.lo < from:
			return from, to
		case s.Kind == Media, s.Kind == Link && t.Elsewhere != nil && t.Elsewhere(s.target()):
			to = s.lo
		default:
			return from, to
		}
	}
	return from, max(to, from)
}

// onlyMentions tells whether a text begins with nothing but names.
func onlyMentions(start string, spans []span) bool {
	at := 0
	for _, s := range spans {
		if s.Kind != Mention || s.hi > len(start) || strings.TrimSpace(start[at:s.lo]) != "" {
			break
		}
		at = s.hi
	}
	return strings.TrimSpace(start[at:]) == ""
}

// target is where a link leads, "" where a reader should not be led.
func (e Entity) target() string {
	if to := link.Clean(e.URL); to != "" {
		return to
	}
	return link.Web(e.Text)
}

// Facet says what the entity is in a clean text; ok is false where it is
// nothing that a reader could see or follow.
func (e Entity) Facet() (kind unroll.FacetKind, target string, ok bool) {
	switch e.Kind {
	case Link:
		to := e.target()
		return unroll.FacetLink, to, to != ""
	case Mention:
		return unroll.FacetMention, "https://x.com/" + url.PathEscape(e.Text), true
	case Hashtag:
		return unroll.FacetTag, "https://x.com/hashtag/" + url.PathEscape(e.Text), true
	case Cashtag:
		return unroll.FacetTag, "https://x.com/search?q=" + url.QueryEscape("$"+e.Text), true
	case Bold:
		return unroll.FacetBold, "", true
	case Italic:
		return unroll.FacetItalic, "", true
	case Strike:
		return unroll.FacetStrike, "", true
	case Media:
		return "", "", false
	default:
		return "", "", false
	}
}

// index finds places in a text by the counts that X uses.
type index struct {
	raw   string
	runes []int // byte offset of each code point, and the end; nil for ASCII
}

func newIndex(raw string) index {
	ix := index{raw: raw}
	if utf8.RuneCountInString(raw) == len(raw) {
		return ix
	}
	for i := range raw {
		ix.runes = append(ix.runes, i)
	}
	ix.runes = append(ix.runes, len(raw))
	return ix
}

// byteOf gives the byte offset of the n-th code point, kept within the text.
func (ix index) byteOf(n int) int {
	if ix.runes == nil {
		return min(max(n, 0), len(ix.raw))
	}
	return ix.runes[min(max(n, 0), len(ix.runes)-1)]
}

// UTF16Range turns a range in UTF-16 units, as the editor of X's articles
// counts, into one in bytes that lies within text.
func UTF16Range(text string, start, end int) (lo, hi int) {
	lo, hi = len(text), len(text)
	units := 0
	for i, r := range text {
		if units >= start {
			lo = min(lo, i)
		}
		if units >= end {
			return min(lo, i), i
		}
		units += utf16.RuneLen(r)
	}
	return lo, hi
}

// maxSearch bounds, in bytes, the texts that are searched for an entity whose
// range is wrong.
const maxSearch = 256 << 10

// find gives an entity's bytes: where its range says, or else where its text
// stands.
func (ix index) find(e Entity) (lo, hi int, ok bool) {
	if e.Start >= 0 && e.End > e.Start {
		lo, hi = ix.byteOf(e.Start), ix.byteOf(e.End)
		if e.reads(ix.raw[lo:hi]) {
			return lo, hi, true
		}
	}
	text := e.sigil() + e.Text
	if e.Kind >= Bold || e.Text == "" || len(ix.raw) > maxSearch {
		return 0, 0, false
	}
	for at := 0; ; at = hi {
		i := strings.Index(ix.raw[at:], text)
		if i < 0 {
			return 0, 0, false
		}
		lo, hi = at+i, at+i+len(text)
		if next, _ := utf8.DecodeRuneInString(ix.raw[hi:]); !isWord(next) {
			return lo, hi, true
		}
	}
}

func isWord(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

func (e Entity) sigil() string {
	switch e.Kind {
	case Mention:
		return "@"
	case Hashtag:
		return "#"
	case Cashtag:
		return "$"
	default:
		return ""
	}
}

// reads tells whether got is what the entity's range should read.
func (e Entity) reads(got string) bool {
	switch e.Kind {
	case Mention, Hashtag, Cashtag:
		_, size := utf8.DecodeRuneInString(got) // "@" and "#" have wide twins
		return e.Text != "" && strings.EqualFold(got[size:], e.Text)
	case Link, Media:
		return e.Text != "" && got == e.Text
	default:
		return got != ""
	}
}
