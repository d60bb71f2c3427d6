package misskey

import (
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/link"
)

// address reads a bare address.
func (l *lexer) address(i int) int {
	rest := l.src[i:]
	if l.inWord(i) || !strings.HasPrefix(rest, "http://") && !strings.HasPrefix(rest, "https://") {
		return 0
	}
	end, depth := 0, 0
scan:
	for end < min(len(rest), maxAddress) {
		switch c := rest[end]; {
		case c == '(' || c == '[':
			depth++
		case c == ')' || c == ']':
			if depth--; depth < 0 {
				break scan
			}
		case !fedi.IsAlnum(c) && strings.IndexByte("_/:%#@$&?!~.,=+-*;", c) < 0:
			break scan
		}
		end++
	}
	shown := strings.TrimRight(rest[:end], ".,:;!?*~([")
	target := link.Clean(shown)
	if target == "" {
		return max(len(shown), 1)
	}
	return l.single(token{start: i, end: i + len(shown), kind: unroll.FacetLink, url: target, show: link.Brief(target, fedi.MaxShown)})
}

// mention reads @user and @user@host.
func (l *lexer) mention(i int) int {
	name := nameAt(l.src[i+1:], false)
	if l.inWord(i) || name == "" {
		return 1
	}
	end, host := i+1+len(name), l.home
	if strings.HasPrefix(l.src[end:], "@") {
		if h := nameAt(l.src[end+1:], true); isServer(strings.ToLower(h)) {
			end, host = end+1+len(h), strings.ToLower(h)
		}
	}
	return l.single(token{
		start: i, end: end, kind: unroll.FacetMention, url: link.Web(profilePage(host, name)), show: l.src[i:end],
	})
}

// nameAt reads a user name, or a host, at the start of s.
func nameAt(s string, host bool) string {
	end := 0
	for end < min(len(s), 255) && (isNameByte(s[end]) || host && s[end] == ':') {
		end++
	}
	return strings.TrimRight(s[:end], ".-:")
}

// hashtag reads #tag.
func (l *lexer) hashtag(i int) int {
	const most = 128 // bytes, as Misskey keeps tags
	end, digits := i+1, true
	for end < len(l.src) && end-i <= most {
		r, n := utf8.DecodeRuneInString(l.src[end:])
		if unicode.IsSpace(r) || strings.ContainsRune(".,!?'\"#:/[]【】()「」（）<>`*~$@", r) {
			break
		}
		digits = digits && '0' <= r && r <= '9'
		end += n
	}
	if l.inWord(i) || digits {
		return 1
	}
	page := link.Web("https://" + l.asked + "/tags/" + url.PathEscape(l.src[i+1:end]))
	return l.single(token{start: i, end: end, kind: unroll.FacetTag, url: page, show: l.src[i:end]})
}

// write gives the text without the marks that counted.
func (l *lexer) write() fedi.Text {
	var out strings.Builder
	var facets []unroll.Facet
	var open []unroll.FacetKind
	started := map[int]int{} // where the text of an open token begins
	pos := 0
	add := func(t *token, start int) {
		f := unroll.Facet{Start: start, End: out.Len(), Kind: t.kind, URL: t.url}
		inside := slices.Contains(open, t.kind) || t.url != "" && slices.Contains(open, unroll.FacetLink)
		if t.kind != "" && f.Start < f.End && !inside {
			facets = append(facets, f)
		}
	}
	for i := range l.tokens {
		t := &l.tokens[i]
		if t.other == none {
			continue
		}
		out.WriteString(l.src[pos:t.start])
		pos = t.end
		switch {
		case t.other == i:
			start := out.Len()
			out.WriteString(t.show)
			add(t, start)
		case t.closes:
			first := &l.tokens[t.other]
			open = open[:len(open)-1]
			add(first, started[t.other])
		default:
			started[i] = out.Len()
			open = append(open, t.kind)
		}
	}
	out.WriteString(l.src[pos:])
	slices.Reverse(facets) // outer ones closed last
	fedi.SortFacets(facets)
	return fedi.Text{Plain: out.String(), Facets: facets}
}
