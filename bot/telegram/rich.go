package telegram

import (
	"html"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// Limits of a rich message (Bot API 10.1, "Rich message limits", June 2026).
// Characters are counted in UTF-16 units here, which are never fewer.
const (
	maxRich       = 32_768
	maxRichBlocks = 500
	maxRichMedia  = 50
)

// richMessage is a message with headings, quotes and media in place.
type richMessage struct {
	HTML string `json:"html"`
	// Bare keeps Telegram from making links and names of its own people out
	// of words.
	Bare bool `json:"skip_entity_detection"`
	RTL  bool `json:"is_rtl,omitempty"`
}

// richCost is a block's share of a rich message: of its characters, of its
// blocks, or of its media, whichever is most.
func richCost(b render.Block, withMedia bool) int {
	const (
		perBlock = (maxRich + maxRichBlocks - 1) / maxRichBlocks
		perMedia = (maxRich + maxRichMedia - 1) / maxRichMedia
	)
	n, blocks := units(b.Text), 2+strings.Count(b.Text, "\n")
	shown := 0
	if withMedia {
		for _, f := range figures(b) {
			n += units(f.Caption)
			blocks += 2
			shown++
		}
	}
	return max(n, blocks*perBlock, shown*perMedia)
}

// maxOpen is how much of a thread stands open before people who did not ask
// for it, in UTF-16 units: about what a phone shows at once.
const maxOpen = 1200

// folded parts a page into what stands open, what is folded away, and the
// footer. A rest as short as the fold itself is not worth one.
func folded(page []render.Block) (open, rest, footer []render.Block) {
	end := len(page)
	for end > 0 && page[end-1].Kind == render.BlockFooter {
		end--
	}
	body, footer := page[:end], page[end:]
	parts := render.Pack(body, maxOpen, func(b render.Block) int { return units(b.Text) })
	if len(parts) == 0 {
		return page, nil, nil
	}
	rest = slices.Concat(parts[1:]...)
	n := 0
	for _, b := range rest {
		n += units(b.Text)
	}
	if n < maxOpen/4 {
		return page, nil, nil
	}
	return parts[0], rest, footer
}

// composeRich writes a page. With more, which names so many posts, only its
// beginning is open.
func composeRich(t *unroll.Thread, page []render.Block, tail string, withMedia bool, more func(posts int) string) *richMessage {
	open, rest, footer := page, []render.Block(nil), []render.Block(nil)
	if more != nil {
		open, rest, footer = folded(page)
	}
	var w strings.Builder
	blocks := func(all []render.Block) {
		for _, b := range all {
			richBlock(&w, b, withMedia)
		}
	}
	blocks(open)
	if len(rest) > 0 {
		w.WriteString("<details><summary>" + html.EscapeString(more(posts(rest))) + "</summary>")
		blocks(rest)
		w.WriteString("</details>")
	}
	blocks(footer)
	if tail != "" {
		w.WriteString("<p>" + html.EscapeString(tail) + "</p>")
	}
	return &richMessage{HTML: w.String(), Bare: true, RTL: rightToLeft(t)}
}

// posts counts those that have a block among blocks.
func posts(blocks []render.Block) int {
	n, last := 0, ""
	for _, b := range blocks {
		if b.PostID != last && b.PostID != "" {
			n, last = n+1, b.PostID
		}
	}
	return n
}

// rightToLeft tells whether the thread's first post says that it is in a
// language that is written so.
func rightToLeft(t *unroll.Thread) bool {
	if len(t.Posts) == 0 {
		return false
	}
	lang, _, _ := strings.Cut(strings.ToLower(t.Posts[0].Lang), "-")
	switch lang {
	case "ar", "arc", "ckb", "dv", "fa", "he", "iw", "ps", "sd", "ug", "ur", "yi":
		return true
	default:
		return false
	}
}

func richBlock(w *strings.Builder, b render.Block, withMedia bool) {
	if figs := figures(b); withMedia && b.Kind == render.BlockMedia && len(figs) == len(b.Media) {
		richFigures(w, figs)
		return
	}
	open, end := "<p>", "</p>"
	switch b.Kind {
	case render.BlockQuote, render.BlockReplyTo, render.BlockCard:
		open, end = "<blockquote>", "</blockquote>"
	case render.BlockFooter:
		open, end = "<footer>", "</footer>"
	case render.BlockGap, render.BlockMedia:
		open, end = "<p><i>", "</i></p>"
	case render.BlockWarning:
		open, end = "<p><b>", "</b></p>"
	case render.BlockTitle:
		open, end = "<h4>", "</h4>"
	case render.BlockText, render.BlockPoll, render.BlockBranch:
	}
	if b.Spoiler {
		open, end = open+"<tg-spoiler>", "</tg-spoiler>"+end
	}
	w.WriteString(open)
	richSpans(w, b)
	w.WriteString(end)
}

// richSpans writes a block's text with its facets as tags. Facets contain
// one another or lie apart, so that tags nest by themselves.
func richSpans(w *strings.Builder, b render.Block) {
	type tag struct {
		at   int
		text string
	}
	var closing []tag // a stack
	at := 0
	upTo := func(end int) {
		w.WriteString(strings.ReplaceAll(html.EscapeString(strings.Map(printable, b.Text[at:end])), "\n", "<br>"))
		at = end
	}
	closeUpTo := func(end int) {
		for len(closing) > 0 && closing[len(closing)-1].at <= end {
			last := closing[len(closing)-1]
			upTo(last.at)
			w.WriteString(last.text)
			closing = closing[:len(closing)-1]
		}
	}
	for _, f := range b.Facets {
		open, end := richTag(f)
		if open == "" {
			continue
		}
		closeUpTo(f.Start)
		upTo(f.Start)
		w.WriteString(open)
		closing = append(closing, tag{f.End, end})
	}
	closeUpTo(len(b.Text))
	upTo(len(b.Text))
}

func printable(r rune) rune {
	if r < ' ' && r != '\n' {
		return -1
	}
	return r
}

func richTag(f unroll.Facet) (open, end string) {
	switch f.Kind {
	case unroll.FacetLink, unroll.FacetMention, unroll.FacetTag:
		if linkable(f.URL) {
			return `<a href="` + html.EscapeString(f.URL) + `">`, "</a>"
		}
	case unroll.FacetBold:
		return "<b>", "</b>"
	case unroll.FacetItalic, unroll.FacetQuote: // a quote is a block, and cannot stand in one
		return "<i>", "</i>"
	case unroll.FacetStrike:
		return "<s>", "</s>"
	case unroll.FacetCode:
		return "<code>", "</code>"
	case unroll.FacetEmoji:
	}
	return "", ""
}

// figures are the media of a block that Telegram can show.
func figures(b render.Block) []exhibit {
	var out []exhibit
	for _, m := range b.Media {
		if e := exhibitOf(m, b.Spoiler); public(e.Media) {
			out = append(out, e)
		}
	}
	return out
}

func richFigures(w *strings.Builder, figs []exhibit) {
	if len(figs) > 1 {
		w.WriteString("<tg-collage>")
	}
	var captions []string
	for _, f := range figs {
		tag := map[string]string{"photo": "img", "video": "video"}[f.Type]
		if len(figs) == 1 {
			w.WriteString("<figure>")
		}
		w.WriteString("<" + tag + ` src="` + html.EscapeString(f.Media) + `"`)
		if f.Spoiler {
			w.WriteString(" tg-spoiler")
		}
		w.WriteString("/>")
		if f.Caption != "" {
			captions = append(captions, f.Caption)
		}
	}
	if len(captions) > 0 {
		w.WriteString("<figcaption>" + html.EscapeString(strings.Join(captions, " · ")) + "</figcaption>")
	}
	if len(figs) > 1 {
		w.WriteString("</tg-collage>")
	} else {
		w.WriteString("</figure>")
	}
}

// richness knows whether the server takes rich messages. The zero value asks.
type richness struct {
	mu    sync.Mutex
	until time.Time // no rich messages before then
	times int       // refusals in a row
}

const (
	// richAgain is when a server that knows no rich messages is tried again:
	// it may be a newer one by then.
	richAgain = 24 * time.Hour
	// richLater is the same of one that refuses whatever it is sent, and
	// richRefusals is after how many threads it is taken for such a one.
	richLater    = time.Hour
	richRefusals = 3
)

func (r *richness) taken(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !now.Before(r.until)
}

// refused learns from the refusal of a rich message, the last form of one or
// not, and tells whether there is no use in another.
func (r *richness) refused(now time.Time, err error, last bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := refused(err)
	switch {
	case e.Code == http.StatusNotFound, e.says("text is empty", "content is not specified"): // no such method, no such parameter
		r.until = now.Add(richAgain)
		return true
	case last:
		if r.times++; r.times >= richRefusals {
			r.times, r.until = 0, now.Add(richLater)
			return true
		}
	}
	return false
}

// well notes that a rich message was taken.
func (r *richness) well() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = 0
}
