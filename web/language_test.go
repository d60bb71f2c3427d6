package web_test

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/web"
)

// spoken is a language that the test can tell from English.
type spoken struct {
	render.English
	lang string
}

func (s spoken) Lang() string       { return s.lang }
func (s spoken) Posts(n int) string { return fmt.Sprintf("%d in %s", n, s.lang) }

// A page speaks the language that its thread begins in.
func TestPageSpeaksTheThreadsLanguage(t *testing.T) {
	f := newFake()
	for id, lang := range map[string]string{"1": "de", "2": "ar-EG", "3": "", "4": "qme"} {
		ref := unroll.Ref{Network: unroll.X, ID: id}
		f.threads[ref] = unroll.Thread{Ref: ref, Posts: []unroll.Post{{ID: id, Text: "Words", Lang: lang}}}
	}
	s := newServer(t, f, web.Config{Words: func(lang string) render.Words { return spoken{lang: cmp.Or(lang, "en")} }})
	for id, want := range map[string]string{"1": `lang="de" dir="ltr"`, "2": `lang="ar-EG" dir="rtl"`, "3": `lang="en" dir="ltr"`, "4": `lang="en" dir="ltr"`} {
		lang, _, _ := strings.Cut(strings.TrimPrefix(want, `lang="`), `"`)
		page, text := get(t, s, "/x/"+id).Body, get(t, s, "/x/"+id+".txt").Body
		if !strings.Contains(page, `<article class="thread" `+want+`>`) || !strings.Contains(page, "1 in "+lang) || !strings.Contains(text, "1 in "+lang) {
			t.Errorf("%s: not in %s", id, lang)
		}
	}
}
