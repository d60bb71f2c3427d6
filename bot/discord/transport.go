package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/cenkalti/backoff/v5"
)

// transport carries discordgo's calls to the API. It does what discordgo
// v0.29.0 does not: it goes to the configured address instead of the one in
// discordgo's package variables, keeps limits per call without holding up
// others, waits with the caller's context, repeats what failed within bounds
// and only where that cannot do a thing twice, and reads errors that are not
// JSON. Unlike what http.RoundTripper asks for, an answer other than 2xx is
// an error, an *apiError: so nothing is left for discordgo to get wrong.
type transport struct {
	base   *url.URL // with the API version, without a slash at its end
	next   http.RoundTripper
	acks   http.RoundTripper // for acknowledgements, which cannot wait behind others
	limits *rateLimits
	pace   restPace
}

// restPace bounds how a call is repeated.
type restPace struct {
	attempts int           // that may fail; twice as many may be turned away by a limit
	attempt  time.Duration // for one
	first    time.Duration // wait before the second, growing from there
	most     time.Duration // the longest wait that a 429 may ask for
}

func defaultRestPace() restPace {
	return restPace{attempts: 5, attempt: 15 * time.Second, first: 250 * time.Millisecond, most: time.Minute}
}

// maxAnswer bounds the body of an answer, in bytes.
const maxAnswer = 4 << 20

// How many connections are open to the API at once. Acknowledgements have
// more and their own: they have three seconds, all else has minutes. Over
// HTTP/2 each connection carries many calls.
const (
	ackConnections   = 64
	otherConnections = 16
)

func newTransport(base *url.URL, limits *rateLimits, pace restPace) *transport {
	own := func(connections int) http.RoundTripper {
		t := http.DefaultTransport.(*http.Transport).Clone()
		t.MaxConnsPerHost, t.MaxIdleConnsPerHost = connections, connections
		return t
	}
	return &transport{base: base, next: own(otherConnections), acks: own(ackConnections), limits: limits, pace: pace}
}

// apiError is what the API refused, or an answer that made no sense.
type apiError struct {
	Call       string // method and path, without tokens
	Status     int    // HTTP
	Code       int    // Discord's own, 0 when there was none
	Message    string
	RetryAfter time.Duration
	// Repeated is set when the call had been made before without an answer.
	Repeated bool
}

func (e *apiError) Error() string {
	if e.Code != 0 {
		return fmt.Sprintf("%s: status %d, code %d: %s", e.Call, e.Status, e.Code, e.Message)
	}
	return fmt.Sprintf("%s: status %d %s", e.Call, e.Status, e.Message)
}

// refusal gives the API's error in err; its zero value when there is none.
func refusal(err error) apiError {
	var e *apiError
	if errors.As(err, &e) {
		return *e
	}
	return apiError{}
}

// callName is a call for logs and errors: tokens in the path are left out.
func callName(method, path string) string {
	parts := strings.Split(path, "/")
	if len(parts) > 3 && (parts[1] == "webhooks" || parts[1] == "interactions") {
		parts[3] = "…"
	}
	return method + " " + strings.Join(parts, "/")
}

