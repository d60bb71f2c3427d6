package console

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/text/width"
)

// clean takes out of a text whatever would do something to a terminal or to
// the text around it: control characters, and marks that force a direction.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r >= '\u202a' && r <= '\u202e', r == unicode.ReplacementChar, r == '\u2028', r == '\u2029':
			return -1
		default:
			return r
		}
	}, s)
}

// wrap breaks a text into lines of at most so many cells, at spaces and
// between characters of scripts that know no spaces. An address is never
// broken, so that it can be opened; other words only when a line is too
// short for them.
func wrap(text string, cells int) []string {
	var out []string
	for paragraph := range strings.SplitSeq(text, "\n") {
		out = append(out, wrapLine(paragraph, cells)...)
	}
	return out
}

func wrapLine(text string, cells int) []string {
	var (
		out  []string
		line strings.Builder
		used int
	)
	flush := func() {
		out = append(out, strings.TrimRight(line.String(), " "))
		line.Reset()
		used = 0
	}
	for i, w := range words(text) {
		space := min(w.spaces, cells/2)
		if i > 0 && used+space+w.cells > cells {
			flush()
			space = 0
		}
		if space+w.cells > cells && !strings.Contains(w.text, "://") {
			for g := graphemes.FromString(w.text); g.Next(); {
				n := cellsOf(g.Value())
				if used+n > cells {
					flush()
				}
				line.WriteString(g.Value())
				used += n
			}
			continue
		}
		line.WriteString(strings.Repeat(" ", space) + w.text)
		used += space + w.cells
	}
	flush()
	return out
}

// word is what must stay on one line.
type word struct {
	text   string
	cells  int
	spaces int // before it
}

// words splits a line at spaces and around wide characters.
func words(line string) []word {
	var (
		out   []word
		w     word
		start int  // of w in line
		wide  bool // the last grapheme was a wide letter
	)
	g := graphemes.FromString(line)
	end := func(at int) {
		if w.text = line[start:at]; w.text != "" {
			out = append(out, w)
			w = word{}
		}
		start = at
	}
	for g.Next() {
		s := g.Value()
		if s == " " {
			end(g.Start())
			start = g.End()
			w.spaces++
			wide = false
			continue
		}
		n := cellsOf(s)
		first, _ := utf8.DecodeRuneInString(s)
		letter := n == 2 && unicode.IsLetter(first)
		closes := strings.ContainsRune(closing, first)
		if (letter || wide) && !closes {
			end(g.Start())
		}
		w.cells += n
		wide = letter || wide && closes
	}
	end(len(line))
	return out
}

// closing are characters that must not begin a line.
const closing = "、。，．：；！？）」』】》〉〕”’…ー々.,:;!?)]}"

// cellsOf is how many cells of a terminal a grapheme takes.
func cellsOf(g string) int {
	n := 0
	for i, r := range g {
		switch {
		case r == '\ufe0f' || isFlag(r) && i > 0: // shown as a picture
			return 2
		case n > 0 || unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case wideRune(r):
			n = 2
		default:
			n = 1
		}
	}
	return n
}

func wideRune(r rune) bool {
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth
}

func isFlag(r rune) bool { return r >= '\U0001f1e6' && r <= '\U0001f1ff' }
