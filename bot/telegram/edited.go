package telegram

import (
	"context"
	"encoding/json"
	"time"
)

const (
	// keepAnswers is how long an answer follows its question. Telegram lets
	// people edit their messages for 48 hours.
	keepAnswers = 48 * time.Hour
	// lateQuestion is until when an edit can make a question of a message
	// that was none, in seconds after it was written.
	lateQuestion = 15 * 60
)

// takeEdited takes a message that its writer changed: the answer follows, in
// place. Telegram tells of other changes too, such as a preview that has
// come; then nothing changes here either.
func (a *Adapter) takeEdited(ctx context.Context, id int64, m *message) error {
	req, ok := fromMessage(m, a.me.Load())
	if !ok || !addressed(&req) {
		return nil
	}
	if req.Settings = a.settingsOf(ctx, req.Chat); req.Settings.Locale != "" {
		req.Locale = req.Settings.Locale
	}
	answers, err := a.answersTo(ctx, m.Chat.ID, m.ID)
	if err != nil {
		a.log.Warn("store cannot tell the answer to an edited message", "err", err)
		return nil
	}
	if req.Command == "settings" || req.Command == "delete" || (len(answers) == 0 && m.Edited-m.Date > lateQuestion) {
		return nil
	}
	req.ID = itoa(id)
	r := a.answerer(m, &req)
	r.old, r.kept = answers, answers
	return a.dispatch.Dispatch(ctx, req, r)
}

func answersKey(chat, question int64) string {
	return "telegram:answers:" + itoa(chat) + ":" + itoa(question)
}

// answersTo gives the ids of the answers to a message.
func (a *Adapter) answersTo(ctx context.Context, chat, question int64) ([]int64, error) {
	data, ok, err := a.values.Value(ctx, answersKey(chat, question))
	if err != nil || !ok {
		return nil, err
	}
	var ids []int64
	return ids, json.Unmarshal(data, &ids)
}

// keepAnswer remembers an answer for the case that its question changes.
func (a *Adapter) keepAnswer(ctx context.Context, chat, question int64, ids []int64) {
	data, err := json.Marshal(ids)
	if err == nil {
		err = a.values.SetValue(ctx, answersKey(chat, question), data, keepAnswers)
	}
	if err != nil {
		a.log.Warn("store cannot keep an answer's place", "err", err)
	}
}
