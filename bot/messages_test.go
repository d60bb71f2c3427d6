package bot

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// forms are a sentence's texts by plural form; a plain one has "other" alone.
type forms map[string]string

func (f *forms) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*f = forms{"other": one}
		return nil
	}
	return json.Unmarshal(data, (*map[string]string)(f))
}

// sentences are all that a language says, of every file of it.
func sentences(t *testing.T, lang string) map[string]forms {
	t.Helper()
	out := make(map[string]forms)
	files, err := fs.Glob(messageFiles, "messages/*."+lang+".json")
	if err != nil || len(files) == 0 {
		t.Fatal(lang, files, err)
	}
	for _, name := range files {
		data, err := fs.ReadFile(messageFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		var one map[string]forms
		if err := json.Unmarshal(data, &one); err != nil {
			t.Fatal(err)
		}
		for id, f := range one {
			if out[id] != nil {
				t.Errorf("%s: %s is in another file, too", name, id)
			}
			out[id] = f
		}
	}
	return out
}

// needed are the plural forms that a language has for whole numbers.
func needed(t *testing.T, lang string) []string {
	t.Helper()
	bundle := i18n.NewBundle(language.MustParse(lang))
	if err := bundle.AddMessages(language.MustParse(lang), &i18n.Message{
		ID: "form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other",
	}); err != nil {
		t.Fatal(err)
	}
	said := i18n.NewLocalizer(bundle, lang)
	seen := map[string]bool{"other": true} // every language has it, be it for fractions alone
	for n := range 1002 {
		if n > 1000 {
			n = 1_000_000
		}
		form, err := said.Localize(&i18n.LocalizeConfig{MessageID: "form", PluralCount: n})
		if err != nil {
			t.Fatal(err)
		}
		seen[form] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

func arguments(text string) []string {
	out := regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(text, -1)
	slices.Sort(out)
	return slices.Compact(out)
}

func TestEveryLanguageSaysEverything(t *testing.T) {
	english := sentences(t, "en")
	languages := messages(t).Languages()
	if diff := cmp.Diff([]string{"ar", "de", "es", "fr", "ja", "pt", "ru"}, languages); diff != "" {
		t.Fatal(diff)
	}
	for _, lang := range append(languages, "en") {
		t.Run(lang, func(t *testing.T) {
			said := sentences(t, lang)
			for id := range said {
				if english[id] == nil {
					t.Errorf("%s: no such sentence in English", id)
				}
			}
			for id, want := range english {
				checkSentence(t, lang, id, want, said[id])
			}
		})
	}
}

func checkSentence(t *testing.T, lang, id string, english, said forms) {
	t.Helper()
	if said == nil {
		t.Errorf("%s: missing", id)
		return
	}
	forms := []string{"other"}
	if len(english) > 1 {
		forms = needed(t, lang)
	}
	want := arguments(english["other"])
	for _, form := range forms {
		text, ok := said[form]
		switch got := arguments(text); {
		case !ok || strings.TrimSpace(text) == "":
			t.Errorf("%s: plural form %q is missing", id, form)
		case slices.Equal(got, want):
		case form != "one" && form != "two": // these may say the number in a word
			t.Errorf("%s (%s): arguments %v, want %v", id, form, got, want)
		case !slices.Equal(slices.Sorted(slices.Values(append(got, "{{.PluralCount}}"))), want):
			t.Errorf("%s (%s): arguments %v, want %v, the number may be left out", id, form, got, want)
		}
		if text != strings.TrimSpace(text) {
			t.Errorf("%s (%s): space around %q", id, form, text)
		}
	}
}

// No number, however large, may bring the id of a sentence before users.
func TestEveryNumberHasItsForm(t *testing.T) {
	m := messages(t)
	for _, lang := range append(m.Languages(), "en") {
		for id, f := range sentences(t, "en") {
			if len(f) == 1 {
				continue
			}
			for _, n := range []int{0, 1, 2, 3, 5, 11, 12, 21, 22, 25, 99, 100, 101, 102, 111, 1_000_000} {
				text := m.Text(lang, id, map[string]any{"PluralCount": n, "Author": "Ada", "Word": "unwatch", "Have": 0})
				if text == id || strings.Contains(text, "<no value>") || (n > 2 && !strings.Contains(text, fmt.Sprint(n))) {
					t.Errorf("%s, %s of %d: %q", lang, id, n, text)
				}
			}
		}
	}
}

func TestPlurals(t *testing.T) {
	m := messages(t)
	for _, tt := range []struct {
		locale string
		n      int
		want   string
	}{
		{"en", 1, "1 post"},
		{"en-GB", 0, "0 posts"},
		{"ru", 1, "1 пост"},
		{"ru-RU", 3, "3 поста"},
		{"ru", 11, "11 постов"},
		{"ru", 21, "21 пост"},
		{"ar", 2, "منشوران"},
		{"ar-EG", 3, "3 منشورات"},
		{"ar", 11, "11 منشورًا"},
		{"ar", 100, "100 منشور"},
		{"ja", 1, "1件の投稿"},
		{"pt-br", 0, "0 post"},
		{"fr", 0, "0 post"},
		{"de-AT", 5, "5 Beiträge"},
	} {
		if got := m.Text(tt.locale, "mention_posts", map[string]any{"PluralCount": tt.n}); got != tt.want {
			t.Errorf("%s, %d: got %q, want %q", tt.locale, tt.n, got, tt.want)
		}
	}
}

func TestLocales(t *testing.T) {
	m := messages(t)
	for locale, want := range map[string]string{
		"": "Open page", "en": "Open page", "en-US": "Open page", "de": "Seite öffnen", "DE_ch": "Seite öffnen",
		"es-419": "Abrir página", "es-ES": "Abrir página", "pt-PT": "Abrir página",
		"uk": "Open page", // not Russian, which the tables take for near
		"ca": "Open page", "zh-hans": "Open page", "tlh": "Open page", "no locale!": "Open page", strings.Repeat("x", 5000): "Open page",
	} {
		for range 2 { // the second from memory
			if got := m.Text(locale, "button_open", nil); got != want {
				t.Errorf("%.20q: got %q, want %q", locale, got, want)
			}
		}
	}
}

func TestUnknownSentenceIsVisible(t *testing.T) {
	if got := messages(t).Text("ru", "no_such_sentence", nil); got != "no_such_sentence" {
		t.Errorf("got %q", got)
	}
}

func TestLocalesAreForgottenInTime(t *testing.T) {
	m := messages(t)
	for i := range 3 * maxLocales {
		m.Text(fmt.Sprintf("x-%d", i), "yes", nil)
	}
	if len(m.chosen) > maxLocales {
		t.Errorf("%d locales are held", len(m.chosen))
	}
}

func BenchmarkText(b *testing.B) {
	m, err := NewMessages()
	if err != nil {
		b.Fatal(err)
	}
	for name, args := range map[string]map[string]any{"button_open": nil, "button_page": {"Page": 2, "Pages": 7}, "wait_seconds": {"PluralCount": 5}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m.Text("ru", name, args)
			}
		})
	}
}
