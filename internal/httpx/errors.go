package httpx

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"unrollbot/unroll"
)

// fail makes the error of a call, without addresses or secrets in its text.
func (r Request) fail(kind unroll.Kind, err error) *unroll.Error {
	if ue := (*url.Error)(nil); errors.As(err, &ue) {
		err = ue.Err // without the address and its query
	}
	return &unroll.Error{Kind: kind, Op: r.Op, Source: r.Source, Err: r.redact(err)}
}

// lost is the failure of an attempt that got no whole answer.
func (r Request) lost(ctx context.Context, err error) *failure {
	kind := kindOf(ctx, err)
	down := kind == unroll.KindTimeout || kind == unroll.KindUpstream && !errors.Is(err, errRedirects) && !errors.Is(err, errBodyMoved)
	return &failure{cause: r.fail(kind, err), down: down}
}

// refused is the failure that a status means, nil for a wanted one.
func (r Request) refused(res *http.Response, wanted bool) *failure {
	if wanted {
		return nil
	}
	f := &failure{cause: r.fail(unroll.KindUpstream, fmt.Errorf("status %d", res.StatusCode))}
	switch code := res.StatusCode; {
	case code == http.StatusUnauthorized:
		f.cause.Kind = unroll.KindLoginRequired
	case code == http.StatusForbidden:
		f.cause.Kind = unroll.KindPrivate
	case code == http.StatusNotFound, code == http.StatusGone:
		f.cause.Kind = unroll.KindNotFound
	case code == http.StatusTooManyRequests:
		f.cause.Kind = unroll.KindRateLimited
		f.cause.RetryAfter = retryAfter(res.Header, time.Now())
	case code == http.StatusUnavailableForLegalReasons:
		f.cause.Kind = unroll.KindBlocked
	case code >= 500 && code != http.StatusNotImplemented:
		f.down = true
		f.cause.RetryAfter = retryAfter(res.Header, time.Now())
	}
	return f
}

// redact keeps err as it is unless its text repeats a secret of the request:
// a query value, or a header's value.
func (r Request) redact(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	clean := text
	for _, secret := range r.secrets() {
		clean = strings.ReplaceAll(clean, secret, "[redacted]")
	}
	if clean == text {
		return err
	}
	return errors.New(clean)
}

func (r Request) secrets() []string {
	var all []string
	add := func(values []string) {
		for _, v := range values {
			_, token, _ := strings.Cut(v, " ") // "Bearer TOKEN"
			for _, s := range []string{v, token} {
				if len(s) >= 8 { // shorter ones would eat ordinary words
					all = append(all, s, url.QueryEscape(s))
				}
			}
		}
	}
	for name, values := range r.Header {
		if name != "Accept" {
			add(values)
		}
	}
	if u, err := url.Parse(r.URL); err == nil {
		for _, values := range u.Query() {
			add(values)
		}
	}
	return all
}
