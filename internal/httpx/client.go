package httpx

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"unrollbot/unroll"
)

const (
	defaultTimeout = 20 * time.Second
	defaultRetries = 2
	defaultMaxBody = 16 << 20 // bytes; a 1,000-post AppView thread is about 2 MiB

	maxRedirects = 3
	maxHeader    = 64 << 10 // bytes

	// maxPatience is the longest wait a 5xx may ask for and still be retried
	// within the call.
	maxPatience = 2 * time.Second
)

var (
	errRedirects = errors.New("too many redirects")
	errPlainHTTP = errors.New("plain http to a host that is not trusted")
	errNoBody    = errors.New("empty body")
	errBodyMoved = errors.New("a redirect would drop the body, or take it to another host")
)

// Client is the one outgoing HTTP client. Use it from any goroutine; make it
// with [New].
type Client struct {
	userAgent string
	timeout   time.Duration
	retries   int
	log       *slog.Logger

	guard     *guard
	transport *http.Transport
	follow    *http.Client // follows redirects, within the rules
	stay      *http.Client // follows none
	breakers  *breakers
}

var _ Doer = (*Client)(nil)

// New makes a client. It ignores the proxy settings of the environment: a
// proxy would resolve names itself, out of the guard's sight.
func New(cfg Config) *Client {
	c := &Client{
		userAgent: cmp.Or(cfg.UserAgent, "unrollbot"),
		timeout:   cmp.Or(cfg.Timeout, defaultTimeout),
		retries:   max(cmp.Or(cfg.Retries, defaultRetries), 0),
		log:       cmp.Or(cfg.Log, slog.New(slog.DiscardHandler)),
		guard:     newGuard(cfg.Trusted),
	}
	c.transport = &http.Transport{
		DialContext:            c.guard.dial,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    dialTimeout,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           128,
		MaxIdleConnsPerHost:    16,
		MaxResponseHeaderBytes: maxHeader,
	}
	carrier := http.RoundTripper(c.transport)
	if cfg.Around != nil {
		carrier = cfg.Around(carrier)
	}
	c.follow = &http.Client{Transport: carrier, CheckRedirect: c.checkRedirect}
	c.stay = &http.Client{Transport: carrier, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	c.breakers = newBreakers(c.log)
	return c
}

// Close drops idle connections. The client stays usable.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// GetJSON implements [Doer].
func (c *Client) GetJSON(ctx context.Context, r Request, out any) (Answer, error) {
	got, err := c.call(ctx, c.follow, r)
	if got.body != nil {
		if jerr := json.Unmarshal(got.body, out); jerr != nil && err == nil {
			err = r.fail(unroll.KindUpstream, jerr)
		}
	}
	return got.Answer, err
}

// Image gets a picture of at most limit bytes. Errors are as GetJSON's.
func (c *Client) Image(ctx context.Context, op, link string, limit int64) ([]byte, error) {
	got, err := c.call(ctx, c.follow, Request{
		URL: link, Op: op, Header: http.Header{"Accept": {"image/*"}}, MaxBody: limit, image: true,
	})
	if err != nil {
		return nil, err
	}
	return got.body, nil
}

// Location implements [Doer].
func (c *Client) Location(ctx context.Context, op, link string) (string, error) {
	r := Request{
		URL: link, Op: op,
		Header: http.Header{"Accept": {"*/*"}},
		Accept: []int{
			http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
			http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
		},
	}
	got, err := c.call(ctx, c.stay, r)
	if err != nil {
		return "", err
	}
	if got.location == "" {
		return "", r.fail(unroll.KindUnsupported, errors.New("the address does not lead elsewhere"))
	}
	return got.location, nil
}

// response is one answer, read to its end.
type response struct {
	Answer
	body     []byte // nil unless it is of the form that was asked for
	location string // absolute; only of a redirect that was not followed
}

// failure is an attempt's error, and whether it says that the host is down:
// then it may be tried again, and counts for the breaker.
type failure struct {
	cause *unroll.Error
	down  bool
}

func (f *failure) Error() string { return f.cause.Error() }
func (f *failure) Unwrap() error { return f.cause }

// call asks until there is an answer, an error that stays, or no time left.
func (c *Client) call(ctx context.Context, hc *http.Client, r Request) (response, error) {
	u, err := c.guard.check(r.URL)
	if err != nil {
		return response{}, r.fail(kindOf(ctx, err), err)
	}
	if r.Body != nil {
		if r.payload, err = json.Marshal(r.Body); err != nil {
			return response{}, r.fail(unroll.KindInternal, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()

	var got response
	err = c.breakers.do(u.Host, func() error {
		got, err = c.retry(ctx, hc, r, u)
		return err
	})
	if err == nil {
		return got, nil
	}
	var f *failure
	var open *openError
	switch {
	case errors.As(err, &f):
		return got, f.cause
	case errors.As(err, &open):
		e := r.fail(unroll.KindUpstream, err)
		e.RetryAfter = open.wait
		return got, e
	default: // the context ended between two attempts
		return got, r.fail(kindOf(ctx, err), err)
	}
}

func (c *Client) retry(ctx context.Context, hc *http.Client, r Request, u *url.URL) (response, error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = 250 * time.Millisecond
	pause.MaxInterval = maxPatience
	pause.Multiplier = 2
	deadline, _ := ctx.Deadline()

	return backoff.Retry(ctx, func() (response, error) {
		got, f := c.attempt(ctx, hc, r, u)
		switch {
		case f == nil:
			return got, nil
		case !f.down || f.cause.RetryAfter > maxPatience || ctx.Err() != nil:
			return got, backoff.Permanent(f)
		default:
			return got, f
		}
	},
		backoff.WithBackOff(pause),
		backoff.WithMaxTries(uint(c.retries)+1),
		backoff.WithMaxElapsedTime(time.Until(deadline)),
		backoff.WithNotify(func(err error, wait time.Duration) {
			c.log.DebugContext(ctx, "request failed, trying again",
				"host", u.Host, "kind", unroll.KindOf(err), "wait", wait)
		}),
	)
}

// attempt is one round trip. It never touches what the caller decodes into.
func (c *Client) attempt(ctx context.Context, hc *http.Client, r Request, u *url.URL) (response, *failure) {
	req := (&http.Request{Method: http.MethodGet, URL: u, Header: make(http.Header)}).WithContext(ctx)
	maps.Copy(req.Header, r.Header.Clone())
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", c.userAgent)
	if r.payload != nil {
		req.Method, req.ContentLength = http.MethodPost, int64(len(r.payload))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.payload)), nil }
		req.Body, _ = req.GetBody()
		req.Header.Set("Content-Type", "application/json")
	}

	res, err := hc.Do(req)
	if err != nil {
		return response{}, r.lost(ctx, err)
	}
	defer res.Body.Close()

	got := response{Answer: Answer{Status: res.StatusCode, Header: res.Header}}
	wanted := res.StatusCode == http.StatusOK || slices.Contains(r.Accept, res.StatusCode)
	if res.StatusCode/100 == 3 {
		if loc, err := res.Location(); err == nil {
			got.location = loc.String()
		}
		return got, r.refused(res, wanted)
	}
	if !r.wants(res.Header) {
		if wanted && hc == c.follow {
			return got, &failure{cause: r.fail(unroll.KindUpstream,
				fmt.Errorf("status %d with Content-Type %q, which was not asked for", res.StatusCode, res.Header.Get("Content-Type")))}
		}
		return got, r.refused(res, wanted)
	}
	body, err := readBody(res, cmp.Or(r.MaxBody, defaultMaxBody))
	switch {
	case !wanted: // its body is a bonus
		got.body = body
		return got, r.refused(res, wanted)
	case errors.Is(err, errTooLarge):
		return got, &failure{cause: r.fail(unroll.KindTooLarge, err)}
	case err != nil:
		return got, r.lost(ctx, err)
	case len(bytes.TrimSpace(body)) == 0:
		return got, &failure{cause: r.fail(unroll.KindUpstream, errNoBody)}
	}
	got.body = body
	return got, nil
}

var errTooLarge = errors.New("body too large")

// readBody reads at most limit bytes, counted after decompression.
func readBody(res *http.Response, limit int64) ([]byte, error) {
	if res.ContentLength > limit {
		return nil, fmt.Errorf("%w: %d bytes, %d allowed", errTooLarge, res.ContentLength, limit)
	}
	var buf bytes.Buffer
	if res.ContentLength > 0 {
		buf.Grow(int(res.ContentLength) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("%w: %d bytes allowed", errTooLarge, limit)
	}
	return buf.Bytes(), nil
}

// wants tells whether an answer is of the form that was asked for.
func (r *Request) wants(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	switch {
	case err != nil:
		return false
	case r.image:
		return strings.HasPrefix(t, "image/")
	default:
		return t == "application/json" || strings.HasPrefix(t, "application/") && strings.HasSuffix(t, "+json")
	}
}

// checkRedirect lets a redirect pass when the address it leads to could have
// been asked for in the first place. The dial guard sees it again.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errRedirects
	}
	if _, err := c.guard.check(req.URL.String()); err != nil {
		return err
	}
	if req.URL.Scheme == "http" && via[len(via)-1].URL.Scheme == "https" {
		return errPlainHTTP
	}
	if first := via[0]; first.GetBody != nil && (req.Method != first.Method || req.URL.Host != first.URL.Host) {
		return errBodyMoved
	}
	// net/http keeps all headers but the best-known secret ones, and tells
	// the old address with its query.
	req.Header.Del("Referer")
	sameHost := func(r *http.Request) bool { return r.URL.Host == req.URL.Host }
	if !slices.ContainsFunc(via, func(r *http.Request) bool { return !sameHost(r) }) {
		return nil
	}
	for name := range req.Header {
		if name != "Accept" && name != "User-Agent" {
			req.Header.Del(name)
		}
	}
	return nil
}

// kindOf says what an error on the way to an answer means.
func kindOf(ctx context.Context, err error) unroll.Kind {
	var dns *net.DNSError
	var netErr net.Error
	switch {
	case errors.Is(err, errBadURL):
		return unroll.KindInvalidRef
	case errors.Is(err, errPlainHTTP) || isProhibited(err):
		return unroll.KindBlocked
	case errors.Is(ctx.Err(), context.Canceled):
		return unroll.KindCanceled
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return unroll.KindTimeout
	case errors.As(err, &dns) && dns.IsNotFound:
		return unroll.KindInvalidRef
	case errors.As(err, &netErr) && netErr.Timeout():
		return unroll.KindTimeout
	default:
		return unroll.KindUpstream
	}
}
