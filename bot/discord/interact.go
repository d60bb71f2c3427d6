package discord

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// ackWithin is how long after its arrival an interaction may still be
// acknowledged. Discord gives three seconds from when it was sent
// ("Receiving and Responding", November 2026).
const ackWithin = 2800 * time.Millisecond

// maxFollowUps is how many messages may follow the first where only the user
// has installed the app (Discord, "Receiving and Responding").
const maxFollowUps = 5

// Codes of errors (Discord, "JSON Error Codes", November 2026).
const (
	codeUnknownMessage      = 10008
	codeAlreadyAcknowledged = 40060
	codeMissingAccess       = 50001
	codeCannotMessageUser   = 50007
	codeMissingPermissions  = 50013
	codeInvalidForm         = 50035
	codeNoHistory           = 160002 // a reply needs permission to read the history
	codeThreadExists        = 160004
)

// Types of answers to an interaction (Discord, "Interaction Callback Type").
const (
	answerPong    = 1
	answerMessage = 4
	answerLater   = 5 // a message will follow
	answerUpdate  = 6 // the message with the button will change, or nothing will
	answerChoices = 8
)

// callback is the immediate answer to an interaction.
type callback struct {
	Type int `json:"type"`
	Data any `json:"data,omitempty"`
}

type laterData struct {
	Flags discordgo.MessageFlags `json:"flags,omitempty"`
}

// plan is what to do about an interaction.
type plan struct {
	answer callback
	// request is handed on once the answer is out; nil means that is all.
	request *bot.Request
	reply   interactionReply
	// then runs after the answer in place of a request.
	then func(context.Context) error
}

// interact acknowledges an interaction at once and then queues it. at is
// when it arrived.
func (a *Adapter) interact(ctx context.Context, i *interaction, at time.Time) {
	defer a.recovered()
	a.self.CompareAndSwap(nil, &identity{app: i.App, user: i.App}) // over HTTP, one may come before Run has asked
	acknowledged := a.urgent.begin(at)
	defer acknowledged()
	inTime, cancel := context.WithDeadline(ctx, at.Add(ackWithin))
	defer cancel()
	var p plan
	var err error
	if a.tasks.crowded(at) {
		p.answer = a.away(i)
	} else if p, err = a.plan(inTime, i); err != nil {
		a.log.Warn("interaction cannot be read", "err", err)
		return
	}
	ours, err := a.acknowledge(inTime, i, p.answer)
	acknowledged()
	if err != nil {
		// Another replica may have been faster; else the asker has seen
		// Discord's own error and will try again.
		a.log.Warn("interaction could not be acknowledged", "err", err, "duration", time.Since(at))
		return
	}
	p.reply.promised = ours && p.answer.Type == answerLater
	switch {
	case p.request != nil:
		a.urgent.makeWay()
		a.handOn(ctx, i, &p)
	case p.then != nil:
		later, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := p.then(later); err != nil {
			a.log.Warn("answer could not be delivered", "platform", a.Name(), "err", err)
		}
	}
}

// handOn queues the request of an interaction that is acknowledged.
func (a *Adapter) handOn(ctx context.Context, i *interaction, p *plan) {
	res := &p.reply
	why, may := a.settle(ctx, i.room(), i.manages, p.request, &res.output)
	if !may && p.request.Page == nil {
		if err := res.Send(ctx, bot.Reply{Text: why, Kind: unroll.KindUnsupported}); err != nil {
			a.log.Warn("answer could not be delivered", "platform", a.Name(), "err", err)
		}
		return
	}
	if err := a.dispatch.Dispatch(ctx, *p.request, res); err != nil {
		a.turnAway(res, res.speaker, err)
	}
}

// acknowledge sends the immediate answer. That Discord knows it already is
// fine when we sent it ourselves and the first answer was lost; then it is
// likely, but not certain, that it was ours.
func (a *Adapter) acknowledge(ctx context.Context, i *interaction, c callback) (ours bool, err error) {
	err = a.rest.do(ctx, http.MethodPost, "/interactions/"+i.ID+"/"+i.Token+"/callback", c, nil)
	if r := refusal(err); r.Code == codeAlreadyAcknowledged && r.Repeated {
		return false, nil
	}
	return err == nil, err
}

// plan decides what an interaction asks for. It does not block for long.
func (a *Adapter) plan(ctx context.Context, i *interaction) (plan, error) {
	who := i.asker()
	private := i.Context != nil && *i.Context == inBotDM
	reply := interactionReply{
		output: output{
			a: a, asker: who.ID, channel: i.ChannelID, speaker: a.speaker(i.Locale),
			stage:    stage{threads: i.threadable(), open: !private, lasting: i.writable()},
			gated:    i.Channel.Gated,
			progress: progress{request: i.ID},
		},
		app: i.App, token: i.Token, end: time.Now().Add(tokenLives), alone: private,
	}
	if !i.installed() {
		reply.most = 1 + maxFollowUps
	}
	req := bot.Request{ID: i.ID, Platform: a.Name(), Chat: i.ChannelID, User: who.ID, Locale: i.Locale, Private: private}
	switch i.Type {
	case interactionCommand:
		return a.planCommand(i, req, reply)
	case interactionComponent:
		return a.planPress(ctx, i, req, reply)
	case interactionAutocomplete:
		return a.planSuggest(i)
	default:
		return plan{}, errors.New("discord: an interaction of type " + strconv.Itoa(i.Type))
	}
}

func (a *Adapter) planCommand(i *interaction, req bot.Request, reply interactionReply) (plan, error) {
	c, err := decodeCommand(i.Data)
	if err != nil {
		return plan{}, err
	}
	switch {
	case c.Type == menuCommand:
		target, ok := c.Resolved.Messages[c.Target]
		if !ok {
			return plan{}, errors.New("discord: a menu command without its message")
		}
		req.Command, req.Replied = "unroll", a.replied(&target)
	case c.Name == commandHelp:
		req.Command, reply.stage.private = "help", true
	case c.Name == commandSettings:
		return a.planSettings(i, c, reply), nil
	case c.Name == commandWatch, c.Name == commandUnwatch:
		req.Command, req.Message.Text = c.Name, c.text(optionLink)
		a.suggestions.saw(req.User, req.Message.Text)
	default:
		req.Command, req.Message.Text = "unroll", c.text(optionLink)
		a.suggestions.saw(req.User, req.Message.Text)
		reply.stage.private = c.flag(optionPrivate)
		if v := c.text(optionView); v != "" {
			reply.view, reply.chosen = bot.View(strings.TrimPrefix(v, choicePages)), true
		}
		switch {
		case reply.view != viewThread:
		case reply.stage.private: // a thread is for all to see
			reply.view = bot.ViewPages
		default:
			if why := a.mayThread(i, reply.speaker); why != "" {
				return a.refuse(why), nil
			}
		}
	}
	return plan{answer: later(reply.stage.private), request: &req, reply: reply}, nil
}

// later promises a message.
func later(private bool) callback {
	c := callback{Type: answerLater}
	if private {
		c.Data = laterData{Flags: discordgo.MessageFlagsEphemeral}
	}
	return c
}

// has tells whether a set of permissions, as Discord writes it, holds some.
func has(have string, permissions int64) bool {
	n, err := strconv.ParseInt(have, 10, 64)
	return err == nil && (n&permissions == permissions || n&discordgo.PermissionAdministrator != 0)
}
