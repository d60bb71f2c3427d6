package telegram

import (
	"context"
	"net/http"
	"strconv"
	"strings"

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
}

// view renders a reply for who looks at it.
func (a *Adapter) view(ctx context.Context, r bot.Reply, to audience) view {
	switch {
	case r.Thread == nil:
		return a.sentence(ctx, r, to.locale)
	case a.cfg.Rich && !to.inline && !a.poor.Load():
		return a.threadView(ctx, r, to, formRich)
	default:
		return a.threadView(ctx, r, to, formPages)
	}
}

func (a *Adapter) threadView(ctx context.Context, r bot.Reply, to audience, f form) view {
	open := public(r.PageURL)
	tail := ""
	if !open {
		tail = r.PageURL
	}
	o := render.Options{PageURL: r.PageURL}
	all := pages(r.Thread, o, tail, f)
	number := min(max(r.Page, 1), len(all))
	var v view
	if page := all[number-1]; f == formPages {
		v.richText, v.Preview = compose(page, tail), &preview{Disabled: true}
		if open && number == 1 && shows(r.Thread) {
			// The card of our page shows what a text cannot: the pictures.
			v.Preview = &preview{URL: r.PageURL, Small: true}
		}
	} else {
		v.Rich = composeRich(r.Thread, page, tail, f == formRich)
		v.less = func(refusal error) view {
			if a.unknown(refusal) {
				return a.threadView(ctx, r, to, formPages)
			}
			return a.threadView(ctx, r, to, f+1)
		}
	}

	var k keyboard
	var last []button
	if open {
		last = append(last, button{Text: a.say(to.locale, "button_open", nil), URL: r.PageURL})
	}
	p, err := a.short(ctx, press{Verb: verbPage, Number: number, Ref: askAgain(r)})
	switch {
	case err != nil:
		// Without the store a ref may be too long for a button. The page has
		// the whole thread.
		a.log.Warn("buttons cannot be kept", "err", err)
	default:
		if len(all) > 1 {
			k.row(a.pager(p, len(all), to.locale)...)
		}
		if !to.inline {
			if p.Verb = verbMenu; media(r.Thread) {
				p.Verb = verbMenuMedia
			}
			last = append(last, button{Text: labelMenu, Data: p.String()})
		}
	}
	k.row(last...)
	v.Markup = k.orNil()
	return v
}

// unknown tells whether the server knew nothing of rich messages. Then it is
// not asked again.
func (a *Adapter) unknown(refusal error) bool {
	if refused(refusal).Code != http.StatusNotFound {
		return false
	}
	if !a.poor.Swap(true) {
		a.log.Info("this Bot API server knows no rich messages; threads are shown as pages")
	}
	return true
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
	w.plain(strings.TrimSpace(cutUnits(r.Text, maxText)))
	v := view{richText: w.done(), Preview: &preview{Disabled: true}}
	if r.Retry && !r.Asked.IsZero() {
		if p, err := a.short(ctx, press{Verb: verbPage, Number: max(r.Page, 1), Ref: r.Asked}); err == nil {
			v.Markup = &keyboard{Rows: [][]button{{{Text: a.say(locale, "button_retry", nil), Data: p.String()}}}}
		}
	}
	return v
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

// sayOr is say for sentences that a language may lack.
func (a *Adapter) sayOr(locale, id, otherwise string) string {
	if text := a.say(locale, id, nil); text != id {
		return text
	}
	return otherwise
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
