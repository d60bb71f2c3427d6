package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/web"
)

func TestPagesGolden(t *testing.T) {
	s := newServer(t, newFake(), web.Config{
		Telegram: "https://t.me/unroll_example_bot", Discord: "https://discord.com/oauth2/authorize?client_id=1",
		Accounts: []string{"@unroll.example", "@unroll@social.example"}, Contact: "hello@unroll.example",
	})
	for name, path := range map[string]string{
		"front.html": "/", "latest.html": "/latest", "thread.html": root, "problem.html": "/?url=https://nowhere.example/%3Cb%3E",
		"authors.html": "/authors", "search.html": "/search?q=tidewater",
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, withoutStyle(get(t, s, path).Body)) })
	}
}

func TestStatuses(t *testing.T) {
	ref := func(id string) unroll.Ref { return unroll.Ref{Network: unroll.X, ID: id} }
	f := newFake()
	f.errs = map[unroll.Ref]error{
		ref("1"):  &unroll.Error{Kind: unroll.KindNotFound},
		ref("2"):  &unroll.Error{Kind: unroll.KindDeleted},
		ref("3"):  &unroll.Error{Kind: unroll.KindPrivate},
		ref("4"):  &unroll.Error{Kind: unroll.KindLoginRequired},
		ref("5"):  &unroll.Error{Kind: unroll.KindBlocked},
		ref("6"):  &unroll.Error{Kind: unroll.KindOptedOut},
		ref("7"):  &unroll.Error{Kind: unroll.KindRateLimited, RetryAfter: 90500 * time.Millisecond},
		ref("8"):  &unroll.Error{Kind: unroll.KindTooLarge},
		ref("9"):  &unroll.Error{Kind: unroll.KindUnsupported},
		ref("10"): &unroll.Error{Kind: unroll.KindUpstream, Err: errors.New("secret detail")},
		ref("11"): context.DeadlineExceeded,
		ref("12"): context.Canceled,
		ref("13"): errors.New("secret detail"),
		ref("14"): &unroll.Error{Kind: "brand_new"},
	}
	s := newServer(t, f, web.Config{})
	tests := []struct {
		name, path string
		status     int
		retry      string
	}{
		{"front", "/", 200, ""},
		{"latest", "/latest", 200, ""},
		{"thread", root, 200, ""},
		{"markdown", root + ".md", 200, ""},
		{"text", root + ".txt", 200, ""},
		{"json", root + ".json", 200, ""},
		{"html file", root + ".html", 200, ""},
		{"book", root + ".epub", 200, ""},
		{"other post", "/mastodon/tidewater.example/1105", 302, ""},
		{"post of a branch", "/mastodon/tidewater.example/1211", 302, ""},
		{"not a link", "/?url=hello", 400, ""},
		{"not a thread's path", "/x/hello", 404, ""},
		{"not a thread's path, as text", "/x/hello.txt", 404, ""},
		{"nothing there", "/nothing", 404, ""},
		{"not found", "/x/1", 404, ""},
		{"deleted", "/x/2", 410, ""},
		{"private", "/x/3", 403, ""},
		{"login", "/x/4", 403, ""},
		{"blocked", "/x/5", 403, ""},
		{"opted out", "/x/6", 403, ""},
		{"upstream's limit", "/x/7", 503, "91"},
		{"too large", "/x/8", 502, ""},
		{"unsupported", "/x/9", 422, ""},
		{"upstream", "/x/10", 502, ""},
		{"timeout", "/x/11", 504, ""},
		{"canceled", "/x/12", 503, ""},
		{"internal", "/x/13", 500, ""},
		{"unknown kind", "/x/14", 500, ""},
		{"not found by the form", "/?url=https://x.com/a/status/1", 404, ""},
		{"not found as json", "/x/1.json", 404, ""},
		{"not found as text", "/x/1.md", 404, ""},
		{"health", "/healthz", 200, ""},
		{"ready", "/readyz", 200, ""},
		{"no metrics", "/metrics", 404, ""},
		{"robots", "/robots.txt", 200, ""},
		{"icon", "/favicon.svg", 200, ""},
		{"old icon", "/favicon.ico", 301, ""},
		{"schema", "/schema/thread.json", 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := get(t, s, tt.path)
			if r.StatusCode != tt.status {
				t.Errorf("status %d, want %d", r.StatusCode, tt.status)
			}
			if got := r.Header.Get("Retry-After"); got != tt.retry {
				t.Errorf("Retry-After %q, want %q", got, tt.retry)
			}
			body := r.Body
			if strings.Contains(body, "secret detail") {
				t.Error("the cause is on the page")
			}
			switch kind := r.Header.Get("Content-Type"); {
			case r.StatusCode < 400:
			case strings.HasSuffix(tt.path, ".json"):
				if kind != "application/json" || !strings.Contains(body, `"kind":"not_found"`) {
					t.Errorf("%s: %s", kind, body)
				}
			case strings.HasSuffix(tt.path, ".txt"), strings.HasSuffix(tt.path, ".md"):
				if kind != "text/plain; charset=utf-8" || strings.Contains(body, "<") {
					t.Errorf("%s: %s", kind, body)
				}
			case kind != "text/html; charset=utf-8" || !strings.Contains(body, `<p id="problem">`):
				t.Errorf("%s: no next step", kind)
			}
		})
	}
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	for _, path := range []string{"/", root, root + ".json", "/nothing", "/x/1", "/healthz", "/favicon.svg"} {
		h := get(t, s, path).Header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
			"Strict-Transport-Security": "max-age=31536000", "X-Robots-Tag": "noindex, nofollow",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
			t.Errorf("%s: %s", path, policy)
		}
		if h.Get("Set-Cookie") != "" || h.Get("Content-Type") == "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	open := get(t, newServer(t, f, web.Config{PublicURL: "http://localhost:1", Index: true}), "/").Header
	if open.Get("X-Robots-Tag") != "" || open.Get("Strict-Transport-Security") != "" {
		t.Errorf("indexed and without TLS: %v", open)
	}
}

