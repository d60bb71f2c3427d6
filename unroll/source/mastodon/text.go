package mastodon

import (
	"iter"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

// rich is a text with its facets.
type rich struct {
	text   string
	facets []unroll.Facet
}

// textOf gives a status's text as a thread shows it: without mentions of the
// conversation's own people in front, and without the hint at a quoted post
// where the quote itself tells of it.
func textOf(st *status, people map[string]bool, quoted bool) rich {
	var r rich
	r.text, r.facets = plain(string(st.Content), quoted)
	if st.ParentID != "" || st.ParentAccount != "" {
		r.dropMentions(people)
	}
	r.trim()
	r.markEmojis(st.Emojis)
	return r
}

// dropMentions cuts the mentions in front that lead to one of people. They are
// how the network addresses replies, not part of what is said. A mention of
// anybody else ends it.
func (r *rich) dropMentions(people map[string]bool) {
	cut := 0
	for _, f := range r.facets {
		if f.Kind != unroll.FacetMention || f.Start != cut || !people[f.URL] {
			break
		}
		rest := strings.TrimLeftFunc(r.text[f.End:], unicode.IsSpace)
		cut = len(r.text) - len(rest)
	}
	r.cut(cut, len(r.text))
}

// trim cuts white space at both ends.
func (r *rich) trim() {
	start := len(r.text) - len(strings.TrimLeftFunc(r.text, unicode.IsSpace))
	end := len(strings.TrimRightFunc(r.text, unicode.IsSpace))
	r.cut(start, max(start, end))
}

// cut keeps the bytes from start to end.
func (r *rich) cut(start, end int) {
	if start == 0 && end == len(r.text) {
		return
	}
	r.text = r.text[start:end]
	kept := r.facets[:0]
	for _, f := range r.facets {
		f.Start, f.End = max(f.Start-start, 0), min(f.End, end)-start
		if f.Start < f.End {
			kept = append(kept, f)
		}
	}
	r.facets = slices.Clip(kept)
}

// markEmojis adds facets for the custom emojis in the text.
func (r *rich) markEmojis(emojis []emoji) {
	if len(emojis) == 0 {
		return
	}
	pictures := pictures(emojis)
	var borders []int // of the other facets; they come sorted by start only
	for _, f := range r.facets {
		borders = append(borders, f.Start, f.End)
	}
	slices.Sort(borders)
	found := false
	for start, end := range shortcodes(r.text) {
		picture, ok := pictures[r.text[start+1:end-1]]
		i, _ := slices.BinarySearch(borders, start+1)
		if !ok || i < len(borders) && borders[i] < end {
			continue
		}
		found = true
		r.facets = append(r.facets, unroll.Facet{Start: start, End: end, Kind: unroll.FacetEmoji, URL: picture})
	}
	if found {
		sortFacets(r.facets)
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
	isPart := func(c byte) bool { return isAlnum(c) || c == '_' }
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
		return false
	}
	text, _ := plain(note, false)
	isEnd := func(r rune) bool { return r != '#' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for word := range strings.FieldsFuncSeq(text, isEnd) {
		if word == "#nobot" || word == "#nounroll" {
			return true
		}
	}
	return false
}
