package telegram

import (
	"html/template"
	"io"
	"slices"
	"strings"
	"unicode/utf16"

	"unrollbot/bot/bottest"
)

// drawChat writes a chat as a page that looks like a messenger.
func drawChat(w io.Writer, title string, botID int64, chat []bottest.TelegramMessage) error {
	type bubble struct {
		Who, Re string
		Mine    bool
		Body    template.HTML
		Rows    [][]bottest.TelegramButton
	}
	page := struct {
		Title   string
		End     bool // show the end where not all can be shown
		Bubbles []bubble
	}{Title: title}
	for i := range chat {
		m := &chat[i]
		b := bubble{Who: m.From.Name, Body: drawText(m.Text, m.Entities), Mine: m.From.ID != botID && m.Chat.Type == "private"}
		if m.Rich != nil {
			b.Body = drawRich(m.Rich)
		}
		if m.ReplyTo != nil && m.Chat.Type != "private" {
			b.Re = m.ReplyTo.Text
		}
		if m.Markup != nil {
			b.Rows = m.Markup.Rows
		}
		page.Bubbles = append(page.Bubbles, b)
		page.End = len(b.Rows) > 2 && m.Rich == nil
	}
	t, err := template.New("chat").Parse(drawing)
	if err != nil {
		return err
	}
	return t.Execute(w, page)
}

// drawRich takes pictures from beside the page. The markup was checked by the
// stand-in.
func drawRich(r *bottest.TelegramRich) template.HTML {
	s := strings.NewReplacer(
		"https://demo.unroll.example/media/", "media/", "<tg-spoiler>", `<span class="spoiler">`, "</tg-spoiler>", "</span>",
		"<tg-collage>", `<div class="collage">`, "</tg-collage>", "</div>",
	).Replace(r.HTML)
	return template.HTML(`<div class="rich" dir="auto">` + s + `</div>`)
}

// drawText writes a text with its entities as tags.
func drawText(text string, entities []bottest.TelegramEntity) template.HTML {
	tags := map[string]string{
		"bold": "b", "italic": "i", "strikethrough": "s", "code": "code", "blockquote": "blockquote", "expandable_blockquote": "blockquote",
		"text_link": "u", "url": "u", "bot_command": "u", "mention": "u", "spoiler": "mark",
	}
	units := utf16.Encode([]rune(text))
	all := slices.Clone(entities)
	slices.SortStableFunc(all, func(a, b bottest.TelegramEntity) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return b.Length - a.Length
	})
	var out strings.Builder
	var open []bottest.TelegramEntity
	for i := 0; i <= len(units); i++ {
		for len(open) > 0 && open[len(open)-1].Offset+open[len(open)-1].Length <= i {
			out.WriteString("</" + tags[open[len(open)-1].Type] + ">")
			open = open[:len(open)-1]
		}
		for len(all) > 0 && all[0].Offset == i {
			out.WriteString("<" + tags[all[0].Type] + ">")
			open, all = append(open, all[0]), all[1:]
		}
		if i == len(units) {
			break
		}
		n := 1
		if utf16.IsSurrogate(rune(units[i])) {
			n = 2
		}
		out.WriteString(template.HTMLEscapeString(string(utf16.Decode(units[i : i+n]))))
		i += n - 1
	}
	return template.HTML(`<div class="text" dir="auto">` + out.String() + `</div>`)
}

const drawing = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{{.Title}}</title>
<style>
* { box-sizing: border-box }
body { margin: 0; background: #cfdccb; color: #111; font: 15px/1.35 "Noto Sans", "DejaVu Sans", sans-serif }
header { background: #5b8a72; color: #fff; padding: 10px 16px; font-weight: 600 }
main { padding: 10px 10px 14px; max-height: 1280px; overflow: hidden; display: flex; flex-direction: column }
main.end { max-height: 900px; justify-content: flex-end }
article { max-width: 92%; margin: 8px 0; flex: none }
article.mine { margin-left: auto; width: fit-content }
.bubble { background: #fff; border-radius: 12px 12px 12px 4px; padding: 7px 11px; box-shadow: 0 1px 1px #0002; width: fit-content }
.mine .bubble { background: #e2f7cb; border-radius: 12px 12px 4px 12px }
.who { color: #3a7f5c; font-weight: 600; font-size: 14px }
.re { border-left: 3px solid #5fa783; padding: 1px 8px; margin: 3px 0; color: #555; font-size: 13px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; max-width: 320px; background: #edf6f0 }
.text { white-space: pre-wrap; overflow-wrap: anywhere }
u, .rich a { color: #1f73b7; text-decoration: none }
blockquote { margin: 3px 0; padding: 2px 9px; border-left: 3px solid #5fa783; background: #edf6f0; border-radius: 3px }
.rich p, .rich h4, .rich figure, .rich footer { margin: 0 0 9px }
.rich h4 { font-size: 16px }
.rich img { max-width: 100%; max-height: 190px; border-radius: 8px; display: block }
.rich figcaption, .rich footer { color: #666; font-size: 13px }
.rich summary { color: #1f73b7; margin-bottom: 9px }
.collage { display: grid; grid-template-columns: 1fr 1fr; gap: 4px }
.row { display: flex; gap: 4px; margin-top: 4px }
.row span { flex: 1; background: #6b9b83d9; color: #fff; text-align: center; border-radius: 7px; padding: 6px 3px; font-size: 13.5px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
</style>
<header>{{.Title}}</header>
<main{{if .End}} class="end"{{end}}>{{range .Bubbles}}
<article{{if .Mine}} class="mine"{{end}}><div class="bubble">{{if not .Mine}}<div class="who">{{.Who}}</div>{{end}}{{with .Re}}<div class="re">{{.}}</div>{{end}}{{.Body}}</div>
{{range .Rows}}<div class="row">{{range .}}<span>{{.Text}}{{if .URL}} ↗{{end}}</span>{{end}}</div>{{end}}</article>{{end}}
</main>
`
