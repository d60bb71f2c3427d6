package mention

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	callTimeout = 20 * time.Second
	maxAnswer   = 8 << 20 // bytes; a page of 100 notifications is below 1 MiB
	maxMessage  = 200     // bytes of a server's words in our errors
	// maxWait bounds what a server may ask us to wait.
	maxWait = 24 * time.Hour
)

// Client calls the API of one server, with credentials. It follows no
// redirect: they would carry the credentials elsewhere. Nothing is repeated.
type Client struct {
	base  string
	agent string
	http  *http.Client
}

// NewClient makes a client for the API at base, an http(s) address. next
// carries the calls; nil means the network.
func NewClient(base, agent string, next http.RoundTripper) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("the server's address must be like https://example.org")
	}
	if next == nil {
		next = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: callTimeout,
			ForceAttemptHTTP2:     true,
			// Below what servers keep idle connections for: a POST on one that
			// was just closed fails, and nobody knows whether it was seen.
			IdleConnTimeout: 20 * time.Second,
		}
	}
	return &Client{
		base: strings.TrimSuffix(base, "/"), agent: agent,
		http: &http.Client{Transport: next, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// Call is one call of the API.
type Call struct {
	Method string // empty means GET
	Path   string // with its leading slash
	Query  url.Values
	Header http.Header
	Body   any // sent as JSON; nil for none
	// Secrets must not show in errors, besides the Authorization header.
	Secrets []string
}

func (c Call) name() string {
	if c.Method == "" {
		c.Method = http.MethodGet
	}
	return c.Method + " " + c.Path
}

// APIError is an answer other than a success.
type APIError struct {
	Call    string
	Status  int           // HTTP
	Code    string        // the server's word for it, may be empty
	Message string        // the server's sentence, cut
	Wait    time.Duration // how long the server wants to be left alone, 0 when it does not say
}

func (e APIError) Error() string {
	return strings.TrimRight(fmt.Sprintf("%s: status %d %s %s", e.Call, e.Status, e.Code, e.Message), " ")
}

// Final tells whether the same call would fail the same way tomorrow.
func (e APIError) Final() bool {
	switch e.Status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	default:
		return e.Status >= 400 && e.Status < 500
	}
}

// Refusal gives the server's error in err, its zero value where there is none.
func Refusal(err error) APIError {
	var e *APIError
	if errors.As(err, &e) {
		return *e
	}
	return APIError{}
}

// fatal marks an error that no waiting will end.
type fatal struct{ error }

func (f fatal) Unwrap() error { return f.error }

// Fatal marks err as one that ends the adapter: refused credentials.
func Fatal(err error) error { return fatal{err} }

// Do makes the call and decodes the answer into out, which may be nil.
func (c *Client) Do(ctx context.Context, call Call, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	resp, err := c.send(ctx, call)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return call.fail(err)
	case len(data) > maxAnswer:
		return call.fail(fmt.Errorf("an answer of more than %d bytes", maxAnswer))
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return call.refused(resp, data)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return call.fail(fmt.Errorf("answer with status %d: %w", resp.StatusCode, err))
	}
	return nil
}

// Open makes a call whose answer is a stream, to be closed by the caller.
func (c *Client) Open(ctx context.Context, call Call) (io.ReadCloser, error) {
	resp, err := c.send(ctx, call)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		data, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<16)) // a bonus
		return nil, call.refused(resp, data)
	}
	return resp.Body, nil
}

func (c *Client) send(ctx context.Context, call Call) (*http.Response, error) {
	var body io.Reader
	if call.Body != nil {
		data, err := json.Marshal(call.Body)
		if err != nil {
			return nil, call.fail(err)
		}
		body = bytes.NewReader(data)
	}
	address := c.base + call.Path
	if len(call.Query) > 0 {
		address += "?" + call.Query.Encode()
	}
	method, _, _ := strings.Cut(call.name(), " ")
	req, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, call.fail(err)
	}
	for name, values := range call.Header {
		req.Header[name] = values
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if req.Header.Get("Accept") == "" {
		req.Header.Set("Accept", "application/json")
	}
	req.Header.Set("User-Agent", c.agent)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, call.fail(err)
	}
	return resp, nil
}

// fail makes an error of the call, without its address and secrets.
func (c Call) fail(err error) error {
	if ue := (*url.Error)(nil); errors.As(err, &ue) {
		err = ue.Err
	}
	if text := err.Error(); c.redact(text) != text {
		err = errors.New(c.redact(text))
	}
	return fmt.Errorf("%s: %w", c.name(), err)
}

func (c Call) redact(text string) string {
	_, token, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	for _, s := range append([]string{token}, c.Secrets...) {
		if s != "" {
			text = strings.ReplaceAll(text, s, "[redacted]")
		}
	}
	return text
}

// refused reads an answer that is no success. Bluesky and Mastodon say
// "error", X says "title" and "detail".
func (c Call) refused(resp *http.Response, data []byte) error {
	var body struct {
		Error, Message, Title, Detail, Type string
		Description                         string `json:"error_description"`
	}
	_ = json.Unmarshal(data, &body) // a page of a gateway says nothing we could tell
	e := &APIError{Call: c.name(), Status: resp.StatusCode, Code: cmp.Or(body.Error, body.Title), Message: cmp.Or(body.Message, body.Detail, body.Description)}
	e.Code, e.Message = c.redact(clip(e.Code)), c.redact(clip(e.Message))
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		e.Wait = wait(resp.Header, time.Now())
	}
	return e
}

// clip makes a server's words fit for a log.
func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > maxMessage {
		s = s[:maxMessage]
		for !utf8.ValidString(s) && s != "" {
			s = s[:len(s)-1]
		}
	}
	return s
}

// wait reads how long a server wants to be left alone: seconds, a Unix time
// (X, Bluesky), or RFC 3339 (Mastodon).
func wait(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After", "X-Rate-Limit-Reset", "X-RateLimit-Reset", "RateLimit-Reset"} {
		v := strings.TrimSpace(h.Get(name))
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n >= 0 {
			const year = 365 * 24 * 3600 // seconds: longer than any wait, sooner than any date
			if n > year {
				n -= now.Unix()
			}
			return time.Duration(min(max(n, 0), int64(maxWait.Seconds()))) * time.Second
		}
		for _, form := range []string{time.RFC3339, http.TimeFormat} {
			if at, err := time.Parse(form, v); err == nil {
				return min(max(at.Sub(now), 0), maxWait)
			}
		}
	}
	return 0
}
