package render

import (
	"cmp"
	"fmt"
	"image/color"
	"io"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/render/pdf"
	"unrollbot/unroll/render/typeset"
)

// Sizes of a page, in points. Lines hold some 70 letters.
const (
	sheetWidth, sheetHeight = 595.28, 841.89 // A4
	sheetSide               = 92.0
	sheetTop, sheetBottom   = 72.0, 72.0

	textSize, smallSize, titleSize = 11.0, 9.0, 21.0

	lineHeight = 1.4 // of the size
	gap        = 8.0 // between paragraphs
	step       = 14.0
)

var (
	ink    = color.RGBA{0x24, 0x21, 0x1c, 0xff} // the colours of the page by day
	quiet  = color.RGBA{0x6a, 0x63, 0x59, 0xff}
	accent = color.RGBA{0x8a, 0x3a, 0x12, 0xff}
	rule   = color.RGBA{0xd9, 0xd3, 0xc7, 0xff}
)

type element = pdf.Element

// sheet fills pages from top to bottom.
type sheet struct {
	*view
	file  *pdf.Writer
	doc   *element
	fonts *typeset.Setter
	get   func(string) ([]byte, string, bool)

	page  *pdf.Page
	pages int
	y     float64   // above it the page is full
	left  float64   // where lines begin
	bars  []float64 // height at which the rule beside each indented part begins

	place    string                // number of the post that begins here, until it stands in the margin
	pictures map[string]*pdf.Image // by address; nil for those that cannot be shown
	emoji    map[emojiKey]*pdf.Image
}

// span is a stretch of text in one style that may lead somewhere.
type span struct {
	text   string
	style  typeset.Style
	strike bool
	link   string
}

func plain(text string) []span { return []span{{text: text}} }

// look is how a paragraph looks.
type look struct {
	size          float64
	style         typeset.Style
	ink           color.RGBA // none means the ink of the text
	before, after float64
	keep          int // lines that must find room together
	lang          string
}

func newSheet(w io.Writer, t *unroll.Thread, o Options) *sheet {
	fonts := o.Fonts
	if fonts == nil {
		fonts = typeset.System()
	}
	lang := cmp.Or(Language(t), o.words().Lang())
	s := &sheet{
		fonts: typeset.NewSetter(fonts), get: o.Picture, left: sheetSide,
		pictures: make(map[string]*pdf.Image), emoji: make(map[emojiKey]*pdf.Image),
	}
	s.file = pdf.New(w, pdf.Info{
		Title: o.Title(t), Author: cmp.Or(line(t.Author.Name), line(t.Author.Handle)), Language: lang,
		Source: o.PageURL, Created: t.FetchedAt,
	})
	s.doc = s.file.Root()
	return s
}

// newPage begins a page and draws on its predecessor what runs along it.
func (s *sheet) newPage() {
	s.endPage()
	s.page = s.file.Page(sheetWidth, sheetHeight)
	s.pages++
	s.y = sheetHeight - sheetTop
	for i := range s.bars {
		s.bars[i] = s.y
	}
}

func (s *sheet) endPage() {
	if s.page == nil {
		return
	}
	for i := range s.bars {
		s.drawBar(i)
	}
	s.page.Artifact()
	foot := s.fonts.Set([]typeset.Span{{Text: fmt.Sprint(s.pages)}}, typeset.Paragraph{Size: smallSize, Width: sheetWidth})
	for _, l := range foot {
		s.drawLine(nil, l, nil, look{size: smallSize, ink: quiet}, (sheetWidth-l.Width)/2, sheetBottom/2)
	}
	s.page.End()
}

// room begins a page unless this one has room of that height.
func (s *sheet) room(height float64) {
	if s.page == nil || s.y-height < sheetBottom && s.y < sheetHeight-sheetTop {
		s.newPage()
	}
}

func (s *sheet) space(height float64) { s.y -= height }

// mark puts what follows into the outline.
func (s *sheet) mark(title string) {
	s.room(4 * titleSize)
	s.page.Mark(shorten(title, TitleMax), s.y+gap)
}

// depthMax is how deep parts are indented.
const depthMax = 6

func (s *sheet) indent() {
	s.room(3 * textSize)
	s.bars = append(s.bars, s.y)
	if len(s.bars) <= depthMax {
		s.left += step
	}
}

func (s *sheet) outdent() {
	last := len(s.bars) - 1
	s.drawBar(last)
	if len(s.bars) <= depthMax {
		s.left -= step
	}
	s.bars = s.bars[:last]
}

func (s *sheet) drawBar(i int) {
	top, bottom := s.bars[i], max(s.y+gap, sheetBottom)
	if i >= depthMax || top <= bottom {
		return
	}
	s.page.Artifact()
	s.page.Ink(rule)
	s.page.Rect(sheetSide+step*float64(i)+2, bottom-2, 1.5, top-bottom)
	s.page.End()
}

// bar shows a part of a whole.
func (s *sheet) bar(part float64) {
	width := (sheetWidth - sheetSide - s.left) / 2
	s.page.Artifact()
	s.page.Ink(rule)
	s.page.Rect(s.left, s.y-2, width, 4)
	s.page.Ink(accent)
	s.page.Rect(s.left, s.y-2, width*part, 4)
	s.page.End()
	s.space(10)
}

// flow sets a paragraph. Line ends in it are kept.
func (s *sheet) flow(e *element, all []span, l look) {
	s.y -= l.before
	for _, part := range atLineEnds(all) {
		s.paragraph(e, part, l)
	}
	s.y -= l.after
}

func (s *sheet) paragraph(e *element, all []span, l look) {
	width := sheetWidth - sheetSide - s.left
	set := make([]typeset.Span, len(all))
	var text strings.Builder
	for i, one := range all {
		set[i] = typeset.Span{Text: one.text, Style: one.style | l.style}
		text.WriteString(one.text)
	}
	rtl := RightToLeft(text.String())
	lines := s.fonts.Set(set, typeset.Paragraph{Size: l.size, Width: width, RTL: rtl, Lang: l.lang})
	for i, one := range lines {
		height := max(l.size*lineHeight, (one.Ascent+one.Descent)*1.1)
		left := len(lines) - i
		s.room(height * float64(max(min(left, 2), l.keep, 1)))
		l.keep = 0
		x := s.left
		if rtl {
			x += width - one.Width
		}
		s.y -= height
		base := s.y + (height-one.Ascent-one.Descent)/2 + one.Descent
		s.drawPlace(base)
		s.drawLine(e, one, all, l, x, base)
	}
}

// drawPlace writes the number of a post beside its first line.
func (s *sheet) drawPlace(base float64) {
	if s.place == "" {
		return
	}
	number := s.place
	s.place = ""
	s.page.Artifact()
	for _, l := range s.fonts.Set([]typeset.Span{{Text: number}}, typeset.Paragraph{Size: smallSize, Width: sheetSide}) {
		s.drawLine(nil, l, nil, look{size: smallSize, ink: quiet}, sheetWidth-sheetSide+step, base)
	}
	s.page.End()
}

// unset names the letters that boxes stand for; empty when there are none.
func unset(letters []rune) string {
	const most = 20
	var names []string
	for _, c := range letters[:min(len(letters), most)] {
		names = append(names, fmt.Sprintf("U+%04X", c))
	}
	if len(letters) > most {
		names = append(names, "…")
	}
	return strings.Join(names, ", ")
}
