package discord

import (
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"
)

// drawing turns components into HTML that looks as Discord's client shows them.
type drawing struct {
	pictures func(address string) template.URL
}

func (d drawing) components(v any) template.HTML {
	var b strings.Builder
	items, _ := v.([]any)
	for _, i := range items {
		b.WriteString(d.component(i.(map[string]any)))
	}
	return template.HTML(b.String())
}

func (d drawing) component(c map[string]any) string {
	text := func(key string) string { s, _ := c[key].(string); return html.EscapeString(s) }
	kind, _ := c["type"].(float64)
	switch kind {
	case 1: // row
		return `<div class="row">` + string(d.components(c["components"])) + `</div>`
	case 2: // button
		class := "button"
		if c["style"] == float64(1) {
			class += " primary"
		}
		if c["disabled"] == true {
			class += " off"
		}
		label := text("label")
		if c["style"] == float64(5) {
			label += " ↗"
		}
		return `<span class="` + class + `">` + label + `</span>`
	case 3: // menu
		shown := text("placeholder")
		options, _ := c["options"].([]any)
		for _, o := range options {
			if o := o.(map[string]any); o["default"] == true {
				shown = html.EscapeString(o["label"].(string))
			}
		}
		return `<span class="menu">` + shown + `<b>⌄</b></span>`
	case 9: // section
		return `<div class="section"><div>` + string(d.components(c["components"])) + `</div>` + d.component(c["accessory"].(map[string]any)) + `</div>`
	case 10:
		return `<div class="text">` + drawn(c["content"].(string)) + `</div>`
	case 11:
		return `<img class="thumb" alt="" src="` + d.image(c["media"]) + `">`
	case 12:
		items, _ := c["items"].([]any)
		var b strings.Builder
		fmt.Fprintf(&b, `<div class="gallery n%d">`, min(len(items), 2))
		for _, i := range items {
			b.WriteString(`<img alt="" src="` + d.image(i.(map[string]any)["media"]) + `">`)
		}
		return b.String() + `</div>`
	case 13:
		file, _ := c["file"].(map[string]any)
		name, _ := file["url"].(string)
		return `<div class="file">🗎 ` + html.EscapeString(strings.TrimPrefix(name, "attachment://")) + `</div>`
	case 14:
		return `<hr>`
	case 17:
		colour, _ := c["accent_color"].(float64)
		return fmt.Sprintf(`<div class="container" style="border-left-color:#%06x">`, int(colour)) + string(d.components(c["components"])) + `</div>`
	default:
		return ""
	}
}

func (d drawing) image(media any) string {
	m, _ := media.(map[string]any)
	address, _ := m["url"].(string)
	return string(d.pictures(address))
}

// marks are the Markdown that the bot writes, in the order in which they are
// looked for.
var marks = []struct {
	pattern *regexp.Regexp
	html    string
}{
	{regexp.MustCompile(`^\\([^0-9A-Za-z\s])`), "$1"},
	{regexp.MustCompile(`^<(https?://[^\s>]+)>`), `<a>$1</a>`},
	{regexp.MustCompile(`^&lt;(https?://\S+?)&gt;`), `<a>$1</a>`},
	{regexp.MustCompile(`^&lt;#\d+&gt;`), `<i class="channel"># general</i>`},
	{regexp.MustCompile(`^\[((?:\\.|[^\]\\])+)\]\([^)\s]+\)`), `<a>$1</a>`},
	{regexp.MustCompile(`^\*\*((?:\\.|[^*\\])+)\*\*`), `<b>$1</b>`},
	{regexp.MustCompile(`^\*((?:\\.|[^*\\])+)\*`), `<i>$1</i>`},
	{regexp.MustCompile("^`([^`]+)`"), `<code>$1</code>`},
	{regexp.MustCompile(`^\|\|([\s\S]+?)\|\|`), `<s class="spoiler">$1</s>`},
}

// drawn is Discord's Markdown, as far as the bot writes it, as HTML.
func drawn(source string) string {
	var out []string
	for line := range strings.SplitSeq(source, "\n") {
		open, end := "<p>", "</p>"
		switch {
		case strings.HasPrefix(line, "-# "):
			line, open = line[3:], `<p class="small">`
		case strings.HasPrefix(line, "> "):
			line, open = line[2:], `<p class="quote">`
		case line == "":
			open, end = `<p class="gap">`, "</p>"
		}
		out = append(out, open+inline(html.EscapeString(line))+end)
	}
	return strings.Join(out, "")
}

