package discord

import (
	"context"
	"encoding/json"
	"time"
)

// sessionFor is how long a session is kept that nobody serves: Discord lets it
// be resumed for "a few minutes" ("Gateway", Initiating a Disconnect, November
// 2026). One that it has forgotten costs a few seconds.
const sessionFor = 5 * time.Minute

// keeper keeps a shard's session in the store, for whoever serves the shard
// next. It is kept every now and then, too, since a process may be killed:
// what was taken since comes a second time then, and is known by its id.
type keeper struct {
	a     *Adapter
	key   string
	every time.Duration
}

// load gives the session that was left; nil when there is none, or when the
// portal says otherwise now about the texts of messages than when it began.
func (k *keeper) load(ctx context.Context) *session {
	if k.a.values == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	data, ok, err := k.a.values.Value(ctx, k.key)
	if err != nil {
		k.a.log.Warn("store cannot tell of an earlier session", "err", err)
	}
	var s session
	if !ok || err != nil || json.Unmarshal(data, &s) != nil || s.ID == "" || s.Content != k.a.self.Load().content {
		return nil
	}
	return &s
}

// run serves the shard until ctx ends, and leaves the session to the next.
func (k *keeper) run(ctx context.Context, g *gateway) error {
	if k.a.values == nil {
		return g.run(ctx)
	}
	done := make(chan error, 1)
	go func() { done <- g.run(ctx) }()
	var saved session
	for tick := time.NewTicker(k.every); ; {
		select {
		case <-tick.C:
			saved = k.save(ctx, g, saved)
			continue
		case err := <-done:
			tick.Stop()
			if err == nil {
				k.save(context.WithoutCancel(ctx), g, session{})
			}
			return err
		}
	}
}

// save keeps the session unless it is as it was kept last, and returns it.
func (k *keeper) save(ctx context.Context, g *gateway, last session) session {
	now := g.state()
	if now == last || now.ID == "" {
		return last
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	data, _ := json.Marshal(now) // strings and numbers: it cannot fail
	k.a.keep(ctx, k.key, string(data), sessionFor)
	return now
}
