package fedi

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"unrollbot/unroll"
)

// MaxShown is how much of a bare address is shown, in code points. Mastodon's
// own page shows as much.
const MaxShown = 30

// Text is a text with its facets.
type Text struct {
	Plain  string
	Facets []unroll.Facet
}

// DropMentions cuts the mentions in front that lead to one of people. They are
// how servers address replies, not part of what is said. A mention of anybody
// else ends it.
func (t *Text) DropMentions(people map[string]bool) {
	cut := 0
	for _, f := range t.Facets {
		if f.Kind != unroll.FacetMention || f.Start != cut || !people[f.URL] {
			break
		}
		rest := strings.TrimLeftFunc(t.Plain[f.End:], unicode.IsSpace)
		cut = len(t.Plain) - len(rest)
	}
	t.cut(cut, len(t.Plain))
}

// Trim cuts white space at both ends.
func (t *Text) Trim() {
	start := len(t.Plain) - len(strings.TrimLeftFunc(t.Plain, unicode.IsSpace))
	end := len(strings.TrimRightFunc(t.Plain, unicode.IsSpace))
	t.cut(start, max(start, end))
}

// cut keeps the bytes from start to end.
func (t *Text) cut(start, end int) {
	if start == 0 && end == len(t.Plain) {
		return
	}
	t.Plain = t.Plain[start:end]
	kept := t.Facets[:0]
	for _, f := range t.Facets {
		f.Start, f.End = max(f.Start-start, 0), min(f.End, end)-start
		if f.Start < f.End {
			kept = append(kept, f)
		}
	}
	t.Facets = slices.Clip(kept)
}

// SortFacets brings facets into the order that [unroll.Facet] wants: those
// that contain others first.
func SortFacets(facets []unroll.Facet) {
	slices.SortStableFunc(facets, func(a, b unroll.Facet) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
	})
}

// AsksForRest tells whether the author of a profile, given as plain text, asks
// bots to leave their posts alone.
func AsksForRest(profile string) bool {
	isEnd := func(r rune) bool { return r != '#' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for word := range strings.FieldsFuncSeq(strings.ToLower(profile), isEnd) {
		if word == "#nobot" || word == "#nounroll" {
			return true
		}
	}
	return false
}
