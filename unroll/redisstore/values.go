package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

var errTTL = errors.New("ttl is not positive")

// Value implements [unroll.Values]. A mark that Claim made is an empty value.
func (s *Store) Value(ctx context.Context, key string) ([]byte, bool, error) {
	b, err := s.get(ctx, s.keys.value(key))
	if err != nil {
		return nil, false, wrap("value", err)
	}
	if value, ok := s.codec.Value(b); ok {
		return value, true, nil
	}
	return nil, false, nil
}

// SetValue implements [unroll.Values].
func (s *Store) SetValue(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl <= 0 {
		return wrap("set value", errTTL)
	}
	return wrap("set value", s.client.Set(ctx, s.keys.value(key), codec.Frame(codec.KindValue, value), millis(ttl)).Err())
}

// DeleteValue implements [unroll.Values].
func (s *Store) DeleteValue(ctx context.Context, key string) error {
	return wrap("delete value", s.client.Del(ctx, s.keys.value(key)).Err())
}

// Claim implements [unroll.Values].
func (s *Store) Claim(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	if ttl <= 0 {
		return false, wrap("claim", errTTL)
	}
	mark := codec.Frame(codec.KindMark, []byte(rand.Text()))
	won, err := s.hold(ctx, s.keys.value(key), string(mark), ttl)
	return won, wrap("claim", err)
}

// OptedOut implements [unroll.OptOuts]. An opt-out that is asked about is
// kept for another ten years.
func (s *Store) OptedOut(ctx context.Context, n unroll.Network, authorIDs ...string) (map[string]bool, error) {
	kept := make([]*redis.BoolCmd, 0, len(authorIDs))
	if err := inPipelines(ctx, s.client, authorIDs, func(p redis.Pipeliner, id string) {
		kept = append(kept, p.Expire(ctx, s.keys.optOut(n, id), optOutTTL))
	}); err != nil {
		return nil, wrap("opted out", err)
	}
	var out map[string]bool
	for i, id := range authorIDs {
		if !kept[i].Val() {
			continue
		}
		if out == nil {
			out = make(map[string]bool)
		}
		out[id] = true
	}
	return out, nil
}

// SetOptedOut implements [unroll.OptOuts].
func (s *Store) SetOptedOut(ctx context.Context, n unroll.Network, authorID string, out bool) error {
	key := s.keys.optOut(n, authorID)
	if !out {
		return wrap("opt in", s.client.Del(ctx, key).Err())
	}
	return wrap("opt out", s.client.Set(ctx, key, codec.Frame(codec.KindOptOut, nil), optOutTTL).Err())
}
