package web_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"unrollbot/unroll"
	"unrollbot/unroll/render/rendertest"
	"unrollbot/unroll/render/typeset"
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
	loaded    int

	values   map[string][]byte
	valueErr error
	out      []string // authors who opted out
	outErr   error

	forgotten    []unroll.Ref // what an opt-out drops
	outElsewhere string       // an author who opted out in another process
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

func (f *fake) OptOut(_ context.Context, n unroll.Network, id string) ([]unroll.Ref, error) {
	if f.outErr != nil {
		return nil, f.outErr
	}
	f.out = append(f.out, fmt.Sprint(n, " ", id))
	return f.forgotten, nil
}

func (f *fake) OptedOut(_ context.Context, _ unroll.Network, ids ...string) (map[string]bool, error) {
	if f.outElsewhere != "" && slices.Contains(ids, f.outElsewhere) {
		return map[string]bool{f.outElsewhere: true}, f.outErr
	}
	return nil, f.outErr
}

func (f *fake) AddLatest(context.Context, unroll.Listing) error { return nil }

func (f *fake) DropLatest(context.Context, unroll.Ref) error { return nil }

func (f *fake) Load(_ context.Context, ref unroll.Ref) (unroll.Entry, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loaded++
	t, ok := f.threads[ref]
	return unroll.Entry{Thread: &t}, ok, f.listErr
}

func (f *fake) Save(context.Context, unroll.Ref, []unroll.Ref, unroll.Entry, time.Duration) error {
	return errors.New("the reader saves no threads")
}

func (f *fake) Forget(context.Context, unroll.Ref) error { return nil }

func (f *fake) ForgetAuthor(context.Context, unroll.Network, string) ([]unroll.Ref, error) {
	return nil, errors.New("the reader leaves that to the service")
}

func (f *fake) Value(_ context.Context, key string) ([]byte, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v, ok := f.values[key]
	return v, ok, f.valueErr
}

func (f *fake) SetValue(_ context.Context, key string, value []byte, _ time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.values[key] = value
	return f.valueErr
}

func (f *fake) DeleteValue(context.Context, string) error { return nil }

func (f *fake) Claim(_ context.Context, key string, _ time.Duration) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, taken := f.values[key]
	f.values[key] = nil
	return !taken, f.valueErr
}

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
	f := &fake{threads: make(map[unroll.Ref]unroll.Thread), errs: make(map[unroll.Ref]error), values: make(map[string][]byte)}
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
	if cfg.Fonts == nil {
		cfg.Fonts = typeset.BuiltIn() // the same on every machine
	}
	s, err := web.New(cfg, f, f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reply is what came back.
type reply struct {
	StatusCode int
	Header     http.Header
	Body       string
}

func get(t testing.TB, h http.Handler, path string) reply {
	t.Helper()
	return do(t, h, httptest.NewRequest(http.MethodGet, path, nil))
}

func do(t testing.TB, h http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
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
