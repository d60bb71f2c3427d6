package render

import (
	"slices"

	"unrollbot/unroll"
)

// prepared is t as o wants it shown; t itself stays as it is.
func (o Options) prepared(t *unroll.Thread) *unroll.Thread {
	if o.KeepNumbers {
		return t
	}
	c := *t
	c.Posts = unnumbered(t.Posts)
	c.Branches = slices.Clone(t.Branches)
	for i := range c.Branches {
		c.Branches[i].Posts = unnumbered(c.Branches[i].Posts)
	}
	return &c
}

func unnumbered(posts []unroll.Post) []unroll.Post {
	out := slices.Clone(posts)
	for i := range out {
		p := &out[i]
		n := p.Numbering
		if n == nil || n.Start < 0 || n.Start >= n.End || n.End > len(p.Text) || !border(p.Text, n.Start) || !border(p.Text, n.End) {
			continue
		}
		p.Numbering = nil
		p.Text, p.Facets = without(p.Text, p.Facets, n.Start, n.End)
	}
	return out
}

// without cuts text[start:end] out of a text with facets.
func without(text string, facets []unroll.Facet, start, end int) (string, []unroll.Facet) {
	at := func(i int) int { // where a place in text ends up
		return i - min(max(i-start, 0), end-start)
	}
	var kept []unroll.Facet
	for _, f := range facets {
		if f.Start, f.End = at(f.Start), at(f.End); f.Start < f.End {
			kept = append(kept, f)
		}
	}
	return text[:start] + text[end:], kept
}
