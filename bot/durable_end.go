package bot

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"unrollbot/unroll"
)

// settle does what is to be done once a request was handled.
func (d *Durable) settle(ctx context.Context, t *ticket, err error) (last bool) {
	ctx, cancel := context.WithTimeout(ctx, doneWithin)
	defer cancel()
	if err != nil && !errors.Is(err, ErrGone) && t.written() == "" {
		_ = d.write(ctx, t) // to try again; its failure is told
	}
	id := t.end()
	d.forget(t)
	switch {
	case err == nil, errors.Is(err, ErrGone):
		if id != "" {
			d.drop(ctx, t)
		}
		return true
	case errors.Is(err, ErrBegun): // by a process that may be dead
		d.putBack(ctx, t, t.tries-1, begunWait)
		return false
	case errors.Is(err, errLimited):
		d.putBack(ctx, t, t.tries-1, unroll.QueueLease)
		return false
	case id == "":
		d.cfg.Log.Warn("answer could not be delivered", "platform", t.line, "err", err)
		return true
	case t.tries >= d.cfg.Tries:
		d.cfg.Log.Error("request is given up", "platform", t.line, "tries", t.tries, "err", err)
		d.bury(ctx, t, err)
		return true
	default:
		d.cfg.Log.Warn("answer could not be delivered, and is tried again", "platform", t.line, "tries", t.tries, "err", err)
		d.tellFate(t.line, FateRetried)
		d.putBack(ctx, t, t.tries, unroll.QueueLease)
		return false
	}
}

// begunWait is how long a request that somebody else answers is left alone.
const begunWait = 3 * time.Second

func (t *ticket) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
}

func (t *ticket) written() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.id
}

// end makes a ticket one that is over, and gives its id in the queue.
func (t *ticket) end() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	if t.timer != nil {
		t.timer.Stop()
	}
	return t.id
}

func (d *Durable) forget(t *ticket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, t)
}

// drop takes an answered request out of the queue. When that fails it is given
// out once more, and found answered.
func (d *Durable) drop(ctx context.Context, t *ticket) {
	if err := d.queue.Done(ctx, t.line, t.written()); err != nil {
		d.cfg.Log.Info("answered request cannot be dropped", "platform", t.line, "err", err)
	}
}

// putBack leaves a request to whoever has the time.
func (d *Durable) putBack(ctx context.Context, t *ticket, tries int, wait time.Duration) {
	id := t.end()
	d.forget(t)
	if id == "" {
		return
	}
	if err := d.queue.PutBack(ctx, t.line, id, max(0, tries), wait); err != nil {
		d.cfg.Log.Info("request cannot be put back and is left to its lease", "platform", t.line, "err", err)
	}
}

// Note is what operators see of a request that was given up. It tells nothing
// of who asked, nor of what they wrote.
type Note struct {
	At    time.Time `json:"at"`
	Asked time.Time `json:"asked"`
	Tries int       `json:"tries"`
	Error string    `json:"error"`
}

func (d *Durable) bury(ctx context.Context, t *ticket, cause error) {
	d.tellFate(t.line, FateBuried)
	n := Note{At: time.Now().UTC(), Tries: t.tries, Error: cause.Error()}
	var r record
	if json.Unmarshal(t.data, &r) == nil {
		n.Asked = r.At.UTC()
	}
	data, err := json.Marshal(n)
	if err == nil {
		err = d.queue.Bury(ctx, t.line, t.written(), data)
	}
	if err != nil {
		d.cfg.Log.Warn("request cannot be buried", "platform", t.line, "err", err)
	}
}

func (d *Durable) tellFate(platform string, f Fate) {
	if d.cfg.Observer != nil {
		d.cfg.Observer.Kept(platform, f)
	}
}

// Load tells how many requests wait in this process and how many it answers.
func (d *Durable) Load() (waiting, answering int) { return d.pool.Load() }

// Close takes no more requests. What no worker has begun is left to other
// processes, and done here as well unless they were faster. It waits until all
// that was accepted is answered, or ctx ends.
func (d *Durable) Close(ctx context.Context) error {
	d.pool.shut()
	d.mu.Lock()
	d.closing = true
	d.mu.Unlock()
	d.handOver(ctx)
	err := errors.Join(d.pool.Close(ctx), within(ctx, d.taken.Wait))
	d.stop()
	<-d.done
	return err
}

// handOver leaves to others what is written down and not begun.
func (d *Durable) handOver(ctx context.Context) {
	d.mu.Lock()
	tickets := make([]*ticket, 0, len(d.open))
	for t := range d.open {
		tickets = append(tickets, t)
	}
	d.mu.Unlock()
	for _, t := range tickets {
		t.mu.Lock()
		id, waits := t.id, !t.begun
		t.mu.Unlock()
		if !waits || ctx.Err() != nil {
			continue
		}
		d.forget(t)
		if err := d.queue.PutBack(ctx, t.line, id, 0, 0); err != nil {
			d.cfg.Log.Info("request cannot be put back and is left to its lease", "platform", t.line, "err", err)
		}
	}
}
