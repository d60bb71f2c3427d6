package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

// line is a Queue in memory with one line, which can be out of reach.
type line struct {
	mu          sync.Mutex
	err         error
	jobs        map[int]*lineJob // by number
	first, next int              // numbers
	buried      [][]byte
	puts        int
}

type lineJob struct {
	unroll.Job
	seen time.Time
}

func (l *line) do(f func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		f()
	}
	return l.err
}

func (l *line) Put(_ context.Context, _ string, data []byte) (id string, err error) {
	err = l.do(func() {
		id = strconv.Itoa(l.next)
		l.jobs[l.next] = &lineJob{unroll.Job{ID: id, Data: data, Tries: 1}, time.Now()}
		l.next++
		l.puts++
	})
	return id, err
}

func (l *line) Take(_ context.Context, _ string, n int) (taken []unroll.Job, err error) {
	err = l.do(func() {
		for l.jobs[l.first] == nil && l.first < l.next {
			l.first++
		}
		for i := l.first; i < l.next && len(taken) < n; i++ {
			if j := l.jobs[i]; j != nil && time.Since(j.seen) >= unroll.QueueLease {
				j.Tries++
				j.seen = time.Now()
				taken = append(taken, j.Job)
			}
		}
	})
	return taken, err
}

func (l *line) each(ids []string, f func(number int, j *lineJob)) error {
	return l.do(func() {
		for _, id := range ids {
			number, err := strconv.Atoi(id)
			if j := l.jobs[number]; j != nil && err == nil {
				f(number, j)
			}
		}
	})
}

func (l *line) Keep(_ context.Context, _ string, ids ...string) error {
	return l.each(ids, func(_ int, j *lineJob) { j.seen = time.Now() })
}

func (l *line) PutBack(_ context.Context, _, id string, tries int, wait time.Duration) error {
	return l.each([]string{id}, func(_ int, j *lineJob) { j.Tries, j.seen = tries, time.Now().Add(wait-unroll.QueueLease) })
}

func (l *line) Done(_ context.Context, _ string, ids ...string) error {
	return l.each(ids, func(number int, _ *lineJob) { delete(l.jobs, number) })
}

func (l *line) Bury(ctx context.Context, line, id string, note []byte) error {
	_ = l.do(func() { l.buried = append(l.buried, note) })
	return l.Done(ctx, line, id)
}

func (l *line) Buried(context.Context, string, int) ([][]byte, error) { return l.graves(), nil }

func (l *line) Backlog(context.Context, string) (unroll.Backlog, error) {
	return unroll.Backlog{Jobs: l.left(), Buried: len(l.graves())}, nil
}

func (l *line) left() (n int) {
	_ = l.do(func() { n = len(l.jobs) })
	return n
}

func (l *line) graves() (notes [][]byte) {
	_ = l.do(func() { notes = slices.Clone(l.buried) })
	return notes
}

// mailbox is a platform: an adapter that can answer later, and every answer
// that was given on it, by request.
type mailbox struct {
	mu       sync.Mutex
	answers  map[string]int
	recalled []string
	recall   func(Request) error
	send     func(id string) error
}

func newMailbox() *mailbox { return &mailbox{answers: map[string]int{}} }

func (*mailbox) Name() string              { return "p" }
func (*mailbox) Run(context.Context) error { return nil }

func (m *mailbox) Recall(_ context.Context, req Request, address []byte) (Responder, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recalled = append(m.recalled, req.ID)
	if m.recall != nil {
		if err := m.recall(req); err != nil {
			return nil, err
		}
	}
	return &letter{m: m, id: string(address)}, nil
}

// given tells which requests were not answered once.
func (m *mailbox) given(t *testing.T, want map[string]int) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, n := range want {
		if m.answers[id] != n {
			t.Errorf("request %s was answered %d times, want %d", id, m.answers[id], n)
		}
	}
}

// letter is the responder of one request.
type letter struct {
	m    *mailbox
	id   string
	done bool
}

func (l *letter) Working(context.Context) error { return nil }

func (l *letter) Send(_ context.Context, r Reply) error {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if l.m.send != nil {
		if err := l.m.send(l.id); err != nil {
			return err
		}
	}
	l.m.answers[l.id]++
	return nil
}

func (l *letter) Address() ([]byte, time.Time) { return []byte(l.id), time.Time{} }
func (l *letter) Done(context.Context)         { l.done = true }

// replica is one process, which can be killed.
type replica struct {
	t    *testing.T
	d    *Durable
	m    *mailbox
	fate map[Fate]int
	mu   sync.Mutex
	dead bool
	end  context.CancelFunc
}

