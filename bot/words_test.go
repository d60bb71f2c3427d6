package bot

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/language"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

var update = flag.Bool("update", false, "write the golden files")

// counts show every plural form, and marks between thousands.
var counts = []int{0, 1, 2, 3, 11, 21, 100, 1_234, 1_000_000}

// everything is all that a language can say around a thread, a line each.
func everything(w render.Words) string {
	at := time.Date(2026, time.March, 5, 20, 4, 0, 0, time.FixedZone("", 3600))
	var b strings.Builder
	say := func(what, text string) { fmt.Fprintf(&b, "%s: %s\n", what, text) }

	say("Lang", w.Lang())
	for _, n := range counts {
		say(fmt.Sprint("Posts ", n), w.Posts(n))
		say(fmt.Sprint("Branch ", n), w.Branch(n))
		say(fmt.Sprint("Covered ", n), w.Covered(n))
		say(fmt.Sprint("Minutes ", n), w.Minutes(n))
		say(fmt.Sprint("Place ", n), w.Place(n))
		say(fmt.Sprint("Verdict partial ", n), w.Verdict(unroll.Partial, n))
		say(fmt.Sprint("Poll ", n), w.Poll(unroll.Poll{Votes: n}, at))
		for _, rule := range []unroll.Rule{unroll.RuleCounter, unroll.RuleNumbering} {
			say(fmt.Sprint("Because ", rule, " all ", n), w.Because(unroll.Complete, unroll.Evidence{Rule: rule, Have: n, Want: n}))
			say(fmt.Sprint("Because ", rule, " some ", n), w.Because(unroll.Partial, unroll.Evidence{Rule: rule, Have: n - 1, Want: n}))
		}
	}
	for _, author := range []string{"", "Ada (@ada)"} {
		say("Untitled "+author, w.Untitled(author))
		say("ReplyTo "+author, w.ReplyTo(author))
		say("Quoting "+author, w.Quoting(author))
	}
	for _, begin := range []string{"", "So it began…"} {
		say("BranchAfter "+begin, w.BranchAfter(begin))
	}
	say("Warning", w.Warning("heights"))
	for _, r := range []unroll.GapReason{
		unroll.GapUnknown, unroll.GapDeleted, unroll.GapPrivate, unroll.GapBlocked, unroll.GapSuspended, unroll.GapWithheld,
		unroll.GapRestricted, unroll.GapWithdrawn, "of a later version",
	} {
		say("Gap "+string(r), w.Gap(r))
		say("NoQuote "+string(r), w.NoQuote(r))
	}
	say("CutText", w.CutText())
	say("Boxes", w.Boxes("U+6F22"))
	for _, kind := range []unroll.MediaKind{unroll.MediaImage, unroll.MediaVideo, unroll.MediaGIF, unroll.MediaAudio, "of a later version"} {
		say("Media "+string(kind), w.Media(unroll.Media{Kind: kind}))
		say("Media with length "+string(kind), w.Media(unroll.Media{Kind: kind, Duration: 3661 * time.Second}))
	}
	say("NoDescription", w.NoDescription())
	say("Link", w.Link())
	say("Edited", w.Edited(at))
	for month := time.January; month <= time.December; month++ {
		say("Day", w.Day(time.Date(2026, month, int(month), 0, 0, 0, 0, time.UTC)))
	}
	say("Time", w.Time(at))
	for _, n := range []unroll.Network{unroll.X, unroll.Bluesky, unroll.Mastodon, unroll.Short, "of a later version"} {
		say("Follow "+string(n), w.Follow(n))
	}
	say("About", w.About())
	for _, votes := range []int{0, 1234} {
		say(fmt.Sprint("Poll ended ", votes), w.Poll(unroll.Poll{Votes: votes, EndsAt: at}, at.Add(time.Hour)))
		say(fmt.Sprint("Poll open ", votes), w.Poll(unroll.Poll{Votes: votes, EndsAt: at}, at.Add(-time.Hour)))
	}
	say("Share", w.Share(9, 1234))
	say("Original", w.Original())
	for _, source := range []string{"", "FxTwitter"} {
		say("Read without time "+source, w.Read(source, time.Time{}))
		say("Read "+source, w.Read(source, at))
	}
	for _, s := range []unroll.State{unroll.Complete, unroll.Partial, unroll.Unknown, "of a later version"} {
		say("Verdict "+string(s), w.Verdict(s, 0))
		say("Because "+string(s), w.Because(s, unroll.Evidence{}))
	}
	for _, rule := range []unroll.Rule{
		unroll.RuleGap, unroll.RuleHead, unroll.RuleCutText, unroll.RuleCut, unroll.RuleNoThread, unroll.RuleCounter, unroll.RuleNumbering,
		unroll.RuleOpener, unroll.RuleEnd, unroll.RuleOpenEnd, unroll.RuleChainOnly, "of a later version",
	} {
		say("Because partial "+string(rule), w.Because(unroll.Partial, unroll.Evidence{Rule: rule}))
	}
	return b.String()
}

// Translators read words.en.json; what is said in English is render's.
func TestEnglishWordsAreRenders(t *testing.T) {
	m := messages(t)
	fromFile, err := newWords(language.English, m.spoken[0])
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(everything(render.English{}), everything(fromFile)); diff != "" {
		t.Errorf("words.en.json says something else (-render.English +file):\n%s", diff)
	}
	if w := m.Words("en-GB"); w != (render.English{}) {
		t.Errorf("English is %T", w)
	}
}

