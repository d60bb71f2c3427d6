package mention

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// Answer is what is said to a mention, in no network's form.
type Answer struct {
	// Words are the thread's first ones; empty where Text says all.
	Words string
	// Text is a sentence, or the thread's size, reading time and verdict.
	Text string
	// Link is the address of the thread's page, and LinkText what to call
	// it; both empty for a sentence alone.
	Link, LinkText string
	// Title and Summary are for a card of Link.
	Title, Summary string
	Locale         string // of the words around the thread's own
	// News is set where a watched thread has grown: the id of the first post
	// that is new. It is one more answer to the same mention.
	News string
}

// minutes is the time it takes to read a thread, but at least 1.
func minutes(t *unroll.Thread) int { return max(1, render.Minutes(t)) }

// title names a thread, in words of the asker's language where its author's
// are not to be shown.
func title(p bot.Phrases, locale string, t *unroll.Thread) string {
	return render.Options{Words: p.Words(locale)}.Title(t)
}

// ofThread is the answer that shows a thread.
func ofThread(p bot.Phrases, locale string, r *bot.Reply) *Answer {
	t := r.Thread
	facts := []string{
		p.Text(locale, "mention_posts", map[string]any{"PluralCount": t.Len()}),
		p.Text(locale, "mention_minutes", map[string]any{"PluralCount": minutes(t)}),
	}
	switch missing := render.Missing(t); {
	case t.Verdict.State == unroll.Complete:
	case t.Verdict.State == unroll.Partial && missing > 0:
		facts = append(facts, p.Text(locale, "mention_missing", map[string]any{"PluralCount": missing}))
	case t.Verdict.State == unroll.Partial:
		facts = append(facts, p.Text(locale, "mention_partial", nil))
	default:
		facts = append(facts, p.Text(locale, "mention_unknown", nil))
	}
	name := title(p, locale, t)
	words := name
	if t.Sensitive() { // what the author covered is not spread under a stranger's post
		words = ""
	}
	return &Answer{
		Words: words, Text: strings.Join(facts, " · "),
		Link: r.PageURL, LinkText: p.Text(locale, "mention_read", nil),
		Title: name, Summary: summary(t, strings.Join(facts, " · ")), Locale: locale,
	}
}

func summary(t *unroll.Thread, facts string) string {
	if t.Sensitive() {
		return facts
	}
	return facts + "\n" + render.Summary(t, 160)
}

// again is the answer where the thread was shown in this conversation before.
func again(p bot.Phrases, locale string, r *bot.Reply) *Answer {
	return &Answer{
		Text: p.Text(locale, "mention_again", nil), Link: r.PageURL, LinkText: p.Text(locale, "mention_read", nil),
		Title: title(p, locale, r.Thread), Locale: locale,
	}
}

// ofNews is the answer that tells of a watched thread's new posts.
func ofNews(p bot.Phrases, locale string, r *bot.Reply) *Answer {
	t := r.Thread
	fresh := unroll.Thread{Ref: t.Ref, Author: t.Author}
	at := slices.IndexFunc(t.Posts, func(post unroll.Post) bool { return post.ID == r.NewFrom })
	fresh.Posts = t.Posts[max(at, 0):]
	a := &Answer{
		Words: title(p, locale, &fresh),
		Text:  p.Text(locale, "news", map[string]any{"PluralCount": fresh.Len(), "Author": Inert(cmp.Or(t.Author.Name, t.Author.Handle))}),
		Link:  r.PageURL + "#" + render.Anchor(t, r.NewFrom), LinkText: p.Text(locale, "mention_read", nil),
		Title: title(p, locale, t), Locale: locale, News: r.NewFrom,
	}
	a.Summary = a.Text
	if t.Sensitive() {
		a.Words = ""
	}
	return a
}

// Fit writes the answer as a text of at most max, in the units of size; tail
// is the line that holds the link. Words give way first, then Text; tail is
// never cut.
func (a *Answer) Fit(max int, size func(string) int, tail string) string {
	join := func(words, text string) string {
		var lines []string
		if words != "" {
			lines = append(lines, "“"+words+"”")
		}
		for _, l := range []string{text, tail} {
			if l != "" {
				lines = append(lines, l)
			}
		}
		return strings.Join(lines, "\n")
	}
	words, text := a.Words, a.Text
	for size(join(words, text)) > max && words != "" {
		words = shorter(words)
	}
	for size(join(words, text)) > max && text != "" {
		text = shorter(text)
	}
	return join(words, text)
}

// shorter cuts the last grapheme, or the last with its ellipsis.
func shorter(s string) string {
	s = strings.TrimRight(strings.TrimSuffix(s, "…"), " ")
	last := 0
	for g := graphemes.FromString(s); g.Next(); {
		last = g.Start()
	}
	if s = strings.TrimRight(s[:last], " "); s == "" {
		return ""
	}
	return s + "…"
}

// Graphemes counts what readers take for characters.
func Graphemes(s string) int {
	n := 0
	for g := graphemes.FromString(s); g.Next(); {
		n++
	}
	return n
}

// Inert makes sure that a network which looks for names, tags and addresses
// in texts finds none in the words of a thread: nobody is called, no tag
// joined, no link charged for. A word joiner after the sign does that, and
// is not seen.
func Inert(s string) string {
	const joiner = '\u2060'
	var b strings.Builder
	rs := []rune(s)
	for i, r := range rs {
		b.WriteRune(r)
		switch r {
		case '@', '＠', '#', '＃', '$', ':':
			b.WriteRune(joiner)
		case '.', '。':
			if i+1 < len(rs) && (unicode.IsLetter(rs[i+1]) || unicode.IsDigit(rs[i+1])) {
				b.WriteRune(joiner)
			}
		}
	}
	return b.String()
}
