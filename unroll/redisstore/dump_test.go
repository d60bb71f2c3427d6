package redisstore

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
	"unrollbot/unroll/storetest"
)

// mover is a store whose content can be moved.
type mover interface {
	storetest.Store
	Dump(ctx context.Context, yield func(codec.Record) error) error
	Restore(ctx context.Context, r codec.Record) error
}

// TestDump moves everything from Redis to a file, and back into another
// Redis, by way of JSON.
func TestDump(t *testing.T) {
	file, err := boltstore.Open(boltstore.Config{Path: filepath.Join(t.TempDir(), "unroll.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	from := openPrefixed(t, "odd*[prefix]?\\:")
	other := openPrefixed(t, "odd-prefix-x:") // whose pattern is not to match
	fillStore(t, from)
	if err := other.SetValue(t.Context(), "k", []byte("not asked for"), time.Hour); err != nil {
		t.Fatal(err)
	}

	want := dump(t, from)
	if n := len(want); n != 2+1+451+2 {
		t.Errorf("%d records", n)
	}
	stores := []mover{from, file, openPrefixed(t, "")}
	for i := 1; i < len(stores); i++ {
		for _, r := range dump(t, stores[i-1]) {
			if err := stores[i].Restore(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
		got := dump(t, stores[i])
		if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(time.Minute)); diff != "" {
			t.Errorf("after %T: want -, got +\n%s", stores[i], diff)
		}
	}
}

func openPrefixed(t *testing.T, prefix string) *Store {
	t.Helper()
	m := miniredis.RunT(t)
	s, err := Open(t.Context(), Config{URL: "redis://" + m.Addr(), Log: slog.New(slog.DiscardHandler), Prefix: prefix})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// fillStore puts something of everything into a store.
func fillStore(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	thread := storetest.Thread(1, 30)
	refs := append(storetest.Refs(&thread), unroll.Ref{Network: unroll.Mastodon, Host: "alias.example", ID: "1"})
	must(s.Save(ctx, refs[0], refs, entryOf(&thread), time.Hour))
	dead := unroll.Ref{Network: unroll.X, ID: "1"}
	must(s.Save(ctx, dead, nil, unroll.Entry{Failure: &unroll.Failure{Kind: unroll.KindDeleted}}, 2*time.Hour))
	must(s.SetOptedOut(ctx, unroll.Mastodon, "https://social.example/users/a:b", true))
	for i := range 450 {
		must(s.SetValue(ctx, fmt.Sprint("setting:", i, "\xff"), []byte{byte(i), 0xff}, 3*time.Hour))
	}
	_, err := s.Claim(ctx, "claimed", 4*time.Hour)
	must(err)
	for i := range 2 {
		must(s.AddLatest(ctx, unroll.Listing{Ref: refs[i], Title: fmt.Sprint(i), At: thread.FetchedAt.Add(time.Duration(i) * time.Second)}))
	}
	_, err = s.Lock(ctx, "not moved", time.Hour)
	must(err)
	_, err = s.Allow(ctx, "not moved", unroll.Limit{Events: 1, Per: time.Hour})
	must(err)
}

// dump gives everything by a name to sort by, once through JSON.
func dump(t *testing.T, s mover) map[string]codec.Record {
	t.Helper()
	out := make(map[string]codec.Record)
	if err := s.Dump(t.Context(), func(r codec.Record) error {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		var back codec.Record
		if err := json.Unmarshal(line, &back); err != nil {
			return err
		}
		if back.OptOut != nil || back.Listing != nil {
			back.Until = time.Time{} // each store's own affair
		}
		out[name(t, back)] = back
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

func name(t *testing.T, r codec.Record) string {
	t.Helper()
	switch {
	case r.Entry != nil:
		return "entry " + r.Entry.Root.Path()
	case r.OptOut != nil:
		return fmt.Sprint("opt-out ", *r.OptOut)
	case r.Value != nil:
		return "value " + string(r.Value.Key)
	case r.Listing != nil:
		return "listing " + r.Listing.Ref.Path()
	}
	t.Fatal("an empty record")
	return ""
}
