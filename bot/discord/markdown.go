package discord

import (
	"net/url"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// markdown writes a block in Discord's Markdown so that it shows the block's
// text and nothing else: what looks like markup in the text is escaped, and
// facets are marked up where that cannot change a letter.
func markdown(b render.Block) string {
	w := writer{text: b.Text, lineStart: true, spoiler: b.Spoiler}
	w.b.Grow(len(b.Text) + len(b.Text)/8 + 8)
	if w.small = small(b); w.small {
		w.b.WriteString(subtext)
	}
	if b.Spoiler {
		w.b.WriteString("||")
	}
	w.write(0, len(b.Text), b.Facets)
	if b.Spoiler {
		if strings.HasSuffix(b.Text, "|") { // \||| would end the cover one bar too early
			w.b.WriteByte(' ')
		}
		w.b.WriteString("||")
	}
	return w.b.String()
}

// subtext begins a line in small grey letters.
const subtext = "-# "

// small tells which blocks are ours rather than the author's, and read as such.
func small(b render.Block) bool {
	switch b.Kind {
	case render.BlockGap, render.BlockBranch, render.BlockFooter:
		return !strings.Contains(b.Text, "\n") && !b.Spoiler
	default:
		return false
	}
}

// escaped writes plain text.
func escaped(text string) string { return markdown(render.Block{Text: text}) }

// maxTarget bounds a link's address, in bytes: a longer one would eat the
// message, and its text is shown without it.
const maxTarget = 512

type writer struct {
	b    strings.Builder
	text string

	lineStart bool // nothing but spaces since the line began
	digits    bool // nothing but spaces and then digits since the line began
	quoted    bool // within a block quote
	spoiler   bool
	small     bool

	// open are the emphasis marks around the current place; closed is where
	// the last one ended in b, and what it was.
	open   string
	closed int
	mark   byte
}

// write writes text[start:end] with the facets that lie in it.
func (w *writer) write(start, end int, facets []unroll.Facet) {
	for i := 0; i < len(facets); {
		f := facets[i]
		inner := i + 1
		for inner < len(facets) && facets[inner].Start < f.End {
			inner++
		}
		if f.Start >= start && f.End <= end {
			w.plain(start, f.Start)
			w.facet(f, facets[i+1:inner])
			start = f.End
		}
		i = inner
	}
	w.plain(start, end)
}

func (w *writer) facet(f unroll.Facet, inner []unroll.Facet) {
	switch f.Kind {
	case unroll.FacetLink, unroll.FacetMention, unroll.FacetTag:
		w.link(f)
	case unroll.FacetBold:
		w.emphasis("**", f, inner)
	case unroll.FacetItalic:
		w.emphasis("*", f, inner)
	case unroll.FacetStrike:
		w.emphasis("~~", f, inner)
	case unroll.FacetCode:
		w.code(f)
	case unroll.FacetQuote:
		w.quote(f, inner)
	case unroll.FacetEmoji: // Discord shows only pictures that it keeps itself
		w.write(f.Start, f.End, inner)
	default:
		w.write(f.Start, f.End, inner)
	}
}

// lines calls do for each line's part of text[start:end], without the spaces
// around it, and writes what is between.
func (w *writer) lines(start, end int, do func(start, end int)) {
	for start < end {
		stop := end
		if i := strings.IndexByte(w.text[start:end], '\n'); i >= 0 {
			stop = start + i
		}
		part := w.text[start:stop]
		from := start + len(part) - len(strings.TrimLeft(part, " \t"))
		to := from + len(strings.TrimRight(w.text[from:stop], " \t"))
		w.plain(start, from)
		if from < to {
			do(from, to)
		}
		start = to
		if stop < end {
			stop++
		}
		w.plain(start, stop)
		start = stop
	}
}

// emphasis puts marks around each line of a facet, unless another mark of
// the same letter stands there already: *a**b* means something else.
func (w *writer) emphasis(mark string, f unroll.Facet, inner []unroll.Facet) {
	text := w.text[f.Start:f.End]
	unsafe := strings.ContainsRune(w.open, rune(mark[0])) ||
		(mark == "*" && strings.Contains(text, "*")) || // an escaped one would end it, too
		(mark == "~~" && strings.Contains(text, "~"))
	if unsafe {
		w.write(f.Start, f.End, inner)
		return
	}
	w.lines(f.Start, f.End, func(start, end int) {
		if w.closed == w.b.Len() && w.mark == mark[0] {
			w.write(start, end, within(inner, start, end))
			return
		}
		w.b.WriteString(mark)
		before := w.open
		w.open += mark[:1]
		w.begun()
		w.write(start, end, within(inner, start, end))
		w.open = before
		w.b.WriteString(mark)
		w.closed, w.mark = w.b.Len(), mark[0]
	})
}

// begun notes that the line has begun: marks stand on it.
func (w *writer) begun() { w.lineStart, w.digits = false, false }

// within gives the facets that lie in text[start:end].
func within(facets []unroll.Facet, start, end int) []unroll.Facet {
	var in []unroll.Facet
	for _, f := range facets {
		if f.Start >= start && f.End <= end {
			in = append(in, f)
		}
	}
	return in
}

// code shows each line of a facet as code. Nothing can be escaped there, so
// what could end it, or what stands around it, keeps it plain.
func (w *writer) code(f unroll.Facet) {
	text := w.text[f.Start:f.End]
	if w.open != "" || strings.Contains(text, "`") || (w.spoiler && strings.Contains(text, "|")) {
		w.plain(f.Start, f.End)
		return
	}
	w.lines(f.Start, f.End, func(start, end int) {
		if w.closed == w.b.Len() && w.mark == '`' {
			w.plain(start, end)
			return
		}
		w.b.WriteByte('`')
		w.b.WriteString(w.text[start:end])
		w.b.WriteByte('`')
		w.begun()
		w.closed, w.mark = w.b.Len(), '`'
	})
}

// quote shows whole lines as a block quote.
func (w *writer) quote(f unroll.Facet, inner []unroll.Facet) {
	wholeLines := (f.Start == 0 || w.text[f.Start-1] == '\n') && (f.End == len(w.text) || w.text[f.End] == '\n')
	if !wholeLines || w.quoted || w.spoiler || w.small || w.open != "" {
		w.write(f.Start, f.End, inner)
		return
	}
	w.quoted = true
	w.b.WriteString("> ")
	w.write(f.Start, f.End, inner)
	w.quoted = false
}

// link makes a facet's text lead to its address. Discord takes no brackets,
// line ends or "://" in the text of a link, so these stand between links.
func (w *writer) link(f unroll.Facet) {
	label := w.text[f.Start:f.End]
	target, ok := address(f.URL)
	if !ok {
		w.plain(f.Start, f.End)
		return
	}
	if label == target {
		w.b.WriteString("<" + target + ">")
		w.begun()
		return
	}
	w.lines(f.Start, f.End, func(start, end int) {
		for start < end {
			part, skip := w.text[start:end], 0
			if i := strings.IndexAny(part, "[]"); i >= 0 {
				part, skip = part[:i], 1
			}
			if i := strings.Index(part, "://"); i >= 0 {
				part, skip = part[:i], len("://")
			}
			if strings.TrimSpace(part) == "" || isScheme(part, w.text[start:end]) {
				w.plain(start, start+len(part)+skip)
			} else {
				w.b.WriteByte('[')
				w.begun()
				w.plain(start, start+len(part))
				w.b.WriteString("](" + target + ")")
				w.plain(start+len(part), start+len(part)+skip)
			}
			start += len(part) + skip
		}
	})
}

// isScheme tells that part is what stands before "://" in rest.
func isScheme(part, rest string) bool { return strings.HasPrefix(rest[len(part):], "://") }

// targets are the characters that would end a link's address, or a mark
// around the link.
var targets = strings.NewReplacer(
	"(", "%28", ")", "%29", "<", "%3C", ">", "%3E", `\`, "%5C", `"`, "%22", "'", "%27",
	" ", "%20", "|", "%7C", "*", "%2A", "~~", "%7E%7E", "`", "%60", "[", "%5B", "]", "%5D")

// address gives the form of a web address that may stand in Markdown.
func address(raw string) (string, bool) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || strings.HasPrefix(u.Host, "[") || (u.Scheme != "https" && u.Scheme != "http") {
		return "", false // an IPv6 host needs brackets, which no link can hold
	}
	a := targets.Replace(u.String())
	return a, len(a) <= maxTarget && !strings.ContainsFunc(a, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// plain writes text[start:end] escaped. All that matters is ASCII, so it
// goes byte by byte.
func (w *writer) plain(start, end int) {
	done := start // written up to here
	for i := start; i < end; i++ {
		c := w.text[i]
		if w.special(c, i+1) {
			w.b.WriteString(w.text[done:i])
			w.b.WriteByte('\\')
			done = i
		}
		switch {
		case c == '\n':
			if w.quoted {
				w.b.WriteString(w.text[done : i+1])
				w.b.WriteString("> ")
				done = i + 1
			}
			w.lineStart, w.digits = true, false
		case (c == ' ' || c == '\t') && w.lineStart:
		case c >= '0' && c <= '9' && (w.lineStart || w.digits):
			w.lineStart, w.digits = false, true
		default:
			w.begun()
		}
	}
	w.b.WriteString(w.text[done:end])
}

// special tells whether c, which ends before text[next], must be escaped. A
// backslash makes any sign that is not a letter, digit or space literal.
func (w *writer) special(c byte, next int) bool {
	switch c {
	case '\\', '*', '_', '~', '|', '`', '<', '[':
		return true
	case '#', '-', '+', '>':
		return w.lineStart
	case '.', ')':
		return w.digits
	case ':':
		// It may begin an address, or an emoji's name, and those run on
		// through the markup that follows.
		return next < len(w.text) && !strings.ContainsRune(" \t\n", rune(w.text[next]))
	case '@':
		return strings.HasPrefix(w.text[next:], "everyone") || strings.HasPrefix(w.text[next:], "here")
	default:
		return false
	}
}

// units is a text's length as Discord may count it: in UTF-16 units, which
// are never fewer than code points.
func units(s string) int {
	n := 0
	for _, c := range s {
		n++
		if c > 0xffff {
			n++
		}
	}
	return n
}
