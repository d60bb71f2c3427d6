package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// record is what is known of an answer later on, when only its id is at hand:
// Telegram shows bots no messages of the past.
type record struct {
	// By is who asked, hashed.
	By string `json:"by"`
	// Parts are the messages that the answer consists of.
	Parts []int64 `json:"parts,omitempty"`
	// Thread is the key of the thread in the answer.
	Thread string `json:"thread,omitempty"`
}

func recordKey(chat, answer int64) string {
	return "telegram:answer:" + itoa(chat) + ":" + itoa(answer)
}

func hashedUser(chat int64, user string) string {
	sum := sha256.Sum256([]byte("telegram:" + itoa(chat) + ":" + user))
	return hex.EncodeToString(sum[:8])
}

// keepRecord remembers an answer as long as it can be deleted.
func (a *Adapter) keepRecord(ctx context.Context, chat int64, r record) {
	data, err := json.Marshal(r)
	for _, id := range r.Parts {
		if err == nil {
			err = a.values.SetValue(ctx, recordKey(chat, id), data, keepAnswers)
		}
	}
	if err != nil {
		a.log.Warn("store cannot keep who asked", "err", err)
	}
}

func (a *Adapter) recordOf(ctx context.Context, chat, answer int64) (r record, ok bool, err error) {
	data, ok, err := a.values.Value(ctx, recordKey(chat, answer))
	if err != nil || !ok {
		return record{}, false, err
	}
	err = json.Unmarshal(data, &r)
	return r, err == nil, err
}

// takeBack deletes an answer with all of its parts, and lets its thread be
// offered again.
func (a *Adapter) takeBack(ctx context.Context, t turn, answer int64) error {
	r, _, err := a.recordOf(ctx, t.chat, answer)
	if err != nil {
		a.log.Warn("store cannot tell an answer's parts", "err", err)
	}
	if !slices.Contains(r.Parts, answer) {
		r.Parts = []int64{answer}
	}
	for _, id := range r.Parts {
		err := a.delete(ctx, t, id)
		if refused(err).says("message can't be deleted") {
			// After 48 hours it cannot (Bot API, "deleteMessage", November 2026),
			// but it can be made to say nothing.
			err = a.edit(ctx, t, editMessage{ChatID: t.chat, MessageID: id, view: view{richText: richText{Text: "🗑"}}})
		}
		if err != nil {
			return err
		}
	}
	if r.Thread != "" {
		for _, key := range []string{offerKey(t.chat, r.Thread), shownKey(t.chat, r.Thread)} {
			if err := a.values.DeleteValue(ctx, key); err != nil {
				a.log.Warn("store cannot forget an answer", "err", err)
			}
		}
	}
	return nil
}
