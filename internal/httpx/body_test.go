package httpx

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

func TestBody(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	const sent = `POST application/json {"noteId":"a"}`
	tests := []struct {
		name  string
		first func(w http.ResponseWriter, r *http.Request)
		kind  unroll.Kind
		want  []string
	}{
		{"answered", nil, "", []string{sent}},
		{"repeated with its body", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "", []string{sent, sent}},
		{"redirect that keeps it", redirect(http.StatusPermanentRedirect, "/there"), "", []string{sent, sent}},
		{"redirect that drops it", redirect(http.StatusFound, "/there"), unroll.KindUpstream, []string{sent}},
		{"redirect to another host", redirect(http.StatusTemporaryRedirect, other.URL), unroll.KindUpstream, []string{sent}},
		{"too large", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `"`+strings.Repeat("x", 2000)+`"`)
		}, unroll.KindTooLarge, []string{sent}},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			var got []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				mu.Lock()
				got = append(got, r.Method+" "+r.Header.Get("Content-Type")+" "+string(body))
				n := len(got)
				mu.Unlock()
				if n == 1 && tc.first != nil {
					tc.first(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"name":"x"}`)
			}))
			defer srv.Close()
			host := func(s string) string { return strings.TrimPrefix(s, "http://") }
			c := New(Config{Trusted: []string{host(srv.URL), host(other.URL)}, Retries: 1})
			defer c.Close()
			var out struct{ Name string }
			_, err := c.GetJSON(t.Context(), Request{URL: srv.URL, Op: "test", Body: map[string]string{"noteId": "a"}, MaxBody: 1000}, &out)
			if kind := unroll.KindOf(err); kind != tc.kind {
				t.Errorf("kind %q, want %q: %v", kind, tc.kind, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if err == nil && out.Name != "x" {
				t.Errorf("decoded %q", out.Name)
			}
		})
	}
}

func TestBodyThatIsNoJSON(t *testing.T) {
	t.Parallel()
	c := New(Config{})
	_, err := c.GetJSON(t.Context(), Request{URL: "https://notes.example", Op: "test", Body: func() {}}, nil)
	if kind := unroll.KindOf(err); kind != unroll.KindInternal {
		t.Errorf("kind %q: %v", kind, err)
	}
}
