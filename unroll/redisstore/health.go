package redisstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/sony/gobreaker/v2"
)

// tripAfter is how many calls in a row must fail before Redis counts as gone,
// and none may have been answered for as long as it is then left alone. One
// slow answer is no reason to go without a cache, nor are many at the same
// moment: where there is too little time for all, they fail side by side with
// others that are answered.
const tripAfter = 3

// errGone is what calls get at once while Redis is known not to answer.
var errGone = errors.New("redis does not answer")

// health is a go-redis hook that stands around every call: it stops calling a
// Redis that is gone, and logs when that begins and ends.
type health struct {
	breaker *gobreaker.CircuitBreaker[struct{}]
	heard   atomic.Int64 // when Redis last answered, in nanoseconds since 1970
}

var _ redis.Hook = (*health)(nil)

// newHealth makes a hook that asks a Redis which is gone again after pause.
func newHealth(log *slog.Logger, pause time.Duration) *health {
	h := &health{}
	h.breaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Timeout: pause,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= tripAfter && time.Since(time.Unix(0, h.heard.Load())) >= pause
		},
		IsSuccessful: answered,
		IsExcluded:   ours,
		OnStateChange: func(_ string, from, to gobreaker.State) {
			switch {
			case from == gobreaker.StateClosed:
				log.Warn("redis does not answer: going on without a cache, with limits of this process alone")
			case to == gobreaker.StateClosed:
				log.Info("redis answers again")
			}
		},
	})
	return h
}

// ours tells whether a call came to nothing on this side: its caller went
// away, or too many others stood before it. Taking that for a fault of Redis
// would make the sources pay for a program that has too much to do.
func ours(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, redis.ErrPoolTimeout)
}

// answered tells whether a Redis that can do its work was at the other end.
func answered(err error) bool {
	var reply redis.Error
	if !errors.As(err, &reply) {
		return err == nil
	}
	switch {
	case redis.IsLoadingError(err), redis.IsClusterDownError(err), redis.IsMasterDownError(err),
		redis.IsReadOnlyError(err), redis.IsMaxClientsError(err), redis.IsAuthError(err):
		return false
	}
	return true
}

// inCall marks the context of a call, so that the handshake of a connection
// that is made for it, for which go-redis runs the hooks as well, does not
// count as another call.
type inCall struct{}

func (h *health) call(ctx context.Context, f func(context.Context) error) error {
	if ctx.Value(inCall{}) != nil {
		return f(ctx)
	}
	if err := ctx.Err(); err != nil {
		return err // the caller's doing, not Redis'
	}
	ctx = context.WithValue(ctx, inCall{}, true)
	_, err := h.breaker.Execute(func() (struct{}, error) {
		err := f(ctx)
		if answered(err) {
			h.heard.Store(time.Now().UnixNano())
		}
		return struct{}{}, err
	})
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return errGone
	}
	return err
}

// DialHook implements [redis.Hook].
func (h *health) DialHook(next redis.DialHook) redis.DialHook {
	return next
}

// ProcessHook implements [redis.Hook].
func (h *health) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		return h.call(ctx, func(ctx context.Context) error { return next(ctx, cmd) })
	}
}

// ProcessPipelineHook implements [redis.Hook].
func (h *health) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := h.call(ctx, func(ctx context.Context) error { return next(ctx, cmds) })
		if errors.Is(err, errGone) {
			for _, cmd := range cmds {
				cmd.SetErr(err)
			}
		}
		return err
	}
}

// wrap tells what was tried.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redisstore: %s: %w", op, err)
}
