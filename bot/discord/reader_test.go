package discord

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// shown is what a reader sees of Discord Markdown: a model of its client's
// rules, kept apart from the code that writes Markdown. Where the client
// looks for markup only at the beginnings of words, the model looks at every
// character, so it finds markup too much rather than too little.
func shown(source string) string {
	r := reader{}
	r.read(source, true)
	return r.b.String()
}

// links gives the addresses that a reader can follow, with their texts.
func links(source string) [][2]string {
	r := reader{}
	r.read(source, true)
	return r.links
}

type reader struct {
	b     strings.Builder
	links [][2]string
}

var (
	mdHeading   = regexp.MustCompile(`^ *#{1,3}\s+`)
	mdSubtext   = regexp.MustCompile(`^-# +`)
	mdList      = regexp.MustCompile(`^( *)(?:[*+-]|\d+[.)])(?:\s|$)`)
	mdQuote     = regexp.MustCompile(`^ *>(?:>>)? `)
	mdEscape    = regexp.MustCompile(`^\\([^0-9A-Za-z\s])`)
	mdAutolink  = regexp.MustCompile(`^<(https?://[^\s>]+)>`)
	mdURL       = regexp.MustCompile(`^(?:https?|steam|discord)://[^\s<]+[^<.,:;"'\]\s]`)
	mdMention   = regexp.MustCompile(`^(?:<@[!&]?\d+>|<#\d+>|<a?:\w+:\d+>|<t:-?\d+(?::\w)?>|</[^:>]+:\d+>|<id:\w+>|@everyone|@here)`)
	mdEmoji     = regexp.MustCompile(`^:[^\s:]+?(?:::skin-tone-\d)?:`)
	mdEm        = regexp.MustCompile(`^\*((?:\*\*|\s+(?:[^*\s]|\*\*)|[^\s*])+?)\*(?:[^*]|$)`)
	mdUnderscor = regexp.MustCompile(`^_((?:__|\\[\s\S]|[^\\_])+?)_(?:\W|$)`)
	mdStrong    = regexp.MustCompile(`^\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?:[^*]|$)`)
	mdUnderline = regexp.MustCompile(`^__((?:\\[\s\S]|[^\\])+?)__(?:[^_]|$)`)
	mdStrike    = regexp.MustCompile(`^~~([\s\S]+?)~~(?:[^_]|$)`)
	mdSpoiler   = regexp.MustCompile(`^\|\|([\s\S]+?)\|\|`)
	mdCode      = regexp.MustCompile("^`([^`]+)`(?:[^`]|$)")
	mdCode2     = regexp.MustCompile("^``([\\s\\S]*?[^`])``(?:[^`]|$)")
	mdCode3     = regexp.MustCompile("^```([\\s\\S]*?[^`])```(?:[^`]|$)")
	mdLink      = regexp.MustCompile(`^\[((?:\[[^\]]*\]|[^\[\]])*)\]\(\s*<?((?:\([^)]*\)|[^\s\\)]|\\.)*?)>?(?:\s+['"][\s\S]*?['"])?\s*\)`)
)

func (r *reader) read(s string, lineStart bool) {
	for s != "" {
		if lineStart {
			if m := firstMatch(s, mdHeading, mdSubtext, mdQuote); m != "" {
				s = s[len(m):]
				continue // a quote may hold a heading
			}
			if m := mdList.FindString(s); m != "" {
				r.b.WriteString("•")
				s = s[len(m):]
			}
		}
		if s == "" {
			return
		}
		used := r.markup(s)
		if used == 0 {
			_, used = utf8.DecodeRuneInString(s)
			r.b.WriteString(s[:used])
		}
		lineStart = s[:used] == "\n"
		s = s[used:]
	}
}

// markup reads one piece of markup at the start of s.
func (r *reader) markup(s string) int {
	if m := mdEscape.FindStringSubmatch(s); m != nil {
		r.b.WriteString(m[1])
		return len(m[0])
	}
	if m := mdAutolink.FindStringSubmatch(s); m != nil {
		r.b.WriteString(m[1])
		r.links = append(r.links, [2]string{m[1], m[1]})
		return len(m[0])
	}
	if m := mdURL.FindString(s); m != "" {
		r.b.WriteString(m)
		r.links = append(r.links, [2]string{m, m})
		return len(m)
	}
	if m := mdMention.FindString(s); m != "" {
		r.b.WriteString("{mention}")
		return len(m)
	}
	if m := mdEmoji.FindString(s); m != "" {
		r.b.WriteString("{emoji}")
		return len(m)
	}
	for _, c := range []struct {
		re   *regexp.Regexp
		mark int
	}{{mdCode3, 3}, {mdCode2, 2}, {mdCode, 1}} {
		if m := c.re.FindStringSubmatch(s); m != nil {
			r.b.WriteString(m[1])
			return len(m[1]) + 2*c.mark
		}
	}
	if m := mdLink.FindStringSubmatch(s); m != nil && !strings.Contains(m[1], "://") && strings.TrimSpace(m[1]) != "" {
		before := r.b.Len()
		r.read(m[1], false)
		r.links = append(r.links, [2]string{r.b.String()[before:], m[2]})
		return len(m[0])
	}
	for _, c := range []struct {
		re   *regexp.Regexp
		mark int
	}{{mdStrong, 2}, {mdEm, 1}, {mdUnderline, 2}, {mdUnderscor, 1}, {mdStrike, 2}, {mdSpoiler, 2}} {
		if m := c.re.FindStringSubmatch(s); m != nil {
			r.read(m[1], false)
			return len(m[1]) + 2*c.mark
		}
	}
	return 0
}

func firstMatch(s string, res ...*regexp.Regexp) string {
	for _, re := range res {
		if m := re.FindString(s); m != "" {
			return m
		}
	}
	return ""
}
