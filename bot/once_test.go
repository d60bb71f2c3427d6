package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

// marks is a store for [Once] in memory, that can be out of reach.
type marks struct {
	unroll.Values // what is not used

	mu   sync.Mutex
	err  error
	held map[string]mark
}

type mark struct {
	value string
	until time.Time
}

func newMarks() *marks { return &marks{held: map[string]mark{}} }

func (m *marks) do(key string, f func(held mark, ok bool)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	held, ok := m.held[key]
	f(held, ok && time.Now().Before(held.until))
	return nil
}

func (m *marks) Hold(_ context.Context, key, owner string, ttl time.Duration) (won bool, err error) {
	err = m.do(key, func(held mark, ok bool) {
		if won = !ok || held.value == owner; won {
			m.held[key] = mark{owner, time.Now().Add(ttl)}
		}
	})
	return won, err
}

func (m *marks) Release(_ context.Context, key, owner string) error {
	return m.do(key, func(held mark, _ bool) {
		if held.value == owner {
			delete(m.held, key)
		}
	})
}

func (m *marks) Value(_ context.Context, key string) (value []byte, found bool, err error) {
	err = m.do(key, func(held mark, ok bool) { value, found = []byte(held.value), ok })
	return value, found, err
}

func (m *marks) SetValue(_ context.Context, key string, value []byte, ttl time.Duration) error {
	return m.do(key, func(mark, bool) { m.held[key] = mark{string(value), time.Now().Add(ttl)} })
}

func (m *marks) breakDown(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// once is a handler behind Once.
func once(m Marks, h HandlerFunc) func(ctx context.Context, id string) error {
	handler := Once(m, slog.New(slog.DiscardHandler))(h)
	return func(ctx context.Context, id string) error {
		return handler.Handle(ctx, Request{Platform: "p", ID: id}, &outbox{})
	}
}

func TestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, m := 0, newMarks()
		handle := once(m, func(context.Context, Request, Responder) error { calls++; return nil })
		for i, tt := range []struct {
			id    string
			after time.Duration
			calls int
		}{
			{"1", 0, 1},
			{"1", 0, 1},
			{"2", 0, 2},
			{"1", SeenFor - time.Second, 2},
			{"1", 2 * time.Second, 3},
			{"", 0, 4},
			{"", 0, 5},
		} {
			time.Sleep(tt.after)
			if err := handle(t.Context(), tt.id); err != nil || calls != tt.calls {
				t.Errorf("request %d: %d calls, want %d, %v", i, calls, tt.calls, err)
			}
		}
		m.breakDown(errors.New("store down"))
		for range 2 {
			if err := handle(t.Context(), "3"); err != nil {
				t.Error(err)
			}
		}
		if calls != 7 {
			t.Errorf("%d calls, want 7: rather twice than never", calls)
		}
	})
}

func TestOnceWhileSomebodyIsAtIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls, release := 0, make(chan struct{})
		handle := once(newMarks(), func(context.Context, Request, Responder) error { calls++; <-release; return nil })
		first := make(chan error)
		go func() { first <- handle(t.Context(), "1") }()
		for range 3 { // for longer than a mark lives by itself
			time.Sleep(BegunFor - time.Second)
			if err := handle(t.Context(), "1"); !errors.Is(err, ErrBegun) {
				t.Errorf("meanwhile: %v", err)
			}
		}
		close(release)
		if err := <-first; err != nil {
			t.Error(err)
		}
		if err := handle(t.Context(), "1"); err != nil || calls != 1 {
			t.Errorf("afterwards: %v, %d calls", err, calls)
		}
	})
}

// A process that is killed leaves a mark that ends.
func TestOnceAfterAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, calls := newMarks(), 0
		if won, err := m.Hold(t.Context(), "seen:p:1", "begun by one who is dead", BegunFor); !won || err != nil {
			t.Fatal(won, err)
		}
		handle := once(m, func(context.Context, Request, Responder) error { calls++; return nil })
		if err := handle(t.Context(), "1"); !errors.Is(err, ErrBegun) {
			t.Errorf("at once: %v", err)
		}
		time.Sleep(BegunFor)
		if err := handle(t.Context(), "1"); err != nil || calls != 1 {
			t.Errorf("later: %v, %d calls", err, calls)
		}
	})
}

// A process that was asleep for so long that another one has begun stops.
func TestOnceWhenTheTurnIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMarks()
		handle := once(m, func(ctx context.Context, _ Request, _ Responder) error { <-ctx.Done(); return ctx.Err() })
		done := make(chan error)
		go func() { done <- handle(t.Context(), "1") }()
		synctest.Wait()
		_ = m.do("seen:p:1", func(mark, bool) { m.held["seen:p:1"] = mark{"begun by another", time.Now().Add(time.Hour)} })
		if err := <-done; !errors.Is(err, ErrBegun) {
			t.Errorf("got %v", err)
		}
		if held := m.held["seen:p:1"]; held.value != "begun by another" {
			t.Errorf("the mark is now %q", held.value)
		}
	})
}

// A request of which nobody was told may be tried again; one of which somebody
// was may not.
func TestOnceWhenItFails(t *testing.T) {
	for name, tt := range map[string]struct {
		send  bool
		calls int
	}{"before anything was sent": {false, 2}, "after something was sent": {true, 1}} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			handle := once(newMarks(), func(ctx context.Context, _ Request, res Responder) error {
				if calls++; tt.send {
					_ = res.Send(ctx, Reply{})
				}
				return errors.New("failed")
			})
			if err := handle(t.Context(), "1"); err == nil {
				t.Error("the failure is not told")
			}
			_ = handle(t.Context(), "1")
			if calls != tt.calls {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
		})
	}
}

// The abilities of a responder are found behind what middleware wraps it in.
func TestOnceHidesNothing(t *testing.T) {
	h := Chain(HandlerFunc(func(_ context.Context, _ Request, res Responder) error {
		if _, ok := unwrapped[*outbox](res); !ok {
			t.Error("the responder is out of sight")
		}
		return nil
	}), Once(newMarks(), slog.New(slog.DiscardHandler)), Log(slog.New(slog.DiscardHandler), NewTriggers(nil), nil))
	if err := h.Handle(t.Context(), Request{ID: "1"}, &outbox{}); err != nil {
		t.Error(err)
	}
}

// Without a queue, a request that comes again while its process may be dead is
// looked at once more.
func TestDispatcherTriesAgainWhatWasBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMarks()
		if _, err := m.Hold(t.Context(), "seen:p:1", "begun by one who is dead", BegunFor); err != nil {
			t.Fatal(err)
		}
		calls := 0
		d := NewDispatcher(DispatcherConfig{}, Once(m, slog.New(slog.DiscardHandler))(HandlerFunc(func(context.Context, Request, Responder) error { calls++; return nil })))
		f := &finisher{}
		if err := d.Dispatch(t.Context(), Request{Platform: "p", ID: "1"}, f); err != nil {
			t.Fatal(err)
		}
		time.Sleep(BegunFor + time.Second)
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if calls != 1 || len(f.done) != 1 {
			t.Errorf("%d calls, ended %d times, want both once", calls, len(f.done))
		}
	})
}
