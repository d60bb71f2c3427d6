package redisstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

// realURL is the address of a real Redis, or skips the test.
func realURL(tb testing.TB) string {
	tb.Helper()
	address := os.Getenv("UNROLL_TEST_REDIS_URL")
	if address == "" {
		tb.Skip("UNROLL_TEST_REDIS_URL is not set: not tested against a real Redis")
	}
	return address
}

// open opens a store under a prefix of its own, which is emptied at the end.
func open(tb testing.TB, address string, log *slog.Logger) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), Config{URL: address, Log: log, Prefix: "test-" + rand.Text() + ":"})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx := context.Background()
		for _, key := range allKeys(ctx, tb, s) {
			s.client.Del(ctx, key)
		}
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// allKeys lists a store's keys.
func allKeys(ctx context.Context, tb testing.TB, s *Store) []string {
	tb.Helper()
	var mu sync.Mutex // the nodes of a cluster are asked at the same time
	var keys []string
	scan := func(ctx context.Context, node redis.Cmdable) error {
		i := node.Scan(ctx, 0, s.keys.prefix+"*", 1000).Iterator()
		for i.Next(ctx) {
			mu.Lock()
			keys = append(keys, i.Val())
			mu.Unlock()
		}
		return i.Err()
	}
	var err error
	if cluster, ok := s.client.(*redis.ClusterClient); ok {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error { return scan(ctx, node) })
	} else {
		err = scan(ctx, s.client)
	}
	if err != nil {
		tb.Error(err)
	}
	return keys
}

func TestContractOnMiniredis(t *testing.T) {
	storetest.Run(t, func(t *testing.T, log *slog.Logger) storetest.Backend {
		m := miniredis.RunT(t)
		now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
		m.SetTime(now)
		s := open(t, "redis://"+m.Addr(), log)
		t.Cleanup(func() { everyKeyExpires(t, s) })
		return storetest.Backend{
			Store: s,
			Advance: func(d time.Duration) {
				now = now.Add(d)
				m.SetTime(now)
				m.FastForward(d)
			},
			Damage: func() { damage(t, s) },
		}
	})
}

func TestContractOnRedis(t *testing.T) {
	contract(t, realURL(t))
}

// contract is that of all stores, on a real Redis.
func contract(t *testing.T, address string) {
	storetest.Run(t, func(t *testing.T, log *slog.Logger) storetest.Backend {
		s := open(t, address, log)
		t.Cleanup(func() { everyKeyExpires(t, s) })
		return storetest.Backend{
			Store:   s,
			Advance: func(d time.Duration) { advance(t, s, d) },
			Damage:  func() { damage(t, s) },
			Drift:   5 * time.Second,
		}
	})
}

// everyKeyExpires is the rule of the house: nothing stays in Redis for ever.
func everyKeyExpires(t *testing.T, s *Store) {
	t.Helper()
	ctx := context.Background()
	for _, key := range allKeys(ctx, t, s) {
		// -1 means that it never expires, -2 that it is gone already.
		if ttl := s.client.TTL(ctx, key).Val(); ttl == -1 {
			t.Errorf("key %q never expires", key)
		}
	}
}

// advance brings everything that is stored nearer to its end by d, which is
// what moving the clock of a real Redis forward would do.
func advance(t *testing.T, s *Store, d time.Duration) {
	t.Helper()
	ctx := t.Context()
	advanceAgenda(t, s, d)
	for _, key := range allKeys(ctx, t, s) {
		if strings.HasPrefix(key, s.keys.limit("")) {
			tat, err := s.client.Get(ctx, key).Int64()
			if err != nil {
				continue // it ended just now
			}
			s.client.SetArgs(ctx, key, strconv.FormatInt(tat-d.Microseconds(), 10), redis.SetArgs{KeepTTL: true})
		}
		left := s.client.PTTL(ctx, key).Val() - d
		if left < time.Millisecond {
			s.client.Del(ctx, key)
		} else {
			s.client.PExpire(ctx, key, left.Truncate(time.Millisecond))
		}
	}
}

