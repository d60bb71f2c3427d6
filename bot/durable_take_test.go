package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

func TestDurableRetries(t *testing.T) {
	tests := []struct {
		name    string
		fail    error
		times   int
		answers int
		buried  int
	}{
		{"passes", errors.New("down"), 2, 1, 0},
		{"lasts", errors.New("down"), 99, 0, 1},
		{"nowhere to answer", fmt.Errorf("send: %w", ErrGone), 99, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				sends := 0
				box.send = func(string) error {
					if sends++; sends <= tt.times {
						return tt.fail
					}
					return nil
				}
				p := newReplica(t, DurableConfig{}, q, m, box, answering(0))
				p.ask("1")
				time.Sleep(10 * time.Minute)
				box.given(t, map[string]int{"1": tt.answers})
				if len(q.graves()) != tt.buried || p.fates(FateBuried) != tt.buried || q.left() != 0 {
					t.Errorf("buried %d, fates %v, left %d", len(q.graves()), p.fate, q.left())
				}
				box.mu.Lock()
				if sends > 5 {
					t.Errorf("tried %d times", sends)
				}
				box.mu.Unlock()
				for _, data := range q.graves() {
					var n Note
					if err := json.Unmarshal(data, &n); err != nil || n.Tries != 5 || n.Asked.IsZero() || !strings.Contains(n.Error, "down") {
						t.Errorf("note %s: %v", data, err)
					}
				}
			})
		})
	}
}

// A request over which one process after the other dies is given up.
func TestDurablePoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, m, box := setting()
		var begun atomic.Int64
		deadly := func(ctx context.Context, _ Request, _ Responder) error { begun.Add(1); <-ctx.Done(); return ctx.Err() }
		p := newReplica(t, DurableConfig{}, q, m, box, deadly)
		p.ask("1")
		for range 9 {
			time.Sleep(time.Second)
			p.kill()
			time.Sleep(unroll.QueueLease + 2*time.Second)
			p = newReplica(t, DurableConfig{}, q, m, box, deadly)
			time.Sleep(2 * time.Second)
		}
		if n := begun.Load(); n != 5 || q.left() != 0 || len(q.graves()) != 1 {
			t.Errorf("begun %d times, want 5; left %d, buried %d", n, q.left(), len(q.graves()))
		}
	})
}

func TestDurableRecall(t *testing.T) {
	tests := []struct {
		name    string
		fail    error
		mends   time.Duration
		answers int
		buried  int
	}{
		{"the adapter is elsewhere for long", ErrElsewhere, 5 * time.Hour, 1, 0},
		{"the platform is away", errors.New("away"), 5 * time.Minute, 1, 0},
		{"the platform is away for long", errors.New("away"), 5 * time.Hour, 0, 1},
		{"there is nowhere to answer", ErrGone, 5 * time.Hour, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				start := time.Now()
				box.recall = func(Request) error {
					if time.Since(start) < tt.mends {
						return tt.fail
					}
					return nil
				}
				q.leave(t, recorded(t, recordVersion))
				newReplica(t, DurableConfig{}, q, m, box, answering(0))
				time.Sleep(6 * time.Hour)
				box.given(t, map[string]int{"1": tt.answers})
				if n := len(q.graves()); n != tt.buried || q.left() != 0 {
					t.Errorf("buried %d, want %d; left %d", n, tt.buried, q.left())
				}
			})
		})
	}
}

// What cannot be read is left to others, and given up in the end.
func TestDurableUnreadable(t *testing.T) {
	for name, data := range map[string][]byte{"garbage": []byte("{"), "nothing": nil, "of the future": recorded(t, recordVersion+1)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				q.leave(t, data)
				p := newReplica(t, DurableConfig{}, q, m, box, answering(0))
				time.Sleep(time.Hour)
				if len(q.graves()) != 1 || q.left() != 0 || p.fates(FateTaken) != 4 || len(box.recalled) != 0 {
					t.Errorf("buried %d, left %d, taken %d times, recalled %d", len(q.graves()), q.left(), p.fates(FateTaken), len(box.recalled))
				}
			})
		})
	}
}

