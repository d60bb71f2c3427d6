package redisstore

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/unroll"
)

// limitScript is GCRA by the clock of Redis, in whole microseconds, which
// doubles hold exactly. ARGV: the interval between events, and how far ahead
// of an even stream a burst may be. It returns the wait.
//
// (redis_rate counts in fractions of a second; their rounding refuses the
// last event of some bursts.)
var limitScript = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, slack = tonumber(ARGV[1]), tonumber(ARGV[2])
local tat = tonumber(redis.call('GET', KEYS[1]) or now) or now
local function keep()
	redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', math.ceil((tat - now) / 1000)))
end
-- Further ahead than this limit can have brought it: the clock was set back,
-- or the limit was raised. From here on it counts anew.
if tat > now + slack + interval then
	tat = now + slack + interval
	keep()
end
tat = math.max(tat, now)
local wait = tat - slack - now
if wait > 0 then
	return wait
end
tat = tat + interval
keep()
return 0
`)

// Allow implements [unroll.Limiter]. While Redis is gone it counts in this
// process. It fails only on a limit that is no rate.
func (s *Store) Allow(ctx context.Context, key string, l unroll.Limit) (time.Duration, error) {
	interval, err := l.Interval()
	if err != nil {
		return 0, wrap("limit", err)
	}
	slack := interval * time.Duration(max(0, l.Burst-1))
	wait, err := limitScript.Run(ctx, s.client, []string{s.keys.limit(key)}, interval.Microseconds(), slack.Microseconds()).Int64()
	if err != nil {
		return s.local.Allow(ctx, key, l)
	}
	return time.Duration(wait) * time.Microsecond, nil
}
