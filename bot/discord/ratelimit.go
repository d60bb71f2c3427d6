package discord

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// rateLimits keeps calls within the limits that Discord tells in its answers
// (Discord, "Rate Limits", November 2026). A bucket is forgotten when it has
// been full for a while: each interaction has one of its own, and lives for
// 15 minutes.
type rateLimits struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket
	global  time.Time // nothing may be sent before, but to interactions
}

// bucket is what is known of one limit.
type bucket struct {
	limit, left int
	until       time.Time // when left is limit again
	period      time.Duration
}

// sweepAt is how many buckets are kept before the idle ones are dropped.
const sweepAt = 1024

func newRateLimits(now func() time.Time) *rateLimits {
	return &rateLimits{now: now, buckets: make(map[string]*bucket)}
}

// bucketKey names the limit that a call counts against: the method and the
// path down to the channel, webhook or interaction and what is done there.
func bucketKey(method, path string) string {
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 4)
	return method + " " + strings.Join(parts[:min(len(parts), 3)], "/")
}

// exempt tells which calls the global limit leaves alone.
func exempt(path string) bool {
	return strings.HasPrefix(path, "/interactions/") || strings.HasPrefix(path, "/webhooks/")
}

// wait returns when the call may go out. When that is beyond ctx's deadline,
// it says so at once.
func (l *rateLimits) wait(ctx context.Context, method, path string) error {
	for {
		d := l.take(bucketKey(method, path), exempt(path))
		if d <= 0 {
			return ctx.Err()
		}
		if deadline, ok := ctx.Deadline(); ok && l.now().Add(d).After(deadline) {
			return &apiError{Call: callName(method, path), Status: http.StatusTooManyRequests, RetryAfter: d}
		}
		if sleep(ctx, d); ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// take counts a call, or tells how long to wait.
func (l *rateLimits) take(key string, exempt bool) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if !exempt && now.Before(l.global) {
		return l.global.Sub(now)
	}
	b, ok := l.buckets[key]
	if !ok {
		return 0
	}
	if !now.Before(b.until) {
		b.left, b.until = b.limit, now.Add(b.period)
	}
	if b.left <= 0 {
		return b.until.Sub(now)
	}
	b.left--
	return 0
}

// note reads what an answer tells of its limit.
func (l *rateLimits) note(method, path string, h http.Header) {
	limit, err1 := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	left, err2 := strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	after, err3 := strconv.ParseFloat(h.Get("X-RateLimit-Reset-After"), 64)
	if err1 != nil || err2 != nil || err3 != nil || limit < 1 || after < 0 || after > 3600 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	until := now.Add(time.Duration(after * float64(time.Second)))
	key := bucketKey(method, path)
	b, ok := l.buckets[key]
	if !ok {
		l.sweep(now)
		b = &bucket{left: left}
		l.buckets[key] = b
	}
	b.limit = limit
	b.period = max(b.period, until.Sub(now))
	if until.After(b.until) {
		b.until = until
	}
	b.left = min(b.left, left) // calls under way are counted in b.left already
}

// hold makes everybody, or the calls of one bucket, wait after a 429.
func (l *rateLimits) hold(method, path string, d time.Duration, global bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	until := now.Add(d)
	if global {
		if until.After(l.global) {
			l.global = until
		}
		return
	}
	key := bucketKey(method, path)
	b, ok := l.buckets[key]
	if !ok {
		l.sweep(now)
		b = &bucket{limit: 1, period: d}
		l.buckets[key] = b
	}
	b.left = 0
	if until.After(b.until) {
		b.until = until
	}
}

// sweep drops buckets that have been full for a whole period.
func (l *rateLimits) sweep(now time.Time) {
	if len(l.buckets) < sweepAt || len(l.buckets)%sweepAt != 0 {
		return
	}
	for key, b := range l.buckets {
		if now.After(b.until.Add(b.period)) {
			delete(l.buckets, key)
		}
	}
}
