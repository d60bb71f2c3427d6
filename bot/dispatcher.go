package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Errors of Dispatch.
var (
	ErrBusy   = errors.New("bot: too many requests are waiting")
	ErrClosed = errors.New("bot: the program is ending")
)

// DispatcherConfig tunes a [Dispatcher]. The zero value of every field works.
type DispatcherConfig struct {
	Workers int           // requests answered at the same time; 0 means 64
	Waiting int           // requests that may wait; 0 means 1,000
	Timeout time.Duration // for one request; 0 means 2 minutes
	// Concerns keeps what is not for the bot out of the queue; nil takes all.
	Concerns func(*Request) bool
	Log      *slog.Logger
}

// Finisher is a Responder that wants to know when its request is over, to take
// back a promise that was never kept.
type Finisher interface {
	// Done is called once for a request that was taken, after the handler has
	// returned and whatever it sent. ctx is a fresh one.
	Done(ctx context.Context)
}

// doneWithin bounds a Finisher's Done.
const doneWithin = 15 * time.Second

// Dispatcher answers requests in a bounded pool of goroutines.
type Dispatcher struct {
	cfg     DispatcherConfig
	handler Handler
	queue   chan job
	workers sync.WaitGroup
	busy    atomic.Int64 // workers that answer
	mu      sync.RWMutex // guards closed against sends on queue
	closed  bool
}

var _ Dispatch = (*Dispatcher)(nil)

// job is a request with what carries its answer.
type job struct {
	ctx context.Context
	req Request
	res Responder
	// begin hears that a worker has it; nil means that nobody minds.
	begin func()
	// over hears how it went, and tells whether that was the last of it; nil
	// means that nobody has a use for it.
	over func(error) (last bool)
	// again is set when it waited for another process that had begun.
	again bool
}

// NewDispatcher starts the pool. Close ends it.
func NewDispatcher(cfg DispatcherConfig, h Handler) *Dispatcher {
	if cfg.Workers == 0 {
		cfg.Workers = 64
	}
	if cfg.Waiting == 0 {
		cfg.Waiting = 1000
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 2 * time.Minute
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d := &Dispatcher{cfg: cfg, handler: h, queue: make(chan job, cfg.Waiting)}
	for range cfg.Workers {
		d.workers.Go(d.work)
	}
	return d
}

// Dispatch queues req. The request outlives ctx's cancellation, so that what
// was accepted is answered also while the program is ending.
func (d *Dispatcher) Dispatch(ctx context.Context, req Request, res Responder) error {
	if !d.concerns(&req) {
		return nil
	}
	return d.put(job{ctx: context.WithoutCancel(ctx), req: req, res: res})
}

func (d *Dispatcher) concerns(req *Request) bool { return d.cfg.Concerns == nil || d.cfg.Concerns(req) }

func (d *Dispatcher) put(j job) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return ErrClosed
	}
	select {
	case d.queue <- j:
		return nil
	default:
		return ErrBusy
	}
}

// ending tells whether Close was called.
func (d *Dispatcher) ending() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return d.closed
}

// Load tells how many requests wait and how many are being answered.
func (d *Dispatcher) Load() (waiting, answering int) {
	return len(d.queue), int(d.busy.Load())
}

// Close takes no more requests and waits until all accepted ones are
// answered, or ctx ends.
func (d *Dispatcher) Close(ctx context.Context) error {
	d.shut()
	return within(ctx, d.workers.Wait)
}

// within waits for wait to return, or for ctx to end.
func within(ctx context.Context, wait func()) error {
	done := make(chan struct{})
	go func() { wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shut takes no more requests.
func (d *Dispatcher) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.closed = true
		close(d.queue)
	}
}

func (d *Dispatcher) work() {
	for j := range d.queue {
		d.busy.Add(1)
		d.answer(j)
		d.busy.Add(-1)
	}
}

// answer has a job handled, and tells who wants to know.
func (d *Dispatcher) answer(j job) {
	if j.begin != nil {
		j.begin()
	}
	ctx, cancel := context.WithTimeout(j.ctx, d.cfg.Timeout)
	err := d.handler.Handle(ctx, j.req, j.res)
	cancel()
	if last := d.over(j, err); !last {
		return
	}
	if f, ok := unwrapped[Finisher](j.res); ok {
		ctx, cancel := context.WithTimeout(j.ctx, doneWithin)
		f.Done(ctx)
		cancel()
	}
}

// over makes of an error what can be made of it. It tells whether the job has
// come to its end.
func (d *Dispatcher) over(j job, err error) (last bool) {
	switch {
	case j.over != nil:
		return j.over(err)
	case err == nil:
	case errors.Is(err, ErrBegun):
		if !j.again { // by a process that may have died meanwhile
			j.again = true
			time.AfterFunc(BegunFor, func() { _ = d.put(j) }) // too many wait, or the program is ending: who has begun will end it
		}
		return false
	default:
		d.cfg.Log.Warn("answer could not be delivered", "platform", j.req.Platform, "err", err)
	}
	return true
}
