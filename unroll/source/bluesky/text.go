package bluesky

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

// facets keeps the facets that fit the text: on rune borders, not empty, and
// not overlapping an earlier one. The network's are ranges of UTF-8 bytes, as
// ours are. What does not fit is left out; the text stays as it is.
func facets(text string, all []facet) []unroll.Facet {
	var out []unroll.Facet
	for _, f := range all {
		start, end := f.Index.Start, f.Index.End
		if start < 0 || end > len(text) || start >= end || !border(text, start) || !border(text, end) {
			continue
		}
		for _, feat := range f.Features {
			if kind, target := feat.meaning(); kind != "" {
				out = append(out, unroll.Facet{Start: start, End: end, Kind: kind, URL: target})
				break // features that share a range: the first one known
			}
		}
	}
	slices.SortStableFunc(out, func(a, b unroll.Facet) int { return cmp.Compare(a.Start, b.Start) })
	end := 0
	return slices.DeleteFunc(out, func(f unroll.Facet) bool {
		if f.Start < end {
			return true
		}
		end = f.End
		return false
	})
}

func border(s string, i int) bool { return i == len(s) || utf8.RuneStart(s[i]) }

func (f *feature) meaning() (kind unroll.FacetKind, target string) {
	switch f.Type {
	case "app.bsky.richtext.facet#link":
		if target = link.Clean(f.URI); target != "" {
			return unroll.FacetLink, target
		}
	case "app.bsky.richtext.facet#mention":
		if isDID(f.DID) {
			return unroll.FacetMention, profilePage(f.DID)
		}
	case "app.bsky.richtext.facet#tag":
		if f.Tag != "" {
			return unroll.FacetTag, tagPage(f.Tag)
		}
	}
	return "", ""
}
