package unroll

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// handClock is a clock that moves by hand.
type handClock struct{ at time.Time }

func (c *handClock) now() time.Time          { return c.at }
func (c *handClock) advance(d time.Duration) { c.at = c.at.Add(d) }
func newHandClock() *handClock               { return &handClock{at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)} }

// allow takes one event and returns the wait.
func allow(t *testing.T, l *LocalLimiter, key string, limit Limit) time.Duration {
	t.Helper()
	wait, err := l.Allow(context.Background(), key, limit)
	if err != nil {
		t.Fatalf("Allow(%q): %v", key, err)
	}
	return wait
}

func TestLimitInterval(t *testing.T) {
	for name, c := range map[string]struct {
		limit Limit
		want  time.Duration
		bad   bool
	}{
		"one a second":           {limit: Limit{Events: 1, Per: time.Second, Burst: 1}, want: time.Second},
		"ten a minute":           {limit: Limit{Events: 10, Per: time.Minute, Burst: 5}, want: 6 * time.Second},
		"no burst":               {limit: Limit{Events: 2, Per: time.Second}, want: 500 * time.Millisecond},
		"thirds round up":        {limit: Limit{Events: 3, Per: time.Second, Burst: 3}, want: 333334 * time.Microsecond},
		"faster than the clock":  {limit: Limit{Events: math.MaxInt, Per: time.Nanosecond, Burst: 1}, want: time.Microsecond},
		"zero":                   {bad: true},
		"no events":              {limit: Limit{Per: time.Second, Burst: 1}, bad: true},
		"no time":                {limit: Limit{Events: 1, Burst: 1}, bad: true},
		"negative burst":         {limit: Limit{Events: 1, Per: time.Second, Burst: -1}, bad: true},
		"negative time":          {limit: Limit{Events: 1, Per: -time.Second, Burst: 1}, bad: true},
		"would overflow":         {limit: Limit{Events: 1, Per: math.MaxInt64, Burst: math.MaxInt}, bad: true},
		"more than a year's sum": {limit: Limit{Events: 1, Per: 24 * time.Hour, Burst: 400}, bad: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.limit.Interval()
			if (err != nil) != c.bad || got != c.want {
				t.Errorf("Interval() = %v, %v; want %v, error %v", got, err, c.want, c.bad)
			}
		})
	}
}

func TestLocalLimiterRefusesNonsense(t *testing.T) {
	if _, err := NewLocalLimiter(nil).Allow(context.Background(), "k", Limit{}); err == nil {
		t.Error("a limit of nothing was taken for a rate")
	}
}

func TestLocalLimiterClockSetBack(t *testing.T) {
	clock := newHandClock()
	l := NewLocalLimiter(clock.now)
	limit := Limit{Events: 1, Per: time.Second, Burst: 1}
	allow(t, l, "k", limit)
	clock.advance(-time.Hour)
	if wait := allow(t, l, "k", limit); wait != time.Second {
		t.Errorf("after the clock was set back by an hour the wait is %v, want 1s", wait)
	}
	clock.advance(time.Second)
	if wait := allow(t, l, "k", limit); wait != 0 {
		t.Errorf("when that is over the wait is %v, want none", wait)
	}
}

func TestLocalLimiterIsBounded(t *testing.T) {
	clock := newHandClock()
	l := NewLocalLimiter(clock.now)
	l.max = 100
	limit := Limit{Events: 1, Per: time.Minute, Burst: 10}

	// One key with its burst used up, then a flood of keys used once each.
	for range limit.Burst {
		allow(t, l, "greedy", limit)
	}
	for i := range 10 * l.max {
		allow(t, l, fmt.Sprint("flood", i), limit)
		if len(l.keys) > l.max || len(l.keys) != len(l.oldest) {
			t.Fatalf("holds %d keys, %d in the heap; the bound is %d", len(l.keys), len(l.oldest), l.max)
		}
	}
	if wait := allow(t, l, "greedy", limit); wait == 0 {
		t.Error("a flood of other keys gave the greedy one its burst back")
	}
}

func TestLocalLimiterForgetsWhatHasPassed(t *testing.T) {
	clock := newHandClock()
	l := NewLocalLimiter(clock.now)
	limit := Limit{Events: 1, Per: time.Second, Burst: 1}
	for i := range 1000 {
		allow(t, l, fmt.Sprint("old", i), limit)
	}
	clock.advance(time.Second)
	for i := range 1000 {
		allow(t, l, fmt.Sprint("new", i), limit)
	}
	if len(l.keys) != 1000 {
		t.Errorf("holds %d keys, want the 1000 that still count", len(l.keys))
	}
}

func TestLocalLimiterConcurrent(t *testing.T) {
	clock := newHandClock()
	l := NewLocalLimiter(clock.now)
	limit := Limit{Events: 1, Per: time.Hour, Burst: 50}
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				if wait, err := l.Allow(context.Background(), "k", limit); err == nil && wait == 0 {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if got := passed.Load(); got != 50 {
		t.Errorf("%d events passed, want the burst of 50", got)
	}
}

func BenchmarkLocalLimiter(b *testing.B) {
	l := NewLocalLimiter(nil)
	limit := Limit{Events: 1000, Per: time.Second, Burst: 1000}
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprint("user", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := l.Allow(context.Background(), keys[i%len(keys)], limit); err != nil {
			b.Fatal(err)
		}
	}
}
