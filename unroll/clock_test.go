package unroll

import (
	"sync"
	"testing"
	"time"
)

// hands are a clock that can be set.
type hands struct {
	mu sync.Mutex
	at time.Time
}

func (h *hands) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *hands) jump(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

// TestTheClockIsSetBack has nothing that was kept while the clock was a month
// ahead stay fresh for a month.
func TestTheClockIsSetBack(t *testing.T) {
	clock := &hands{at: time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC)}
	src := &script{answer: conversation("a1")}
	s := service(t, newMemory(), clock.now, src)
	if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
		t.Fatal(err)
	}
	src.answer = failing(KindUpstream)
	if _, err := s.Unroll(t.Context(), x("gone")); err == nil {
		t.Fatal("no error")
	}

	clock.jump(-30 * 24 * time.Hour)
	src.answer = conversation("a1", "a2 < a1")
	if got, err := s.Unroll(t.Context(), x("a1")); err != nil || len(got.Posts) != 1 {
		t.Errorf("what is held: %v, %v", outline(got), err)
	}
	s.Wait()
	if got, err := s.Unroll(t.Context(), x("a1")); err != nil || len(got.Posts) != 2 {
		t.Errorf("it is not read anew: %v, %v", outline(got), err)
	}
	src.answer = conversation("gone")
	if _, err := s.Unroll(t.Context(), x("gone")); err != nil {
		t.Errorf("a failure lasts: %v", err)
	}
}

// TestLookingAgainAfterTheClockWasSetBack is not told that it was done just
// now.
func TestLookingAgainAfterTheClockWasSetBack(t *testing.T) {
	clock := &hands{at: time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC)}
	src := &script{answer: conversation("a1")}
	s := service(t, newMemory(), clock.now, src)
	if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
		t.Fatal(err)
	}
	clock.jump(-time.Hour)
	src.answer = conversation("a1", "a2 < a1")
	if got, err := s.Refresh(t.Context(), x("a1")); err != nil || len(got.Posts) != 2 {
		t.Errorf("%v, %v", outline(got), err)
	}
}

// TestTheClockJumpsAhead, as that of a machine that was asleep: what is held
// is old then, and still an answer.
func TestTheClockJumpsAhead(t *testing.T) {
	clock := &hands{at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	src := &script{answer: conversation("a1")}
	s := service(t, newMemory(), clock.now, src)
	if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
		t.Fatal(err)
	}
	clock.jump(365 * 24 * time.Hour)
	src.answer = failing(KindUpstream)
	if got, err := s.Unroll(t.Context(), x("a1")); err != nil || len(got.Posts) != 1 {
		t.Errorf("%v, %v", outline(got), err)
	}
	s.Wait()
}

// TestClocksThatAreApart by little are no reason to read a thread anew.
func TestClocksThatAreApart(t *testing.T) {
	clock := &hands{at: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	src := &script{answer: conversation("a1")}
	s := service(t, newMemory(), clock.now, src)
	for _, apart := range []time.Duration{0, -skew} {
		clock.jump(apart)
		for _, get := range []func() (Thread, error){
			func() (Thread, error) { return s.Unroll(t.Context(), x("a1")) },
			func() (Thread, error) { return s.Refresh(t.Context(), x("a1")) },
		} {
			if _, err := get(); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.Wait()
	if n := src.calls.Load(); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}
