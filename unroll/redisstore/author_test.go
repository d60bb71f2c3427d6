package redisstore

import (
	"log/slog"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"unrollbot/unroll"
)

// TestAuthorIsBounded keeps the threads that expire last, and forgets those
// that have expired.
func TestAuthorIsBounded(t *testing.T) {
	m := miniredis.RunT(t)
	m.SetTime(time.Now())
	s := open(t, "redis://"+m.Addr(), slog.New(slog.DiscardHandler))
	note := func(id int, keep time.Duration) {
		t.Helper()
		ref := unroll.Ref{Network: unroll.X, ID: strconv.Itoa(id)}
		if err := s.indexThread(t.Context(), ref, &unroll.Thread{Author: unroll.Author{ID: "1"}}, keep); err != nil {
			t.Fatal(err)
		}
	}
	held := func() int64 { return s.client.ZCard(t.Context(), s.keys.author(unroll.X, "1")).Val() }
	soon := float64(time.Now().Add(2 * time.Hour).UnixMilli())
	full := make([]redis.Z, authorMax+20)
	for i := range full {
		full[i] = redis.Z{Score: soon, Member: strconv.Itoa(i)}
	}
	if err := s.client.ZAdd(t.Context(), s.keys.author(unroll.X, "1"), full...).Err(); err != nil {
		t.Fatal(err)
	}
	note(-3, 2*time.Hour)
	if n := held(); n != authorMax {
		t.Errorf("%d threads are held, want %d", n, authorMax)
	}
	note(-1, 3*time.Hour)
	m.SetTime(time.Now().Add(150 * time.Minute))
	note(-2, time.Minute) // which must not shorten the life of the others
	if n := held(); n != 2 {
		t.Errorf("%d threads are held, want the 2 that have not expired", n)
	}
	if ttl := m.TTL(s.keys.author(unroll.X, "1")); ttl < 25*time.Minute || ttl > 35*time.Minute {
		t.Errorf("the set is kept for %v, want as long as its last thread", ttl)
	}
}
