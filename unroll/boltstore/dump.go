package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// dumpMax is how many records are read in one transaction.
const dumpMax = 100

// Dump gives everything that is kept to yield, until that fails. What changes
// meanwhile may be given or not.
func (s *Store) Dump(ctx context.Context, yield func(codec.Record) error) error {
	for _, b := range []bucket{entryBucket, optOutBucket, valueBucket, latestBucket} {
		var after []byte
		for {
			if err := ctx.Err(); err != nil {
				return s.wrap("dump", err)
			}
			found, last, err := s.dumpSome(b, after)
			if err != nil {
				return s.wrap("dump", err)
			}
			for _, r := range found {
				if err := yield(r); err != nil {
					return s.wrap("dump", err)
				}
			}
			if last == nil {
				break
			}
			after = last
		}
	}
	return nil
}

// dumpSome reads a few records after a key, outside of whose transaction they
// can be given away. last is nil at the bucket's end.
func (s *Store) dumpSome(b bucket, after []byte) (found []codec.Record, last []byte, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		found, last = nil, nil
		c := b.in(tx).Cursor()
		k, v := c.Seek(after)
		if after != nil && bytes.Equal(k, after) {
			k, v = c.Next()
		}
		for n := 0; k != nil; k, v = c.Next() {
			if len(v) >= stampSize && !expired(v, s.now()) {
				if r, ok := s.record(b, k, v[stampSize:]); ok {
					r.Until = until(v)
					found = append(found, r)
				}
			}
			if n++; n == dumpMax {
				last = bytes.Clone(k)
				return nil
			}
		}
		return nil
	})
	return found, last, err
}

func until(v []byte) time.Time {
	if at := int64(binary.BigEndian.Uint64(v)); at != 0 { //nolint:gosec // written by stamp
		return time.UnixMicro(at).UTC()
	}
	return time.Time{}
}

// record reads a frame for moving it. The result shares no memory with it.
func (s *Store) record(b bucket, key, frame []byte) (r codec.Record, ok bool) {
	switch b {
	case entryBucket:
		r.Entry, ok = s.codec.EntryRecord(frame)
	case optOutBucket:
		n, id, _ := bytes.Cut(key, []byte("/"))
		r.OptOut, ok = &codec.OptOutRecord{Network: unroll.Network(n), AuthorID: string(id)}, true
	case valueBucket:
		var v []byte
		v, ok = s.codec.Value(frame)
		r.Value = &codec.ValueRecord{Key: bytes.Clone(key[1:]), Value: v}
	case latestBucket:
		var l unroll.Listing
		l, ok = s.codec.Listing(frame)
		r.Listing = &l
	case authorBucket, agendaBucket, dueBucket: // made anew with the entries, or a matter of a day
	}
	return r, ok
}

// Restore puts back what a Dump gave.
func (s *Store) Restore(ctx context.Context, r codec.Record) error {
	return codec.Restore(ctx, s, r, s.now())
}
