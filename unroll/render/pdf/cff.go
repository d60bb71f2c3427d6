package pdf

import (
	"bytes"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

// cffProgram makes a CID-keyed CFF font (Adobe Technical Note 5176) of glyphs, with
// their numbers in the font as CIDs, at 1000 units an em. It returns the box
// around them all, too.
func cffProgram(name string, face *font.Face, glyphs []font.GID, widths []float64, scale float64) (program []byte, box [4]float64) {
	strings := make([][]byte, len(glyphs))
	for i, g := range glyphs {
		o := outline{scale: scale, box: &box}
		o.numbers(int(widths[i])) // more than nominalWidthX of the private dictionary, which is 0
		if drawn, ok := face.GlyphDataOutline(g); ok {
			o.draw(drawn.Segments)
		}
		strings[i] = append(o.code, 14) // endchar
	}

	names := index([]byte(name))
	ids := index([]byte("Adobe"), []byte("Identity"))
	charStrings := index(strings...)
	n := len(glyphs)
	charset := append([]byte{2, 0, 1}, bytesOf(n-2, 2)...) // all CIDs in order
	if n < 2 {
		charset = []byte{0}
	}
	selects := append([]byte{3, 0, 1, 0, 0, 0}, bytesOf(n, 2)...) // all glyphs are of one sort

	// Offsets are written in five bytes each, so that the head's length does
	// not depend on them.
	head := func(charsetAt, selectsAt, charStringsAt, sortsAt int) []byte {
		var d dict
		d.op(12<<8|30, 391, 392, 0) // ROS: the first strings after the standard ones
		d.op(12<<8|34, n)           // CIDCount
		d.op(15, charsetAt)
		d.op(12<<8|37, selectsAt)
		d.op(17, charStringsAt)
		d.op(12<<8|36, sortsAt)
		return bytes.Join([][]byte{{1, 0, 4, 4}, names, index(d.b), ids, {0, 0}}, nil)
	}
	charsetAt := len(head(0, 0, 0, 0))
	selectsAt := charsetAt + len(charset)
	charStringsAt := selectsAt + len(selects)
	sortsAt := charStringsAt + len(charStrings)
	sort := func(privateAt int) []byte {
		var d dict
		d.op(18, 0, privateAt) // an empty private dictionary
		return index(d.b)
	}
	sorts := sort(sortsAt + len(sort(0)))
	return bytes.Join([][]byte{head(charsetAt, selectsAt, charStringsAt, sortsAt), charset, selects, charStrings, sorts}, nil), box
}

// dict is a DICT of a CFF font.
type dict struct{ b []byte }

func (d *dict) op(op int, operands ...int) {
	for _, n := range operands {
		d.b = append(append(d.b, 29), bytesOf(n, 4)...)
	}
	size := 1
	if op > 0xff {
		size = 2
	}
	d.b = append(d.b, bytesOf(op, size)...)
}

// index is an INDEX of a CFF font.
func index(items ...[]byte) []byte {
	out := append(bytesOf(len(items), 2), 4)
	at := 1
	offset := func() { out = append(out, bytesOf(at, 4)...) }
	offset()
	for _, item := range items {
		at += len(item)
		offset()
	}
	return append(out, bytes.Join(items, nil)...)
}

// bytesOf is n in so many bytes, the highest first.
func bytesOf(n, size int) []byte {
	out := make([]byte, size)
	for i := size - 1; i >= 0; i, n = i-1, n>>8 {
		out[i] = byte(n & 0xff)
	}
	return out
}

// outline writes a glyph as a Type 2 charstring (Adobe Technical Note 5177).
type outline struct {
	scale  float64
	x, y   int     // where the pen is
	fx, fy float64 // the same before rounding
	code   []byte
	box    *[4]float64 // around all glyphs so far
}

func (o *outline) draw(segments []font.Segment) {
	for _, s := range segments {
		p := s.Args
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			o.to(21, p[0]) // rmoveto
		case opentype.SegmentOpLineTo:
			o.to(5, p[0]) // rlineto
		case opentype.SegmentOpQuadTo: // the same curve with two control points
			third := func(a, b float64) float64 { return a + (b-a)*2/3 }
			c, e := o.at(p[0]), o.at(p[1])
			o.curve([2]float64{third(o.fx, c[0]), third(o.fy, c[1])}, [2]float64{third(e[0], c[0]), third(e[1], c[1])}, e)
		case opentype.SegmentOpCubeTo:
			o.curve(o.at(p[0]), o.at(p[1]), o.at(p[2]))
		}
	}
}

func (o *outline) at(p opentype.SegmentPoint) [2]float64 {
	return [2]float64{float64(p.X) * o.scale, float64(p.Y) * o.scale}
}

func (o *outline) to(op byte, p opentype.SegmentPoint) {
	o.step(o.at(p))
	o.code = append(o.code, op)
}

func (o *outline) curve(a, b, c [2]float64) {
	o.step(a)
	o.step(b)
	o.step(c)
	o.code = append(o.code, 8) // rrcurveto
}

// step moves the pen, in whole units.
func (o *outline) step(p [2]float64) {
	o.fx, o.fy = p[0], p[1]
	x, y := int(math.Round(p[0])), int(math.Round(p[1]))
	o.numbers(x-o.x, y-o.y)
	o.x, o.y = x, y
	o.box[0], o.box[1] = min(o.box[0], p[0]), min(o.box[1], p[1])
	o.box[2], o.box[3] = max(o.box[2], p[0]), max(o.box[3], p[1])
}

func (o *outline) numbers(all ...int) {
	for _, n := range all {
		n = max(min(n, math.MaxInt16), math.MinInt16)
		switch {
		case n >= -107 && n <= 107:
			o.code = append(o.code, byte(n+139))
		case n >= 108 && n <= 1131:
			o.code = append(o.code, bytesOf(n-108+247<<8, 2)...)
		case n >= -1131 && n <= -108:
			o.code = append(o.code, bytesOf(-n-108+251<<8, 2)...)
		default:
			o.code = append(append(o.code, 28), bytesOf(n, 2)...)
		}
	}
}
