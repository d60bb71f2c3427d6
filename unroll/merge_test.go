package unroll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSourcesCompleteEachOther(t *testing.T) {
	noThread := func(lines ...string) Conversation {
		c := sketch("a3", lines...)
		c.Cuts = []Cut{{After: "a3", Reason: CutNoThread}}
		return c
	}
	cutAt := func(c Conversation, after string) Conversation {
		c.Cuts = []Cut{{After: after, Reason: CutLimit}}
		return c
	}
	short := func(c Conversation, id string) Conversation {
		for i := range c.Posts {
			if c.Posts[i].ID == id {
				c.Posts[i].Cut, c.Posts[i].Text = true, "half of "+id
			}
		}
		return c
	}
	tests := []struct {
		name          string
		first, second Conversation
		want          string
		state         State
		sources       []string
	}{
		{
			"one knows what is above, the other what is below",
			noThread("a1", "a2 < a1", "a3 < a2"), cutAt(sketch("a3", "a3 < a2", "a4 < a3", "a5 < a4"), "a3"),
			"a1 a2 a3 a4 a5", Partial,
			[]string{"first", "second"},
		},
		{
			"what one left out the other had no reason to",
			cutAt(sketch("a3", "a1", "a2 < a1", "a3 < a2"), "a3"), func() Conversation {
				c := sketch("a3", "a3 < a2", "a4 < a3")
				c.Posts[0].Cut = true // not good enough by itself either
				return c
			}(),
			"a1 a2 a3 a4", Complete,
			[]string{"first", "second"},
		},
		{
			"a long text is taken from who has it",
			short(sketch("a3", "a1", "a2 < a1", "a3 < a2"), "a2"), cutAt(sketch("a3", "a2 < a1", "a3 < a2"), "a2"),
			"a1 a2 a3", Complete,
			[]string{"first", "second"},
		},
		{
			"a post that one cannot read the other can",
			cutAt(sketch("a3", "a1", "a2 < a1 !", "a3 < a2"), "a1"), sketch("a3", "a2 < a1", "a3 < a2", "?1 !"),
			"a1 a2 a3", Complete,
			[]string{"first", "second"},
		},
		{
			"who adds nothing is not named",
			noThread("a1", "a2 < a1", "a3 < a2"), noThread("a2 < a1", "a3 < a2"),
			"a1 a2 a3", Unknown, nil,
		},
		{
			"who has it all is named alone",
			noThread("a3 < a2"), sketch("a3", "a1", "a2 < a1", "a3 < a2"),
			"a1 a2 a3", Complete, nil,
		},
		{
			"another version of the post is another answer",
			noThread("a1", "a2 < a1", "a3 < a2"), sketch("a4", "a4 < a2"),
			"a1 a2 a3", Unknown, nil,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := &script{name: "first", answer: func(Ref) (Conversation, error) { return tt.first, nil }}
			second := &script{name: "second", answer: func(Ref) (Conversation, error) { return tt.second, nil }}
			got, err := service(t, newMemory(), nil, first, second).Unroll(t.Context(), x("a3"))
			if err != nil || outline(got) != tt.want || got.Verdict.State != tt.state {
				t.Errorf("got %q, %s, %v; evidence %+v", outline(got), got.Verdict.State, err, got.Verdict.Evidence)
			}
			if diff := cmp.Diff(tt.sources, got.Sources); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
			for p := range got.All {
				if strings.HasPrefix(p.Text, "half") {
					t.Errorf("%s: %q, though somebody had it whole", p.ID, p.Text)
				}
			}
		})
	}
}

func TestMergeKeepsStrangersGapsOut(t *testing.T) {
	a := sketch("a1", "a1", "a2 < a1")
	a.ChainOnly = true
	got, err := Assemble(merge(a, sketch("a1", "a1", "a2 < a1", "?3 < a2 !")))
	if err != nil || outline(got) != "a1 a2" {
		t.Errorf("%q, %v: a gap of nobody became the author's", outline(got), err)
	}
}

// limits refuses a source for a while.
type limits map[string]time.Duration

func (l limits) Allow(_ context.Context, key string, _ Limit) (time.Duration, error) {
	if l[key] < 0 {
		return 0, errors.New("connection refused")
	}
	return l[key], nil
}

