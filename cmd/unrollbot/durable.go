package main

import (
	"context"
	"sync"

	"unrollbot/bot"
	"unrollbot/bot/discord"
	"unrollbot/bot/telegram"
)

// dispatcher takes requests from adapters.
type dispatcher interface {
	bot.Dispatch
	Load() (waiting, answering int)
	Close(ctx context.Context) error
}

// durablePlatforms are those whose requests are written down. Mentions stay
// open at their network until they are answered.
var durablePlatforms = []string{telegram.Name, discord.Name}

// newDispatcher makes the pool that answers requests and, with Redis, has them
// written down before.
func (a *app) newDispatcher(h bot.Handler) {
	pool := bot.NewDispatcher(bot.DispatcherConfig{Concerns: a.triggers.Concerns, Log: a.log}, h)
	a.dispatcher = pool
	if a.queue != nil {
		a.durable = bot.NewDurable(bot.DurableConfig{
			Inline: bot.Inline(a.triggers, a.service.Held), Observer: a.metrics, Log: a.log,
		}, pool, a.queue, durablePlatforms...)
		a.dispatcher = a.durable
		a.metrics.Backlogs(a.durable.Backlogs)
	}
	a.metrics.Queue(a.dispatcher.Load)
}

// run runs an adapter, and has it answer what other processes have left. One
// that waits for its turn does so when that has come.
func (a *app) run(ctx context.Context, adapter bot.Adapter) error {
	r, ok := adapter.(bot.Recaller)
	if _, waits := adapter.(*alone); waits || !ok || a.durable == nil {
		return adapter.Run(ctx)
	}
	serve, end := context.WithCancel(ctx)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer end()
	serving.Go(func() { a.durable.Serve(serve, r) })
	return adapter.Run(ctx)
}
