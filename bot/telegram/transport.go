package telegram

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxAnswer caps an answer of the Bot API, in bytes. The largest are 100
// updates of at most a few kilobytes each.
const maxAnswer = 16 << 20

// stubToken stands in telebot's addresses where the token belongs. telebot
// puts the address of a failed call into the error's text; so it never
// learns the token, which transport writes into the address on its way out.
const stubToken = "TOKEN"

// transport is the one way to the Bot API. It puts the token in, gives each
// call the context that telebot has no parameter for, and makes an error of
// every answer that is not the Bot API's own: telebot takes an HTML page
// from a gateway for success.
type transport struct {
	next  http.RoundTripper
	token string

	last  atomic.Uint64
	calls sync.Map // number of a call, as text -> *flight
}

// flight is a call under way.
type flight struct {
	ctx context.Context //nolint:containedctx // carried past telebot's Raw, dropped when it returns
	// sent tells that the whole call went out, so that it may have been
	// carried out whatever became of the answer.
	sent atomic.Bool
}

func newTransport(token string, next http.RoundTripper) *transport {
	if next == nil {
		next = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSHandshakeTimeout:   10 * time.Second,
			MaxIdleConnsPerHost:   32,
			ForceAttemptHTTP2:     true,
			ExpectContinueTimeout: time.Second,
			// Shorter than any server keeps an idle connection: a call on one
			// that was just closed fails, and nobody knows whether it was seen.
			IdleConnTimeout: 20 * time.Second,
		}
	}
	return &transport{next: next, token: token}
}

// begin registers a call. Its number travels in the fragment of the address,
// the one part that never goes over the wire.
func (t *transport) begin(ctx context.Context) (fragment string, f *flight, end func()) {
	f = &flight{}
	f.ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(i httptrace.WroteRequestInfo) {
			if i.Err == nil {
				f.sent.Store(true)
			}
		},
	})
	id := strconv.FormatUint(t.last.Add(1), 10)
	t.calls.Store(id, f)
	return "#" + id, f, func() { t.calls.Delete(id) }
}

// RoundTrip carries one call and reads the answer to its end.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	v, ok := t.calls.Load(req.URL.Fragment)
	if !ok {
		return nil, errors.New("telegram: call without a context")
	}
	req = req.Clone(v.(*flight).ctx)
	req.URL.Fragment = ""
	req.URL.Path = strings.Replace(req.URL.Path, "/bot"+stubToken+"/", "/bot"+t.token+"/", 1)

	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, t.redact(err)
	}
	var body bytes.Buffer
	body.Grow(int(min(max(resp.ContentLength, 0), maxAnswer)) + bytes.MinRead)
	_, err = body.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1))
	_ = resp.Body.Close()
	switch {
	case err != nil:
		return nil, t.redact(fmt.Errorf("read answer: %w", err))
	case body.Len() > maxAnswer:
		return nil, fmt.Errorf("answer is larger than %d bytes", maxAnswer)
	case resp.StatusCode >= http.StatusInternalServerError, !bytes.HasPrefix(body.Bytes(), []byte("{")):
		return nil, &gatewayError{Status: resp.StatusCode}
	}
	resp.Body = io.NopCloser(&body)
	return resp, nil
}

// redact takes the token out of an error's text.
func (t *transport) redact(err error) error {
	if text := err.Error(); strings.Contains(text, t.token) {
		return errors.New(t.redacted(text))
	}
	return err
}

func (t *transport) redacted(text string) string { return strings.ReplaceAll(text, t.token, stubToken) }

// gatewayError is an answer that the Bot API did not give, or one that says
// that it failed.
type gatewayError struct{ Status int }

func (e *gatewayError) Error() string {
	return fmt.Sprintf("answer with status %d is not a Bot API result", e.Status)
}
