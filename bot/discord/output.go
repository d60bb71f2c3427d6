package discord

import (
	"context"
	"slices"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// Views that are no setting of a chat.
const (
	viewThread   bot.View = "thread"   // all of it, in a Discord thread
	viewBranches bot.View = "branches" // the side branches, a line or two each
	viewMedia    bot.View = "media"    // all pictures and videos
)

// maxWhole bounds the messages that one answer is spread over.
const maxWhole = 10

// output is how and where an answer is shown.
type output struct {
	a       *Adapter
	speaker speaker
	asker   string // id of who asked
	channel string
	stage   stage
	view    bot.View
	form    string // of a file; empty means the first
	chosen  bool   // the view was asked for, and no setting changes it
	quiet   bool   // without media
	server  string
	gated   bool // for grown-ups, as far as the asking told; see bare
	noted   bool // where threads are offered: what is shown is noted
	most    int  // messages for one answer; 0 means maxWhole

	progress progress
	recalled bool // another process may have begun the answer
}

// messages shows a thread in the form asked for.
func (o *output) messages(ctx context.Context, r *bot.Reply) ([]outgoing, error) {
	if !o.stage.private && o.stage.open {
		o.a.suggestions.showed(o.channel, o.speaker.words().Title(r.Thread), sourceLink(r.Thread, r.PageURL))
	}
	switch o.view {
	case bot.ViewFile:
		m, err := o.file(ctx, o.a.keys(ctx, refOf(r)), r)
		return []outgoing{m}, err
	case bot.ViewLink:
		return []outgoing{o.link(ctx, r)}, nil
	case bot.ViewWhole:
		return o.whole(o.book(ctx, r), r), nil
	case viewMedia:
		return o.media(ctx, r), nil
	case viewBranches:
		return []outgoing{o.branches(ctx, r)}, nil
	case bot.ViewPages, viewThread:
	}
	return []outgoing{o.page(ctx, o.book(ctx, r), r)}, nil
}

func (o *output) book(ctx context.Context, r *bot.Reply) *book {
	words := o.speaker.words()
	words.PageURL = r.PageURL
	return newBook(r.Thread, words, o.bare(ctx, r.Thread))
}

// bare tells which media this place is spared. What an author covered belongs
// into channels that are for grown-ups, and is covered there too; elsewhere on
// a server it is named only.
func (o *output) bare(ctx context.Context, t *unroll.Thread) bareness {
	switch {
	case o.quiet:
		return bareAll
	case o.server == "" || o.gated || !covers(t):
		return bareNone
	case o.a.room(ctx, o.channel).gated:
		return bareNone
	default:
		return bareCovered
	}
}

// covers tells whether the thread has covered media.
func covers(t *unroll.Thread) bool {
	quoted := func(q *unroll.Quote) bool { return q != nil && (q.Sensitive || q.Warning != "") && len(q.Media) > 0 }
	for p := range t.All {
		if ((p.Sensitive || p.Warning != "") && len(p.Media) > 0) || quoted(p.Quote) || (p.Warning != "" && p.Quote != nil) {
			return true
		}
	}
	return quoted(t.ReplyTo)
}

// page is a page of a thread, with its buttons.
func (o *output) page(ctx context.Context, b *book, r *bot.Reply) outgoing {
	at := placeOf(r, b)
	rows := o.a.controls(ctx, o.speaker, at, o.stage)
	return b.message(b.container(at.n), at, rows)
}

// whole is all of a thread, or as much as the messages hold; then the page
// has the rest.
func (o *output) whole(b *book, r *bot.Reply) []outgoing {
	most := o.most
	if most == 0 {
		most = maxWhole
	}
	last := min(len(b.pages), most)
	var out []outgoing
	for n := 1; n <= last; n++ {
		var rows []discordgo.MessageComponent
		if n == last {
			rows = row(nil, openButton(o.speaker, r.PageURL))
		}
		out = append(out, b.message(b.part(n, n == 1, n == last), place{pageURL: r.PageURL, n: n}, rows))
	}
	return out
}

// media shows nothing but pictures and videos, also where answers go without.
func (o *output) media(ctx context.Context, r *bot.Reply) []outgoing {
	o.quiet = false
	b := o.book(ctx, r)
	b.only(func(block render.Block) bool { return block.Kind == render.BlockMedia })
	return o.whole(b, r)
}

// link is a thread's first words and where to read it.
func (o *output) link(ctx context.Context, r *bot.Reply) outgoing {
	b := o.book(ctx, r)
	b.pages = [][]render.Block{{{Kind: render.BlockText, Text: o.speaker.words().Title(r.Thread)}}}
	return b.message(b.container(1), place{pageURL: r.PageURL, n: 1}, row(nil, openButton(o.speaker, r.PageURL)))
}

// message is a page in its container, with rows of buttons below.
func (b *book) message(c discordgo.Container, at place, rows []discordgo.MessageComponent) outgoing {
	m := newMessage(slices.Concat([]discordgo.MessageComponent{c}, rows)...)
	m.plain = func() plainForm {
		p := plainForm{text: b.plain(at.n), colour: *c.AccentColor, rows: rows}
		if buttonURL(at.pageURL) {
			p.url = at.pageURL
		}
		return p
	}
	return m
}

// sentence is a reply without a thread, with a button to try again where that
// may help.
func (o *output) sentence(ctx context.Context, r *bot.Reply) outgoing {
	var rows []discordgo.MessageComponent
	if r.Retry {
		rows = o.a.retry(ctx, o.speaker, r.Asked)
	}
	return sentence(r.Text, rows...)
}
