package storetest

import (
	"sync"
	"sync/atomic"
	"time"

	"unrollbot/unroll"
)

// allow takes an event and returns the wait.
func (f *fixture) allow(key string, l unroll.Limit) time.Duration {
	f.Helper()
	wait, err := f.Store.Allow(f.Context(), key, l)
	f.must(err)
	return wait
}

// passes checks that n events may happen.
func (f *fixture) passes(n int, key string, l unroll.Limit) {
	f.Helper()
	for i := range n {
		if wait := f.allow(key, l); wait != 0 {
			f.Fatalf("event %d of %d has to wait %s", i+1, n, wait)
		}
	}
}

// waits checks that an event is refused until want from now.
func (f *fixture) waits(want time.Duration, key string, l unroll.Limit) {
	f.Helper()
	if wait := f.allow(key, l); wait > want || wait < want-f.Drift || wait <= 0 {
		f.Fatalf("wait is %s, want %s, or less by at most %s", wait, want, f.Drift)
	}
}

func limitBurst(f *fixture) {
	for _, burst := range []int{1, 2, 3, 5, 7, 10, 30, 100} {
		l := unroll.Limit{Events: 7, Per: 11 * time.Minute, Burst: burst}
		key := "burst of " + time.Duration(burst).String()
		f.passes(burst, key, l)
		if f.allow(key, l) == 0 {
			f.Errorf("%d events passed a burst of %d", burst+1, burst)
		}
	}
}

func limitRate(f *fixture) {
	l := unroll.Limit{Events: 1, Per: time.Minute, Burst: 3}
	f.passes(3, "k", l)
	for range 20 {
		f.waits(time.Minute, "k", l)
		f.Advance(time.Minute)
		f.passes(1, "k", l)
	}
	f.Advance(2 * time.Minute)
	f.passes(2, "k", l)
	f.waits(time.Minute, "k", l)
	f.Advance(time.Hour) // more than the burst is never saved up
	f.passes(3, "k", l)
	f.waits(time.Minute, "k", l)
}

func limitRefusedIsFree(f *fixture) {
	l := unroll.Limit{Events: 2, Per: time.Minute, Burst: 1}
	f.passes(1, "k", l)
	for range 50 {
		f.waits(30*time.Second, "k", l)
	}
	f.Advance(30 * time.Second)
	f.passes(1, "k", l)
}

func limitWaitIsExact(f *fixture) {
	const tick = time.Millisecond // what every store can tell apart
	l := unroll.Limit{Events: 1, Per: time.Minute, Burst: 2}
	f.passes(2, "k", l)
	f.waits(time.Minute, "k", l)
	early := f.Drift + tick
	f.Advance(time.Minute - early)
	f.waits(early, "k", l)
	f.Advance(early)
	f.passes(1, "k", l)
}

func limitRaised(f *fixture) {
	f.passes(1, "k", unroll.Limit{Events: 1, Per: 24 * time.Hour, Burst: 1})
	l := unroll.Limit{Events: 1, Per: time.Minute, Burst: 1}
	f.waits(time.Minute, "k", l)
	f.Advance(time.Minute)
	f.passes(1, "k", l)
}

func limitNoBurst(f *fixture) {
	l := unroll.Limit{Events: 1, Per: time.Minute}
	f.passes(1, "k", l)
	f.waits(time.Minute, "k", l)
}

func limitUneven(f *fixture) {
	l := unroll.Limit{Events: 7, Per: time.Minute, Burst: 1}
	const interval = 8_571_429 * time.Microsecond
	f.passes(1, "k", l)
	f.waits(interval, "k", l)
	f.Advance(interval)
	f.passes(1, "k", l)
}

func limitsAreSeparate(f *fixture) {
	l := unroll.Limit{Events: 1, Per: time.Hour, Burst: 1}
	for _, key := range []string{"user a", "user b", "user", "Müller 🧵", ""} {
		f.passes(1, key, l)
	}
}

func limitConcurrently(f *fixture) {
	l := unroll.Limit{Events: 1, Per: time.Hour, Burst: 10}
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			wait, err := f.Store.Allow(f.Context(), "k", l)
			if err != nil {
				f.Error(err)
			} else if wait == 0 {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	if n := passed.Load(); n != 10 {
		f.Errorf("%d of 100 events at once passed, want the burst of 10", n)
	}
}

func limitMustBeRate(f *fixture) {
	for _, l := range []unroll.Limit{{}, {Events: 1}, {Per: time.Second}, {Events: -1, Per: time.Second}} {
		if _, err := f.Store.Allow(f.Context(), "k", l); err == nil {
			f.Errorf("Allow took %+v", l)
		}
	}
}
