package boltstore

import (
	"bytes"
	"context"
	"errors"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

var errTTL = errors.New("ttl is not positive")

// Value implements [unroll.Values]. A mark that Claim made is an empty value.
func (s *Store) Value(_ context.Context, key string) (value []byte, ok bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		value, ok = s.codec.Value(s.get(tx, valueBucket, name(key)))
		return nil
	})
	return value, ok, s.wrap("value", err)
}

// SetValue implements [unroll.Values].
func (s *Store) SetValue(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if ttl <= 0 {
		return s.wrap("set value", errTTL)
	}
	r := record{valueBucket, name(key), codec.Frame(codec.KindValue, value)}
	return s.wrap("set value", s.update(ctx, func(tx *bbolt.Tx) error {
		return s.put(tx, s.now().Add(ttl), r)
	}))
}

// DeleteValue implements [unroll.Values].
func (s *Store) DeleteValue(ctx context.Context, key string) error {
	return s.wrap("delete value", s.update(ctx, func(tx *bbolt.Tx) error {
		return valueBucket.in(tx).Delete(name(key))
	}))
}

// Claim implements [unroll.Values].
func (s *Store) Claim(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	if ttl <= 0 {
		return false, s.wrap("claim", errTTL)
	}
	var won bool
	r := record{valueBucket, name(key), codec.Frame(codec.KindMark, nil)}
	err := s.update(ctx, func(tx *bbolt.Tx) error {
		if won = s.get(tx, valueBucket, r.key) == nil; !won {
			return nil
		}
		return s.put(tx, s.now().Add(ttl), r)
	})
	if err != nil {
		return false, s.wrap("claim", err)
	}
	return won, nil
}

// OptedOut implements [unroll.OptOuts].
func (s *Store) OptedOut(_ context.Context, n unroll.Network, authorIDs ...string) (out map[string]bool, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		for _, id := range authorIDs {
			if s.get(tx, optOutBucket, author(n, id)) == nil {
				continue
			}
			if out == nil {
				out = make(map[string]bool)
			}
			out[id] = true
		}
		return nil
	})
	return out, s.wrap("opted out", err)
}

// SetOptedOut implements [unroll.OptOuts].
func (s *Store) SetOptedOut(ctx context.Context, n unroll.Network, authorID string, out bool) error {
	key := author(n, authorID)
	if !out {
		return s.wrap("opt in", s.update(ctx, func(tx *bbolt.Tx) error { return optOutBucket.in(tx).Delete(key) }))
	}
	return s.wrap("opt out", s.update(ctx, func(tx *bbolt.Tx) error {
		return s.put(tx, never, record{optOutBucket, key, codec.Frame(codec.KindOptOut, nil)})
	}))
}

func author(n unroll.Network, id string) []byte {
	return bytes.Join([][]byte{[]byte(n), []byte(id)}, []byte("/"))
}

// name is a caller's key as bbolt takes it: not empty.
func name(key string) []byte { return append([]byte{'='}, key...) }
