package boltstore

import (
	"encoding/binary"
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

	dueBucket bucket = 'd' // what to look at when, see due.go
)

var buckets = [...]bucket{entryBucket, optOutBucket, valueBucket, latestBucket, authorBucket, agendaBucket, dueBucket}

const stampSize = 8

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
	if err := settle(tx, records); err != nil {
		return err
	}
	at := stamp(expiry)
	for _, r := range records {
		if err := r.bucket.in(tx).Put(r.key, append(at[:stampSize:stampSize], r.frame...)); err != nil {
			return err
		}
	}
	if expiry.Equal(never) {
		return nil
	}
	return note(tx, at, records)
}
