// Package lease lets one process at a time do a piece of work, of all that
// share a store.
//
// The holder's token stands in the store under the lease's name for [Config]'s
// TTL, and is put there anew three times in that time. The holder counts its
// time from before each call, so that it never believes to hold what others
// may take already.
package lease

import (
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"time"

	"unrollbot/unroll"
)

// Config tunes a [Lease]. The zero value of every field works.
type Config struct {
	// TTL is how long the work may rest after its holder was killed; 0 means
	// 6 s. A store call that takes longer than a sixth of it counts as failed.
	TTL time.Duration
	// Insist has the work go on, and begin, while the store cannot be asked.
	// It is for work where two at once do little harm, or where somebody else
	// rules that out. Without it, the work ends before the TTL does.
	Insist bool
	// Changed hears when the work begins and ends here; nil means nobody.
	Changed func(held bool)
	Log     *slog.Logger
}

// Lease is one process' claim to a piece of work.
type Lease struct {
	cfg   Config
	key   string
	token string
	store unroll.Leases
}

// New makes a lease that is shared by all who give the same name and store.
func New(cfg Config, name string, store unroll.Leases) *Lease {
	if cfg.TTL <= 0 {
		cfg.TTL = 6 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Changed == nil {
		cfg.Changed = func(bool) {}
	}
	cfg.Log = cfg.Log.With("lease", name)
	return &Lease{cfg: cfg, key: "lease:" + name, token: rand.Text(), store: store}
}

// Run waits for the lease and does work while it holds it, again and again
// until ctx ends or work returns by itself. work's context ends when the
// lease is lost; it must stop within a sixth of the TTL then. Run returns
// work's error, or nil when ctx has ended.
func (l *Lease) Run(ctx context.Context, work func(context.Context) error) error {
	for {
		until, err := l.acquire(ctx)
		if err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		if lost, err := l.term(ctx, until, work); !lost {
			return err
		}
	}
}

// beat is how often others try, and what a call may take.
func (l *Lease) beat() time.Duration { return l.cfg.TTL / 6 }

// acquire waits until the lease is ours. The zero time tells that the store
// could not be asked, and we go on without. Its error is ctx's.
func (l *Lease) acquire(ctx context.Context) (until time.Time, err error) {
	var gone time.Time // since when the store has not answered
	for {
		until, held, err := l.hold(ctx)
		switch {
		case ctx.Err() != nil:
			if held {
				l.release(context.WithoutCancel(ctx))
			}
			return time.Time{}, ctx.Err()
		case held:
			return until, nil
		case err == nil:
			gone = time.Time{}
		case gone.IsZero():
			gone = time.Now()
		case l.cfg.Insist && time.Since(gone) >= l.cfg.TTL:
			l.cfg.Log.Warn("lease cannot be asked for: working without", "err", err)
			return time.Time{}, nil
		}
		wait := time.NewTimer(l.beat()/2 + mathrand.N(l.beat())) //nolint:gosec // spreads those who wait
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
		}
	}
}

// hold takes the lease if nobody has it, or keeps it.
func (l *Lease) hold(ctx context.Context) (until time.Time, held bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.beat())
	defer cancel()
	start := time.Now()
	held, err = l.store.Hold(ctx, l.key, l.token, l.cfg.TTL)
	return start.Add(l.cfg.TTL), held && err == nil, err
}

// term does the work while the lease is held.
func (l *Lease) term(ctx context.Context, until time.Time, work func(context.Context) error) (lost bool, err error) {
	l.cfg.Log.Info("lease taken: working")
	l.cfg.Changed(true)
	defer l.cfg.Changed(false)
	within, end := context.WithCancel(ctx)
	defer end()
	done := make(chan error, 1)
	go func() { done <- work(within) }()

	ctx = context.WithoutCancel(ctx) // while the work ends, the lease is kept
	gone := until.IsZero()
	for {
		next := time.NewTimer(l.next(until))
		select {
		case err := <-done:
			next.Stop()
			l.release(ctx)
			return false, err
		case <-next.C:
		}
		renewed, held, err := l.hold(ctx)
		switch {
		case held:
			if gone {
				l.cfg.Log.Info("lease is held again")
			}
			until, gone = renewed, false
		case err == nil, !l.cfg.Insist && time.Until(until) <= l.beat():
			l.cfg.Log.Warn("lease lost: another process goes on", "err", err)
			end()
			<-done //nolint:errcheck // what it says is of no interest any longer
			return true, nil
		case !gone:
			l.cfg.Log.Warn("lease cannot be renewed", "insist", l.cfg.Insist, "err", err)
			gone = true
		}
	}
}

// next is when to renew: three times in a TTL, and once more just before the
// work would have to end.
func (l *Lease) next(until time.Time) time.Duration {
	last := time.Until(until) - l.beat()
	if l.cfg.Insist || last <= 0 {
		return l.cfg.TTL / 3
	}
	return min(l.cfg.TTL/3, last)
}

// release gives the lease away. What fails ends by itself.
func (l *Lease) release(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.beat())
	defer cancel()
	if err := l.store.Release(ctx, l.key, l.token); err != nil {
		l.cfg.Log.Info("lease could not be released and ends by itself", "err", err)
	}
}
