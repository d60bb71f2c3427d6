package typeset

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/fontscan"
)

// system are the machine's fonts. Those that were needed once stay loaded;
// their files bound the memory that takes.
type system struct {
	regular, bold []fontscan.Footprint // in the order in which they are asked for a letter

	mu     sync.Mutex
	loaded map[fontscan.Location]*font.Font // nil for those that cannot be
	found  map[wanted]*font.Font            // nil where no font has the letter
}

// wanted is what a font is looked for.
type wanted struct {
	letter rune
	bold   bool
	region string
	emoji  bool
}

// prefers tells whether a family is made for the letter.
func (w wanted) prefers(family string) bool {
	switch {
	case w.emoji, w.letter >= 0x1f000 && w.letter < 0x20000: // pictographs: in colour where there is a choice
		return strings.Contains(family, "emoji")
	case unicode.In(w.letter, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo):
		return strings.HasSuffix(family, "cjk"+w.region)
	default:
		return false
	}
}

// foundMax bounds the letters remembered: more than one language needs.
const foundMax = 1 << 15

func newSystem(all []fontscan.Footprint) *system {
	s := &system{loaded: make(map[fontscan.Location]*font.Font), found: make(map[wanted]*font.Font)}
	for _, f := range all {
		f.Aspect.SetDefaults()
		if f.Aspect.Style == font.StyleNormal {
			s.regular = append(s.regular, f)
		}
	}
	s.bold = slices.Clone(s.regular)
	sortFor(s.regular, font.WeightNormal)
	sortFor(s.bold, font.WeightBold)
	return s
}

// sortFor puts the fonts that suit running text of a weight first. Equal
// machines give equal orders.
func sortFor(all []fontscan.Footprint, weight font.Weight) {
	slices.SortFunc(all, func(a, b fontscan.Footprint) int {
		return cmp.Or(
			cmp.Compare(abs(float32(a.Aspect.Stretch-font.StretchNormal)), abs(float32(b.Aspect.Stretch-font.StretchNormal))),
			cmp.Compare(suits(a.Family), suits(b.Family)),
			cmp.Compare(abs(float32(a.Aspect.Weight-weight)), abs(float32(b.Aspect.Weight-weight))),
			cmp.Compare(a.Family, b.Family),
			cmp.Compare(a.Location.File, b.Location.File),
			cmp.Compare(a.Location.Index, b.Location.Index),
		)
	})
}

func abs(x float32) float32 { return max(x, -x) }

// suits ranks families for running text, the best first. Noto is made so that
// its scripts go together.
func suits(family string) int {
	switch {
	case strings.Contains(family, "mono"), strings.Contains(family, "display"), strings.Contains(family, "math"):
		return 4
	case strings.HasPrefix(family, "notosans"):
		return 0
	case strings.Contains(family, "emoji"):
		return 1
	case strings.HasPrefix(family, "noto"):
		return 2
	default:
		return 3
	}
}

// find returns the font for what is wanted, or nil.
func (s *system) find(w wanted) *font.Font {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.found[w]; ok {
		return f
	}
	if len(s.found) == foundMax {
		clear(s.found)
	}
	s.found[w] = s.search(w)
	return s.found[w]
}

func (s *system) search(w wanted) *font.Font {
	all := s.regular
	if w.bold {
		all = s.bold
	}
	var candidates []fontscan.Footprint
	for _, f := range all {
		if f.Runes.Contains(w.letter) {
			candidates = append(candidates, f)
		}
	}
	slices.SortStableFunc(candidates, func(a, b fontscan.Footprint) int {
		switch w.prefers(a.Family) {
		case w.prefers(b.Family):
			return 0
		case true:
			return -1
		default:
			return 1
		}
	})
	for _, f := range candidates {
		if loaded := s.load(f.Location); loaded != nil && has(loaded, w.letter) {
			return loaded
		}
	}
	return nil
}

// load reads a font, once.
func (s *system) load(at fontscan.Location) *font.Font {
	if f, ok := s.loaded[at]; ok {
		return f
	}
	s.loaded[at] = nil
	file, err := os.Open(at.File)
	if err != nil {
		return nil
	}
	defer func() { _ = file.Close() }()
	all, err := opentype.NewLoaders(file)
	if err != nil || int(at.Index) >= len(all) {
		return nil
	}
	if f, err := font.NewFont(all[at.Index]); err == nil {
		s.loaded[at] = f
	}
	return s.loaded[at]
}

// region is how Noto's fonts for Chinese characters call the forms that
// readers of a language expect.
func region(lang string) string {
	lang = strings.ToLower(lang)
	switch {
	case strings.HasPrefix(lang, "ko"):
		return "kr"
	case strings.HasPrefix(lang, "zh-hk"), strings.HasPrefix(lang, "yue"):
		return "hk"
	case strings.HasPrefix(lang, "zh-tw"), strings.HasPrefix(lang, "zh-hant"):
		return "tc"
	case strings.HasPrefix(lang, "zh"):
		return "sc"
	default:
		return "jp"
	}
}
