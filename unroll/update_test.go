package unroll

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// closer is a network that can count.
type closer struct {
	network
	updates int
	update  func(*Thread) (Conversation, error)
}

func (c *closer) Update(_ context.Context, held *Thread) (Conversation, error) {
	c.updates++
	return c.update(held)
}

func TestUpdate(t *testing.T) {
	setUp := func(t *testing.T) (*closer, *network, *Service) {
		c := &closer{network: *newNetwork("a1 of a1", "a2 < a1 of a1")}
		c.name = "closer"
		c.update = func(*Thread) (Conversation, error) {
			conv := sketch("a2", "a1 of a1", "a2 < a1 of a1", "a4 < a3 of a1", "a5 < a4 of a1")
			conv.Count = 5
			return conv, nil
		}
		second := newNetwork("a1 of a1", "a2 < a1 of a1")
		s := service(t, newMemory(), nil, c, second)
		if got, err := s.Unroll(t.Context(), x("a1")); err != nil || outline(got) != "a1 a2" {
			t.Fatalf("%q, %v", outline(got), err)
		}
		c.asked = nil
		return c, second, s
	}
	t.Run("what the first reading could not see is found the second time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _, s := setUp(t)
			time.Sleep(2 * time.Minute)
			if got, err := s.Refresh(t.Context(), x("a1")); err != nil || outline(got) != "a1 a2 [a3] a4 a5" {
				t.Errorf("%q, %v", outline(got), err)
			}
			if c.updates != 1 || len(c.asked) != 0 {
				t.Errorf("%d updates, fetched %v", c.updates, c.asked)
			}
		})
	})
	t.Run("the ladder goes on when it fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, second, s := setUp(t)
			c.update = func(*Thread) (Conversation, error) { return failing(KindUpstream)(Ref{}) }
			time.Sleep(2 * time.Minute)
			if got, err := s.Refresh(t.Context(), x("a1")); err != nil || outline(got) != "a1 a2" {
				t.Errorf("%q, %v", outline(got), err)
			}
			if got := ids(second.asked); got != "a2" {
				t.Errorf("the second source was asked for %q", got)
			}
		})
	})
	t.Run("another source's threads are not its business", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c, _, s := setUp(t)
			c.failing["a1"] = KindUpstream
			s.stores = newMemory()
			if got, err := s.Unroll(t.Context(), x("a1")); err != nil || got.Source != "network" {
				t.Fatalf("%v from %q", err, got.Source)
			}
			time.Sleep(2 * time.Minute)
			c.asked = nil
			if _, err := s.Refresh(t.Context(), x("a1")); err != nil || c.updates != 0 || ids(c.asked) != "a2" {
				t.Errorf("%v, %d updates, fetched %v", err, c.updates, c.asked)
			}
		})
	})
}

// A thread that seems complete because nothing showed below it is looked at
// again soon, once.
func TestFirstLookIsShort(t *testing.T) {
	tests := []struct {
		name  string
		conv  Conversation
		fresh bool // after a quarter of an hour
	}{
		{"it only ends", cursory(sketch("a1", "a1", "a2 < a1")), false},
		{"it was counted", func() Conversation { c := cursory(sketch("a1", "a1", "a2 < a1")); c.Count = 2; return c }(), true},
		{"it is numbered", cursory(texts(sketch("a1", "a1", "a2 < a1"), "1/2", "2/2")), true},
		{"it was read as closely as can be", sketch("a1", "a1", "a2 < a1"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(365 * 24 * time.Hour * 30) // long after the posts
				updates := 0
				src := &closer{network: network{script: script{name: "closer"}}}
				src.update = func(*Thread) (Conversation, error) { updates++; return tt.conv, nil }
				fetched := &asTold{src, tt.conv}
				s := service(t, newMemory(), nil, fetched)
				for _, rest := range []time.Duration{0, 15 * time.Minute, time.Hour, 24 * time.Hour} {
					time.Sleep(rest)
					if _, err := s.Unroll(t.Context(), x("a1")); err != nil {
						t.Fatal(err)
					}
					s.Wait()
				}
				if want := map[bool]int{true: 0, false: 1}[tt.fresh]; updates != want {
					t.Errorf("updated %d times, want %d", updates, want)
				}
			})
		})
	}
}

func cursory(c Conversation) Conversation {
	c.Cursory = true
	return c
}

type asTold struct {
	*closer
	conv Conversation
}

func (a *asTold) Fetch(context.Context, Ref) (Conversation, error) { return a.conv, nil }
