package console

import (
	"cmp"
	"context"
	"slices"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

var (
	_ bot.Recaller  = (*Adapter)(nil)
	_ bot.Addressed = (*responder)(nil)
)

// Address is the same in every chat: who comes back to the terminal is told
// there.
func (r *responder) Address() ([]byte, time.Time) { return []byte(terminal), time.Time{} }

// Recall prints into the chat.
func (a *Adapter) Recall(context.Context, bot.Request, []byte) (bot.Responder, error) {
	return &responder{a: a, done: make(chan struct{})}, nil
}

// news are the blocks of a watched thread's new posts, below a line that
// counts them.
func (a *Adapter) news(r *bot.Reply) []render.Block {
	t := *r.Thread
	at := slices.IndexFunc(t.Posts, func(p unroll.Post) bool { return p.ID == r.NewFrom })
	t.Posts, t.Branches, t.ReplyTo = t.Posts[max(at, 0):], nil, nil
	line := a.phrases.Text(a.cfg.Locale, "news", map[string]any{"PluralCount": t.Len(), "Author": cmp.Or(t.Author.Name, t.Author.Handle)})
	blocks := slices.DeleteFunc(a.blocks(&t, r.PageURL), func(b render.Block) bool {
		return b.Kind == render.BlockTitle || b.Kind == render.BlockFooter
	})
	return slices.Insert(blocks, 0, render.Block{Kind: render.BlockTitle, Text: clean(line)})
}
