package bot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"testing"
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
