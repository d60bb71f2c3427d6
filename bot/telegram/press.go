package telegram

import (
	"context"
	"errors"
	"sync"
	"time"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
)

const (
	// pressPatience is how long a press may wait for its turn: who pressed
	// looks at a spinner.
	pressPatience = 5 * time.Second
	// pressTime is when the spinner ends, answer or not. Telegram names no
	// time after which it takes no answer.
	pressTime = 8 * time.Second
	// maxToast is the longest text of an answer to a press, in characters
	// (Bot API, "answerCallbackQuery", November 2026).
	maxToast = 200
)

// takePress takes a press of a button under one of the bot's messages.
func (a *Adapter) takePress(ctx context.Context, id int64, c *callback) error {
	p, err := parsePress(c.Data)
	if err != nil || c.From == nil || (c.Message == nil && c.Inline == "") {
		a.toast(ctx, c.ID, a.say(localeOf(c.From), "button_expired", nil))
		return nil //nolint:nilerr // told to who pressed it
	}
	ref, err := a.find(ctx, p)
	if err != nil {
		phrase := "error_internal"
		if errors.Is(err, errForgotten) {
			phrase = "button_expired"
		} else {
			a.log.Warn("store cannot tell a button's thread", "err", err)
		}
		a.toast(ctx, c.ID, a.say(localeOf(c.From), phrase, nil))
		return nil
	}
	req := bot.Request{
		ID: itoa(id), Platform: Name, Chat: "inline:" + c.Instance, User: itoa(c.From.ID), Locale: c.From.LanguageCode,
		Page: &bot.PageRequest{Ref: ref, Number: p.Number, Fresh: p.Verb == verbFresh},
	}
	r := &presser{a: a, id: c.ID, locale: req.Locale, inline: c.Inline}
	if m := c.Message; m != nil {
		req.Chat, req.Private = itoa(m.Chat.ID), m.Chat.Type == tele.ChatPrivate
		r.chat, r.message, r.topic = m.Chat.ID, m.ID, m.topic()
	}
	switch err := a.dispatch.Dispatch(ctx, req, r); {
	case errors.Is(err, bot.ErrBusy):
		// Who pressed can press again; there is no use in waiting.
		a.toast(ctx, c.ID, a.say(req.Locale, "busy", nil))
		return nil
	case err != nil:
		return err
	}
	r.watch(context.WithoutCancel(ctx))
	return nil
}

func localeOf(u *tele.User) string {
	if u == nil {
		return ""
	}
	return u.LanguageCode
}

// toast answers a press with a few words, or with none. Its failure is told
// to nobody: the spinner will end by itself.
func (a *Adapter) toast(ctx context.Context, id, text string) {
	params := map[string]any{"callback_query_id": id}
	if text != "" {
		params["text"], params["show_alert"] = cutUnits(text, maxToast), true
	}
	if err := a.call(ctx, turn{}, "answerCallbackQuery", params, nil); err != nil && !refused(err).says("query is too old") {
		a.log.Info("press cannot be answered", "err", err)
	}
}

// presser answers a press: it changes the message under which the button is.
type presser struct {
	a             *Adapter
	id            string
	locale        string
	chat, message int64
	topic         int64
	inline        string // instead of chat and message

	mu       sync.Mutex
	timer    *time.Timer
	answered bool
}

var _ bot.Responder = (*presser)(nil)

// editMessage are the parameters of a message to change.
type editMessage struct {
	ChatID    int64  `json:"chat_id,omitempty"`
	MessageID int64  `json:"message_id,omitempty"`
	Inline    string `json:"inline_message_id,omitempty"`
	view
}

// watch makes sure that the press is answered, whatever happens to it.
func (r *presser) watch(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.answered {
		r.timer = time.AfterFunc(pressTime, func() { r.answer(ctx, "") })
	}
}

// answer ends the spinner, once. It tells whether this was the time.
func (r *presser) answer(ctx context.Context, text string) bool {
	r.mu.Lock()
	done := r.answered
	r.answered = true
	if r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Unlock()
	if !done {
		r.a.toast(ctx, r.id, text)
	}
	return !done
}

// Working does nothing: the button shows a spinner by itself.
func (r *presser) Working(context.Context) error { return nil }

// Send shows another page in place, or says why not. The thread stays as it
// was then.
func (r *presser) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		if r.answer(ctx, reply.Text) || r.chat == 0 {
			return nil
		}
		to := place{Chat: r.chat, Topic: r.topic, ReplyTo: r.message}
		_, err := r.a.send(ctx, to, r.a.view(ctx, reply, r.locale))
		return r.a.unlessGone(err)
	}
	v := r.a.view(ctx, reply, r.locale)
	err := r.a.call(ctx, turn{chat: r.chat, patience: pressPatience}, "editMessageText",
		editMessage{ChatID: r.chat, MessageID: r.message, Inline: r.inline, view: v}, nil)
	switch {
	case err == nil, unchanged(err):
		r.answer(ctx, "")
		return nil
	case errors.Is(err, errSlow):
		r.answer(ctx, r.a.say(r.locale, "error_rate_limited", nil))
		return nil
	default:
		r.answer(ctx, r.a.say(r.locale, "error_internal", nil))
		return r.a.unlessGone(err)
	}
}