func TestRedirects(t *testing.T) {
	f := newFake()
	did := unroll.Thread{Ref: unroll.Ref{Network: unroll.Bluesky, Author: "did:plc:abc", ID: "root"}, Posts: []unroll.Post{{ID: "did:plc:abc/root", Text: "One"}, {ID: "did:plc:abc/two", Text: "Two"}}}
	f.threads[unroll.Ref{Network: unroll.Bluesky, Author: "ada.example", ID: "root"}] = did
	f.threads[unroll.Ref{Network: unroll.Bluesky, Author: "ada.example", ID: "two"}] = did
	f.threads[unroll.Ref{Network: unroll.X, ID: "20"}] = unroll.Thread{Ref: unroll.Ref{Network: unroll.X, ID: "10"}}
	s := newServer(t, f, web.Config{})
	tests := []struct {
		path, want string
		status     int
	}{
		{"/mastodon/tidewater.example/1105", root + "#p-1105", 302},
		{"/mastodon/tidewater.example/1211", root + "#p-1211", 302},
		{"/mastodon/tidewater.example/1105.md", root + ".md", 302},
		{"/bluesky/ada.example/root", "/bluesky/did:plc:abc/root", 302},
		{"/bluesky/ada.example/two", "/bluesky/did:plc:abc/root#p-two", 302},
		{"/x/20", "/x/10", 302},
		{"/?url=https://tidewater.example/@mara/1100", root, 303},
		{"/?url=" + url.QueryEscape("look: https://tidewater.example/@mara/1105 !"), root + "#p-1105", 303},
	}
	for _, tt := range tests {
		r := get(t, s, tt.path)
		if got := r.Header.Get("Location"); got != tt.want || r.StatusCode != tt.status {
			t.Errorf("%s: %d to %q, want %d to %q", tt.path, r.StatusCode, got, tt.status, tt.want)
		}
	}
}

func TestOnlyTheFormPublishes(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	get(t, s, root)
	get(t, s, root+".json")
	if len(f.published) != 0 {
		t.Errorf("reading published %v", f.published)
	}
	get(t, s, "/?url=https://tidewater.example/@mara/1105")
	if diff := cmp.Diff([]string{root + " How lighthouses learned to speak 🧵"}, f.published); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestPagesEndWithTheirTime(t *testing.T) {
	f := newFake()
	now := time.Date(2026, time.March, 5, 20, 0, 0, 0, time.UTC)
	s := newServer(t, f, web.Config{Now: func() time.Time { return now }})
	for range 3 {
		get(t, s, root)
	}
	now = now.Add(31 * time.Second)
	get(t, s, root)
	if len(f.asked) != 2 {
		t.Errorf("asked %d times, want 2", len(f.asked))
	}
}

func TestReady(t *testing.T) {
	fine := func(context.Context) error { return nil }
	s := newServer(t, newFake(), web.Config{Checks: []web.Check{{Name: "store", Ready: fine}, {Name: "telegram", Ready: func(context.Context) error {
		return errors.New("token 123:secret is refused")
	}}}})
	r := get(t, s, "/readyz")
	body := r.Body
	if r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("status %d", r.StatusCode)
	}
	if diff := cmp.Diff(`{"ready":false,"ok":["store"],"missing":["telegram"]}`+"\n", body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	f := newFake()
	var status int
	s := newServer(t, f, web.Config{Metrics: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oh") }), Served: func(_ string, code int, _ time.Duration) { status = code }})
	if r := get(t, s, "/metrics"); r.StatusCode != http.StatusInternalServerError || status != http.StatusInternalServerError {
		t.Errorf("%d, metrics %d", r.StatusCode, status)
	}
}

func TestServedTellsTheRoute(t *testing.T) {
	var got []string
	s := newServer(t, newFake(), web.Config{Served: func(route string, _ int, _ time.Duration) { got = append(got, route) }})
	get(t, s, root)
	get(t, s, root) // kept
	get(t, s, "/?url=https://tidewater.example/@mara/1105")
	get(t, s, "/nothing/at/all")
	if diff := cmp.Diff([]string{"GET /mastodon/{host}/{id}", "GET /mastodon/{host}/{id}", "GET /{$}", "/"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	f := newFake()
	if _, err := web.New(web.Config{}, nil, f); err == nil {
		t.Error("no unroller")
	}
	for _, address := range []string{"unroll.example", "/path", "https://a.example/?b", "://"} {
		if _, err := web.New(web.Config{PublicURL: address}, f, f); err == nil {
			t.Errorf("%s is taken for a public URL", address)
		}
	}
}

func TestLatestMayFail(t *testing.T) {
	f := newFake()
	f.list, f.listErr = nil, errors.New("redis is down")
	s := newServer(t, f, web.Config{})
	for _, path := range []string{"/", "/latest"} {
		if r := get(t, s, path); r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}
