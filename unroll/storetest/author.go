package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// entryBy is entry, of an author of one's choice.
func entryBy(author string, id uint64, n int) (unroll.Entry, []unroll.Ref) {
	e, refs := entry(id, n)
	e.Thread.Author.ID = author
	for i := range e.Thread.Posts[1:] {
		e.Thread.Posts[i+1].ParentAuthorID = author
	}
	return e, refs
}

// forgets checks what is dropped of an author's.
func (f *fixture) forgets(author string, want ...unroll.Ref) {
	f.Helper()
	got, err := f.Store.ForgetAuthor(f.Context(), unroll.X, author)
	f.must(err)
	slices.SortFunc(want, func(a, b unroll.Ref) int { return strings.Compare(a.Path(), b.Path()) })
	if diff := cmp.Diff(want, got); diff != "" {
		f.Fatalf("ForgetAuthor(%s): want -, got +\n%s", author, diff)
	}
}

func forgetByAuthor(f *fixture) {
	ctx := f.Context()
	first, firstRefs := entryBy("1", 1, 3)
	second, secondRefs := entryBy("1", 2, 2)
	other, otherRefs := entryBy("12", 3, 2)
	f.save(first, firstRefs)
	f.save(second, secondRefs)
	f.save(second, secondRefs) // again
	f.save(other, otherRefs)
	listed := unroll.Listing{Ref: unroll.Ref{Network: unroll.X, ID: "9"}, Author: unroll.Author{ID: "1"}, At: listing(1).At}
	f.must(f.Store.AddLatest(ctx, listed)) // and no longer held
	listed.Ref = firstRefs[0]
	f.must(f.Store.AddLatest(ctx, listed))
	f.must(f.Store.AddLatest(ctx, listing(2)))

	got, err := f.Store.ForgetAuthor(ctx, unroll.Bluesky, "1")
	if len(got) != 0 || err != nil {
		f.Errorf("on another network: %v, %v", got, err)
	}
	f.forgets("2")
	f.forgets("1", firstRefs[0], secondRefs[0], unroll.Ref{Network: unroll.X, ID: "9"})
	f.lacks(append(firstRefs, secondRefs...)...)
	f.holds(otherRefs[1], other)
	f.latest(10, listing(2))
	f.forgets("1")

	f.save(second, secondRefs)
	f.must(f.Store.Forget(ctx, secondRefs[1]))
	f.forgets("1")
	f.must(f.Store.Save(ctx, firstRefs[0], firstRefs, first, time.Hour))
	f.Advance(2*time.Hour + f.Drift)
	f.forgets("1") // it has expired
	f.forgets("12")
}

// forgetByAuthorLooks saves what stands where an author's thread was.
func forgetByAuthorLooks(f *fixture) {
	ctx := f.Context()
	end, endRefs := entryBy("1", 2, 1)
	f.save(end, endRefs)
	whole, refs := entryBy("2", 1, 3)
	f.must(f.Store.Save(ctx, refs[0], append(refs, endRefs[0]), whole, time.Hour)) // took the root over
	f.forgets("1")
	f.holds(endRefs[0], whole)

	f.save(end, endRefs)
	failed := unroll.Entry{Failure: &unroll.Failure{Kind: unroll.KindDeleted}, FreshUntil: end.FreshUntil}
	f.save(failed, endRefs)
	f.forgets("1")
	f.holds(endRefs[0], failed)

	odd := "https://social.example/users/" + strings.Repeat("\x00/ü", 10_000)
	e, refs := entryBy(odd, 3, 2)
	f.save(e, refs)
	f.forgets(odd, refs[0])
}

func forgetByAuthorAfterRestore(f *fixture) {
	e, refs := entryBy("1", 1, 3)
	f.must(f.Store.Restore(f.Context(), codec.Record{
		Until: time.Now().Add(time.Hour), Entry: &codec.EntryRecord{Root: refs[0], Aliases: refs, Entry: e},
	}))
	f.holds(refs[2], e)
	f.forgets("1", refs[0])
	f.lacks(refs...)
}

// forgetByAuthorMuch has more threads than a store takes at a time.
func forgetByAuthorMuch(f *fixture) {
	var roots []unroll.Ref
	for i := range uint64(210) {
		e, refs := entryBy("1", i, 2)
		e.Thread.Ref.ID = fmt.Sprint(i)
		refs[0] = e.Thread.Ref
		f.save(e, refs)
		roots = append(roots, refs[0])
	}
	f.forgets("1", roots...)
	f.lacks(roots...)
}
