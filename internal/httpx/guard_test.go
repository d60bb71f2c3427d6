package httpx

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/dns/dnsmessage"

	"unrollbot/unroll"
)

func TestGuardCheck(t *testing.T) {
	t.Parallel()
	g := newGuard([]string{"Fake.Test:8080", " 127.0.0.1:80 ", "[::1]:443"})
	tests := []struct {
		name, url string
		want      error
	}{
		{"https", "https://example.org/a?b#c", nil},
		{"upper case", "HTTPS://EXAMPLE.ORG/", nil},
		{"another port is for the dial to refuse", "https://example.org:8443/", nil},
		{"plain http", "http://example.org/", errPlainHTTP},
		{"trusted", "http://fake.test:8080/", nil},
		{"trusted in upper case", "http://FAKE.test:8080/", nil},
		{"trusted, https", "https://fake.test:8080/", nil},
		{"trusted by the default port", "http://127.0.0.1/", nil},
		{"trusted host, another port", "http://fake.test:8081/", errPlainHTTP},
		{"trusted https port, plain", "http://[::1]/", errPlainHTTP},
		{"trusted with a dot", "http://fake.test.:8080/", errPlainHTTP},
		{"trusted as user", "http://fake.test:8080@example.org/", errBadURL},
		{"user", "https://a:b@example.org/", errBadURL},
		{"another scheme", "file:///etc/passwd", errBadURL},
		{"no host", "https:///a", errBadURL},
		{"only a port", "https://:443/a", errBadURL},
		{"relative", "/a", errBadURL},
		{"not a url", "https://a b/", errBadURL},
		{"empty", "", errBadURL},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if _, got := g.check(tc.url); got != tc.want { //nolint:errorlint // the guard wraps none
				t.Errorf("check(%q) = %v, want %v", tc.url, got, tc.want)
			}
		})
	}
}

func TestGuardControl(t *testing.T) {
	t.Parallel()
	g := newGuard([]string{"127.0.0.1:443"})
	tests := []struct {
		network, addr string
		allowed       bool
	}{
		{"tcp4", "93.184.216.34:443", true},
		{"tcp4", "93.184.216.34:80", true},
		{"tcp6", "[2606:2800:220:1::1]:443", true},
		{"tcp4", "93.184.216.34:8080", false},
		{"tcp4", "93.184.216.34:22", false},
		{"udp4", "93.184.216.34:443", false},
		{"tcp4", "127.0.0.1:443", false}, // trust is for the address as written
		{"tcp4", "10.1.2.3:443", false},
		{"tcp4", "172.16.0.1:443", false},
		{"tcp4", "192.168.1.1:443", false},
		{"tcp4", "169.254.169.254:80", false}, // cloud metadata
		{"tcp4", "100.64.0.1:443", false},
		{"tcp4", "0.0.0.0:443", false},
		{"tcp4", "224.0.0.1:443", false},
		{"tcp4", "255.255.255.255:443", false},
		{"tcp6", "[::1]:443", false},
		{"tcp6", "[::]:443", false},
		{"tcp6", "[::ffff:127.0.0.1]:443", false},
		{"tcp6", "[::ffff:93.184.216.34]:443", false},
		{"tcp6", "[64:ff9b::7f00:1]:443", false},
		{"tcp6", "[2002:7f00:1::]:443", false},
		{"tcp6", "[fe80::1%eth0]:443", false},
		{"tcp6", "[fd00:ec2::254]:80", false},
		{"tcp6", "[ff02::1]:443", false},
		{"tcp4", "example.org:443", false},
	}
	for _, tc := range tests {
		err := g.guarded.Control(tc.network, tc.addr, nil)
		if (err == nil) != tc.allowed {
			t.Errorf("%s %s: %v", tc.network, tc.addr, err)
		}
		if err != nil && !isProhibited(err) {
			t.Errorf("%s %s: not recognised: %v", tc.network, tc.addr, err)
		}
	}
}

