package mention

import (
	"strings"
	"testing"
	"unicode/utf8"

	"unrollbot/unroll"
)

func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"plain words, and a stop.": "plain words, and a stop.",
		"@ada":                     "@\u2060ada",
		"#tag ＃tag $TAG":           "#\u2060tag ＃\u2060tag $\u2060TAG",
		"see e.example/x":          "see e.\u2060example/x",
		"https://e.example":        "https:\u2060//e.\u2060example",
	} {
		if got := Inert(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzFit(f *testing.F) {
	f.Add("some words", "2 posts", "https://e.example/x/20", 30)
	f.Add("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", "", "", 2)
	f.Fuzz(func(t *testing.T, words, text, tail string, most int) {
		if len(words)+len(text) > 500 || !utf8.ValidString(words) || !utf8.ValidString(text) || !utf8.ValidString(tail) {
			return
		}
		got := (&Answer{Words: words, Text: text}).Fit(most, Graphemes, tail)
		if n := Graphemes(got); n > max(most, Graphemes(tail)) {
			t.Errorf("%d graphemes of %d: %q", n, most, got)
		}
		if !strings.HasSuffix(got, tail) || !utf8.ValidString(got) {
			t.Errorf("%q", got)
		}
	})
}

// What an author covered is not shown under a stranger's post.
func TestCovered(t *testing.T) {
	r := threadReply()
	r.Thread.Posts[0].Warning = "spiders"
	a := ofThread(idPhrases{}, "en", &r)
	if a.Words != "" || strings.Contains(a.Summary, "words") {
		t.Errorf("%+v", a)
	}
}

func TestVerdictIsTold(t *testing.T) {
	for state, want := range map[unroll.State]string{
		unroll.Complete: "mention_posts · mention_minutes",
		unroll.Partial:  "mention_posts · mention_minutes · mention_partial",
		unroll.Unknown:  "mention_posts · mention_minutes · mention_unknown",
	} {
		r := threadReply()
		r.Thread.Verdict.State = state
		if got := ofThread(idPhrases{}, "en", &r).Text; got != want {
			t.Errorf("%s: %q", state, got)
		}
	}
	r := threadReply()
	r.Thread.Verdict.State = unroll.Partial
	r.Thread.Posts = append(r.Thread.Posts, unroll.Post{ID: "21", Gap: &unroll.Gap{}})
	if got := ofThread(idPhrases{}, "en", &r).Text; !strings.HasSuffix(got, "mention_missing") {
		t.Errorf("a gap: %q", got)
	}
}
