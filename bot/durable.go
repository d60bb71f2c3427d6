package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"unrollbot/unroll"
)

// DurableConfig tunes a [Durable]. The zero value of every field works.
type DurableConfig struct {
	// Inline picks the requests that are answered in a moment and need not be
	// written down; nil picks none.
	Inline func(context.Context, *Request) bool
	// Patience is how long after it was taken such a request is written down
	// all the same, when it is not answered yet; 0 means 250 ms.
	Patience time.Duration
	// Takers is how many requests that others have left are answered at the
	// same time, on each platform; 0 means 16.
	Takers int
	// Poll is how often it is looked for them; 0 means 1 s.
	Poll time.Duration
	// Tries bounds how often a request is begun; 0 means 5.
	Tries int
	// Observer hears of what becomes of requests; nil means nobody.
	Observer QueueObserver
	Log      *slog.Logger
}

// QueueObserver hears of requests that are written down, for metrics.
type QueueObserver interface {
	// Kept tells what becomes of a request.
	Kept(platform string, f Fate)
}

// Fate is what becomes of a request that is written down.
type Fate string

// The fates.
const (
	FateWritten Fate = "written" // down, and begun
	FateTaken   Fate = "taken"   // over from a process that left it
	FateRetried Fate = "retried" // put back after it failed
	FateBuried  Fate = "buried"  // given up
	FateLost    Fate = "lost"    // could not be written down: answered, if nobody kills us
)

// Durable is a Dispatch whose requests outlive the process. A request is
// written into a queue before Dispatch returns, and answered at once by the
// [Dispatcher] behind it; when it is answered it is dropped. A process that is
// killed leaves what it took to the others, who make its responders anew.
//
// Requests whose responder has no address, and those of platforms that keep
// them themselves, go straight to the Dispatcher, as all do while the queue is
// out of reach.
type Durable struct {
	cfg   DurableConfig
	pool  *Dispatcher
	queue unroll.Queue
	kept  map[string]bool // platforms

	mu       sync.Mutex
	open     map[*ticket]struct{} // requests that this process works on
	backlogs map[string]unroll.Backlog
	closing  bool

	taken sync.WaitGroup // who takes up what others have left

	stop context.CancelFunc
	done chan struct{}
}

var _ Dispatch = (*Durable)(nil)

// NewDurable makes a Durable for the requests of some platforms. Close ends
// it, and the pool.
func NewDurable(cfg DurableConfig, pool *Dispatcher, q unroll.Queue, platforms ...string) *Durable {
	if cfg.Inline == nil {
		cfg.Inline = func(context.Context, *Request) bool { return false }
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 250 * time.Millisecond
	}
	if cfg.Takers <= 0 {
		cfg.Takers = 16
	}
	if cfg.Poll <= 0 {
		cfg.Poll = time.Second
	}
	if cfg.Tries <= 0 {
		cfg.Tries = 5
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &Durable{
		cfg: cfg, pool: pool, queue: q, kept: map[string]bool{},
		open: map[*ticket]struct{}{}, done: make(chan struct{}),
	}
	for _, p := range platforms {
		d.kept[p] = true
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stop = stop
	go d.tell(ctx)
	return d
}

// ticket is a request that this process works on.
type ticket struct {
	line  string
	data  []byte
	tries int // this time included

	mu    sync.Mutex
	id    string // in the queue; empty until it is written down
	over  bool
	begun bool // a worker has it
	timer *time.Timer
}

// record is what is written down. Its address is a secret.
type record struct {
	Version int       `json:"v"`
	Request Request   `json:"request"`
	Address []byte    `json:"address"`
	At      time.Time `json:"at"`
}

const recordVersion = 1

// putWithin bounds the calls of the queue that somebody waits for.
const putWithin = 2 * time.Second

// Dispatch implements [Dispatch]. It returns nil once req is safe: it is
// written down, or will be answered in a moment.
func (d *Durable) Dispatch(ctx context.Context, req Request, res Responder) error {
	if !d.pool.concerns(&req) {
		return nil
	}
	t, err := d.ticket(&req, res)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	j := job{ctx: ctx, req: req, res: res}
	if t == nil {
		return d.pool.put(j)
	}
	if d.pool.ending() {
		return ErrClosed
	}
	j.over = func(err error) bool { return d.settle(ctx, t, err) }
	j.begin = t.begin
	if d.cfg.Inline(ctx, &req) {
		t.timer = time.AfterFunc(d.cfg.Patience, func() { _ = d.write(ctx, t) }) // its failure is told
		switch err := d.pool.put(j); {
		case err == nil:
			return nil
		case !errors.Is(err, ErrBusy):
			t.end()
			return err
		}
		t.timer.Stop()
	}
	if err := d.write(ctx, t); err != nil {
		if errors.Is(err, unroll.ErrQueueFull) {
			return ErrBusy
		}
		return d.pool.put(j) // without a queue
	}
	if err := d.pool.put(j); err != nil {
		d.putBack(ctx, t, 0, 0) // whoever has the time will do it
	}
	return nil
}

// ticket makes the ticket of a request that can be answered later; nil when
// it cannot.
func (d *Durable) ticket(req *Request, res Responder) (*ticket, error) {
	to, ok := unwrapped[Addressed](res)
	if !ok || !d.kept[req.Platform] || req.ID == "" {
		return nil, nil
	}
	address, _ := to.Address()
	if len(address) == 0 {
		return nil, nil
	}
	data, err := json.Marshal(record{recordVersion, *req, address, time.Now()})
	if err != nil {
		return nil, fmt.Errorf("bot: request cannot be written down: %w", err)
	}
	return &ticket{line: req.Platform, data: data, tries: 1}, nil
}

// write writes a request down, unless it is over.
func (d *Durable) write(ctx context.Context, t *ticket) error {
	ctx, cancel := context.WithTimeout(ctx, putWithin)
	defer cancel()
	id, err := d.queue.Put(ctx, t.line, t.data)
	if err != nil {
		d.tellFate(t.line, FateLost)
		d.cfg.Log.Warn("request cannot be written down", "platform", t.line, "err", err)
		return err
	}
	d.tellFate(t.line, FateWritten)
	if over := d.opened(t, id); over { // meanwhile
		d.drop(ctx, t)
	}
	return nil
}

// opened notes under which id a request was written down. In one step with
// that it is kept from others, unless it is over.
func (d *Durable) opened(t *ticket, id string) (over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.id = id
	if !t.over {
		d.open[t] = struct{}{}
	}
	return t.over
}
