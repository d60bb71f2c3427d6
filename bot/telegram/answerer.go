package telegram

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// maxWhole bounds the messages that one answer is spread over: half of what a
// group is allowed in a minute.
const maxWhole = 10

// answerer answers a message with messages.
type answerer struct {
	a        *Adapter
	from     address
	to       place
	user     string // who asks
	userID   int64
	locale   string
	settings bot.Settings
	note     string // id of a sentence to say after another one
	text     string // of the question, where it holds several links
	// silent is set for messages that nobody addressed to the bot: it may
	// offer threads, and says nothing else.
	silent   bool
	progress progress
	// old are earlier answers to the same message, which was edited since, or
	// the sign of progress. The new ones take their places.
	old []int64
	new []int64
	// kept are those that the store knows, gone those to delete in the end.
	kept, gone []int64
	signed     bool // old is the sign of progress
	failed     bool // something could not be sent
	asked      bool // for a thread
}

var _ bot.Finisher = (*answerer)(nil)

func (a *Adapter) answerer(m *message, req *bot.Request) *answerer {
	at := address{
		Way: byMessage, Chat: m.Chat.ID, Topic: m.topic(), Message: m.ID, Last: m.ID, Asker: senderID(m), Silent: unasked(req),
	}
	if m.Forwarded { // from the channel that the group belongs to
		at.Asker = m.Chat.ID
	}
	if (req.Command == "help" || req.Command == "start") && a.blind(&m.Chat) {
		at.Note = "privacy"
	}
	r := a.answererAt(at, req)
	if text, _ := m.body(); len(unroll.FindRefs(text)) > 1 {
		r.text = text
	}
	return r
}

func (a *Adapter) answererAt(at address, req *bot.Request) *answerer {
	return &answerer{
		a: a, from: at, user: req.User, userID: at.Asker, locale: req.Locale, settings: req.Settings, note: at.Note, silent: at.Silent,
		to: place{Chat: at.Chat, Topic: at.Topic, ReplyTo: at.Message, Last: at.Last, Sign: a.say(req.Locale, "working", nil)},
	}
}

func (r *answerer) audience() audience {
	return audience{locale: r.locale, quiet: r.settings.Quiet, crowd: r.to.Chat < 0}
}

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
	r.silent, r.asked = false, true
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
	id, err := r.a.send(ctx, r.to, view{richText: richText{Text: r.to.Sign}}, signPatience)
	if err != nil {
		r.a.log.Info("progress cannot be shown", "err", err)
		return
	}
	r.found(id)
	r.old, r.signed = []int64{id}, true
	r.keepPlaces(ctx)
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
	if reply.NewFrom != "" {
		err := r.news(ctx, reply)
		if gone(err) {
			return fmt.Errorf("%w: %w", bot.ErrGone, err)
		}
		return err
	}
	if reply.Thread == nil && r.note != "" {
		reply.Text += gap + r.a.say(r.locale, r.note, nil)
	}
	r.claim(ctx, reply)
	r.to.Quote = r.quote(reply.Asked)
	before := len(r.new)
	pictured, err := r.show(ctx, reply)
	r.failed = r.failed || err != nil
	if parts := slices.Clone(r.new[before:]); len(parts) > 0 {
		r.keep(ctx, reply, parts)
		again := len(r.old) > 0 && !r.signed // with its albums, if it had any
		if err == nil && reply.Thread != nil && !pictured && !again {
			if more := r.albums(ctx, reply.Thread, parts[0]); len(more) > 0 {
				r.keep(ctx, reply, append(parts, more...))
			}
		}
	}
	return r.a.unlessGone(err)
}

// quote is the link in the question that is answered, where there are several.
func (r *answerer) quote(asked unroll.Ref) string {
	for word := range strings.FieldsSeq(r.text) {
		if ref, err := unroll.ParseRef(word); err == nil && ref == asked && units(word) <= maxQuote {
			return word
		}
	}
	return ""
}

// maxQuote is the longest quote, in UTF-16 units, of which there are no fewer
// than characters (Bot API, "ReplyParameters", November 2026).
const maxQuote = 1024

