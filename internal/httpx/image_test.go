package httpx

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"unrollbot/unroll"
)

func TestImage(t *testing.T) {
	picture := []byte("\x89PNG\r\n\x1a\n and so on")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept"); got != "image/*" {
			t.Errorf("Accept is %q", got)
		}
		switch r.URL.Path {
		case "/picture":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write(picture)
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<p>no picture"))
		default:
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	c := New(Config{Trusted: []string{strings.TrimPrefix(srv.URL, "http://")}, Retries: -1})
	defer c.Close()

	if got, err := c.Image(t.Context(), "test", srv.URL+"/picture", 100); err != nil || !bytes.Equal(got, picture) {
		t.Errorf("got %q, %v", got, err)
	}
	for path, want := range map[string]unroll.Kind{"/page": unroll.KindUpstream, "/gone": unroll.KindNotFound} {
		if _, err := c.Image(t.Context(), "test", srv.URL+path, 100); unroll.KindOf(err) != want {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if _, err := c.Image(t.Context(), "test", srv.URL+"/picture", 5); unroll.KindOf(err) != unroll.KindTooLarge {
		t.Errorf("beyond the limit: %v", err)
	}
	if _, err := New(Config{}).Image(t.Context(), "test", srv.URL+"/picture", 100); unroll.KindOf(err) != unroll.KindBlocked {
		t.Errorf("a host that is not trusted: %v", err)
	}
}
