package unroll

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestUnrollStoresUnderTheRootAndEveryPost(t *testing.T) {
	src := &script{name: "one", answer: conversation("a1", "a2 < a1", "a3 < a2")}
	s := service(t, newMemory(), nil, src)
	for _, id := range []string{"a2", "a1", "a3", "a2"} {
		got, err := s.Unroll(t.Context(), x(id))
		if err != nil || got.Ref != x("a1") || len(got.Posts) != 3 {
			t.Fatalf("Unroll(%s) = %v, %v", id, outline(got), err)
		}
	}
	if n := src.calls.Load(); n != 1 {
		t.Errorf("the source was asked %d times, want once", n)
	}
}

func TestUnrollLaysTheMainChainThroughTheAskedPost(t *testing.T) {
	s := service(t, newMemory(), nil, &script{answer: conversation("a1", "a2 < a1", "a3 < a2", "a9 < a1")})
	for id, want := range map[string]string{"a1": "a1 a2 a3 | a1: a9", "a9": "a1 a9 | a1: a2 a3"} {
		got, err := s.Unroll(t.Context(), x(id))
		if err != nil || outline(got) != want {
			t.Errorf("Unroll(%s) = %q, %v, want %q", id, outline(got), err, want)
		}
	}
}

func TestUnrollAsksTheLadder(t *testing.T) {
	noThread := func(ref Ref) (Conversation, error) {
		c := sketch(ref.ID, "a3 < a2")
		c.Posts[0].ParentAuthorID = ""
		c.Cuts = []Cut{{After: "a3", Reason: CutNoThread}}
		return c, nil
	}
	whole := conversation("a1", "a2 < a1", "a3 < a2")
	tests := []struct {
		name          string
		first, second func(Ref) (Conversation, error)
		want          string
		kind          Kind
		calls         int32 // of the second
	}{
		{"a good answer ends it", whole, failing(KindUpstream), "a1 a2 a3", "", 0},
		{"a failure goes on", failing(KindUpstream), whole, "a1 a2 a3", "", 1},
		{"a lone post goes on", noThread, whole, "a1 a2 a3", "", 1},
		{"a lone post is better than nothing", noThread, failing(KindUpstream), "a3", "", 1},
		{"not found goes on", failing(KindNotFound), whole, "a1 a2 a3", "", 1},
		{"what is said of the post is told", failing(KindPrivate), failing(KindUpstream), "", KindPrivate, 1},
		{"in either order", failing(KindUpstream), failing(KindDeleted), "", KindDeleted, 1},
		{"a lesser source that knows nothing says nothing", failing(KindUpstream), failing(KindNotFound), "", KindUpstream, 1},
		{"a better one that knows nothing does", failing(KindNotFound), failing(KindRateLimited), "", KindNotFound, 1},
		{"an author's wish is final", failing(KindOptedOut), whole, "", KindOptedOut, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first, second := &script{name: "first", answer: tt.first}, &script{name: "second", answer: tt.second}
			got, err := service(t, newMemory(), nil, first, second).Unroll(t.Context(), x("a3"))
			if KindOf(err) != tt.kind || outline(got) != tt.want {
				t.Errorf("got %q, %v", outline(got), err)
			}
			if n := second.calls.Load(); n != tt.calls {
				t.Errorf("the second source was asked %d times, want %d", n, tt.calls)
			}
		})
	}
}

func TestUnrollNoSource(t *testing.T) {
	_, err := service(t, newMemory(), nil, &script{}).Unroll(t.Context(), Ref{Network: Bluesky, Author: "did:plc:x", ID: "1"})
	if KindOf(err) != KindUnsupported {
		t.Errorf("got %v", err)
	}
}

func TestUnrollCollapsesEqualRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		src := &script{answer: func(ref Ref) (Conversation, error) {
			time.Sleep(time.Second)
			return sketch(ref.ID, "a1", "a2 < a1"), nil
		}}
		processes := []*Service{service(t, m, nil, src), service(t, m, nil, src)}
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				if got, err := processes[i%2].Unroll(t.Context(), x("a1")); err != nil || len(got.Posts) != 2 {
					t.Errorf("%v, %v", got, err)
				}
			})
		}
		wg.Wait()
		if n := src.calls.Load(); n != 1 {
			t.Errorf("the source was asked %d times, want once", n)
		}
	})
}

