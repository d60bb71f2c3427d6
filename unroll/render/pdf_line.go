package render

import (
	"cmp"
	"image/color"
	"strings"

	"github.com/go-text/typesetting/font"

	"unrollbot/unroll"
	"unrollbot/unroll/render/pdf"
	"unrollbot/unroll/render/typeset"
)

// drawLine draws a line of a paragraph that belongs to e; nil for what is no
// part of the text.
func (s *sheet) drawLine(e *element, l typeset.Line, all []span, look look, x, y float64) {
	link := ""
	to, begun := e, false
	end := func() {
		if begun {
			s.page.End()
			begun = false
		}
	}
	for _, run := range l.Runs {
		in := span{}
		if run.Span >= 0 && run.Span < len(all) {
			in = all[run.Span]
		}
		if e != nil && (!begun || in.link != link) {
			end()
			to = e
			if in.link != "" {
				to = e.Add("Link")
			}
			s.page.Begin(to)
			begun, link = true, in.link
		}
		s.page.Ink(inkOf(look, in))
		s.drawRun(run, look.size, x, y)
		if in.strike {
			s.page.Rect(x, y+look.size*0.27, run.Width, look.size/16)
		}
		if in.link != "" && e != nil {
			s.page.Link(to, in.link, x, y-l.Descent, run.Width, l.Ascent+l.Descent)
		}
		x += run.Width
	}
	end()
}

func inkOf(l look, in span) color.RGBA {
	switch {
	case in.link != "":
		return accent
	case l.ink.A != 0:
		return l.ink
	default:
		return ink
	}
}

func (s *sheet) drawRun(run typeset.Run, size, x, y float64) {
	f := s.file.Font(run.Face)
	coloured := len(run.Face.BitmapSizes()) > 0
	glyphs := make([]pdf.Glyph, len(run.Glyphs))
	left := 0 // glyphs that stand for a text together
	pen := x
	for i, g := range run.Glyphs {
		one := pdf.Glyph{Advance: g.Advance, X: g.X, Y: g.Y}
		if g.Parts > 1 {
			one.Text, one.Together, left = g.Text, g.Parts, g.Parts
			one.Code = f.Code(g.ID, "")
		} else {
			one.Code = f.Code(g.ID, g.Text)
		}
		if left > 0 {
			left--
			one.Last = left == 0
		}
		glyphs[i] = one
		if coloured { // the glyph itself is empty, and can be searched
			s.drawEmoji(run.Face, g, size, pen, y)
		}
		pen += g.Advance
	}
	s.page.Glyphs(f, size, x, y, glyphs)
}

// emojiKey is a glyph of a font.
type emojiKey struct {
	font  *font.Font
	glyph font.GID
}

// drawEmoji draws a glyph that is a picture, if it is one.
func (s *sheet) drawEmoji(face *font.Face, g typeset.Glyph, size, x, y float64) {
	key := emojiKey{face.Font, g.ID}
	img, known := s.emoji[key]
	if !known {
		if b, ok := face.GlyphDataBitmap(g.ID); ok && b.Format == font.PNG {
			img, _ = s.file.Image(b.Data) // one that is broken is not drawn
		}
		s.emoji[key] = img
	}
	box, ok := face.GlyphExtents(g.ID)
	if img == nil || !ok {
		return
	}
	scale := size / float64(face.Upem())
	s.page.Image(img, x+g.X+float64(box.XBearing)*scale, y+g.Y+float64(box.YBearing+box.Height)*scale,
		float64(box.Width)*scale, -float64(box.Height)*scale)
}

// picture shows a picture, if it can be had.
func (s *sheet) picture(in *element, address, alt string, most float64) bool {
	img, known := s.pictures[address]
	if !known {
		if content, _, ok := s.get(address); ok {
			img, _ = s.file.Image(content) // what cannot be embedded is accent to
		}
		s.pictures[address] = img
	}
	if img == nil {
		return false
	}
	width, height := float64(img.Width), float64(img.Height)
	fit := min((sheetWidth-sheetSide-s.left)/width, most/height, 0.75) // no larger than on a screen: 96 pixels to the inch
	width, height = width*fit, height*fit
	s.room(height + 2*smallSize)
	figure := in.Add("Figure")
	figure.Alt = alt
	s.y -= height
	s.drawPlace(s.y + height - smallSize)
	s.page.Begin(figure)
	s.page.Image(img, s.left, s.y, width, height)
	s.page.End()
	s.y -= 4
	return true
}

// spans flattens a text with facets into stretches of one style.
func spans(text string, facets []unroll.Facet) []span {
	f := flattener{text: text, facets: facets}
	f.write(0, len(text), span{})
	return f.out
}

type flattener struct {
	text   string
	facets []unroll.Facet // that are still to come
	out    []span
}

func (f *flattener) write(from, to int, in span) {
	for len(f.facets) > 0 && f.facets[0].Start < to {
		facet := f.facets[0]
		f.facets = f.facets[1:]
		f.add(from, facet.Start, in)
		f.write(facet.Start, facet.End, within(in, facet))
		from = facet.End
	}
	f.add(from, to, in)
}

func (f *flattener) add(from, to int, in span) {
	if from < to {
		in.text = f.text[from:to]
		f.out = append(f.out, in)
	}
}

// within is the style inside a facet.
func within(in span, f unroll.Facet) span {
	switch f.Kind {
	case unroll.FacetLink, unroll.FacetMention, unroll.FacetTag:
		in.link = cmp.Or(in.link, f.URL)
	case unroll.FacetBold:
		in.style |= typeset.Bold
	case unroll.FacetItalic:
		in.style |= typeset.Italic
	case unroll.FacetCode:
		in.style |= typeset.Mono
	case unroll.FacetStrike:
		in.strike = true
	case unroll.FacetQuote, unroll.FacetEmoji:
	}
	return in
}

func (s span) with(text string) span {
	s.text = text
	return s
}

var lineEnds = strings.NewReplacer("\t", "    ", "\u2028", "\n", "\u2029", "\n")

// atLineEnds splits spans into lines as they were written. Tabs become
// spaces: nobody sets stops for them.
func atLineEnds(all []span) [][]span {
	out := [][]span{nil}
	for _, one := range all {
		for i, text := range strings.Split(lineEnds.Replace(one.text), "\n") {
			if i > 0 {
				out = append(out, nil)
			}
			if text != "" {
				last := len(out) - 1
				out[last] = append(out[last], one.with(text))
			}
		}
	}
	return out
}
