package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"unrollbot/web"
)

// FuzzServer: no request gets an answer that blames us, or one without the
// policy.
func FuzzServer(f *testing.F) {
	f.Add(root, "url=https://x.com/a/status/1", "gzip;q=0, zstd", `W/"a", *`, "203.0.113.1, nonsense", false)
	f.Add("/x/@ada.atom", "", "*", "", "", true)
	f.Add("/oembed", "url=%ff&format=json", ",;q=", `"`, "::1", false)
	f.Add("/bluesky/did:plc:abc/3k.md/refresh", "", "", "", "", true)
	s := newServer(f, newFake(), web.Config{})
	f.Fuzz(func(t *testing.T, path, query, accept, match, forward string, post bool) {
		method := http.MethodGet
		if post {
			method = http.MethodPost
		}
		r := httptest.NewRequest(method, "/", nil)
		r.URL = &url.URL{Path: "/" + path, RawQuery: query}
		r.RemoteAddr = "127.0.0.1:1"
		r.Header = http.Header{"Accept-Encoding": {accept}, "If-None-Match": {match}, "X-Forwarded-For": {forward}}
		answer := do(t, s, r)
		if answer.StatusCode >= 500 && answer.StatusCode != http.StatusNotImplemented {
			t.Errorf("status %d", answer.StatusCode)
		}
		if answer.Header.Get("Content-Security-Policy") == "" {
			t.Error("no policy")
		}
	})
}
