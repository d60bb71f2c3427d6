package boltstore

import (
	"context"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

const (
	latestMax = 500 // how many threads are listed
	latestTTL = 90 * 24 * time.Hour
)

// AddLatest implements [unroll.Latest]. The list keeps the newest 500.
func (s *Store) AddLatest(ctx context.Context, l unroll.Listing) error {
	frame, err := codec.EncodeListing(l)
	if err != nil {
		return s.wrap("add latest", err)
	}
	path := l.Ref.Path()
	r := record{latestBucket, append(stamp(l.At), path...), frame}
	return s.wrap("add latest", s.update(ctx, func(tx *bbolt.Tx) error {
		if err := dropLatest(tx, path); err != nil {
			return err
		}
		if err := s.put(tx, s.now().Add(latestTTL), r); err != nil {
			return err
		}
		return trimLatest(tx)
	}))
}

// Latest implements [unroll.Latest].
func (s *Store) Latest(_ context.Context, n int) ([]unroll.Listing, error) {
	var out []unroll.Listing
	err := s.view(func(tx *bbolt.Tx) error {
		c := latestBucket.in(tx).Cursor()
		for k, v := c.Last(); k != nil && len(out) < n; k, v = c.Prev() {
			if len(v) < stampSize || expired(v, s.now()) {
				continue
			}
			if l, ok := s.codec.Listing(v[stampSize:]); ok {
				out = append(out, l)
			}
		}
		return nil
	})
	return out, s.wrap("latest", err)
}

// DropLatest implements [unroll.Latest].
func (s *Store) DropLatest(ctx context.Context, root unroll.Ref) error {
	return s.wrap("drop latest", s.update(ctx, func(tx *bbolt.Tx) error { return dropLatest(tx, root.Path()) }))
}

func dropLatest(tx *bbolt.Tx, path string) error {
	c := latestBucket.in(tx).Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if string(k[stampSize:]) == path {
			return c.Delete()
		}
	}
	return nil
}

// trimLatest drops the oldest one if there are too many.
func trimLatest(tx *bbolt.Tx) error {
	c := latestBucket.in(tx).Cursor()
	n := 0
	for k, _ := c.Last(); k != nil; k, _ = c.Prev() {
		if n++; n > latestMax {
			return c.Delete()
		}
	}
	return nil
}
