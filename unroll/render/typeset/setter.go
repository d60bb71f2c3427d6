package typeset

import (
	"cmp"
	"slices"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"golang.org/x/image/math/fixed"
)

// Span is a stretch of a paragraph in one style.
type Span struct {
	Text  string
	Style Style
}

// Paragraph is how a text is to be set.
type Paragraph struct {
	Size  float64 // of the letters, in the unit that widths are in
	Width float64 // of lines
	Lines int     // at most; the last is cut with an ellipsis if there is more; 0 means all
	RTL   bool    // the paragraph runs from right to left
	Lang  string  // BCP 47, or empty
}

// Line is a line of runs from left to right.
type Line struct {
	Runs            []Run
	Width           float64
	Ascent, Descent float64 // above and below the baseline, both positive
}

// Run is a stretch of a line in one font and one direction, of one span.
type Run struct {
	Face   *font.Face
	Span   int // which; -1 for an ellipsis
	Width  float64
	Glyphs []Glyph // from left to right
}

// Glyph is a glyph of a run. Places are in the unit of the paragraph.
type Glyph struct {
	ID      font.GID
	Text    string  // what it stands for; empty for all but one glyph of several that stand for a text together
	Parts   int     // how many glyphs stand for Text together; 0 where Text is empty
	Advance float64 // to the next glyph
	X, Y    float64 // where to draw it, from where it would stand
}

// Setter sets the texts of one document. It may not be used by several at
// once.
type Setter struct {
	fonts   *Fonts
	faces   map[*font.Font]*font.Face
	shaper  shaping.HarfbuzzShaper
	split   shaping.Segmenter
	wrap    shaping.LineWrapper
	missing map[rune]bool
}

// NewSetter sets in these fonts.
func NewSetter(f *Fonts) *Setter {
	return &Setter{fonts: f, faces: make(map[*font.Font]*font.Face), missing: make(map[rune]bool)}
}

// missingMax bounds the letters that [Setter.Missing] tells.
const missingMax = 1000

