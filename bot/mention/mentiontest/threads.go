package mentiontest

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Threads answers for the core.
type Threads struct {
	mu sync.Mutex
	// Err is what reading fails with, nil for a thread.
	err       error
	thread    unroll.Thread
	asked     []unroll.Ref
	published int
	hook      func()
}

var _ bot.Unroller = (*Threads)(nil)

// Unroll gives the thread.
func (t *Threads) Unroll(_ context.Context, ref unroll.Ref) (unroll.Thread, error) {
	t.mu.Lock()
	t.asked = append(t.asked, ref)
	th, err, hook := t.thread, t.err, t.hook
	t.mu.Unlock()
	if hook != nil {
		hook()
	}
	return th, err
}

// Refresh is Unroll.
func (t *Threads) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return t.Unroll(ctx, ref)
}

func (t *Threads) publish(context.Context, *unroll.Thread) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.published++
}

// Set says what is read from now on.
func (t *Threads) Set(th unroll.Thread, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.thread, t.err = th, err
}

// OnUnroll calls f when a thread is read.
func (t *Threads) OnUnroll(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hook = f
}

// Asked gives the refs that were asked for.
func (t *Threads) Asked() []unroll.Ref {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.asked)
}

// Published counts the threads that were asked for in public.
func (t *Threads) Published() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.published
}

// Ref is the thread's.
func (t *Threads) Ref() unroll.Ref {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.thread.Ref
}

// Grow adds posts to the end of the thread.
func (t *Threads) Grow(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.thread.Posts = slices.Clone(t.thread.Posts)
	for range n {
		id := t.thread.Ref.Sibling(strconv.Itoa(len(t.thread.Posts) + 1)).PostID()
		t.thread.Posts = append(t.thread.Posts, unroll.Post{ID: id, Text: "More of the loom.", At: time.Now()})
	}
}

// Thread is a thread of two posts that calls somebody, and names a site.
func Thread(ref unroll.Ref) unroll.Thread {
	return unroll.Thread{
		Schema: unroll.SchemaVersion, Ref: ref, Author: unroll.Author{ID: "1", Handle: "ada", Name: "Ada"},
		Posts: []unroll.Post{
			{ID: ref.PostID(), At: time.Now(), Text: "How looms work, with thanks to @carol and loom.example #weaving"},
			{ID: ref.Sibling("2").PostID(), Text: strings.Repeat("Warp and weft. ", 200)},
		},
		Verdict: unroll.Verdict{State: unroll.Complete}, Source: "test", FetchedAt: time.Now(),
	}
}
