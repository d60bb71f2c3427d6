package redisstore

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/unroll"
)

// indexScript puts the path ARGV[1], which expires in ARGV[2] milliseconds,
// among an author's, keeps the ARGV[3] that expire last, and the whole as long
// as the last of them.
var indexScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[3])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', tonumber(last[2])))
return 1
`)

// indexThread notes whose thread it is.
func (s *Store) indexThread(ctx context.Context, root unroll.Ref, t *unroll.Thread, keep time.Duration) error {
	key := s.keys.author(root.Network, t.Author.ID)
	return indexScript.Run(ctx, s.client, []string{key}, root.Path(), keep.Milliseconds(), authorMax).Err()
}

// ForgetAuthor implements [unroll.Store]. It finds the newest 10,000 threads.
func (s *Store) ForgetAuthor(ctx context.Context, n unroll.Network, authorID string) ([]unroll.Ref, error) {
	dropped, err := s.forgetThreads(ctx, n, authorID)
	if err != nil {
		return nil, wrap("forget author", err)
	}
	listed, err := s.Latest(ctx, latestMax)
	if err != nil {
		return nil, err
	}
	for i := range listed {
		if l := &listed[i]; l.By(n, authorID) {
			if err := s.DropLatest(ctx, l.Ref); err != nil {
				return nil, err
			}
			dropped = append(dropped, l.Ref)
		}
	}
	slices.SortFunc(dropped, func(a, b unroll.Ref) int { return strings.Compare(a.Path(), b.Path()) })
	return slices.Compact(dropped), nil
}

func (s *Store) forgetThreads(ctx context.Context, n unroll.Network, authorID string) (dropped []unroll.Ref, err error) {
	key := s.keys.author(n, authorID)
	paths, err := s.client.ZRange(ctx, key, 0, -1).Result()
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(paths, dumpMax) {
		frames := make([]*redis.StringCmd, 0, len(part))
		if err := inPipelines(ctx, s.client, part, func(p redis.Pipeliner, path string) {
			frames = append(frames, p.Get(ctx, s.keys.entry(path)))
		}); err != nil {
			return nil, err
		}
		for _, frame := range frames {
			b, _ := frame.Bytes() // none: it expired
			e := s.codec.Entry(b)
			if e == nil || !e.By(n, authorID) {
				continue
			}
			if err := s.forget(ctx, e); err != nil {
				return nil, err
			}
			dropped = append(dropped, e.Root)
		}
		if err := s.client.ZRem(ctx, key, part).Err(); err != nil {
			return nil, err
		}
	}
	return dropped, nil
}
