package unroll

import (
	"errors"
	"iter"
	"strings"
	"unicode"
)

// maxLink bounds the links that are looked at, in bytes. Links to posts have
// a few hundred; the longest wrap another link.
const maxLink = 2048

// ParseRef reads the link in text: what somebody wrote behind /unroll.
//
// It takes every form in which people paste links to posts of X, Bluesky and
// fediverse servers: with and without https://, through mirrors, clients and
// other unrollers, in Markdown, spoiler bars or <…>, with punctuation,
// trackers and invisible characters around. It also takes a bare number (a
// post of X) and at:// addresses. Of several links the first one to a post
// counts.
//
// Errors are an *[Error]: KindUnsupported for services and kinds of posts that
// we do not read, else KindInvalidRef.
func ParseRef(text string) (Ref, error) {
	text = visible(text)
	if bare := strings.Trim(text, " \t\r\n<>|$`\"'"); isDigits(bare) {
		if id, ok := xID(bare); ok {
			return Ref{Network: X, ID: id}, nil
		}
	}
	var first error
	for c := range candidates(text) {
		r, err := c.ref()
		if err == nil {
			return r, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = refError("", KindInvalidRef, "no link in the text; paste the address of a post")
	}
	return Ref{}, first
}

// FindRefs reads all links to posts in a message, in order, each once. It
// leaves alone what its author wants left alone: links in <…> or behind a $.
// Numbers and at:// addresses are too common in plain talk to count here.
func FindRefs(text string) []Ref {
	var refs []Ref
	seen := make(map[Ref]struct{})
	for c := range candidates(visible(text)) {
		if c.quiet || c.at {
			continue
		}
		r, err := c.ref()
		if err != nil {
			continue
		}
		if _, ok := seen[r]; !ok {
			seen[r] = struct{}{}
			refs = append(refs, r)
		}
	}
	return refs
}

// candidate is a piece of text that may be a link.
type candidate struct {
	text  string // with its scheme
	at    bool   // at://
	quiet bool   // in <…> or behind a $
}

// ref parses the candidate. A link that is none of ours may hold one, as an
// archive's does.
func (c candidate) ref() (Ref, error) {
	if c.at {
		return parseAT(c.text)
	}
	r, err := parseLink(c.text, true)
	if err == nil {
		return r, nil
	}
	if at, n := lastScheme(c.text); n > 0 && at > 0 {
		if inner, innerErr := parseLink(c.text[at:], true); innerErr == nil {
			return inner, nil
		}
	}
	return r, err
}

// candidates yields whatever may be a link in text, in order.
func candidates(text string) iter.Seq[candidate] {
	return func(yield func(candidate) bool) {
		for start, end := range words(text) {
			if !wordCandidates(text, start, end, yield) {
				return
			}
		}
	}
}

// wordCandidates yields the candidates in text[start:end], which has no
// separators inside. Links may stand close together in scripts that write
// without spaces.
func wordCandidates(text string, start, end int, yield func(candidate) bool) bool {
	for pos := start; pos < end; {
		at, n := firstScheme(text[pos:end])
		if n == 0 {
			return pos > start || yieldBare(text, start, end, yield)
		}
		link := trimLink(text[pos+at:end], n)
		c := candidate{
			text:  link,
			at:    text[pos+at]|0x20 == 'a',
			quiet: isQuiet(text, pos+at),
		}
		if len(link) <= maxLink && !yield(c) {
			return false
		}
		pos += at + max(len(link), n)
	}
	return true
}

// yieldBare yields a word without a scheme if it has a host and a path.
func yieldBare(text string, start, end int, yield func(candidate) bool) bool {
	word := strings.TrimLeft(text[start:end], "/'*_~.:!?#=&$")
	start = end - len(word)
	host, _, ok := strings.Cut(word, "/")
	if !ok || !strings.Contains(host, ".") || len(word) > maxLink {
		return true
	}
	const scheme = "https://"
	return yield(candidate{text: trimLink(scheme+word, len(scheme)), quiet: isQuiet(text, start)})
}

// isQuiet tells whether the link that starts at text[at] is to be left alone.
func isQuiet(text string, at int) bool {
	if at == 0 {
		return false
	}
	if text[at-1] == '$' {
		return true
	}
	rest := text[at:min(len(text), at+maxLink)]
	closing := strings.IndexAny(rest, "> \t\r\n")
	return text[at-1] == '<' && closing >= 0 && rest[closing] == '>'
}

// trimLink cuts what follows a link in running text: everything behind the
// first character that no path has unescaped, and punctuation at the end. The
// scheme has n bytes.
func trimLink(s string, n int) string {
	if slash := strings.IndexByte(s[n:], '/'); slash >= 0 {
		for i := n + slash; i < len(s); i++ {
			if s[i] >= 0x80 {
				s = s[:i]
				break
			}
		}
	}
	return strings.TrimRight(s, ".,:;!?'*_~")
}

// words yields the start and end of each run of text between separators.
func words(text string) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		start := 0
		for i, r := range text {
			if !isSeparator(r) {
				continue
			}
			if i > start && !yield(start, i) {
				return
			}
			start = i + len(string(r))
		}
		if start < len(text) {
			yield(start, len(text))
		}
	}
}

// isSeparator tells whether r ends links in running text.
func isSeparator(r rune) bool {
	if r < 0x80 {
		return r <= ' ' || r == 0x7f || strings.ContainsRune("|()[]{}<>\"`\\^,;", r)
	}
	return r == unicode.ReplacementChar || unicode.IsSpace(r) || unicode.IsPunct(r)
}

// firstScheme finds http://, https:// or at:// in s and gives its length, 0
// if there is none.
func firstScheme(s string) (at, n int) {
	for from := 0; ; {
		i := strings.Index(s[from:], "://")
		if i < 0 {
			return 0, 0
		}
		if n := schemeBefore(s[:from+i]); n > 0 {
			return from + i - n, n + len("://")
		}
		from += i + len("://")
	}
}

// lastScheme is firstScheme from the end.
func lastScheme(s string) (at, n int) {
	for end := len(s); ; {
		i := strings.LastIndex(s[:end], "://")
		if i < 0 {
			return 0, 0
		}
		if n := schemeBefore(s[:i]); n > 0 {
			return i - n, n + len("://")
		}
		end = i
	}
}

// schemeBefore gives the length of the scheme that s ends in.
func schemeBefore(s string) int {
	for _, scheme := range []string{"https", "http", "at"} {
		cut := len(s) - len(scheme)
		if cut < 0 || !strings.EqualFold(s[cut:], scheme) {
			continue
		}
		if scheme != "at" || cut == 0 || !isAlnum(s[cut-1]) {
			return len(scheme)
		}
	}
	return 0
}

// visible drops the characters that show nothing: zero-width ones, marks of
// direction, soft hyphens. They come along when people copy.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
}

// refError is an error about a link to host. The link itself stays out: it may
// hold what somebody wrote in private.
func refError(host string, kind Kind, hint string) error {
	return &Error{Kind: kind, Op: strings.TrimSpace("ref " + host), Err: errors.New(hint)}
}
