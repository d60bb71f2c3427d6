package redisstore

import (
	"context"
	"strconv"

	"github.com/redis/go-redis/v9"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// addLatestScript puts the listing ARGV[3] of the path ARGV[1] at time
// ARGV[2], keeps the newest ARGV[4], and all for ARGV[5] milliseconds.
var addLatestScript = redis.NewScript(`
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
for _, path in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1 - ARGV[4])) do
	redis.call('ZREM', KEYS[1], path)
	redis.call('HDEL', KEYS[2], path)
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return 1
`)

// latestScript returns the newest ARGV[1] listings.
var latestScript = redis.NewScript(`
local paths = redis.call('ZREVRANGE', KEYS[1], 0, ARGV[1] - 1)
if #paths == 0 then
	return {}
end
return redis.call('HMGET', KEYS[2], unpack(paths))
`)

// AddLatest implements [unroll.Latest]. The list keeps the newest 500.
func (s *Store) AddLatest(ctx context.Context, l unroll.Listing) error {
	frame, err := codec.EncodeListing(l)
	if err != nil {
		return wrap("add latest", err)
	}
	order, items := s.keys.latest()
	return wrap("add latest", addLatestScript.Run(ctx, s.client, []string{order, items},
		l.Ref.Path(), strconv.FormatInt(l.At.UnixMicro(), 10), frame, latestMax, latestTTL.Milliseconds()).Err())
}

// Latest implements [unroll.Latest].
func (s *Store) Latest(ctx context.Context, n int) ([]unroll.Listing, error) {
	if n <= 0 {
		return nil, nil
	}
	order, items := s.keys.latest()
	found, err := latestScript.Run(ctx, s.client, []string{order, items}, min(n, latestMax)).Slice()
	if err != nil {
		return nil, wrap("latest", err)
	}
	var out []unroll.Listing
	for _, f := range found {
		frame, ok := f.(string)
		if !ok {
			continue // an order without its item
		}
		if l, ok := s.codec.Listing([]byte(frame)); ok {
			out = append(out, l)
		}
	}
	return out, nil
}

// DropLatest implements [unroll.Latest].
func (s *Store) DropLatest(ctx context.Context, root unroll.Ref) error {
	order, items := s.keys.latest()
	_, err := s.client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.ZRem(ctx, order, root.Path())
		p.HDel(ctx, items, root.Path())
		return nil
	})
	return wrap("drop latest", err)
}
