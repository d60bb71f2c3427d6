package discord

import (
	"context"
	"slices"

	"unrollbot/bot"
)

// Settings hold for a whole server: the chat they are kept under. Some of
// them name channels.

// chat is what a server's settings are kept under. Bots that share a store
// have settings of their own.
func (a *Adapter) chat(server string) string { return a.app() + "/" + server }

// room is where something was asked.
type room struct {
	server  string // empty in direct messages
	channel string
	parent  string // the channel of a thread; "?" while it is not known
}

const parentUnknown = "?"

// settingsOf gives a server's settings; direct messages have none. When the
// store is out of reach, the last known ones hold, else none.
func (a *Adapter) settingsOf(ctx context.Context, server string) bot.Settings {
	if server == "" || a.settings == nil {
		return bot.Settings{}
	}
	s, err := a.settings.Settings(ctx, a.chat(server))
	if err != nil {
		a.log.Warn("settings cannot be read", "err", err)
	}
	return s
}

// knownSettings are those that can be had without waiting.
func (a *Adapter) knownSettings(server string) (bot.Settings, bool) {
	if server == "" || a.settings == nil {
		return bot.Settings{}, true
	}
	return a.settings.Known(a.chat(server))
}

// settle brings a server's settings into a request and its answer. It returns
// false, and why in the asker's language, when they may not ask there.
func (a *Adapter) settle(ctx context.Context, in room, manages func() bool, req *bot.Request, o *output) (why string, may bool) {
	s := a.settingsOf(ctx, in.server)
	s.Auto = s.Auto && (len(s.AutoIn) == 0 || a.within(ctx, in, s.AutoIn))
	req.Settings = s
	if s.Locale != "" {
		req.Locale, o.speaker.locale = s.Locale, s.Locale
	}
	if !o.chosen && o.view == bot.ViewPages {
		o.view = s.View
	}
	o.server, o.noted, o.quiet = in.server, s.Auto, s.Quiet
	switch {
	case s.AdminsOnly && !manages():
		return o.speaker.say("moderators_only", "On this server I work for moderators only.", nil) + " " +
			o.speaker.say("moderators_how", "Send me the link in a direct message instead: there I answer everybody.", nil), false
	case len(s.AnswerIn) > 0 && o.stage.open && !o.stage.private && !a.within(ctx, in, s.AnswerIn):
		return o.speaker.say("elsewhere_only", "In this channel I answer only you: choose “private” with /unroll.", nil), false
	default:
		return "", true
	}
}

// within tells whether a room is one of some channels, or a thread below one.
func (a *Adapter) within(ctx context.Context, in room, channels []string) bool {
	if slices.Contains(channels, in.channel) {
		return true
	}
	if in.parent == parentUnknown {
		in.parent = a.room(ctx, in.channel).parent
	}
	return slices.Contains(channels, in.parent)
}

// room is where the interaction happens.
func (i *interaction) room() room {
	return room{server: i.GuildID, channel: i.ChannelID, parent: i.Channel.Parent}
}
