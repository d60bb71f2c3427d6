package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

// script is a transport that answers from a list, without a network, so that
// time can be a test's own.
type script struct {
	mu      sync.Mutex
	answers []reply
	asked   []time.Time
}

// reply is a status with a small JSON body, or an error.
type reply struct {
	code   int
	header http.Header
	err    error
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	i := min(len(s.asked), len(s.answers)-1)
	s.asked = append(s.asked, time.Now())
	s.mu.Unlock()
	a := s.answers[i]
	if a.err != nil {
		return nil, a.err
	}
	body := io.NopCloser(strings.NewReader(fmt.Sprintf(`{"name":"%d"}`, a.code)))
	return &http.Response{StatusCode: a.code, Header: a.header, Body: body, ContentLength: -1, Request: r}, nil
}

func status(code int, header ...string) reply {
	h := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return reply{code: code, header: h}
}

func list(all ...reply) []reply { return all }

var broken = reply{err: errors.New("connection reset")}

func scripted(cfg Config, answers ...reply) (*Client, *script) {
	c, s := New(cfg), &script{answers: answers}
	c.follow.Transport, c.stay.Transport = s, s
	return c, s
}

func TestRetries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		cfg     Config
		timeout time.Duration
		answers []reply
		kind    unroll.Kind
		asked   int
		out     string
		wait    time.Duration
	}{
		{name: "5xx then fine", answers: list(status(502), status(200)), asked: 2, out: "200"},
		{name: "broken then fine", answers: list(broken, broken, status(200)), asked: 3, out: "200"},
		{name: "always broken", answers: list(broken), asked: 3, kind: unroll.KindUpstream},
		{name: "always 500", answers: list(status(500)), asked: 3, kind: unroll.KindUpstream, out: "500"},
		{name: "no retries", cfg: Config{Retries: -1}, answers: list(status(500)), asked: 1, kind: unroll.KindUpstream, out: "500"},
		{name: "more retries", cfg: Config{Retries: 4}, answers: list(status(500)), asked: 5, kind: unroll.KindUpstream, out: "500"},
		{name: "501 stays", answers: list(status(501)), asked: 1, kind: unroll.KindUpstream, out: "501"},
		{name: "404 stays", answers: list(status(404)), asked: 1, kind: unroll.KindNotFound, out: "404"},
		{
			name: "429 stays", answers: list(status(429, "Retry-After", "1")), asked: 1,
			kind: unroll.KindRateLimited, out: "429", wait: time.Second,
		},
		{
			name: "503 with a long wait", answers: list(status(503, "Retry-After", "60")), asked: 1,
			kind: unroll.KindUpstream, out: "503", wait: time.Minute,
		},
		{name: "503 with a short wait", answers: list(status(503, "Retry-After", "1"), status(200)), asked: 2, out: "200"},
		{
			name: "no time to wait", timeout: 10 * time.Millisecond, answers: list(status(500)), asked: 1,
			kind: unroll.KindUpstream, out: "500",
		},
		{name: "no time for all", cfg: Config{Timeout: time.Second, Retries: 100}, answers: list(broken), asked: -1, kind: unroll.KindUpstream},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, s := scripted(tc.cfg, tc.answers...)
				ctx := t.Context()
				if tc.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tc.timeout)
					defer cancel()
				}
				start := time.Now()
				var out doc
				_, err := c.GetJSON(ctx, Request{URL: "https://example.org/"}, &out)
				if unroll.KindOf(err) != tc.kind || out.Name != tc.out || unroll.RetryAfter(err) != tc.wait {
					t.Errorf("got %v, wait %v, out %q", err, unroll.RetryAfter(err), out.Name)
				}
				if tc.asked >= 0 && len(s.asked) != tc.asked {
					t.Errorf("asked %d times, want %d", len(s.asked), tc.asked)
				}
				if took := time.Since(start); took > c.timeout {
					t.Errorf("took %v", took)
				}
				for i := 1; i < len(s.asked); i++ {
					if gap := s.asked[i].Sub(s.asked[i-1]); gap < 100*time.Millisecond || gap > 2*maxPatience {
						t.Errorf("pause %d was %v", i, gap)
					}
				}
			})
		})
	}
}

func TestCanceledBetweenRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := scripted(Config{}, broken)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		_, err := c.GetJSON(ctx, Request{URL: "https://example.org/"}, &doc{})
		var e *unroll.Error
		if !errors.As(err, &e) || e.Kind != unroll.KindCanceled {
			t.Errorf("got %v", err)
		}
	})
}
