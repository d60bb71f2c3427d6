// Package typeset sets text in fonts: it finds a font for every letter,
// shapes what needs shaping (Arabic joins, Devanagari combines), and breaks
// paragraphs into lines, also where directions mix.
//
// Fonts of our own know Latin, Greek and Cyrillic. The machine's stand in for
// all other scripts, where it has any: Debian's fonts-noto-core, -cjk and
// -color-emoji cover nearly all that is written on networks.
package typeset

import (
	"bytes"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/fontscan"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// Style is how letters look: any of the styles below together.
type Style uint8

// Styles. Mono goes with no other.
const (
	Bold Style = 1 << iota
	Italic
	Mono
)

// Fonts finds fonts for letters. It may be used by many at once.
type Fonts struct {
	own    map[Style]*font.Font
	system func() *system
}

// BuiltIn are the fonts that are part of the program, alone: the same on
// every machine.
func BuiltIn() *Fonts {
	return &Fonts{own: ownFonts(), system: func() *system { return nil }}
}

// System are the fonts of the program, then those of the machine. The machine
// is searched once, when a letter needs it first: 0.1 s for 300 fonts.
func System() *Fonts { return &Fonts{own: ownFonts(), system: systemFonts} }

// The fonts of the program and of the machine are the same for all who ask.
var (
	ownFonts = sync.OnceValue(func() map[Style]*font.Font {
		return map[Style]*font.Font{
			0: parsed(goregular.TTF), Bold: parsed(gobold.TTF), Italic: parsed(goitalic.TTF),
			Bold | Italic: parsed(gobolditalic.TTF), Mono: parsed(gomono.TTF),
		}
	})
	systemFonts = sync.OnceValue(findSystem)
)

func parsed(ttf []byte) *font.Font {
	face, err := font.ParseTTF(bytes.NewReader(ttf))
	if err != nil {
		panic(err) // it is part of the program
	}
	return face.Font
}

// findSystem looks for the machine's fonts. A machine where that fails has
// none, as far as we are concerned.
func findSystem() *system {
	dir, err := os.MkdirTemp("", "fonts") // the search insists on leaving an index somewhere
	if err != nil {
		return nil
	}
	defer func() { _ = os.RemoveAll(dir) }()
	found, err := fontscan.SystemFonts(log.New(io.Discard, "", 0), dir)
	if err != nil {
		return nil
	}
	return newSystem(found)
}

// ours is the font of the program for a style.
func (f *Fonts) ours(style Style) *font.Font {
	if style&Mono != 0 {
		style = Mono
	}
	return f.own[style]
}

// find returns a font that has the letter c, one of the program first, or nil
// where there is none. lang, a BCP 47 tag or empty, tells which regional forms
// of Chinese characters are meant.
func (f *Fonts) find(c rune, style Style, lang string) *font.Font {
	if own := f.ours(style); has(own, c) {
		return own
	}
	if own := f.own[style&(Bold|Italic)]; has(own, c) {
		return own
	}
	if s := f.system(); s != nil {
		return s.find(wanted{letter: c, bold: style&Bold != 0, region: region(lang)})
	}
	return nil
}

// pictograph returns a font that has the sign c in colour if there is one, or
// some font that has it, or nil.
func (f *Fonts) pictograph(c rune) *font.Font {
	if s := f.system(); s != nil {
		return s.find(wanted{letter: c, emoji: true})
	}
	return nil
}

func has(f *font.Font, c rune) bool {
	_, ok := f.NominalGlyph(c)
	return ok
}

// Drawable leaves out of a line what no font has and can be missed, such as
// pictographs. It is not ok where a letter or digit has no font.
func (f *Fonts) Drawable(text string) (string, bool) {
	var b strings.Builder
	dropped := false // what c belongs to
	for _, c := range text {
		if unicode.In(c, unicode.Cf, unicode.Mn, unicode.Me) { // they go with what is before them
			if !dropped {
				b.WriteRune(c)
			}
			continue
		}
		switch dropped = !unicode.IsSpace(c) && f.find(c, 0, "") == nil; {
		case !dropped:
			b.WriteRune(c)
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			return "", false
		}
	}
	return strings.Join(strings.Fields(b.String()), " "), true
}
