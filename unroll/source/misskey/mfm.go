package misskey

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/link"
)

const (
	// maxText is how much of a note's markup is read, in bytes; what follows
	// stays as it was written. Misskey allows 3,000 characters, forks let
	// their admins allow more.
	maxText = 64 << 10
	// maxOpen is how many marks may be open at a time. What lies deeper keeps
	// its text and loses its formatting; that keeps the reading linear.
	maxOpen = 20
)

// token is a mark in a text that may be formatting, and is when its other half
// is found.
type token struct {
	start, end int // in the source; what is dropped when it counts
	mark       string
	kind       unroll.FacetKind // "" for formatting that we do not show
	url        string           // of a link, an address, a mention, a tag
	show       string           // what stands in its place, for tokens without another half
	other      int              // index of the other half; itself for those without, none for none
	closes     bool
}

const none = -1

// lexer finds the tokens of a text.
type lexer struct {
	src    string
	asked  string // the server that was asked, which has pages for tags
	home   string // the author's server, on which names without a host live
	tokens []token
	open   []int           // indices of tokens that wait for their other half
	lacks  map[string]bool // ends that stand nowhere in what is left
	quoted bool            // in lines that begin with >
}

// plain turns MFM into text with facets. It takes any text: what is no
// formatting stays as it was written.
func plain(src, asked, home string) fedi.Text {
	src = strings.ToValidUTF8(src, "\uFFFD")
	src = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, src)
	rest := ""
	if len(src) > maxText {
		cut := maxText
		for !utf8.RuneStart(src[cut]) {
			cut--
		}
		src, rest = src[:cut], src[cut:]
	}
	l := lexer{src: src, asked: asked, home: home, lacks: map[string]bool{}}
	l.run()
	out := l.write()
	out.Plain += rest
	return out
}

func (l *lexer) run() {
	for i := 0; i < len(l.src); {
		if i == 0 || l.src[i-1] == '\n' {
			if n := l.line(i); n > 0 {
				i += n
				continue
			}
		}
		i += max(l.at(i), 1)
	}
	if l.quoted {
		l.endQuote(len(l.src))
	}
}

// line looks at the beginning of a line: lines behind > are a quote.
func (l *lexer) line(i int) int {
	if l.src[i] != '>' {
		if l.quoted {
			l.endQuote(i - 1) // before the line break
		}
		return 0
	}
	n := 1
	if strings.HasPrefix(l.src[i+1:], " ") {
		n = 2
	}
	if l.quoted {
		l.single(token{start: i, end: i + n})
		return n
	}
	l.quoted, l.open = true, nil // nothing goes on into a quote
	l.push(token{start: i, end: i + n, mark: ">", kind: unroll.FacetQuote})
	return n
}

func (l *lexer) endQuote(at int) {
	l.quoted = false
	l.pair(0, token{start: at, end: at}) // nothing was open before it
}

// at reads the token that begins at i and gives its length, 0 for none.
func (l *lexer) at(i int) int {
	rest := l.src[i:]
	switch rest[0] {
	case '*':
		return l.stars(i)
	case '_':
		if strings.HasPrefix(rest, "__") {
			return l.simple(i, "__", unroll.FacetBold)
		}
		return l.simple(i, "_", unroll.FacetItalic)
	case '~':
		if strings.HasPrefix(rest, "~~") {
			return l.toggle(i, "~~", unroll.FacetStrike)
		}
	case '`':
		return l.code(i)
	case '<':
		return l.tag(i)
	case '$':
		if n := functionHead(rest); n > 0 {
			return l.push(token{start: i, end: i + n, mark: "]"})
		}
	case '?':
		if strings.HasPrefix(rest, "?[") { // a link without preview
			return l.push(token{start: i, end: i + 2, mark: "](", kind: unroll.FacetLink})
		}
	case '[':
		return l.push(token{start: i, end: i + 1, mark: "](", kind: unroll.FacetLink})
	case ']':
		return l.bracket(i)
	case 'h':
		return l.address(i)
	case '@':
		return l.mention(i)
	case '#':
		return l.hashtag(i)
	}
	return 0
}

func (l *lexer) single(t token) int {
	t.other = len(l.tokens)
	l.tokens = append(l.tokens, t)
	return t.end - t.start
}

// push opens a mark. Until its other half comes it is text.
func (l *lexer) push(t token) int {
	if len(l.open) < maxOpen {
		t.other = none
		l.open = append(l.open, len(l.tokens))
		l.tokens = append(l.tokens, t)
	}
	return t.end - t.start
}

// opened finds the innermost open mark, none if there is none.
func (l *lexer) opened(mark string) int {
	for i := len(l.open) - 1; i >= 0; i-- {
		if l.tokens[l.open[i]].mark == mark {
			return i
		}
	}
	return none
}

// pair closes the open mark at index i of l.open. Marks opened since remain
// text.
func (l *lexer) pair(i int, t token) int {
	first := l.open[i]
	t.other, t.closes = first, true
	l.tokens[first].other = len(l.tokens)
	l.tokens = append(l.tokens, t)
	l.open = l.open[:i]
	return t.end - t.start
}

// toggle closes a mark where it is open, else opens it.
func (l *lexer) toggle(i int, mark string, kind unroll.FacetKind) int {
	t := token{start: i, end: i + len(mark), mark: mark, kind: kind}
	if at := l.opened(mark); at != none && l.tokens[l.open[at]].end < i {
		return l.pair(at, t)
	}
	return l.push(t)
}

