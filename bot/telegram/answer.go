package telegram

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	tele "gopkg.in/telebot.v3"
)

// answerPatience is how long an answer may wait for its turn in a busy chat.
// Longer than a minute, because a group's turns come by the minute.
const answerPatience = 75 * time.Second

// place is where an answer goes.
type place struct {
	Chat    int64
	Topic   int64  // of a forum, or 0
	ReplyTo int64  // the message to answer, or 0
	Quote   string // the part of it that is answered, or all
	Last    int64  // the chat's last message that is known, or 0
	Silent  bool   // nobody is to be disturbed
	// Lost is set where another process may have sent the answer, or a sign of
	// progress, which says Sign.
	Lost bool
	Sign string
}

// sendMessage are the parameters of a message to send.
type sendMessage struct {
	ChatID int64        `json:"chat_id"`
	Topic  int64        `json:"message_thread_id,omitempty"`
	Reply  *replyParams `json:"reply_parameters,omitempty"`
	Silent bool         `json:"disable_notification,omitempty"`
	view
}

// replyParams are what telebot accepts and never sends.
type replyParams struct {
	MessageID int64  `json:"message_id"`
	Anyway    bool   `json:"allow_sending_without_reply"` // the asker may have deleted it
	Quote     string `json:"quote,omitempty"`
}

func (p place) message(v view) sendMessage {
	m := sendMessage{ChatID: p.Chat, Topic: p.Topic, Silent: p.Silent, view: v}
	if p.ReplyTo != 0 {
		m.Reply = &replyParams{MessageID: p.ReplyTo, Anyway: true, Quote: p.Quote}
	}
	return m
}

// unlessGone makes nothing of it that people block bots and close chats.
func (a *Adapter) unlessGone(err error) error {
	if !gone(err) {
		return err
	}
	a.log.Info("chat takes no messages from the bot", "reason", refused(err).Description)
	return nil
}

// maxProbes is in how many places a lost message is looked for.
const maxProbes = 3

// send delivers a message once and tells its id.
//
// A call may be carried out though its answer is lost, and the Bot API has
// no means to ask whether it was. So after a loss the message is sent again
// as a reply to the one that the lost message would be, the first that is
// missing in the chat: Telegram's answer holds what is replied to, and tells
// whether it is the lost message. If so the second is deleted. If nothing is
// there, the second is the answer; in a group it is sent once more, so that
// people see whom it answers.
func (a *Adapter) send(ctx context.Context, to place, v view, patience time.Duration) (id int64, err error) {
	t := turn{chat: to.Chat, patience: patience}
	defer a.ids.sending(to.Chat)()
	wait, made := newBackoff(), newTries(patience)
	l := search{before: max(a.ids.top(t.chat), to.Last)}
	if to.Lost {
		l.before = to.Last
		l.lose(a.ids.missing(t.chat, l.before))
	}
	for {
		if err := a.await(ctx, t); err != nil {
			return 0, err
		}
		sent, err := a.sendAs(ctx, to, v, l.probe)
		switch {
		case err == nil && l.probe == 0:
			return sent.ID, nil
		case err == nil:
			id, err := a.lookedAt(ctx, t, to, v, &l, sent)
			if id != 0 || err != nil {
				return id, err
			}
			continue
		}

		var lost *callError
		switch e := refused(err); {
		case e.MigrateTo != 0:
			// The group is a supergroup now, with message ids of its own.
			to, t.chat, l = place{Chat: e.MigrateTo, Silent: to.Silent}, e.MigrateTo, search{}
			continue
		case to.Topic != 0 && e.says("thread not found"):
			to.Topic = 0
			continue
		case to.Quote != "" && e.says("quote"): // the question was changed meanwhile
			to.Quote = ""
			continue
		case v.less != nil && misformed(err):
			v = v.less(err)
			continue
		case misformed(err) && !v.bare():
			// Rather plain than not at all.
			a.log.Warn("telegram refuses the form of a message; it is sent as bare text", "err", err)
			v = v.stripped()
			continue
		case !a.passes(err, t), made.last():
			return 0, err
		case errors.As(err, &lost) && lost.Sent && l.before != 0:
			l.lose(a.ids.missing(t.chat, l.before))
		}
		if err := a.rest(ctx, t, wait, err); err != nil {
			return 0, err
		}
	}
}

// search looks for messages whose receipts were lost, the probes among them.
type search struct {
	before int64 // the chat's newest message before the first was sent
	lost   int   // calls that may have been carried out
	looks  int   // that are left
	probe  int64 // where to look, or 0
	found  int64 // the answer
}

func (l *search) lose(probe int64) {
	l.lost++
	l.looks = maxProbes
	l.probe = probe
}

