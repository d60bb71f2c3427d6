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
	if c.From == nil {
		return nil
	}
	locale := c.From.LanguageCode
	says := func(phrase string) error {
		return a.beside(ctx, func(ctx context.Context) { a.toast(ctx, c.ID, a.say(locale, phrase, nil)) })
	}
	p, err := parsePress(c.Data)
	if err != nil || (c.Message == nil && c.Inline == "") {
		return says("button_expired")
	}
	switch p.Verb {
	case verbMenu, verbMenuMedia:
		return a.beside(ctx, func(ctx context.Context) { a.toggleMenu(ctx, c, p) })
	case verbDelete:
		return a.beside(ctx, func(ctx context.Context) { a.deleteAnswer(ctx, c) })
	case verbPage, verbFresh, verbMarkdown, verbText, verbMedia: // need the thread
	}
	ref, err := a.find(ctx, p)
	if err != nil {
		if errors.Is(err, errForgotten) {
			return says("button_expired")
		}
		a.log.Warn("store cannot tell a button's thread", "err", err)
		return says("error_internal")
	}
	req := bot.Request{
		ID: itoa(id), Platform: Name, Chat: "inline:" + c.Instance, User: itoa(c.From.ID), Locale: locale,
		Page: &bot.PageRequest{Ref: ref, Number: p.Number, Fresh: p.Verb == verbFresh},
	}
	pressed := &presser{spinner: &spinner{a: a, id: c.ID}, locale: locale, inline: c.Inline}
	if m := c.Message; m != nil {
		req.Chat, req.Private = itoa(m.Chat.ID), m.Chat.Type == tele.ChatPrivate
		pressed.to = place{Chat: m.Chat.ID, Topic: m.topic(), ReplyTo: m.ID}
	}
	var res bot.Responder = pressed
	switch p.Verb {
	case verbMarkdown, verbText:
		res = &filer{presser: pressed, verb: p.Verb}
	case verbMedia:
		res = &exhibitor{presser: pressed}
	case verbPage, verbFresh, verbMenu, verbMenuMedia, verbDelete:
	}
	switch err := a.dispatch.Dispatch(ctx, req, res); {
	case errors.Is(err, bot.ErrBusy):
		return says("busy") // who pressed can press again; there is no use in waiting
	case err != nil:
		return err
	}
	pressed.watch(context.WithoutCancel(ctx))
	return nil
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

// spinner is what a client shows from a press until its answer.
type spinner struct {
	a  *Adapter
	id string

	mu       sync.Mutex
	timer    *time.Timer
	answered bool
}

// watch makes sure that the press is answered, whatever happens to it.
func (s *spinner) watch(ctx context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.answered {
		s.timer = time.AfterFunc(pressTime, func() { s.answer(ctx, "") })
	}
}

// answer ends the spinner, once. It tells whether this was the time.
func (s *spinner) answer(ctx context.Context, text string) bool {
	s.mu.Lock()
	done := s.answered
	s.answered = true
	if s.timer != nil {
		s.timer.Stop()
	}
	s.mu.Unlock()
	if !done {
		s.a.toast(ctx, s.id, text)
	}
	return !done
}

// presser answers a press: it changes the message under which the button is.
type presser struct {
	*spinner
	locale string
	to     place  // ReplyTo is the message with the button
	inline string // instead of to
}

var _ bot.Responder = (*presser)(nil)

// Working does nothing: the button shows a spinner by itself.
func (r *presser) Working(context.Context) error { return nil }

// Send shows another page in place, or says why not. The thread stays as it
// was then.
func (r *presser) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		return r.sorry(ctx, reply)
	}
	return r.end(ctx, r.a.edit(ctx, r.turn(),
		editMessage{ChatID: r.to.Chat, MessageID: r.to.ReplyTo, Inline: r.inline, view: r.a.view(ctx, reply, r.audience())}))
}

func (r *presser) turn() turn { return turn{chat: r.to.Chat, patience: pressPatience} }

func (r *presser) audience() audience { return audience{locale: r.locale, inline: r.inline != ""} }

// sorry tells of an error where the press was, or in a message when the
// spinner has ended already.
func (r *presser) sorry(ctx context.Context, reply bot.Reply) error {
	if r.answer(ctx, reply.Text) || r.to.Chat == 0 {
		return nil
	}
	_, err := r.a.send(ctx, r.to, r.a.view(ctx, reply, r.audience()))
	return r.a.unlessGone(err)
}

// end ends the spinner, telling of err if there is one.
func (r *presser) end(ctx context.Context, err error) error {
	switch {
	case err == nil:
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
