package console

import (
	"fmt"
	"io"
	"strings"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// indent stands before every line of a message.
const indent = "   "

// Escape sequences of ECMA-48, "select graphic rendition".
const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

// answer prints a reply as a message of the bot's.
func (a *Adapter) answer(r bot.Reply) error {
	if r.Thread == nil {
		var buttons []button
		if r.Retry && !r.Asked.IsZero() {
			again := bot.PageRequest{Ref: r.Asked, Number: max(r.Page, 1)}
			buttons = []button{{a.phrases.Text(a.cfg.Locale, "button_retry", nil), again}}
		}
		return a.put(shown{from: a.cfg.Name, text: clean(r.Text)}, a.wrap(r.Text), buttons, "")
	}
	var blocks []render.Block
	if r.NewFrom == "" {
		blocks = a.blocks(r.Thread, r.PageURL)
	} else {
		blocks = a.news(&r)
		r.PageURL += "#" + render.Anchor(r.Thread, r.NewFrom)
		defer a.prompt() // the one that waits is far above by now
	}
	pages := render.Pack(blocks, a.cfg.Lines, func(b render.Block) int { return len(a.wrap(b.Text)) + 1 })
	at := min(max(r.Page, 1), len(pages))
	page := pages[at-1]

	lines, covered := a.lay(page, false)
	m := shown{from: a.cfg.Name, text: textOf(page)}
	if covered {
		m.covered = func() string { open, _ := a.lay(page, true); return strings.Join(open, "\n") }
	}
	var buttons []button
	turn := func(id string, to int) {
		ref := r.Asked
		if ref.IsZero() || ref.Network == unroll.Short { // which may lead elsewhere tomorrow
			ref = r.Thread.Ref
		}
		buttons = append(buttons, button{a.phrases.Text(a.cfg.Locale, id, nil), bot.PageRequest{Ref: ref, Number: to}})
	}
	if at > 1 {
		turn("button_previous", at-1)
	}
	if at < len(pages) && r.NewFrom == "" {
		turn("button_next", at+1)
	}
	if len(pages) > 1 {
		place := a.phrases.Text(a.cfg.Locale, "button_page", map[string]any{"Page": at, "Pages": len(pages)})
		lines = append(lines, "", a.faint(place))
	}
	return a.put(m, lines, buttons, r.PageURL)
}

// blocks are a thread's, fit for a terminal.
func (a *Adapter) blocks(t *unroll.Thread, pageURL string) []render.Block {
	blocks := render.Blocks(t, render.Options{PageURL: pageURL, Words: a.phrases.Words(a.cfg.Locale)})
	for i := range blocks {
		blocks[i] = legible(blocks[i])
	}
	return blocks
}

// lay writes a page's blocks as lines. What its author covered is left out
// unless open is set; covered tells whether there is such.
func (a *Adapter) lay(page []render.Block, open bool) (lines []string, covered bool) {
	for i, b := range page {
		if i > 0 && (b.PostID == "" || b.PostID != page[i-1].PostID) {
			lines = append(lines, "")
		}
		if b.Spoiler && !open {
			if !covered || i > 0 && !page[i-1].Spoiler {
				lines = append(lines, a.faint(fmt.Sprintf("▒▒▒ covered; /show %d uncovers it", a.next())))
			}
			covered = true
			continue
		}
		style := func(s string) string { return s }
		switch b.Kind {
		case render.BlockTitle:
			style = a.strong
		case render.BlockFooter, render.BlockGap, render.BlockBranch, render.BlockMedia:
			style = a.faint
		default: // as it is
		}
		for _, line := range a.wrap(b.Text) {
			lines = append(lines, style(line))
		}
	}
	return lines, covered
}

// legible makes a block fit for a terminal: no character in it does anything
// but show, and an address hidden behind a word stands after it.
func legible(b render.Block) render.Block {
	var out strings.Builder
	at := 0
	for _, f := range b.Facets {
		if f.Kind != unroll.FacetLink || f.Start < at {
			continue
		}
		out.WriteString(b.Text[at:f.End])
		at = f.End
		if words := b.Text[f.Start:f.End]; !strings.Contains(f.URL, strings.TrimSpace(words)) {
			out.WriteString(" <" + f.URL + ">")
		}
	}
	out.WriteString(b.Text[at:])
	b.Text, b.Facets = clean(out.String()), nil
	return b
}

func textOf(page []render.Block) string {
	var texts []string
	for _, b := range page {
		texts = append(texts, b.Text)
	}
	return strings.Join(texts, "\n")
}

// post prints a message that is just text.
func (a *Adapter) post(from, text string) {
	_ = a.put(shown{from: from, text: clean(text)}, a.wrap(text), nil, "") // the next line tells of a broken terminal
}

// put prints a message with its number, its buttons and the page's address.
func (a *Adapter) put(m shown, lines []string, buttons []button, pageURL string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.messages = append(a.messages, m)
	var out strings.Builder
	fmt.Fprintf(&out, "\n#%d %s\n", len(a.messages), a.strong(clean(m.from)))
	for _, line := range lines {
		out.WriteString(strings.TrimRight(indent+line, " ") + "\n")
	}
	var row []string
	for i, b := range buttons {
		row = append(row, fmt.Sprintf("[%d] %s", i+1, b.label))
	}
	if pageURL != "" {
		row = append(row, a.phrases.Text(a.cfg.Locale, "button_open", nil)+": "+pageURL)
	}
	if row != nil {
		out.WriteString(indent + strings.Join(row, "   ") + "\n")
	}
	if buttons != nil {
		a.buttons = buttons
	}
	_, err := io.WriteString(a.cfg.Out, out.String())
	return err
}

// uncover prints a message with what its author covered.
func (a *Adapter) uncover(number int) {
	m, ok := a.message(number)
	switch {
	case !ok:
		a.hint(fmt.Sprintf("There is no message %d here.", number))
	case m.covered == nil:
		a.hint(fmt.Sprintf("Nothing is covered in message %d.", number))
	default:
		for line := range strings.SplitSeq(m.covered(), "\n") {
			a.hint(strings.TrimRight(indent+line, " "))
		}
	}
}

// hint prints a line that is no message.
func (a *Adapter) hint(line string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintln(a.cfg.Out, clean(line))
}

// prompt asks for a line, with the number that it will have as a message.
func (a *Adapter) prompt() {
	n := a.next()
	a.mu.Lock()
	defer a.mu.Unlock()
	fmt.Fprintf(a.cfg.Out, "\n#%d you> ", n)
}

// next is the number that the next message gets.
func (a *Adapter) next() int { return a.count() + 1 }

func (a *Adapter) strong(s string) string { return a.styled(bold, s) }
func (a *Adapter) faint(s string) string  { return a.styled(dim, s) }

func (a *Adapter) styled(code, s string) string {
	if !a.cfg.Color || s == "" {
		return s
	}
	return code + s + plain
}

func (a *Adapter) wrap(text string) []string { return wrap(clean(text), a.cfg.Width-len(indent)) }
