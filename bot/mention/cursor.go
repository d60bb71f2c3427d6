package mention

import (
	"context"
	"time"
)

// advance moves the cursor past the mentions that are done.
func (d *Desk) advance(ctx context.Context) {
	d.mu.Lock()
	var to *Mention
	for _, m := range d.last {
		if it := d.open[m.ID]; it == nil || !it.done {
			break
		}
		to = m
	}
	d.mu.Unlock()
	if to == nil || to.ID == d.seen || (to.Cursor != d.cursor && !d.move(ctx, to.Cursor)) {
		return
	}
	d.seen = to.ID
	if s, ok := d.net.(Seener); ok {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
		defer cancel()
		if err := s.Seen(ctx, to); err != nil {
			d.log.Info("notifications cannot be marked as read", "err", err)
		}
	}
}

// move keeps the cursor.
func (d *Desk) move(ctx context.Context, cursor string) bool {
	if cursor == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	if err := d.values.SetValue(ctx, d.cursorKey(), []byte(cursor), cursorFor); err != nil {
		d.log.Warn("store cannot keep the cursor", "err", err)
		return false
	}
	d.cursor = cursor
	return true
}

// drain waits for the answers under way, and keeps how far they came.
func (d *Desk) drain(ctx context.Context) {
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	for d.busy() {
		select {
		case <-d.changed:
		case <-timer.C:
			d.log.Warn("answers were cut short by the program's end; they are given at the next start")
			return
		}
	}
	d.advance(ctx)
}

func (d *Desk) busy() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, it := range d.open {
		if it.busy {
			return true
		}
	}
	return false
}

func (d *Desk) cursorKey() string         { return "mention:" + d.net.Name() + ":cursor" }
func (d *Desk) doneKey(m *Mention) string { return "mention:" + d.net.Name() + ":done:" + m.ID }
