package telegram

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

// distant is a limiter that takes some time to answer, and may be gone for a
// while; then each process counts for itself, as the stores do.
type distant struct {
	unroll.Limiter
	own     *unroll.LocalLimiter
	latency func() time.Duration
	gone    func() bool
}

func (d *distant) Allow(ctx context.Context, key string, l unroll.Limit) (time.Duration, error) {
	time.Sleep(d.latency())
	if d.gone() {
		return d.own.Allow(ctx, key, l)
	}
	return d.Limiter.Allow(ctx, key, l)
}

// went are the times at which messages went.
type went struct {
	mu    sync.Mutex
	all   []time.Time
	chats map[int64][]time.Time
}

func (w *went) note(chat int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.all, w.chats[chat] = append(w.all, now), append(w.chats[chat], now)
}

// check holds what went against the rates that Telegram publishes.
func (w *went) check(t *testing.T) {
	t.Helper()
	if n := most(w.all, time.Second); n > 30 {
		t.Errorf("%d went within a second", n)
	}
	for chat, times := range w.chats {
		if n := most(times, 3*time.Second); n > chatBurst {
			t.Errorf("chat %d: %d went within three seconds", chat, n)
		}
		if n := most(times, time.Minute); chat < 0 && n > 20 {
			t.Errorf("group %d: %d went within a minute", chat, n)
		}
	}
}

// processes are pacers of several processes that share one limiter.
func processes(n int, seed uint64, gone func() bool) []*pacer {
	random := rand.New(rand.NewPCG(seed, 2))
	var out []*pacer
	shared := unroll.NewLocalLimiter(nil)
	var mu sync.Mutex
	for range n {
		out = append(out, newPacer(&distant{
			Limiter: shared, own: unroll.NewLocalLimiter(nil), gone: gone,
			latency: func() time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(random.IntN(5000)) * time.Microsecond
			},
		}, "", slog.New(slog.DiscardHandler)))
	}
	return out
}

// Whoever asks when and where, and whichever of several processes answers:
// the rates hold in any second and any minute, and nothing is left behind.
func TestPaceOfManyProcesses(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				all := processes(1+random.IntN(4), seed, func() bool { return false })
				groups, people := 1+random.IntN(4), 1+random.IntN(200)
				w := &went{chats: make(map[int64][]time.Time)}
				var wg sync.WaitGroup
				begin := time.Now()
				sent := 300 + random.IntN(500)
				for range sent {
					p := all[random.IntN(len(all))]
					chat := int64(1 + random.IntN(people))
					if random.IntN(3) == 0 {
						chat = -int64(1 + random.IntN(groups))
					}
					after := time.Duration(random.IntN(60_000)) * time.Millisecond
					if seed%2 == 0 {
						after = 0 // all at once
					}
					wg.Go(func() {
						time.Sleep(after)
						if err := p.wait(t.Context(), chat, 24*time.Hour); err != nil {
							t.Error(err)
						}
						w.note(chat)
					})
				}
				wg.Wait()
				w.check(t)
				if len(w.all) != sent {
					t.Errorf("%d of %d went", len(w.all), sent)
				}
				// No slower than the rates demand, but for a few seconds.
				need := time.Minute + time.Duration(sent/26)*time.Second
				for chat, times := range w.chats {
					span := time.Duration(len(times)/chatBurst+1) * chatSpan
					if chat < 0 {
						span = max(span, time.Duration(len(times)/groupBurst)*groupSpan+30*time.Second)
					}
					need = max(need, span+time.Minute)
				}
				if took := time.Since(begin); took > need {
					t.Errorf("took %v, want at most %v", took, need)
				}
			})
		})
	}
}

// A group on the brink gets exactly its twenty a minute, from two processes
// together.
func TestPaceOfAGroupIsWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := processes(2, 1, func() bool { return false })
		w := &went{chats: make(map[int64][]time.Time)}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				if err := all[i%2].wait(t.Context(), -1, time.Hour); err != nil {
					t.Error(err)
				}
				w.note(-1)
			})
		}
		wg.Wait()
		w.check(t)
		slices.SortFunc(w.all, time.Time.Compare)
		if n := most(w.all, groupSpan); n != groupBurst {
			t.Errorf("%d went within %v, want %d", n, groupSpan, groupBurst)
		}
		// Each minute's turns may have to wait for the chat's, too.
		if took := w.all[99].Sub(w.all[0]); took > 4*(groupSpan+chatSpan)+25*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// While the store is gone each process keeps to the rates by itself, and none
// stops.
func TestPaceWithoutStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		gone := func() bool { d := time.Since(begin); return d > 20*time.Second && d < 80*time.Second }
		p := processes(1, 1, gone)[0]
		w := &went{chats: make(map[int64][]time.Time)}
		var wg sync.WaitGroup
		for i := range 80 {
			wg.Go(func() {
				if err := p.wait(t.Context(), -1-int64(i%2), time.Hour); err != nil {
					t.Error(err)
				}
				w.note(-1 - int64(i%2))
			})
		}
		wg.Wait()
		w.check(t)
	})
}
