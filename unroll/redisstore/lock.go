package redisstore

import (
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"
)

// How often a lock that is held is tried again.
const (
	firstWait = 20 * time.Millisecond
	mostWait  = 200 * time.Millisecond
)

// holdScript sets KEYS[1] to ARGV[1] for ARGV[2] milliseconds unless somebody
// else has it. Unlike SET NX it gives the same answer when it is sent a second
// time because the first answer was lost.
var holdScript = redis.NewScript(`
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then
	return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)

// releaseScript deletes KEYS[1] if it still is ARGV[1].
var releaseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then
	return redis.call('DEL', KEYS[1])
end
return 0
`)

var errLease = errors.New("lease is not positive")

// Lock implements [unroll.Locker]. A waiter looks again every 20 to 200 ms.
// While Redis is gone it fails: who wants to go on does so without a lock.
func (s *Store) Lock(ctx context.Context, key string, lease time.Duration) (unlock func(), err error) {
	if lease <= 0 {
		return nil, wrap("lock", errLease)
	}
	name, token := s.keys.lock(key), rand.Text()
	for wait := firstWait; ; wait = min(wait*3/2, mostWait) {
		won, err := s.hold(ctx, name, token, lease)
		if err != nil {
			return nil, wrap("lock", err)
		}
		if won {
			break
		}
		if err := sleep(ctx, wait/2+mathrand.N(wait/2)); err != nil { //nolint:gosec // spreads waiters, keeps no secret
			return nil, wrap("lock", err)
		}
	}
	return func() {
		// Also for a caller who went away meanwhile. If it fails, the lease ends it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = releaseScript.Run(ctx, s.client, []string{name}, token).Err()
	}, nil
}

// hold sets key to owner for ttl, unless another owner has it.
func (s *Store) hold(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	return holdScript.Run(ctx, s.client, []string{key}, owner, millis(ttl).Milliseconds()).Bool()
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
