package boltstore

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// That a dump holds everything, and can be put back, is tested with both
// stores in redisstore.

func TestDumpGivesEachOnce(t *testing.T) {
	s := open(t, nil)
	const values = 2*dumpMax + 50
	for i := range values {
		if err := s.SetValue(t.Context(), fmt.Sprint(i), nil, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[string]int)
	// Writing to the same store meanwhile must not wait for the dump.
	if err := s.Dump(t.Context(), func(r codec.Record) error {
		seen[string(r.Value.Key)]++
		return s.SetOptedOut(t.Context(), unroll.X, string(r.Value.Key), true)
	}); err != nil {
		t.Fatal(err)
	}
	for i := range values {
		if n := seen[fmt.Sprint(i)]; n != 1 {
			t.Errorf("value %d was given %d times", i, n)
		}
	}
}

func TestDumpStops(t *testing.T) {
	s := open(t, nil)
	for i := range 3 {
		if err := s.SetValue(t.Context(), fmt.Sprint(i), nil, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	enough, n := errors.New("enough"), 0
	err := s.Dump(t.Context(), func(codec.Record) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("Dump after an error of yield: %v, %d records", err, n)
	}
}

func TestRestoreLeavesOutWhatHasExpired(t *testing.T) {
	s := open(t, nil)
	for key, until := range map[string]time.Duration{"past": -time.Second, "future": time.Hour} {
		r := codec.Record{Until: time.Now().Add(until), Value: &codec.ValueRecord{Key: []byte(key)}}
		if err := s.Restore(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := s.Value(t.Context(), key); ok != (until > 0) || err != nil {
			t.Errorf("%s: %v, %v", key, ok, err)
		}
	}
}
