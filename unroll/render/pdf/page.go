package pdf

import (
	"bytes"
	"fmt"
	"image/color"
	"slices"
	"strings"
)

// Page is a page under way. It ends when the next begins.
type Page struct {
	w       *Writer
	ref     ref
	content bytes.Buffer
	uses    map[string]ref // resources by name
	key     int            // in the parent tree
	marked  []*Element     // by their numbers on the page
	links   []string
	width   float64
	height  float64
	ink     color.RGBA
}

// Page begins a page.
func (w *Writer) Page(width, height float64) *Page {
	w.endPage()
	w.page = &Page{w: w, ref: w.reserve(), uses: make(map[string]ref), key: len(w.parents), width: width, height: height, ink: color.RGBA{A: 0xff}}
	w.parents = append(w.parents, "")
	w.pages = append(w.pages, w.page.ref)
	return w.page
}

func (w *Writer) endPage() {
	p := w.page
	if p == nil {
		return
	}
	w.page = nil
	content := w.reserve()
	w.stream(content, "", p.content.Bytes())
	var of []string
	for _, e := range p.marked {
		of = append(of, e.ref.String())
	}
	w.parents[p.key] = "[" + strings.Join(of, " ") + "]"
	links := ""
	if len(p.links) > 0 {
		links = " /Annots [" + strings.Join(p.links, " ") + "]"
	}
	w.object(p.ref, fmt.Sprintf("<</Type /Page /Parent %v /MediaBox [0 0 %s] /Contents %v /Resources <<%s>> /StructParents %d /Tabs /S%s>>",
		w.tree, numbers(p.width, p.height), content, p.resources(), p.key, links))
}

func (p *Page) resources() string {
	names := make([]string, 0, len(p.uses))
	for name := range p.uses {
		names = append(names, name)
	}
	slices.Sort(names)
	var fonts, images strings.Builder
	for _, name := range names {
		b := &fonts
		if strings.HasPrefix(name, "I") {
			b = &images
		}
		fmt.Fprintf(b, "/%s %v ", name, p.uses[name])
	}
	return "/Font <<" + fonts.String() + ">> /XObject <<" + images.String() + ">>"
}

// Begin says that what is drawn until End belongs to e.
func (p *Page) Begin(e *Element) {
	fmt.Fprintf(&p.content, "/%s <</MCID %d>> BDC\n", e.role, len(p.marked))
	e.kids = append(e.kids, fmt.Sprintf("<</Type /MCR /Pg %v /MCID %d>>", p.ref, len(p.marked)))
	p.marked = append(p.marked, e)
}

// Artifact says that what is drawn until End is no part of the text: lines,
// the number of the page.
func (p *Page) Artifact() { p.content.WriteString("/Artifact BMC\n") }

// End ends what Begin or Artifact began.
func (p *Page) End() { p.content.WriteString("EMC\n") }

// Ink is the colour of what is drawn from here on.
func (p *Page) Ink(c color.RGBA) {
	if p.ink == c {
		return
	}
	p.ink = c
	part := func(x uint8) float64 { return float64(x) / 0xff }
	p.content.WriteString(numbers(part(c.R), part(c.G), part(c.B)) + " rg\n")
}

// Rect fills a rectangle.
func (p *Page) Rect(x, y, width, height float64) {
	p.content.WriteString(numbers(x, y, width, height) + " re f\n")
}

// Image draws a picture into a rectangle.
func (p *Page) Image(i *Image, x, y, width, height float64) {
	name := fmt.Sprintf("I%d", i.number)
	p.uses[name] = i.ref
	p.content.WriteString("q " + numbers(width, 0, 0, height, x, y) + " cm /" + name + " Do Q\n")
}

// Glyphs draws glyphs of one font on a baseline that begins at x, y.
func (p *Page) Glyphs(f *Font, size, x, y float64, glyphs []Glyph) {
	name := fmt.Sprintf("F%d", f.number)
	p.uses[name] = f.ref
	fmt.Fprintf(&p.content, "BT /%s %s Tf %s Td [", name, number(size), numbers(x, y))
	pen, drawn := 0.0, 0.0 // from x: where the next glyph belongs, and where the reader is
	rise := 0.0
	for _, g := range glyphs {
		if g.Y != rise {
			rise = g.Y
			fmt.Fprintf(&p.content, "] TJ %s Ts [", number(rise))
		}
		if gap := pen + g.X - drawn; gap > size/2000 || gap < -size/2000 {
			p.content.WriteString(number(-gap * 1000 / size))
			drawn += gap
		}
		if g.Together > 1 {
			fmt.Fprintf(&p.content, "] TJ /Span <</ActualText <FEFF%s>>> BDC [", utf16Hex(g.Text))
		}
		fmt.Fprintf(&p.content, "<%04X>", g.Code)
		if g.Last {
			p.content.WriteString("] TJ EMC [")
		}
		drawn += f.widths[g.Code] * size / 1000
		pen += g.Advance
	}
	p.content.WriteString("] TJ")
	if rise != 0 {
		p.content.WriteString(" 0 Ts")
	}
	p.content.WriteString(" ET\n")
}

// Glyph is a glyph to be drawn: its code in the font, how far it is to the
// next, and where to draw it from where it would stand.
type Glyph struct {
	Code          uint16
	Advance, X, Y float64
	Text          string // what it and the next together stand for, if Together is more than 1
	Together      int    // set on the first of several glyphs that stand for Text
	Last          bool   // the last of those
}

// Link makes a rectangle lead to an address. It belongs to e, which should
// have the role "Link".
func (p *Page) Link(e *Element, address string, x, y, width, height float64) {
	r := p.w.reserve()
	p.links = append(p.links, r.String())
	e.kids = append(e.kids, fmt.Sprintf("<</Type /OBJR /Pg %v /Obj %v>>", p.ref, r))
	p.w.object(r, fmt.Sprintf("<</Type /Annot /Subtype /Link /Rect [%s] /Border [0 0 0] /F 4 /StructParent %d /Contents %s /A <</S /URI /URI %s>>>>",
		numbers(x, y, x+width, y+height), len(p.w.parents), text(address), literal(address)))
	p.w.parents = append(p.w.parents, e.ref.String())
}
