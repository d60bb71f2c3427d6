package fxtwitter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// fake answers /2/thread/{id} from a map, and 404 in FxTwitter's way for ids
// that it does not hold.
type fake struct {
	answers map[string]http.HandlerFunc
	mu      sync.Mutex
	asked   []string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/2/thread/")
	f.mu.Lock()
	f.asked = append(f.asked, id)
	f.mu.Unlock()
	if h, ok := f.answers[id]; ok {
		h(w, r)
		return
	}
	answer(404, `{"status":null,"thread":null,"author":null,"code":404}`)(w, r)
}

func answer(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func start(t testing.TB, f *fake) *Source {
	t.Helper()
	base, d := sourcetest.Serve(t, f)
	s, err := New(Config{BaseURL: base + "/"}, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ref(id string) unroll.Ref { return unroll.Ref{Network: unroll.X, ID: id} }

func TestFetchGolden(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{
		"thread":          "1800000000000000003",
		"no_thread":       "1800000000000000001",
		"note":            "1800000000000000011",
		"article":         "1800000000000000021",
		"article_preview": "1800000000000000022",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answers: map[string]http.HandlerFunc{id: answer(200, string(sourcetest.Fixture(t, name+".json")))}}
			conv, err := start(t, f).Fetch(t.Context(), ref(id))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.CheckConversation(t, conv)
			if len(f.asked) != 1 {
				t.Errorf("asked for %v", f.asked)
			}
			conv.FetchedAt = time.Time{}
			sourcetest.Golden(t, name+".golden", conv)
		})
	}
}

func TestNestedQuote(t *testing.T) {
	t.Parallel()
	const link = "https://t.co/aaaaaaaaaa"
	quote := func(id string, inner *status) *status {
		to := "https://x.com/ada/status/"
		if inner != nil {
			to += inner.ID
		}
		return &status{
			ID: id, Author: author{ID: "1", ScreenName: "ada"}, Quote: inner,
			RawText: rawText{Text: "see " + link, Facets: []facet{{
				Type: "url", Indices: []int{4, 27}, Original: link, Display: "x.com/ada/…", Replacement: to,
			}}},
		}
	}
	p := toPost(quote("7", quote("8", quote("9", nil))))
	if p.Text != "see" || p.Quote.Text != "see x.com/ada/…" || p.Quote.URL != "https://x.com/ada/status/8" {
		t.Errorf("text %q, quote %+v", p.Text, p.Quote)
	}
	inner := quote("8", nil)
	inner.Card = &card{URL: "https://pages.example/a", Title: "A page"}
	if p := toPost(quote("7", inner)); p.Quote.Card == nil || p.Quote.Card.Title != "A page" {
		t.Errorf("card of the quoted post: %+v", p.Quote.Card)
	}
}

