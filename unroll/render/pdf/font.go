package pdf

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"github.com/go-text/typesetting/font"
)

// Font is a font as the file holds it: the glyphs that are used, as outlines
// of a CFF font (9.7.4, CIDFontType0C). It takes its outlines from fonts of
// any format.
type Font struct {
	w      *Writer
	face   *font.Face
	number int
	ref    ref
	scale  float64 // to 1000 units an em
	codes  map[use]uint16
	glyphs []font.GID // by code
	texts  []string
	widths []float64 // in thousandths of an em
}

// use is a glyph with what it stands for: a glyph that stands for two texts
// has two codes, so that both can be searched.
type use struct {
	glyph font.GID
	text  string
}

// Font makes a font part of the file.
func (w *Writer) Font(face *font.Face) *Font {
	f, ok := w.fonts[face]
	if !ok {
		f = &Font{w: w, face: face, number: len(w.order) + 1, ref: w.reserve(), scale: 1000 / float64(face.Upem()), codes: make(map[use]uint16)}
		f.Code(0, "")
		w.fonts[face] = f
		w.order = append(w.order, f)
	}
	return f
}

// Code is the code of a glyph that stands for a text; empty where it is one
// of several that do together.
func (f *Font) Code(glyph font.GID, text string) uint16 {
	u := use{glyph, text}
	if code, ok := f.codes[u]; ok {
		return code
	}
	if len(f.glyphs) >= math.MaxUint16 {
		return f.codes[use{0, ""}] // more than a font can have: a box
	}
	code := uint16(len(f.glyphs)) //nolint:gosec // see above
	f.codes[u] = code
	f.glyphs = append(f.glyphs, glyph)
	f.texts = append(f.texts, text)
	f.widths = append(f.widths, math.Round(float64(f.face.HorizontalAdvance(glyph))*f.scale))
	return code
}

// write writes the font, when all its glyphs are known.
func (f *Font) write() {
	name := fmt.Sprintf("%s+%s", f.tag(), f.name())
	program, box := cffProgram(name, f.face, f.glyphs, f.widths, f.scale)
	file, descriptor, cid, unicode := f.w.reserve(), f.w.reserve(), f.w.reserve(), f.w.reserve()
	f.w.stream(file, "/Subtype /CIDFontType0C", program)
	ascent, descent := 800.0, -200.0
	if e, ok := f.face.FontHExtents(); ok {
		ascent, descent = float64(e.Ascender)*f.scale, float64(e.Descender)*f.scale
	}
	f.w.object(descriptor, fmt.Sprintf("<</Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%s] /ItalicAngle 0 /Ascent %s /Descent %s /CapHeight %s /StemV 80 /FontFile3 %v>>",
		name, numbers(box[:]...), number(ascent), number(descent), number(ascent), file))
	var widths strings.Builder
	for _, w := range f.widths {
		widths.WriteString(number(w) + " ")
	}
	f.w.object(cid, fmt.Sprintf("<</Type /Font /Subtype /CIDFontType0 /BaseFont /%s /CIDSystemInfo <</Registry (Adobe) /Ordering (Identity) /Supplement 0>>"+
		" /FontDescriptor %v /W [0 [%s]]>>", name, descriptor, widths.String()))
	f.w.stream(unicode, "", f.toUnicode())
	f.w.object(f.ref, fmt.Sprintf("<</Type /Font /Subtype /Type0 /BaseFont /%s-Identity-H /Encoding /Identity-H /DescendantFonts [%v] /ToUnicode %v>>", name, cid, unicode))
}

// tag marks a font that holds part of its glyphs (9.6.4): six letters, another
// six for each font.
func (f *Font) tag() string {
	tag := []byte("AAAAAA")
	for i, n := len(tag)-1, f.number; n > 0 && i >= 0; i, n = i-1, n/26 {
		tag[i] += byte(n % 26)
	}
	return string(tag)
}

func (f *Font) name() string {
	name := strings.Map(func(c rune) rune {
		if (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') {
			return c
		}
		return -1
	}, f.face.Describe().Family)
	return name[:min(len(name), 40)] + fmt.Sprint(f.number)
}

// toUnicode tells what each code stands for (9.10.3).
func (f *Font) toUnicode() []byte {
	var b bytes.Buffer
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	const most = 100 // in one list
	var lines []string
	for code, text := range f.texts {
		if text != "" {
			lines = append(lines, fmt.Sprintf("<%04X> <%s>\n", code, utf16Hex(text)))
		}
	}
	for len(lines) > 0 {
		n := min(most, len(lines))
		fmt.Fprintf(&b, "%d beginbfchar\n%sendbfchar\n", n, strings.Join(lines[:n], ""))
		lines = lines[n:]
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.Bytes()
}
