package telegram

import (
	"context"
	"slices"

	tele "gopkg.in/telebot.v3"
)

// The labels of buttons that need no language.
const (
	labelMenu  = "⋯"
	labelMedia = "🖼"
)

// toggleMenu shows or hides the rows of what else can be done with an answer.
// It changes only the buttons, from those that are there.
func (a *Adapter) toggleMenu(ctx context.Context, c *callback, p press) {
	m := c.Message
	if m == nil || m.Markup == nil {
		a.toast(ctx, c.ID, a.say(c.From.LanguageCode, "button_expired", nil))
		return
	}
	rows := slices.DeleteFunc(slices.Clone(m.Markup.Rows), ofMenu)
	if len(rows) == len(m.Markup.Rows) {
		rows = append(rows, a.menu(p, c.From.LanguageCode)...)
	}
	params := map[string]any{"chat_id": m.Chat.ID, "message_id": m.ID, "reply_markup": keyboard{Rows: rows}}
	err := a.call(ctx, turn{chat: m.Chat.ID, patience: pressPatience}, "editMessageReplyMarkup", params, nil)
	if unchanged(err) {
		err = nil
	}
	_ = (&presser{spinner: &spinner{a: a, id: c.ID}, locale: c.From.LanguageCode}).end(ctx, err) // told to who pressed it
}

// menu is the rows behind the button that p is of.
func (a *Adapter) menu(p press, locale string) [][]button {
	does := func(v verb, label string) button {
		q := p
		q.Verb = v
		return button{Text: label, Data: q.String()}
	}
	file := a.say(locale, "button_file", nil)
	first := []button{
		does(verbFresh, a.say(locale, "button_refresh", nil)),
		does(verbDelete, a.say(locale, "button_delete", nil)),
	}
	second := []button{does(verbMarkdown, file+" .md"), does(verbText, file+" .txt")}
	if p.Verb == verbMenuMedia {
		second = append(second, does(verbMedia, labelMedia))
	}
	return [][]button{first, second}
}

// ofMenu tells whether a row is one of the menu's.
func ofMenu(row []button) bool {
	return slices.ContainsFunc(row, func(b button) bool {
		p, err := parsePress(b.Data)
		return err == nil && (p.Verb == verbDelete || p.Verb == verbText)
	})
}

// deleteAnswer removes an answer for who asked for it, or for an admin. Who
// asked is read from the message that the answer replies to: what a button
// says could be forged.
func (a *Adapter) deleteAnswer(ctx context.Context, c *callback) {
	m := c.Message
	p := &presser{spinner: &spinner{a: a, id: c.ID}, locale: c.From.LanguageCode}
	if m == nil {
		p.answer(ctx, a.say(p.locale, "button_expired", nil))
		return
	}
	may, err := a.mayDelete(ctx, c.From, m)
	switch {
	case err != nil:
		_ = p.end(ctx, err) // told to who pressed it
		return
	case !may:
		p.answer(ctx, a.say(p.locale, "not_yours", nil))
		return
	}
	t := turn{chat: m.Chat.ID, patience: pressPatience}
	err = a.delete(ctx, t, m.ID)
	if refused(err).says("message can't be deleted") {
		// After 48 hours it cannot (Bot API, "deleteMessage", November 2026),
		// but it can be made to say nothing.
		err = a.edit(ctx, t, editMessage{ChatID: m.Chat.ID, MessageID: m.ID, view: view{richText: richText{Text: "🗑"}}})
	}
	_ = p.end(ctx, err) // told to who pressed it
}

func (a *Adapter) mayDelete(ctx context.Context, who *tele.User, m *message) (bool, error) {
	if m.Chat.Type == tele.ChatPrivate {
		return true, nil
	}
	if q := m.ReplyTo; q != nil && q.From != nil && q.From.ID == who.ID {
		return true, nil
	}
	var member struct {
		Status tele.MemberStatus `json:"status"`
	}
	err := a.call(ctx, turn{}, "getChatMember", map[string]any{"chat_id": m.Chat.ID, "user_id": who.ID}, &member)
	return member.Status == tele.Creator || member.Status == tele.Administrator, err
}
