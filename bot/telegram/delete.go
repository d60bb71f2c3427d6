package telegram

import (
	"context"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
)

// commandDelete takes back the answer that "/delete" replies to, for who
// asked for it or for an admin.
func (a *Adapter) commandDelete(ctx context.Context, m *message, req *bot.Request) {
	chat := m.Chat.ID
	tell := func(id string) {
		to := place{Chat: chat, Topic: m.topic(), ReplyTo: m.ID, Last: m.ID}
		_, err := a.send(ctx, to, a.sentence(ctx, bot.Reply{Text: a.say(req.Locale, id, nil)}, req.Locale), answerPatience)
		a.unlessGoneLog(err)
	}
	if m.ReplyTo == nil {
		tell("delete_how")
		return
	}
	r, known, err := a.recordOf(ctx, chat, m.ReplyTo.ID)
	if err != nil {
		a.log.Warn("store cannot tell who asked", "err", err)
	}
	// In a channel posts name no writer: there only what is known is ours.
	if !known && (m.Chat.Type == tele.ChatChannel || !a.ours(m.ReplyTo)) {
		tell("delete_how")
		return
	}
	if !known || r.By != hashedUser(chat, req.User) {
		switch runs, err := a.admin(ctx, chat, senderID(m)); {
		case err != nil:
			a.log.Warn("telegram cannot tell who is an admin", "err", err)
			tell("error_internal")
			return
		case !runs:
			tell("not_yours_delete")
			return
		}
	}
	if err := a.takeBack(ctx, turn{chat: chat, patience: answerPatience}, m.ReplyTo.ID); a.unlessGone(err) != nil {
		a.log.Warn("answer cannot be deleted", "err", err)
		tell("error_internal")
	}
}

// unlessGoneLog tells the log of an error that nobody else can be told of.
func (a *Adapter) unlessGoneLog(err error) {
	if err = a.unlessGone(err); err != nil {
		a.log.Warn("message cannot be sent", "err", err)
	}
}