// What came twice is answered once, also when who has begun is killed.
func TestDurableDuplicates(t *testing.T) {
	for name, kill := range map[string]bool{"both live": false, "the first is killed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				first := newReplica(t, DurableConfig{}, q, m, box, answering(30*time.Second))
				second := newReplica(t, DurableConfig{}, q, m, box, answering(time.Second))
				first.ask("1")
				time.Sleep(time.Second)
				dup := second.ask("1")
				time.Sleep(time.Second)
				synctest.Wait()
				if dup.done {
					t.Error("the second responder took back what the first has promised")
				}
				if kill {
					first.kill()
				}
				time.Sleep(5 * time.Minute)
				box.given(t, map[string]int{"1": 1})
				if q.left() != 0 {
					t.Errorf("%d left", q.left())
				}
			})
		})
	}
}

// A process that ends leaves what it has not begun to the others at once.
func TestDurableHandsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, m, box := setting()
		first := newReplica(t, DurableConfig{}, q, m, box, answering(20*time.Second))
		want := map[string]int{}
		for i := range 6 {
			first.ask(fmt.Sprint(i))
			want[fmt.Sprint(i)] = 1
			synctest.Wait()
		}
		second := newReplica(t, DurableConfig{}, q, m, box, answering(0))
		time.Sleep(3 * time.Second)
		if n := second.fates(FateTaken); n != 0 {
			t.Errorf("the second took %d before the first ended", n)
		}
		closed := make(chan error)
		go func() { closed <- first.d.Close(t.Context()) }()
		time.Sleep(2 * time.Second)
		box.mu.Lock()
		if len(box.answers) != 4 {
			t.Errorf("%d were answered by the other process, want the 4 that waited", len(box.answers))
		}
		box.mu.Unlock()
		if err := <-closed; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		box.given(t, want)
		if q.left() != 0 {
			t.Errorf("%d left", q.left())
		}
		if err := first.d.Dispatch(t.Context(), Request{Platform: "p", ID: "9"}, &letter{m: box, id: "9"}); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// Requests that were left wait for their turn at a limit, and are told of it
// only when that takes long.
func TestDurableIsPatientWithLimits(t *testing.T) {
	for name, tt := range map[string]struct {
		freeAfter time.Duration
		told      int
	}{"soon": {3 * time.Minute, 0}, "not soon": {time.Hour, 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				start, told := time.Now(), 0
				q.leave(t, recorded(t, recordVersion))
				newReplica(t, DurableConfig{}, q, m, box, func(ctx context.Context, _ Request, res Responder) error {
					if time.Since(start) < tt.freeAfter {
						err := res.Send(ctx, Reply{Kind: unroll.KindRateLimited})
						if err == nil {
							told++
						}
						return err
					}
					return res.Send(ctx, Reply{})
				})
				time.Sleep(2 * time.Hour)
				synctest.Wait()
				box.given(t, map[string]int{"1": 1})
				if told != tt.told {
					t.Errorf("told of the limit %d times, want %d", told, tt.told)
				}
			})
		})
	}
}

// Who asked is not charged a second time because a process was killed.
func TestDurableCountsARequestOnce(t *testing.T) {
	for name, tt := range map[string]struct{ tries, counted int }{"begun before": {1, 0}, "only waited before": {0, 2}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				q.leave(t, recorded(t, recordVersion))
				if err := q.PutBack(t.Context(), "p", "0", tt.tries, 0); err != nil {
					t.Fatal(err)
				}
				n := &notes{}
				limited := Limited(n, DefaultLimits(), messages(t), slog.New(slog.DiscardHandler))(answering(0))
				newReplica(t, DurableConfig{}, q, m, box, limited.Handle)
				time.Sleep(time.Minute)
				synctest.Wait()
				box.given(t, map[string]int{"1": 1})
				if len(n.keys) != tt.counted {
					t.Errorf("counted as %q", n.keys)
				}
			})
		})
	}
}
