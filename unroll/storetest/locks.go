package storetest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// lock takes a lock that must be free.
func (f *fixture) lock(key string, lease time.Duration) (unlock func()) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.Context(), soon)
	defer cancel()
	unlock, err := f.Store.Lock(ctx, key, lease)
	if err != nil {
		f.Fatalf("Lock(%q): %v", key, err)
	}
	return unlock
}

// waiter waits for a lock that is held, and tells when it has it.
func (f *fixture) waiter(key string) <-chan func() {
	f.Helper()
	got := make(chan func(), 1)
	go func() {
		unlock, err := f.Store.Lock(f.Context(), key, time.Hour)
		if err != nil {
			f.Errorf("Lock(%q) while it was held: %v", key, err)
			unlock = func() {}
		}
		got <- unlock
	}()
	select {
	case <-got:
		f.Fatal("two hold one lock")
	case <-time.After(soon / 20):
	}
	return got
}

// wakes checks that a waiter gets its lock.
func (f *fixture) wakes(got <-chan func()) {
	f.Helper()
	select {
	case unlock := <-got:
		unlock()
	case <-time.After(soon):
		f.Error("the waiter does not get the lock")
		(<-got)()
	}
}

func lockOneHolder(f *fixture) {
	const workers = 20
	var inside, total atomic.Int64
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			unlock, err := f.Store.Lock(f.Context(), "k", time.Minute)
			if err != nil {
				f.Error(err)
				return
			}
			defer unlock()
			if n := inside.Add(1); n != 1 {
				f.Errorf("%d hold the lock at once", n)
			}
			total.Add(1)
			time.Sleep(time.Millisecond)
			inside.Add(-1)
		})
	}
	wg.Wait()
	if n := total.Load(); n != workers {
		f.Errorf("%d of %d got the lock", n, workers)
	}
}

func locksAreSeparate(f *fixture) {
	f.must(f.Store.SetValue(f.Context(), "a", []byte("no lock"), time.Hour))
	defer f.lock("a", time.Minute)()
	defer f.lock("b", time.Minute)()
}

func lockWakesWaiter(f *fixture) {
	unlock := f.lock("k", time.Minute)
	got := f.waiter("k")
	unlock()
	f.wakes(got)
}

func leaseEnds(f *fixture) {
	f.lock("k", time.Minute)
	got := f.waiter("k")
	f.Advance(time.Minute)
	f.wakes(got)
}

func lateUnlock(f *fixture) {
	late := f.lock("k", time.Minute)
	f.Advance(time.Minute)
	unlock := f.lock("k", time.Hour)
	late()
	got := f.waiter("k") // fails when it need not wait
	unlock()
	f.wakes(got)
}

func lockContext(f *fixture) {
	defer f.lock("k", time.Hour)()
	ctx, cancel := context.WithTimeout(f.Context(), soon/20)
	defer cancel()
	if _, err := f.Store.Lock(ctx, "k", time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		f.Errorf("Lock past its deadline: %v, want %v", err, context.DeadlineExceeded)
	}
	ctx, cancel = context.WithCancel(f.Context())
	cancel()
	if _, err := f.Store.Lock(ctx, "free", time.Minute); !errors.Is(err, context.Canceled) {
		f.Errorf("Lock with a context that has ended: %v, want %v", err, context.Canceled)
	}
}

func leaseMustBePositive(f *fixture) {
	for _, lease := range []time.Duration{0, -time.Second} {
		if _, err := f.Store.Lock(f.Context(), "k", lease); err == nil {
			f.Errorf("Lock took a lease of %s", lease)
		}
	}
}
