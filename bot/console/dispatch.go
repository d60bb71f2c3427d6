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
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
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
	a     *Adapter
	first sync.Once
	last  sync.Once
	done  chan struct{} // closed after the last answer
}

var _ bot.Responder = (*responder)(nil)

// Working shows dots: the answer takes a moment.
func (r *responder) Working(ctx context.Context) error {
	r.follow(ctx)
	r.a.hint("…")
	return nil
}

// Send prints an answer.
func (r *responder) Send(ctx context.Context, reply bot.Reply) error {
	defer r.follow(ctx)
	return r.a.answer(reply)
}

// follow finds out when the last answer was sent: whoever answers a request
// ends its context then. One that never ends tells nothing, and the first
// answer is taken for the last.
func (r *responder) follow(ctx context.Context) {
	r.first.Do(func() {
		if ctx.Done() == nil {
			r.finish()
			return
		}
		context.AfterFunc(ctx, r.finish)
	})
}

func (r *responder) finish() { r.last.Do(func() { close(r.done) }) }
