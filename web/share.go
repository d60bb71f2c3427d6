package web

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/typeset"
)

// The share picture is what link previews show of a thread without pictures:
// title, author, count. Its size is what previews crop to (1.91 to 1), in
// pixels.
const (
	shareWidth  = 1200
	shareHeight = 630
	shareMargin = 90
	shareLines  = 4 // of the title
)

var (
	sharePaper = color.RGBA{0xfb, 0xf9, 0xf4, 0xff} // the colours of the page by day
	shareInk   = color.RGBA{0x24, 0x21, 0x1c, 0xff}
	shareQuiet = color.RGBA{0x6a, 0x63, 0x59, 0xff}
	shareMark  = color.RGBA{0x8a, 0x3a, 0x12, 0xff}
)

// shareable returns what the picture of a thread says, or false where no font
// has a letter of it.
func (s *Server) shareable(o render.Options, t *unroll.Thread) (title, author string, ok bool) {
	title, ok = s.cfg.Fonts.Drawable(o.Title(t))
	if !ok || title == "" {
		return "", "", false
	}
	for _, name := range []string{t.Author.Name, "@" + t.Author.Handle} {
		if author, ok = s.cfg.Fonts.Drawable(name); ok && author != "" {
			return title, author, true
		}
	}
	return "", "", false
}

// writeShare draws the share picture of a thread as a PNG.
func (s *Server) writeShare(o render.Options, w io.Writer, t *unroll.Thread) error {
	title, author, ok := s.shareable(o, t)
	if !ok {
		return &unroll.Error{Kind: unroll.KindNotFound, Op: "web: share picture"}
	}
	img := image.NewRGBA(image.Rect(0, 0, shareWidth, shareHeight))
	draw.Draw(img, img.Bounds(), image.NewUniform(sharePaper), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(0, 0, 18, shareHeight), image.NewUniform(shareMark), image.Point{}, draw.Src)

	setter := typeset.NewSetter(s.cfg.Fonts)
	lang := render.Language(t)
	rtl := render.RightToLeft(title)
	write := func(text string, style typeset.Style, size, y, step float64, lines int, ink color.Color) {
		p := typeset.Paragraph{Size: size, Width: shareWidth - 2*shareMargin, Lines: lines, RTL: render.RightToLeft(text), Lang: lang}
		for i, l := range setter.Set([]typeset.Span{{Text: text, Style: style}}, p) {
			x := float64(shareMargin)
			if rtl {
				x = shareWidth - shareMargin - l.Width
			}
			l.Draw(img, size, x, y+float64(i)*step, ink)
		}
	}
	write(title, typeset.Bold, 68, 150, 86, shareLines, shareInk)
	write(author, 0, 36, shareHeight-130, 0, 1, shareInk)
	write(o.Words.Posts(t.Len())+" · unrollbot", 0, 36, shareHeight-76, 0, 1, shareQuiet)
	return png.Encode(w, img)
}
