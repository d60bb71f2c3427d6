package discord

import (
	"context"
	"strconv"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// stage is where an answer is shown, as far as its buttons depend on it.
type stage struct {
	private bool // only the asker sees it
	open    bool // others are there, too
	threads bool // the bot can open a Discord thread here
	lasting bool // the bot can write here by itself, later too
}

// place is a page of a thread: what the buttons below it are about.
type place struct {
	ref      unroll.Ref
	pageURL  string
	n, pages int
	grows    bool
	media    bool
	branches []discordgo.SelectMenuOption
}

func placeOf(r *bot.Reply, b *book) place {
	return place{ref: refOf(r), pageURL: r.PageURL, n: b.number(r.Page), pages: len(b.pages), grows: grows(r.Thread, time.Now()), media: b.hasMedia(), branches: branches(r.Thread, refOf(r))}
}

// refOf is the ref that a thread's buttons name: the one asked for.
func refOf(r *bot.Reply) unroll.Ref {
	if r.Asked.IsZero() {
		return r.Thread.Ref
	}
	return r.Asked
}

// controls are the rows below a page. Where the store that long refs need is
// out of reach, the page goes without buttons.
func (a *Adapter) controls(ctx context.Context, s speaker, p place, st stage) []discordgo.MessageComponent {
	k := a.keys(ctx, p.ref)
	here := strconv.Itoa(p.n)

	var turn []discordgo.MessageComponent
	if p.pages > 1 {
		args := map[string]any{"Page": p.n, "Pages": p.pages}
		turn = append(turn,
			k.button(verbPage, strconv.Itoa(p.n-1), s.label("button_previous", "◀", nil), p.n == 1),
			k.button(verbHere, here, s.label("button_page", here+"/"+strconv.Itoa(p.pages), args), true),
			k.button(verbPage, strconv.Itoa(p.n+1), s.label("button_next", "▶", nil), p.n == p.pages))
	}
	open := openButton(s, p.pageURL)
	turn = append(turn, open...)
	if p.grows && st.lasting && !st.private {
		turn = append(turn, k.button(verbWatch, "", s.label("button_watch", "Watch", nil), false))
	}

	more := []discordgo.MessageComponent{k.button(verbAgain, here, s.label("button_refresh", "Look again", nil), false)}
	if st.threads && !st.private {
		more = append(more, k.button(verbThread, "", s.label("button_thread", "In a thread", nil), false))
	}
	more = append(more, k.button(verbFile, "", s.label("button_file", "As file", nil), false))
	if p.media {
		more = append(more, k.button(verbMedia, "", s.label("button_media", "Media", nil), false))
	}
	if st.private {
		more = append(more, k.button(verbShare, here, s.label("button_share", "Show to all", nil), false))
	} else {
		more = append(more, k.button(verbDelete, "", s.label("button_delete", "Delete", nil), false))
	}

	rows := row(nil, turn)
	if p.pages > 2 {
		rows = row(rows, []discordgo.MessageComponent{k.menu(s, p)})
	}
	rows = row(rows, k.branches(s, p))
	rows = row(rows, more)
	if k.err != nil {
		a.log.Warn("buttons cannot be made", "err", k.err)
		return row(nil, open)
	}
	return rows
}

// openButton leads to the thread's page, if a button can.
func openButton(s speaker, pageURL string) []discordgo.MessageComponent {
	if !buttonURL(pageURL) {
		return nil
	}
	return []discordgo.MessageComponent{discordgo.Button{Style: discordgo.LinkButton, Label: s.label("button_open", "Open page", nil), URL: pageURL}}
}

// retry is a row with a button that asks again.
func (a *Adapter) retry(ctx context.Context, s speaker, ref unroll.Ref) []discordgo.MessageComponent {
	if ref.IsZero() {
		return nil
	}
	k := a.keys(ctx, ref)
	again := k.button(verbAgain, "1", s.label("button_retry", "Try again", nil), false)
	if k.err != nil {
		return nil
	}
	return row(nil, []discordgo.MessageComponent{again})
}

// row adds a row, unless there is nothing in it.
func row(rows, components []discordgo.MessageComponent) []discordgo.MessageComponent {
	if len(components) == 0 {
		return rows
	}
	return append(rows, discordgo.ActionsRow{Components: components})
}

// keys makes the buttons of one message, and keeps the first error.
type keys struct {
	id  func(press) (string, error)
	ref unroll.Ref
	err error
}

func (a *Adapter) keys(ctx context.Context, ref unroll.Ref) *keys {
	return &keys{ref: ref, id: func(p press) (string, error) { return a.refs.id(ctx, p) }}
}

func (k *keys) customID(v verb, arg string) string {
	id, err := k.id(press{verb: v, arg: arg, ref: k.ref})
	if err != nil && k.err == nil {
		k.err = err
	}
	return id
}

func (k *keys) button(v verb, arg, label string, disabled bool) discordgo.Button {
	return discordgo.Button{Style: discordgo.SecondaryButton, Label: label, Disabled: disabled, CustomID: k.customID(v, arg)}
}

// menu jumps to a page. Of more pages than a menu holds it offers some, with
// the current and the last one.
func (k *keys) menu(s speaker, p place) discordgo.SelectMenu {
	m := discordgo.SelectMenu{CustomID: k.customID(verbJump, ""), Placeholder: s.say("menu_jump", "Go to page …", nil)}
	step := 1
	if p.pages > maxMenu {
		step = (p.pages + maxMenu - 3) / (maxMenu - 2)
	}
	for n := 1; n <= p.pages; n++ {
		if n != p.n && n != p.pages && (n-1)%step != 0 {
			continue
		}
		number := strconv.Itoa(n)
		label := s.label("menu_page", "Page "+number, map[string]any{"Page": n, "Pages": p.pages})
		m.Options = append(m.Options, discordgo.SelectMenuOption{Label: label, Value: number, Default: n == p.n})
	}
	return m
}
