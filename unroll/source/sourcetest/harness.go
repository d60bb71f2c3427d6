// Package sourcetest is the contract suite that every source passes, and the
// checks it is made of.
package sourcetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
)

// Harness describes a source to [Run]: how to make it over a fake of its
// service, and how that fake answers.
type Harness struct {
	// New makes the source; base is the address of the fake ("http://host:port").
	New func(t testing.TB, base string, d httpx.Doer) unroll.Source

	// Ref is what to fetch; base is as in New.
	Ref func(base string) unroll.Ref

	// Good answers every request of one successful Fetch, always alike.
	Good http.Handler

	// Requests is how many requests that Fetch makes; 0 checks nothing.
	Requests int

	// Kinds holds what a status means to this source where that is not what
	// httpx makes of it. The body is "{}".
	Kinds map[int]unroll.Kind

	// Secret is a token that New gives the source; no error may show it.
	Secret string
}

// Serve starts a fake on loopback and makes a client that may talk to it,
// without retries.
func Serve(t testing.TB, h http.Handler) (base string, d httpx.Doer) {
	t.Helper()
	srv := httptest.NewServer(h)
	c := httpx.New(httpx.Config{
		UserAgent: "unrollbot/test",
		Trusted:   []string{strings.TrimPrefix(srv.URL, "http://")},
		Retries:   -1,
	})
	t.Cleanup(func() {
		c.Close()
		srv.CloseClientConnections()
		srv.Close()
	})
	return srv.URL, c
}

// Run runs the suite.
func Run(t *testing.T, h Harness) {
	t.Helper()
	t.Run("good", h.good)
	t.Run("match", h.match)
	t.Run("statuses", h.statuses)
	t.Run("bad bodies", h.badBodies)
	t.Run("fails half-way", h.halfWay)
	t.Run("never answers", h.neverAnswers)
	t.Run("concurrent", h.concurrent)
	t.Run("mutations", h.mutations)
}

// start makes the source over a fake that answers with handler.
func (h *Harness) start(t testing.TB, handler http.Handler) (unroll.Source, unroll.Ref) {
	t.Helper()
	base, d := Serve(t, handler)
	return h.New(t, base, d), h.Ref(base)
}

// failed checks err's form and gives its kind.
func (h *Harness) failed(t testing.TB, src unroll.Source, err error) unroll.Kind {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return ""
	}
	var e *unroll.Error
	if !errors.As(err, &e) {
		t.Errorf("not an *unroll.Error: %v", err)
		return ""
	}
	if e.Source != src.Name() || e.Op == "" || e.Kind == unroll.KindInternal {
		t.Errorf("source %q, op %q, kind %q in: %v", e.Source, e.Op, e.Kind, err)
	}
	for w := error(e); h.Secret != "" && w != nil; w = errors.Unwrap(w) {
		if strings.Contains(w.Error(), h.Secret) {
			t.Errorf("the error shows the secret: %v", w)
		}
	}
	return e.Kind
}

func (h *Harness) good(t *testing.T) {
	var tap tap
	src, ref := h.start(t, tap.over(h.Good))
	conv, err := src.Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	CheckConversation(t, conv)
	if conv.Source != src.Name() {
		t.Errorf("source %q, want %q", conv.Source, src.Name())
	}
	if conv.Ref.Network != ref.Network {
		t.Errorf("ref %s, asked for %s", conv.Ref, ref)
	}
	if i := slices.IndexFunc(conv.Posts, func(p unroll.Post) bool { return p.ID == conv.Asked }); i >= 0 {
		if _, ok := conv.Authors[conv.Posts[i].AuthorID]; !ok {
			t.Error("the asked post's author is missing")
		}
	}
	if got := len(tap.uris); h.Requests > 0 && got != h.Requests {
		t.Errorf("%d requests, want %d: %q", got, h.Requests, tap.uris)
	}
}

func (h *Harness) match(t *testing.T) {
	src, ref := h.start(t, h.Good)
	if src.Name() == "" || !src.Match(ref) {
		t.Errorf("source %q does not match %s", src.Name(), ref)
	}
	for _, n := range []unroll.Network{unroll.X, unroll.Bluesky, unroll.Mastodon, unroll.Short, ""} {
		other := ref
		other.Network = n
		if n != ref.Network && src.Match(other) {
			t.Errorf("source %q matches %s", src.Name(), other)
		}
	}
}

