package typeset

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// Draw draws a line that was set with letters of this size, in pixels, on a
// picture. Its baseline begins at x, y.
func (l Line) Draw(dst *image.RGBA, size, x, y float64, ink color.Color) {
	from := image.NewUniform(ink)
	for _, run := range l.Runs {
		p := pen{dst: dst, face: run.Face, scale: size / float64(run.Face.Upem())}
		coloured := len(run.Face.BitmapSizes()) > 0
		for _, g := range run.Glyphs {
			if coloured && p.picture(g.ID, x+g.X, y-g.Y) {
				x += g.Advance
				continue
			}
			p.outline(g.ID, x+g.X, y-g.Y, from)
			x += g.Advance
		}
	}
}

// pen draws glyphs of one face.
type pen struct {
	dst   *image.RGBA
	face  *font.Face
	scale float64 // of font units to pixels
}

// outline fills the outline of a glyph that stands at x, y.
func (p *pen) outline(g font.GID, x, y float64, ink image.Image) {
	drawn, ok := p.face.GlyphDataOutline(g)
	if !ok || len(drawn.Segments) == 0 {
		return
	}
	box := p.bounds(drawn.Segments, x, y)
	if box = box.Intersect(p.dst.Bounds()); box.Empty() {
		return
	}
	r := vector.NewRasterizer(box.Dx(), box.Dy())
	at := func(s opentype.SegmentPoint) (float32, float32) {
		return float32(x + float64(s.X)*p.scale - float64(box.Min.X)), float32(y - float64(s.Y)*p.scale - float64(box.Min.Y))
	}
	for _, s := range drawn.Segments {
		x0, y0 := at(s.Args[0])
		x1, y1 := at(s.Args[1])
		x2, y2 := at(s.Args[2])
		switch s.Op {
		case opentype.SegmentOpMoveTo:
			r.ClosePath()
			r.MoveTo(x0, y0)
		case opentype.SegmentOpLineTo:
			r.LineTo(x0, y0)
		case opentype.SegmentOpQuadTo:
			r.QuadTo(x0, y0, x1, y1)
		case opentype.SegmentOpCubeTo:
			r.CubeTo(x0, y0, x1, y1, x2, y2)
		}
	}
	r.ClosePath()
	r.Draw(p.dst, box, ink, image.Point{})
}

// bounds are the pixels that an outline touches at most.
func (p *pen) bounds(segments []font.Segment, x, y float64) image.Rectangle {
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i := range segments {
		for _, s := range segments[i].ArgsSlice() {
			px, py := x+float64(s.X)*p.scale, y-float64(s.Y)*p.scale
			left, right = min(left, px), max(right, px)
			top, bottom = min(top, py), max(bottom, py)
		}
	}
	return image.Rect(int(left), int(top), int(right)+1, int(bottom)+1)
}

// picture draws a glyph that is a picture, if it is one.
func (p *pen) picture(g font.GID, x, y float64) bool {
	content, ok := p.face.GlyphDataBitmap(g)
	box, boxed := p.face.GlyphExtents(g)
	if !ok || !boxed || content.Format != font.PNG {
		return false
	}
	img, err := png.Decode(bytes.NewReader(content.Data))
	if err != nil {
		return false
	}
	left, top := x+float64(box.XBearing)*p.scale, y-float64(box.YBearing)*p.scale
	to := image.Rect(int(left), int(top), int(left+float64(box.Width)*p.scale), int(top-float64(box.Height)*p.scale))
	xdraw.CatmullRom.Scale(p.dst, to, img, img.Bounds(), xdraw.Over, nil)
	return true
}
