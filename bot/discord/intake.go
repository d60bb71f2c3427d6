package discord

import (
	"context"
	"errors"
	"regexp"
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
	asks := private || mentioned || (m.Type == typeReply && m.Content != "")
	known, fresh := a.knownSettings(m.GuildID)
	if !asks && (!strings.Contains(m.Content, "://") || (fresh && !known.Auto)) {
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
	if !asks {
		req.Message = bot.Message{Text: spoilers.ReplaceAllLiteralString(text, " ")} // what is covered stays so
	}
	res := &messageReply{
		output: output{
			a: a, asker: m.Author.ID, channel: m.ChannelID, speaker: a.speaker(""),
			stage:    stage{threads: !private, open: !private, lasting: true},
			progress: progress{request: m.ID},
		},
		message: m.ID,
	}
	// The store, or Discord, may take its time, and the next event waits for
	// this to return.
	if !a.tasks.start(func() {
		defer a.recovered()
		in := room{server: m.GuildID, channel: m.ChannelID, parent: parentUnknown}
		why, may := a.settle(ctx, in, func() bool { return a.moderates(ctx, m) }, &req, &res.output)
		if !asks && (!may || !req.Settings.Auto) {
			return
		}
		if !may {
			res.declined = why
		}
		res.unasked = req.Settings.Auto && !mentioned && len(unroll.FindRefs(req.Message.Text)) > 0
		if err := a.dispatch.Dispatch(ctx, req, res); err != nil {
			a.turnAway(res, res.speaker, err)
		}
	}) {
		a.log.Warn("event dropped: too many at once", "kind", "MESSAGE_CREATE")
	}
}

var spoilers = regexp.MustCompile(`(?s)\|\|.+?\|\|`)

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
	a.tasks.refused(cause, time.Now())
	text, kind := s.busy(), unroll.KindRateLimited
	if errors.Is(cause, bot.ErrClosed) {
		text, kind = s.say("error_canceled", "I was interrupted. Please try again.", nil), unroll.KindCanceled
	}
	if err := res.Send(ctx, bot.Reply{Text: text, Kind: kind}); err != nil {
		a.log.Warn("answer could not be delivered", "platform", a.Name(), "err", err)
	}
}
