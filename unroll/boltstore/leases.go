package boltstore

import (
	"bytes"
	"context"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/internal/codec"
)

// Hold implements [unroll.Leases].
func (s *Store) Hold(ctx context.Context, key, owner string, ttl time.Duration) (held bool, err error) {
	if ttl <= 0 {
		return false, s.wrap("hold", errTTL)
	}
	r := record{valueBucket, name(key), codec.Frame(codec.KindValue, []byte(owner))}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		has := s.get(tx, valueBucket, r.key)
		if held = has == nil || bytes.Equal(has, r.frame); !held {
			return nil
		}
		return s.put(tx, s.now().Add(ttl), r)
	})
	return held && err == nil, s.wrap("hold", err)
}

// Release implements [unroll.Leases].
func (s *Store) Release(ctx context.Context, key, owner string) error {
	frame := codec.Frame(codec.KindValue, []byte(owner))
	return s.wrap("release", s.update(ctx, func(tx *bbolt.Tx) error {
		if !bytes.Equal(s.get(tx, valueBucket, name(key)), frame) {
			return nil
		}
		return valueBucket.in(tx).Delete(name(key))
	}))
}
