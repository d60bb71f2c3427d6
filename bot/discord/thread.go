package discord

import (
	"context"

	"unrollbot/bot"
)

func (r *interactionReply) unrollInto(ctx context.Context, reply *bot.Reply, first bool) error {
	return r.put(ctx, sentence("todo"), first)
}
