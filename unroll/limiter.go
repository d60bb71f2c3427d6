package unroll

import (
	"container/heap"
	"context"
	"fmt"
	"sync"
	"time"
)

// localKeys bounds the keys that a LocalLimiter remembers: about 10 MB.
const localKeys = 1 << 16

// longestRefill bounds what a limit may be, far below where its arithmetic
// would overflow.
const longestRefill = 366 * 24 * time.Hour

// Interval is the time between two events of a steady stream that l lets
// pass, rounded up to whole microseconds: the resolution in which all
// limiters count, so that they agree. It is an error when l is no rate, or
// when its burst takes more than a year to come back. A Burst of 0 means 1.
func (l Limit) Interval() (time.Duration, error) {
	if l.Events <= 0 || l.Per <= 0 || l.Burst < 0 {
		return 0, fmt.Errorf("limit of %d events per %s, burst %d: all must be positive", l.Events, l.Per, l.Burst)
	}
	micros := 1 + int64(l.Per-1)/int64(time.Microsecond)
	micros = 1 + (micros-1)/int64(l.Events)
	if micros > longestRefill.Microseconds()/int64(max(1, l.Burst)) {
		return 0, fmt.Errorf("limit of %d events per %s, burst %d: takes more than a year to come back", l.Events, l.Per, l.Burst)
	}
	return time.Duration(micros) * time.Microsecond, nil
}

// LocalLimiter is a [Limiter] in memory, for one process. It remembers a
// bounded number of keys: when a new one finds no room, the key that is
// nearest to having its whole burst back is forgotten.
type LocalLimiter struct {
	now func() time.Time
	max int

	mu     sync.Mutex
	keys   map[string]*localKey
	oldest localKeyHeap // by tat
}

// localKey is the state of a key under GCRA.
type localKey struct {
	name string
	// tat is the theoretical arrival time: when the whole burst is back. A
	// key whose tat has passed is as good as one never seen.
	tat   time.Time
	index int // in the heap
}

var _ Limiter = (*LocalLimiter)(nil)

// NewLocalLimiter returns a limiter that reads its time from now, or from
// [time.Now] when now is nil.
func NewLocalLimiter(now func() time.Time) *LocalLimiter {
	if now == nil {
		now = time.Now
	}
	return &LocalLimiter{now: now, max: localKeys, keys: make(map[string]*localKey)}
}

// Allow implements [Limiter]. It fails only on a limit that is no rate. A key
// goes with one limit: with another one it counts anew from that one's burst.
func (l *LocalLimiter) Allow(_ context.Context, key string, limit Limit) (time.Duration, error) {
	interval, err := limit.Interval()
	if err != nil {
		return 0, err
	}
	slack := interval * time.Duration(max(0, limit.Burst-1))

	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	k := l.keys[key]
	tat := now
	if k != nil && k.tat.After(now) {
		tat = k.tat
	}
	// Further ahead than this limit can have brought it: the clock was set
	// back, or the limit was raised. From here on it counts anew.
	if latest := now.Add(slack + interval); tat.After(latest) {
		tat = latest
		l.move(k, tat)
	}
	if wait := tat.Sub(now) - slack; wait > 0 {
		return wait, nil
	}
	if k == nil {
		k = l.add(key, now)
	}
	l.move(k, tat.Add(interval))
	return 0, nil
}

func (l *LocalLimiter) move(k *localKey, tat time.Time) {
	k.tat = tat
	heap.Fix(&l.oldest, k.index)
}

// add makes room for key. Two keys at most are dropped for each one added,
// which frees the memory of a burst of keys without ever holding the lock for
// long.
func (l *LocalLimiter) add(name string, now time.Time) *localKey {
	for range 2 {
		if len(l.oldest) > 0 && (len(l.oldest) >= l.max || !l.oldest[0].tat.After(now)) {
			delete(l.keys, heap.Pop(&l.oldest).(*localKey).name)
		}
	}
	k := &localKey{name: name, tat: now}
	l.keys[name] = k
	heap.Push(&l.oldest, k)
	return k
}

// localKeyHeap is a heap of keys, the earliest tat first.
type localKeyHeap []*localKey

func (h localKeyHeap) Len() int           { return len(h) }
func (h localKeyHeap) Less(i, j int) bool { return h[i].tat.Before(h[j].tat) }

func (h localKeyHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

// Push implements [heap.Interface].
func (h *localKeyHeap) Push(x any) {
	k := x.(*localKey)
	k.index = len(*h)
	*h = append(*h, k)
}

// Pop implements [heap.Interface].
func (h *localKeyHeap) Pop() any {
	old := *h
	k := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return k
}
