package telegram

import (
	"context"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// linkView is a thread's title that leads to its page, with the page's card.
func (a *Adapter) linkView(r bot.Reply, to audience) view {
	var w writer
	title := clean(render.Block{Kind: render.BlockText, Text: a.options(r, to).Title(r.Thread)})
	v := view{Preview: &preview{URL: r.PageURL}}
	if public(r.PageURL) {
		title.Facets = []unroll.Facet{{Start: 0, End: len(title.Text), Kind: unroll.FacetLink, URL: r.PageURL}}
		w.block(title)
	} else {
		w.block(title)
		w.plain("\n" + r.PageURL)
		v.Preview = &preview{Disabled: true}
	}
	if to.quiet {
		v.Preview = &preview{Disabled: true}
	}
	v.richText = w.done()
	return v
}

// linkAnswer is a linkView with the menu.
func (a *Adapter) linkAnswer(ctx context.Context, r bot.Reply, to audience) view {
	v := a.linkView(r, to)
	v.Markup = a.controls(ctx, r, to, 1, 1)
	return v
}

// fileButtons stand under a file, which can be changed into nothing else.
func (a *Adapter) fileButtons(ctx context.Context, r bot.Reply, locale string) *keyboard {
	var row []button
	if public(r.PageURL) {
		row = append(row, button{Text: a.say(locale, "button_open", nil), URL: r.PageURL})
	}
	if p, err := a.short(ctx, press{Verb: verbDelete, Number: 1, Ref: askAgain(r)}); err == nil {
		row = append(row, button{Text: a.say(locale, "button_delete", nil), Data: p.String()})
	}
	var k keyboard
	k.row(row...)
	return k.orNil()
}
