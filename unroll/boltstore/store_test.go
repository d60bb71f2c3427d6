package boltstore

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/unroll/storetest"
)

// open opens a new store that is fast.
func open(tb testing.TB, log *slog.Logger) *Store {
	tb.Helper()
	return openConfig(tb, Config{Log: log, NoSync: true})
}

// openConfig opens a new store.
func openConfig(tb testing.TB, cfg Config) *Store {
	tb.Helper()
	cfg.Path = filepath.Join(tb.TempDir(), "data", "unroll.db")
	s, err := Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	storetest.RunInBubble(t, func(t *testing.T, log *slog.Logger) storetest.Backend {
		s := open(t, log)
		return storetest.Backend{Store: s, Advance: time.Sleep, Damage: func() { damage(t, s) }}
	})
}

// damage flips a bit in the middle of every frame.
func damage(t *testing.T, s *Store) {
	t.Helper()
	err := s.update(t.Context(), func(tx *bbolt.Tx) error {
		for _, b := range buckets {
			if b == dueBucket {
				continue
			}
			values := make(map[string][]byte)
			if err := b.in(tx).ForEach(func(k, v []byte) error {
				v = append([]byte(nil), v...)
				v[(stampSize+len(v))/2] ^= 4
				values[string(k)] = v
				return nil
			}); err != nil {
				return err
			}
			for k, v := range values {
				if err := b.in(tx).Put([]byte(k), v); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, func(b *testing.B) storetest.Store {
		return openConfig(b, Config{})
	})
}
