package discord

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"unrollbot/bot"
)

// messageReply answers a message in its channel.
type messageReply struct {
	output
	message string // empty: the asker is named instead
	// unasked is set where a link in the message may be all there is to it:
	// then only threads are offered, until Working tells otherwise.
	unasked bool
	// declined is why who asks may not ask here.
	declined string
	// newsOnly is set when the answer itself can no longer be given.
	newsOnly bool
}

var _ bot.Responder = (*messageReply)(nil)

// Working shows that the bot is typing. Discord shows it for ten seconds. Who
// may not ask here is told so.
func (r *messageReply) Working(ctx context.Context) error {
	if r.declined != "" {
		if err := r.decline(ctx); err != nil {
			r.a.log.Info("who may not ask cannot be told", "err", err)
		}
		return bot.ErrDeclined
	}
	r.unasked = false
	return r.a.rest.do(ctx, http.MethodPost, "/channels/"+r.channel+"/typing", nil, nil)
}

// Send posts a reply to the message. Nobody is pinged but who wrote it.
func (r *messageReply) Send(ctx context.Context, reply bot.Reply) error {
	switch {
	case reply.NewFrom != "":
		return r.news(ctx, &reply)
	case r.newsOnly:
		return bot.ErrGone
	case r.declined != "" && reply.Offer:
		return nil
	case r.declined != "":
		return r.decline(ctx)
	case reply.Offer:
		return r.offer(ctx, &reply)
	case r.unasked: // a limit was reached over something that nobody asked for
		return nil
	}
	messages := []outgoing{}
	if reply.Thread == nil {
		messages = append(messages, r.sentence(ctx, &reply))
	} else {
		var err error
		if messages, err = r.messages(ctx, &reply); err != nil {
			return err
		}
	}
	for i, m := range messages {
		switch {
		case i > 0, r.message == "" && !r.stage.open:
		case r.message == "":
			m = m.naming(r.asker)
		default:
			m.Reference = &reference{MessageID: r.message}
			m.AllowedMentions.RepliedUser = true
		}
		id, err := r.post(ctx, m)
		if err != nil {
			return r.explain(ctx, err)
		}
		if i == 0 && reply.Thread != nil {
			r.note(ctx, reply.Thread, id)
		}
	}
	return nil
}

// post sends a message and returns its id, which is empty when an earlier
// process has sent it.
func (r *messageReply) post(ctx context.Context, m outgoing) (string, error) {
	n, out := r.progress.next()
	if out {
		return "", nil
	}
	m.Nonce, m.EnforceNonce = r.progress.request+"-"+strconv.Itoa(n), true
	path := "/channels/" + r.channel + "/messages"
	var posted struct {
		ID string `json:"id"`
	}
	err := r.a.send(ctx, http.MethodPost, path, m, &posted)
	if refusal(err).Code == codeNoHistory {
		m.Reference, m.AllowedMentions.RepliedUser = nil, false
		err = r.a.send(ctx, http.MethodPost, path, m, &posted)
	}
	if err == nil {
		r.progress.counted(ctx, r.a)
	}
	return posted.ID, err
}

// explain tells the asker what the bot may not do here, where that is why it
// cannot answer.
func (r *messageReply) explain(ctx context.Context, err error) error {
	switch refusal(err).Code {
	case codeMissingAccess:
		return r.muzzled(ctx, "View Channel, Send Messages")
	case codeMissingPermissions:
		return r.muzzled(ctx, "Send Messages, Send Messages in Threads")
	default:
		return err
	}
}

// muzzled tells the asker, in a direct message, which permissions the bot
// lacks where they asked. Who takes no direct messages is not told.
func (r *messageReply) muzzled(ctx context.Context, names string) error {
	if r.progress.begun > 1 { // told already
		return nil
	}
	r.a.log.Info("no permission to answer in a channel", "permissions", names)
	return r.direct(ctx, r.speaker.say("muzzled", "I cannot write where you asked me to: I lack a permission there ("+names+"). Ask whoever runs the server to grant it, or send me the link here.",
		map[string]any{"Permissions": names}))
}

// declinedFor is how long somebody is not told again that they may not ask on
// a server.
const declinedFor = 24 * time.Hour

// decline tells the asker, in a direct message, why they are not answered
// where they asked.
func (r *messageReply) decline(ctx context.Context) error {
	first, err := r.a.values.Claim(ctx, r.a.key("declined", r.server+":"+r.asker), declinedFor)
	if err != nil || !first {
		return err
	}
	return r.direct(ctx, r.declined)
}

// direct sends the asker a direct message. Who takes none is left in peace.
func (r *messageReply) direct(ctx context.Context, text string) error {
	var direct struct {
		ID string `json:"id"`
	}
	err := r.a.rest.do(ctx, http.MethodPost, "/users/@me/channels", map[string]string{"recipient_id": r.asker}, &direct)
	if err == nil {
		m := sentence(text)
		m.Nonce, m.EnforceNonce = r.progress.request+"-dm", true
		err = r.a.send(ctx, http.MethodPost, "/channels/"+direct.ID+"/messages", m, nil)
	}
	if refusal(err).Code == codeCannotMessageUser {
		return nil
	}
	return err
}