func (h *Harness) statuses(t *testing.T) {
	kinds := map[int]unroll.Kind{
		400: unroll.KindUpstream, 401: unroll.KindLoginRequired, 403: unroll.KindPrivate, 404: unroll.KindNotFound,
		410: unroll.KindNotFound, 418: unroll.KindUpstream, 429: unroll.KindRateLimited, 451: unroll.KindBlocked,
		500: unroll.KindUpstream, 502: unroll.KindUpstream, 503: unroll.KindUpstream, 504: unroll.KindUpstream,
	}
	for code, kind := range kinds {
		if own, ok := h.Kinds[code]; ok {
			kind = own
		}
		src, ref := h.start(t, answer(code, "application/json", "{}"))
		_, err := src.Fetch(t.Context(), ref)
		if got := h.failed(t, src, err); got != kind {
			t.Errorf("status %d: kind %q, want %q: %v", code, got, kind, err)
		}
		if code == http.StatusTooManyRequests && unroll.RetryAfter(err) != 7*time.Second {
			t.Errorf("status %d: retry after %v", code, unroll.RetryAfter(err))
		}
		// A page in place of JSON may be less clear, not a success.
		src, ref = h.start(t, answer(code, "text/html", "<html>"))
		_, err = src.Fetch(t.Context(), ref)
		h.failed(t, src, err)
	}
}

func (h *Harness) badBodies(t *testing.T) {
	bodies := map[string]http.Handler{
		"html":     answer(200, "text/html", "<!doctype html><title>Sorry</title>"),
		"no type":  answer(200, "", "{}"),
		"not json": answer(200, "application/json", "<!doctype html>"),
		"empty":    answer(200, "application/json", ""),
		"null":     answer(200, "application/json", "null"),
		"object":   answer(200, "application/json", "{}"),
		"list":     answer(200, "application/json", "[]"),
		"string":   answer(200, "application/json", `"x"`),
		"number":   answer(200, "application/json", "1"),
		"deep":     answer(200, "application/json", strings.Repeat(`{"thread":[`, 20000)),
		"half": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := record(h.Good, r)
			answer(200, "application/json", rec.Body.String()[:rec.Body.Len()/2])(w, r)
		}),
		"ends early": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100000")
			_, _ = w.Write(record(h.Good, r).Body.Bytes())
		}),
		"endless":   http.HandlerFunc(endless),
		"elsewhere": http.RedirectHandler("http://127.0.0.1:1/", http.StatusFound),
	}
	for name, handler := range bodies {
		t.Run(name, func(t *testing.T) {
			src, ref := h.start(t, handler)
			_, err := src.Fetch(t.Context(), ref)
			kind := h.failed(t, src, err)
			if name == "endless" && kind != unroll.KindTooLarge {
				t.Errorf("kind %q: %v", kind, err)
			}
		})
	}
}

// halfWay breaks every request but the first ones: then the source shows
// what it has, or says that it has nothing.
func (h *Harness) halfWay(t *testing.T) {
	for n := 1; n < max(h.Requests, 2); n++ {
		var tap tap
		src, ref := h.start(t, tap.over(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tap.count() > n {
				answer(500, "application/json", "{}")(w, r)
				return
			}
			h.Good.ServeHTTP(w, r)
		})))
		conv, err := src.Fetch(t.Context(), ref)
		if err != nil {
			h.failed(t, src, err)
			continue
		}
		CheckConversation(t, conv)
		if tap.count() > n && !incomplete(conv) {
			t.Errorf("request %d failed and nothing tells", n+1)
		}
	}
}

// incomplete tells whether a conversation shows that something is missing: a
// cut, a gap, or a reply to a post that is not there.
func incomplete(c unroll.Conversation) bool {
	held := make(map[string]bool, len(c.Posts))
	for i := range c.Posts {
		held[c.Posts[i].ID] = true
	}
	return len(c.Cuts) > 0 || slices.ContainsFunc(c.Posts, func(p unroll.Post) bool {
		return p.Gap != nil || p.ParentID != "" && !held[p.ParentID]
	})
}

func (h *Harness) neverAnswers(t *testing.T) {
	asked := make(chan struct{}, 8)
	hold := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a server sees nobody leave before that
		asked <- struct{}{}
		<-r.Context().Done()
	})
	src, ref := h.start(t, hold)

	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := src.Fetch(ctx, ref)
	if kind := h.failed(t, src, err); kind != unroll.KindCanceled {
		t.Errorf("canceled: %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = src.Fetch(ctx, ref)
	if kind := h.failed(t, src, err); kind != unroll.KindTimeout {
		t.Errorf("deadline: %v", err)
	}
}

func (h *Harness) concurrent(t *testing.T) {
	src, ref := h.start(t, h.Good)
	want, err := src.Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := src.Fetch(t.Context(), ref)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(unroll.Conversation{}, "FetchedAt")); diff != "" {
				t.Errorf("two fetches differ: %s", diff)
			}
		})
	}
	wg.Wait()
}

// tap notes the requests on their way to a handler.
type tap struct {
	mu   sync.Mutex
	uris []string
}

func (t *tap) over(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.mu.Lock()
		t.uris = append(t.uris, r.URL.RequestURI())
		t.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

func (t *tap) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.uris)
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{contentType}
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func record(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec
}

func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	chunk := bytes.Repeat([]byte("[0,"), 20000)
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}
