package render

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"unrollbot/unroll"
)

// markdownText escapes plain text for one line of CommonMark.
func markdownText(s string) string { return markdownInline(s, nil) }

// markdownURL writes a link destination (CommonMark 6.3) in pointed brackets.
func markdownURL(url string) string {
	var b strings.Builder
	b.WriteByte('<')
	for i, c := range url {
		switch {
		case c == '&' && reference(url[i:]):
			b.WriteString("&amp;")
		case c == '\\' || c == '<' || c == '>' || c <= ' ':
			fmt.Fprintf(&b, "%%%02X", c)
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('>')
	return b.String()
}

// reference tells whether s, which begins with &, may be read as a character
// reference (CommonMark 2.5).
func reference(s string) bool {
	const longest = len("CounterClockwiseContourIntegral")
	for i, c := range s[1:] {
		switch {
		case c == ';':
			return i > 0
		case i > longest || c != '#' && !unicode.IsLetter(c) && !unicode.IsDigit(c):
			return false
		}
	}
	return false
}

// markdownInline writes one paragraph of text with its facets, line ends as
// hard breaks.
func markdownInline(text string, facets []unroll.Facet) string {
	m := markdown{src: text, facets: splitCode(text, facets)}
	m.lineStart = true
	m.write(0, len(text))
	return m.out.String()
}

type markdown struct {
	src       string
	facets    []unroll.Facet // that are still to come
	out       strings.Builder
	lineStart bool // nothing was written on this line yet
	inLink    bool // links do not nest
	star      bool // the last byte written is a star that is markup
}

// write writes src[from:to] with all facets in it.
func (m *markdown) write(from, to int) {
	for len(m.facets) > 0 && m.facets[0].Start < to {
		f := m.facets[0]
		m.facets = m.facets[1:]
		m.plain(from, f.Start)
		m.facet(f)
		from = f.End
	}
	m.plain(from, to)
}

func (m *markdown) markup(s string) {
	m.out.WriteString(s)
	m.star = strings.HasSuffix(s, "*")
	m.lineStart = false
}

func (m *markdown) facet(f unroll.Facet) {
	switch f.Kind {
	case unroll.FacetLink, unroll.FacetMention, unroll.FacetTag:
		if f.URL == "" || m.inLink {
			m.write(f.Start, f.End)
			return
		}
		m.inLink = true
		m.markup("[")
		m.write(f.Start, f.End)
		m.markup("](" + markdownURL(f.URL) + ")")
		m.inLink = false
	case unroll.FacetBold:
		m.styled(f, "**", "strong")
	case unroll.FacetItalic:
		m.styled(f, "*", "em")
	case unroll.FacetStrike:
		m.styled(f, "", "del") // CommonMark has no mark for it
	case unroll.FacetCode:
		m.code(f)
	case unroll.FacetQuote, unroll.FacetEmoji:
		m.write(f.Start, f.End)
	default:
		m.write(f.Start, f.End)
	}
}

// styled writes a facet between stars, or between tags where stars would not
// be read as markup. Spaces at its ends move out of it.
func (m *markdown) styled(f unroll.Facet, mark, tag string) {
	inner := m.src[f.Start:f.End]
	start := f.Start + len(inner) - len(strings.TrimLeftFunc(inner, unicode.IsSpace))
	end := f.Start + len(strings.TrimRightFunc(inner, unicode.IsSpace))
	if start >= end || m.straddled(start, end, f.End) {
		m.write(f.Start, f.End)
		return
	}
	opening, closing := mark, mark
	if mark == "" || m.star || !m.flanks(start, end) {
		opening, closing = "<"+tag+">", "</"+tag+">"
	}
	m.plain(f.Start, start)
	m.markup(opening)
	m.write(start, end)
	m.markup(closing)
	m.plain(end, f.End)
}

// straddled tells whether a facet that begins before limit is partly outside
// of src[start:end].
func (m *markdown) straddled(start, end, limit int) bool {
	for _, f := range m.facets {
		if f.Start >= limit {
			return false
		}
		if f.Start < start || f.End > end {
			return true
		}
	}
	return false
}

// flanks tells whether stars around src[start:end] are a left-flanking and a
// right-flanking run (CommonMark 6.2) that no neighbour disturbs.
func (m *markdown) flanks(start, end int) bool {
	nested := func(at int) bool { // a facet begins or ends there
		for _, f := range m.facets {
			if f.Start > at {
				return false
			}
			if f.Start == at || f.End == at {
				return true
			}
		}
		return false
	}
	if nested(start) || nested(end) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(m.src[:start])
	first, _ := utf8.DecodeRuneInString(m.src[start:])
	last, _ := utf8.DecodeLastRuneInString(m.src[:end])
	after, _ := utf8.DecodeRuneInString(m.src[end:])
	return (letter(first) || start == 0 || edge(before)) && (letter(last) || end == len(m.src) || edge(after))
}

// letter and edge are on the safe side where versions of CommonMark differ
// about what punctuation is.
func letter(c rune) bool { return !unicode.IsPunct(c) && !unicode.IsSymbol(c) && !unicode.IsSpace(c) }

func edge(c rune) bool { return unicode.IsSpace(c) || unicode.IsPunct(c) }

// code writes a code span (CommonMark 6.1); splitCode saw to it that it is
// within one line.
func (m *markdown) code(f unroll.Facet) {
	for len(m.facets) > 0 && m.facets[0].Start < f.End { // nothing inside is markup
		m.facets = m.facets[1:]
	}
	code := m.src[f.Start:f.End]
	if strings.TrimSpace(code) == "" {
		m.plain(f.Start, f.End)
		return
	}
	if strings.HasSuffix(m.out.String(), "`") { // two spans would run together
		m.plain(f.Start, f.End)
		return
	}
	fence := "`"
	for strings.Contains(code, fence) {
		fence += "`"
	}
	if strings.HasPrefix(code, "`") || strings.HasSuffix(code, "`") ||
		strings.HasPrefix(code, " ") && strings.HasSuffix(code, " ") {
		code = " " + code + " "
	}
	m.markup(fence + code + fence)
}

// splitCode cuts code facets at line ends, which a code span cannot hold.
func splitCode(text string, facets []unroll.Facet) []unroll.Facet {
	var out []unroll.Facet
	for _, f := range facets {
		if f.Kind != unroll.FacetCode {
			out = append(out, f)
			continue
		}
		for f.Start < f.End {
			part := f
			if i := strings.IndexByte(text[f.Start:f.End], '\n'); i >= 0 {
				part.End = f.Start + i
			}
			if part.Start < part.End {
				out = append(out, part)
			}
			f.Start = part.End + 1
		}
	}
	return valid(text, out)
}

// plain writes src[from:to] so that it is read as it stands.
func (m *markdown) plain(from, to int) {
	for i, c := range m.src[from:to] {
		at := from + i
		switch {
		case c == '\n':
			m.out.WriteString("\\\n")
			m.lineStart, m.star = true, false
			continue
		case c == ' ' || c == '\t':
			if m.lineStart || at+1 < len(m.src) && strings.IndexByte(" \t\n", m.src[at+1]) >= 0 || at+1 == len(m.src) {
				m.out.WriteString("&nbsp;")
			} else {
				m.out.WriteByte(' ')
			}
			m.star = false
			continue
		case c == '\\' && strings.HasPrefix(m.src[at+1:], "\n"):
			m.out.WriteString("&#92;") // parsers differ about three backslashes at a line end
			m.lineStart, m.star = false, false
			continue
		case strings.ContainsRune("\\`*_[]<>~|$", c),
			c == '&' && reference(m.src[at:]),
			c == '!' && at+1 == to,
			m.lineStart && strings.ContainsRune("#+-=:", c),
			(c == '.' || c == ')') && m.numbered(at):
			m.out.WriteByte('\\')
		}
		m.out.WriteRune(c)
		m.lineStart, m.star = false, false
	}
}

// numbered tells whether the line before at is one to nine digits, so that a
// dot would make it a list item (CommonMark 5.2).
func (m *markdown) numbered(at int) bool {
	start := at
	for start > 0 && at-start < 10 && m.src[start-1] >= '0' && m.src[start-1] <= '9' {
		start--
	}
	return start < at && at-start < 10 && (start == 0 || m.src[start-1] == '\n')
}
