package bot

import (
	"context"
	"maps"
	"slices"
	"time"

	"unrollbot/unroll"
)

// tell gives signs of life for what this process works on, until ctx ends.
func (d *Durable) tell(ctx context.Context) {
	defer close(d.done)
	tick := time.NewTicker(unroll.QueueLease / 4)
	defer tick.Stop()
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for line, ids := range d.working() {
			for some := range slices.Chunk(ids, 1000) {
				call, cancel := context.WithTimeout(ctx, putWithin)
				err := d.queue.Keep(call, line, some...)
				cancel()
				if err != nil && ctx.Err() == nil {
					d.cfg.Log.Info("requests under way cannot be kept from others", "platform", line, "err", err)
				}
			}
		}
		if round%2 == 0 {
			d.look(ctx)
		}
	}
}

// look notes what stands in the lines. While that cannot be known, nothing
// does.
func (d *Durable) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, putWithin)
	defer cancel()
	backlogs := make(map[string]unroll.Backlog, len(d.kept))
	for line := range d.kept {
		if b, err := d.queue.Backlog(ctx, line); err == nil {
			backlogs[line] = b
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.backlogs = backlogs
}

// Backlogs tells what stood in the lines some seconds ago, by platform.
func (d *Durable) Backlogs() map[string]unroll.Backlog {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.backlogs)
}

// working gives the ids of what this process works on, by line.
func (d *Durable) working() map[string][]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := map[string][]string{}
	for t := range d.open {
		ids[t.line] = append(ids[t.line], t.written())
	}
	return ids
}
