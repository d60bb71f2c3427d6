package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"unrollbot/unroll"
)

// Serve answers requests of r's platform that other processes have left, until
// ctx ends or Close is called. Close waits for what it took.
func (d *Durable) Serve(ctx context.Context, r Recaller) {
	line := r.Name()
	if !d.kept[line] || !d.enter() {
		return
	}
	defer d.taken.Done()
	free := make(chan struct{}, d.cfg.Takers)
	for range d.cfg.Takers {
		free <- struct{}{}
	}
	freed := make(chan struct{}, 1)
	poll := time.NewTimer(0)
	defer poll.Stop()
	more := false // there may be more to take
	for {
		select {
		case <-ctx.Done():
			return
		case <-poll.C:
		case <-freed:
			if !more {
				continue
			}
		}
		if d.pool.ending() {
			return
		}
		n := len(free)
		jobs, err := d.take(ctx, line, n)
		if err != nil && ctx.Err() == nil {
			d.cfg.Log.Info("queue cannot be read", "platform", line, "err", err)
		}
		more = err == nil && len(jobs) == n
		for _, job := range jobs {
			<-free
			d.taken.Go(func() {
				d.takeUp(context.WithoutCancel(ctx), r, job)
				free <- struct{}{}
				select {
				case freed <- struct{}{}:
				default:
				}
			})
		}
		poll.Reset(d.cfg.Poll)
	}
}

// enter has Close wait, unless it was called already.
func (d *Durable) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closing {
		d.taken.Add(1)
	}
	return !d.closing
}

func (d *Durable) take(ctx context.Context, line string, n int) ([]unroll.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, putWithin)
	defer cancel()
	return d.queue.Take(ctx, line, n)
}

// takeUp answers a request that another process left. A panic costs the
// request.
func (d *Durable) takeUp(ctx context.Context, r Recaller, taken unroll.Job) {
	t := &ticket{line: r.Name(), data: taken.Data, tries: taken.Tries, id: taken.ID, begun: true}
	d.mu.Lock()
	d.open[t] = struct{}{}
	d.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			d.settle(ctx, t, fmt.Errorf("bot: panic: %v\n%s", p, debug.Stack()))
		}
	}()
	d.tellFate(t.line, FateTaken)
	var rec record
	if err := json.Unmarshal(taken.Data, &rec); err != nil || rec.Version != recordVersion {
		d.settle(ctx, t, errors.Join(errUnreadable, err))
		return
	}
	if t.tries > d.cfg.Tries { // who began it was killed each time: perhaps by it
		t.tries--
		d.settle(ctx, t, errors.New("whoever began it did not come to its end"))
		return
	}
	young := time.Since(rec.At) < leftPatience
	call, cancel := context.WithTimeout(ctx, recallWithin)
	res, err := r.Recall(call, rec.Request, rec.Address)
	cancel()
	switch {
	case errors.Is(err, ErrElsewhere):
		d.putBack(ctx, t, t.tries-1, d.cfg.Poll)
	case errors.Is(err, ErrGone):
		d.cfg.Log.Info("request has nowhere to be answered any more", "platform", t.line, "waited", time.Since(rec.At))
		d.settle(ctx, t, err)
	case err != nil && young: // the platform is out of reach, it may be
		d.cfg.Log.Info("request that was left cannot be taken up yet", "platform", t.line, "err", err)
		d.putBack(ctx, t, t.tries-1, unroll.QueueLease)
	case err != nil:
		d.settle(ctx, t, fmt.Errorf("recall: %w", err))
	default:
		d.cfg.Log.Info("request that was left is taken up", "platform", t.line, "tries", t.tries, "waited", time.Since(rec.At))
		var limited bool
		again := &left{Responder: res, patient: young, begun: t.tries > 1}
		d.pool.answer(job{ctx: ctx, req: rec.Request, res: again, over: func(err error) bool {
			limited = errors.Is(err, errLimited)
			return d.settle(ctx, t, err)
		}})
		if limited { // so are others, presumably
			time.Sleep(d.cfg.Poll)
		}
	}
}

// leftPatience is how long a request that was left waits for what is no fault
// of its own: for its turn at the limits, since many come at once and nobody
// looks on any longer, and for its platform.
const leftPatience = 10 * time.Minute

var errUnreadable = errors.New("bot: a request was written down in another version's form")

// errLimited has a request wait for its turn.
var errLimited error = &unroll.Error{Kind: unroll.KindRateLimited, Op: "bot: wait for a turn"}

// left is a Responder of a request that was left.
type left struct {
	Responder
	patient bool // limits are waited for
	begun   bool // before, and so counted by the limits of who asked
	sent    bool
}

// Unwrap gives what carries the answer.
func (l *left) Unwrap() Responder { return l.Responder }

func (l *left) Send(ctx context.Context, r Reply) error {
	if r.Kind == unroll.KindRateLimited && l.patient && !l.sent {
		return errLimited
	}
	l.sent = true
	return l.Responder.Send(ctx, r)
}

// recallWithin bounds a Recaller's Recall.
const recallWithin = 30 * time.Second

// inlineLinks is how many threads of a message are looked for before it is
// taken.
const inlineLinks = 3

// Inline picks the requests that are answered in a moment: those that need no
// thread, and those whose threads are held. What nobody asked for is worth no
// effort.
func Inline(t *Triggers, held func(context.Context, unroll.Ref) bool) func(context.Context, *Request) bool {
	return func(ctx context.Context, req *Request) bool {
		intent, refs := t.Find(req)
		switch intent {
		case IntentUnroll, IntentPage:
		case IntentOffer, IntentHelp, IntentNoLink, IntentHidden, IntentIgnore:
			return true
		default:
			return false
		}
		if req.Page != nil && req.Page.Fresh {
			return false
		}
		if len(refs) > inlineLinks {
			return false
		}
		for _, ref := range refs {
			if !held(ctx, ref) {
				return false
			}
		}
		return true
	}
}
