package telegram

import (
	"context"
	"slices"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

const (
	// growsFor is how long after its last post a thread is worth watching.
	growsFor = 7 * 24 * time.Hour
	// newsFor is how long the message with some news is known, so that the
	// same news are not told twice.
	newsFor = 48 * time.Hour
)

// has is what the menu under a thread is for.
func (a *Adapter) has(t *unroll.Thread, to audience) int {
	has := 0
	if media(t) && !to.quiet {
		has |= hasMedia
	}
	if len(t.Branches) > 0 {
		has |= hasBranches
	}
	if grows(t, time.Now()) {
		has |= mayGrow
	}
	return has
}

// grows tells whether the thread may go on: its last post is of these days.
func grows(t *unroll.Thread, now time.Time) bool {
	for p := range t.All {
		if !p.At.IsZero() && now.Sub(p.At) < growsFor {
			return true
		}
	}
	return false
}

// bell answers a press that asks for news, or for no more of them.
type bell struct {
	*presser
	later *answerer
}

// Send says what became of the wish, where the press was.
func (r *bell) Send(ctx context.Context, reply bot.Reply) error {
	if reply.NewFrom != "" {
		return r.later.Send(ctx, reply)
	}
	return r.sorry(ctx, reply)
}

// Working shows nothing, and lets nobody ask who may not.
func (r *bell) Working(ctx context.Context) error {
	if !r.a.mayAsk(ctx, r.settings, r.to.Chat, r.who) {
		r.answer(ctx, r.a.say(r.locale, "admins_only", nil))
		return bot.ErrDeclined
	}
	return nil
}

// later tells who pressed of news: in reply to the question that led to the
// thread.
func (a *Adapter) later(at address, req *bot.Request) *answerer {
	r := a.answererAt(at, req)
	r.to.ReplyTo, r.to.Last = at.Question, 0
	return r
}

// news tells what is new in a thread, in a message of its own. The same news
// again are put into the same message.
func (r *answerer) news(ctx context.Context, reply bot.Reply) error {
	v, ok := r.a.newsView(ctx, reply, r.audience())
	if !ok {
		return nil
	}
	key := "telegram:news:" + itoa(r.to.Chat) + ":" + itoa(r.to.ReplyTo) + ":" + keyOf(reply.Thread.Ref.Path()+"\n"+reply.NewFrom)
	if id, known, err := r.a.idAt(ctx, key); err != nil {
		r.a.log.Warn("store cannot tell whether news were told", "err", err)
	} else if known {
		return r.a.edit(ctx, r.turn(), editMessage{ChatID: r.to.Chat, MessageID: id, view: v})
	}
	to := r.to
	to.Last, to.Lost = 0, false // what came meanwhile is not known
	id, err := r.a.send(ctx, to, v, answerPatience)
	if err != nil {
		return err
	}
	if err := r.a.values.SetValue(ctx, key, []byte(itoa(id)), newsFor); err != nil {
		r.a.log.Warn("store cannot keep that news were told", "err", err)
	}
	r.a.keepRecord(ctx, to.Chat, record{By: hashedUser(to.Chat, r.user), Parts: []int64{id}})
	return nil
}

// newsView is the posts from reply.NewFrom on, as many as one message holds,
// below a line that counts all of them. ok is false where there are none.
func (a *Adapter) newsView(ctx context.Context, reply bot.Reply, to audience) (v view, ok bool) {
	at := slices.IndexFunc(reply.Thread.Posts, func(p unroll.Post) bool { return p.ID == reply.NewFrom })
	if at < 0 {
		return view{}, false
	}
	t := *reply.Thread
	t.Posts, t.ReplyTo = t.Posts[at:], nil
	t.Branches = slices.DeleteFunc(slices.Clone(t.Branches), func(b unroll.Branch) bool {
		return !slices.ContainsFunc(t.Posts, func(p unroll.Post) bool { return p.ID == b.After })
	})
	blocks := slices.DeleteFunc(render.Blocks(&t, a.options(reply, to)), func(b render.Block) bool { return b.Kind == render.BlockTitle })
	anchor := reply.PageURL + "#" + render.Anchor(reply.Thread, reply.NewFrom)
	blocks = slices.Insert(blocks, 0, a.newsLine(&t, anchor, to.locale))
	all := laidOut(blocks, tailOf(reply), formPages)
	v = view{richText: compose(all[0], tailOf(reply)), Preview: &preview{Disabled: true}}
	var k keyboard
	var row []button
	if public(reply.PageURL) {
		row = append(row, button{Text: a.say(to.locale, "button_open", nil), URL: anchor})
	}
	if p, err := a.short(ctx, press{Verb: verbUnwatch, Number: 1, Ref: reply.Thread.Ref}); err == nil {
		row = append(row, button{Text: labelUnwatch + a.say(to.locale, "button_unwatch", nil), Data: p.String()})
	}
	k.row(row...)
	v.Markup = k.orNil()
	return v, true
}

func (a *Adapter) newsLine(t *unroll.Thread, address, locale string) render.Block {
	n := 0
	for i := range t.Posts {
		if t.Posts[i].Gap == nil {
			n++
		}
	}
	b := render.Block{Kind: render.BlockTitle, Text: a.say(locale, "news", map[string]any{"Author": authorName(t), "PluralCount": n})}
	if public(address) {
		b.Facets = []unroll.Facet{{Start: 0, End: len(b.Text), Kind: unroll.FacetLink, URL: address}}
	}
	return b
}

// linkOf is an address that leads to the ref's post at its network, or to
// wherever that server sends it on to.
func linkOf(ref unroll.Ref) string {
	var links []string
	switch ref.Network {
	case unroll.X:
		links = []string{"https://x.com/i/status/" + ref.ID}
	case unroll.Bluesky:
		links = []string{"https://bsky.app/profile/" + ref.Author + "/post/" + ref.ID}
	case unroll.Mastodon:
		links = []string{"https://" + ref.Host + "/@_/" + ref.ID, "https://" + ref.Host + "/notes/" + ref.ID, "https://" + ref.Host + "/notice/" + ref.ID}
	case unroll.Short:
		links = []string{"https://" + ref.Host + "/" + ref.ID}
	}
	for _, link := range links {
		if r, err := unroll.ParseRef(link); err == nil && r == ref {
			return link
		}
	}
	return ""
}
