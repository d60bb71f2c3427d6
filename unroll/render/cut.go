package render

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"github.com/clipperhouse/uax29/v2/sentences"

	"unrollbot/unroll"
)

// cutter cuts a block into pieces, front to back.
type cutter struct {
	block Block
	at    int            // bytes of the text that are cut off already
	open  []unroll.Facet // facets that began before at and reach past it
	next  int            // index of the first facet that begins at or after at
	first bool           // nothing was cut off yet
}

func newCutter(b Block) *cutter {
	b.Facets = valid(b.Text, b.Facets)
	return &cutter{block: b, first: true}
}

func (c *cutter) rest() string { return c.block.Text[c.at:] }

func (c *cutter) done() bool { return c.at == len(c.block.Text) }

// upTo is the piece that ends at end, a byte offset into the whole text.
func (c *cutter) upTo(end int) Block {
	b := c.block
	b.Text = c.block.Text[c.at:end]
	b.Facets = nil
	for _, f := range c.open {
		b.Facets = append(b.Facets, c.clip(f, end))
	}
	for _, f := range c.block.Facets[c.next:] {
		if f.Start >= end {
			break
		}
		b.Facets = append(b.Facets, c.clip(f, end))
	}
	if !c.first {
		b.Media = nil
	}
	return b
}

func (c *cutter) clip(f unroll.Facet, end int) unroll.Facet {
	f.Start = max(f.Start, c.at) - c.at
	f.End = min(f.End, end) - c.at
	return f
}

// advance cuts off everything before end.
func (c *cutter) advance(end int) {
	for c.next < len(c.block.Facets) && c.block.Facets[c.next].Start < end {
		c.open = append(c.open, c.block.Facets[c.next])
		c.next++
	}
	c.open = slices.DeleteFunc(c.open, func(f unroll.Facet) bool { return f.End <= end })
	c.at, c.first = end, false
}

// longest finds the longest beginning of text that fits. It returns the ends
// of that beginning's graphemes in bytes, and looks at few more bytes than
// fit.
func longest(text string, fits func(end int) bool) []int {
	var ends []int
	g := graphemes.FromString(text)
	good, bad := 0, 0 // numbers of graphemes; everything fits while bad is 0
	for step := 64; bad == 0; step *= 2 {
		for len(ends) < step && g.Next() {
			ends = append(ends, g.End())
		}
		if len(ends) == good {
			return ends
		}
		if fits(ends[len(ends)-1]) {
			good = len(ends)
		} else {
			bad = len(ends)
		}
	}
	for bad-good > 1 {
		mid := good + (bad-good)/2
		if fits(ends[mid-1]) {
			good = mid
		} else {
			bad = mid
		}
	}
	return ends[:good]
}

// lookahead is how many bytes past the end of a piece are read to see
// whether a sentence ends there.
const lookahead = 64

// best picks the border at which a piece of text should end: after the last
// paragraph, sentence, line or word in the second half of what fits, else
// the last border.
func best(text string, borders []int) int {
	most := borders[len(borders)-1]
	if most == len(text) {
		return most
	}
	for _, end := range []func(text string, most int) int{paragraphEnd, sentenceEnd, lineEnd, wordEnd} {
		if i := end(text, most); i > most/2 {
			if _, ok := slices.BinarySearch(borders, i); ok {
				return i
			}
		}
	}
	return most
}

// The ends are byte offsets of at most most, 0 if there is none.

func paragraphEnd(text string, most int) int {
	if i := strings.LastIndex(text[:most], "\n\n"); i >= 0 {
		return i + 2
	}
	return 0
}

func sentenceEnd(text string, most int) int {
	end := 0
	for s := sentences.FromString(text[:min(len(text), most+lookahead)]); s.Next() && s.End() <= most; {
		end = s.End()
	}
	return end
}

func lineEnd(text string, most int) int { return strings.LastIndexByte(text[:most], '\n') + 1 }

func wordEnd(text string, most int) int {
	if c, _ := utf8.DecodeRuneInString(text[most:]); breakable(c) {
		return most
	}
	i := strings.LastIndexFunc(text[:most], breakable)
	if i < 0 {
		return 0
	}
	_, n := utf8.DecodeRuneInString(text[i:])
	return i + n
}

// breakable are the spaces at which a line may break.
func breakable(c rune) bool { return unicode.IsSpace(c) && c != '\u00a0' && c != '\u202f' }
