package redisstore

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// dumpMax is how many keys are asked for at once.
const dumpMax = 200

// Dump gives everything that is kept to yield, until that fails. What changes
// meanwhile may be given or not, and a thing may be given twice.
func (s *Store) Dump(ctx context.Context, yield func(codec.Record) error) error {
	listed, err := s.Latest(ctx, latestMax)
	if err != nil {
		return err
	}
	for i := range listed {
		if err := yield(codec.Record{Listing: &listed[i]}); err != nil {
			return wrap("dump", err)
		}
	}
	cluster, ok := s.client.(*redis.ClusterClient)
	if !ok {
		return wrap("dump", s.dumpNode(ctx, s.client, yield))
	}
	var mu sync.Mutex // the nodes are asked at the same time
	var failed error  // of one is of all
	return wrap("dump", cluster.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		return s.dumpNode(ctx, node, func(r codec.Record) error {
			mu.Lock()
			defer mu.Unlock()
			if failed == nil {
				failed = yield(r)
			}
			return failed
		})
	}))
}

// dumpNode dumps what one server holds.
func (s *Store) dumpNode(ctx context.Context, node redis.Cmdable, yield func(codec.Record) error) error {
	var cursor uint64
	for {
		found, next, err := node.Scan(ctx, cursor, glob(s.keys.prefix)+"[eov]:*", dumpMax).Result()
		if err != nil {
			return err
		}
		if err := s.dumpKeys(ctx, node, found, yield); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}

func (s *Store) dumpKeys(ctx context.Context, node redis.Cmdable, names []string, yield func(codec.Record) error) error {
	frames, ttls := make([]*redis.StringCmd, len(names)), make([]*redis.DurationCmd, len(names))
	if _, err := node.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range names {
			frames[i], ttls[i] = p.Get(ctx, key), p.PTTL(ctx, key)
		}
		return nil
	}); err != nil && !errors.Is(err, redis.Nil) {
		return err
	}
	now := time.Now()
	for i, key := range names {
		frame, err := frames[i].Bytes()
		if err != nil {
			continue // it expired meanwhile
		}
		if r, ok := s.record(strings.TrimPrefix(key, s.keys.prefix), frame); ok {
			r.Until = now.Add(max(0, ttls[i].Val())).UTC()
			if err := yield(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// record reads a frame for moving it. The name is the key without its prefix.
func (s *Store) record(name string, frame []byte) (r codec.Record, ok bool) {
	kind, name, _ := strings.Cut(name, ":")
	switch kind {
	case "e":
		r.Entry, ok = s.codec.EntryRecord(frame)
	case "o":
		n, id, _ := strings.Cut(name, "/")
		r.OptOut, ok = &codec.OptOutRecord{Network: unroll.Network(n), AuthorID: id}, true
	case "v":
		var v []byte
		v, ok = s.codec.Value(frame)
		r.Value = &codec.ValueRecord{Key: []byte(name), Value: v}
	}
	return r, ok
}

// glob makes a pattern that matches s and nothing else.
func glob(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(s)
}

// Restore puts back what a Dump gave.
func (s *Store) Restore(ctx context.Context, r codec.Record) error {
	return codec.Restore(ctx, s, r, time.Now())
}
