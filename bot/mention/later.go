package mention

import (
	"context"
	"errors"
	"fmt"
	"time"

	"unrollbot/bot"
)

// Recaller is a Network that lets the bot answer a mention again days later:
// with what is new in the thread that its author has the bot watch.
type Recaller interface {
	Network
	// Note is what Post needs to know of m. It goes into the store.
	Note(m *Mention) ([]byte, error)
	// Recalled is its inverse, for Post alone.
	Recalled(note []byte) (*Mention, error)
}

var (
	_ bot.Addressed = (*responder)(nil)
	_ bot.Personal  = (*responder)(nil)
	_ bot.Responder = (*late)(nil)
)

// Personal implements [bot.Personal]: who mentions the bot is answered.
func (*responder) Personal() {}

// Address implements [bot.Addressed]. It does not end; that of a network which
// is no [Recaller] has ended.
func (r *responder) Address() ([]byte, time.Time) {
	if n, ok := r.d.net.(Recaller); ok {
		if note, err := n.Note(r.it.m); err == nil {
			return note, time.Time{}
		}
	}
	return nil, time.Unix(0, 0)
}

// Recall is [bot.Recaller]'s, for the adapter of this desk. Answers other than
// news are none of its business: a mention without its answer is open, and
// answered by [Desk.Run].
func (d *Desk) Recall(ctx context.Context, req bot.Request, address []byte) (bot.Responder, error) {
	n, ok := d.net.(Recaller)
	if !ok {
		return nil, bot.ErrGone
	}
	m, err := n.Recalled(address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", n.Name(), bot.ErrGone, err)
	}
	m.User, m.Locale, m.Public = req.User, req.Locale, req.Public
	switch stopped, err := d.people.stopped(ctx, m.User); {
	case err != nil:
		return nil, err
	case stopped:
		return nil, bot.ErrGone
	default:
		return &late{d, m}, nil
	}
}

// late carries news to who mentioned the bot days ago.
type late struct {
	d *Desk
	m *Mention
}

func (*late) Working(context.Context) error { return nil }

func (l *late) Send(ctx context.Context, r bot.Reply) error {
	if r.NewFrom == "" || r.Thread == nil {
		return nil
	}
	if pulled, err := l.d.brake.Pulled(ctx, l.d.net.Name()); err != nil || pulled {
		return errors.Join(errHeld, err)
	}
	err := l.d.net.Post(ctx, l.m, ofNews(l.d.phrases, l.m.Locale, &r), true)
	if err != nil && Refusal(err).Final() {
		return fmt.Errorf("%w: %w", bot.ErrGone, err)
	}
	return err
}
