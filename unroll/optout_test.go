package unroll

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outOf opts an author out at a store.
func outOf(t *testing.T, m *memory, author string) {
	t.Helper()
	if err := m.SetOptedOut(t.Context(), X, author, true); err != nil {
		t.Fatal(err)
	}
}

func TestUnrollRefusesAuthorsWhoOptedOut(t *testing.T) {
	for name, held := range map[string]bool{"held already": true, "never read": false} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			src := &script{answer: conversation("a1", "a2 < a1")}
			s := service(t, m, nil, src)
			if held {
				if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
					t.Fatal(err)
				}
			}
			outOf(t, m, "a")
			for range 2 {
				for _, id := range []string{"a1", "a2"} {
					for _, how := range []func(context.Context, Ref) (Thread, error){s.Unroll, s.Refresh} {
						if _, err := how(t.Context(), x(id)); KindOf(err) != KindOptedOut {
							t.Errorf("%s: %v", id, err)
						}
					}
				}
			}
			for ref, e := range m.entries {
				if e.Thread != nil {
					t.Errorf("the thread is held by %s", ref)
				}
			}
			if n := src.calls.Load(); n > 2 {
				t.Errorf("the source was asked %d times, want once for each link", n)
			}
		})
	}
}

// TestUnrollLooksWhoseThreadItIs: a stranger who opted out and replied below
// somebody else's thread takes that thread from nobody.
func TestUnrollLooksWhoseThreadItIs(t *testing.T) {
	m := newMemory()
	outOf(t, m, "s")
	s := service(t, m, nil, &script{answer: conversation("a1", "a2 < a1", "s9 < a2")})
	ref := x("s9")
	ref.Author = "s" // as in a link to Bluesky
	for range 2 {
		if got, err := s.Unroll(t.Context(), ref); err != nil || outline(got) != "a1 a2" {
			t.Errorf("got %q, %v", outline(got), err)
		}
	}
}

func TestUnrollWithholdsPostsOfOthersWhoOptedOut(t *testing.T) {
	quote := func(of string) *Quote {
		return &Quote{URL: "https://x.com/i/status/" + of, Author: Author{ID: of}, Text: "by " + of}
	}
	src := &script{answer: func(ref Ref) (Conversation, error) {
		c := sketch(ref.ID, "s0", "a1 < s0", "a2 < a1", "a3 < a2", "a9 < a1", "a10 < a9")
		for i := range c.Posts {
			switch c.Posts[i].ID {
			case "a2", "a10":
				c.Posts[i].Quote = quote("s")
			case "a3":
				c.Posts[i].Quote = quote("friend")
			}
		}
		return c, nil
	}}
	m := newMemory()
	s := service(t, m, nil, src)
	before, err := s.Unroll(t.Context(), x("a1"))
	if err != nil || before.ReplyTo == nil || before.ReplyTo.Text == "" || before.Posts[1].Quote.Text != "by s" {
		t.Fatalf("got %+v, %v", before, err)
	}
	outOf(t, m, "s")
	got, err := s.Unroll(t.Context(), x("a1"))
	if err != nil {
		t.Fatal(err)
	}
	withheld := func(of string) *Quote {
		return &Quote{URL: "https://x.com/i/status/" + of, Gap: &Gap{Reason: GapWithdrawn}}
	}
	want := []*Quote{{URL: before.ReplyTo.URL, Gap: &Gap{Reason: GapWithdrawn}}, withheld("s"), quote("friend"), withheld("s")}
	if diff := cmp.Diff(want, []*Quote{got.ReplyTo, got.Posts[1].Quote, got.Posts[2].Quote, got.Branches[0].Posts[1].Quote}); diff != "" {
		t.Errorf("want -, got +\n%s", diff)
	}
	m.out["xs"] = false
	if again, err := s.Unroll(t.Context(), x("a1")); err != nil || cmp.Diff(before, again) != "" {
		t.Errorf("what is held was changed: %v\n%s", err, cmp.Diff(before, again))
	}
}

// TestOptInAtOnce: what was refused a moment ago is not refused any longer.
func TestOptInAtOnce(t *testing.T) {
	m := newMemory()
	outOf(t, m, "a")
	s := service(t, m, nil, &script{answer: conversation("a1", "a2 < a1")})
	for range 2 {
		if _, err := s.Unroll(t.Context(), x("a2")); KindOf(err) != KindOptedOut {
			t.Fatal(err)
		}
	}
	if err := m.SetOptedOut(t.Context(), X, "a", false); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Unroll(t.Context(), x("a2")); err != nil || outline(got) != "a1 a2" {
		t.Errorf("got %q, %v", outline(got), err)
	}
}

func TestOptOutForgets(t *testing.T) {
	m := newMemory()
	s := service(t, m, nil, &script{answer: conversation("a1", "a2 < a1")})
	if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
		t.Fatal(err)
	}
	if dropped, err := s.OptOut(t.Context(), X, "a"); err != nil || len(dropped) == 0 || len(m.entries) != 0 {
		t.Errorf("dropped %v, %v; held are %v", dropped, err, m.entries)
	}
	if _, err := s.Unroll(t.Context(), x("a1")); KindOf(err) != KindOptedOut {
		t.Error(err)
	}
	m.down = errors.New("connection refused")
	if _, err := s.OptOut(t.Context(), X, "a"); KindOf(err) != KindInternal {
		t.Errorf("with the store down: %v", err)
	}
}
