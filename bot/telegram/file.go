package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// filer answers a press with the whole thread as a file.
type filer struct{ *presser }

// Send sends the file below the answer.
func (r *filer) Send(ctx context.Context, reply bot.Reply) error {
	if reply.Thread == nil {
		return r.sorry(ctx, reply)
	}
	if r.twice(ctx) {
		r.answer(ctx, "")
		return nil
	}
	var data bytes.Buffer
	o := r.a.options(reply, r.audience())
	write, ext := render.Options.Markdown, ".md"
	switch r.verb {
	case verbText:
		write, ext = render.Options.Text, ".txt"
	case verbHTML:
		write, ext, o.Picture = render.Options.HTML, ".html", r.a.pictures(ctx, reply.Thread, r.audience())
	case verbEPUB:
		write, ext, o.Picture = render.Options.EPUB, ".epub", r.a.pictures(ctx, reply.Thread, r.audience())
	case verbPDF:
		write, ext, o.Picture = render.Options.PDF, ".pdf", r.a.pictures(ctx, reply.Thread, r.audience())
	default:
	}
	if err := write(o, &data, reply.Thread); err != nil {
		return r.end(ctx, err)
	}
	_, err := r.a.sendFile(ctx, r.turn(), r.to, file{name: render.FileName(reply.Thread, ext), data: data.Bytes()})
	if err == nil {
		r.did(ctx)
	}
	return r.end(ctx, err)
}

// pictures are those of a thread's file; none where media are not wanted.
func (a *Adapter) pictures(ctx context.Context, t *unroll.Thread, to audience) func(string) ([]byte, string, bool) {
	if a.cfg.Pictures == nil || to.quiet {
		return nil
	}
	return a.cfg.Pictures(ctx, t)
}

// onceFor is how long a second press of the same button does nothing.
const onceFor = 20 * time.Second

func (r *presser) onceKey(what string) string {
	return "telegram:" + what + ":" + itoa(r.to.Chat) + ":" + itoa(r.to.ReplyTo) + ":" + string(r.verb)
}

// twice tells whether the button was pressed just before: people tap again
// while a file is on its way. A press that another process took is done again
// unless it was done.
func (r *presser) twice(ctx context.Context) bool {
	if r.again {
		_, done, err := r.a.values.Value(ctx, r.onceKey("done")+":"+r.id)
		if err != nil {
			r.a.log.Warn("store cannot tell what became of a press", "err", err)
		}
		return done
	}
	first, err := r.a.values.Claim(ctx, r.onceKey("sent"), onceFor)
	if err != nil {
		r.a.log.Warn("store cannot mark a press", "err", err)
		return false
	}
	return !first
}

// did marks that what the press asked for was sent.
func (r *presser) did(ctx context.Context) {
	if err := r.a.values.SetValue(ctx, r.onceKey("done")+":"+r.id, []byte{1}, pressFor); err != nil {
		r.a.log.Warn("store cannot mark a press", "err", err)
	}
}

// file is a document to send.
type file struct {
	name    string
	data    []byte
	caption richText
	markup  *keyboard
}

// sendFile sends a file and tells its message's id. After a loss it is not sent again: it may have
// arrived, and the button is still there.
func (a *Adapter) sendFile(ctx context.Context, t turn, to place, f file) (int64, error) {
	params, err := f.params(to)
	if err != nil {
		return 0, err
	}
	for n := 1; ; n++ {
		if err := a.await(ctx, t); err != nil {
			return 0, err
		}
		var sent message
		err = a.api.upload(ctx, "sendDocument", params, "document", f.name, f.data, &sent)
		var lost *callError
		if err == nil || n == attempts || !a.passes(err, t) || (errors.As(err, &lost) && lost.Sent) {
			return sent.ID, err
		}
		if err := a.rest(ctx, t, newBackoff(), err); err != nil {
			return 0, err
		}
	}
}

func (f *file) params(to place) (map[string]string, error) {
	params := map[string]string{"chat_id": itoa(to.Chat)}
	if to.Topic != 0 {
		params["message_thread_id"] = itoa(to.Topic)
	}
	objects := map[string]any{}
	if to.ReplyTo != 0 {
		objects["reply_parameters"] = replyParams{MessageID: to.ReplyTo, Anyway: true}
	}
	if f.caption.Text != "" {
		params["caption"] = f.caption.Text
		objects["caption_entities"] = f.caption.Entities
	}
	if f.markup != nil {
		objects["reply_markup"] = f.markup
	}
	for name, object := range objects {
		data, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		params[name] = string(data)
	}
	return params, nil
}
