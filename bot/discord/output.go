package discord

import (
	"context"
	"slices"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll/render"
)

// viewThread puts a thread into a Discord thread. It is no setting of a chat.
const viewThread bot.View = "thread"

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
	chosen  bool // the view was asked for, and no setting changes it
	quiet   bool // without media
	server  string
	noted   bool // where threads are offered: what is shown is noted
	most    int  // messages for one answer; 0 means maxWhole

	progress progress
	recalled bool // another process may have begun the answer
}

// messages shows a thread in the form asked for.
func (o *output) messages(ctx context.Context, r *bot.Reply) ([]outgoing, error) {
	if !o.stage.private && o.stage.open {
		o.a.suggestions.showed(o.channel, render.Title(r.Thread), sourceLink(r.Thread, r.PageURL))
	}
	switch o.view {
	case bot.ViewFile:
		m, err := o.a.file(o.speaker, r)
		return []outgoing{m}, err
	case bot.ViewLink:
		return []outgoing{o.link(r)}, nil
	case bot.ViewWhole:
		return o.whole(r), nil
	case bot.ViewPages, viewThread:
	}
	return []outgoing{o.page(ctx, o.book(r), r)}, nil
}

func (o *output) book(r *bot.Reply) *book { return newBook(r.Thread, r.PageURL, o.quiet) }

// page is a page of a thread, with its buttons.
func (o *output) page(ctx context.Context, b *book, r *bot.Reply) outgoing {
	at := placeOf(r, b)
	rows := o.a.controls(ctx, o.speaker, at, o.stage)
	return b.message(b.container(at.n), at, rows)
}

// whole is all of a thread, or as much as the messages hold; then the page
// has the rest.
func (o *output) whole(r *bot.Reply) []outgoing {
	b := o.book(r)
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

// link is a thread's first words and where to read it.
func (o *output) link(r *bot.Reply) outgoing {
	b := o.book(r)
	b.pages = [][]render.Block{{{Kind: render.BlockText, Text: render.Title(r.Thread)}}}
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
