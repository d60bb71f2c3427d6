package web_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"unrollbot/unroll"
	"unrollbot/unroll/render/rendertest"
	"unrollbot/web"
)

var update = flag.Bool("update", false, "write the golden files")

// fake is everything the reader depends on.
type fake struct {
	mu        sync.Mutex
	threads   map[unroll.Ref]unroll.Thread // by every ref that leads to it
	errs      map[unroll.Ref]error
	asked     []string
	published []string
	list      []unroll.Listing
	listErr   error
	wait      time.Duration // what the limiter says
	waitErr   error
	keys      []string // the limiter was asked for
	hold      chan struct{}
}

func (f *fake) Unroll(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return f.find(ctx, "unroll", ref)
}

func (f *fake) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return f.find(ctx, "refresh", ref)
}

func (f *fake) find(ctx context.Context, how string, ref unroll.Ref) (unroll.Thread, error) {
	f.mu.Lock()
	f.asked = append(f.asked, how+" "+ref.Path())
	t, ok := f.threads[ref]
	err := f.errs[ref]
	f.mu.Unlock()
	if f.hold != nil {
		select {
		case <-f.hold:
		case <-ctx.Done():
			return unroll.Thread{}, ctx.Err()
		}
	}
	switch {
	case err != nil:
		return unroll.Thread{}, err
	case !ok:
		return unroll.Thread{}, &unroll.Error{Kind: unroll.KindNotFound, Op: "fake"}
	}
	return t, nil
}

func (f *fake) Publish(_ context.Context, t *unroll.Thread, title string) error {
	f.published = append(f.published, t.Ref.Path()+" "+title)
	return nil
}

func (f *fake) AddLatest(context.Context, unroll.Listing) error { return nil }
func (f *fake) DropLatest(context.Context, unroll.Ref) error    { return nil }
func (f *fake) Latest(_ context.Context, n int) ([]unroll.Listing, error) {
	return f.list[:min(n, len(f.list))], f.listErr
}

func (f *fake) Allow(_ context.Context, key string, _ unroll.Limit) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = append(f.keys, key)
	return f.wait, f.waitErr
}

const root = "/mastodon/tidewater.example/1100"

// newFake holds the thread that has everything.
func newFake() *fake {
	t := rendertest.Thread("https://media.example")
	f := &fake{threads: make(map[unroll.Ref]unroll.Thread), errs: make(map[unroll.Ref]error)}
	for p := range t.All {
		f.threads[t.RefOf(p)] = t
	}
	f.list = []unroll.Listing{{Ref: t.Ref, Title: "How lighthouses learned to speak 🧵", Author: t.Author, Posts: t.Len(), At: t.FetchedAt}}
	return f
}

