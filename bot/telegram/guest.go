package telegram

import (
	"context"
	"sync"
	"time"

	"unrollbot/bot"
)

// guestTime is how long a guest's question goes without a sign of work. It
// can be answered once only (Bot API 10.0, "answerGuestQuery"): with the
// answer if that is quick, else with a sign that becomes the answer.
const guestTime = 3 * time.Second

// guestSign is that sign.
const guestSign = "⏳"

// takeGuest takes a message from a chat that the bot is not in, whose writer
// named it there.
func (a *Adapter) takeGuest(ctx context.Context, id int64, m *message) error {
	req, ok := fromMessage(m, a.me.Load())
	if !ok || !addressed(&req) || m.GuestQuery == "" {
		return nil
	}
	req.ID, req.Mentioned = itoa(id), true
	return a.dispatch.Dispatch(ctx, req, &guest{a: a, query: m.GuestQuery, locale: req.Locale})
}

// guest answers where the bot is not a member.
type guest struct {
	a      *Adapter
	query  string
	locale string

	mu       sync.Mutex
	timer    *time.Timer
	answered bool
	inline   string // the answer's id, once it is known
	sent     bool   // the answer is final
}

// Working shows a sign if the answer takes long.
func (r *guest) Working(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = time.AfterFunc(guestTime, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.answered || ctx.Err() != nil {
			return
		}
		if err := r.answer(ctx, view{richText: richText{Text: guestSign}}); err != nil {
			r.a.log.Info("guest cannot be shown that work goes on", "err", err)
		}
	})
	return nil
}

// Send answers, with the first link's thread: there is one answer.
func (r *guest) Send(ctx context.Context, reply bot.Reply) error {
	v := r.a.view(ctx, reply, audience{locale: r.locale, inline: true, crowd: true})
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer != nil {
		r.timer.Stop()
	}
	if reply.NewFrom != "" { // the one answer is given
		return bot.ErrGone
	}
	if r.sent {
		return nil
	}
	r.sent = true
	if !r.answered {
		return r.a.unlessGone(r.answer(ctx, v))
	}
	if r.inline == "" { // the sign's own fate is not known
		return nil
	}
	return r.a.unlessGone(r.a.edit(ctx, turn{}, editMessage{Inline: r.inline, view: v}))
}

func guestKey(query string) string { return "telegram:guest:" + query }

// answer gives the one answer.
func (r *guest) answer(ctx context.Context, v view) error {
	r.answered = true
	var sent struct {
		Inline string `json:"inline_message_id"`
	}
	var err error
	for {
		params := map[string]any{"guest_query_id": r.query, "result": v.article("answer", "Unroll", "")}
		if err = r.a.call(ctx, turn{}, "answerGuestQuery", params, &sent); v.less == nil || !misformed(err) {
			break
		}
		v = v.less(err)
	}
	if r.inline = sent.Inline; r.inline != "" && !r.sent {
		if err := r.a.values.SetValue(ctx, guestKey(r.query), []byte(r.inline), guestFor); err != nil {
			r.a.log.Warn("store cannot keep an answer's place", "err", err)
		}
	}
	if refused(err).says("query is too old") { // answered already, and the receipt was lost; or too late
		return nil
	}
	return err
}
