package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	backoffs "github.com/cenkalti/backoff/v5"
)

// pollTime is how long Telegram may hold a poll open, in whole seconds. It
// allows 50 (tdlib/telegram-bot-api, November 2026).
const pollTime = 50 * time.Second

// getUpdates are the parameters of a poll. Offset confirms every update
// before it.
type getUpdates struct {
	Offset  int64    `json:"offset,omitempty"`
	Limit   int      `json:"limit,omitempty"`
	Timeout int      `json:"timeout"` // in seconds
	Kinds   []string `json:"allowed_updates"`
}

// poll fetches updates until ctx ends. Telegram forgets an update only once
// it was accepted here; telebot's poller confirms what still waits in its
// own queue, and asks again without a pause when a poll fails.
func (a *Adapter) poll(ctx context.Context) error {
	if err := a.call(ctx, turn{}, "deleteWebhook", struct{}{}, nil); err != nil && ctx.Err() == nil {
		a.log.Warn("webhook cannot be taken down", "err", err)
	}
	p := getUpdates{Timeout: int(pollTime.Seconds()), Kinds: kinds()}
	confirmed := p.Offset
	wait := newBackoff()
	for closed := false; !closed && ctx.Err() == nil; {
		var batch []json.RawMessage
		err := a.api.callFor(ctx, pollTime+callTimeout, "getUpdates", p, &batch)
		var lost *callError
		if err == nil || (ctx.Err() != nil && errors.As(err, &lost) && lost.Sent) {
			confirmed = p.Offset
		}
		switch {
		case err == nil:
		case badToken(err):
			return tokenError(err)
		default:
			if ctx.Err() == nil {
				_ = a.pause(ctx, wait, err) // its error is ctx's
			}
			continue
		}
		wait.reset()
		for _, raw := range batch {
			id, err := a.accept(ctx, raw)
			if err != nil { // the program is ending; Telegram keeps the rest
				closed = true
				break
			}
			if id != 0 {
				p.Offset = id + 1
			}
		}
	}
	if p.Offset != confirmed {
		a.confirm(context.WithoutCancel(ctx), p.Offset)
	}
	return nil
}

// confirm tells Telegram what was taken since the last poll, so that it does
// not come again at the next start.
func (a *Adapter) confirm(ctx context.Context, offset int64) {
	p := getUpdates{Offset: offset, Limit: 1, Kinds: kinds()}
	if err := a.api.callFor(ctx, 3*time.Second, "getUpdates", p, nil); err != nil {
		a.log.Info("last updates could not be confirmed and will come again", "err", err)
	}
}

// backoff spaces attempts, up to half a minute.
type backoff struct{ steps *backoffs.ExponentialBackOff }

func newBackoff() *backoff {
	b := backoffs.NewExponentialBackOff()
	b.InitialInterval, b.MaxInterval, b.Multiplier = 500*time.Millisecond, 30*time.Second, 2
	return &backoff{b}
}

func (b *backoff) next() time.Duration { return b.steps.NextBackOff() }
func (b *backoff) reset()              { b.steps.Reset() }
