package telegram

import (
	"context"
	"slices"
	"strings"

	tele "gopkg.in/telebot.v3"
)

// The labels of buttons that need no language.
const (
	labelMenu  = "⋯"
	labelMedia = "🖼"

	labelFile   = "⤓ "
	labelAll    = "≡ "
	labelBranch = "⑂ "

	labelWatch   = "🔔 "
	labelUnwatch = "🔕 "
)

// toggleMenu shows or hides the rows of what else can be done with an answer.
// It changes only the buttons, from those that are there.
func (a *Adapter) toggleMenu(ctx context.Context, c *callback, p press, locale string) {
	m := c.Message
	if m == nil || m.Markup == nil {
		a.toast(ctx, c.ID, a.say(locale, "button_expired", nil))
		return
	}
	rows := slices.DeleteFunc(slices.Clone(m.Markup.Rows), ofMenu)
	if len(rows) == len(m.Markup.Rows) {
		rows = append(rows, a.menu(p, locale)...)
	}
	params := map[string]any{"chat_id": m.Chat.ID, "message_id": m.ID, "reply_markup": keyboard{Rows: rows}}
	err := a.call(ctx, turn{chat: m.Chat.ID, patience: pressPatience}, "editMessageReplyMarkup", params, nil)
	if unchanged(err) {
		err = nil
	}
	_ = (&presser{spinner: &spinner{a: a, id: c.ID}, locale: locale}).end(ctx, err) // told to who pressed it
}

// menu is the rows behind the button that p is of.
func (a *Adapter) menu(p press, locale string) [][]button {
	does := func(v verb, label string) button {
		q := p
		q.Verb = v
		return button{Text: label, Data: q.String()}
	}
	first := []button{
		does(verbFresh, a.say(locale, "button_refresh", nil)),
		does(verbDelete, a.say(locale, "button_delete", nil)),
	}
	rows := [][]button{
		first,
		{does(verbPDF, labelFile+".pdf"), does(verbEPUB, labelFile+".epub"), does(verbHTML, labelFile+".html")},
		{does(verbMarkdown, labelFile+".md"), does(verbText, labelFile+".txt")},
	}
	has, _ := p.Verb.menu()
	if has&hasMore != 0 {
		rows[2] = append(rows[2], does(verbAll, labelAll+a.say(locale, "button_all", nil)))
	}
	var third []button
	if has&hasMedia != 0 {
		third = append(third, does(verbMedia, labelMedia))
	}
	if has&hasBranches != 0 {
		third = append(third, does(verbBranches, labelBranch+a.say(locale, "button_branches", nil)))
	}
	if has&mayGrow != 0 {
		third = append(third, does(verbWatch, labelWatch+a.say(locale, "button_watch", nil)))
	}
	if len(third) > 0 {
		rows = append(rows, third)
	}
	return rows
}

// ofMenu tells whether a row is one of the menu's.
func ofMenu(row []button) bool {
	return slices.ContainsFunc(row, func(b button) bool {
		p, err := parsePress(b.Data)
		return err == nil && strings.IndexByte("dtabvwP", byte(p.Verb)) >= 0 // each row of the menu has one of these
	})
}

// deleteAnswer removes an answer for who asked for it, or for an admin. Who
// asked is read from the message that the answer replies to: what a button
// says could be forged.
func (a *Adapter) deleteAnswer(ctx context.Context, c *callback, locale string) {
	m := c.Message
	p := &presser{spinner: &spinner{a: a, id: c.ID}, locale: locale}
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
	_ = p.end(ctx, a.takeBack(ctx, turn{chat: m.Chat.ID, patience: pressPatience}, m.ID)) // told to who pressed it
}

func (a *Adapter) mayDelete(ctx context.Context, who *tele.User, m *message) (bool, error) {
	if m.Chat.Type == tele.ChatPrivate {
		return true, nil
	}
	if q := m.ReplyTo; q != nil && q.From != nil && q.From.ID == who.ID {
		return true, nil
	}
	// The question may be gone.
	if r, known, err := a.recordOf(ctx, m.Chat.ID, m.ID); err == nil && known && r.By == hashedUser(m.Chat.ID, itoa(who.ID)) {
		return true, nil
	}
	return a.admin(ctx, m.Chat.ID, who.ID)
}