// RoundTrip makes the call, repeating it as needed.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	path := "/" + strings.TrimPrefix(req.URL.String(), discordgo.EndpointAPI)
	path, query, _ := strings.Cut(path, "?")
	call := callName(req.Method, path)
	delay := backoff.NewExponentialBackOff()
	delay.InitialInterval, delay.MaxInterval = t.pace.first, 5*time.Second

	limited := 0 // attempts that a limit turned away: they do not count as failed
	for attempt := 1; ; attempt++ {
		if err := t.limits.wait(ctx, req.Method, path); err != nil {
			return nil, err
		}
		resp, err := t.once(ctx, req, path, query)
		if err == nil || ctx.Err() != nil {
			return resp, err
		}
		if e := (*apiError)(nil); errors.As(err, &e) {
			e.Repeated = attempt > 1
		}
		wait := delay.NextBackOff()
		refused := refusal(err)
		switch {
		case refused.Status == http.StatusTooManyRequests:
			if refused.RetryAfter > t.pace.most || attempt >= 2*t.pace.attempts {
				return nil, err
			}
			wait = 0 // wait at the limit
			limited++
		case attempt-limited >= t.pace.attempts:
			return nil, err
		case refused.Status >= 500, refused.Status == 0:
			if !repeatable(req.Method, path) && !notSent(err) {
				return nil, err
			}
		default:
			return nil, err
		}
		if deadline, ok := ctx.Deadline(); ok && time.Now().Add(wait).After(deadline) {
			return nil, err
		}
		if sleep(ctx, wait); ctx.Err() != nil {
			return nil, fmt.Errorf("%s: %w", call, ctx.Err())
		}
	}
}

// repeatable tells whether a call may be made again when nobody knows if it
// took effect. Messages carry a nonce, a second acknowledgement is refused;
// follow-ups have nothing of the kind.
func repeatable(method, path string) bool {
	return method != http.MethodPost || !strings.HasPrefix(path, "/webhooks/")
}

// notSent tells that a call cannot have taken effect.
func notSent(err error) bool {
	var op *net.OpError
	return refusal(err).Status == http.StatusServiceUnavailable || (errors.As(err, &op) && op.Op == "dial")
}

// once makes one attempt and reads the whole answer.
func (t *transport) once(ctx context.Context, req *http.Request, path, query string) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, t.pace.attempt)
	defer cancel()
	out := req.Clone(ctx)
	target := *t.base
	target.Path = t.base.Path + path
	target.RawQuery = query
	out.URL, out.Host = &target, ""
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = body
	}
	next := t.next
	if strings.HasPrefix(path, "/interactions/") {
		next = t.acks
	}
	call := callName(req.Method, path)
	resp, err := next.RoundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call, err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err == nil && len(data) > maxAnswer {
		err = fmt.Errorf("an answer of more than %d bytes", maxAnswer)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", call, err)
	}
	t.limits.note(req.Method, path, resp.Header)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, t.refused(req.Method, path, resp, data)
	}
	if len(data) > 0 && (!isJSON(resp.Header) || !json.Valid(data)) {
		return nil, &apiError{Call: call, Status: http.StatusBadGateway, Message: "(the answer is no JSON)"}
	}
	resp.StatusCode, resp.Header = http.StatusOK, make(http.Header) // limits are kept here, not by discordgo
	resp.Body = io.NopCloser(bytes.NewReader(data))
	return resp, nil
}

// refused reads an answer that is not 2xx. One that is not JSON comes from
// what stands before Discord, and a 429 of that kind is meant for all calls.
func (t *transport) refused(method, path string, resp *http.Response, data []byte) *apiError {
	e := &apiError{Call: callName(method, path), Status: resp.StatusCode}
	var body struct {
		Code       int     `json:"code"`
		Message    string  `json:"message"`
		RetryAfter float64 `json:"retry_after"` // in seconds
		Global     bool    `json:"global"`
	}
	ours := isJSON(resp.Header) && json.Unmarshal(data, &body) == nil
	if ours {
		e.Code, e.Message = body.Code, body.Message
	}
	if resp.StatusCode != http.StatusTooManyRequests {
		return e
	}
	seconds := body.RetryAfter
	if seconds <= 0 {
		seconds, _ = strconv.ParseFloat(resp.Header.Get("Retry-After"), 64)
	}
	if !(seconds > 0 && seconds < 86_400) { // also when it is not a number
		seconds = 5
	}
	e.RetryAfter = time.Duration(seconds * float64(time.Second))
	t.limits.hold(method, path, e.RetryAfter, body.Global || !ours || resp.Header.Get("X-RateLimit-Global") != "")
	return e
}

func isJSON(h http.Header) bool {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && kind == "application/json"
}
