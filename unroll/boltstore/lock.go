package boltstore

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"unrollbot/unroll"
)

// Allow implements [unroll.Limiter], in memory. It fails only on a limit that
// is no rate.
func (s *Store) Allow(ctx context.Context, key string, l unroll.Limit) (time.Duration, error) {
	wait, err := s.limits.Allow(ctx, key, l)
	return wait, s.wrap("limit", err)
}

// Lock implements [unroll.Locker], in memory.
func (s *Store) Lock(ctx context.Context, key string, lease time.Duration) (unlock func(), err error) {
	unlock, err = s.locks.lock(ctx, key, lease)
	return unlock, s.wrap("lock", err)
}

var errLease = errors.New("lease is not positive")

// locks are the locks that are held.
type locks struct {
	now  func() time.Time
	mu   sync.Mutex
	held map[string]*hold
}

// hold is a held lock.
type hold struct {
	until time.Time
	freed chan struct{}
}

func (l *locks) lock(ctx context.Context, key string, lease time.Duration) (unlock func(), err error) {
	if lease <= 0 {
		return nil, errLease
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		mine, other := l.try(key, lease)
		if mine != nil {
			return func() { l.free(key, mine) }, nil
		}
		if err := other.wait(ctx, other.until.Sub(l.now())); err != nil {
			return nil, err
		}
	}
}

// try takes the lock, or returns who holds it.
func (l *locks) try(key string, lease time.Duration) (mine, other *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if other = l.held[key]; other != nil && now.Before(other.until) {
		return nil, other
	}
	mine = &hold{until: now.Add(lease), freed: make(chan struct{})}
	l.held[key] = mine
	return mine, nil
}

func (l *locks) free(key string, mine *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[key] == mine {
		delete(l.held, key)
		close(mine.freed)
	}
}

// sweep forgets holders who never came back.
func (l *locks) sweep() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	maps.DeleteFunc(l.held, func(_ string, h *hold) bool { return !now.Before(h.until) })
}

// wait returns when the lock is freed or its lease is over.
func (h *hold) wait(ctx context.Context, lease time.Duration) error {
	t := time.NewTimer(lease)
	defer t.Stop()
	select {
	case <-h.freed:
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}
