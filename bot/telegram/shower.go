package telegram

import (
	"context"

	"unrollbot/bot"
)

// shower answers a press on an offer: the thread takes the offer's place, in
// the form that the chat has chosen.
type shower struct {
	*presser
	answer *answerer
}

var _ bot.Finisher = (*shower)(nil)

// inPlaceOf answers for who pressed a button, in the place of its message.
func (a *Adapter) inPlaceOf(at address, req *bot.Request) *answerer {
	r := a.answererAt(at, req)
	r.old, r.to.Last = []int64{at.Message}, at.Message
	if at.Question != 0 {
		r.to.ReplyTo = at.Question
	}
	return r
}

// Done tidies up after the answer.
func (r *shower) Done(ctx context.Context) { r.answer.Done(ctx) }

// Send shows the thread. When two press at once, one of them is enough.
func (r *shower) Send(ctx context.Context, reply bot.Reply) error {
	switch {
	case reply.Thread == nil:
		return r.sorry(ctx, reply)
	case r.twice(ctx):
		r.presser.answer(ctx, "")
		return nil
	}
	return r.end(ctx, r.answer.Send(ctx, reply))
}
