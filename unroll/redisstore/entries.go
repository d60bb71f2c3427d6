package redisstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// pipelined is how many commands are sent at once: a thread of 10,000 posts
// has as many aliases.
const pipelined = 1000

// Load implements [unroll.Store].
func (s *Store) Load(ctx context.Context, ref unroll.Ref) (unroll.Entry, bool, error) {
	e, err := s.find(ctx, ref)
	if err != nil || e == nil {
		return unroll.Entry{}, false, wrap("load "+ref.Path(), err)
	}
	return e.Entry, true, nil
}

func (s *Store) find(ctx context.Context, ref unroll.Ref) (*codec.Entry, error) {
	return s.codec.Find(ref, func(path string) ([]byte, error) {
		return s.get(ctx, s.keys.entry(path))
	})
}

// get returns nil for a key that is not there.
func (s *Store) get(ctx context.Context, key string) ([]byte, error) {
	b, err := s.client.Get(ctx, key).Bytes()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	return b, err
}

// Save implements [unroll.Store].
func (s *Store) Save(ctx context.Context, root unroll.Ref, aliases []unroll.Ref, e unroll.Entry, keep time.Duration) error {
	op := "save " + root.Path()
	if keep <= 0 {
		return wrap(op, fmt.Errorf("keep of %s is not positive", keep))
	}
	keep = millis(keep)
	frame, err := s.codec.Encode(codec.NewEntry(root, aliases, e))
	if err != nil {
		return wrap(op, err)
	}
	if e.Thread != nil { // first, so that no thread is without it
		if err := s.indexThread(ctx, root, e.Thread, keep); err != nil {
			return wrap(op, err)
		}
	}
	pointer := codec.Pointer(root)
	others := slices.DeleteFunc(slices.Clone(aliases), func(r unroll.Ref) bool { return r == root })
	return wrap(op, inPipelines(ctx, s.client, append([]unroll.Ref{root}, others...), func(p redis.Pipeliner, r unroll.Ref) {
		if r == root {
			p.Set(ctx, s.keys.entry(root.Path()), frame, keep)
		} else {
			p.Set(ctx, s.keys.entry(r.Path()), pointer, keep)
		}
	}))
}

// Forget implements [unroll.Store].
func (s *Store) Forget(ctx context.Context, ref unroll.Ref) error {
	op := "forget " + ref.Path()
	e, err := s.find(ctx, ref)
	if err != nil {
		return wrap(op, err)
	}
	if e == nil {
		// Nothing that could be read: what lies there may still be damaged.
		return wrap(op, s.client.Del(ctx, s.keys.entry(ref.Path())).Err())
	}
	return wrap(op, s.forget(ctx, e))
}

func (s *Store) forget(ctx context.Context, e *codec.Entry) error {
	refs := slices.Collect(e.Refs)
	held := make(map[unroll.Ref]*redis.StringCmd, len(refs))
	if err := inPipelines(ctx, s.client, refs, func(p redis.Pipeliner, r unroll.Ref) {
		held[r] = p.Get(ctx, s.keys.entry(r.Path()))
	}); err != nil {
		return err
	}
	// Posts that another thread took over stay with it. One that is taken
	// over at this very moment is lost to the cache, no more.
	pointer := string(codec.Pointer(e.Root))
	if err := inPipelines(ctx, s.client, refs, func(p redis.Pipeliner, r unroll.Ref) {
		if r == e.Root || held[r].Val() == pointer {
			p.Del(ctx, s.keys.entry(r.Path()))
		}
	}); err != nil || e.Thread == nil {
		return err
	}
	return s.client.ZRem(ctx, s.keys.author(e.Root.Network, e.Thread.Author.ID), e.Root.Path()).Err()
}

// inPipelines queues commands for all items and sends them in a few round
// trips.
func inPipelines[T any](ctx context.Context, c redis.UniversalClient, items []T, queue func(redis.Pipeliner, T)) error {
	for part := range slices.Chunk(items, pipelined) {
		if _, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, item := range part {
				queue(p, item)
			}
			return nil
		}); err != nil && !errors.Is(err, redis.Nil) {
			return err
		}
	}
	return nil
}
