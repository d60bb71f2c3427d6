package main

import (
	"context"
	"slices"
	"time"

	"unrollbot/bot"
	"unrollbot/internal/tracing"
	"unrollbot/unroll"
)

// traced is a store whose calls are steps of what is traced. Those that only
// work in the background or operators use are left out.
type traced struct {
	store
	tracer *tracing.Tracer
}

func (t traced) Load(ctx context.Context, ref unroll.Ref) (unroll.Entry, bool, error) {
	ctx, end := t.tracer.Step(ctx, "store load")
	e, ok, err := t.store.Load(ctx, ref)
	end(err)
	return e, ok, err
}

func (t traced) Save(ctx context.Context, root unroll.Ref, aliases []unroll.Ref, e unroll.Entry, keep time.Duration) error {
	ctx, end := t.tracer.Step(ctx, "store save")
	err := t.store.Save(ctx, root, aliases, e, keep)
	end(err)
	return err
}

func (t traced) Lock(ctx context.Context, key string, lease time.Duration) (func(), error) {
	ctx, end := t.tracer.Step(ctx, "store lock")
	unlock, err := t.store.Lock(ctx, key, lease)
	end(err)
	return unlock, err
}

func (t traced) OptedOut(ctx context.Context, n unroll.Network, authorIDs ...string) (map[string]bool, error) {
	ctx, end := t.tracer.Step(ctx, "store opted out")
	out, err := t.store.OptedOut(ctx, n, authorIDs...)
	end(err)
	return out, err
}

func (t traced) Allow(ctx context.Context, key string, l unroll.Limit) (time.Duration, error) {
	ctx, end := t.tracer.Step(ctx, "store limit")
	wait, err := t.store.Allow(ctx, key, l)
	end(err)
	return wait, err
}

func (t traced) Value(ctx context.Context, key string) ([]byte, bool, error) {
	ctx, end := t.tracer.Step(ctx, "store value")
	value, ok, err := t.store.Value(ctx, key)
	end(err)
	return value, ok, err
}

func (t traced) SetValue(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	ctx, end := t.tracer.Step(ctx, "store set value")
	err := t.store.SetValue(ctx, key, value, ttl)
	end(err)
	return err
}

func (t traced) Claim(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	ctx, end := t.tracer.Step(ctx, "store claim")
	won, err := t.store.Claim(ctx, key, ttl)
	end(err)
	return won, err
}

func (t traced) Hold(ctx context.Context, key, owner string, ttl time.Duration) (bool, error) {
	ctx, end := t.tracer.Step(ctx, "store hold")
	won, err := t.store.Hold(ctx, key, owner, ttl)
	end(err)
	return won, err
}

// startTracing makes the tracer, where one is wanted.
func (a *app) startTracing(ctx context.Context) (err error) {
	if !a.cfg.Traces {
		return nil
	}
	if a.tracer, err = tracing.Start(ctx, version, a.log); err != nil {
		return err
	}
	a.onClose(a.tracer.Close)
	return nil
}

// middleware is what stands around the handler, the first outermost.
func (a *app) middleware() []bot.Middleware {
	limits := bot.DefaultLimits()
	limits.Spared = func(platform, user string) bool {
		return slices.Contains(a.cfg.Operators, platform+":"+user)
	}
	ms := []bot.Middleware{tracing.Identify()}
	if a.tracer != nil {
		ms = append(ms, a.tracer.Requests())
	}
	return append(ms,
		bot.Once(a.store, a.log),
		bot.Refuse(bot.NewBans(a.store, a.log), a.metrics.Banned),
		bot.Log(a.log, a.triggers, a.metrics),
		bot.Recover(a.phrases),
		bot.Limited(a.store, limits, a.phrases, a.log),
	)
}

// unroller is the service, as the bot sees it.
func (a *app) unroller() bot.Unroller {
	if a.tracer == nil {
		return a.service
	}
	return a.tracer.Unroller(a.service)
}
