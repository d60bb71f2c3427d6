package console

import (
	"context"
	"fmt"
	"sync"

	"unrollbot/bot"
)

// Inline is a [bot.Dispatch] that answers each request before it returns.
type Inline struct {
	Handler bot.Handler
}

var _ bot.Dispatch = Inline{}

// Dispatch answers req. What went wrong is told in the chat.
func (d Inline) Dispatch(ctx context.Context, req bot.Request, res bot.Responder) error {
	err := d.Handler.Handle(ctx, req, res)
	if r, ok := res.(*responder); ok {
		r.finish()
		if err != nil {
			r.a.hint(fmt.Sprintf("(%v)", err))
		}
	}
	return nil
}

// responder prints answers.
type responder struct {
	a        *Adapter
	once     sync.Once
	answered chan struct{} // closed after the first answer
}

var _ bot.Responder = (*responder)(nil)

// Working shows dots: the answer takes a moment.
func (r *responder) Working(context.Context) error {
	r.a.hint("…")
	return nil
}

// Send prints an answer.
func (r *responder) Send(_ context.Context, reply bot.Reply) error {
	defer r.finish()
	return r.a.answer(reply)
}

func (r *responder) finish() { r.once.Do(func() { close(r.answered) }) }
