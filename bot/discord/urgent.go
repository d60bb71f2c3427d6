package discord

import (
	"container/list"
	"sync"
	"time"
)

const (
	// pressing is how long an interaction may wait for its acknowledgement
	// before other work makes way for it.
	pressing = 300 * time.Millisecond
	// makesWay is how long that other work waits at most.
	makesWay = time.Second
)

// urgent has acknowledgements go first when there is not time enough for all:
// they have three seconds, the answers have minutes.
type urgent struct {
	mu      sync.Mutex
	waiting list.List     // arrivals of interactions not yet acknowledged, oldest first
	calm    chan struct{} // closed when none is pressing any more; nil while nobody asks
}

// begin notes an interaction that arrived at a time. done may be called more
// than once.
func (u *urgent) begin(at time.Time) (done func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	e := u.waiting.PushBack(at)
	return sync.OnceFunc(func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.waiting.Remove(e)
		if u.calm != nil && !u.presses() {
			close(u.calm)
			u.calm = nil
		}
	})
}

func (u *urgent) presses() bool {
	oldest := u.waiting.Front()
	return oldest != nil && time.Since(oldest.Value.(time.Time)) >= pressing
}

// makeWay returns when no acknowledgement is pressing, or has been for long.
func (u *urgent) makeWay() {
	u.mu.Lock()
	if !u.presses() {
		u.mu.Unlock()
		return
	}
	if u.calm == nil {
		u.calm = make(chan struct{})
	}
	calm := u.calm
	u.mu.Unlock()
	timer := time.NewTimer(makesWay)
	defer timer.Stop()
	select {
	case <-calm:
	case <-timer.C:
	}
}
