package web

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"strings"
	"unicode"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
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

	boldFont, regularFont = parsed(gobold.TTF), parsed(goregular.TTF)
)

func parsed(ttf []byte) *sfnt.Font {
	f, err := opentype.Parse(ttf)
	if err != nil {
		panic(err) // it is part of the program
	}
	return f
}

// shareable returns what the picture of a thread says, or false where our
// fonts lack a letter of it: they know Latin, Greek and Cyrillic.
func shareable(t *unroll.Thread) (title, author string, ok bool) {
	title, ok = drawable(boldFont, render.Title(t))
	if !ok || title == "" {
		return "", "", false
	}
	for _, name := range []string{t.Author.Name, "@" + t.Author.Handle} {
		if author, ok = drawable(regularFont, name); ok && author != "" {
			return title, author, true
		}
	}
	return "", "", false
}

// drawable drops signs that f lacks, such as emoji; a letter that f lacks
// cannot be dropped.
func drawable(f *sfnt.Font, s string) (string, bool) {
	var buf sfnt.Buffer
	var b strings.Builder
	for _, c := range s {
		i, err := f.GlyphIndex(&buf, c)
		switch {
		case err == nil && i != 0:
			b.WriteRune(c)
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			return "", false
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), true
}

// writeShare draws the share picture of a thread as a PNG.
func writeShare(_ render.Options, w io.Writer, t *unroll.Thread) error {
	title, author, ok := shareable(t)
	if !ok {
		return &unroll.Error{Kind: unroll.KindNotFound, Op: "web: share picture"}
	}
	img := image.NewPaletted(image.Rect(0, 0, shareWidth, shareHeight), shades())
	draw.Draw(img, img.Bounds(), image.NewUniform(sharePaper), image.Point{}, draw.Src)
	draw.Draw(img, image.Rect(0, 0, 18, shareHeight), image.NewUniform(shareMark), image.Point{}, draw.Src)

	big, err := opentype.NewFace(boldFont, &opentype.FaceOptions{Size: 68, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return err
	}
	small, err := opentype.NewFace(regularFont, &opentype.FaceOptions{Size: 36, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return err
	}
	const width = shareWidth - 2*shareMargin
	y := 150
	for _, l := range wrap(big, title, width, shareLines) {
		write(img, big, shareInk, shareMargin, y, l)
		y += 86
	}
	write(img, small, shareInk, shareMargin, shareHeight-130, wrap(small, author, width, 1)[0])
	count := render.English{}.Posts(t.Len())
	write(img, small, shareQuiet, shareMargin, shareHeight-76, count+" · unrollbot")

	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		return err
	}
	_, err = w.Write(b.Bytes())
	return err
}

// shades are the few colours that the picture needs, with what lies between
// them and paper, so that letters have soft edges and files are small.
func shades() color.Palette {
	const steps = 16
	var p color.Palette
	for _, c := range []color.RGBA{shareInk, shareQuiet, shareMark} {
		for i := range steps {
			mix := func(a, b uint8) uint8 {
				return uint8((int(a)*i + int(b)*(steps-1-i)) / (steps - 1)) //nolint:gosec // it lies between a and b
			}
			p = append(p, color.RGBA{mix(c.R, sharePaper.R), mix(c.G, sharePaper.G), mix(c.B, sharePaper.B), 0xff})
		}
	}
	return p
}

func write(img draw.Image, face font.Face, c color.Color, x, y int, s string) {
	d := font.Drawer{Dst: img, Src: image.NewUniform(c), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(s)
}

// wrap breaks s into at most most lines of at most width pixels, the last
// one cut with an ellipsis if s is longer.
func wrap(face font.Face, s string, width, most int) []string {
	fits := func(s string) bool { return font.MeasureString(face, s).Ceil() <= width }
	var out []string
	current := ""
	words := strings.Fields(s)
	for i, word := range words {
		if next := strings.TrimPrefix(current+" "+word, " "); fits(next) {
			current = next
			continue
		}
		if len(out) == most-1 {
			return append(out, cut(strings.Join(append([]string{current}, words[i:]...), " "), fits))
		}
		if current != "" {
			out = append(out, current)
		}
		current = cut(word, fits)
	}
	return append(out, cmp.Or(current, " "))
}

// cut shortens s until it fits.
func cut(s string, fits func(string) bool) string {
	if s = strings.TrimSpace(s); fits(s) {
		return s
	}
	runes := []rune(s)
	for len(runes) > 0 && !fits(string(runes)+"…") {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ,.;:") + "…"
}
