package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/web"
)

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

func TestHTTPServerHasAllTimeOuts(t *testing.T) {
	s := web.HTTPServer(http.NotFoundHandler())
	if s.ReadHeaderTimeout == 0 || s.ReadTimeout == 0 || s.WriteTimeout == 0 || s.IdleTimeout == 0 || s.MaxHeaderBytes == 0 {
		t.Errorf("%+v", s)
	}
}
