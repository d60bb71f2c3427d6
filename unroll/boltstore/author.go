package boltstore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"strings"

	"go.etcd.io/bbolt"

	"unrollbot/unroll"
)

// authorKey is the key of a thread in authorBucket.
func authorKey(root unroll.Ref, t *unroll.Thread) []byte {
	return append(authorPrefix(root.Network, t.Author.ID), root.Path()...)
}

// authorPrefix begins the keys of an author's threads. It is a digest, because
// an id may have any length and hold anything.
func authorPrefix(n unroll.Network, id string) []byte {
	sum := sha256.Sum256(author(n, id))
	return sum[:]
}

// ForgetAuthor implements [unroll.Store].
func (s *Store) ForgetAuthor(ctx context.Context, n unroll.Network, authorID string) (dropped []unroll.Ref, err error) {
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		threads, err := s.forgetThreads(tx, n, authorID)
		if err != nil {
			return err
		}
		listed, err := s.forgetListings(tx, n, authorID)
		dropped = append(threads, listed...)
		return err
	})
	if err != nil {
		return nil, s.wrap("forget author", err)
	}
	slices.SortFunc(dropped, func(a, b unroll.Ref) int { return strings.Compare(a.Path(), b.Path()) })
	return slices.Compact(dropped), nil
}

func (s *Store) forgetThreads(tx *bbolt.Tx, n unroll.Network, authorID string) (dropped []unroll.Ref, err error) {
	prefix := authorPrefix(n, authorID)
	var keys [][]byte // collected first: a cursor does not survive a deletion
	c := authorBucket.in(tx).Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Next() {
		keys = append(keys, bytes.Clone(k))
	}
	for _, k := range keys {
		if e := s.codec.Entry(s.get(tx, entryBucket, k[len(prefix):])); e != nil && e.By(n, authorID) {
			if err := s.forget(tx, e); err != nil {
				return nil, err
			}
			dropped = append(dropped, e.Root)
		}
		if err := authorBucket.in(tx).Delete(k); err != nil {
			return nil, err
		}
	}
	return dropped, nil
}

func (s *Store) forgetListings(tx *bbolt.Tx, n unroll.Network, authorID string) (dropped []unroll.Ref, err error) {
	var keys [][]byte
	c := latestBucket.in(tx).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if len(v) < stampSize {
			continue
		}
		if l, ok := s.codec.Listing(v[stampSize:]); ok && l.By(n, authorID) {
			keys, dropped = append(keys, bytes.Clone(k)), append(dropped, l.Ref)
		}
	}
	for _, k := range keys {
		if err := latestBucket.in(tx).Delete(k); err != nil {
			return nil, err
		}
	}
	return dropped, nil
}
