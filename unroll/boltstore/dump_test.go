package boltstore

import (
	"fmt"
	"testing"
	"time"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

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
