package boltstore

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// writeMax is how many writes share a transaction.
const writeMax = 256

// write is a change that waits for its transaction. It may be done twice; the
// last time counts.
type write struct {
	do   func(*bbolt.Tx) error
	done chan error // of size 1
}

// update makes a change, and returns when it is on disk. When ctx ends
// earlier, the change may still be made.
func (s *Store) update(ctx context.Context, do func(*bbolt.Tx) error) error {
	w := &write{do: do, done: make(chan error, 1)}
	select {
	case s.writes <- w:
	case <-s.stop:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-w.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// view reads.
func (s *Store) view(do func(*bbolt.Tx) error) error {
	return guard(func() error { return s.db.View(do) })
}

// write is the one goroutine that writes, until Close. While the disk is busy
// with one transaction, what comes in gathers for the next.
func (s *Store) write() {
	for {
		select {
		case w := <-s.writes:
			batch := []*write{w}
			for more := true; more && len(batch) < writeMax; {
				select {
				case w := <-s.writes:
					batch = append(batch, w)
				default:
					more = false
				}
			}
			if s.broken == nil {
				s.broken = s.commit(batch)
			} else {
				answer(batch, s.broken)
			}
		case <-s.stop:
			return
		}
	}
}

// commit does a batch in one transaction, or each write in its own if one of
// them is refused. It returns an error when the database can take no more
// writes at all, which a full disk is not.
func (s *Store) commit(batch []*write) error {
	var refused error // by a write itself
	err := guard(func() error {
		return s.db.Update(func(tx *bbolt.Tx) error {
			for _, w := range batch {
				if refused = w.do(tx); refused != nil {
					return refused
				}
			}
			return nil
		})
	})
	if refused == nil && err != nil {
		s.disk.failed(err)
	}
	broken := errors.Is(err, errDamaged)
	if refused == nil || broken || len(batch) == 1 {
		answer(batch, err)
		if broken {
			return err
		}
		return nil
	}
	for i := range batch {
		if broken := s.commit(batch[i : i+1]); broken != nil {
			answer(batch[i+1:], broken)
			return broken
		}
	}
	return nil
}

// answer answers all of a batch alike.
func answer(batch []*write, err error) {
	for _, w := range batch {
		w.done <- err
	}
}

// guard turns what bbolt does on a damaged file, a panic or a fault of the
// memory map, into an error.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w (%v)", errDamaged, p)
		}
	}()
	return f()
}
