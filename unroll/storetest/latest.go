package storetest

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

// listing makes the i-th listing, one a second.
func listing(i int) unroll.Listing {
	return unroll.Listing{
		Ref:    unroll.Ref{Network: unroll.Mastodon, Host: "social.example", ID: fmt.Sprint(i)},
		Title:  fmt.Sprintf("%d: <a> “thread” & more 🧵", i),
		Author: unroll.Author{ID: "https://social.example/users/a", Handle: "a@social.example", Name: "A"},
		Posts:  i,
		At:     time.Date(2026, 11, 24, 12, 0, i, 123_000, time.UTC),
	}
}

// latest checks the newest n listings.
func (f *fixture) latest(n int, want ...unroll.Listing) {
	f.Helper()
	got, err := f.Store.Latest(f.Context(), n)
	f.must(err)
	if diff := cmp.Diff(want, got); diff != "" {
		f.Fatalf("Latest(%d): want -, got +\n%s", n, diff)
	}
}

func latestOrder(f *fixture) {
	f.latest(10)
	for _, i := range []int{3, 1, 4, 2} { // not as they came, but by their time
		f.must(f.Store.AddLatest(f.Context(), listing(i)))
	}
	f.latest(10, listing(4), listing(3), listing(2), listing(1))
	f.latest(2, listing(4), listing(3))
	f.latest(0)
	f.latest(-1)
}

func latestOnce(f *fixture) {
	for i := range 3 {
		f.must(f.Store.AddLatest(f.Context(), listing(i)))
	}
	again := listing(0)
	again.At = listing(5).At
	again.Title = "seen again"
	f.must(f.Store.AddLatest(f.Context(), again))
	f.latest(10, again, listing(2), listing(1))
}

func latestBounded(f *fixture) {
	const added, least, most = 1100, 100, 1000
	for i := range added {
		f.must(f.Store.AddLatest(f.Context(), listing(i)))
	}
	got, err := f.Store.Latest(f.Context(), added)
	f.must(err)
	if len(got) < least || len(got) > most {
		f.Fatalf("%d of %d threads are listed, want %d to %d", len(got), added, least, most)
	}
	for i, l := range got {
		if diff := cmp.Diff(listing(added-1-i), l); diff != "" {
			f.Fatalf("listing %d: want -, got +\n%s", i, diff)
		}
	}
}

func latestDrop(f *fixture) {
	for i := range 4 {
		f.must(f.Store.AddLatest(f.Context(), listing(i)))
	}
	f.must(f.Store.DropLatest(f.Context(), listing(2).Ref))
	f.must(f.Store.DropLatest(f.Context(), listing(2).Ref))
	f.latest(10, listing(3), listing(1), listing(0))
	f.must(f.Store.AddLatest(f.Context(), listing(2)))
	f.latest(2, listing(3), listing(2))
}
