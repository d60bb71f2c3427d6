package storetest

import (
	"bytes"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

// hasValue checks what a key holds.
func (f *fixture) hasValue(key, want string) {
	f.Helper()
	got, ok, err := f.Store.Value(f.Context(), key)
	if err != nil || !ok || string(got) != want {
		f.Fatalf("Value(%.40q) = %.40q, %v, %v; want %.40q", key, got, ok, err, want)
	}
}

// lacksValue checks that a key holds nothing.
func (f *fixture) lacksValue(key string) {
	f.Helper()
	if got, ok, err := f.Store.Value(f.Context(), key); ok || err != nil {
		f.Fatalf("Value(%.40q) = %.40q, %v, %v; want nothing", key, got, ok, err)
	}
}

// claims checks whether a claim is won.
func (f *fixture) claims(key string, ttl time.Duration, want bool) {
	f.Helper()
	won, err := f.Store.Claim(f.Context(), key, ttl)
	f.must(err)
	if won != want {
		f.Fatalf("Claim(%.40q) = %v, want %v", key, won, want)
	}
}

func value(f *fixture) {
	ctx := f.Context()
	f.lacksValue("k")
	f.must(f.Store.DeleteValue(ctx, "k"))
	for _, v := range []string{"one", "", "\x00\xff", strings.Repeat("long ", 20_000)} {
		f.must(f.Store.SetValue(ctx, "k", []byte(v), time.Hour))
		f.hasValue("k", v)
	}
	f.must(f.Store.DeleteValue(ctx, "k"))
	f.lacksValue("k")
}

func valueExpires(f *fixture) {
	ctx := f.Context()
	f.must(f.Store.SetValue(ctx, "k", []byte("v"), time.Hour))
	f.Advance(time.Hour - f.Drift - time.Second)
	f.hasValue("k", "v")
	f.must(f.Store.SetValue(ctx, "k", []byte("w"), 2*time.Hour))
	f.Advance(time.Hour)
	f.hasValue("k", "w")
	f.Advance(time.Hour)
	f.lacksValue("k")
	f.must(f.Store.SetValue(ctx, "k", []byte("short"), 100*time.Microsecond))
	f.Advance(time.Millisecond)
	f.lacksValue("k")
}

func valuesAreCopies(f *fixture) {
	ctx := f.Context()
	v := []byte("original")
	f.must(f.Store.SetValue(ctx, "k", v, time.Hour))
	copy(v, "changed!")
	f.hasValue("k", "original")
	got, _, err := f.Store.Value(ctx, "k")
	f.must(err)
	copy(got, bytes.Repeat([]byte("!"), len(got)))
	f.hasValue("k", "original")
}

func oddKeys(f *fixture) {
	ctx := f.Context()
	keys := []string{
		"", " ", "a b", "a", "a:b", "{a}", "}{", "a\x00b", "a\nb", "*?[x]", "\xff\xfe",
		"тред", "糸", "🧵", "e\u0301", "\u00e9", strings.Repeat("k", 1024), strings.Repeat("k", 1023),
	}
	for _, k := range keys {
		f.must(f.Store.SetValue(ctx, k, []byte("value of "+k), time.Hour))
	}
	for _, k := range keys {
		f.hasValue(k, "value of "+k)
		f.must(f.Store.DeleteValue(ctx, k))
		f.claims(k, time.Hour, true)
		f.lock(k, time.Minute)()
		f.must(f.Store.SetOptedOut(ctx, unroll.Mastodon, k, true))
	}
	for _, k := range keys {
		f.claims(k, time.Hour, false)
		f.optedOut(unroll.Mastodon, k, true)
	}
}

func claimOneWinner(f *fixture) {
	for range 5 {
		var won atomic.Int64
		var wg sync.WaitGroup
		start := make(chan struct{})
		for range 100 {
			wg.Go(func() {
				<-start
				ok, err := f.Store.Claim(f.Context(), "k", time.Hour)
				if err != nil {
					f.Error(err)
				}
				if ok {
					won.Add(1)
				}
			})
		}
		close(start)
		wg.Wait()
		if n := won.Load(); n != 1 {
			f.Errorf("%d of 100 claims were won, want 1", n)
		}
		f.must(f.Store.DeleteValue(f.Context(), "k"))
	}
}

func claimEnds(f *fixture) {
	f.claims("k", time.Hour, true)
	f.Advance(time.Hour - f.Drift - time.Second)
	f.claims("k", 10*time.Hour, false) // which prolongs nothing
	f.Advance(f.Drift + time.Second)
	f.claims("k", time.Hour, true)
}

func claimIsMark(f *fixture) {
	ctx := f.Context()
	f.claims("k", time.Hour, true)
	f.hasValue("k", "")
	f.must(f.Store.DeleteValue(ctx, "k"))
	f.claims("k", time.Hour, true)
	f.must(f.Store.SetValue(ctx, "k", []byte("v"), time.Hour))
	f.claims("k", time.Hour, false)
	f.hasValue("k", "v")
}

func ttlMustBePositive(f *fixture) {
	for _, ttl := range []time.Duration{0, -time.Second} {
		if err := f.Store.SetValue(f.Context(), "k", nil, ttl); err == nil {
			f.Errorf("SetValue took a ttl of %s", ttl)
		}
		if won, err := f.Store.Claim(f.Context(), "k", ttl); err == nil || won {
			f.Errorf("Claim took a ttl of %s", ttl)
		}
	}
	f.lacksValue("k")
}

// optedOut checks an author.
func (f *fixture) optedOut(n unroll.Network, id string, want bool) {
	f.Helper()
	out, err := f.Store.OptedOut(f.Context(), n, id)
	f.must(err)
	if out[id] != want || !want && out != nil {
		f.Fatalf("OptedOut(%s, %.40q) = %v, want %v", n, id, out, want)
	}
}

func optOuts(f *fixture) {
	ctx := f.Context()
	const did, url = "did:plc:abcdefgh", "https://social.example/users/a b"
	f.optedOut(unroll.Bluesky, did, false)
	f.must(f.Store.SetOptedOut(ctx, unroll.Bluesky, did, false))
	f.must(f.Store.SetOptedOut(ctx, unroll.Bluesky, did, true))
	f.must(f.Store.SetOptedOut(ctx, unroll.Bluesky, did, true))
	f.must(f.Store.SetOptedOut(ctx, unroll.Mastodon, url, true))
	f.optedOut(unroll.Bluesky, did, true)
	f.optedOut(unroll.Mastodon, url, true)
	f.optedOut(unroll.X, did, false)
	f.optedOut(unroll.Bluesky, did+"i", false)

	out, err := f.Store.OptedOut(ctx, unroll.Bluesky, "did:plc:other", did, url)
	f.must(err)
	if diff := cmp.Diff(map[string]bool{did: true}, out); diff != "" {
		f.Errorf("of several: want -, got +\n%s", diff)
	}
	out, err = f.Store.OptedOut(ctx, unroll.Bluesky)
	if len(out) != 0 || err != nil {
		f.Errorf("of none: %v, %v", out, err)
	}

	// Nobody has to say it again.
	f.Advance(366 * 24 * time.Hour)
	f.optedOut(unroll.Bluesky, did, true)
	f.must(f.Store.SetOptedOut(ctx, unroll.Bluesky, did, false))
	f.optedOut(unroll.Bluesky, did, false)
}
