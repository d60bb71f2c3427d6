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

var _ bot.Responder = (*shower)(nil)

// inPlaceOf answers for who pressed a button, in the place of its message.
func (a *Adapter) inPlaceOf(m *message, req *bot.Request, who int64) *answerer {
	r := &answerer{
		a: a, user: req.User, userID: who, locale: req.Locale, settings: req.Settings, old: []int64{m.ID},
		to: place{Chat: m.Chat.ID, Topic: m.topic(), ReplyTo: m.ID, Last: m.ID},
	}
	if m.ReplyTo != nil {
		r.to.ReplyTo = m.ReplyTo.ID
	}
	return r
}

// Send shows the thread. When two press at once, one of them is enough.
func (r *shower) Send(ctx context.Context, reply bot.Reply) error {
	switch {
	case reply.Thread == nil:
		return r.sorry(ctx, reply)
	case r.twice(ctx, verbShow):
		r.presser.answer(ctx, "")
		return nil
	}
	return r.end(ctx, r.answer.Send(ctx, reply))
}