func TestBlockedAddresses(t *testing.T) {
	t.Parallel()
	c := New(Config{Retries: -1})
	for _, link := range []string{
		"https://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
		"https://[::ffff:0:0]/", "https://0.0.0.0/", "https://169.254.169.254/latest", "https://localhost/",
		"http://example.org/", "https://127.0.0.1:6379/",
	} {
		_, err := c.GetJSON(t.Context(), Request{URL: link}, &doc{})
		if unroll.KindOf(err) != unroll.KindBlocked {
			t.Errorf("%s: %v", link, err)
		}
		if _, err := c.Location(t.Context(), "", link); unroll.KindOf(err) != unroll.KindBlocked {
			t.Errorf("location of %s: %v", link, err)
		}
	}
	if _, err := c.GetJSON(t.Context(), Request{URL: "ftp://example.org/"}, &doc{}); unroll.KindOf(err) != unroll.KindInvalidRef {
		t.Errorf("ftp: %v", err)
	}
}

// TestRebinding resolves one name to a new address at each question. What
// counts is the address of the connection, so no answer opens a private one.
func TestRebinding(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	srv := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(srv.Close)
	var asked atomic.Int32
	c := New(Config{Retries: 3})
	c.guard.guarded.Resolver = resolver(t, func(name string) []netip.Addr {
		switch {
		case !strings.HasPrefix(name, "rebind."):
			return nil
		case asked.Add(1)%2 == 0:
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}
		default:
			return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("10.0.0.1")}
		}
	})
	for range 4 {
		_, err := c.GetJSON(t.Context(), Request{URL: "https://rebind.test/"}, &doc{})
		if unroll.KindOf(err) != unroll.KindBlocked {
			t.Errorf("got %v", err)
		}
	}
	if asked.Load() < 4 {
		t.Errorf("only %d questions: the resolver is not in use", asked.Load())
	}
	if hits.Load() != 0 {
		t.Error("the private server was reached")
	}
	_, err := c.GetJSON(t.Context(), Request{URL: "https://nowhere.test/"}, &doc{})
	if unroll.KindOf(err) != unroll.KindInvalidRef {
		t.Errorf("a host that does not exist: %v", err)
	}
}

// TestTrustedName trusts a pair by its name: what it resolves to is allowed,
// the same machine under another name is not.
func TestTrustedName(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(answer(200, "application/json", `{"name":"ok"}`))
	t.Cleanup(srv.Close)
	_, port, err := net.SplitHostPort(hostOf(t, srv))
	if err != nil {
		t.Fatal(err)
	}
	c := New(Config{Retries: -1, Trusted: []string{"intranet.test:" + port}})
	t.Cleanup(c.Close)
	r := resolver(t, func(string) []netip.Addr { return []netip.Addr{netip.MustParseAddr("127.0.0.1")} })
	c.guard.free.Resolver, c.guard.guarded.Resolver = r, r

	var out doc
	if _, err := c.GetJSON(t.Context(), Request{URL: "http://Intranet.test:" + port}, &out); err != nil || out.Name != "ok" {
		t.Errorf("trusted: %+v, %v", out, err)
	}
	for _, link := range []string{"http://other.test:" + port, "https://other.test:" + port, srv.URL, "https://intranet.test/"} {
		if _, err := c.GetJSON(t.Context(), Request{URL: link}, &out); unroll.KindOf(err) != unroll.KindBlocked {
			t.Errorf("%s: %v", link, err)
		}
	}
}

