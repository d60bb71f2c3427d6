package discord

import (
	"sync"
	"time"
)

// maxTasks bounds how many events are worked on at once. Each waits for an
// acknowledgement at most; the work itself is the dispatcher's.
const maxTasks = 8192

// tasks counts what was begun for events, so that it can be finished.
type tasks struct {
	mu      sync.Mutex
	running int
	over    bool
	crowd   crowd
	// standing is when running last came up to standingTasks.
	standing time.Time
	idle     *sync.Cond
}

func newTasks() *tasks {
	t := &tasks{}
	t.idle = sync.NewCond(&t.mu)
	return t
}

// start runs do in a goroutine, unless there are too many or finish was
// called.
func (t *tasks) start(do func()) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over || t.running >= maxTasks {
		return false
	}
	if t.running++; t.running == standingTasks {
		t.standing = time.Now()
	}
	go func() {
		defer t.done()
		do()
	}()
	return true
}

func (t *tasks) done() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.running--; t.running == 0 {
		t.idle.Broadcast()
	}
}

// finish starts nothing more and waits for what runs.
func (t *tasks) finish() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for t.running > 0 {
		t.idle.Wait()
	}
}
