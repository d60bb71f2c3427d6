package main

import (
	"context"
	"sync"

	"unrollbot/bot"
	"unrollbot/internal/lease"
)

// alone is an adapter that runs on one replica at a time, of all that share a
// Redis. Each term has an adapter of its own: one that was ended does not
// begin again.
type alone struct {
	name  string
	lease *lease.Lease
	make  func() (bot.Adapter, error)
	run   func(context.Context, bot.Adapter) error

	mu  sync.Mutex
	now bot.Adapter // nil between terms
}

var _ bot.Recaller = (*alone)(nil)

// alone has the adapters that newAdapter makes run on one replica at a time.
// With the local file, which no two processes can open, that is so already.
// insist tells that it runs also while Redis is gone, see [lease.Config].
func (a *app) alone(insist bool, newAdapter func() (bot.Adapter, error)) (bot.Adapter, error) {
	first, err := newAdapter()
	if err != nil || a.cfg.RedisURL == "" || a.demo != nil {
		return first, err
	}
	name := first.Name()
	l := lease.New(lease.Config{Insist: insist, Changed: a.metrics.Lease(name), Log: a.log}, name, a.store)
	return &alone{name: name, lease: l, make: newAdapter, run: a.run}, nil
}

// Name is the adapter's.
func (a *alone) Name() string { return a.name }

// Run waits for its turn.
func (a *alone) Run(ctx context.Context) error {
	return a.lease.Run(ctx, func(ctx context.Context) error {
		adapter, err := a.make()
		if err != nil {
			return err
		}
		a.set(adapter)
		defer a.set(nil)
		return a.run(ctx, adapter)
	})
}

func (a *alone) set(adapter bot.Adapter) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = adapter
}

// Recall implements [bot.Recaller] through the adapter that runs here, if one
// does.
func (a *alone) Recall(ctx context.Context, req bot.Request, address []byte) (bot.Responder, error) {
	a.mu.Lock()
	r, ok := a.now.(bot.Recaller)
	a.mu.Unlock()
	if !ok {
		return nil, bot.ErrElsewhere
	}
	return r.Recall(ctx, req, address)
}