func TestSourcesHaveLimits(t *testing.T) {
	tests := []struct {
		name   string
		limits limits
		asked  string
		kind   Kind
		wait   time.Duration
		source string
	}{
		{"within them all are asked", limits{}, "first", "", 0, ""},
		{"beyond one's the next is asked", limits{"source:first": time.Minute}, "second", "", 0, ""},
		{"beyond all the error says whose it is, and until when", limits{"source:first": time.Minute, "source:second": time.Hour}, "", KindRateLimited, time.Minute, "first"},
		{"one without a limit is asked freely", limits{"source:first": time.Minute, "source:second": time.Minute, "source:third": time.Minute}, "third", "", 0, ""},
		{"when nobody can tell, it is asked", limits{"source:first": -1}, "first", "", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked []string
				var sources []Source
				limited := map[string]Limit{"first": {Events: 1, Per: time.Minute}, "second": {Events: 1, Per: time.Hour}}
				for _, name := range []string{"first", "second", "third"} {
					if name == "third" && tt.asked != "third" {
						continue
					}
					sources = append(sources, &script{name: name, answer: func(ref Ref) (Conversation, error) {
						asked = append(asked, name)
						return sketch(ref.ID, "a1"), nil
					}})
				}
				s, err := New(Config{Limits: limited, Limiter: tt.limits}, sources, newMemory())
				if err != nil {
					t.Fatal(err)
				}
				for range 2 { // a refusal is remembered with what it says
					_, err = s.Unroll(t.Context(), x("a1"))
					var e *Error
					if errors.As(err, &e); KindOf(err) != tt.kind || RetryAfter(err) != tt.wait || e != nil && e.Source != tt.source {
						t.Errorf("got %v, wait %v", err, RetryAfter(err))
					}
				}
				if got := strings.Join(asked, " "); got != tt.asked {
					t.Errorf("asked %q, want %q", got, tt.asked)
				}
			})
		})
	}
}

// What a source may do wrong, the service survives.
func TestServiceSurvivesSources(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		answer func(Ref) (Conversation, error)
		want   string
		kind   Kind
	}{
		{"a panic", func(Ref) (Conversation, error) { panic("index out of range") }, "", KindInternal},
		{"nothing", func(Ref) (Conversation, error) { return Conversation{}, nil }, "", KindNotFound},
		{"posts without ids", func(Ref) (Conversation, error) { return Conversation{Posts: make([]Post, 1000)}, nil }, "", KindNotFound},
		{"another post than was asked for", func(Ref) (Conversation, error) { return sketch("b1", "b1", "b2 < b1"), nil }, "b1 b2", ""},
		{"a clock that runs ahead", func(ref Ref) (Conversation, error) {
			c := sketch(ref.ID, "a1", "a2 < a1")
			c.FetchedAt = now.AddDate(100, 0, 0)
			for i := range c.Posts {
				c.Posts[i].At = now.AddDate(50, 0, -i)
			}
			return c, nil
		}, "a1 a2", ""},
		{"a hundred thousand replies by others", func(ref Ref) (Conversation, error) {
			c := sketch(ref.ID, "a1", "a2 < a1")
			for i := range 100_000 {
				c.Posts = append(c.Posts, Post{ID: fmt.Sprint(i), AuthorID: fmt.Sprint(i % 977), ParentID: c.Posts[i%len(c.Posts)].ID})
			}
			return c, nil
		}, "a1 a2", ""},
		{"a cycle that everybody replies in", func(ref Ref) (Conversation, error) {
			return sketch(ref.ID, "a1 < a3", "b1 < a1", "a2 < a1", "a3 < a2", "b1 < b1"), nil
		}, "a2 a3 a1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := now
			src := &script{name: "odd", answer: tt.answer}
			s := service(t, newMemory(), func() time.Time { return clock }, src)
			for range 3 {
				got, err := s.Refresh(t.Context(), x("a1"))
				if KindOf(err) != tt.kind || outline(got) != tt.want {
					t.Errorf("got %.60q, %v", outline(got), err)
				}
				if err == nil && got.FetchedAt.After(clock) {
					t.Errorf("read in the future: %v", got.FetchedAt)
				}
				clock = clock.Add(time.Hour)
			}
			if n := src.calls.Load(); n < 3 {
				t.Errorf("asked %d times in three hours: it is never read anew", n)
			}
		})
	}
}

// What stands in the store may be damaged, or another program's.
func TestServiceSurvivesTheStore(t *testing.T) {
	m := newMemory()
	s := service(t, m, nil, &script{answer: conversation("a1", "a2 < a1")})
	for name, e := range map[string]Entry{
		"an entry of nothing":      {},
		"a thread without posts":   {Thread: &Thread{Ref: x("a1")}},
		"a branch that hangs free": {Thread: &Thread{Ref: x("a1"), Posts: []Post{{ID: "a1"}}, Branches: []Branch{{After: "zz", Posts: []Post{{ID: "a7"}}}, {After: "a1"}}}},
		"a circle":                 {Thread: &Thread{Ref: x("a1"), Author: Author{ID: "a"}, Posts: []Post{{ID: "a2", ParentID: "a1"}, {ID: "a1", ParentID: "a2"}}}},
		"nothing but gaps":         {Thread: &Thread{Ref: x("a1"), Posts: []Post{{ID: "a1", Gap: &Gap{Reason: GapDeleted}}}}},
	} {
		m.entries[x("a1")] = &e
		if got, err := s.Refresh(t.Context(), x("a1")); err != nil || !slices.Contains([]string{"a1 a2"}, outline(got)) {
			t.Errorf("%s: %q, %v", name, outline(got), err)
		}
	}
}
