package redisstore

import (
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/internal/codec"
)

// TestDumpKeepsToItsPrefix shares a Redis between stores whose prefixes, read
// as patterns, match each other.
func TestDumpKeepsToItsPrefix(t *testing.T) {
	m := miniredis.RunT(t)
	for _, prefix := range []string{`odd*[p]?\\:`, "odd-xpx-\\\\:", "odd*p*:", ""} {
		s, err := Open(t.Context(), Config{URL: "redis://" + m.Addr(), Prefix: prefix})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.SetValue(t.Context(), "of "+prefix, nil, time.Hour); err != nil {
			t.Fatal(err)
		}
		var got []string
		if err := s.Dump(t.Context(), func(r codec.Record) error {
			got = append(got, string(r.Value.Key))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0] != "of "+prefix {
			t.Errorf("prefix %q gives %q", prefix, got)
		}
	}
}