// lookedAt learns from a probe. It gives the answer's id when that is known,
// or 0: then there is more to look for, or to be sent.
func (a *Adapter) lookedAt(ctx context.Context, t turn, to place, v view, l *search, sent *message) (int64, error) {
	is := aStranger
	if a.ids.note(t.chat, l.probe) && sent.ReplyTo != nil { // nobody else has found it meanwhile
		is = a.same(ctx, to, sent)
	}
	switch {
	case is == theSign:
		if err := a.delete(ctx, t, sent.ID); err != nil {
			return sent.ReplyTo.ID, err
		}
		return sent.ReplyTo.ID, a.edit(ctx, t, editMessage{ChatID: t.chat, MessageID: sent.ReplyTo.ID, view: v})
	case is == theAnswer && l.found == 0:
		l.lost, l.found = l.lost-1, sent.ReplyTo.ID
	case is == theAnswer && a.ids.alone(t.chat): // a probe that was lost, too, and nobody else's answer
		l.lost--
		if err := a.delete(ctx, t, sent.ReplyTo.ID); err != nil {
			return l.found, err
		}
	}
	l.looks--
	l.probe = a.ids.missing(t.chat, l.before)
	if l.lost <= 0 || l.looks <= 0 || l.probe >= sent.ID {
		l.probe = 0 // there is nothing more
		if l.found == 0 && sent.ReplyTo == nil && (to.ReplyTo == 0 || to.Chat > 0) {
			return sent.ID, nil
		}
	}
	if err := a.delete(ctx, t, sent.ID); err != nil {
		return cmp.Or(l.found, sent.ID), nil
	}
	if l.probe != 0 {
		return 0, nil
	}
	return l.found, nil
}

// sendAs makes the call: in reply to what is asked, or silently to probe.
func (a *Adapter) sendAs(ctx context.Context, to place, v view, probe int64) (*message, error) {
	params := to.message(v)
	if probe != 0 {
		params.Reply, params.Silent = &replyParams{MessageID: probe, Anyway: true}, true
	}
	method := "sendMessage"
	if v.Rich != nil {
		method = "sendRichMessage"
	}
	var sent message
	if err := a.api.call(ctx, method, params, &sent); err != nil {
		return nil, err
	}
	if v.Rich != nil {
		a.rich.well()
	}
	a.ids.note(to.Chat, sent.ID)
	return &sent, nil
}

// likeness is what a message is to an answer that may be lost.
type likeness int

const (
	aStranger likeness = iota
	theAnswer
	theSign // of progress, which another process sent
)

// same tells what the message is that sent replies to. One whose place is
// known is another question's answer.
func (a *Adapter) same(ctx context.Context, to place, sent *message) likeness {
	there := sent.ReplyTo
	if !a.ours(there) {
		return aStranger
	}
	if to.Lost {
		if _, known, err := a.recordOf(ctx, to.Chat, there.ID); known || err != nil {
			return aStranger
		}
		if there.Text != "" && there.Text == to.Sign {
			return theSign
		}
	}
	if there.Text == sent.Text && bytes.Equal(there.Rich, sent.Rich) {
		return theAnswer
	}
	return aStranger
}

// misformed tells of a message that Telegram refuses for what it is, not for
// where it goes.
func misformed(err error) bool {
	e := refused(err)
	return !gone(err) && e.MigrateTo == 0 && (e.Code == http.StatusBadRequest || e.Code == http.StatusNotFound)
}

// editMessage are the parameters of a message to change.
type editMessage struct {
	ChatID    int64  `json:"chat_id,omitempty"`
	MessageID int64  `json:"message_id,omitempty"`
	Inline    string `json:"inline_message_id,omitempty"`
	view
}

// edit changes a message. One that is as it should be is no error.
func (a *Adapter) edit(ctx context.Context, t turn, m editMessage) error {
	for {
		err := a.call(ctx, t, "editMessageText", m, nil)
		switch {
		case unchanged(err):
			return nil
		case m.less != nil && misformed(err):
			m.view = m.less(err)
		case misformed(err) && !m.bare():
			a.log.Warn("telegram refuses the form of a message; it is shown as bare text", "err", err)
			m.view = m.stripped()
		default:
			return err
		}
	}
}

// ours tells whether the bot wrote a message. In a channel nobody is named.
func (a *Adapter) ours(m *message) bool {
	if m.From == nil {
		return m.Chat.Type == tele.ChatChannel
	}
	return m.From.ID == a.me.Load().ID
}

func (a *Adapter) delete(ctx context.Context, t turn, id int64) error {
	err := a.call(ctx, t, "deleteMessage", map[string]any{"chat_id": t.chat, "message_id": id}, nil)
	if refused(err).says("message to delete not found") {
		return nil
	}
	return err
}

// bare tells whether the view is nothing but text.
func (v view) bare() bool { return len(v.Entities) == 0 && v.Markup == nil && v.Preview == nil }

// stripped is the view without its form; the address on a button goes below
// the text.
func (v view) stripped() view {
	text := v.Text
	if v.Markup != nil {
		for _, row := range v.Markup.Rows {
			for _, b := range row {
				if b.URL != "" {
					text = cutUnits(text, maxText-units(b.URL)-len(gap)) + gap + b.URL
				}
			}
		}
	}
	return view{richText: richText{Text: text}}
}
