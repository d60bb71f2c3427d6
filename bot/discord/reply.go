package discord

import (
	"context"
	"net/http"
	"time"

	"unrollbot/bot"
)

// interactionReply answers an interaction. Its token lives 15 minutes, which
// is longer than a request may take.
type interactionReply struct {
	output
	app   string
	token string
	end   time.Time // of the token
	alone bool      // asker and bot are by themselves: nothing needs hiding
	// update changes the message whose button was pressed; else a message
	// was promised.
	update  bool
	message string // with the button, for viewThread
	asked   string // about which the answer with the button is, for viewThread

	// promised is set while Discord shows that a message of ours will come.
	promised bool
	sent     int    // replies
	shown    string // id of the first message
}

var (
	_ bot.Responder = (*interactionReply)(nil)
	_ bot.Finisher  = (*interactionReply)(nil)
)

// Working does nothing: the acknowledgement shows it already.
func (r *interactionReply) Working(context.Context) error { return nil }

// Send delivers a reply: the first takes the place of what was promised, the
// others follow.
func (r *interactionReply) Send(ctx context.Context, reply bot.Reply) error {
	err := r.deliver(ctx, reply)
	if r.recalled {
		return closed(err)
	}
	return err
}

func (r *interactionReply) deliver(ctx context.Context, reply bot.Reply) error {
	first := r.sent == 0
	r.sent++
	if reply.NewFrom != "" {
		return r.news(ctx, &reply)
	}
	if reply.Thread == nil {
		return r.tell(ctx, &reply, first)
	}
	if r.view == viewThread {
		return r.unrollInto(ctx, &reply, first)
	}
	messages, err := r.messages(ctx, &reply)
	if err != nil {
		return err
	}
	for i, m := range messages {
		if err := r.put(ctx, m, first && i == 0); err != nil {
			return err
		}
		if i == 0 && first {
			r.note(ctx, reply.Thread, r.shown)
		}
	}
	return nil
}

// Done keeps "thinking…" from standing for its 15 minutes: what was promised
// is taken back when nothing was to be said, and told to have failed when it
// could not be said.
func (r *interactionReply) Done(ctx context.Context) {
	if !r.promised {
		return
	}
	var err error
	if r.sent == 0 {
		err = r.a.rest.do(ctx, http.MethodDelete, r.original(), nil, nil)
	} else {
		text := r.speaker.say("error_canceled", "I was interrupted. Please try again.", nil)
		err = r.put(ctx, sentence(text), true)
	}
	if err != nil && refusal(err).Code != codeUnknownMessage {
		r.a.log.Warn("promised answer cannot be taken back", "err", err)
	}
}

// tell delivers a sentence. One about an error is for the asker only. What
// was promised to all cannot be made private any more: it is told there, told
// again to the asker alone, and then deleted. Whatever fails on the way, the
// asker has read it.
func (r *interactionReply) tell(ctx context.Context, reply *bot.Reply, first bool) error {
	m := r.sentence(ctx, reply)
	hide := reply.Kind != "" && !r.alone
	switch {
	case r.update, !first:
		return r.follow(ctx, m.ephemeral(hide || r.stage.private))
	case !hide || r.stage.private:
		return r.put(ctx, m, first)
	}
	if err := r.put(ctx, m, first); err != nil {
		return err
	}
	if err := r.follow(ctx, m.ephemeral(true)); err != nil {
		return err
	}
	err := r.a.rest.do(ctx, http.MethodDelete, r.original(), nil, nil)
	if refusal(err).Code == codeUnknownMessage { // an earlier process came that far
		return nil
	}
	return err
}

// put sends a message as the promised one, or as one that follows.
func (r *interactionReply) put(ctx context.Context, m outgoing, first bool) error {
	if !first {
		return r.follow(ctx, m.ephemeral(r.stage.private))
	}
	var shown struct {
		ID string `json:"id"`
	}
	err := r.a.send(ctx, http.MethodPatch, r.original(), m.asEdit(), &shown)
	r.shown = shown.ID
	if refusal(err).Code == codeUnknownMessage { // deleted in the meantime
		err = nil
	}
	r.promised = r.promised && err != nil
	return err
}

// follow sends one more message, unless an earlier process has. Where only
// so many may follow, the others are left out.
func (r *interactionReply) follow(ctx context.Context, m outgoing) error {
	n, out := r.progress.next()
	if out || (r.most > 0 && n >= maxFollowUps) {
		return nil
	}
	err := r.a.send(ctx, http.MethodPost, r.webhook(), m, nil)
	if err == nil {
		r.progress.counted(ctx, r.a)
	}
	return err
}

func (r *interactionReply) webhook() string { return "/webhooks/" + r.app + "/" + r.token }

// original is the promised message, or the one with the button.
func (r *interactionReply) original() string { return r.webhook() + "/messages/@original" }

// send makes the call with a message in it. Where components are refused, it
// sends an embed, and where that is, plain text.
func (a *Adapter) send(ctx context.Context, method, path string, m outgoing, out any) error {
	err := a.sendOnce(ctx, method, path, m, out)
	for _, simpler := range []func() outgoing{m.fallback, m.bare} {
		if r := refusal(err); r.Status != http.StatusBadRequest || r.Code != codeInvalidForm || m.plain == nil {
			return err
		}
		a.log.Warn("message refused; sending it in a simpler form", "err", err)
		err = a.sendOnce(ctx, method, path, simpler(), out)
	}
	return err
}

func (a *Adapter) sendOnce(ctx context.Context, method, path string, m outgoing, out any) error {
	if len(m.files) > 0 {
		return a.rest.upload(ctx, method, path, m, m.files, out)
	}
	return a.rest.do(ctx, method, path, m, out)
}
