package storetest

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

// entry makes an entry of a thread in prose.
func entry(id uint64, n int) (unroll.Entry, []unroll.Ref) {
	t := Thread(id, n)
	return unroll.Entry{Thread: &t, FreshUntil: t.FetchedAt.Add(10 * time.Minute)}, Refs(&t)
}

// save keeps an entry under its root and all of its posts, for an hour.
func (f *fixture) save(e unroll.Entry, refs []unroll.Ref) {
	f.Helper()
	f.must(f.Store.Save(f.Context(), refs[0], refs[1:], e, time.Hour))
}

// holds checks that ref leads to want.
func (f *fixture) holds(ref unroll.Ref, want unroll.Entry) {
	f.Helper()
	got, ok, err := f.Store.Load(f.Context(), ref)
	if err != nil || !ok {
		f.Fatalf("Load(%s) = found %v, %v; want an entry", ref, ok, err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		f.Fatalf("Load(%s): want -, got +\n%s", ref, diff)
	}
}

// lacks checks that each ref leads nowhere.
func (f *fixture) lacks(refs ...unroll.Ref) {
	f.Helper()
	for _, ref := range refs {
		got, ok, err := f.Store.Load(f.Context(), ref)
		if err != nil || ok {
			f.Fatalf("Load(%s) = %+v, %v, %v; want nothing", ref, got, ok, err)
		}
	}
}

func unknownRef(f *fixture) {
	f.lacks(unroll.Ref{Network: unroll.X, ID: "20"}, unroll.Ref{})
	f.must(f.Store.Forget(f.Context(), unroll.Ref{Network: unroll.X, ID: "20"}))
}

func loadByEveryRef(f *fixture) {
	e, refs := entry(1, 30)
	other, otherRefs := entry(2, 3)
	f.save(e, refs)
	f.save(other, otherRefs)
	for _, r := range refs {
		f.holds(r, e)
	}
	for _, r := range otherRefs {
		f.holds(r, other)
	}
}

func aliasesRepeatRoot(f *fixture) {
	e, refs := entry(1, 3)
	extra := unroll.Ref{Network: unroll.Bluesky, Author: "keeper.example", ID: "3m"}
	f.must(f.Store.Save(f.Context(), refs[0], append([]unroll.Ref{extra, refs[0], refs[1], refs[1]}, refs...), e, time.Hour))
	for _, r := range append(refs, extra) {
		f.holds(r, e)
	}
}

func replaced(f *fixture) {
	e, refs := entry(1, 5)
	f.save(e, refs)
	shorter := Thread(1, 3) // the last two posts are gone
	shorter.Source = "another"
	want := unroll.Entry{Thread: &shorter, FreshUntil: e.FreshUntil.Add(time.Hour)}
	f.save(want, Refs(&shorter))
	for _, r := range refs[:3] {
		f.holds(r, want)
	}
	f.lacks(refs[3:]...)
}

func replacedByFailure(f *fixture) {
	e, refs := entry(1, 2)
	f.save(e, refs)
	failed := unroll.Entry{
		Failure:    &unroll.Failure{Kind: unroll.KindRateLimited, Source: "fxtwitter", RetryAt: e.FreshUntil.Add(time.Minute)},
		FreshUntil: e.FreshUntil,
	}
	f.save(failed, refs[:1])
	f.holds(refs[0], failed)
	f.lacks(refs[1])
	bare := unroll.Entry{Failure: &unroll.Failure{Kind: unroll.KindNotFound}, FreshUntil: e.FreshUntil}
	f.save(bare, refs)
	f.holds(refs[1], bare)
	f.save(e, refs)
	f.holds(refs[1], e)
}

func aliasTakenOver(f *fixture) {
	first, refs := entry(1, 3)
	second, otherRefs := entry(2, 3)
	f.save(first, refs)
	f.must(f.Store.Save(f.Context(), otherRefs[0], append(otherRefs, refs[2]), second, time.Hour))
	f.holds(refs[0], first)
	f.holds(refs[1], first)
	f.holds(refs[2], second)

	// Forgetting the thread that lost it does not take it from the other.
	f.must(f.Store.Forget(f.Context(), refs[1]))
	f.lacks(refs[0], refs[1])
	f.holds(refs[2], second)
}

func rootTakenOver(f *fixture) {
	// What was thought to be a whole thread turns out to be the end of one.
	end, endRefs := entry(2, 3)
	f.save(end, endRefs)
	whole, refs := entry(1, 3)
	f.must(f.Store.Save(f.Context(), refs[0], append(refs, endRefs[:2]...), whole, time.Hour))
	f.holds(endRefs[0], whole)
	f.holds(endRefs[1], whole)
	f.lacks(endRefs[2]) // it led to a root that is none any longer
}

func aliasBecomesRoot(f *fixture) {
	whole, refs := entry(1, 3)
	f.save(whole, refs)
	own, _ := entry(2, 1)
	f.must(f.Store.Save(f.Context(), refs[2], nil, own, time.Hour))
	f.holds(refs[1], whole)
	f.holds(refs[2], own)
	f.must(f.Store.Forget(f.Context(), refs[2]))
	f.lacks(refs[2])
	f.holds(refs[1], whole)
}

func forgetByAnyRef(f *fixture) {
	e, refs := entry(1, 3)
	extra := unroll.Ref{Network: unroll.X, ID: "1"}
	for _, by := range append(refs, extra) {
		f.must(f.Store.Save(f.Context(), refs[0], append(refs, extra), e, time.Hour))
		f.holds(by, e)
		f.must(f.Store.Forget(f.Context(), by))
		f.lacks(append(refs, extra)...)
	}
}

func forgetLeavesOthers(f *fixture) {
	e, refs := entry(1, 2)
	other, otherRefs := entry(2, 2)
	f.save(e, refs)
	f.save(other, otherRefs)
	f.must(f.Store.SetValue(f.Context(), refs[0].Path(), []byte("mine"), time.Hour))
	f.must(f.Store.Forget(f.Context(), refs[0]))
	f.holds(otherRefs[1], other)
	f.hasValue(refs[0].Path(), "mine")
}

func entryExpires(f *fixture) {
	e, refs := entry(1, 3)
	f.must(f.Store.Save(f.Context(), refs[0], refs, e, time.Hour))
	f.Advance(time.Hour - f.Drift - time.Second)
	f.holds(refs[0], e)
	f.holds(refs[2], e)
	f.must(f.Store.Save(f.Context(), refs[0], refs, e, time.Hour)) // from now on
	f.Advance(time.Hour - f.Drift - time.Second)
	f.holds(refs[2], e)
	f.Advance(f.Drift + time.Second)
	f.lacks(refs...)
}

func keepMustBePositive(f *fixture) {
	e, refs := entry(1, 1)
	for _, keep := range []time.Duration{0, -time.Hour} {
		if err := f.Store.Save(f.Context(), refs[0], refs, e, keep); err == nil {
			f.Errorf("Save took a keep of %s", keep)
		}
	}
	f.lacks(refs...)
}

func otherSchema(f *fixture) {
	for _, schema := range []int{0, unroll.SchemaVersion + 1, 200} {
		e, refs := entry(1, 3)
		e.Thread.Schema = schema
		f.save(e, refs)
		f.lacks(refs...)
		if f.log.contains("damaged") {
			f.Errorf("schema %d was reported as damage", schema)
		}
	}
	e, refs := entry(1, 3)
	f.save(e, refs)
	f.holds(refs[2], e)
}

// everyFieldSurvives keeps threads as the networks have them, with all that
// may hang on a post.
func everyFieldSurvives(f *fixture) {
	for _, t := range []unroll.Thread{Rich(unroll.X), Rich(unroll.Bluesky), Rich(unroll.Mastodon)} {
		e := unroll.Entry{Thread: &t, FreshUntil: t.FetchedAt.Add(1500 * time.Millisecond)}
		before := Rich(t.Ref.Network)
		f.save(e, Refs(&t))
		if diff := cmp.Diff(before, t); diff != "" {
			f.Errorf("Save changed the thread: before -, after +\n%s", diff)
		}
		for _, r := range Refs(&t) {
			f.holds(r, e)
		}
	}
}

func oddRefs(f *fixture) {
	for i, ref := range []unroll.Ref{
		{Network: unroll.Mastodon, Host: "[::1]:8443", ID: "1"},
		{Network: unroll.Mastodon, Host: "bücher.example", ID: "{a}b"},
		{Network: unroll.Bluesky, Author: "did:web:örtlich.example", ID: "a b\n\x00c"},
		{Network: unroll.Short, Host: "t.co", ID: "a/b*?[c]"},
		{Network: unroll.X, ID: strings.Repeat("9", 1024)},
	} {
		e, _ := entry(uint64(i), 1)
		alias := ref
		alias.ID += "-alias"
		f.must(f.Store.Save(f.Context(), ref, []unroll.Ref{alias}, e, time.Hour))
		f.holds(ref, e)
		f.holds(alias, e)
		f.must(f.Store.Forget(f.Context(), alias))
		f.lacks(ref, alias)
	}
}

func tenThousandPosts(f *fixture) {
	e, refs := entry(1, 10_000)
	f.save(e, refs)
	f.holds(refs[0], e)
	f.holds(refs[9_999], e)
	f.must(f.Store.Forget(f.Context(), refs[5_000]))
	f.lacks(refs[0], refs[1], refs[9_999])
}

func entriesConcurrently(f *fixture) {
	const threads, workers, rounds = 5, 8, 10
	var wg sync.WaitGroup
	errs := make(chan error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				if err := f.turn(w*rounds+i, threads); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		f.Error(err)
	}
}

// turn saves, loads and sometimes forgets one of a few threads, and checks
// that what it finds is whole.
func (f *fixture) turn(i, threads int) error {
	e, refs := entry(uint64(i%threads), 5) //nolint:gosec // small
	ctx := f.Context()
	if i%4 == 0 {
		if err := f.Store.Forget(ctx, refs[i%len(refs)]); err != nil {
			return err
		}
	}
	if err := f.Store.Save(ctx, refs[0], refs, e, time.Hour); err != nil {
		return err
	}
	for _, r := range refs {
		got, ok, err := f.Store.Load(ctx, r)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(e, got); ok && diff != "" {
			return fmt.Errorf("Load(%s): want -, got +\n%s", r, diff)
		}
	}
	return nil
}

func damageIsAbsence(f *fixture) {
	ctx := f.Context()
	e, refs := entry(1, 3)
	f.save(e, refs)
	f.must(f.Store.SetValue(ctx, "v", []byte("some value"), time.Hour))
	f.must(f.Store.AddLatest(ctx, listing(1)))
	f.must(f.Store.SetOptedOut(ctx, unroll.X, "1", true))
	f.Damage()

	f.lacks(refs[0])
	if !f.log.contains("damaged") {
		f.Error("the log does not tell of a damaged entry")
	}
	f.lacks(refs...)
	if v, ok, err := f.Store.Value(ctx, "v"); ok || err != nil {
		f.Errorf("a damaged value: %q, %v, %v; want nothing", v, ok, err)
	}
	if got, err := f.Store.Latest(ctx, 10); len(got) > 0 || err != nil {
		f.Errorf("a damaged listing: %+v, %v; want nothing", got, err)
	}
	// The doubt is in favour of the author.
	f.optedOut(unroll.X, "1", true)

	f.must(f.Store.Forget(ctx, refs[1]))
	f.save(e, refs)
	f.holds(refs[2], e)
}
