package mention

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// shownFor is how long a conversation remembers what was said in it.
const shownFor = 30 * 24 * time.Hour

// saidFor is how long the same help is not given again to the same person.
const saidFor = 10 * time.Minute

// errHeld says that an answer must wait for no fault of its own.
var errHeld = errors.New("mention: answers are held back")

// responder carries one answer to a mention, in one attempt.
type responder struct {
	d    *Desk
	it   *item
	turn int
}

var (
	_ bot.Responder = (*responder)(nil)
	_ bot.Finisher  = (*responder)(nil)
)

// Working shows nothing: a network has no "typing".
func (r *responder) Working(context.Context) error { return nil }

// Send posts the answer. A mention is answered once: what comes after the
// first reply, or from an attempt that was given up, is dropped.
func (r *responder) Send(ctx context.Context, reply bot.Reply) error {
	d := r.d
	d.mu.Lock()
	if r.it.turn != r.turn || r.it.done || r.it.posting || !r.it.busy {
		d.mu.Unlock()
		return nil
	}
	r.it.posting = true
	again := r.it.again || r.it.failures > 0
	d.mu.Unlock()
	defer r.release()

	err := d.answer(ctx, r.it.m, &reply, again)
	if err == nil {
		d.settle(ctx, r.it)
		return nil
	}
	return d.failed(ctx, r.it, err)
}

// Done implements [bot.Finisher]. Where nothing was sent nothing was meant to
// be: the bot does not speak with that user.
func (r *responder) Done(ctx context.Context) {
	d := r.d
	d.mu.Lock()
	silent := r.it.turn == r.turn && r.it.busy && !r.it.posting && !r.it.done
	d.mu.Unlock()
	if silent {
		d.settle(ctx, r.it)
	}
}

// release gives the mention back after a panic in Send.
func (r *responder) release() {
	r.d.mu.Lock()
	defer r.d.mu.Unlock()
	if r.it.posting {
		r.it.posting, r.it.busy = false, false
		r.it.failures++
	}
}

// failed decides whether to try again later.
func (d *Desk) failed(ctx context.Context, it *item, err error) error {
	refused := Refusal(err)
	d.mu.Lock()
	held := errors.Is(err, errHeld)
	if !held && refused.Wait == 0 {
		it.failures++
	}
	delay := max(time.Duration(1<<min(it.failures, 9))*2*time.Second, refused.Wait)
	tries := it.failures
	d.mu.Unlock()
	if refused.Final() || tries >= maxAttempts {
		d.settle(ctx, it)
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	it.posting, it.busy, it.next = false, false, time.Now().Add(delay)
	if refused.Status == 0 && !held {
		it.again = true // nobody knows what became of the call
	}
	select {
	case d.changed <- struct{}{}:
	default:
	}
	if held {
		return nil
	}
	return err
}

// answer says what there is to say about m.
func (d *Desk) answer(ctx context.Context, m *Mention, r *bot.Reply, maybe bool) error {
	if r.Kind == unroll.KindCanceled {
		return errHeld // the program is ending, and m is answered at its next start
	}
	pulled, err := d.brake.Pulled(ctx, d.net.Name())
	if err != nil || pulled {
		return errors.Join(errHeld, err)
	}
	if stopped, err := d.people.stopped(ctx, m.User); err != nil {
		return errors.Join(errHeld, err)
	} else if stopped {
		return nil
	}
	if r.Thread == nil {
		return d.sentence(ctx, m, r, maybe)
	}
	key := "mention:" + d.net.Name() + ":shown:" + m.Conversation + ":" + r.Thread.Ref.Path()
	mine, err := d.mine(ctx, key, m, shownFor)
	switch {
	case err != nil:
		return errors.Join(errHeld, err)
	case mine:
		err = d.net.Post(ctx, m, ofThread(d.phrases, m.Locale, r), maybe)
		return d.unless(ctx, key, err)
	case d.cfg.Again == AgainSilent:
		return nil
	case d.cfg.Again == AgainLike:
		return d.net.Like(ctx, m)
	default:
		return d.net.Post(ctx, m, again(d.phrases, m.Locale, r), maybe)
	}
}

// sentence tells of an error, or gives help, once in a conversation. That
// somebody asks too often is told once, and not for each time.
func (d *Desk) sentence(ctx context.Context, m *Mention, r *bot.Reply, maybe bool) error {
	if r.Kind != "" && d.cfg.SilentErrors {
		d.log.Info("an error is not told", "kind", string(r.Kind))
		return nil
	}
	key, keep := "mention:"+d.net.Name()+":told:", shownFor
	switch r.Kind {
	case "": // help, or what became of a wish
		sum := sha256.Sum256([]byte(r.Text + r.Asked.Path()))
		key, keep = key+m.User+":"+hex.EncodeToString(sum[:4]), saidFor
	case unroll.KindRateLimited:
		key, keep = key+m.User+":"+string(r.Kind), time.Hour
	default:
		key += m.Conversation + ":" + string(r.Kind) + ":" + r.Asked.Path()
	}
	mine, err := d.mine(ctx, key, m, keep)
	if err != nil {
		return errors.Join(errHeld, err)
	}
	if !mine {
		return nil
	}
	return d.unless(ctx, key, d.net.Post(ctx, m, &Answer{Text: r.Text, Locale: m.Locale}, maybe))
}

// mine tells whether m is the first to get what key stands for, in this life
// or an earlier one.
func (d *Desk) mine(ctx context.Context, key string, m *Mention, keep time.Duration) (bool, error) {
	d.shown.Lock()
	defer d.shown.Unlock()
	holder, ok, err := d.values.Value(ctx, key)
	if err != nil || ok {
		return string(holder) == m.ID, err
	}
	return true, d.values.SetValue(ctx, key, []byte(m.ID), keep)
}

// unless takes back what mine noted when the network refused the answer.
func (d *Desk) unless(ctx context.Context, key string, err error) error {
	if err != nil && Refusal(err).Final() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
		defer cancel()
		if derr := d.values.DeleteValue(ctx, key); derr != nil {
			d.log.Warn("store cannot forget an answer", "err", derr)
		}
	}
	return err
}
