package main

import (
	"context"
	"time"

	"unrollbot/unroll"
)

// counted is a store that tells of every event that its limits refuse.
type counted struct {
	store
	limited func(key string)
}

// Allow implements [unroll.Limiter].
func (c counted) Allow(ctx context.Context, key string, l unroll.Limit) (time.Duration, error) {
	wait, err := c.store.Allow(ctx, key, l)
	if wait > 0 {
		c.limited(key)
	}
	return wait, err
}
