package discord

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Options of the settings command.
const (
	optionLanguage = "language"
	optionKeyword  = "keyword"
	optionQuiet    = "quiet"
	optionAdmins   = "moderators-only"
	optionAuto     = "offer"
	optionAutoFrom = "offer-from"
	optionWhere    = "answer-in"
	optionReset    = "reset"

	// Choices of where something holds.
	choiceNowhere = "nowhere"
	choiceHere    = "here"
	choiceServer  = "server"
)

// planSettings changes or shows the settings. Discord offers the command only
// to who may manage the server, and lets servers give it to others.
func (a *Adapter) planSettings(i *interaction, c *command, reply interactionReply) plan {
	s := reply.speaker
	if i.GuildID == "" || a.settings == nil {
		return a.refuse(s.say("settings_only_in_server", "Settings are for servers.", nil))
	}
	reply.stage.private = true
	return plan{answer: later(true), then: func(ctx context.Context) error {
		return reply.put(ctx, a.changeSettings(ctx, i.GuildID, i.ChannelID, c, s), true)
	}}
}

func (a *Adapter) changeSettings(ctx context.Context, server, channel string, c *command, s speaker) outgoing {
	failed := sentence(s.say("settings_failed", "The settings cannot be read or kept just now. Please try again in a minute.", nil))
	var change func(*bot.Settings)
	if len(c.Options) > 0 {
		change = func(to *bot.Settings) { *to = chosen(*to, channel, c) }
	}
	to, err := a.settings.Update(ctx, a.chat(server), change)
	switch {
	case unroll.KindOf(err) == unroll.KindTooLarge:
		return sentence(s.say("settings_keywords", "At most ten keywords, separated by commas, please; each of at most 64 letters.", nil))
	case err != nil:
		a.log.Warn("settings cannot be read or changed", "err", err)
		return failed
	}
	return newMessage(discordgo.TextDisplay{Content: describe(s, to)})
}

// chosen is what a command's options, used in a channel, make of the settings.
func chosen(to bot.Settings, channel string, c *command) bot.Settings {
	for _, o := range c.Options {
		switch o.Name {
		case optionReset:
			if c.flag(optionReset) {
				return bot.Settings{}
			}
		case optionView:
			to.View = bot.View(strings.TrimPrefix(c.text(optionView), choicePages))
		case optionLanguage:
			to.Locale = strings.TrimPrefix(c.text(optionLanguage), choiceAsker)
		case optionKeyword:
			to.Keywords = nil
			for k := range strings.SplitSeq(c.text(optionKeyword), ",") {
				if k = strings.TrimSpace(k); k != "" {
					to.Keywords = append(to.Keywords, k)
				}
			}
		case optionQuiet:
			to.Quiet = c.flag(optionQuiet)
		case optionAdmins:
			to.AdminsOnly = c.flag(optionAdmins)
		case optionAuto:
			in := c.text(optionAuto)
			to.AutoIn = places(in, to.AutoIn, channel)
			to.Auto = in != choiceNowhere
		case optionAutoFrom:
			to.AutoPosts = min(max(c.number(optionAutoFrom), minOffer), maxOffer)
		case optionWhere:
			to.AnswerIn = places(c.text(optionWhere), to.AnswerIn, channel)
		}
	}
	return to
}

// minOffer and maxOffer bound the length from which threads are offered.
const (
	minOffer = 2
	maxOffer = 100
)

// places adds a channel to those chosen before, or forgets them all.
func places(choice string, before []string, channel string) []string {
	if choice != choiceHere {
		return nil
	}
	if slices.Contains(before, channel) {
		return before
	}
	return append(slices.Clone(before), channel)
}

// describe tells what is set, a line each, as Markdown.
func describe(s speaker, to bot.Settings) string {
	yes, no := s.say("yes", "yes", nil), s.say("no", "no", nil)
	answer := func(b bool) string {
		if b {
			return yes
		}
		return no
	}
	language := to.Locale
	if language == "" {
		language = s.say("settings_asker", "that of who asks", nil)
	}
	keywords := escaped(strings.Join(to.Keywords, ", "))
	if keywords == "" {
		keywords = s.say("settings_default", "the usual", nil)
	}
	auto := s.say("auto_off", "no", nil)
	if to.Auto {
		n := to.MinPosts()
		auto = s.say("auto_from", "from "+strconv.Itoa(n)+" posts on", map[string]any{"PluralCount": n})
	}
	id, english := viewName(to.View)
	lines := []string{
		s.say("settings_view", "Form of answers", nil) + ": " + s.say(id, english, nil),
		s.say("settings_language", "Language", nil) + ": " + language,
		s.say("settings_keyword", "Keywords", nil) + ": " + keywords,
		s.say("settings_quiet", "Without pictures", nil) + ": " + answer(to.Quiet),
		s.say("settings_admins", "Only for moderators", nil) + ": " + answer(to.AdminsOnly),
		s.say("settings_where", "Channels I answer in", nil) + ": " + channels(s, to.AnswerIn),
		s.say("settings_auto", "Offer threads by myself", nil) + ": " + auto,
	}
	if to.Auto {
		lines[len(lines)-1] += ", " + channels(s, to.AutoIn)
	}
	return strings.Join(lines, "\n")
}

// maxNamed bounds how many channels are named.
const maxNamed = 20

// channels names channels as links.
func channels(s speaker, ids []string) string {
	if len(ids) == 0 {
		return s.say("where_server", "the whole server", nil)
	}
	named := "<#" + strings.Join(ids[:min(len(ids), maxNamed)], ">, <#") + ">"
	if len(ids) > maxNamed {
		named += " …"
	}
	return named
}
