package xapi

import (
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// TestUpdate reads a thread five days after it began, and again when it is
// older than what every token may search.
func TestUpdate(t *testing.T) {
	t.Parallel()
	const day = 24 * 60
	at := strconv.Itoa
	begin := now.Add(-5 * 24 * time.Hour)
	thread := []string{"0 ada -", "1 bob 0", "2 ada 0", "3 ada 2", "4 cyd 3", "5 ada 3", "6 ada 3"}
	tests := []struct {
		name   string
		later  int // days after the first reading
		then   []string
		api    fakenet.XAPIConfig
		cfg    Config
		posts  string
		cuts   string
		calls  string // of the second reading, as in TestWays
		read   int    // likewise
		state  unroll.State
		noMore bool // nothing is left of it
	}{
		{
			name: "while it can be searched", later: 1, then: append(thread, at(5*day+10)+" ada 6"),
			posts: "0. 2. 3. 5. 6. 7210.", calls: "lrl", read: 7, state: unroll.Complete,
		},
		{
			name: "what was whole is whole", later: 4, then: append(thread, at(6*day)+" ada -"),
			posts: "0. 2. 3. 5. 6.", calls: "larl", read: 5, state: unroll.Complete,
		},
		{
			name: "with what came since", later: 4, then: append(thread, at(6*day)+" ada 5", at(7*day)+" ada 6"),
			posts: "0. 2. 3. 5. 6. 8640. 10080.", calls: "larl", read: 7, state: unroll.Complete,
		},
		{
			name: "from the archive, where that may be searched", later: 4, then: thread, api: fakenet.XAPIConfig{FullArchive: true},
			posts: "0. 2. 3. 5. 6.", calls: "lal", read: 6, state: unroll.Complete,
		},
		{
			name: "with what was deleted", later: 4, then: []string{"0 ada -", "2 ada 0 gap=deleted", "3 ada 2", "5 ada 3", "6 ada 3 gap=deleted"},
			posts: "0. !2=deleted 3. 5.", calls: "larl", read: 3, state: unroll.Partial,
		},
		{
			name: "its last post is gone", later: 4, then: []string{"0 ada -", "2 ada 0", "3 ada 2", "5 ada 3 gap=deleted", "6 ada 3 gap=deleted"},
			posts: "0. 2. 3.", calls: "llarl", read: 3, state: unroll.Complete,
		},
		{
			name: "all is gone", later: 4, then: []string{"0 ada - gap=deleted", "6 ada 0 gap=deleted"},
			calls: "ll", noMore: true,
		},
		{
			name: "too long ago for the search: on from the last post", later: 20, then: append(thread, at(5*day+10)+" ada 6", at(8*day)+" bob 5"),
			posts: "0 2 3 5 6", cuts: "limit 6", calls: "larlt", read: 5, state: unroll.Partial,
		},
		{
			name: "too long ago, and on at once", later: 20, then: append(thread, "90 ada 6"),
			posts: "0 2 3 5 6 90", cuts: "limit 90", calls: "larlt", read: 6, state: unroll.Partial,
		},
		{
			name: "the budget ends", later: 4, then: thread, cfg: Config{MaxCalls: 3},
			posts: "5", cuts: "budget 5", calls: "lar", read: 1, state: unroll.Partial,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			clock := now
			tc.api.Now = func() time.Time { return clock }
			x, first := start(t, world(begin, thread...), tc.api, Config{}, nil)
			held, err := unroll.Assemble(fetch(t, first, idOf(begin, 0)))
			if err != nil || held.Verdict.State != unroll.Complete {
				t.Fatal(held.Verdict, err)
			}
			done, before := x.Posts(), len(calls(x))
			clock = now.AddDate(0, 0, tc.later)
			x.Set(world(begin, tc.then...))
			tc.cfg.BaseURL, tc.cfg.Token, tc.cfg.Now = first.cfg.BaseURL, token, tc.api.Now
			s, err := New(tc.cfg, first.http, nil)
			if err != nil {
				t.Fatal(err)
			}
			c, err := s.Update(t.Context(), &held)
			if got := calls(x)[before:]; got != tc.calls {
				t.Errorf("calls %q, want %q", got, tc.calls)
			}
			if tc.noMore {
				if unroll.KindOf(err) != unroll.KindNotFound {
					t.Errorf("nothing is left: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			posts, cuts := short(begin, c)
			if diff := cmp.Diff([]string{tc.posts, tc.cuts}, []string{posts, cuts}); diff != "" {
				t.Errorf("posts, cuts: want -, got +\n%s", diff)
			}
			if got := x.Posts() - done; got != tc.read {
				t.Errorf("%d posts in answers, want %d", got, tc.read)
			}
			th, err := unroll.Assemble(c)
			if err != nil || th.Verdict.State != tc.state {
				t.Errorf("verdict %+v, %v; want %s", th.Verdict, err, tc.state)
			}
		})
	}
}
