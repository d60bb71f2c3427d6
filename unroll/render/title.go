package render

import (
	"cmp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"unrollbot/unroll"
)

// TitleMax is how long a [Title] may be, in graphemes.
const TitleMax = 80

// titleMin is how long a first line must be to be a title by itself, in
// code points: shorter ones are greetings and lone emoji.
const titleMin = 12

// Title names a thread by its first words, on one line of at most [TitleMax]
// graphemes; one that begins under a content warning by that, and one
// without words by its author. It may hold any
// character but line ends, controls and explicit directional ones.
func Title(t *unroll.Thread) string { return Options{}.Title(t) }

// Title is [Title] with o's words.
func (o Options) Title(t *unroll.Thread) string {
	t = o.prepared(t)
	for i := range t.Posts {
		if t.Posts[i].Gap != nil {
			continue
		}
		if warning := line(t.Posts[i].Warning); warning != "" {
			return shorten(o.words().Warning(warning), TitleMax)
		}
		text := strings.TrimSpace(t.Posts[i].Text)
		first, _, _ := strings.Cut(text, "\n")
		title := line(first)
		if utf8.RuneCountInString(title) < titleMin {
			title = line(text)
		}
		if title != "" {
			return shorten(title, TitleMax)
		}
		break
	}
	return shorten(o.words().Untitled(who(t.Author)), TitleMax)
}

// headline returns the thread's first line and where the text after it
// begins, if the author wrote that line as a heading: words alone in the
// first paragraph, with a text to follow.
func headline(t *unroll.Thread) (heading string, rest int, ok bool) {
	if len(t.Posts) == 0 || t.Posts[0].Gap != nil || t.Posts[0].Warning != "" {
		return "", 0, false
	}
	p := &t.Posts[0]
	first, after, found := strings.Cut(p.Text, "\n")
	heading = line(first)
	if !found || !strings.HasPrefix(after, "\n") || strings.TrimSpace(after) == "" ||
		utf8.RuneCountInString(heading) < titleMin || shorten(heading, TitleMax) != heading {
		return "", 0, false
	}
	for _, f := range p.Facets {
		if f.Start <= len(first) && f.Kind != unroll.FacetBold && f.Kind != unroll.FacetItalic {
			return "", 0, false
		}
	}
	return heading, len(p.Text) - len(strings.TrimLeft(after, "\n")), true
}

// shorten cuts s to at most max graphemes, at the end of a word where one
// ends in the last third, and then says so with an ellipsis.
func shorten(s string, max int) string {
	if len(s) <= max {
		return s
	}
	g := graphemes.FromString(s)
	count, end, word := 0, 0, 0
	for g.Next() {
		count++
		if count > max {
			break
		}
		if count < max { // room for the ellipsis
			if g.Value() == " " && count > max*2/3 {
				word = g.Start()
			}
			end = g.End()
		}
	}
	if count <= max {
		return s
	}
	if word > 0 && s[end] != ' ' {
		end = word
	}
	return strings.TrimRight(s[:end], " ,;:–—-") + "…"
}

// who names an author on one line: name and handle.
func who(a unroll.Author) string {
	name, handle := line(a.Name), line(a.Handle)
	switch {
	case handle == "":
		return isolate(name)
	case name == "":
		return "@" + handle
	default:
		return isolate(name) + " (@" + handle + ")"
	}
}

// Summary is the beginning of the thread's text on one line, at most max
// graphemes, without the heading, proven numbers and what the author covered;
// it keeps the promises of [Title].
func Summary(t *unroll.Thread, max int) string {
	t = Options{}.prepared(t)
	if _, rest, ok := headline(t); ok {
		t = withoutStart(t, rest)
	}
	var b strings.Builder
	for i := range t.Posts {
		if b.Len() > 4*max { // bytes; enough for graphemes of any script in use
			break
		}
		if t.Posts[i].Warning != "" {
			break
		}
		b.WriteString(t.Posts[i].Text)
		b.WriteByte(' ')
	}
	return shorten(line(b.String()), max)
}

// FileName names a file that holds the thread, by author and title:
// whole words and hyphens, at most 80 code points, then the extension, which
// includes its dot.
func FileName(t *unroll.Thread, ext string) string {
	handle, _, _ := strings.Cut(t.Author.Handle, "@")
	words := strings.FieldsFunc(strings.ToLower(line(handle+" "+Title(t))), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
	name := ""
	for _, w := range words {
		if utf8.RuneCountInString(name)+utf8.RuneCountInString(w) >= TitleMax {
			break
		}
		name += "-" + w
	}
	return strings.TrimPrefix(cmp.Or(name, "-thread"), "-") + ext
}
