package render

import (
	"strings"

	"unrollbot/unroll"
)

// segment is a stretch of a text that is, or is not, a block quote. Its
// facets have no quotes in them.
type segment struct {
	quote  bool
	text   string
	facets []unroll.Facet
}

// segments splits a text at its outermost block quotes. Line ends around a
// quote are dropped: the quote is set apart anyway.
func segments(text string, facets []unroll.Facet) []segment {
	c := newCutter(Block{Text: text, Facets: facets})
	var out []segment
	add := func(end int, quote bool) {
		if end > c.at {
			piece := c.upTo(end)
			s := segment{quote: quote, text: piece.Text}
			for _, f := range piece.Facets {
				if f.Kind != unroll.FacetQuote {
					s.facets = append(s.facets, f)
				}
			}
			if s = s.trim("\n"); s.text != "" {
				out = append(out, s)
			}
			c.advance(end)
		}
	}
	for _, f := range c.block.Facets {
		if f.Kind == unroll.FacetQuote && f.Start >= c.at {
			add(f.Start, false)
			add(f.End, true)
		}
	}
	add(len(text), false)
	return out
}

// paragraphs splits a segment at its blank lines.
func (s segment) paragraphs() []segment {
	c := newCutter(Block{Text: s.text, Facets: s.facets})
	var out []segment
	for {
		c.advance(c.at + blankLines(c.rest()))
		if strings.TrimSpace(c.rest()) == "" {
			return out
		}
		end := len(s.text)
		for at := c.at; ; {
			i := strings.IndexByte(s.text[at:], '\n')
			if i < 0 {
				break
			}
			at += i + 1
			if blankLines(s.text[at:]) > 0 || strings.TrimLeft(s.text[at:], " \t") == "" {
				end = at
				break
			}
		}
		piece := c.upTo(end)
		c.advance(end)
		out = append(out, segment{quote: s.quote, text: piece.Text, facets: piece.Facets}.trim("\n"))
	}
}

// blankLines is how many bytes of blank lines text begins with.
func blankLines(text string) int {
	n := 0
	for {
		spaces := len(text[n:]) - len(strings.TrimLeft(text[n:], " \t"))
		if !strings.HasPrefix(text[n+spaces:], "\n") {
			return n
		}
		n += spaces + 1
	}
}

// trim drops characters at both ends, with facets that held nothing else.
func (s segment) trim(cutset string) segment {
	start := len(s.text) - len(strings.TrimLeft(s.text, cutset))
	end := len(strings.TrimRight(s.text, cutset))
	if start >= end {
		return segment{quote: s.quote}
	}
	if start == 0 && end == len(s.text) {
		return s
	}
	c := newCutter(Block{Text: s.text, Facets: s.facets})
	c.advance(start)
	piece := c.upTo(end)
	return segment{quote: s.quote, text: piece.Text, facets: piece.Facets}
}