func inline(s string) string {
	var b strings.Builder
next:
	for s != "" {
		for _, m := range marks {
			if at := m.pattern.FindStringSubmatchIndex(s); at != nil {
				piece := string(m.pattern.ExpandString(nil, m.html, s, at))
				if inner := m.pattern.FindStringSubmatch(s); len(inner) > 1 && m.html != "$1" {
					piece = strings.Replace(m.html, "$1", inline(inner[1]), 1)
				}
				b.WriteString(piece)
				s = s[at[1]:]
				continue next
			}
		}
		b.WriteByte(s[0])
		s = s[1:]
	}
	return b.String()
}

// pictureFrame is a page with messages in it.
var pictureFrame = template.Must(template.New("").Parse(`<!doctype html><meta charset="utf-8"><style>
body{margin:0;padding:14px 16px 18px;background:#1e1f24;color:#dcdde1;font:15px/1.35 "DejaVu Sans","Noto Sans",sans-serif}
.message{display:grid;grid-template-columns:40px 1fr;gap:0 14px;margin:0 0 16px}
.message:last-child{margin:0}
.face{width:40px;height:40px;border-radius:50%;background:#5a6473;color:#fff;font-weight:bold;text-align:center;line-height:40px}
.face.bot{background:#3d6fd9}
.above{grid-column:2;font-size:12.5px;color:#9a9da6;margin-bottom:3px}
.name{font-weight:bold;color:#f2f3f5}.tag{background:#3d6fd9;color:#fff;border-radius:3px;font-size:10px;padding:1px 4px;margin-left:6px;vertical-align:2px}
.said,.text{white-space:normal;overflow-wrap:anywhere}.said{white-space:pre-wrap}
p{margin:0}p.gap{height:8px}p.small{font-size:12.5px;color:#9a9da6}p.quote{border-left:4px solid #4a4d57;padding-left:10px}
a{color:#6cabf5}code{background:#131417;border-radius:3px;padding:0 4px}.spoiler{background:#44464f;color:#44464f;text-decoration:none;border-radius:3px}
.channel{background:#34406b;color:#c9d4ff;font-style:normal;border-radius:3px;padding:0 3px}
.container{background:#26272d;border:1px solid #383a42;border-left:4px solid;border-radius:8px;padding:12px 14px;margin-top:4px}
.container{max-height:470px;overflow:hidden;mask-image:linear-gradient(#000 430px,transparent 495px)}.container>*+*{margin-top:8px}.section{display:flex;justify-content:space-between;gap:12px}.thumb{width:56px;height:56px;border-radius:8px;object-fit:cover}
hr{border:0;border-top:1px solid #3a3c45;margin:10px 0}
.gallery{display:grid;gap:4px}.gallery.n2{grid-template-columns:1fr 1fr}.gallery img{width:100%;max-height:190px;object-fit:cover;border-radius:6px;background:#fff}
.row{display:flex;flex-wrap:wrap;gap:8px;margin-top:8px}.button{background:#3a3c45;color:#f2f3f5;border-radius:6px;padding:6px 13px;font-size:13.5px}
.primary{background:#3d6fd9}.off{opacity:.5}.menu{flex:1;max-width:420px;display:flex;justify-content:space-between;background:#17181c;border:1px solid #383a42;border-radius:6px;padding:7px 11px;font-size:13.5px;color:#9a9da6}
.file{background:#26272d;border:1px solid #383a42;border-radius:8px;padding:11px 13px;margin-top:6px;color:#6cabf5}
.private{grid-column:2;font-size:12px;color:#9a9da6;margin-top:6px}
</style>{{range .}}<div class="message">{{if .Above}}<div class="above">{{.Above}}</div>{{end}}<div class="face{{if .Bot}} bot{{end}}">{{slice .Name 0 1}}</div><div><span class="name">{{.Name}}</span>{{if .Bot}}<span class="tag">APP</span>{{end}}
{{if .Bot}}{{.Body}}{{else}}<div class="said">{{.Text}}</div>{{end}}</div>{{if .Private}}<div class="private">Only you can see this</div>{{end}}</div>{{end}}`))
