package discord

import (
	"bytes"
	"strings"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll/render"
)

// file is a whole thread as a Markdown file.
func (a *Adapter) file(s speaker, r *bot.Reply) (outgoing, error) {
	var body bytes.Buffer
	if err := render.Markdown(&body, r.Thread); err != nil {
		return outgoing{}, err
	}
	name := strings.ReplaceAll(strings.Trim(r.Thread.Ref.Path(), "/"), "/", "-") + ".md"
	name = strings.Map(func(c rune) rune { // what an attachment's address may hold without escapes
		if c == ':' || c == '~' {
			return '-'
		}
		return c
	}, name)
	title := sentence(render.Title(r.Thread))
	text := title.Components[0]
	rows := row(nil, openButton(s, r.PageURL))
	components := append([]discordgo.MessageComponent{text, discordgo.FileComponent{File: discordgo.UnfurledMediaItem{URL: "attachment://" + name}}}, rows...)
	m := newMessage(components...)
	m.Attachments = []attachment{{ID: "0", Filename: name}}
	m.files = []*discordgo.File{{Name: name, ContentType: "text/markdown; charset=utf-8", Reader: &body}}
	return m, nil
}
