package discord

import (
	"context"
	"errors"
	"strings"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// receive takes a message that somebody wrote. What cannot be for the bot is
// dropped early: on a large server that is nearly everything.
func (a *Adapter) receive(ctx context.Context, m *message) {
	self := a.self.Load()
	if self == nil || m.Author.Bot || m.WebhookID != "" || (m.Type != typeDefault && m.Type != typeReply) {
		return
	}
	a.suggestions.saw(m.Author.ID, m.Content)
	text, mentioned := withoutMention(m.Content, self.user)
	private := m.GuildID == ""
	if !private && !mentioned && (m.Type != typeReply || m.Content == "") {
		return
	}
	req := bot.Request{
		ID: m.ID, Platform: a.Name(), Chat: m.ChannelID, User: m.Author.ID,
		Private: private, Mentioned: mentioned,
		Message: bot.Message{Text: text, Links: m.links()},
	}
	if r := m.Referenced; r != nil {
		req.Replied = a.replied(r)
	}
	res := &messageReply{
		output:  output{a: a, channel: m.ChannelID, speaker: a.speaker(""), stage: stage{threads: !private, open: !private}},
		message: m.ID, user: m.Author.ID,
	}
	take := func() {
		defer a.recovered()
		if !a.settle(ctx, m.GuildID, false, &req, &res.output) {
			return // for moderators only, and a message does not tell who is one
		}
		if err := a.dispatch.Dispatch(ctx, req, res); err != nil {
			a.tasks.start(func() { a.turnAway(res, res.speaker, err) })
		}
	}
	if _, known := a.settings.known(m.GuildID); known {
		take()
	} else if !a.tasks.start(take) { // the store may take its time
		a.log.Warn("event dropped: too many at once", "kind", "MESSAGE_CREATE")
	}
}

// replied is the message that another one answers, or was used on. Its
// content may be withheld although the answer's is not.
func (a *Adapter) replied(m *message) *bot.Message {
	return &bot.Message{Text: m.Content, Links: m.links(), Hidden: a.withheld.Load() && m.empty()}
}

// withoutMention takes the bot's name out of a text.
func withoutMention(text, id string) (string, bool) {
	if !strings.Contains(text, id) {
		return strings.TrimSpace(text), false
	}
	rest := strings.NewReplacer("<@"+id+">", " ", "<@!"+id+">", " ").Replace(text)
	return strings.TrimSpace(rest), rest != text
}

func (a *Adapter) speaker(locale string) speaker { return speaker{phrases: a.phrases, locale: locale} }

// turnAway tells that a request was not taken.
func (a *Adapter) turnAway(res bot.Responder, s speaker, cause error) {
	defer a.recovered()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	id, english, kind := "busy", "Too many people are asking right now. Please try again in a minute.", unroll.KindRateLimited
	if errors.Is(cause, bot.ErrClosed) {
		id, english, kind = "error_canceled", "I was interrupted. Please try again.", unroll.KindCanceled
	}
	if err := res.Send(ctx, bot.Reply{Text: s.say(id, english, nil), Kind: kind}); err != nil {
		a.log.Warn("answer could not be delivered", "platform", a.Name(), "err", err)
	}
}