func TestUnrollGivingUpDoesNotEndTheFetchForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &script{answer: func(ref Ref) (Conversation, error) {
			time.Sleep(time.Second)
			return sketch(ref.ID, "a1"), nil
		}}
		s := service(t, newMemory(), nil, src)
		hasty, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Unroll(hasty, x("a1")); KindOf(err) != KindTimeout {
				t.Errorf("hasty: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
				t.Errorf("patient: %v", err)
			}
		})
		wg.Wait()
		s.Wait()
	})
}

func TestUnrollRemembersFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &script{answer: func(Ref) (Conversation, error) {
			return Conversation{}, &Error{Kind: KindRateLimited, Op: "script", Source: "script", RetryAfter: time.Minute}
		}}
		s := service(t, newMemory(), nil, src)
		for range 10 {
			if _, err := s.Unroll(t.Context(), x("a1")); KindOf(err) != KindRateLimited || RetryAfter(err) <= 0 {
				t.Fatalf("got %v", err)
			}
		}
		if n := src.calls.Load(); n != 1 {
			t.Errorf("the source was asked %d times, want once", n)
		}
		time.Sleep(time.Minute)
		src.answer = conversation("a1")
		if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
			t.Errorf("after the wait: %v", err)
		}
	})
}

func TestUnrollServesTheOldWhileReadingTheNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &script{answer: conversation("a1", "a2 < a1")}
		s := service(t, newMemory(), nil, src)
		if _, err := s.Unroll(t.Context(), x("a2")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * 24 * time.Hour)
		src.answer = conversation("a1", "a2 < a1", "a3 < a2")
		old, err := s.Unroll(t.Context(), x("a2"))
		if err != nil || len(old.Posts) != 2 {
			t.Errorf("stale answer: %v, %v", outline(old), err)
		}
		s.Wait()
		if last := src.asked[len(src.asked)-1]; last != x("a2") {
			t.Errorf("read anew from %v, want the last post", last)
		}
		if fresh, err := s.Unroll(t.Context(), x("a2")); err != nil || len(fresh.Posts) != 3 {
			t.Errorf("fresh answer: %v, %v", outline(fresh), err)
		}
	})
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &script{answer: conversation("a1")}
		s := service(t, newMemory(), nil, src)
		for range 3 { // within a minute nothing can be new
			if _, err := s.Refresh(t.Context(), x("a1")); err != nil {
				t.Fatal(err)
			}
		}
		if n := src.calls.Load(); n != 1 {
			t.Errorf("asked %d times within a minute", n)
		}
		time.Sleep(2 * time.Minute)
		src.answer = failing(KindUpstream)
		if got, err := s.Refresh(t.Context(), x("a1")); err != nil || len(got.Posts) != 1 {
			t.Errorf("with the source down: %v, %v, want what we hold", outline(got), err)
		}
		time.Sleep(2 * time.Minute)
		src.answer = conversation("a1", "a2 < a1")
		if got, err := s.Refresh(t.Context(), x("a1")); err != nil || len(got.Posts) != 2 {
			t.Errorf("refreshed: %v, %v", outline(got), err)
		}
	})
}

func TestDeletedThreadsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		src := &script{answer: conversation("a1", "a2 < a1")}
		s := service(t, m, nil, src)
		if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		src.answer = failing(KindDeleted)
		if got, err := s.Refresh(t.Context(), x("a1")); KindOf(err) != KindDeleted {
			t.Errorf("got %v, %v", outline(got), err)
		}
		if _, held, _ := m.Load(t.Context(), x("a2")); held {
			t.Error("a post of the deleted thread is still held")
		}
	})
}

