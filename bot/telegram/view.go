package telegram

import (
	"context"
	"strconv"
	"strings"
	"time"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// view is what a message shows: the parameters that sending and editing
// share. It has a text, or a rich message.
type view struct {
	richText
	Rich    *richMessage `json:"rich_message,omitempty"`
	Preview *preview     `json:"link_preview_options,omitempty"`
	Markup  *keyboard    `json:"reply_markup,omitempty"`

	// less gives the view in a simpler form, when Telegram refused this one.
	// It is nil where there is none.
	less func(refusal error) view
}

// form is how much of Telegram a view uses.
type form int

const (
	formRich     form = iota // media in place
	formRichText             // the same without media, of which one may be out of reach
	formPages                // classic messages
)

// audience is who looks at a view.
type audience struct {
	locale string
	// inline is set for messages of others that the bot only wrote: it can
	// change them, and nothing else.
	inline bool
	// quiet leaves media out.
	quiet bool
	// crowd is set where others see the view too: only its beginning is open.
	crowd bool
}

// view renders a reply for who looks at it.
func (a *Adapter) view(ctx context.Context, r bot.Reply, to audience) view {
	switch {
	case r.Thread == nil:
		return a.sentence(ctx, r, to.locale)
	case !a.cfg.Classic && a.rich.taken(time.Now()):
		if to.quiet {
			return a.threadView(ctx, r, to, formRichText)
		}
		return a.threadView(ctx, r, to, formRich)
	default:
		return a.threadView(ctx, r, to, formPages)
	}
}

// options are for blocks that to reads.
func (a *Adapter) options(r bot.Reply, to audience) render.Options {
	return render.Options{PageURL: r.PageURL, Words: a.phrases.Words(to.locale)}
}

func (a *Adapter) threadView(ctx context.Context, r bot.Reply, to audience, f form) view {
	tail, o := tailOf(r), a.options(r, to)
	all := pages(r.Thread, o, tail, f)
	number := min(max(r.Page, 1), len(all))
	var v view
	if page := all[number-1]; f == formPages {
		v.richText, v.Preview = compose(page, tail), previewOf(r, to, number)
	} else {
		var more func(int) string
		if to.crowd {
			more = func(posts int) string { return "+ " + o.Words.Posts(posts) }
		}
		v.Rich = composeRich(r.Thread, page, tail, f == formRich, more)
		v.less = func(refusal error) view {
			if a.rich.refused(time.Now(), refusal, f == formRichText) {
				a.log.Info("this Bot API server takes no rich messages; threads are shown as pages for a while", "err", refusal)
				return a.threadView(ctx, r, to, formPages)
			}
			return a.threadView(ctx, r, to, f+1)
		}
	}
	v.Markup = a.controls(ctx, r, to, number, len(all))
	return v
}

// whole is the thread in at most most messages, the last with buttons; what
// is left is reached by turning its page.
func (a *Adapter) whole(ctx context.Context, r bot.Reply, to audience, most int) []view {
	tail := tailOf(r)
	all := pages(r.Thread, a.options(r, to), tail, formPages)
	var out []view
	for i, page := range all[:min(len(all), most)] {
		out = append(out, view{richText: compose(page, tail), Preview: previewOf(r, to, i+1)})
	}
	shown := len(out)
	of := len(all)
	if shown == of {
		shown, of = 1, 1 // nothing to turn to
	}
	out[len(out)-1].Markup = a.controls(ctx, r, to, shown, of)
	return out
}

// previewOf shows, on the first page, the card of our page, where the
// pictures are that a text cannot show.
func previewOf(r bot.Reply, to audience, number int) *preview {
	if number == 1 && !to.quiet && public(r.PageURL) && shows(r.Thread) {
		return &preview{URL: r.PageURL, Small: true}
	}
	return &preview{Disabled: true}
}

// tailOf is the page's address where no button can carry it.
func tailOf(r bot.Reply) string {
	if public(r.PageURL) {
		return ""
	}
	return r.PageURL
}

// controls are the buttons under page number of so many.
func (a *Adapter) controls(ctx context.Context, r bot.Reply, to audience, number, of int) *keyboard {
	var k keyboard
	var last []button
	if public(r.PageURL) {
		last = append(last, button{Text: a.say(to.locale, "button_open", nil), URL: r.PageURL})
	}
	p, err := a.short(ctx, press{Verb: verbPage, Number: number, Ref: askAgain(r)})
	switch {
	case err != nil:
		// Without the store a ref may be too long for a button. The page has
		// the whole thread.
		a.log.Warn("buttons cannot be kept", "err", err)
	default:
		if of > 1 {
			k.row(a.pager(p, of, to.locale)...)
		}
		if !to.inline {
			has := a.has(r.Thread, to)
			if of > 1 && !to.crowd {
				has |= hasMore
			}
			p.Verb = menuOf(has)
			last = append(last, button{Text: labelMenu, Data: p.String()})
		}
	}
	k.row(last...)
	return k.orNil()
}

// shows tells whether the thread has pictures that need no covering.
func shows(t *unroll.Thread) bool { return media(t) && !t.Sensitive() }

// media tells whether the thread has any.
func media(t *unroll.Thread) bool {
	for p := range t.All {
		if len(p.Media) > 0 {
			return true
		}
	}
	return false
}

// askAgain is the ref that leads to the same thread along the same branch.
// A short link may lead elsewhere tomorrow.
func askAgain(r bot.Reply) unroll.Ref {
	if r.Asked.IsZero() || r.Asked.Network == unroll.Short {
		return r.Thread.Ref
	}
	return r.Asked
}

// pager is the row that turns pages, from p's.
func (a *Adapter) pager(p press, of int, locale string) []button {
	number := p.Number
	to := func(label string, number int) button {
		p.Number = number
		return button{Text: label, Data: p.String()}
	}
	var row []button
	if number > 1 {
		row = append(row, to(a.say(locale, "button_previous", nil), number-1))
	}
	row = append(row, to(a.say(locale, "button_page", map[string]any{"Page": number, "Pages": of}), number))
	if number < of {
		row = append(row, to(a.say(locale, "button_next", nil), number+1))
	}
	return row
}

// sentence renders help or an error, with a button to try again where that
// may help.
func (a *Adapter) sentence(ctx context.Context, r bot.Reply, locale string) view {
	var w writer
	w.sentence(strings.TrimSpace(cutUnits(r.Text, maxText)))
	v := view{richText: w.done(), Preview: &preview{Disabled: true}}
	if r.Retry && !r.Asked.IsZero() {
		if p, err := a.short(ctx, press{Verb: verbPage, Number: max(r.Page, 1), Ref: r.Asked}); err == nil {
			v.Markup = &keyboard{Rows: [][]button{{{Text: a.say(locale, "button_retry", nil), Data: p.String()}}}}
		}
	}
	return v
}

// sentence writes a text of ours. The one account that it may name becomes a
// link: bots' messages that name people are counted against them.
func (w *writer) sentence(text string) {
	const name = "@BotFather"
	for {
		before, after, found := strings.Cut(text, name)
		w.plain(before)
		if !found {
			return
		}
		w.entities = append(w.entities, entity{Type: tele.EntityTextLink, Offset: w.units, Length: units(name), URL: "https://t.me/BotFather"})
		w.plain(name)
		text = after
	}
}

// cutUnits gives the beginning of s, at most most UTF-16 units of it.
func cutUnits(s string, most int) string {
	n := 0
	for i, r := range s {
		if n += unitsOf(r); n > most {
			return s[:i]
		}
	}
	return s
}

func (a *Adapter) say(locale, id string, args map[string]any) string {
	return a.phrases.Text(locale, id, args)
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
