package discord

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// refWithin bounds how long the store may take over a ref that is too long
// for a custom id: the acknowledgement waits for it.
const refWithin = time.Second

// planPress decides what a button or menu asks for.
func (a *Adapter) planPress(ctx context.Context, i *interaction, req bot.Request, reply interactionReply) (plan, error) {
	var data pressed
	if err := decode(i.Data, &data); err != nil {
		return plan{}, fmt.Errorf("discord: component: %w", err)
	}
	inTime, cancel := context.WithTimeout(ctx, refWithin)
	defer cancel()
	p, err := a.refs.parse(inTime, data.CustomID)
	if err != nil {
		a.log.Info("button is of no use any more", "err", err)
		return a.refuse(reply.speaker.say("button_expired", "This button is too old for me to know its thread. Please send the link again.", nil)), nil
	}
	private := i.Message != nil && i.Message.Flags&int(discordgo.MessageFlagsEphemeral) != 0
	ask := bot.PageRequest{Ref: p.ref, Number: p.page()}
	choice := ""
	if len(data.Values) > 0 {
		choice = data.Values[0]
	}
	switch p.verb {
	case verbJump:
		ask.Number = press{arg: choice}.page()
	case verbBranch:
		if ask.Ref, err = unroll.ParsePath(choice); err != nil {
			return plan{}, fmt.Errorf("discord: side branch: %w", err)
		}
	case verbForm:
		if _, known := formOf(choice); !known {
			return plan{}, errors.New("discord: a form of file that is none")
		}
		reply.view, reply.form = bot.ViewFile, choice
	case verbAgain:
		ask.Fresh = true
	case verbFile:
		reply.view = bot.ViewFile
	case verbMedia:
		reply.view = viewMedia
	case verbThread:
		req.Page = &ask
		return a.planThread(i, req, reply), nil
	case verbWatch, verbUnwatch:
		return a.planWatch(p, private, req, reply), nil
	case verbDelete:
		return a.planDelete(i, reply), nil
	case verbHere:
		return plan{answer: callback{Type: answerUpdate}}, nil
	case verbPage, verbShare:
	}
	req.Page, reply.chosen = &ask, true
	switch p.verb {
	case verbPage, verbJump, verbBranch, verbAgain, verbForm:
		reply.update, reply.stage.private = true, private
		return plan{answer: callback{Type: answerUpdate}, request: &req, reply: reply}, nil
	case verbFile, verbMedia:
		reply.stage.private = true
	case verbShare, verbThread, verbDelete, verbHere, verbWatch, verbUnwatch:
	}
	return plan{answer: later(reply.stage.private), request: &req, reply: reply}, nil
}

// refuse answers only the asker, with a sentence.
func (a *Adapter) refuse(text string) plan {
	return plan{answer: callback{Type: answerMessage, Data: sentence(text).ephemeral(true)}}
}

// planDelete deletes an answer for whoever asked for it, or a moderator.
func (a *Adapter) planDelete(i *interaction, reply interactionReply) plan {
	who := i.asker().ID
	moderator := i.Member != nil && has(i.Member.Permissions, discordgo.PermissionManageMessages)
	if !moderator && !reply.alone && (who == "" || i.Message.owner() != who) {
		return a.refuse(reply.speaker.say("not_yours_delete", "Only who asked for this, or a moderator, can delete it.", nil))
	}
	return plan{
		answer: callback{Type: answerUpdate},
		then: func(ctx context.Context) error {
			err := a.rest.do(ctx, http.MethodDelete, reply.original(), nil, nil)
			if refusal(err).Code == codeUnknownMessage {
				return nil
			}
			return err
		},
	}
}

// owner is the id of who asked for an answer of the bot.
func (m *message) owner() string {
	switch {
	case m == nil:
		return ""
	case m.Interaction != nil:
		return m.Interaction.User.ID
	case m.Referenced != nil:
		return m.Referenced.Author.ID
	default:
		return ""
	}
}