// resolver asks a DNS server on loopback that answers from lookup; nil means
// that there is no such name.
func resolver(t *testing.T, lookup func(name string) []netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			addrs := lookup(q.Name.String())
			if addrs == nil {
				m.RCode = dnsmessage.RCodeNameError
			}
			for _, a := range addrs {
				if q.Type == dnsmessage.TypeA {
					m.Answers = append(m.Answers, dnsmessage.Resource{
						Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
						Body:   &dnsmessage.AResource{A: a.As4()},
					})
				}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

func TestNoProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	if New(Config{}).transport.Proxy != nil {
		t.Error("a proxy would be used")
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", answer(200, "application/json", `{"name":"ok"}`))
	mux.HandleFunc("/1", redirect(302, "/ok"))
	mux.HandleFunc("/2", redirect(301, "/1"))
	mux.HandleFunc("/3", redirect(307, "/2"))
	mux.HandleFunc("/4", redirect(308, "/3"))
	mux.HandleFunc("/loop", redirect(302, "/loop"))
	mux.HandleFunc("/private", redirect(302, "https://10.0.0.1/"))
	mux.HandleFunc("/mapped", redirect(302, "https://[::ffff:127.0.0.1]/"))
	mux.HandleFunc("/plain", redirect(302, "http://example.org/"))
	mux.HandleFunc("/port", redirect(302, "https://127.0.0.1:6379/"))
	mux.HandleFunc("/file", redirect(302, "file:///etc/passwd"))
	mux.HandleFunc("/user", redirect(302, "https://a:b@example.org/"))
	tests := []struct {
		path string
		kind unroll.Kind
	}{
		{"/1", ""},
		{"/2", ""},
		{"/3", ""},
		{"/4", unroll.KindUpstream},
		{"/loop", unroll.KindUpstream},
		{"/private", unroll.KindBlocked},
		{"/mapped", unroll.KindBlocked},
		{"/plain", unroll.KindBlocked},
		{"/port", unroll.KindBlocked},
		{"/file", unroll.KindInvalidRef},
		{"/user", unroll.KindInvalidRef},
	}
	c, srv := serve(t, mux.ServeHTTP)
	for _, tc := range tests {
		var out doc
		_, err := c.GetJSON(t.Context(), Request{URL: srv.URL + tc.path}, &out)
		if unroll.KindOf(err) != tc.kind || (out.Name == "ok") != (tc.kind == "") {
			t.Errorf("%s: %+v, %v", tc.path, out, err)
		}
	}
}

func TestRedirectKeepsSecretsHome(t *testing.T) {
	t.Parallel()
	var seen http.Header
	there := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header
		answer(200, "application/json", `{"name":"ok"}`)(w, r)
	}))
	t.Cleanup(there.Close)
	plain := httptest.NewServer(answer(200, "application/json", `{"name":"plain"}`))
	t.Cleanup(plain.Close)
	mux := http.NewServeMux()
	mux.HandleFunc("/away", redirect(302, there.URL))
	mux.HandleFunc("/home", redirect(302, "/end"))
	mux.HandleFunc("/end", there.Config.Handler.ServeHTTP)
	mux.HandleFunc("/down", redirect(302, plain.URL))
	here := httptest.NewTLSServer(mux)
	t.Cleanup(here.Close)

	c := New(Config{Retries: -1, UserAgent: "ua", Trusted: []string{hostOf(t, here), hostOf(t, there), hostOf(t, plain)}})
	t.Cleanup(c.Close)
	c.transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	get := func(path string) error {
		seen = nil
		_, err := c.GetJSON(t.Context(), Request{URL: here.URL + path + "?key=abc", Header: http.Header{
			"Authorization": {"Bearer x"}, "X-Api-Key": {"x"}, "Accept": {"application/activity+json"},
		}}, &doc{})
		return err
	}
	want := http.Header{"Accept": {"application/activity+json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"ua"}}
	if err := get("/away"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("another host saw: %s", diff)
	}
	if err := get("/home"); err != nil {
		t.Fatal(err)
	}
	want.Set("Authorization", "Bearer x")
	want.Set("X-Api-Key", "x")
	if diff := cmp.Diff(want, seen); diff != "" {
		t.Errorf("the same host saw: %s", diff)
	}
	if err := get("/down"); unroll.KindOf(err) != unroll.KindBlocked {
		t.Errorf("from https to http: %v", err)
	}
}
