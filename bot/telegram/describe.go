package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	tele "gopkg.in/telebot.v3"
)

// describedFor is how long commands that were registered are taken to stand.
const describedFor = 7 * 24 * time.Hour

// describe registers the commands that clients offer, per kind of chat and
// language. Without them everything works; so a failure is only logged.
func (a *Adapter) describe(ctx context.Context) {
	var all []tele.CommandParams
	for _, lang := range append([]string{""}, a.cfg.Languages...) {
		for scope, names := range map[tele.CommandScopeType][]string{
			tele.CommandScopeDefault:         {"unroll", "watch", "unwatch", "help"},
			tele.CommandScopeAllPrivateChats: {"unroll", "watch", "unwatch", "settings", "help"},
			tele.CommandScopeAllGroupChats:   {"unroll", "watch", "unwatch", "delete", "help"},
			tele.CommandScopeAllChatAdmin:    {"unroll", "watch", "unwatch", "settings", "delete", "help"},
		} {
			all = append(all, tele.CommandParams{
				Scope: &tele.CommandScope{Type: scope}, LanguageCode: lang, Commands: a.commands(lang, names),
			})
		}
	}
	mark := a.markOf(all)
	if _, known, err := a.values.Value(ctx, mark); err == nil && known {
		return
	}
	for _, p := range all {
		if err := a.call(ctx, turn{}, "setMyCommands", p, nil); err != nil {
			if ctx.Err() == nil {
				a.log.Warn("commands cannot be registered", "language", p.LanguageCode, "err", err)
			}
			return
		}
	}
	if err := a.values.SetValue(ctx, mark, []byte{1}, describedFor); err != nil {
		a.log.Warn("store cannot keep that commands are registered", "err", err)
	}
}

// markOf is the key under which it is kept that just these were registered.
func (a *Adapter) markOf(all []tele.CommandParams) string {
	slices.SortFunc(all, func(p, q tele.CommandParams) int {
		return cmp.Or(cmp.Compare(p.LanguageCode, q.LanguageCode), cmp.Compare(p.Scope.Type, q.Scope.Type))
	})
	data, err := json.Marshal(all)
	if err != nil { // plain data: never
		a.log.Error("commands cannot be written", "err", err)
	}
	return "telegram:commands:" + itoa(a.me.Load().ID) + ":" + keyOf(string(data))
}

func (a *Adapter) commands(lang string, names []string) []tele.Command {
	var out []tele.Command
	for _, name := range names {
		id := "command_" + name
		if name == "settings" {
			id = "command_chat_settings"
		}
		out = append(out, tele.Command{Text: name, Description: a.say(lang, id, nil)})
	}
	return out
}
