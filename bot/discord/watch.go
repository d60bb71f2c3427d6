package discord

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// growsFor is how long after its last post a thread is offered to be watched.
// One of any age can be watched with the command.
const growsFor = 7 * 24 * time.Hour

// grows tells whether its author may still add to a thread.
func grows(t *unroll.Thread, now time.Time) bool {
	var last time.Time
	for p := range t.All {
		if p.At.After(last) {
			last = p.At
		}
	}
	return now.Sub(last) < growsFor
}

// linkOf is an address that leads to ref: what somebody would have pasted.
// For the paths of fediverse servers any that is read as ref will do.
func linkOf(ref unroll.Ref) string {
	var forms []string
	switch ref.Network {
	case unroll.X:
		forms = []string{"x.com/i/status/" + ref.ID}
	case unroll.Bluesky:
		forms = []string{"bsky.app/profile/" + ref.Author + "/post/" + ref.ID}
	case unroll.Mastodon:
		for _, path := range []string{"/statuses/", "/notice/", "/notes/", "/objects/", "/@i/statuses/"} {
			forms = append(forms, ref.Host+path+ref.ID)
		}
	case unroll.Short:
		forms = []string{ref.Host + "/" + ref.ID}
	}
	for _, form := range forms {
		if got, err := unroll.ParseRef("https://" + form); err == nil && got == ref {
			return "https://" + form
		}
	}
	return ref.Path()
}

// news tells a channel that watches a thread of its new posts, in a message of
// the bot's own that pings nobody: several may have asked. The same news is
// told once, see [Adapter.Recall].
func (o *output) news(ctx context.Context, r *bot.Reply) error {
	if !o.stage.lasting {
		return bot.ErrGone
	}
	s := o.a.settingsOf(ctx, o.server) // as they are now, not when the watch began
	if len(s.AnswerIn) > 0 && !o.a.within(ctx, room{server: o.server, channel: o.channel, parent: parentUnknown}, s.AnswerIn) {
		return bot.ErrGone
	}
	o.quiet, o.speaker.locale = s.Quiet, cmp.Or(s.Locale, o.speaker.locale)

	sum := sha256.Sum256([]byte(o.channel + " " + r.Thread.Ref.Path() + " " + r.NewFrom))
	once := base64.RawURLEncoding.EncodeToString(sum[:15])
	told := progress{request: once}
	if err := told.load(ctx, o.a); err != nil {
		return err
	}
	if _, out := told.next(); out {
		return nil
	}
	m := o.newPosts(ctx, r)
	m.Nonce, m.EnforceNonce = "n"+once, true
	if err := o.a.send(ctx, http.MethodPost, "/channels/"+o.channel+"/messages", m, nil); err != nil {
		return closed(err)
	}
	told.counted(ctx, o.a)
	return nil
}

// newPosts is the message: how many, what they say as far as one message
// holds it, and where to read on.
func (o *output) newPosts(ctx context.Context, r *bot.Reply) outgoing {
	from := max(slices.IndexFunc(r.Thread.Posts, func(p unroll.Post) bool { return p.ID == r.NewFrom }), 0)
	fresh := make(map[string]bool)
	n := 0
	for _, p := range r.Thread.Posts[from:] {
		fresh[p.ID] = true
		if p.Gap == nil {
			n++
		}
	}
	author := cmp.Or(r.Thread.Author.Name, "@"+r.Thread.Author.Handle)
	b := o.book(ctx, r)
	b.title = escaped(o.speaker.say("news", "🔔 "+strconv.Itoa(n)+" new posts by "+author, map[string]any{"Author": author, "PluralCount": n}))
	b.only(func(block render.Block) bool { return fresh[block.PostID] && block.Kind != render.BlockReplyTo })

	k := o.a.keys(ctx, r.Thread.Ref)
	buttons := append(openButton(o.speaker, r.PageURL),
		k.button(verbPage, "1", o.speaker.label("button_unroll", "Unroll", nil), false),
		k.button(verbUnwatch, "", o.speaker.label("button_unwatch", "Stop watching", nil), false))
	if k.err != nil {
		o.a.log.Warn("buttons cannot be made", "err", k.err)
		buttons = openButton(o.speaker, r.PageURL)
	}
	return b.message(b.container(1), place{pageURL: r.PageURL, n: 1}, row(nil, buttons))
}

// planWatch hands on a pressed button as the command would be. Its answer is
// for who pressed; the news are for the channel, so that nothing begins to be
// told there of what was shown to one person.
func (a *Adapter) planWatch(p press, private bool, req bot.Request, reply interactionReply) plan {
	req.Command, req.Message.Text = commandWatch, linkOf(p.ref)
	if p.verb == verbUnwatch {
		req.Command = commandUnwatch
	}
	reply.stage.lasting = reply.stage.lasting && !private
	reply.stage.private = true
	return plan{answer: later(true), request: &req, reply: reply}
}

// writable tells whether the bot can write here by itself, without an
// interaction's token.
func (i *interaction) writable() bool {
	if i.Context != nil && *i.Context == inBotDM {
		return true
	}
	speak := int64(discordgo.PermissionSendMessages)
	if isThread(i.Channel.Type) {
		speak = discordgo.PermissionSendMessagesInThreads
	}
	return i.installed() && has(i.Permissions, speak|discordgo.PermissionViewChannel)
}
