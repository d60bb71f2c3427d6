package httpx

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

type doc struct {
	Name string `json:"name"`
}

// serve starts a server that c trusts, and gives a client without retries.
func serve(t *testing.T, h http.HandlerFunc) (*Client, *httptest.Server) {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	c := New(Config{Trusted: []string{hostOf(t, srv)}, Retries: -1})
	t.Cleanup(c.Close)
	return c, srv
}

func hostOf(t *testing.T, srv *httptest.Server) string {
	t.Helper()
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestGetJSON(t *testing.T) {
	t.Parallel()
	const ok = `{"name":"ok"}`
	tests := []struct {
		name    string
		handler http.HandlerFunc
		accept  []int
		kind    unroll.Kind
		out     doc
	}{
		{name: "ok", handler: answer(200, "application/json; charset=utf-8", ok), out: doc{"ok"}},
		{name: "json by suffix", handler: answer(200, "application/activity+json", ok), out: doc{"ok"}},
		{name: "space around", handler: answer(200, "application/json", "\n"+ok+"\n"), out: doc{"ok"}},
		{name: "html with 200", handler: answer(200, "text/html", "<html>"), kind: unroll.KindUpstream},
		{name: "json called text", handler: answer(200, "text/plain", ok), kind: unroll.KindUpstream},
		{name: "no content type", handler: answer(200, "", ok), kind: unroll.KindUpstream},
		{name: "not json", handler: answer(200, "application/json", "<html>"), kind: unroll.KindUpstream},
		{name: "json and more", handler: answer(200, "application/json", ok+"x"), kind: unroll.KindUpstream},
		{name: "half a value", handler: answer(200, "application/json", ok[:8]), kind: unroll.KindUpstream},
		{name: "another shape", handler: answer(200, "application/json", `{"name":[1]}`), kind: unroll.KindUpstream},
		{name: "empty", handler: answer(200, "application/json", ""), kind: unroll.KindUpstream},
		{name: "204", handler: answer(204, "", ""), kind: unroll.KindUpstream},
		{name: "304", handler: answer(304, "", ""), kind: unroll.KindUpstream},
		{name: "400", handler: answer(400, "text/plain", "no"), kind: unroll.KindUpstream},
		{name: "401", handler: answer(401, "", ""), kind: unroll.KindLoginRequired},
		{name: "403", handler: answer(403, "text/html", "no"), kind: unroll.KindPrivate},
		{name: "404", handler: answer(404, "text/html", "no"), kind: unroll.KindNotFound},
		{name: "404 with a body", handler: answer(404, "application/json", ok), kind: unroll.KindNotFound, out: doc{"ok"}},
		{name: "404 with half a body", handler: answer(404, "application/json", ok[:8]), kind: unroll.KindNotFound},
		{name: "404 accepted", handler: answer(404, "application/json", ok), accept: []int{404}, out: doc{"ok"}},
		{name: "404 accepted but html", handler: answer(404, "text/html", "no"), accept: []int{404}, kind: unroll.KindUpstream},
		{name: "410", handler: answer(410, "", ""), kind: unroll.KindNotFound},
		{name: "429", handler: answer(429, "", ""), kind: unroll.KindRateLimited},
		{name: "451", handler: answer(451, "", ""), kind: unroll.KindBlocked},
		{name: "500", handler: answer(500, "application/json", ok), kind: unroll.KindUpstream, out: doc{"ok"}},
		{name: "501", handler: answer(501, "", ""), kind: unroll.KindUpstream},
		{name: "503", handler: answer(503, "", ""), kind: unroll.KindUpstream},
		{name: "body ends early", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, ok)
		}, kind: unroll.KindUpstream},
		{name: "connection ends early", handler: func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, kind: unroll.KindUpstream},
		{name: "too large", handler: answer(200, "application/json", `"`+strings.Repeat("x", 2000)+`"`), kind: unroll.KindTooLarge},
		{name: "too large without length", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for range 2000 {
				_, _ = io.WriteString(w, "[")
				_ = http.NewResponseController(w).Flush()
			}
		}, kind: unroll.KindTooLarge},
		{name: "too large, and says so", handler: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000000000000")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done() // nothing comes
		}, kind: unroll.KindTooLarge},
		{name: "gzip", handler: gzipped(ok), out: doc{"ok"}},
		{name: "gzip bomb", handler: gzipped(`"` + strings.Repeat("x", 1<<20) + `"`), kind: unroll.KindTooLarge},
		{name: "broken gzip", handler: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, ok)
		}, kind: unroll.KindUpstream},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, srv := serve(t, tc.handler)
			var out doc
			_, err := c.GetJSON(t.Context(), Request{
				URL: srv.URL, Op: "test: get", Source: "test", MaxBody: 1000, Accept: tc.accept,
			}, &out)
			if got := unroll.KindOf(err); got != tc.kind {
				t.Fatalf("kind %q, want %q: %v", got, tc.kind, err)
			}
			if diff := cmp.Diff(tc.out, out); diff != "" {
				t.Error(diff)
			}
			if err == nil {
				return
			}
			var e *unroll.Error
			if !errors.As(err, &e) || e.Op != "test: get" || e.Source != "test" {
				t.Errorf("not a full *unroll.Error: %#v", err)
			}
		})
	}
}

