package mention

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func client(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := NewClient(s.URL+"/", "unrollbot/test", nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestClientErrors(t *testing.T) {
	const token = "very-secret-token"
	for name, tt := range map[string]struct {
		serve http.HandlerFunc
		want  string
		final bool
	}{
		"Bluesky's words": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, `{"error":"InvalidRequest","message":"no"}`)
		}, "GET /x: status 400 InvalidRequest no", true},
		"X's words": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"title":"Forbidden","detail":"no"}`)
		}, "GET /x: status 403 Forbidden no", true},
		"a gateway's page": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			_, _ = io.WriteString(w, `<html>`)
		}, "GET /x: status 502", false},
		"the token comes back": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, `{"error":"bad `+r.Header.Get("Authorization")+`"}`)
		}, "GET /x: status 401 bad Bearer [redacted]", false},
		"a page in an answer's place": {
			func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `<html>`) },
			"GET /x: answer with status 200: invalid character '<' looking for beginning of value", false,
		},
		"a redirect": {
			func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "https://evil.example/", http.StatusFound)
			},
			"GET /x: status 302", false,
		},
		"an answer without end": {func(w http.ResponseWriter, _ *http.Request) {
			for range maxAnswer/1024 + 2 {
				_, _ = io.WriteString(w, strings.Repeat(" ", 1024))
			}
		}, "GET /x: an answer of more than 8388608 bytes", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := client(t, tt.serve)
			var out map[string]any
			err := c.Do(t.Context(), Call{Path: "/x", Header: http.Header{"Authorization": {"Bearer " + token}}}, &out)
			if err == nil || err.Error() != tt.want {
				t.Errorf("%v, want %s", err, tt.want)
			}
			if Refusal(err).Final() != tt.final {
				t.Errorf("final: %v", !tt.final)
			}
		})
	}
}

func TestClientIsCancelled(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) {})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Do(ctx, Call{Path: "/x"}, nil); !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "127.0.0.1") {
		t.Error(err)
	}
}

func TestClientAddress(t *testing.T) {
	for _, base := range []string{"", "example.org", "ftp://e.example", "https://u:p@e.example", "https://e.example?q=1"} {
		if _, err := NewClient(base, "", nil); err == nil {
			t.Errorf("%q is taken", base)
		}
	}
}

func TestWait(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	for name, tt := range map[string]struct {
		header, value string
		want          time.Duration
	}{
		"seconds":     {"Retry-After", "30", 30 * time.Second},
		"Unix":        {"X-Rate-Limit-Reset", "1800000060", time.Minute},
		"in the past": {"RateLimit-Reset", "1700000000", 0},
		"RFC 3339":    {"X-RateLimit-Reset", now.Add(time.Hour).UTC().Format(time.RFC3339), time.Hour},
		"HTTP date":   {"Retry-After", now.Add(time.Minute).UTC().Format(http.TimeFormat), time.Minute},
		"too long":    {"Retry-After", "999999", maxWait},
		"nonsense":    {"Retry-After", "soon", 0},
		"less than 0": {"Retry-After", "-5", 0},
	} {
		if got := wait(http.Header{http.CanonicalHeaderKey(tt.header): {tt.value}}, now); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
