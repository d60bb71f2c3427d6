package redisstore

import (
	"context"
	"time"

	"unrollbot/internal/codec"
)

// Hold implements [unroll.Leases].
func (s *Store) Hold(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	if ttl <= 0 {
		return false, wrap("hold", errTTL)
	}
	held, err := s.hold(ctx, s.keys.value(key), string(codec.Frame(codec.KindValue, []byte(owner))), ttl)
	return held, wrap("hold", err)
}

// Release implements [unroll.Leases].
func (s *Store) Release(ctx context.Context, key, owner string) error {
	frame := codec.Frame(codec.KindValue, []byte(owner))
	return wrap("release", releaseScript.Run(ctx, s.client, []string{s.keys.value(key)}, frame).Err())
}
