package discord

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// form is a kind of file that a thread can be had as.
type form struct {
	ext, kind string // without a dot; media type
	write     func(render.Options, io.Writer, *unroll.Thread) error
	holds     bool // pictures
}

// forms are offered in this order. The first is what "As file" gives.
func forms() []form {
	return []form{
		{"md", "text/markdown; charset=utf-8", render.Options.Markdown, false},
		{"txt", "text/plain; charset=utf-8", render.Options.Text, false},
		{"html", "text/html; charset=utf-8", render.Options.HTML, true},
		{"epub", "application/epub+zip", render.Options.EPUB, true},
		{"pdf", "application/pdf", render.Options.PDF, true},
	}
}

func formOf(ext string) (form, bool) {
	all := forms()
	i := slices.IndexFunc(all, func(f form) bool { return f.ext == ext })
	return all[max(i, 0)], i >= 0
}

// file is a whole thread as a file, with a menu of the other forms.
func (o *output) file(ctx context.Context, k *keys, r *bot.Reply) (outgoing, error) {
	f, _ := formOf(o.form)
	options := o.speaker.words()
	if f.holds && o.a.pictures != nil && o.bare(ctx, r.Thread) == bareNone {
		options.Picture = o.a.pictures(ctx, r.Thread)
	}
	var body bytes.Buffer
	if err := f.write(options, &body, r.Thread); err != nil {
		return outgoing{}, err
	}
	name := strings.ReplaceAll(strings.Trim(r.Thread.Ref.Path(), "/"), "/", "-") + "." + f.ext
	name = strings.Map(func(c rune) rune { // what an attachment's address may hold without escapes
		if c == ':' || c == '~' {
			return '-'
		}
		return c
	}, name)
	menu := discordgo.SelectMenu{CustomID: k.customID(verbForm, ""), Placeholder: o.speaker.say("menu_form", "Another form", nil)}
	for _, other := range forms() {
		menu.Options = append(menu.Options, discordgo.SelectMenuOption{Label: "." + other.ext, Value: other.ext, Default: other.ext == f.ext})
	}
	var rows []discordgo.MessageComponent
	if k.err == nil {
		rows = row(rows, []discordgo.MessageComponent{menu})
	}
	rows = row(rows, openButton(o.speaker, r.PageURL))
	title := sentence(o.speaker.words().Title(r.Thread)).Components[0]
	m := newMessage(append([]discordgo.MessageComponent{title, discordgo.FileComponent{File: discordgo.UnfurledMediaItem{URL: "attachment://" + name}}}, rows...)...)
	m.Attachments = []attachment{{ID: "0", Filename: name}}
	m.files = []*discordgo.File{{Name: name, ContentType: f.kind, Reader: &body}}
	return m, nil
}
