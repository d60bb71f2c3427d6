package xapi

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// script serves an archive of answers, by what was asked: "lookup IDS",
// "search" and "search TOKEN". The line "Asked: ID" in its head names the post.
type script struct {
	asked   string
	answers map[string][]byte
	calls   atomic.Int32
}

func readScript(t testing.TB, name string, rename *strings.Replacer) *script {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	ar := txtar.Parse([]byte(rename.Replace(string(raw))))
	s := &script{answers: make(map[string][]byte, len(ar.Files))}
	_, s.asked, _ = strings.Cut(strings.TrimSpace(string(ar.Comment)), "Asked: ")
	for _, f := range ar.Files {
		s.answers[f.Name] = f.Data
	}
	return s
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	q := r.URL.Query()
	name := "lookup " + q.Get("ids")
	if strings.Contains(r.URL.Path, "/search/") {
		name = strings.TrimSpace("search " + q.Get("next_token"))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if s.answers[name] == nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
	_, _ = w.Write(s.answers[name])
}

// TestGolden reads one thread with everything in it under the names of both
// languages, which must make no difference.
func TestGolden(t *testing.T) {
	t.Parallel()
	for language, rename := range map[string]*strings.Replacer{
		"classic": strings.NewReplacer(),
		"new": strings.NewReplacer("note_tweet", "note_post", "referenced_tweets", "referenced_posts",
			"edit_history_tweet_ids", "edit_history_post_ids"),
	} {
		t.Run(language, func(t *testing.T) {
			t.Parallel()
			sc := readScript(t, "rich", rename)
			s := answering(t, sc.ServeHTTP)
			c := fetch(t, s, sc.asked)
			if n := sc.calls.Load(); n != 4 {
				t.Errorf("%d calls", n)
			}
			thread, err := unroll.Assemble(c)
			if err != nil {
				t.Fatal(err)
			}
			if want := 9; len(thread.Posts) != want || thread.Len() != want-1 {
				t.Errorf("a thread of %d posts, %d to be read", len(thread.Posts), thread.Len())
			}
			c.FetchedAt = time.Time{}
			sourcetest.Golden(t, "rich.golden", c)
		})
	}
}

// TestGoldenContract breaks the rich answers in many ways.
func TestGoldenContract(t *testing.T) {
	t.Parallel()
	sc := readScript(t, "rich", strings.NewReplacer())
	sourcetest.Run(t, sourcetest.Harness{
		New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
			s, err := New(Config{BaseURL: base, Token: token, Now: clock}, d, nil)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Ref:  func(string) unroll.Ref { return ref(sc.asked) },
		Good: sc,
		Kinds: map[int]unroll.Kind{
			401: unroll.KindUpstream, 403: unroll.KindUpstream, 404: unroll.KindUpstream, 410: unroll.KindUpstream,
		},
	})
}
