package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// settings is how many values are moved: more than a store takes at a time.
const settings = 450

// content is something of everything, as every store has to give it away.
func content() []codec.Record {
	until := time.Now().Add(time.Hour)
	e, refs := entry(1, 30)
	refs[0] = unroll.Ref{Network: unroll.Mastodon, Host: "alias.example", ID: "1"} // in place of the root
	records := []codec.Record{
		{Until: until, Entry: &codec.EntryRecord{Root: e.Thread.Ref, Aliases: refs, Entry: e}},
		{Until: until, Entry: &codec.EntryRecord{
			Root:  unroll.Ref{Network: unroll.X, ID: "1"},
			Entry: unroll.Entry{Failure: &unroll.Failure{Kind: unroll.KindDeleted}, FreshUntil: e.FreshUntil},
		}},
		{OptOut: &codec.OptOutRecord{Network: unroll.Mastodon, AuthorID: "https://social.example/users/a:b"}},
	}
	for i := range settings {
		records = append(records, codec.Record{Until: until, Value: &codec.ValueRecord{
			Key: fmt.Appendf(nil, "setting:%d\xff", i), Value: []byte{byte(i), 0xff},
		}})
	}
	for i := range 2 {
		l := listing(i)
		records = append(records, codec.Record{Listing: &l})
	}
	return records
}

// title names a record.
func title(r codec.Record) string {
	switch {
	case r.Entry != nil:
		return "entry " + r.Entry.Root.Path()
	case r.OptOut != nil:
		return fmt.Sprint("opt-out ", *r.OptOut)
	case r.Value != nil:
		return "value " + string(r.Value.Key)
	case r.Listing != nil:
		return "listing " + r.Listing.Ref.Path()
	default:
		return "nothing"
	}
}

// titled gives records by what they are. When opt-outs and listings expire is
// each store's own affair.
func titled(records []codec.Record) map[string]codec.Record {
	out := make(map[string]codec.Record)
	for _, r := range records {
		if r.OptOut != nil || r.Listing != nil {
			r.Until = time.Time{}
		}
		out[title(r)] = r
	}
	return out
}

// dump gives all that a store holds, once written as JSON and read again.
func (f *fixture) dump() map[string]codec.Record {
	f.Helper()
	var records []codec.Record
	f.must(f.Store.Dump(f.Context(), func(r codec.Record) error {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		var back codec.Record
		records = append(records, back)
		return json.Unmarshal(line, &records[len(records)-1])
	}))
	return titled(records)
}

// dumpAndRestore puts records into a store and gets the same from it, so that
// what one store gives another can take.
func dumpAndRestore(f *fixture) {
	ctx := f.Context()
	want := content()
	for _, r := range want {
		f.must(f.Store.Restore(ctx, r))
	}
	f.lock("not moved", time.Hour)
	f.passes(1, "not moved", unroll.Limit{Events: 1, Per: time.Hour})

	e := want[0].Entry
	for _, ref := range e.Aliases {
		f.holds(ref, e.Entry)
	}
	f.holds(want[1].Entry.Root, want[1].Entry.Entry)
	f.optedOut(want[2].OptOut.Network, want[2].OptOut.AuthorID, true)
	f.hasValue(string(want[3].Value.Key), string(want[3].Value.Value))
	f.latest(10, listing(1), listing(0))

	if diff := cmp.Diff(titled(want), f.dump(), cmpopts.EquateApproxTime(time.Minute)); diff != "" {
		f.Errorf("want -, got +\n%s", diff)
	}
}

// dumpsMark gives what was claimed as a value, so that it stays claimed.
func dumpsMark(f *fixture) {
	f.claims("k", time.Hour, true)
	for name, r := range f.dump() {
		if name != "value k" {
			f.Errorf("there is a record %q", name)
		}
		f.must(f.Store.DeleteValue(f.Context(), "k"))
		f.must(f.Store.Restore(f.Context(), r))
		f.claims("k", time.Hour, false)
		return
	}
	f.Error("nothing was given")
}

func restoreExpired(f *fixture) {
	past := time.Now().Add(-time.Second)
	e, refs := entry(1, 3)
	f.must(f.Store.Restore(f.Context(), codec.Record{Until: past, Value: &codec.ValueRecord{Key: []byte("k")}}))
	f.must(f.Store.Restore(f.Context(), codec.Record{Until: past, Entry: &codec.EntryRecord{Root: refs[0], Entry: e}}))
	f.lacksValue("k")
	f.lacks(refs[0])
}

func dumpStops(f *fixture) {
	for _, r := range content()[:10] {
		f.must(f.Store.Restore(f.Context(), r))
	}
	enough, n := errors.New("enough"), 0
	err := f.Store.Dump(f.Context(), func(codec.Record) error { n++; return enough })
	if !errors.Is(err, enough) || n != 1 {
		f.Errorf("Dump after an error of yield: %v, %d records", err, n)
	}
}
