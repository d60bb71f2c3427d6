// Package httpx is the one way out: the HTTP client that every source uses.
//
// It dials only public addresses on ports 443 and 80, checked after DNS at
// connect time, unless a host:port is trusted by setting. It bounds time,
// redirects and body sizes, identifies itself, retries what may be retried,
// leaves a host alone that keeps failing, and never lets a secret into an
// error.
package httpx

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Config tunes a [Client]. The zero value of every field works.
type Config struct {
	// UserAgent names the program and where it lives. FxTwitter answers 401
	// without one.
	UserAgent string
	// Trusted lists host:port pairs, as written in URLs, that may be private
	// and spoken to in plain http.
	Trusted []string
	// Timeout bounds one call with its retries; 0 means 20 s.
	Timeout time.Duration
	// Retries is how often a call may be repeated after a 5xx or a broken
	// connection; 0 means 2, negative none.
	Retries int
	// Around wraps what carries each attempt, redirects included; nil leaves
	// it as it is.
	Around func(http.RoundTripper) http.RoundTripper
	Log    *slog.Logger
}

// Request is one call for JSON.
type Request struct {
	// URL is absolute.
	URL string
	// Op says what the call is for, for errors: "bluesky: thread at://…".
	Op string
	// Source is put into errors: whose answer it was.
	Source string
	// Header holds further headers; Accept: application/json is the default.
	Header http.Header
	// Body, when set, is sent as JSON with POST, for services that are asked
	// that way. Only what reads may be asked so: calls are repeated as with
	// GET. Redirects are followed on the same host alone, and only those that
	// keep the body.
	Body any
	// MaxBody caps the decompressed body in bytes; 0 means 16 MiB.
	MaxBody int64
	// Accept lists statuses besides 200 whose JSON body is decoded too, for
	// services that say useful things with a 404.
	Accept []int

	image   bool   // wants a picture instead of JSON
	payload []byte // Body as JSON
}

// Answer is what came back besides the decoded body.
type Answer struct {
	Status int
	Header http.Header
}

// Doer is what sources need of the client.
type Doer interface {
	// GetJSON asks r.URL and decodes the JSON body into out. All errors are
	// *unroll.Error: rate_limited (429, with RetryAfter), not_found (404,
	// 410), login_required (401), private (403), upstream (5xx and all other
	// statuses, a body that is not JSON or ends early, another Content-Type;
	// with RetryAfter while a host that keeps failing is left alone),
	// too_large, timeout, canceled, blocked (451, or an address that must not
	// be dialled), invalid_ref (a host that does not exist). When a refused
	// status has a JSON body, it is decoded into out too and the error still
	// returned.
	GetJSON(ctx context.Context, r Request, out any) (Answer, error)
	// Location asks for url without following redirects and returns where it
	// leads: the Location header made absolute. Errors are GetJSON's, and
	// unsupported when the address leads nowhere else.
	Location(ctx context.Context, op, url string) (string, error)
}