// damage flips a bit in the middle of every frame.
func damage(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	flip := func(v string) string {
		b := []byte(v)
		b[len(b)/2] ^= 4
		return string(b)
	}
	order, items := s.keys.latest()
	for _, key := range allKeys(ctx, t, s) {
		var err error
		if s.damagedAgenda(ctx, key, flip) {
			continue
		}
		switch {
		case key == order, strings.HasPrefix(key, s.keys.prefix+"a:"): // sets without frames
		case key == items:
			for path, v := range s.client.HGetAll(ctx, items).Val() {
				err = cmp.Or(err, s.client.HSet(ctx, items, path, flip(v)).Err())
			}
		default:
			err = s.client.SetArgs(ctx, key, flip(s.client.Get(ctx, key).Val()), redis.SetArgs{KeepTTL: true}).Err()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRoundTrips counts the calls that a hit costs.
func TestRoundTrips(t *testing.T) {
	m := miniredis.RunT(t)
	s := open(t, "redis://"+m.Addr(), slog.New(slog.DiscardHandler))
	thread := storetest.Thread(1, 30)
	refs := storetest.Refs(&thread)
	if err := s.Save(t.Context(), refs[0], refs, entryOf(&thread), time.Hour); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		post, want int
	}{"root": {0, 1}, "another post": {20, 2}} {
		t.Run(name, func(t *testing.T) {
			before := m.CommandCount()
			if _, ok, err := s.Load(t.Context(), refs[c.post]); !ok || err != nil {
				t.Fatal(ok, err)
			}
			if got := m.CommandCount() - before; got != c.want {
				t.Errorf("%d commands, want %d", got, c.want)
			}
		})
	}
}

// TestTwoProcesses looks at one Redis through two stores.
func TestTwoProcesses(t *testing.T) {
	m := miniredis.RunT(t)
	var stores [2]*Store
	for i := range stores {
		s, err := Open(t.Context(), Config{URL: "redis://" + m.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		stores[i] = s
	}
	unlock, err := stores[0].Lock(t.Context(), "k", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := stores[1].Lock(ctx, "k", time.Minute); err == nil {
		t.Fatal("two processes hold one lock")
	}
	unlock()
	if unlock, err = stores[1].Lock(t.Context(), "k", time.Minute); err != nil {
		t.Fatal(err)
	}
	unlock()
	for i, want := range []bool{true, false} {
		if won, err := stores[i].Claim(t.Context(), "k", time.Minute); err != nil || won != want {
			t.Errorf("claim of process %d = %v, %v; want %v", i, won, err, want)
		}
	}
}

// TestLostAnswer sends what takes a lock or a claim twice, as go-redis does
// when a connection breaks between question and answer.
func TestLostAnswer(t *testing.T) {
	m := miniredis.RunT(t)
	s := open(t, "redis://"+m.Addr(), slog.New(slog.DiscardHandler))
	for i, want := range []struct {
		owner string
		won   bool
	}{{"a", true}, {"a", true}, {"b", false}} {
		if won, err := s.hold(t.Context(), s.keys.lock("k"), want.owner, time.Minute); err != nil || won != want.won {
			t.Errorf("call %d, by %s: %v, %v; want %v", i, want.owner, won, err, want.won)
		}
	}
}

// TestLatestIsTrimmed looks at what no caller sees: that old listings are gone.
func TestLatestIsTrimmed(t *testing.T) {
	m := miniredis.RunT(t)
	s := open(t, "redis://"+m.Addr(), slog.New(slog.DiscardHandler))
	for i := range latestMax + 20 {
		l := unroll.Listing{Ref: unroll.Ref{Network: unroll.X, ID: strconv.Itoa(i)}, At: time.Unix(int64(i), 0)}
		if err := s.AddLatest(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	order, items := s.keys.latest()
	if n, m := s.client.ZCard(t.Context(), order).Val(), s.client.HLen(t.Context(), items).Val(); n != latestMax || m != latestMax {
		t.Errorf("%d listings are ordered and %d held, want %d", n, m, latestMax)
	}
}

// TestOptOutIsProlonged asks about an author every few years.
func TestOptOutIsProlonged(t *testing.T) {
	m := miniredis.RunT(t)
	s := open(t, "redis://"+m.Addr(), slog.New(slog.DiscardHandler))
	if err := s.SetOptedOut(t.Context(), unroll.X, "1", true); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		m.FastForward(optOutTTL - time.Hour)
		if out, err := s.OptedOut(t.Context(), unroll.X, "1"); !out["1"] || err != nil {
			t.Errorf("OptedOut = %v, %v; want true", out, err)
		}
	}
}

// TestKeys keeps what must change together in one slot of a cluster, and the
// rest apart.
func TestKeys(t *testing.T) {
	k := keys{"p:"}
	order, items := k.latest()
	if tag(order) != tag(items) {
		t.Errorf("%s and %s need one hash tag", order, items)
	}
	jobs, buried := k.queue("telegram")
	if tag(jobs) != tag(buried) {
		t.Errorf("%s and %s need one hash tag", jobs, buried)
	}
	all := []string{jobs, buried, k.entry("/x/20"), k.optOut("x", "20"), k.author("x", "20"), k.value("/x/20"), k.limit("/x/20"), k.lock("/x/20"), order, items}
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); n != len(all) {
		t.Errorf("keys of different kinds collide: %q", all)
	}
	for _, key := range all {
		if !strings.HasPrefix(key, "p:") {
			t.Errorf("%s lacks the prefix", key)
		}
	}
}

// tag is what a cluster hashes of a key.
func tag(key string) string {
	if _, rest, ok := strings.Cut(key, "{"); ok {
		if tag, _, ok := strings.Cut(rest, "}"); ok && tag != "" {
			return tag
		}
	}
	return key
}

func BenchmarkStore(b *testing.B) {
	address := realURL(b)
	storetest.Benchmark(b, func(b *testing.B) storetest.Store {
		return open(b, address, slog.New(slog.DiscardHandler))
	})
}

func entryOf(t *unroll.Thread) unroll.Entry {
	return unroll.Entry{Thread: t, FreshUntil: t.FetchedAt.Add(time.Hour)}
}