func TestWordsByLocale(t *testing.T) {
	m := messages(t)
	for locale, want := range map[string]string{"": "en", "ru-RU": "ru", "pt-BR": "pt", "ar-EG": "ar", "tlh": "en", "uk": "en"} {
		if got := m.Words(locale).Lang(); got != want {
			t.Errorf("%q: got %q, want %q", locale, got, want)
		}
	}
}

// The golden files were read line by line: a change to them wants a reader of
// the language.
func TestWordsOfEveryLanguage(t *testing.T) {
	m := messages(t)
	for _, lang := range append(m.Languages(), "en") {
		t.Run(lang, func(t *testing.T) {
			golden(t, lang+".phrases.txt", everything(m.Words(lang)))
			golden(t, lang+".thread.txt", inText(t, m.Words(lang), rendertest.Thread("https://media.example")))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "words", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func inText(t *testing.T, w render.Words, thread unroll.Thread) string {
	t.Helper()
	var b strings.Builder
	if err := (render.Options{Words: w, KeepNumbers: true}).Text(&b, &thread); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// No piece of an English phrase may stand in what another language says,
// unless the two share the word.
func TestNoEnglishInOtherLanguages(t *testing.T) {
	m := messages(t)
	for _, lang := range m.Languages() {
		t.Run(lang, func(t *testing.T) {
			own := strings.Join(pieces(t, lang), "\n")
			thread := withoutLetters(rendertest.Thread("https://media.example"))
			said := everything(m.Words(lang))
			var texts []string
			for line := range strings.Lines(said) { // what was asked for is in English
				_, text, _ := strings.Cut(line, ": ")
				texts = append(texts, text)
			}
			out := strings.Join(texts, "") + inText(t, m.Words(lang), thread)
			for _, piece := range pieces(t, "en") {
				if strings.Contains(out, piece) && !strings.Contains(own, piece) {
					t.Errorf("says %q", piece)
				}
			}
			if strings.Contains(out, "words_") || strings.Contains(out, "{{") {
				t.Error("an id or an argument is left")
			}
		})
	}
}

// pieces are the wordings of a language's phrases between their arguments.
func pieces(t *testing.T, lang string) []string {
	t.Helper()
	var out []string
	for id, forms := range sentences(t, lang) {
		if !strings.HasPrefix(id, "words_") && id != "mention_posts" {
			continue
		}
		for _, text := range forms {
			for _, piece := range newPhrase(text).text {
				if piece = strings.TrimFunc(piece, func(c rune) bool { return !unicode.IsLetter(c) }); utf8.RuneCountInString(piece) > 2 {
					out = append(out, piece)
				}
			}
		}
	}
	return out
}

// withoutLetters is the thread with a sign in place of what people wrote.
func withoutLetters(t unroll.Thread) unroll.Thread {
	mask := func(s *string) {
		*s = strings.Map(func(c rune) rune {
			if unicode.IsLetter(c) && c < utf8.RuneSelf {
				return '*'
			}
			return c
		}, *s)
	}
	media := func(all []unroll.Media) {
		for i := range all {
			mask(&all[i].Alt)
		}
	}
	for p := range t.All {
		mask(&p.Text)
		mask(&p.Warning)
		media(p.Media)
		if p.Quote != nil {
			mask(&p.Quote.Text)
			mask(&p.Quote.Author.Name)
			media(p.Quote.Media)
		}
		if p.Card != nil {
			mask(&p.Card.Title)
			mask(&p.Card.Description)
		}
		if p.Poll != nil {
			for i := range p.Poll.Options {
				mask(&p.Poll.Options[i].Label)
			}
		}
	}
	mask(&t.ReplyTo.Text)
	return t
}

func TestPhrase(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", "", ""},
		{"plain", "a post", "a post"},
		{"alone", "{{.A}}", "1"},
		{"two, turned round", "x {{.B}} y {{.A}}.", "x {{.A}} y 1."},
		{"unknown", "{{.C}}!", "!"},
		{"left open", "{{.A", "{{.A"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := newPhrase(tt.text).fill("A", "1", "B", "{{.A}}"); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// In a line that begins with a Latin name, an Arabic phrase keeps its number.
func TestNumbersStayWithTheirWords(t *testing.T) {
	m := messages(t)
	at := time.Date(2026, time.March, 5, 0, 0, 0, 0, time.UTC)
	for lang, want := range map[string]string{
		"ar": "\u200f27 منشورًا, منشور واحد, \u200f5 دقائق قراءة, \u200f5 مارس 2026",
		"ru": "27 постов, 1 пост, 5\u00a0мин чтения, 5 марта 2026",
	} {
		w := m.Words(lang)
		if got := strings.Join([]string{w.Posts(27), w.Posts(1), w.Minutes(5), w.Day(at)}, ", "); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

// Renderers of several requests share one Words.
func TestWordsAtTheSameTime(t *testing.T) {
	w := messages(t).Words("ar")
	want := everything(w)
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			if everything(w) != want {
				t.Error("something else is said")
			}
		})
	}
	wait.Wait()
}

func BenchmarkWords(b *testing.B) {
	m, err := NewMessages()
	if err != nil {
		b.Fatal(err)
	}
	at := time.Date(2026, time.March, 5, 20, 4, 0, 0, time.UTC)
	for _, lang := range []string{"en", "ru"} {
		w := m.Words(lang)
		for name, say := range map[string]func(){
			"plain": func() { w.NoDescription() },
			"place": func() { w.Place(12) },
			"time":  func() { w.Time(at) },
			"posts": func() { w.Posts(12) },
		} {
			b.Run(lang+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					say()
				}
			})
		}
		thread := rendertest.Long(100)
		b.Run(lang+"/blocks", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render.Blocks(&thread, render.Options{Words: w})
			}
		})
	}
}
