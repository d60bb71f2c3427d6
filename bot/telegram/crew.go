package telegram

import (
	"context"
	"runtime/debug"
	"sync"
	"time"

	"unrollbot/bot"
)

// crew does small jobs of the adapter's own beside the Dispatcher's: answers
// to presses that need no thread. It is bounded, and waited for.
type crew struct {
	slots chan struct{}

	mu     sync.Mutex
	closed bool
	jobs   sync.WaitGroup
}

const (
	// crewSize is how many jobs may go on at once.
	crewSize = 32
	// jobTime bounds one.
	jobTime = 30 * time.Second
)

func newCrew() *crew { return &crew{slots: make(chan struct{}, crewSize)} }

// beside does job at its own pace. It waits for a free hand, and returns
// ctx's error or bot.ErrClosed when the job will not be done.
func (a *Adapter) beside(ctx context.Context, job func(context.Context)) error {
	c := a.crew
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		<-c.slots
		return bot.ErrClosed
	}
	c.jobs.Go(func() {
		defer func() { <-c.slots }()
		defer func() {
			if r := recover(); r != nil {
				a.log.Error("job was lost to a panic", "panic", r, "stack", string(debug.Stack()))
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), jobTime)
		defer cancel()
		job(ctx)
	})
	return nil
}

// close waits for what was begun; nothing more is.
func (c *crew) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.jobs.Wait()
}
