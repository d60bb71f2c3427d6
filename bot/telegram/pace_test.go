package telegram

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// rush sends n messages to each chat at once and gives when they went.
func rush(t *testing.T, p *pacer, n int, chats ...int64) map[int64][]time.Time {
	t.Helper()
	var wg sync.WaitGroup
	var mu sync.Mutex
	out := make(map[int64][]time.Time)
	for _, chat := range chats {
		for range n {
			wg.Go(func() {
				if err := p.wait(t.Context(), chat, time.Hour); err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				out[chat] = append(out[chat], time.Now())
			})
		}
	}
	wg.Wait()
	for _, times := range out {
		slices.SortFunc(times, time.Time.Compare)
	}
	return out
}

// most is the largest number of times within any span.
func most(times []time.Time, span time.Duration) int {
	n, from := 0, 0
	for i, at := range times {
		for at.Sub(times[from]) >= span {
			from++
		}
		n = max(n, i-from+1)
	}
	return n
}

func TestPace(t *testing.T) {
	many := make([]int64, 90)
	for i := range many {
		many[i] = int64(i + 1)
	}
	tests := []struct {
		name      string
		chats     []int64
		each      int
		span      time.Duration // in which
		limit     int           // so many may go
		min, took time.Duration // for all
	}{
		{"a burst in a chat", []int64{1}, 3, time.Second, 3, 0, 0},
		{"a chat", []int64{1}, 30, 3 * time.Second, 3, 27 * time.Second, 30 * time.Second},
		{"a group", []int64{-1}, 45, time.Minute, 20, 2 * time.Minute, 130 * time.Second},
		{"all chats", many, 1, time.Second, 28, 3 * time.Second, 4 * time.Second},
		{"a channel and a chat", []int64{-1, 1}, 20, time.Minute, 40, 17 * time.Second, 22 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var all []time.Time
				for _, times := range rush(t, newPacer(&limits{}, "", slog.New(slog.DiscardHandler)), tt.each, tt.chats...) {
					all = append(all, times...)
				}
				slices.SortFunc(all, time.Time.Compare)
				if n := most(all, tt.span); n != tt.limit {
					t.Errorf("at most %d went within %v, want %d", n, tt.span, tt.limit)
				}
				if d := time.Since(begin); d < tt.min || d > tt.took {
					t.Errorf("all took %v, want %v to %v", d, tt.min, tt.took)
				}
			})
		})
	}
}

// A chat that waited for all others keeps its distance from then on.
func TestPaceBehindOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(&limits{}, "", slog.New(slog.DiscardHandler))
		others := make([]int64, 60)
		for i := range others {
			others[i] = int64(i + 100)
		}
		var wg sync.WaitGroup
		wg.Go(func() { rush(t, p, 1, others...) })
		synctest.Wait()
		times := rush(t, p, 9, 1)[1]
		wg.Wait()
		if n := most(times, 3*time.Second); n != 3 {
			t.Errorf("%d went within three seconds: %v", n, times)
		}
	})
}

// Whoever floods one chat waits alone.
func TestPaceIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(&limits{}, "", slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for range 500 {
			wg.Go(func() { _ = p.wait(ctx, -1, time.Hour) })
		}
		synctest.Wait()
		begin := time.Now()
		if err := p.wait(t.Context(), 7, time.Hour); err != nil || time.Since(begin) > 0 {
			t.Errorf("another chat waited %v, %v", time.Since(begin), err)
		}
		cancel()
		wg.Wait()
	})
}

func TestPatience(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(&limits{}, "", slog.New(slog.DiscardHandler))
		rush(t, p, 3, 1)
		begin := time.Now()
		if err := p.wait(t.Context(), 1, time.Second); !errors.Is(err, errSlow) || time.Since(begin) > 0 {
			t.Errorf("got %v after %v", err, time.Since(begin))
		}
		if err := p.wait(t.Context(), 1, 4*time.Second); err != nil { // the refused turn cost nothing
			t.Error(err)
		}
	})
}

func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(&limits{}, "", slog.New(slog.DiscardHandler))
		rush(t, p, 3, 1)
		begin := time.Now()
		time.AfterFunc(time.Second, func() { p.hold(1, 20*time.Second) }) // while the next waits already
		if err := p.wait(t.Context(), 1, time.Hour); err != nil {
			t.Error(err)
		}
		if d := time.Since(begin); d != 21*time.Second {
			t.Errorf("went after %v", d)
		}
		p.hold(1, 20*time.Second)
		if err := p.wait(t.Context(), 1, 10*time.Second); !errors.Is(err, errSlow) {
			t.Errorf("got %v", err)
		}
	})
}

func TestPaceForgets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(&limits{}, "", slog.New(slog.DiscardHandler))
		for i := range int64(maxPaced + 500) {
			p.hold(i+1, time.Millisecond)
		}
		if n := len(p.chats); n > maxPaced {
			t.Errorf("%d chats are remembered", n)
		}
		time.Sleep(time.Hour)
		p.hold(-1, 0)
		if n := len(p.chats); n != 1 {
			t.Errorf("%d idle chats are remembered", n-1)
		}
	})
}

func TestRecent(t *testing.T) {
	r := newRecent()
	for i := range int64(3 * maxRecent) {
		if !r.add(i) {
			t.Fatalf("%d was not seen before", i)
		}
		if r.add(i) {
			t.Fatalf("%d was seen before", i)
		}
	}
	if len(r.seen) != maxRecent || !r.add(0) {
		t.Errorf("%d are remembered", len(r.seen))
	}
	r.drop(0)
	if !r.add(0) {
		t.Error("a dropped one is new again")
	}
}