func gzipped(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, body)
		_ = z.Close()
	}
}

func TestGetJSONSends(t *testing.T) {
	t.Parallel()
	var got http.Header
	c, srv := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		answer(200, "application/json", "{}")(w, r)
	})
	c.userAgent = "unrollbot/test"
	own := http.Header{"Authorization": {"Bearer 123"}}
	ans, err := c.GetJSON(t.Context(), Request{URL: srv.URL, Header: own}, &doc{})
	if err != nil {
		t.Fatal(err)
	}
	if ans.Status != 200 || ans.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answer %+v", ans)
	}
	want := http.Header{
		"Accept": {"application/json"}, "Accept-Encoding": {"gzip"},
		"Authorization": {"Bearer 123"}, "User-Agent": {"unrollbot/test"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(own) != 1 {
		t.Errorf("the caller's header changed: %v", own)
	}
}

func TestGetJSONNeverAnswered(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	c, srv := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-held:
		case <-r.Context().Done():
		}
	})
	defer close(held)

	t.Run("canceled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		_, err := c.GetJSON(ctx, Request{URL: srv.URL}, &doc{})
		if unroll.KindOf(err) != unroll.KindCanceled || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("caller's deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		_, err := c.GetJSON(ctx, Request{URL: srv.URL}, &doc{})
		if unroll.KindOf(err) != unroll.KindTimeout {
			t.Errorf("got %v", err)
		}
	})
	t.Run("own time-out", func(t *testing.T) {
		c.timeout = 10 * time.Millisecond
		_, err := c.GetJSON(t.Context(), Request{URL: srv.URL}, &doc{})
		if unroll.KindOf(err) != unroll.KindTimeout {
			t.Errorf("got %v", err)
		}
	})
}

func TestLocation(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		handler http.HandlerFunc
		want    string // %s is the server
		kind    unroll.Kind
	}{
		{name: "absolute", handler: redirect(301, "https://x.com/a/status/20"), want: "https://x.com/a/status/20"},
		{name: "relative", handler: redirect(302, "/b?c=d"), want: "%s/b?c=d"},
		{name: "not followed", handler: redirect(308, "https://127.0.0.1/"), want: "https://127.0.0.1/"},
		{name: "no location", handler: answer(302, "", ""), kind: unroll.KindUnsupported},
		{name: "a page", handler: answer(200, "text/html", "<html>"), kind: unroll.KindUnsupported},
		{name: "not found", handler: answer(404, "text/html", "<html>"), kind: unroll.KindNotFound},
		{name: "broken", handler: answer(500, "text/html", "<html>"), kind: unroll.KindUpstream},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c, srv := serve(t, tc.handler)
			got, err := c.Location(t.Context(), "short: expand", srv.URL)
			if unroll.KindOf(err) != tc.kind {
				t.Fatalf("got %v, want %s", err, tc.kind)
			}
			if want := strings.ReplaceAll(tc.want, "%s", srv.URL); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func redirect(code int, to string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", to)
		w.WriteHeader(code)
	}
}

func TestSecretsStayOut(t *testing.T) {
	t.Parallel()
	const secret = "s3cret/T0ken"
	handlers := map[string]http.HandlerFunc{
		"status":   answer(500, "application/json", "{}"),
		"html":     answer(200, "text/html", ""),
		"type":     answer(200, "text/"+url.QueryEscape(secret), ""),
		"aborted":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"redirect": redirect(302, "http://%zz/?"+secret),
		"loop":     func(w http.ResponseWriter, r *http.Request) { redirect(302, r.URL.String())(w, r) },
		"blocked":  redirect(302, "https://127.0.0.1/?token="+secret),
		"echo":     answer(200, "application/json", `{"name":"`+secret+`"`),
		"number":   answer(200, "application/json", `{"name":1}`),
		"limited":  answer(429, "", ""),
	}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, srv := serve(t, h)
			_, err := c.GetJSON(t.Context(), Request{
				URL: srv.URL + "/a?token=" + url.QueryEscape(secret), Op: "test: get",
				Header: http.Header{"Authorization": {"Bearer " + secret}},
			}, &doc{})
			if err == nil {
				t.Fatal("no error")
			}
			for e := err; e != nil; e = errors.Unwrap(e) {
				for _, s := range []string{secret, url.QueryEscape(secret), srv.URL} {
					if strings.Contains(e.Error(), s) {
						t.Errorf("error %q holds %q", e, s)
					}
				}
			}
		})
	}
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	c, srv := serve(t, answer(200, "application/json", `{"name":"ok"}`))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			var out doc
			if _, err := c.GetJSON(t.Context(), Request{URL: srv.URL}, &out); err != nil || out.Name != "ok" {
				t.Errorf("got %+v, %v", out, err)
			}
		})
	}
	wg.Wait()
}

func BenchmarkGetJSON(b *testing.B) {
	body := `{"name":"` + string(bytes.Repeat([]byte("x"), 48<<10)) + `"}`
	srv := httptest.NewServer(answer(200, "application/json", body))
	defer srv.Close()
	c := New(Config{Trusted: []string{strings.TrimPrefix(srv.URL, "http://")}})
	defer c.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.GetJSON(b.Context(), Request{URL: srv.URL}, &doc{}); err != nil {
			b.Fatal(err)
		}
	}
}
