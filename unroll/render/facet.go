package render

import (
	"slices"
	"strings"
	"unicode/utf8"

	"unrollbot/unroll"
)

// rich builds a text together with its facets.
type rich struct {
	text   strings.Builder
	facets []unroll.Facet
}

func (r *rich) plain(s string) { r.text.WriteString(s) }

// mark adds s with a facet over all of it. A link without a URL is plain.
func (r *rich) mark(kind unroll.FacetKind, s, url string) {
	start := r.text.Len()
	r.text.WriteString(s)
	if s == "" || (kind == unroll.FacetLink && url == "") {
		return
	}
	r.facets = append(r.facets, unroll.Facet{Start: start, End: r.text.Len(), Kind: kind, URL: url})
}

// add adds a text with its own facets.
func (r *rich) add(text string, facets []unroll.Facet) {
	start := r.text.Len()
	r.text.WriteString(text)
	for _, f := range facets {
		f.Start += start
		f.End += start
		r.facets = append(r.facets, f)
	}
}

// inQuote runs fill and puts a quote facet over what it added.
func (r *rich) inQuote(fill func()) {
	start, at := r.text.Len(), len(r.facets)
	fill()
	if end := r.text.Len(); end > start {
		r.facets = slices.Insert(r.facets, at, unroll.Facet{Start: start, End: end, Kind: unroll.FacetQuote})
	}
}

func (r *rich) block(kind BlockKind, postID string) Block {
	return Block{Kind: kind, PostID: postID, Text: r.text.String(), Facets: r.facets}
}

// clean makes a foreign text and its facets safe to build on: valid UTF-8,
// line ends as \n, no control characters (a terminal would obey them), and
// only facets that keep the rules of [unroll.FacetKind] and lead to the web.
func clean(text string, facets []unroll.Facet) (string, []unroll.Facet) {
	facets = leading(valid(text, facets))
	if !strings.ContainsFunc(text, unwanted) && utf8.ValidString(text) {
		return text, facets
	}
	// moved[i] is where byte i of text ends up.
	moved := make([]int, len(text)+1)
	var b strings.Builder
	b.Grow(len(text))
	for i, c := range text {
		n := utf8.RuneLen(c)
		if c == utf8.RuneError { // one byte that is no UTF-8, or the character itself
			_, n = utf8.DecodeRuneInString(text[i:])
		}
		for j := i; j < i+n; j++ {
			moved[j] = b.Len()
		}
		if c == '\r' && !strings.HasPrefix(text[i+n:], "\n") {
			c = '\n'
		}
		if !unwanted(c) {
			b.WriteRune(c)
		}
	}
	moved[len(text)] = b.Len()
	kept := make([]unroll.Facet, 0, len(facets))
	for _, f := range facets {
		if f.Start, f.End = moved[f.Start], moved[f.End]; f.Start < f.End {
			kept = append(kept, f)
		}
	}
	return b.String(), kept
}

// leading drops addresses that are no web links, and links without one. It
// may change facets.
func leading(facets []unroll.Facet) []unroll.Facet {
	kept := facets[:0]
	for _, f := range facets {
		f.URL = weblink(f.URL)
		if f.Kind != unroll.FacetLink || f.URL != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// line makes a foreign text one line without characters that reorder the
// text around it.
func line(text string) string {
	text, _ = clean(text, nil)
	if strings.ContainsFunc(text, reorders) {
		text = strings.Map(func(c rune) rune {
			if reorders(c) {
				return -1
			}
			return c
		}, text)
	}
	return strings.Join(strings.Fields(text), " ")
}

// unwanted are the control characters except tab and new line, and the two
// characters that XML does not allow (XML 1.0, 2.2).
func unwanted(c rune) bool {
	return (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0) || c == 0xfffe || c == 0xffff
}

// reorders are the explicit directional controls of UAX #9: embeddings,
// overrides and isolates. The marks (LRM, RLM, ALM) have no reach and stay.
func reorders(c rune) bool {
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069)
}

// isolate keeps a name written from right to left from reordering the line
// it is put into (UAX #9, first strong isolate).
func isolate(s string) string {
	if strings.ContainsFunc(s, rightToLeft) {
		return "\u2068" + s + "\u2069"
	}
	return s
}

// rightToLeft covers the blocks that Unicode reserves for scripts written
// from right to left.
func rightToLeft(c rune) bool {
	return (c >= 0x0590 && c <= 0x08ff) || (c >= 0xfb1d && c <= 0xfdff) ||
		(c >= 0xfe70 && c <= 0xfeff) || (c >= 0x10800 && c <= 0x10fff) || (c >= 0x1e800 && c <= 0x1efff)
}

// maxDepth bounds how deep facets nest: bold within italic within a link
// within a quote, twice over.
const maxDepth = 8

// valid returns the facets that lie within text on rune borders, sorted,
// those that contain others first, and none that overlaps another partly or
// lies deeper than maxDepth.
func valid(text string, facets []unroll.Facet) []unroll.Facet {
	if len(facets) == 0 {
		return nil
	}
	kept := make([]unroll.Facet, 0, len(facets))
	for _, f := range facets {
		if f.Start >= 0 && f.Start < f.End && f.End <= len(text) && border(text, f.Start) && border(text, f.End) {
			kept = append(kept, f)
		}
	}
	slices.SortStableFunc(kept, func(a, b unroll.Facet) int {
		if a.Start != b.Start {
			return a.Start - b.Start
		}
		return b.End - a.End
	})
	var open []int // ends of the facets around the current one
	nested := kept[:0]
	for _, f := range kept {
		for len(open) > 0 && open[len(open)-1] <= f.Start {
			open = open[:len(open)-1]
		}
		if len(open) == maxDepth || len(open) > 0 && f.End > open[len(open)-1] {
			continue
		}
		open = append(open, f.End)
		nested = append(nested, f)
	}
	return nested
}

func border(text string, i int) bool { return i == len(text) || utf8.RuneStart(text[i]) }