// show answers in the form that the chat has chosen. pictured tells that the
// answer has the thread's media, or shall have none.
func (r *answerer) show(ctx context.Context, reply bot.Reply) (pictured bool, err error) {
	if reply.Thread != nil {
		switch r.settings.View {
		case bot.ViewFile:
			return true, r.showFile(ctx, reply)
		case bot.ViewWhole:
			for _, v := range r.a.whole(ctx, reply, r.audience(), maxWhole) {
				if err := r.put(ctx, v); err != nil {
					return false, err
				}
			}
			return false, nil
		case bot.ViewLink:
			return true, r.put(ctx, r.a.linkAnswer(ctx, reply, r.audience()))
		case bot.ViewPages:
		}
	}
	v := r.a.view(ctx, reply, r.audience())
	err = r.put(ctx, v)
	return v.Rich != nil && r.a.rich.taken(time.Now()), err // it may have been found out just now
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
		case refused(err).says("no text in the message"): // a file, which cannot become a text
			r.gone = append(r.gone, id)
		case !refused(err).says("message to edit not found"): // deleted meanwhile
			return err
		}
	}
	id, err := r.a.send(ctx, r.to, v, answerPatience)
	if err != nil {
		return err
	}
	r.sent(ctx, id)
	return nil
}

// sent notes a message of the answer, in the store too: who takes up the
// answer later finds it there.
func (r *answerer) sent(ctx context.Context, id int64) {
	r.found(id)
	r.new = append(r.new, id)
	r.keepPlaces(ctx)
}

// found notes that the bot's message is in the chat. What it sends next comes
// after it.
func (r *answerer) found(id int64) { r.to.Last, r.to.Lost = max(r.to.Last, id), false }

// keepPlaces remembers the answer: its new messages, and the old ones whose
// places are not taken yet.
func (r *answerer) keepPlaces(ctx context.Context) {
	if r.from.Way == byWatch { // the question has an answer of its own
		return
	}
	places := slices.Clone(r.new)
	if len(r.old) > len(r.new) {
		places = append(places, r.old[len(r.new):]...)
	}
	if !slices.Equal(places, r.kept) {
		r.a.keepAnswer(ctx, r.to.Chat, r.to.ReplyTo, places)
		r.kept = places
	}
}

// Done deletes what stood where nothing stands any more: messages of an
// earlier answer that was longer, or a sign of progress without an answer.
func (r *answerer) Done(ctx context.Context) {
	r.progress.stop()
	if r.failed || (len(r.new) == 0 && !r.signed) {
		return
	}
	if r.asked && len(r.new) > 0 {
		r.tidy(ctx)
	}
	if len(r.old) > len(r.new) {
		r.gone = append(r.gone, r.old[len(r.new):]...)
	}
	for _, id := range r.gone {
		if err := r.a.delete(ctx, r.turn(), id); err != nil {
			r.a.log.Info("old answer cannot be deleted", "err", err)
		}
	}
	r.old = nil
	r.keepPlaces(ctx)
}

func (r *answerer) turn() turn { return turn{chat: r.to.Chat, patience: answerPatience} }

// showFile answers with the thread as a file. No message of text can become
// one: what stands in its place is deleted.
func (r *answerer) showFile(ctx context.Context, reply bot.Reply) error {
	var data bytes.Buffer
	o := r.a.options(reply, r.audience())
	o.Picture = r.a.pictures(ctx, reply.Thread, r.audience())
	if err := o.HTML(&data, reply.Thread); err != nil {
		return err
	}
	link := r.a.linkView(reply, r.audience())
	f := file{name: render.FileName(reply.Thread, ".html"), data: data.Bytes(), caption: link.richText, markup: r.a.fileButtons(ctx, reply, r.locale)}
	at := len(r.new)
	id, err := r.a.sendFile(ctx, r.turn(), r.to, f)
	if err != nil {
		return err
	}
	if at < len(r.old) {
		r.gone = append(r.gone, r.old[at])
	}
	r.sent(ctx, id)
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
	r.keepPlaces(ctx)
	rec := record{By: hashedUser(chat, r.user), Parts: parts}
	if reply.Thread != nil && r.settings.Auto {
		rec.Thread = keyOf(reply.Thread.Ref.Path())
		r.a.keepShown(ctx, chat, rec.Thread, parts[0])
	}
	r.a.keepRecord(ctx, chat, rec)
}
