package httpx

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"

	"unrollbot/unroll"
)

const (
	// A host is left alone for breakerOpen after breakerTrips calls in a row
	// failed, each with its retries, within breakerWindow.
	breakerTrips  = 5
	breakerWindow = 5 * time.Minute
	breakerOpen   = 30 * time.Second

	// maxBreakers bounds the hosts remembered: users choose Mastodon hosts.
	maxBreakers = 1024
)

// breakers holds one breaker per host, so that a source known to be down
// fails at once instead of after a time-out.
type breakers struct {
	log *slog.Logger

	mu     sync.Mutex
	byHost map[string]*breaker
}

type breaker struct {
	*gobreaker.CircuitBreaker[struct{}]
	openedAt atomic.Int64 // Unix nanoseconds
}

// openError is the failure of a call that was not made.
type openError struct {
	host string
	wait time.Duration
}

func (e *openError) Error() string {
	return fmt.Sprintf("%s has been failing and is left alone for %s", e.host, e.wait.Round(time.Second))
}

func newBreakers(log *slog.Logger) *breakers {
	return &breakers{log: log, byHost: make(map[string]*breaker)}
}

// do runs call unless host is known to be down.
func (bs *breakers) do(host string, call func() error) error {
	b := bs.of(host)
	_, err := b.Execute(func() (struct{}, error) { return struct{}{}, call() })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		wait := time.Until(time.Unix(0, b.openedAt.Load()).Add(breakerOpen))
		return &openError{host: host, wait: max(wait, time.Second)}
	}
	return err
}

func (bs *breakers) of(host string) *breaker {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	if b, ok := bs.byHost[host]; ok {
		return b
	}
	if len(bs.byHost) >= maxBreakers {
		bs.dropOne()
	}
	return bs.add(host)
}

// dropOne forgets a healthy host, or any if none is.
func (bs *breakers) dropOne() {
	var victim string
	for host, b := range bs.byHost {
		victim = host
		if b.State() == gobreaker.StateClosed && b.Counts().ConsecutiveFailures == 0 {
			break
		}
	}
	delete(bs.byHost, victim)
}

func (bs *breakers) add(host string) *breaker {
	b := new(breaker)
	b.CircuitBreaker = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        host,
		Interval:    breakerWindow,
		Timeout:     breakerOpen,
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= breakerTrips },
		IsSuccessful: func(err error) bool {
			var f *failure
			return !errors.As(err, &f) || !f.down
		},
		// These say nothing about the host.
		IsExcluded: func(err error) bool {
			kind := unroll.KindOf(err)
			return kind == unroll.KindCanceled || kind == unroll.KindBlocked || kind == unroll.KindInvalidRef
		},
		OnStateChange: func(host string, from, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.openedAt.Store(time.Now().UnixNano())
			}
			bs.log.Warn("breaker changed", "host", host, "from", from.String(), "to", to.String())
		},
	})
	bs.byHost[host] = b
	return b
}