// TestOwnLink: a text that X cut short ends in a link to the post itself.
func TestOwnLink(t *testing.T) {
	t.Parallel()
	p := toPost(&status{ID: "7", RawText: rawText{Text: "much… https://t.co/aaaaaaaaaa", Facets: []facet{{
		Type: "url", Indices: []int{6, 29}, Original: "https://t.co/aaaaaaaaaa", Replacement: "https://x.com/i/web/status/7",
	}}}})
	if p.Text != "much…" {
		t.Errorf("text %q", p.Text)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		code int
		body string
		kind unroll.Kind
	}{
		{"unknown or deleted", 404, `{"status":null,"thread":null,"author":null,"code":404}`, unroll.KindNotFound},
		{"deleted", 404, `{"status":{"type":"tombstone","reason":"deleted"},"thread":null,"author":null,"code":404}`, unroll.KindDeleted},
		{"suspended", 404, `{"status":{"type":"tombstone","reason":"suspended","id":"20"},"thread":null,"code":404}`, unroll.KindBlocked},
		{"private", 404, `{"status":{"type":"tombstone","reason":"private"},"code":404}`, unroll.KindPrivate},
		{"unavailable", 404, `{"status":{"type":"tombstone","reason":"unavailable"},"code":404}`, unroll.KindNotFound},
		{"deleted with 200", 200, `{"status":{"type":"tombstone","reason":"deleted"},"thread":[],"code":200}`, unroll.KindDeleted},
		{"protected account", 401, `{"status":null,"thread":null,"author":null,"code":401}`, unroll.KindPrivate},
		{"our name is missing", 401, `{"error":"You must say who you are"}`, unroll.KindUpstream},
		{"no such route", 404, `{"code":404,"message":"Not found"}`, unroll.KindUpstream},
		{"not an id", 400, `{"code":400,"message":"id: must be a number"}`, unroll.KindInvalidRef},
		{"refused in the body", 200, `{"status":null,"thread":null,"code":404}`, unroll.KindNotFound},
		{"failed in the body", 200, `{"status":null,"thread":null,"code":500}`, unroll.KindUpstream},
		{"a post without author", 200, `{"code":200,"status":{"type":"status","id":"20"},"thread":null}`, unroll.KindUpstream},
		{"a post with a strange id", 200, `{"code":200,"status":{"type":"status","id":"a/b","author":{"id":"1","screen_name":"ada"}},"thread":[]}`, unroll.KindUpstream},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, &fake{answers: map[string]http.HandlerFunc{"20": answer(tc.code, tc.body)}})
			if _, err := s.Fetch(t.Context(), ref("20")); unroll.KindOf(err) != tc.kind {
				t.Errorf("got %v, want %s", err, tc.kind)
			}
		})
	}
	s := start(t, &fake{})
	if _, err := s.Fetch(t.Context(), ref("abc")); unroll.KindOf(err) != unroll.KindInvalidRef {
		t.Errorf("abc: %v", err)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	sourcetest.BaseURLs(t, defaultBaseURL, func(base string) error {
		_, err := New(Config{BaseURL: base}, nil)
		return err
	})
	s, err := New(Config{}, nil)
	if err != nil || s.base != defaultBaseURL {
		t.Errorf("%+v, %v", s, err)
	}
	for id, want := range map[string]bool{"20": true, "1234567890123456789": true, "": false, "a": false, "99999999999999999999": false} {
		if s.Match(ref(id)) != want {
			t.Errorf("match %q", id)
		}
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	good := &fake{answers: map[string]http.HandlerFunc{
		"1800000000000000103": answer(200, string(sourcetest.Fixture(t, "stranger.json"))),
		"1800000000000000003": answer(200, string(sourcetest.Fixture(t, "thread.json"))),
	}}
	harness := sourcetest.Harness{
		New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
			s, err := New(Config{BaseURL: base}, d)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Ref:      func(string) unroll.Ref { return ref("1800000000000000103") },
		Good:     good,
		Requests: 2,
		Kinds:    map[int]unroll.Kind{400: unroll.KindInvalidRef, 401: unroll.KindUpstream},
	}
	sourcetest.Run(t, harness)

	for name, id := range map[string]string{
		"article": "1800000000000000021", "note": "1800000000000000011",
	} {
		t.Run(name, func(t *testing.T) {
			h := harness
			h.Ref = func(string) unroll.Ref { return ref(id) }
			h.Good, h.Requests = answer(200, string(sourcetest.Fixture(t, name+".json"))), 1
			sourcetest.Run(t, h)
		})
	}
}

func FuzzAnswer(f *testing.F) {
	for _, name := range []string{"thread", "stranger", "note", "article", "article_preview", "no_thread"} {
		f.Add(sourcetest.Fixture(f, name+".json"))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var env envelope
		if json.Unmarshal(raw, &env) != nil || env.Status == nil {
			return
		}
		w := newWalk(&env)
		w.next()
		if w.has(w.conv.Asked) {
			sourcetest.CheckConversation(t, w.finish())
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	lines := []string{"1<0,ada,1", "1<0,ada,1"}
	for i := 2; i <= 30; i++ {
		lines = append(lines, fmt.Sprintf("%d<%d@ada,ada,1", i, i-1))
	}
	rec := &recorder{header: http.Header{}}
	tell(lines...)(rec, nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(rec.body)))
	for b.Loop() {
		var env envelope
		if err := json.Unmarshal(rec.body, &env); err != nil {
			b.Fatal(err)
		}
		newWalk(&env).finish()
	}
}

type recorder struct {
	header http.Header
	body   []byte
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(b []byte) (int, error) { r.body = append(r.body, b...); return len(b), nil }