func (p *replica) Kept(_ string, f Fate) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fate[f]++
}

func (p *replica) fates(f Fate) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fate[f]
}

// reach is a process' way to a store, which ends with it.
func (p *replica) reach() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errors.New("killed")
	}
	return nil
}

// kill cuts the process off from everything, as a kill does: what it was at
// stops, and it says no more.
func (p *replica) kill() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.end()
}

// reachedMarks and reachedQueue are the stores as a process sees them.
type reachedMarks struct {
	*marks
	p *replica
}

func (r reachedMarks) Hold(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	if err := r.p.reach(); err != nil {
		return false, err
	}
	return r.marks.Hold(ctx, key, owner, ttl)
}

func (r reachedMarks) SetValue(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return errors.Join(r.p.reach(), r.marks.SetValue(ctx, key, value, ttl))
}

func (r reachedMarks) Release(ctx context.Context, key, owner string) error {
	if err := r.p.reach(); err != nil {
		return err
	}
	return r.marks.Release(ctx, key, owner)
}

type reachedQueue struct {
	*line
	p *replica
}

func (r reachedQueue) Keep(ctx context.Context, line string, ids ...string) error {
	if err := r.p.reach(); err != nil {
		return err
	}
	return r.line.Keep(ctx, line, ids...)
}

func (r reachedQueue) Done(ctx context.Context, line string, ids ...string) error {
	if err := r.p.reach(); err != nil {
		return err
	}
	return r.line.Done(ctx, line, ids...)
}

func (r reachedQueue) Bury(ctx context.Context, line, id string, note []byte) error {
	if err := r.p.reach(); err != nil {
		return err
	}
	return r.line.Bury(ctx, line, id, note)
}

func (r reachedQueue) PutBack(ctx context.Context, line, id string, tries int, wait time.Duration) error {
	if err := r.p.reach(); err != nil {
		return err
	}
	return r.line.PutBack(ctx, line, id, tries, wait)
}

// mortal is a responder that sends nothing once its process is dead.
type mortal struct {
	Responder
	p *replica
}

func (m mortal) Unwrap() Responder { return m.Responder }

func (m mortal) Send(ctx context.Context, r Reply) error {
	if err := m.p.reach(); err != nil {
		return err
	}
	return m.Responder.Send(ctx, r)
}

// newReplica starts a replica whose handler is h.
func newReplica(t *testing.T, cfg DurableConfig, q *line, m *marks, box *mailbox, h HandlerFunc) *replica {
	t.Helper()
	p := &replica{t: t, m: box, fate: map[Fate]int{}}
	cfg.Observer = p
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	cfg.Log = log
	pool := NewDispatcher(DispatcherConfig{Workers: 2, Waiting: 4}, Once(reachedMarks{m, p}, log)(HandlerFunc(func(ctx context.Context, req Request, res Responder) error {
		return h(ctx, req, mortal{res, p})
	})))
	p.d = NewDurable(cfg, pool, reachedQueue{q, p}, "p")
	ctx, end := context.WithCancel(t.Context())
	p.end = end
	served := make(chan struct{})
	go func() { defer close(served); p.d.Serve(ctx, box) }()
	t.Cleanup(func() {
		end()
		<-served
		if err := p.d.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func (p *replica) ask(id string) *letter {
	p.t.Helper()
	l := &letter{m: p.m, id: id}
	if err := p.d.Dispatch(p.t.Context(), Request{Platform: "p", ID: id, Command: "unroll"}, l); err != nil {
		p.t.Errorf("request %s: %v", id, err)
	}
	return l
}

// answering is a handler that takes its time.
func answering(d time.Duration) HandlerFunc {
	return func(ctx context.Context, _ Request, res Responder) error {
		select {
		case <-time.After(d):
			return res.Send(ctx, Reply{})
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// setting is what all processes of a test share.
func setting() (*line, *marks, *mailbox) {
	return &line{jobs: map[int]*lineJob{}}, newMarks(), newMailbox()
}

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

// leave writes a request down as a process does that is killed then.
func (l *line) leave(t *testing.T, data []byte) {
	t.Helper()
	if _, err := l.Put(t.Context(), "p", data); err != nil {
		t.Fatal(err)
	}
}

func recorded(t *testing.T, version int) []byte {
	t.Helper()
	data, err := json.Marshal(record{version, Request{Platform: "p", ID: "1"}, []byte("1"), time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	return data
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