func (l *lexer) stars(i int) int {
	switch rest := l.src[i:]; {
	case strings.HasPrefix(rest, "***") && l.opened("**") == none:
		return l.toggle(i, "***", unroll.FacetBold)
	case strings.HasPrefix(rest, "**"):
		return l.toggle(i, "**", unroll.FacetBold)
	default:
		return l.simple(i, "*", unroll.FacetItalic)
	}
}

// simple reads marks that count only around plain letters, digits and spaces,
// and not inside a word.
func (l *lexer) simple(i int, mark string, kind unroll.FacetKind) int {
	start := i + len(mark)
	end := start
	for end < len(l.src) && (fedi.IsAlnum(l.src[end]) || l.src[end] == ' ' || l.src[end] == '\t') {
		end++
	}
	if l.inWord(i) || end == start || !strings.HasPrefix(l.src[end:], mark) {
		return len(mark)
	}
	return l.single(token{start: i, end: end + len(mark), kind: kind, show: l.src[start:end]})
}

func (l *lexer) inWord(i int) bool { return i > 0 && fedi.IsAlnum(l.src[i-1]) }

// until finds mark from i on.
func (l *lexer) until(i int, mark string) int {
	if l.lacks[mark] {
		return none
	}
	at := strings.Index(l.src[i:], mark)
	if at < 0 {
		l.lacks[mark] = true
		return none
	}
	return i + at
}

// code reads `code` and ```blocks```, in which nothing else counts.
func (l *lexer) code(i int) int {
	if strings.HasPrefix(l.src[i:], "```") {
		end := l.until(i+3, "```")
		if end == none {
			return 3
		}
		body := l.src[i+3 : end]
		if first, more, ok := strings.Cut(body, "\n"); ok && !strings.ContainsFunc(first, unicode.IsSpace) {
			body = more // the first line names the language
		}
		return l.single(token{start: i, end: end + 3, kind: unroll.FacetCode, show: strings.Trim(body, "\n")})
	}
	end := strings.IndexAny(l.src[i+1:], "`\n")
	if end <= 0 || l.src[i+1+end] == '\n' {
		return 1
	}
	return l.single(token{start: i, end: i + end + 2, kind: unroll.FacetCode, show: l.src[i+1 : i+1+end]})
}

// tags are MFM's few HTML tags.
var tags = map[string]unroll.FacetKind{
	"b": unroll.FacetBold, "i": unroll.FacetItalic, "s": unroll.FacetStrike, "small": "", "center": "",
}

func (l *lexer) tag(i int) int {
	rest := l.src[i:]
	name, _, ok := strings.Cut(rest[1:min(len(rest), 10)], ">")
	switch bare, closing := strings.CutPrefix(name, "/"); {
	case strings.HasPrefix(rest, "<http://"), strings.HasPrefix(rest, "<https://"):
		end := strings.IndexAny(rest[:min(len(rest), maxAddress)], "> \n")
		if end < 0 || rest[end] != '>' {
			return 1
		}
		target := link.Clean(rest[1:end])
		if target == "" {
			return 1
		}
		return l.single(token{start: i, end: i + end + 1, kind: unroll.FacetLink, url: target, show: link.Brief(target, fedi.MaxShown)})
	case !ok:
	case name == "plain":
		const from, to = "<plain>", "</plain>"
		end := l.until(i+len(from), to)
		if end == none {
			return len(from)
		}
		return l.single(token{start: i, end: end + len(to), show: l.src[i+len(from) : end]})
	case closing:
		if at := l.opened("<" + bare); at != none {
			return l.pair(at, token{start: i, end: i + len(name) + 2})
		}
	default:
		if kind, known := tags[name]; known {
			return l.push(token{start: i, end: i + len(name) + 2, mark: "<" + name, kind: kind})
		}
	}
	return 1
}

// functionHead gives the length of "$[name.arguments " at the start of s, 0 if
// it is none.
func functionHead(s string) int {
	const most = 200 // bytes; no function takes more arguments
	for i := 2; i < min(len(s), most); i++ {
		switch c := s[i]; {
		case s[1] != '[':
			return 0
		case c == ' ' && i > 2:
			return i + 1
		case !fedi.IsAlnum(c) && !strings.ContainsRune("_.,=-#%", rune(c)):
			return 0
		}
	}
	return 0
}

// bracket closes a function, or the text of a link.
func (l *lexer) bracket(i int) int {
	fn, text := l.opened("]"), l.opened("](")
	if text > fn {
		target, n := linkTarget(l.src[i+1:])
		if target == "" {
			l.open = append(l.open[:text], l.open[text+1:]...)
			return 1
		}
		l.tokens[l.open[text]].url = target
		return l.pair(text, token{start: i, end: i + 1 + n})
	}
	if fn == none {
		return 1
	}
	return l.pair(fn, token{start: i, end: i + 1})
}

// maxAddress bounds addresses, in bytes.
const maxAddress = 2048

// linkTarget reads "(address)" and gives its length.
func linkTarget(s string) (string, int) {
	if !strings.HasPrefix(s, "(") {
		return "", 0
	}
	depth := 0
	for i := range min(len(s), maxAddress) {
		switch s[i] {
		case ' ', '\n', '\t':
			return "", 0
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return link.Clean(strings.Trim(s[1:i], "<>")), i + 1
			}
		}
	}
	return "", 0
}
