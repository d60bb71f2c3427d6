package telegram

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
	"unrollbot/unroll"
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
	locale, settings := c.From.LanguageCode, bot.Settings{}
	if c.Message != nil {
		if settings = a.settingsOf(ctx, itoa(c.Message.Chat.ID)); settings.Locale != "" {
			locale = settings.Locale
		}
	}
	says := func(phrase string) error {
		return a.beside(ctx, func(ctx context.Context) { a.toast(ctx, c.ID, a.say(locale, phrase, nil)) })
	}
	if strings.HasPrefix(c.Data, settingPrefix) {
		return a.beside(ctx, func(ctx context.Context) { a.pressSetting(ctx, c, locale) })
	}
	p, err := parsePress(c.Data)
	if err != nil || (c.Message == nil && c.Inline == "") {
		return says("button_expired")
	}
	if _, ok := p.Verb.menu(); ok {
		return a.beside(ctx, func(ctx context.Context) { a.toggleMenu(ctx, c, p, locale) })
	}
	if p.Verb == verbDelete {
		return a.beside(ctx, func(ctx context.Context) { a.deleteAnswer(ctx, c, locale) })
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
		ID: itoa(id), Platform: Name, Chat: "inline:" + c.Instance, User: itoa(c.From.ID), Locale: locale, Settings: settings,
	}
	at := address{Way: byPress, Press: c.ID, Verb: string(p.Verb), Inline: c.Inline, Asker: c.From.ID}
	if m := c.Message; m != nil {
		req.Chat, req.Private = itoa(m.Chat.ID), m.Chat.Type == tele.ChatPrivate
		at.Chat, at.Topic, at.Message = m.Chat.ID, m.topic(), m.ID
		if m.ReplyTo != nil {
			at.Question = m.ReplyTo.ID
		}
		if p.Verb == verbBranches && m.Markup != nil {
			at.Rows = m.Markup.Rows
		}
	}
	switch p.Verb {
	case verbWatch, verbUnwatch:
		at.Way = byWatch
		req.Command, req.Message.Text = "watch", linkOf(ref)
		if p.Verb == verbUnwatch {
			req.Command = "unwatch"
		}
	default:
		req.Page = &bot.PageRequest{Ref: ref, Number: p.Number, Fresh: p.Verb == verbFresh}
	}
	pressed := a.presserAt(at, &req)
	switch err := a.dispatch.Dispatch(ctx, req, a.responder(pressed, &req)); {
	case errors.Is(err, bot.ErrBusy):
		return says("busy") // who pressed can press again; there is no use in waiting
	case err != nil:
		return err
	}
	pressed.watch(context.WithoutCancel(ctx))
	return nil
}

func (a *Adapter) presserAt(at address, req *bot.Request) *presser {
	p := &presser{
		spinner: &spinner{a: a, id: at.Press}, from: at, locale: req.Locale, settings: req.Settings, inline: at.Inline,
		who: at.Asker, to: place{Chat: at.Chat, Topic: at.Topic, ReplyTo: at.Message},
	}
	if at.Verb != "" {
		p.verb = verb(at.Verb[0])
	}
	return p
}

// responder is what does a button's work once its thread is there.
func (a *Adapter) responder(p *presser, req *bot.Request) bot.Responder {
	switch p.verb {
	case verbMarkdown, verbText, verbHTML, verbEPUB, verbPDF:
		return &filer{presser: p}
	case verbAll:
		if p.to.Chat > 0 { // a crowd has no use for so many
			return &spreader{presser: p}
		}
	case verbMedia:
		return &exhibitor{presser: p}
	case verbWatch, verbUnwatch:
		return &bell{presser: p, later: a.later(p.from, req)}
	case verbBranches:
		if len(p.from.Rows) > 0 {
			return &brancher{presser: p, rows: p.from.Rows}
		}
	case verbShow:
		if p.to.Chat != 0 {
			return &shower{presser: p, answer: a.inPlaceOf(p.from, req)}
		}
	default:
	}
	return p
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
	from   address
	locale string
	to     place  // ReplyTo is the message with the button
	inline string // instead of to

	who      int64
	verb     verb
	settings bot.Settings
	again    bool // another process took the press before
}

// Working shows nothing: the button has a spinner by itself. What costs a new
// look at the source, or shows a thread, is only for who may ask. What sends
// messages counts as asking; turning pages is free, see [bot.Limited].
func (r *presser) Working(ctx context.Context) error {
	switch r.verb {
	case verbFresh, verbShow:
		if r.inline == "" && !r.a.mayAsk(ctx, r.settings, r.to.Chat, r.who) {
			r.answer(ctx, r.a.say(r.locale, "admins_only", nil))
			return bot.ErrDeclined
		}
	case verbMarkdown, verbText, verbHTML, verbEPUB, verbPDF, verbMedia, verbAll:
		if wait := r.over(ctx); wait > 0 {
			err := &unroll.Error{Kind: unroll.KindRateLimited, Op: "press", RetryAfter: wait}
			r.answer(ctx, bot.ErrorReply(r.a.phrases, r.locale, unroll.Ref{}, err).Text)
			return bot.ErrDeclined
		}
	default:
	}
	return nil
}

// over counts the press and tells for how long who pressed, or the chat, has
// had enough.
func (r *presser) over(ctx context.Context) time.Duration {
	limits := bot.DefaultLimits()
	for key, limit := range map[string]unroll.Limit{
		"user:" + Name + ":" + itoa(r.who): limits.User, "chat:" + Name + ":" + itoa(r.to.Chat): limits.Chat,
	} {
		wait, err := r.a.limiter.Allow(ctx, key, limit)
		if err != nil {
			r.a.log.Warn("limits cannot be counted", "err", err)
		}
		if wait > 0 {
			return wait
		}
	}
	return 0
}

// Send shows another page in place, or says why not. The thread stays as it
// was then.
func (r *presser) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		return r.sorry(ctx, reply)
	}
	v := r.a.view
	if r.verb == verbFresh && r.settings.View == bot.ViewLink {
		v = r.a.linkAnswer
	}
	return r.end(ctx, r.a.edit(ctx, r.turn(),
		editMessage{ChatID: r.to.Chat, MessageID: r.to.ReplyTo, Inline: r.inline, view: v(ctx, reply, r.audience())}))
}

func (r *presser) turn() turn { return turn{chat: r.to.Chat, patience: pressPatience} }

func (r *presser) audience() audience {
	return audience{locale: r.locale, inline: r.inline != "", quiet: r.settings.Quiet, crowd: r.to.Chat <= 0}
}

// sorry tells of an error where the press was, or in a message when the
// spinner has ended already.
func (r *presser) sorry(ctx context.Context, reply bot.Reply) error {
	if r.answer(ctx, reply.Text) || r.to.Chat == 0 {
		return nil
	}
	_, err := r.a.send(ctx, r.to, r.a.view(ctx, reply, r.audience()), answerPatience)
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
