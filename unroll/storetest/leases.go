package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// leased checks whether an owner gets a lease, or keeps it.
func (f *fixture) leased(key, owner string, ttl time.Duration, want bool) {
	f.Helper()
	held, err := f.Store.Hold(f.Context(), key, owner, ttl)
	f.must(err)
	if held != want {
		f.Fatalf("Hold(%q) by %s = %v, want %v", key, owner, held, want)
	}
}

func holdOneOwner(f *fixture) {
	var won atomic.Int64
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range 100 {
		wg.Go(func() {
			<-start
			held, err := f.Store.Hold(f.Context(), "k", fmt.Sprint("owner ", i), time.Hour)
			if err != nil {
				f.Error(err)
			}
			if held {
				won.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	if n := won.Load(); n != 1 {
		f.Errorf("%d of 100 have the lease, want 1", n)
	}
	for _, ttl := range []time.Duration{0, -time.Second} {
		if held, err := f.Store.Hold(f.Context(), "other", "owner", ttl); err == nil || held {
			f.Errorf("Hold took a ttl of %s", ttl)
		}
	}
}

func holdIsKept(f *fixture) {
	f.leased("k", "a", time.Hour, true)
	f.Advance(45 * time.Minute)
	f.leased("k", "a", time.Hour, true)
	f.Advance(45 * time.Minute)
	f.leased("k", "b", 10*time.Hour, false) // which prolongs nothing
	f.Advance(15 * time.Minute)
	f.leased("k", "b", time.Hour, true)
	f.leased("k", "a", time.Hour, false)
}

func holdReleased(f *fixture) {
	ctx := f.Context()
	f.must(f.Store.Release(ctx, "k", "a"))
	f.leased("k", "a", time.Hour, true)
	f.must(f.Store.Release(ctx, "k", "b"))
	f.leased("k", "b", time.Hour, false)
	f.must(f.Store.Release(ctx, "k", "a"))
	f.lacksValue("k")
	f.leased("k", "b", time.Hour, true)
}

func holdIsValue(f *fixture) {
	ctx := f.Context()
	f.leased("k", "a", time.Hour, true)
	f.hasValue("k", "a")
	f.claims("k", time.Hour, false)
	f.must(f.Store.SetValue(ctx, "k", []byte("done"), 2*time.Hour))
	f.leased("k", "a", time.Hour, false)
	f.must(f.Store.Release(ctx, "k", "a"))
	f.hasValue("k", "done")
	f.claims("marked", time.Hour, true)
	f.leased("marked", "a", time.Hour, false)
	f.must(f.Store.DeleteValue(ctx, "k"))
	f.leased("k", "b", time.Hour, true)
}
