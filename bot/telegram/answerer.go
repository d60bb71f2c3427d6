package telegram

import (
	"bytes"
	"context"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
	"unrollbot/unroll/render"
)

// maxWhole bounds the messages that one answer is spread over: half of what a
// group is allowed in a minute.
const maxWhole = 10

// answerer answers a message with messages.
type answerer struct {
	a        *Adapter
	to       place
	user     string // who asks
	userID   int64
	locale   string
	settings bot.Settings
	note     string // id of a sentence to say after another one
	// silent is set for messages that nobody addressed to the bot: it may
	// offer threads, and says nothing else.
	silent   bool
	progress progress
	// old are earlier answers to the same message, which was edited since, or
	// the sign of progress. The new ones take their places.
	old []int64
	new []int64
}

var _ bot.Responder = (*answerer)(nil)

func (a *Adapter) answerer(m *message, req *bot.Request) *answerer {
	r := &answerer{
		a: a, user: req.User, userID: senderID(m), locale: req.Locale, settings: req.Settings,
		to: place{Chat: m.Chat.ID, Topic: m.topic(), ReplyTo: m.ID, Last: m.ID},
	}
	if m.Forwarded { // from the channel that the group belongs to
		r.userID = m.Chat.ID
	}
	if (req.Command == "help" || req.Command == "start") && a.blind(&m.Chat) {
		r.note = "privacy"
	}
	return r
}

func (r *answerer) audience() audience { return audience{locale: r.locale, quiet: r.settings.Quiet} }

// Working lets the chat see that the bot is typing, if it takes any time, and
// then a message that will become the answer. In a chat where only admins may
// ask it tells others so.
func (r *answerer) Working(ctx context.Context) error {
	if !r.a.mayAsk(ctx, r.settings, r.to.Chat, r.userID) {
		v := r.a.sentence(ctx, bot.Reply{Text: r.a.say(r.locale, "admins_only", nil)}, r.locale)
		if _, err := r.a.send(ctx, r.to, v, answerPatience); err != nil {
			r.a.unlessGoneLog(err)
		}
		return bot.ErrDeclined
	}
	r.progress.start(ctx, r.typing, r.sign)
	return nil
}

func (r *answerer) typing(ctx context.Context) {
	params := map[string]any{"chat_id": r.to.Chat, "action": tele.Typing}
	if r.to.Topic != 0 {
		params["message_thread_id"] = r.to.Topic
	}
	if err := r.a.api.call(ctx, "sendChatAction", params, nil); err != nil && ctx.Err() == nil {
		r.a.log.Info("typing cannot be shown", "err", err)
	}
}

// sign sends the message that becomes the answer.
func (r *answerer) sign(ctx context.Context) {
	if len(r.old) > 0 { // there is one already
		return
	}
	id, err := r.a.send(ctx, r.to, view{richText: richText{Text: r.a.say(r.locale, "working", nil)}}, signPatience)
	if err != nil {
		r.a.log.Info("progress cannot be shown", "err", err)
		return
	}
	r.to.Last = max(r.to.Last, id)
	r.old = []int64{id}
}

// Send answers.
func (r *answerer) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Offer {
		return r.offer(ctx, reply)
	}
	if r.silent {
		return nil
	}
	r.progress.stop()
	if reply.Thread == nil && r.note != "" {
		reply.Text += gap + r.a.say(r.locale, r.note, nil)
	}
	r.claim(ctx, reply)
	before := len(r.new)
	err := r.show(ctx, reply)
	if parts := r.new[before:]; len(parts) > 0 {
		r.keep(ctx, reply, parts)
	}
	return r.a.unlessGone(err)
}

// show answers in the form that the chat has chosen.
func (r *answerer) show(ctx context.Context, reply bot.Reply) error {
	if reply.Thread != nil {
		switch r.settings.View {
		case bot.ViewFile:
			return r.showFile(ctx, reply)
		case bot.ViewWhole:
			for _, v := range r.a.whole(ctx, reply, r.audience(), maxWhole) {
				if err := r.put(ctx, v); err != nil {
					return err
				}
			}
			return nil
		case bot.ViewLink:
			return r.put(ctx, r.a.linkAnswer(ctx, reply, r.audience()))
		case bot.ViewPages:
		}
	}
	return r.put(ctx, r.a.view(ctx, reply, r.audience()))
}

// put sends v, or puts it in the place of an earlier answer.
func (r *answerer) put(ctx context.Context, v view) error {
	if n := len(r.new); n < len(r.old) {
		id := r.old[n]
		err := r.a.edit(ctx, r.turn(), editMessage{ChatID: r.to.Chat, MessageID: id, view: v})
		switch {
		case err == nil:
			r.new = append(r.new, id)
			return nil
		case !refused(err).says("message to edit not found", "no text in the message"): // deleted meanwhile, or a file
			return err
		}
	}
	id, err := r.a.send(ctx, r.to, v, answerPatience)
	if err != nil {
		return err
	}
	r.sent(id)
	return nil
}

func (r *answerer) sent(id int64) {
	r.to.Last = max(r.to.Last, id)
	r.new = append(r.new, id)
}

func (r *answerer) turn() turn { return turn{chat: r.to.Chat, patience: answerPatience} }

// showFile answers with the thread as a file. No message of text can become
// one: what stands in its place is deleted.
func (r *answerer) showFile(ctx context.Context, reply bot.Reply) error {
	var data bytes.Buffer
	if err := render.HTML(&data, reply.Thread); err != nil {
		return err
	}
	link := r.a.linkView(reply.Thread, reply.PageURL, audience{})
	f := file{name: render.FileName(reply.Thread, ".html"), data: data.Bytes(), caption: link.richText, markup: r.a.fileButtons(ctx, reply, r.locale)}
	at := len(r.new)
	id, err := r.a.sendFile(ctx, r.turn(), r.to, f)
	if err != nil {
		return err
	}
	r.sent(id)
	if at < len(r.old) {
		if err := r.a.delete(ctx, r.turn(), r.old[at]); err != nil {
			r.a.log.Info("old answer cannot be deleted", "err", err)
		}
	}
	return nil
}

// claim sees to it that a thread that is shown is not offered any more.
func (r *answerer) claim(ctx context.Context, reply bot.Reply) {
	if reply.Thread == nil || !r.settings.Auto {
		return
	}
	if _, err := r.a.values.Claim(ctx, offerKey(r.to.Chat, keyOf(reply.Thread.Ref.Path())), offerFor); err != nil {
		r.a.log.Warn("store cannot mark an offer", "err", err)
	}
}

// keep remembers the answer: for the case that its question changes, that it
// is taken back, or that its thread comes up again.
func (r *answerer) keep(ctx context.Context, reply bot.Reply, parts []int64) {
	chat := r.to.Chat
	r.a.keepAnswer(ctx, chat, r.to.ReplyTo, r.new)
	rec := record{By: hashedUser(chat, r.user), Parts: parts}
	if reply.Thread != nil && r.settings.Auto {
		rec.Thread = keyOf(reply.Thread.Ref.Path())
		r.a.keepShown(ctx, chat, rec.Thread, parts[0])
	}
	r.a.keepRecord(ctx, chat, rec)
}
