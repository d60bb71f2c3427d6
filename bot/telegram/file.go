package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll/render"
)

// filer answers a press with the whole thread as a file.
type filer struct {
	*presser
	verb verb
}

// Send sends the file below the answer.
func (r *filer) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		return r.sorry(ctx, reply)
	}
	if r.twice(ctx, r.verb) {
		r.answer(ctx, "")
		return nil
	}
	var file bytes.Buffer
	write, ext := render.Markdown, ".md"
	if r.verb == verbText {
		write, ext = render.Text, ".txt"
	}
	if err := write(&file, reply.Thread); err != nil {
		return r.end(ctx, err)
	}
	return r.end(ctx, r.a.sendFile(ctx, r.turn(), r.to, render.FileName(reply.Thread, ext), file.Bytes()))
}

// onceFor is how long a second press of the same button does nothing.
const onceFor = 20 * time.Second

// twice tells whether the button was pressed just before: people tap again
// while a file is on its way.
func (r *presser) twice(ctx context.Context, v verb) bool {
	first, err := r.a.values.Claim(ctx, "telegram:sent:"+itoa(r.to.Chat)+":"+itoa(r.to.ReplyTo)+":"+string(v), onceFor)
	if err != nil {
		r.a.log.Warn("store cannot mark a press", "err", err)
		return false
	}
	return !first
}

// sendFile sends a file. After a loss it is not sent again: it may have
// arrived, and the button is still there.
func (a *Adapter) sendFile(ctx context.Context, t turn, to place, name string, file []byte) error {
	for n := 1; ; n++ {
		if err := a.await(ctx, t); err != nil {
			return err
		}
		reply, err := json.Marshal(replyParams{MessageID: to.ReplyTo, Anyway: true})
		if err != nil {
			return err
		}
		params := map[string]string{"chat_id": itoa(to.Chat), "reply_parameters": string(reply)}
		if to.Topic != 0 {
			params["message_thread_id"] = itoa(to.Topic)
		}
		err = a.api.upload(ctx, "sendDocument", params, "document", name, file, nil)
		var lost *callError
		if err == nil || n == attempts || !a.passes(err, t) || (errors.As(err, &lost) && lost.Sent) {
			return err
		}
		if err := a.rest(ctx, t, newBackoff(), err); err != nil {
			return err
		}
	}
}
