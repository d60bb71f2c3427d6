package boltstore

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// Load implements [unroll.Store].
func (s *Store) Load(_ context.Context, ref unroll.Ref) (unroll.Entry, bool, error) {
	var e *codec.Entry
	err := s.view(func(tx *bbolt.Tx) (err error) {
		e, err = s.find(tx, ref)
		return err
	})
	if err != nil || e == nil {
		return unroll.Entry{}, false, s.wrap("load", err)
	}
	return e.Entry, true, nil
}

func (s *Store) find(tx *bbolt.Tx, ref unroll.Ref) (*codec.Entry, error) {
	return s.codec.Find(ref, func(path string) ([]byte, error) {
		return s.get(tx, entryBucket, []byte(path)), nil
	})
}

// Save implements [unroll.Store].
func (s *Store) Save(ctx context.Context, root unroll.Ref, aliases []unroll.Ref, e unroll.Entry, keep time.Duration) error {
	if keep <= 0 {
		return s.wrap("save", fmt.Errorf("keep of %s is not positive", keep))
	}
	frame, err := s.codec.Encode(codec.NewEntry(root, aliases, e))
	if err != nil {
		return s.wrap("save", err)
	}
	records := []record{{entryBucket, []byte(root.Path()), frame}}
	pointer := codec.Pointer(root)
	for _, r := range aliases {
		if r != root {
			records = append(records, record{entryBucket, []byte(r.Path()), pointer})
		}
	}
	if e.Thread != nil {
		records = append(records, record{authorBucket, authorKey(root, e.Thread), codec.Frame(codec.KindMark, nil)})
	}
	return s.wrap("save", s.update(ctx, func(tx *bbolt.Tx) error {
		return s.put(tx, s.now().Add(keep), records...)
	}))
}

// Forget implements [unroll.Store].
func (s *Store) Forget(ctx context.Context, ref unroll.Ref) error {
	return s.wrap("forget", s.update(ctx, func(tx *bbolt.Tx) error {
		e, err := s.find(tx, ref)
		if err != nil {
			return err
		}
		if e == nil {
			// Nothing that could be read: what lies there may still be damaged.
			return entryBucket.in(tx).Delete([]byte(ref.Path()))
		}
		return s.forget(tx, e)
	}))
}

func (s *Store) forget(tx *bbolt.Tx, e *codec.Entry) error {
	entries := entryBucket.in(tx)
	pointer := string(codec.Pointer(e.Root))
	for r := range e.Refs {
		key := []byte(r.Path())
		// Posts that another thread took over stay with it.
		if r == e.Root || string(s.get(tx, entryBucket, key)) == pointer {
			if err := entries.Delete(key); err != nil {
				return err
			}
		}
	}
	if e.Thread == nil {
		return nil
	}
	return authorBucket.in(tx).Delete(authorKey(e.Root, e.Thread))
}