// Missing are the letters that no font had so far, in order: boxes stand for
// them.
func (s *Setter) Missing() []rune {
	out := make([]rune, 0, len(s.missing))
	for c := range s.missing {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// runesMax is how long a stretch of text is set at once, in code points, so
// that no text takes more than its length in time.
const runesMax = 1 << 13

// Set breaks a text into lines. Line ends in it are spaces.
func (s *Setter) Set(spans []Span, p Paragraph) []Line {
	var text []rune
	var ends []int // of spans
	for _, span := range spans {
		for _, c := range span.Text {
			if endsLine(c) {
				c = ' '
			}
			text = append(text, c)
		}
		ends = append(ends, len(text))
	}
	var out []Line
	for start := 0; start < len(text) && (p.Lines == 0 || len(out) < p.Lines); {
		end := min(start+runesMax, len(text))
		if end < len(text) {
			for i := end; i > start+runesMax/2; i-- {
				if unicode.IsSpace(text[i-1]) {
					end = i
					break
				}
			}
		}
		out = append(out, s.set(text[start:end], start, spans, ends, p, p.Lines-len(out), end < len(text))...)
		start = end
	}
	return out
}

// endsLine tells what ends a paragraph (UAX #9, class B) or a line.
func endsLine(c rune) bool {
	return c == '\n' || c == '\v' || c == '\f' || c == '\r' || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029
}

// set is Set for a part of the text that begins at start.
func (s *Setter) set(text []rune, start int, spans []Span, ends []int, p Paragraph, most int, more bool) []Line {
	in := shaping.Input{
		Text: text, RunEnd: len(text), Direction: di.DirectionLTR, Size: toFixed(p.Size),
		Language: language.NewLanguage(p.Lang),
	}
	if p.RTL {
		in.Direction = di.DirectionRTL
	}
	config := shaping.WrapConfig{Direction: in.Direction}
	if p.Lines > 0 {
		config.TruncateAfterLines, config.TextContinues = most, more
		config = config.WithTruncator(&s.shaper, shaping.Input{
			Text: ellipsisText, RunEnd: len(ellipsisText), Direction: in.Direction, Size: in.Size, Face: s.face(s.fonts.ours(styleOf(spans))),
		})
	}
	var shaped []shaping.Output
	for _, script := range s.split.Split(in, only{s.face(s.fonts.ours(0))}) {
		for _, run := range cutAt(script, start, ends) {
			span, _ := slices.BinarySearch(ends, start+run.RunStart+1)
			c := s.choice(run, spans[span].Style, p.Lang)
			for _, one := range shaping.SplitByFace(run, c) {
				shaped = s.shape(shaped, one, c)
			}
		}
	}
	lines, _ := s.wrap.WrapParagraphF(config, toFixed(p.Width), text, shaping.NewSliceIterator(shaped))
	out := make([]Line, len(lines))
	for i, line := range lines {
		out[i] = s.line(line, text, start, ends, config.Truncator)
	}
	return out
}

// shape adds a shaped run. Spaces after a pictograph are those of the text:
// fonts of pictographs have wide ones.
func (s *Setter) shape(out []shaping.Output, in shaping.Input, c choice) []shaping.Output {
	end := in.RunEnd
	if len(in.Face.BitmapSizes()) > 0 {
		for end > in.RunStart && unicode.IsSpace(in.Text[end-1]) {
			end--
		}
	}
	spaces := in
	in.RunEnd, spaces.RunStart, spaces.Face = end, end, s.face(c.main)
	for _, one := range []shaping.Input{in, spaces} {
		if one.RunStart < one.RunEnd {
			out = append(out, s.shaper.Shape(one))
		}
	}
	return out
}

var ellipsisText = []rune("…")

func isSame(a, b []shaping.Glyph) bool { return len(a) > 0 && len(b) > 0 && &a[0] == &b[0] }

func styleOf(spans []Span) Style {
	if len(spans) == 0 {
		return 0
	}
	return spans[0].Style
}

// cutAt cuts a run at the ends of spans.
func cutAt(run shaping.Input, start int, ends []int) []shaping.Input {
	var out []shaping.Input
	for {
		i, _ := slices.BinarySearch(ends, start+run.RunStart+1)
		if i == len(ends) || ends[i]-start >= run.RunEnd {
			return append(out, run)
		}
		first := run
		first.RunEnd = ends[i] - start
		run.RunStart = first.RunEnd
		out = append(out, first)
	}
}

// line copies a line out of what the wrapper will use again.
func (s *Setter) line(runs shaping.Line, text []rune, start int, ends []int, ellipsis shaping.Output) Line {
	var out Line
	order := slices.Clone(runs)
	slices.SortStableFunc(order, func(a, b shaping.Output) int { return cmp.Compare(a.VisualIndex, b.VisualIndex) })
	for i := range order {
		o := &order[i]
		run := Run{Face: o.Face, Width: fromFixed(o.Advance), Span: -1}
		ofText := text
		if isSame(o.Glyphs, ellipsis.Glyphs) {
			ofText = ellipsisText
		} else {
			run.Span, _ = slices.BinarySearch(ends, start+o.Runes.Offset+1)
		}
		for j, g := range o.Glyphs {
			glyph := Glyph{ID: g.GlyphID, Advance: fromFixed(g.Advance), X: fromFixed(g.XOffset), Y: fromFixed(g.YOffset)}
			at := g.TextIndex()
			if first := j == 0 || o.Glyphs[j-1].TextIndex() != at; first && at+g.RunesCount() <= len(ofText) {
				glyph.Text, glyph.Parts = string(ofText[at:at+g.RunesCount()]), g.GlyphsCount()
				if g.GlyphID == 0 && len(s.missing) < missingMax {
					s.missing[ofText[at]] = true
				}
			}
			run.Glyphs = append(run.Glyphs, glyph)
		}
		out.Width += run.Width
		out.Ascent = max(out.Ascent, fromFixed(o.LineBounds.Ascent))
		out.Descent = max(out.Descent, -fromFixed(o.LineBounds.Descent))
		out.Runs = append(out.Runs, run)
	}
	return out
}

// face is the document's own view of a font: faces are not for many at once.
func (s *Setter) face(f *font.Font) *font.Face {
	face, ok := s.faces[f]
	if !ok {
		face = font.NewFace(f)
		s.faces[f] = face
	}
	return face
}

// only gives the same face for everything.
type only struct{ face *font.Face }

func (o only) ResolveFace(rune) *font.Face { return o.face }

// asPictograph is the selector that asks for the sign before it in colour (UTS
// #51, 1.4.3).
const asPictograph = '\ufe0f'

// choice picks the faces of one run of one script.
type choice struct {
	s     *Setter
	style Style
	lang  string
	main  *font.Font    // for every letter that it has
	emoji map[rune]bool // signs that the text wants as pictographs
}

// choice sets a run in one font if it can: where ours lacks a letter of it,
// another font is better for the letters around it, too.
func (s *Setter) choice(run shaping.Input, style Style, lang string) choice {
	c := choice{s: s, style: style, lang: lang, main: s.fonts.ours(style)}
	text := run.Text[run.RunStart:run.RunEnd]
	for i, letter := range text {
		if letter == asPictograph && i > 0 && text[i-1] > unicode.MaxLatin1 {
			if c.emoji == nil {
				c.emoji = make(map[rune]bool)
			}
			c.emoji[text[i-1]] = true
		}
	}
	for _, letter := range text {
		if unicode.IsLetter(letter) && !has(c.main, letter) {
			if f := s.fonts.find(letter, style, lang); f != nil {
				c.main = f
				break
			}
		}
	}
	return c
}

// ResolveFace finds the face for a letter.
func (c choice) ResolveFace(letter rune) *font.Face {
	f := c.main
	if c.emoji[letter] {
		if f := c.s.fonts.pictograph(letter); f != nil {
			return c.s.face(f)
		}
	}
	if !has(f, letter) {
		if f = c.s.fonts.find(letter, c.style, c.lang); f == nil {
			f = c.main
		}
	}
	return c.s.face(f)
}

func toFixed(x float64) fixed.Int26_6 { return fixed.Int26_6(x * 64) }

func fromFixed(x fixed.Int26_6) float64 { return float64(x) / 64 }