func TestADeletedRootDoesNotTakeTheRestAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &script{answer: conversation("a1", "a2 < a1", "a3 < a2")}
		s := service(t, newMemory(), nil, src)
		if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		src.answer = func(ref Ref) (Conversation, error) {
			if ref.ID == "a1" {
				return failing(KindDeleted)(ref)
			}
			return sketch(ref.ID, "a1 !", "a2 < a1", "a3 < a2"), nil
		}
		if got, err := s.Refresh(t.Context(), x("a1")); err != nil || outline(got) != "[a1] a2 a3" {
			t.Errorf("got %v, %v", outline(got), err)
		}
	})
}

func TestUnrollGoesOnWithoutAStore(t *testing.T) {
	m := newMemory()
	m.down = errors.New("connection refused")
	s := service(t, m, nil, &script{answer: conversation("a1", "a2 < a1")})
	if got, err := s.Unroll(t.Context(), x("a1")); err != nil || len(got.Posts) != 2 {
		t.Errorf("got %v, %v", outline(got), err)
	}
}

func TestPublishKeepsTheRule(t *testing.T) {
	m := newMemory()
	s := service(t, m, nil, &script{})
	thread := func(change func(*Thread)) *Thread {
		t := &Thread{Ref: x("a1"), Author: Author{ID: "a"}, Posts: []Post{{ID: "a1"}}}
		change(t)
		return t
	}
	m.out["xoptedout"] = true
	for name, th := range map[string]*Thread{
		"sensitive":      thread(func(t *Thread) { t.Posts[0].Sensitive = true }),
		"with a warning": thread(func(t *Thread) { t.Posts[0].Warning = "spiders" }),
		"opted out":      thread(func(t *Thread) { t.Author.ID = "optedout" }),
	} {
		if err := s.Publish(t.Context(), th, "title"); err != nil || len(m.latest) != 0 {
			t.Errorf("%s: listed %v, %v", name, m.latest, err)
		}
	}
	if err := s.Publish(t.Context(), thread(func(*Thread) {}), "title"); err != nil || len(m.latest) != 1 {
		t.Errorf("listed %v, %v", m.latest, err)
	}
}

type expander string

func (e expander) Expand(context.Context, Ref) (string, error) { return string(e), nil }

func TestUnrollShortLinks(t *testing.T) {
	src := &script{answer: conversation("20")}
	s, err := New(Config{Expander: expander("https://x.com/jack/status/20")}, []Source{src}, newMemory())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unroll(t.Context(), Ref{Network: Short, Host: "t.co", ID: "abc"}); KindOf(err) != "" || src.asked[0].ID != "20" {
		t.Errorf("asked %v, %v", src.asked, err)
	}
}

func TestFreshFor(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		rest  time.Duration
		state State
		want  time.Duration
	}{
		{time.Minute, Complete, 2 * time.Minute},
		{10 * time.Hour, Complete, time.Hour},
		{365 * 24 * time.Hour, Complete, 7 * 24 * time.Hour},
		{365 * 24 * time.Hour, Unknown, 15 * time.Minute},
		{-time.Hour, Complete, 2 * time.Minute}, // a clock that lies
	} {
		th := &Thread{Posts: []Post{{At: now.Add(-tt.rest)}}, Verdict: Verdict{State: tt.state}}
		if got := freshFor(th, now); got != tt.want {
			t.Errorf("after %v of rest and %s: %v, want %v", tt.rest, tt.state, got, tt.want)
		}
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	err := fmt.Errorf("wrapped: %w", &Error{Kind: KindRateLimited, Op: "x: thread 20", RetryAfter: time.Second, Err: cause})
	if KindOf(err) != KindRateLimited || RetryAfter(err) != time.Second || !errors.Is(err, cause) {
		t.Errorf("%v", err)
	}
	for err, want := range map[error]Kind{nil: "", context.Canceled: KindCanceled, context.DeadlineExceeded: KindTimeout, cause: KindInternal} {
		if got := KindOf(err); got != want {
			t.Errorf("KindOf(%v) = %s, want %s", err, got, want)
		}
	}
}
