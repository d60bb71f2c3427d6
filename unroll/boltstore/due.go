package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"time"

	"go.etcd.io/bbolt"
)

// dueBucket holds a note for each set of records that were written together:
// by the time when they expire and a number, the buckets and keys of them. A
// record that was replaced meanwhile shows that itself.

const (
	// sweepMax is how many notes are done with in one transaction.
	sweepMax      = 200
	sweepInterval = time.Hour
)

// note remembers to look at records when they expire.
func note(tx *bbolt.Tx, at []byte, records []record) error {
	var keys []byte
	for _, r := range records {
		keys = appendKey(keys, r.bucket, r.key)
	}
	due := dueBucket.in(tx)
	number, err := due.NextSequence()
	if err != nil {
		return err
	}
	return due.Put(binary.BigEndian.AppendUint64(bytes.Clone(at), number), keys)
}

// settle takes back the note of a set whose first record is now replaced, or
// what is written again and again would leave a note each time. Of that set's
// other records those that are not replaced are still looked at in their time.
func settle(tx *bbolt.Tx, records []record) error {
	lead := records[0]
	old := lead.bucket.in(tx).Get(lead.key)
	if len(old) < stampSize {
		return nil
	}
	at := bytes.Clone(old[:stampSize])
	due := dueBucket.in(tx)
	c := due.Cursor()
	for k, keys := c.Seek(at); bytes.HasPrefix(k, at); k, keys = c.Next() {
		if !bytes.HasPrefix(keys, appendKey(nil, lead.bucket, lead.key)) {
			continue
		}
		replaced := make(map[string]bool, len(records))
		for _, r := range records {
			replaced[string(appendKey(nil, r.bucket, r.key))] = true
		}
		var rest []byte
		for b, key := range dueKeys(keys) {
			if one := appendKey(nil, b, key); !replaced[string(one)] {
				rest = append(rest, one...)
			}
		}
		if len(rest) == 0 {
			return c.Delete()
		}
		return due.Put(bytes.Clone(k), rest)
	}
	return nil
}

func appendKey(keys []byte, b bucket, key []byte) []byte {
	keys = append(keys, byte(b))
	keys = binary.AppendUvarint(keys, uint64(len(key)))
	return append(keys, key...)
}

// dueKeys yields what appendKey put together.
func dueKeys(keys []byte) iter.Seq2[bucket, []byte] {
	return func(yield func(bucket, []byte) bool) {
		for len(keys) > 0 {
			size, n := binary.Uvarint(keys[1:])
			end := 1 + n + int(size) //nolint:gosec // written by appendKey
			if !yield(bucket(keys[0]), keys[1+n:end]) {
				return
			}
			keys = keys[end:]
		}
	}
}

// sweepAlways sweeps now and then, until Close.
func (s *Store) sweepAlways() {
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	for {
		if err := s.sweep(); err != nil && !errors.Is(err, errClosed) {
			s.log.Warn("expired records could not be removed", "err", s.wrap("sweep", err))
		}
		s.locks.sweep()
		select {
		case <-tick.C:
		case <-s.stop:
			return
		}
	}
}

// sweep deletes what has expired, a few records at a time, so that nobody
// waits long for the disk.
func (s *Store) sweep() error {
	for {
		var more bool
		if err := s.view(func(tx *bbolt.Tx) error {
			k, _ := dueBucket.in(tx).Cursor().First()
			more = k != nil && expired(k, s.now())
			return nil
		}); err != nil || !more {
			return err
		}
		if err := s.update(context.Background(), s.sweepSome); err != nil {
			return err
		}
	}
}

func (s *Store) sweepSome(tx *bbolt.Tx) error {
	now := s.now()
	c := dueBucket.in(tx).Cursor()
	k, keys := c.First()
	for range sweepMax {
		if k == nil || !expired(k, now) {
			return nil
		}
		for b, key := range dueKeys(keys) {
			if v := b.in(tx).Get(key); v != nil && expired(v, now) {
				if err := b.in(tx).Delete(key); err != nil {
					return err
				}
			}
		}
		if err := c.Delete(); err != nil {
			return err
		}
		k, keys = c.First()
	}
	return nil
}
