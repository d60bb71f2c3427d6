package httpx

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(Config{Retries: -1}, broken)
		get := func() error {
			_, err := c.GetJSON(t.Context(), Request{URL: "https://down.test/", Op: "test: get"}, &doc{})
			return err
		}
		for range breakerTrips {
			if err := get(); unroll.KindOf(err) != unroll.KindUpstream || unroll.RetryAfter(err) != 0 {
				t.Fatalf("got %v", err)
			}
		}
		time.Sleep(breakerOpen / 3)
		err := get()
		if unroll.KindOf(err) != unroll.KindUpstream || unroll.RetryAfter(err) != breakerOpen*2/3 {
			t.Errorf("got %v, wait %v", err, unroll.RetryAfter(err))
		}
		if len(s.asked) != breakerTrips {
			t.Errorf("asked %d times", len(s.asked))
		}
		s.answers = list(status(200))
		if _, err := c.GetJSON(t.Context(), Request{URL: "https://up.test/"}, &doc{}); err != nil {
			t.Errorf("another host: %v", err)
		}
		time.Sleep(breakerOpen)
		if err := get(); err != nil {
			t.Errorf("after the pause: %v", err)
		}
		if err := get(); err != nil {
			t.Errorf("closed again: %v", err)
		}
	})
}

func TestBreakerCountsOnlyOutages(t *testing.T) {
	t.Parallel()
	canceled := func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return ctx, cancel
	}
	live := func() (context.Context, context.CancelFunc) { return t.Context(), func() {} }
	tests := []struct {
		name  string
		ctx   func() (context.Context, context.CancelFunc)
		cause error
		code  int
		trips bool
	}{
		{name: "404", ctx: live, code: 404},
		{name: "429", ctx: live, code: 429},
		{name: "501", ctx: live, code: 501},
		{name: "500", ctx: live, code: 500, trips: true},
		{name: "broken", ctx: live, cause: errors.New("reset"), trips: true},
		{name: "canceled", ctx: canceled, cause: context.Canceled},
		{name: "time-out", ctx: live, cause: context.DeadlineExceeded, trips: true},
		{name: "blocked", ctx: live, cause: errPlainHTTP},
		{name: "redirects", ctx: live, cause: errRedirects},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			answers := list(status(tc.code))
			if tc.cause != nil {
				answers[0] = reply{err: tc.cause}
			}
			c, s := scripted(Config{Retries: -1}, answers...)
			for range breakerTrips + 2 {
				ctx, cancel := tc.ctx()
				if _, err := c.GetJSON(ctx, Request{URL: "https://a.test/"}, &doc{}); err == nil {
					t.Error("no error")
				}
				cancel()
			}
			if tripped := len(s.asked) == breakerTrips; tripped != tc.trips {
				t.Errorf("asked %d times", len(s.asked))
			}
		})
	}
}

// TestBreakerIgnoresCanceled: a call that was given up is no success either.
func TestBreakerIgnoresCanceled(t *testing.T) {
	t.Parallel()
	c, s := scripted(Config{Retries: -1}, broken)
	for i := range breakerTrips + 3 {
		ctx, cancel := context.WithCancel(t.Context())
		if i == breakerTrips-1 {
			cancel()
		}
		_, _ = c.GetJSON(ctx, Request{URL: "https://a.test/"}, &doc{})
		cancel()
	}
	if want := breakerTrips + 1; len(s.asked) != want {
		t.Errorf("asked %d times, want %d", len(s.asked), want)
	}
}

func TestBreakersAreBounded(t *testing.T) {
	t.Parallel()
	c, _ := scripted(Config{Retries: -1}, broken)
	for range breakerTrips {
		_, _ = c.GetJSON(t.Context(), Request{URL: "https://down.test/"}, &doc{})
	}
	c.follow.Transport = &script{answers: list(status(404))}
	for i := range maxBreakers + 50 {
		_, _ = c.GetJSON(t.Context(), Request{URL: fmt.Sprintf("https://h%d.test/", i)}, &doc{})
	}
	if n := len(c.breakers.byHost); n != maxBreakers {
		t.Errorf("%d hosts kept", n)
	}
	if _, err := c.GetJSON(t.Context(), Request{URL: "https://down.test/"}, &doc{}); unroll.KindOf(err) != unroll.KindUpstream {
		t.Errorf("the host that is down was forgotten before healthy ones: %v", err)
	}
}
