package telegram

import (
	"context"

	"unrollbot/bot"
)

// spreader answers a press with the whole thread in messages.
type spreader struct{ *presser }

// Send sends the messages below the answer.
func (r *spreader) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		return r.sorry(ctx, reply)
	}
	if r.twice(ctx) {
		r.answer(ctx, "")
		return nil
	}
	r.answer(ctx, "")
	var parts []int64
	for _, v := range r.a.whole(ctx, reply, r.audience(), maxWhole) {
		id, err := r.a.send(ctx, r.to, v, answerPatience)
		if err != nil {
			return r.end(ctx, err)
		}
		parts = append(parts, id)
	}
	r.did(ctx)
	r.a.keepRecord(ctx, r.to.Chat, record{By: hashedUser(r.to.Chat, itoa(r.who)), Parts: parts})
	return nil
}
