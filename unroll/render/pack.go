package render

import (
	"slices"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Pack puts blocks on pages. The sizes of a page's blocks add up to at most
// max; what size counts is the caller's choice, and it includes whatever the
// caller writes between blocks. size must not fall when a block's text
// grows.
//
// Pages end between blocks. A block that is too large for a page of its own
// is cut after a paragraph, else a sentence, else a line, else a word, else
// a grapheme, and its facets are cut with it; its media stay with the first
// piece. No character is lost: the texts of all pages, put together, are the
// texts of all blocks. Pages are stable: when blocks are appended, all but
// the last stay as they were.
//
// A grapheme that is larger than max by itself loses its facets, is then cut
// between code points, and a code point that is still too large stands on a
// page too large for it. A max below 1 means one page.
//
// The time taken is linear in the length of the texts for a given max.
func Pack(blocks []Block, max int, size func(Block) int) [][]Block {
	if len(blocks) == 0 {
		return nil
	}
	if max < 1 {
		return [][]Block{slices.Clone(blocks)}
	}
	p := packer{max: max, size: size}
	for _, b := range blocks {
		p.add(b)
	}
	return append(p.pages, p.page)
}

type packer struct {
	max   int
	size  func(Block) int
	pages [][]Block
	page  []Block
	sizes []int // of the blocks on page
	used  int   // their sum
}

func (p *packer) add(b Block) {
	switch n := p.size(b); {
	case n <= p.max-p.used:
		p.put(b, n)
	case n <= p.max:
		p.turn(n)
		p.put(b, n)
	default:
		p.split(b)
	}
}

func (p *packer) put(b Block, n int) {
	p.page = append(p.page, b)
	p.sizes = append(p.sizes, n)
	p.used += n
}

// turn begins a page for something of size n. Content warnings at the foot
// of the old page move along where there is room, to stay with their post.
func (p *packer) turn(n int) {
	if len(p.page) == 0 {
		return
	}
	keep, moved := len(p.page), 0
	for keep > 0 && p.page[keep-1].Kind == BlockWarning && moved+p.sizes[keep-1]+n <= p.max {
		keep--
		moved += p.sizes[keep]
	}
	if keep == 0 { // nothing but warnings: moving them would change nothing
		keep, moved = len(p.page), 0
	}
	p.pages = append(p.pages, slices.Clip(p.page[:keep]))
	p.page, p.sizes, p.used = slices.Clone(p.page[keep:]), slices.Clone(p.sizes[keep:]), moved
}

// split spreads a block over pages, beginning on the current one if at least
// half of it is free.
func (p *packer) split(b Block) {
	if p.used > p.max/2 {
		p.turn(p.max / 2)
	}
	for c := newCutter(b); ; p.turn(p.max) {
		end := p.end(c, p.max-p.used)
		var piece Block
		switch {
		case end > c.at:
			piece = c.upTo(end)
		case p.used > 0:
			continue // there is more room on the next page
		default:
			piece, end = p.atom(c)
		}
		p.put(piece, p.size(piece))
		if c.advance(end); c.done() {
			return
		}
	}
}

// end finds where the next piece, at most room large, should end: a byte
// offset into the block's text.
func (p *packer) end(c *cutter, room int) int {
	fits := func(end int) bool { return p.size(c.upTo(end)) <= room }
	borders := longest(c.rest(), func(n int) bool { return fits(c.at + n) })
	if len(borders) == 0 {
		return c.at
	}
	most := c.at + borders[len(borders)-1]
	if nice := c.at + best(c.rest(), borders); fits(nice) {
		return nice
	}
	return most
}

// atom takes a grapheme that is too large for a page: without its facets,
// then in pieces.
func (p *packer) atom(c *cutter) (piece Block, end int) {
	g := graphemes.FromString(c.rest())
	g.Next()
	piece = c.upTo(c.at + g.End())
	piece.Facets = nil
	if p.size(piece) <= p.max {
		return piece, c.at + len(piece.Text)
	}
	whole, n := piece.Text, 0
	for n < len(whole) {
		_, width := utf8.DecodeRuneInString(whole[n:])
		piece.Text = whole[:n+width]
		if n > 0 && p.size(piece) > p.max {
			break
		}
		n += width
	}
	piece.Text = whole[:n]
	return piece, c.at + n
}
