package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"runtime/debug"
	"time"

	"unrollbot/bot"
)

// accept takes an update, waiting while too many requests wait already. It
// returns an error only when the update was not taken: ctx's, or
// bot.ErrClosed.
func (a *Adapter) accept(ctx context.Context, raw json.RawMessage) (id int64, err error) {
	u := a.decode(raw)
	for {
		if err = a.take(ctx, u); !errors.Is(err, bot.ErrBusy) {
			return u.ID, err
		}
		if err := sleep(ctx, 100*time.Millisecond); err != nil {
			return u.ID, err
		}
	}
}

// decode reads an update. One that makes no sense is logged and is like one
// of a kind that nobody asked for: it would make no more sense next time.
func (a *Adapter) decode(raw json.RawMessage) update {
	u, err := decodeUpdate(raw)
	if err != nil {
		a.log.Warn("update cannot be read", "update", u.ID, "err", err)
	}
	return u
}

// take hands an update to the Dispatcher, once. Its error is the
// Dispatcher's; with bot.ErrBusy and bot.ErrClosed the update may be offered
// again. A panic costs the update that caused it, not the program.
func (a *Adapter) take(ctx context.Context, u update) (err error) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("update was lost to a panic", "update", u.ID, "panic", r, "stack", string(debug.Stack()))
			err = nil
		}
	}()
	if !a.recent.add(u.ID) {
		return nil
	}
	switch {
	case u.Message != nil:
		err = a.takeMessage(ctx, u.ID, u.Message)
	case u.Post != nil:
		err = a.takeMessage(ctx, u.ID, u.Post)
	case u.Edited != nil:
		err = a.takeEdited(ctx, u.ID, u.Edited)
	case u.Guest != nil:
		err = a.takeGuest(ctx, u.ID, u.Guest)
	case u.Callback != nil:
		err = a.takePress(ctx, u.ID, u.Callback)
	case u.Inline != nil:
		err = a.takeInline(ctx, u.ID, u.Inline)
	default:
		a.log.Debug("update of a kind that is of no use", "update", u.ID)
	}
	if err != nil {
		a.recent.drop(u.ID)
	}
	return err
}

func (a *Adapter) takeMessage(ctx context.Context, id int64, m *message) error {
	a.ids.note(m.Chat.ID, m.ID)
	if m.MigrateTo != 0 {
		return a.beside(ctx, func(ctx context.Context) { a.moveSettings(ctx, m.Chat.ID, m.MigrateTo) })
	}
	req, ok := fromMessage(m, a.me.Load())
	called := ok && addressed(&req)
	if !ok || (!called && !holdsRef(req.Message)) {
		return nil
	}
	if req.Settings = a.settingsOf(ctx, req.Chat); req.Settings.Locale != "" {
		req.Locale = req.Settings.Locale
	}
	switch {
	case !called && !req.Settings.Auto:
		return nil
	case req.Command == "settings":
		return a.beside(ctx, func(ctx context.Context) { a.commandSettings(ctx, m, &req) })
	case req.Command == "delete":
		return a.beside(ctx, func(ctx context.Context) { a.commandDelete(ctx, m, &req) })
	}
	req.ID = itoa(id)
	return a.dispatch.Dispatch(ctx, req, a.answerer(m, &req))
}

// settingsOf gives what a chat has chosen, as far as it is known.
func (a *Adapter) settingsOf(ctx context.Context, chat string) bot.Settings {
	s, err := a.settings.Settings(ctx, chat)
	if err != nil {
		a.log.Warn("settings cannot be read", "err", err)
	}
	return s
}
