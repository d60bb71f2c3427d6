package telegram

import (
	"context"

	tele "gopkg.in/telebot.v3"
)

// describe registers the commands that clients offer, per kind of chat and
// language. Without them everything works; so a failure is only logged.
func (a *Adapter) describe(ctx context.Context) {
	scopes := []tele.CommandScopeType{tele.CommandScopeDefault, tele.CommandScopeAllPrivateChats, tele.CommandScopeAllGroupChats}
	for _, lang := range append([]string{""}, a.cfg.Languages...) {
		for _, scope := range scopes {
			p := tele.CommandParams{Scope: &tele.CommandScope{Type: scope}, LanguageCode: lang, Commands: a.commands(lang)}
			if err := a.call(ctx, turn{}, "setMyCommands", p, nil); err != nil {
				if ctx.Err() == nil {
					a.log.Warn("commands cannot be registered", "language", lang, "err", err)
				}
				return
			}
		}
	}
}

func (a *Adapter) commands(lang string) []tele.Command {
	return []tele.Command{
		{Text: "unroll", Description: a.say(lang, "command_unroll", nil)},
		{Text: "help", Description: a.say(lang, "command_help", nil)},
	}
}
