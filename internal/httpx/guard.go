package httpx

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"code.dny.dev/ssrf"
)

const dialTimeout = 5 * time.Second // for one connection, and again for its TLS handshake

var errBadURL = errors.New("not an absolute http or https address")

// guard decides which addresses are dialled. What is written in a URL can be
// checked at once; which machine a name means is known only after DNS, so
// that is checked for every address at the moment of connecting. A name that
// changes its mind in between gains nothing.
type guard struct {
	trusted []string // host:port, lower-case
	free    net.Dialer
	guarded net.Dialer
}

func newGuard(trusted []string) *guard {
	g := &guard{
		free:    net.Dialer{Timeout: dialTimeout},
		guarded: net.Dialer{Timeout: dialTimeout, Control: ssrf.New().Safe},
	}
	for _, hp := range trusted {
		g.trusted = append(g.trusted, strings.ToLower(strings.TrimSpace(hp)))
	}
	return g
}

// check parses an address and refuses what need not be resolved to be refused.
func (g *guard) check(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errBadURL
	}
	u.Host = strings.ToLower(u.Host)
	if u.Scheme == "http" && !slices.Contains(g.trusted, hostPort(u)) {
		return nil, errPlainHTTP
	}
	return u, nil
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// dial connects to host:port as written in a URL. Only there can a trusted
// pair be told from a name that happens to resolve to the same machine.
func (g *guard) dial(ctx context.Context, network, hostport string) (net.Conn, error) {
	if slices.Contains(g.trusted, strings.ToLower(hostport)) {
		return g.free.DialContext(ctx, network, hostport)
	}
	return g.guarded.DialContext(ctx, network, hostport)
}

// isProhibited tells whether the guard refused err's connection.
func isProhibited(err error) bool {
	for _, target := range []error{
		ssrf.ErrProhibitedIP, ssrf.ErrProhibitedPort, ssrf.ErrProhibitedNetwork, ssrf.ErrInvalidHostPort,
	} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
