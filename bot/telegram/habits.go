package telegram

import (
	"context"
	"encoding/json"
	"time"

	"unrollbot/unroll"
)

// habits are what a chat has chosen that only this platform has, beside its
// [bot.Settings].
type habits struct {
	// Albums sends a thread's media below an answer that cannot show them.
	Albums bool `json:"albums,omitempty"`
	// Tidy removes a group's question once it is answered.
	Tidy bool `json:"tidy,omitempty"`
}

// keepHabits is as long as settings are kept.
const keepHabits = 365 * 24 * time.Hour

func habitsKey(chat int64) string { return "telegram:habits:" + itoa(chat) }

func (a *Adapter) habitsOf(ctx context.Context, chat int64) (h habits, err error) {
	data, ok, err := a.values.Value(ctx, habitsKey(chat))
	if err != nil || !ok {
		return habits{}, err
	}
	return h, json.Unmarshal(data, &h)
}

func (a *Adapter) changeHabits(ctx context.Context, chat int64, change func(*habits)) (habits, error) {
	h, err := a.habitsOf(ctx, chat)
	if err != nil || change == nil {
		return h, err
	}
	change(&h)
	data, err := json.Marshal(h)
	if err != nil {
		return h, err
	}
	return h, a.values.SetValue(ctx, habitsKey(chat), data, keepHabits)
}

// habitChange is what a button does to the habits.
func habitChange(field, value string) (change func(*habits), ok bool) {
	flag := value == "1"
	switch field {
	case fieldAlbums:
		return func(h *habits) { h.Albums = flag }, true
	case fieldTidy:
		return func(h *habits) { h.Tidy = flag }, true
	default:
		return nil, false
	}
}

// albums sends the thread's first media below an answer that does not show
// them, where the chat wants that, and gives their messages. What Telegram
// cannot fetch is behind the button still.
func (r *answerer) albums(ctx context.Context, t *unroll.Thread, answer int64) []int64 {
	if r.settings.Quiet || !media(t) {
		return nil
	}
	if h, err := r.a.habitsOf(ctx, r.to.Chat); err != nil || !h.Albums {
		return nil
	}
	items, _ := exhibits(t)
	if len(items) == 0 {
		return nil
	}
	to := r.to
	to.ReplyTo = answer
	ids, err := r.a.sendAlbum(ctx, to, items[:min(len(items), maxAlbum)], false)
	if err != nil {
		r.a.log.Info("media cannot be sent", "err", err)
	}
	return ids
}

// tidy removes the question of a group that wants it so.
func (r *answerer) tidy(ctx context.Context) {
	if r.from.Way != byMessage || r.to.Chat > 0 {
		return
	}
	if h, err := r.a.habitsOf(ctx, r.to.Chat); err != nil || !h.Tidy {
		return
	}
	if err := r.a.delete(ctx, r.turn(), r.from.Message); err != nil { // it lacks the right, perhaps
		r.a.log.Info("question cannot be deleted", "err", err)
	}
}
