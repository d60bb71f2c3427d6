package telegram

import (
	"context"
	"strconv"
	"strings"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// offerFor is how long a thread that was offered or shown in a chat is not
// offered there again.
const offerFor = 30 * 24 * time.Hour

func offerKey(chat int64, thread string) string {
	return "telegram:offer:" + itoa(chat) + ":" + thread
}

func shownKey(chat int64, thread string) string {
	return "telegram:shown:" + itoa(chat) + ":" + thread
}

// offer shows a button below a message that holds a thread, once for each
// thread; after that, the way to where it is.
func (r *answerer) offer(ctx context.Context, reply bot.Reply) error {
	thread, to := keyOf(reply.Thread.Ref.Path()), r.to
	to.Silent = true
	first, err := r.a.values.Claim(ctx, offerKey(to.Chat, thread), offerFor)
	if err != nil {
		r.a.log.Warn("store cannot mark an offer; none is made", "err", err)
		return nil
	}
	if !first {
		return r.a.unlessGone(r.pointTo(ctx, to, thread))
	}
	v, err := r.a.offerView(ctx, reply, r.locale)
	if err != nil {
		r.a.log.Warn("buttons cannot be kept", "err", err)
		return nil
	}
	id, err := r.a.send(ctx, to, v, answerPatience)
	if err != nil {
		if err := r.a.values.DeleteValue(context.WithoutCancel(ctx), offerKey(to.Chat, thread)); err != nil {
			r.a.log.Warn("store cannot forget an offer", "err", err)
		}
		return r.a.unlessGone(err)
	}
	r.to.Last = max(r.to.Last, id)
	r.a.keepRecord(ctx, to.Chat, record{By: hashedUser(to.Chat, r.user), Parts: []int64{id}, Thread: thread})
	r.a.keepShown(ctx, to.Chat, thread, id)
	return nil
}

func (a *Adapter) offerView(ctx context.Context, r bot.Reply, locale string) (view, error) {
	p, err := a.short(ctx, press{Verb: verbShow, Number: 1, Ref: askAgain(r)})
	if err != nil {
		return view{}, err
	}
	text := a.say(locale, "offer", map[string]any{"Author": authorName(r.Thread), "PluralCount": r.Thread.Len()})
	var w writer
	w.block(clean(render.Block{Kind: render.BlockText, Text: text}))
	return view{
		richText: w.done(), Preview: &preview{Disabled: true},
		Markup: &keyboard{Rows: [][]button{{{Text: a.say(locale, "button_unroll", nil), Data: p.String()}}}},
	}, nil
}

// authorName is the author's name for use in a sentence of any direction.
func authorName(t *unroll.Thread) string {
	name := t.Author.Name
	if strings.TrimSpace(name) == "" {
		name = t.Author.Handle
	}
	return "\u2068" + name + "\u2069"
}

// keepShown remembers where in a chat a thread can be seen.
func (a *Adapter) keepShown(ctx context.Context, chat int64, thread string, id int64) {
	if err := a.values.SetValue(ctx, shownKey(chat, thread), []byte(itoa(id)), offerFor); err != nil {
		a.log.Warn("store cannot keep an answer's place", "err", err)
	}
}

// pointTo links to the earlier answer. Basic groups have no such links; there
// it is left at that.
func (r *answerer) pointTo(ctx context.Context, to place, thread string) error {
	id, ok, err := r.a.idAt(ctx, shownKey(to.Chat, thread))
	if err != nil {
		r.a.log.Warn("store cannot tell an answer's place", "err", err)
		return nil
	}
	link, linked := messageLink(to.Chat, id)
	if !ok || !linked {
		return nil
	}
	_, err = r.a.send(ctx, to, view{
		richText: richText{Text: r.a.say(r.locale, "offer_again", nil)},
		Markup:   &keyboard{Rows: [][]button{{{Text: r.a.say(r.locale, "button_there", nil), URL: link}}}},
	}, answerPatience)
	return err
}

// idAt is the message whose id is kept under key.
func (a *Adapter) idAt(ctx context.Context, key string) (id int64, ok bool, err error) {
	data, ok, err := a.values.Value(ctx, key)
	if err != nil || !ok {
		return 0, false, err
	}
	id, err = strconv.ParseInt(string(data), 10, 64)
	return id, err == nil, err
}

// messageLink is the address of a message for the members of its supergroup
// or channel, whose ids are 100 and the number in the link, negated.
func messageLink(chat, id int64) (string, bool) {
	number, ok := strings.CutPrefix(itoa(chat), "-100")
	return "https://t.me/c/" + number + "/" + itoa(id), ok && number != "" && id > 0
}
