package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

func TestDurableAnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, m, box := setting()
		p := newReplica(t, DurableConfig{}, q, m, box, answering(0))
		l := p.ask("1")
		synctest.Wait()
		box.given(t, map[string]int{"1": 1})
		if q.puts != 1 || q.left() != 0 || !l.done {
			t.Errorf("written %d times, %d left, ended: %v", q.puts, q.left(), l.done)
		}
		time.Sleep(time.Hour)
		if len(box.recalled) != 0 {
			t.Error("an answered request was recalled")
		}
	})
}

func TestDurableSurvivesAKill(t *testing.T) {
	for name, answerIn := range map[string]time.Duration{"while it waits or is begun": time.Hour, "after it was sent": 0} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				if answerIn == 0 { // killed before it could say that it has sent
					box.send = func(id string) error { return errors.New("killed " + id) }
				}
				first := newReplica(t, DurableConfig{}, q, m, box, answering(answerIn))
				want := map[string]int{}
				for i := range 6 { // two are begun, four wait
					first.ask(fmt.Sprint(i))
					want[fmt.Sprint(i)] = 1
					synctest.Wait()
				}
				time.Sleep(time.Second)
				first.kill()
				box.mu.Lock()
				box.send = nil
				box.mu.Unlock()
				start := time.Now()
				second := newReplica(t, DurableConfig{}, q, m, box, answering(0))
				for q.left() > 0 && time.Since(start) < time.Hour {
					time.Sleep(100 * time.Millisecond)
				}
				if took := time.Since(start); took > unroll.QueueLease+4*time.Second {
					t.Errorf("all is answered %s after the kill", took)
				}
				box.given(t, want)
				if second.fates(FateTaken) < 6 {
					t.Errorf("taken over: %d", second.fates(FateTaken))
				}
			})
		})
	}
}

// A request that takes long is not taken from who works on it.
func TestDurableLeavesTheLivingAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, m, box := setting()
		first := newReplica(t, DurableConfig{}, q, m, box, answering(time.Minute))
		second := newReplica(t, DurableConfig{}, q, m, box, answering(0))
		first.ask("1")
		time.Sleep(2 * time.Minute)
		box.given(t, map[string]int{"1": 1})
		if n := second.fates(FateTaken); n != 0 {
			t.Errorf("taken over %d times", n)
		}
	})
}

func TestDurableInline(t *testing.T) {
	tests := []struct {
		name    string
		inline  bool
		takes   time.Duration
		request Request
		written int
	}{
		{"held, at once", true, 10 * time.Millisecond, Request{Platform: "p", ID: "1", Command: "unroll"}, 0},
		{"held, but slow", true, time.Second, Request{Platform: "p", ID: "1", Command: "unroll"}, 1},
		{"not held", false, 10 * time.Millisecond, Request{Platform: "p", ID: "1", Command: "unroll"}, 1},
		{"of a platform that keeps it itself", false, time.Second, Request{Platform: "q", ID: "1", Command: "unroll"}, 0},
		{"without an id", false, time.Second, Request{Platform: "p", Command: "unroll"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				q, m, box := setting()
				p := newReplica(t, DurableConfig{Inline: func(context.Context, *Request) bool { return tt.inline }}, q, m, box, answering(tt.takes))
				if err := p.d.Dispatch(t.Context(), tt.request, &letter{m: box, id: "1"}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				box.given(t, map[string]int{"1": 1})
				if q.puts != tt.written || q.left() != 0 {
					t.Errorf("written %d times, want %d; %d left", q.puts, tt.written, q.left())
				}
			})
		})
	}
}

// Requests that end while they are written down leave nothing behind.
func TestDurableForgets(t *testing.T) {
	q, m, box := setting()
	p := newReplica(t, DurableConfig{}, q, m, box, answering(0))
	for range 200 {
		var writing sync.WaitGroup
		one := &ticket{line: "p", tries: 1}
		p.d.mu.Lock()
		writing.Go(func() { _ = p.d.write(t.Context(), one) })
		for range 100 { // until it waits for its turn
			runtime.Gosched()
		}
		p.d.mu.Unlock()
		p.d.settle(t.Context(), one, nil) // which is likely to come first
		writing.Wait()
	}
	if n := len(p.d.working()["p"]); n != 0 || q.left() != 0 {
		t.Errorf("%d are kept, %d left in the queue", n, q.left())
	}
}

func TestDurableWithoutTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, m, box := setting()
		q.err = errors.New("gone")
		p := newReplica(t, DurableConfig{}, q, m, box, answering(time.Second))
		p.ask("1")
		time.Sleep(10 * time.Second)
		box.given(t, map[string]int{"1": 1})
		if p.fates(FateLost) != 1 {
			t.Errorf("fates %v", p.fate)
		}
	})
}

// More than fit into the process wait in the queue, and nobody is told that
// too many ask.
func TestDurableManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q, m, box := setting()
		var mu sync.Mutex
		busy, most := 0, 0
		p := newReplica(t, DurableConfig{Takers: 3}, q, m, box, func(ctx context.Context, req Request, res Responder) error {
			mu.Lock()
			busy++
			most = max(most, busy)
			mu.Unlock()
			err := answering(20*time.Millisecond)(ctx, req, res)
			mu.Lock()
			busy--
			mu.Unlock()
			return err
		})
		want := map[string]int{}
		for i := range 10_000 {
			p.ask(fmt.Sprint(i))
			want[fmt.Sprint(i)] = 1
		}
		start := time.Now()
		for q.left() > 0 && time.Since(start) < time.Hour {
			time.Sleep(100 * time.Millisecond)
		}
		box.given(t, want)
		if took := time.Since(start); took > 75*time.Second { // three at a time: 67 s
			t.Errorf("worked off in %s", took)
		}
		if most > 5 {
			t.Errorf("%d at once, want the pool's two and three takers", most)
		}
	})
}

func TestInline(t *testing.T) {
	held := func(_ context.Context, ref unroll.Ref) bool { return ref.ID == "20" }
	inline := Inline(NewTriggers([]string{"unroll"}), held)
	const three = "https://x.com/a/status/20 https://a.example/@u/20 https://b.example/@u/20 "
	for name, tt := range map[string]struct {
		req  Request
		want bool
	}{
		"held":            {Request{Command: "unroll", Message: Message{Text: "https://x.com/a/status/20"}}, true},
		"not held":        {Request{Command: "unroll", Message: Message{Text: "https://x.com/a/status/21"}}, false},
		"one of two":      {Request{Command: "unroll", Message: Message{Text: "https://x.com/a/status/20 https://x.com/a/status/21"}}, false},
		"help":            {Request{Command: "help"}, true},
		"no link":         {Request{Command: "unroll"}, true},
		"a page":          {Request{Page: &PageRequest{Ref: unroll.Ref{Network: unroll.X, ID: "20"}}}, true},
		"a page, renewed": {Request{Page: &PageRequest{Ref: unroll.Ref{Network: unroll.X, ID: "20"}, Fresh: true}}, false},
		"three threads":   {Request{Command: "unroll", Message: Message{Text: three}}, true},
		"four threads":    {Request{Command: "unroll", Message: Message{Text: three + "https://c.example/@u/20"}}, false},
		"an offer":        {Request{Settings: Settings{Auto: true}, Message: Message{Text: "https://x.com/a/status/21"}}, true},
	} {
		if got := inline(t.Context(), &tt.req); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
