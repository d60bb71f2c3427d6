package telegram

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// attempts is how often a call is made at least before its failure stands.
const attempts = 4

// tries counts a call's attempts. As long as its turn could be waited for, it
// is tried.
type tries struct {
	n   int
	end time.Time
}

func newTries(patience time.Duration) *tries { return &tries{end: time.Now().Add(patience)} }

// last counts an attempt and tells whether there will be no other.
func (t *tries) last() bool {
	t.n++
	return t.n >= attempts && time.Now().After(t.end)
}

// turn is a call's place in the queues of its chat and of all. The zero
// value is for calls that Telegram does not count.
type turn struct {
	chat     int64
	patience time.Duration // how long the turn may be waited for
}

// call makes a call that may be made twice without harm, and makes it again
// when it fails in a way that may pass.
func (a *Adapter) call(ctx context.Context, t turn, method string, params, result any) error {
	wait, made := newBackoff(), newTries(t.patience)
	for {
		if err := a.await(ctx, t); err != nil {
			return err
		}
		err := a.api.call(ctx, method, params, result)
		if err == nil || !a.passes(err, t) || made.last() {
			return err
		}
		if err := a.rest(ctx, t, wait, err); err != nil {
			return err
		}
	}
}

func (a *Adapter) await(ctx context.Context, t turn) error {
	if t.chat == 0 {
		return ctx.Err()
	}
	return a.pace.wait(ctx, t.chat, t.patience)
}

// passes tells whether a failure may be over soon.
func (a *Adapter) passes(err error, t turn) bool {
	var lost *callError
	if errors.As(err, &lost) {
		return true
	}
	e := refused(err)
	return e.Code == http.StatusTooManyRequests && (t.chat != 0 || e.RetryAfter <= maxRest)
}

// maxRest is how long a call without a turn waits when Telegram says so.
const maxRest = 5 * time.Second

// rest waits before another attempt. How long a chat must wait is left to
// its turn.
func (a *Adapter) rest(ctx context.Context, t turn, b *backoff, err error) error {
	e := refused(err)
	switch {
	case e.Code != http.StatusTooManyRequests:
		return sleep(ctx, b.next())
	case t.chat != 0:
		a.log.Info("telegram asks to slow down", "wait", e.RetryAfter)
		a.pace.hold(t.chat, e.RetryAfter)
		return nil
	default:
		return sleep(ctx, max(e.RetryAfter, time.Second))
	}
}
