package telegram

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"unrollbot/bot"
	"unrollbot/unroll"
)

const (
	// maxBranches is how many side branches a menu shows; the page has all.
	maxBranches = 8
	// maxBranchLabel is what clients show of a button, in UTF-16 units.
	maxBranchLabel = 36
)

// brancher answers a press with buttons for the thread's side branches.
type brancher struct {
	*presser
	rows [][]button // under the message now
}

// Send puts the branches where the menu is.
func (r *brancher) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		return r.sorry(ctx, reply)
	}
	rows := slices.DeleteFunc(slices.Clone(r.rows), ofMenu)
	for _, b := range reply.Thread.Branches[:min(len(reply.Thread.Branches), maxBranches)] {
		if row, ok := r.branch(ctx, reply.Thread, &b); ok {
			rows = append(rows, row)
		}
	}
	params := map[string]any{"chat_id": r.to.Chat, "message_id": r.to.ReplyTo, "reply_markup": keyboard{Rows: rows}}
	err := r.a.call(ctx, r.turn(), "editMessageReplyMarkup", params, nil)
	if unchanged(err) {
		err = nil
	}
	return r.end(ctx, err)
}

// branch is the button that lays the thread through a branch.
func (r *brancher) branch(ctx context.Context, t *unroll.Thread, b *unroll.Branch) ([]button, bool) {
	readable := 0
	words := ""
	for i := range b.Posts {
		if b.Posts[i].Gap == nil {
			readable++
			if words == "" {
				words = strings.Join(strings.Fields(b.Posts[i].Text), " ")
			}
		}
	}
	if readable == 0 {
		return nil, false
	}
	if short := cutUnits(words, maxBranchLabel); short != words {
		words = strings.TrimSpace(short) + "…"
	}
	p, err := r.a.short(ctx, press{Verb: verbBranch, Number: 1, Ref: t.RefOf(&b.Posts[len(b.Posts)-1])})
	if err != nil {
		r.a.log.Warn("buttons cannot be kept", "err", err)
		return nil, false
	}
	return []button{{Text: labelBranch + strings.TrimSpace(words+" · "+strconv.Itoa(readable)), Data: p.String()}}, true
}