func newServer(t testing.TB, f *fake, cfg web.Config) *web.Server {
	t.Helper()
	if cfg.PublicURL == "" {
		cfg.PublicURL = "https://unroll.example"
	}
	s, err := web.New(cfg, f, f, f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(t testing.TB, h http.Handler, path string) *http.Response {
	t.Helper()
	return do(t, h, httptest.NewRequest(http.MethodGet, path, nil))
}

func do(t testing.TB, h http.Handler, r *http.Request) *http.Response {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func read(t testing.TB, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
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

// withoutStyle leaves the style sheet out: it has a golden of nobody's use.
func withoutStyle(page string) string {
	before, rest, _ := strings.Cut(page, "<style>")
	_, after, _ := strings.Cut(rest, "</style>")
	return before + "<style>…</style>" + after
}

func TestPagesGolden(t *testing.T) {
	s := newServer(t, newFake(), web.Config{
		Telegram: "https://t.me/unroll_example_bot", Discord: "https://discord.com/oauth2/authorize?client_id=1",
		Accounts: []string{"@unroll.example", "@unroll@social.example"}, Contact: "hello@unroll.example",
	})
	for name, path := range map[string]string{
		"front.html": "/", "latest.html": "/latest", "thread.html": root, "problem.html": "/?url=https://nowhere.example/%3Cb%3E",
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, withoutStyle(read(t, get(t, s, path)))) })
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
			body := read(t, r)
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

func TestRefresh(t *testing.T) {
	post := func(path, site string) *http.Request {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.Header.Set("Sec-Fetch-Site", site)
		return r
	}
	f := newFake()
	s := newServer(t, f, web.Config{})
	get(t, s, root)
	r := do(t, s, post(root+"/refresh", "same-origin"))
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != root {
		t.Errorf("%d to %s", r.StatusCode, r.Header.Get("Location"))
	}
	get(t, s, root) // the page that was kept is gone
	if diff := cmp.Diff([]string{"unroll " + root, "refresh " + root, "unroll " + root}, f.asked); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r := do(t, s, post(root+"/refresh", "cross-site")); r.StatusCode != http.StatusForbidden {
		t.Errorf("from another site: %d", r.StatusCode)
	}
	if r := do(t, s, post("/x/hello/refresh", "same-origin")); r.StatusCode != http.StatusNotFound {
		t.Errorf("not a thread: %d", r.StatusCode)
	}
	f.wait = 3 * time.Second
	if r := do(t, s, post(root+"/refresh", "same-origin")); r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") != "3" {
		t.Errorf("too often: %d, %v", r.StatusCode, r.Header)
	}
}

func TestRefreshOfADeletedThreadEmptiesThePage(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	ref := unroll.Ref{Network: unroll.Mastodon, Host: "tidewater.example", ID: "1100"}
	get(t, s, root)
	f.errs[ref] = &unroll.Error{Kind: unroll.KindDeleted}
	r := do(t, s, httptest.NewRequest(http.MethodPost, root+"/refresh", nil))
	if r.StatusCode != http.StatusGone {
		t.Errorf("refresh: %d", r.StatusCode)
	}
	if r := get(t, s, root); r.StatusCode != http.StatusGone {
		t.Errorf("page: %d", r.StatusCode)
	}
}

func TestLimits(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	get(t, s, root)
	f.wait = 1500 * time.Millisecond
	if r := get(t, s, root); r.StatusCode != http.StatusOK {
		t.Errorf("a page that is kept: %d", r.StatusCode)
	}
	r := get(t, s, root+".md")
	if r.StatusCode != http.StatusTooManyRequests || r.Header.Get("Retry-After") != "2" {
		t.Errorf("%d, Retry-After %q", r.StatusCode, r.Header.Get("Retry-After"))
	}
	f.wait, f.waitErr = 0, errors.New("redis is down")
	if r := get(t, s, root+".md"); r.StatusCode != http.StatusOK {
		t.Errorf("a limiter that fails: %d", r.StatusCode)
	}
}

func TestAddresses(t *testing.T) {
	tests := []struct {
		name           string
		peer, forward  string
		same           string // an address that must count as the same one
		sameForwarding string
		want           bool
	}{
		{"two peers", "192.0.2.1:1", "", "192.0.2.2:1", "", false},
		{"ports do not matter", "192.0.2.1:1", "", "192.0.2.1:2", "", true},
		{"strangers' headers do not count", "192.0.2.1:1", "198.51.100.1", "192.0.2.1:1", "198.51.100.2", true},
		{"a proxy on loopback counts", "127.0.0.1:1", "198.51.100.1", "127.0.0.1:1", "198.51.100.2", false},
		{"the last hop counts", "127.0.0.1:1", "203.0.113.9, 198.51.100.1", "[::1]:1", "203.0.113.8, 198.51.100.1", true},
		{"trusted hops are skipped", "127.0.0.1:1", "198.51.100.1, 10.0.0.7", "127.0.0.1:1", "198.51.100.1, 10.0.0.8", true},
		{"nonsense ends the walk", "127.0.0.1:1", "nonsense", "127.0.0.1:1", "", true},
		{"one network of IPv6", "[2001:db8:1:2::1]:1", "", "[2001:db8:1:2::ffff]:1", "", true},
		{"two networks of IPv6", "[2001:db8:1:2::1]:1", "", "[2001:db8:1:3::1]:1", "", false},
		{"IPv4 in IPv6", "[::ffff:192.0.2.1]:1", "", "192.0.2.1:1", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			s := newServer(t, f, web.Config{TrustedProxies: prefixes(t, "10.0.0.0/8")})
			for _, from := range [][2]string{{tt.peer, tt.forward}, {tt.same, tt.sameForwarding}} {
				r := httptest.NewRequest(http.MethodGet, "/x/1", nil)
				r.RemoteAddr = from[0]
				if from[1] != "" {
					r.Header.Set("X-Forwarded-For", from[1])
				}
				do(t, s, r)
			}
			if got := f.keys[0] == f.keys[1]; got != tt.want {
				t.Errorf("same is %v: %v", got, f.keys)
			}
			if strings.Contains(f.keys[0], "192.0.2.1") || strings.Contains(f.keys[0], "198.51") {
				t.Errorf("the key tells the address: %s", f.keys[0])
			}
		})
	}
}

func TestBusy(t *testing.T) {
	f := newFake()
	f.hold = make(chan struct{})
	s := newServer(t, f, web.Config{MaxUnrolls: 1})
	first := make(chan int)
	go func() { first <- get(t, s, root).StatusCode }()
	for { // until the first one is under way
		f.mu.Lock()
		n := len(f.asked)
		f.mu.Unlock()
		if n == 1 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if r := get(t, s, root+".md"); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("second: %d, %v", r.StatusCode, r.Header)
	}
	close(f.hold)
	if status := <-first; status != http.StatusOK {
		t.Errorf("first: %d", status)
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
	body := read(t, r)
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
	get(t, s, "/?url=https://tidewater.example/@mara/1105")
	get(t, s, "/nothing/at/all")
	if diff := cmp.Diff([]string{"GET /mastodon/{host}/{id}", "GET /{$}", "/"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	f := newFake()
	if _, err := web.New(web.Config{}, nil, f, f); err == nil {
		t.Error("no unroller")
	}
	for _, address := range []string{"unroll.example", "/path", "https://a.example/?b", "://"} {
		if _, err := web.New(web.Config{PublicURL: address}, f, f, f); err == nil {
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

// nodes parses a page and returns its elements.
func nodes(t testing.TB, page string) []*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			out = append(out, n)
		}
	}
	return out
}
