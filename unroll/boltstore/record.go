package boltstore

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

// bucket is a bucket's name.
type bucket byte

// The buckets. All but dueBucket hold records: when it expires, in
// microseconds since 1970, 0 for never, in eight bytes; then a frame.
const (
	entryBucket  bucket = 'e' // by path: a thread's frame under its root, a pointer frame under its other posts
	optOutBucket bucket = 'o' // by network and author
	valueBucket  bucket = 'v' // by key
	latestBucket bucket = 'l' // by time and path
	authorBucket bucket = 'a' // by author and path: a mark for each thread's root
	agendaBucket bucket = 'g' // by lane, topic and who, see agenda.go

	// dueBucket says what to look at when: for each set of records written
	// together the time and a number, then their buckets and keys. A record
	// that was replaced meanwhile shows that itself.
	dueBucket bucket = 'd'
)

var buckets = [...]bucket{entryBucket, optOutBucket, valueBucket, latestBucket, authorBucket, agendaBucket, dueBucket}

const (
	stampSize = 8
	// sweepMax is how many sets of records are swept in one transaction.
	sweepMax      = 200
	sweepInterval = time.Hour
)

// never is the expiry of records without one.
var never = time.UnixMicro(0)

// record is something to be put.
type record struct {
	bucket bucket
	key    []byte
	frame  []byte
}

func (b bucket) in(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte{byte(b)}) }

// get returns the frame of a record, nil when there is none or it has
// expired. The frame is valid during the transaction.
func (s *Store) get(tx *bbolt.Tx, b bucket, key []byte) []byte {
	v := b.in(tx).Get(key)
	if len(v) < stampSize || expired(v, s.now()) {
		return nil
	}
	return v[stampSize:]
}

// expired reads the stamp of a record.
func expired(v []byte, now time.Time) bool {
	at := int64(binary.BigEndian.Uint64(v)) //nolint:gosec // written by stamp
	return at != 0 && at <= now.UnixMicro()
}

func stamp(at time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(at.UnixMicro()))
}

// put writes records that expire together.
func (s *Store) put(tx *bbolt.Tx, expiry time.Time, records ...record) error {
	at := stamp(expiry)
	var keys []byte
	for _, r := range records {
		if err := r.bucket.in(tx).Put(r.key, append(at[:stampSize:stampSize], r.frame...)); err != nil {
			return err
		}
		keys = append(keys, byte(r.bucket))
		keys = binary.AppendUvarint(keys, uint64(len(r.key)))
		keys = append(keys, r.key...)
	}
	if expiry.Equal(never) {
		return nil
	}
	due := dueBucket.in(tx)
	number, err := due.NextSequence()
	if err != nil {
		return err
	}
	return due.Put(binary.BigEndian.AppendUint64(at, number), keys)
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
		for len(keys) > 0 {
			b := bucket(keys[0])
			size, n := binary.Uvarint(keys[1:])
			key := keys[1+n : 1+n+int(size)] //nolint:gosec // written by put
			keys = keys[1+n+int(size):]      //nolint:gosec // as above
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
