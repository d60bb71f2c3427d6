package mastodon

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/link"
)

// textOf gives a status's text as a thread shows it: without mentions of the
// conversation's own people in front, and without the hint at a quoted post
// where the quote itself tells of it.
func textOf(st *status, people map[string]bool, quoted bool) fedi.Text {
	var t fedi.Text
	t.Plain, t.Facets = plain(string(st.Content), quoted)
	if st.ParentID != "" || st.ParentAccount != "" {
		t.DropMentions(people)
	}
	t.Trim()
	markEmojis(&t, st.Emojis)
	return t
}

// markEmojis adds facets for the custom emojis in the text.
func markEmojis(t *fedi.Text, emojis []emoji) {
	if len(emojis) == 0 {
		return
	}
	pictures := pictures(emojis)
	var borders []int // of the other facets; they come sorted by start only
	for _, f := range t.Facets {
		borders = append(borders, f.Start, f.End)
	}
	slices.Sort(borders)
	found := false
	for start, end := range shortcodes(t.Plain) {
		picture, ok := pictures[t.Plain[start+1:end-1]]
		i, _ := slices.BinarySearch(borders, start+1)
		if !ok || i < len(borders) && borders[i] < end {
			continue
		}
		found = true
		t.Facets = append(t.Facets, unroll.Facet{Start: start, End: end, Kind: unroll.FacetEmoji, URL: picture})
	}
	if found {
		fedi.SortFacets(t.Facets)
	}
}

// withoutEmojis drops the custom emojis from a name.
func withoutEmojis(name string, emojis []emoji) string {
	if len(emojis) == 0 {
		return strings.TrimSpace(name)
	}
	pictures := pictures(emojis)
	var b strings.Builder
	last := 0
	for start, end := range shortcodes(name) {
		if _, ok := pictures[name[start+1:end-1]]; ok {
			b.WriteString(name[last:start])
			last = end
		}
	}
	b.WriteString(name[last:])
	return strings.Join(strings.Fields(b.String()), " ")
}

// pictures maps shortcodes to the addresses of their pictures.
func pictures(emojis []emoji) map[string]string {
	m := make(map[string]string, len(emojis))
	for _, e := range emojis {
		picture := link.Web(string(e.Static))
		if picture == "" {
			picture = link.Web(string(e.URL))
		}
		if picture != "" {
			m[string(e.Code)] = picture
		}
	}
	return m
}

// shortcodes yields the start and end of everything that is written like
// :shortcode:, with neither a letter, a digit nor a colon at its sides.
func shortcodes(s string) iter.Seq2[int, int] {
	isPart := func(c byte) bool { return fedi.IsAlnum(c) || c == '_' }
	return func(yield func(int, int) bool) {
		for i := 0; i < len(s); {
			if s[i] != ':' {
				i++
				continue
			}
			end := i + 1
			for end < len(s) && isPart(s[end]) {
				end++
			}
			if end == len(s) || s[end] != ':' || end == i+1 {
				i = end
				continue
			}
			before, _ := utf8.DecodeLastRuneInString(s[:i])
			after, _ := utf8.DecodeRuneInString(s[end+1:])
			if isBeside(before) || isBeside(after) {
				i = end // its second colon may begin another
				continue
			}
			if !yield(i, end+1) {
				return
			}
			i = end + 1
		}
	}
}

func isBeside(r rune) bool { return r == ':' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// asksForRest tells whether the author of a profile text asks bots to leave
// their posts alone.
func asksForRest(note string) bool {
	note = strings.ToLower(note)
	if !strings.Contains(note, "nobot") && !strings.Contains(note, "nounroll") {
		return false // nearly all
	}
	text, _ := plain(note, false)
	return fedi.AsksForRest(text)
}
