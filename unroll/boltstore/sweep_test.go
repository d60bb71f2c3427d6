package boltstore

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

// records counts what lies in the file, expired or not.
func records(t *testing.T, s *Store) map[bucket]int {
	t.Helper()
	n := make(map[bucket]int)
	if err := s.view(func(tx *bbolt.Tx) error {
		for _, b := range buckets {
			if keys := b.in(tx).Stats().KeyN; keys > 0 {
				n[b] = keys
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, nil)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		thread := storetest.Thread(1, 30)
		refs := storetest.Refs(&thread)
		for range 3 { // replaced, so that old notes of what is due are stale
			must(s.Save(t.Context(), refs[0], refs, unroll.Entry{Thread: &thread}, time.Hour))
		}
		must(s.Save(t.Context(), refs[0], refs[:20], unroll.Entry{Thread: &thread}, 3*time.Hour))
		for i := range 2*sweepMax + 1 {
			must(s.SetValue(t.Context(), fmt.Sprint(i), nil, time.Minute))
		}
		must(s.SetValue(t.Context(), "longer", nil, 48*time.Hour))
		must(s.SetOptedOut(t.Context(), unroll.X, "1", true))
		_, err := s.Lock(t.Context(), "never given back", time.Minute)
		must(err)

		time.Sleep(2*time.Hour + time.Minute)
		synctest.Wait()
		got := records(t, s)
		if got[entryBucket] != 20 || got[valueBucket] != 1 || got[optOutBucket] != 1 || got[dueBucket] != 2 {
			t.Errorf("after two hours there are %v", got)
		}
		if len(s.locks.held) != 0 {
			t.Error("a lock whose lease is over is remembered")
		}
		if _, ok, err := s.Load(t.Context(), refs[19]); !ok || err != nil {
			t.Errorf("an entry that has not expired: %v, %v", ok, err)
		}

		time.Sleep(50 * time.Hour)
		synctest.Wait()
		if got := records(t, s); len(got) != 1 || got[optOutBucket] != 1 {
			t.Errorf("in the end there are %v, want the opt-out alone", got)
		}
	})
}

// TestNotesDoNotGather writes the same things again and again, as a cursor or
// a thread that is looked at every few minutes.
func TestNotesDoNotGather(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := open(t, nil)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		thread := storetest.Thread(1, 30)
		refs := storetest.Refs(&thread)
		for range 50 {
			must(s.Save(t.Context(), refs[0], refs, unroll.Entry{Thread: &thread}, 90*24*time.Hour))
			must(s.SetValue(t.Context(), "cursor", nil, 90*24*time.Hour))
			time.Sleep(time.Minute)
		}
		if got := records(t, s); got[dueBucket] != 2 {
			t.Errorf("there are %v", got)
		}

		// In place of the thread a failure that is soon over: its other posts
		// are to go in their time.
		must(s.Save(t.Context(), refs[0], nil, unroll.Entry{Failure: &unroll.Failure{Kind: unroll.KindDeleted}}, time.Hour))
		time.Sleep(3 * time.Hour)
		synctest.Wait()
		if got := records(t, s); got[entryBucket] != 29 || got[dueBucket] != 2 {
			t.Errorf("after the failure there are %v", got)
		}
		time.Sleep(91 * 24 * time.Hour)
		synctest.Wait()
		if got := records(t, s); len(got) != 0 {
			t.Errorf("in the end there are %v", got)
		}
	})
}
