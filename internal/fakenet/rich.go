package fakenet

import (
	"regexp"
	"strings"

	"unrollbot/unroll"
)

// marks finds, in this order: an address, a mention, a tag, an emoji
// shortcode, bold and italic text.
var marks = regexp.MustCompile(`(https?://[^\s<>"]*[^\s<>".,;:!?()])` +
	`|@([A-Za-z0-9_]+)` +
	`|#([\p{L}\p{N}_]*\p{L}[\p{L}\p{N}_]*)` +
	`|:([a-z0-9_]+):` +
	`|\*\*([^*\n]+)\*\*` +
	`|__([^_\n]+)__`)

// Rich reads the small markup of World files: addresses, @authors, #tags and
// :emoji: become facets where they stand, **bold** and __italic__ lose their
// marks. Who or what the World does not know stays plain text.
func (w World) Rich(s string) (string, []unroll.Facet) {
	known := make(map[string]bool, len(w.Authors))
	for _, a := range w.Authors {
		known[a.ID] = true
	}
	var (
		out    strings.Builder
		facets []unroll.Facet
		at     int
	)
	put := func(text string, f unroll.Facet) {
		f.Start = out.Len()
		out.WriteString(text)
		f.End = out.Len()
		facets = append(facets, f)
	}
	for _, m := range marks.FindAllStringSubmatchIndex(s, -1) {
		group := func(n int) string { return s[m[2*n]:m[2*n+1]] }
		out.WriteString(s[at:m[0]])
		at = m[1]
		whole := s[m[0]:m[1]]
		switch {
		case m[2] >= 0:
			put(whole, unroll.Facet{Kind: unroll.FacetLink, URL: whole})
		case m[4] >= 0 && known[group(2)]:
			put(whole, unroll.Facet{Kind: unroll.FacetMention, URL: group(2)})
		case m[6] >= 0:
			put(whole, unroll.Facet{Kind: unroll.FacetTag})
		case m[8] >= 0 && w.Emoji[group(4)] != "":
			put(whole, unroll.Facet{Kind: unroll.FacetEmoji, URL: w.Emoji[group(4)]})
		case m[10] >= 0:
			put(group(5), unroll.Facet{Kind: unroll.FacetBold})
		case m[12] >= 0:
			put(group(6), unroll.Facet{Kind: unroll.FacetItalic})
		default:
			out.WriteString(whole)
		}
	}
	out.WriteString(s[at:])
	return out.String(), facets
}
