package render

import (
	"io"
	"strings"

	"unrollbot/unroll"
)

// Markdown writes the thread as CommonMark: what a reader of the result sees
// is what the author wrote, whatever markup the texts look like. Styles that
// asterisks cannot express at their place are written as inline HTML. Errors
// are w's.
func Markdown(w io.Writer, t *unroll.Thread) error { return Options{}.Markdown(w, t) }

// Markdown is [Markdown] with o's words.
func (o Options) Markdown(w io.Writer, t *unroll.Thread) error {
	var b strings.Builder
	for i, s := range o.sections(t) {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch {
		case s.heading == "":
			b.WriteString("---\n\n")
		case i == 0:
			b.WriteString("# " + markdownText(s.heading) + "\n\n")
		default:
			b.WriteString("## " + markdownText(s.heading) + "\n\n")
		}
		for j, block := range s.blocks {
			if j > 0 {
				b.WriteByte('\n')
			}
			writeMarkdown(&b, block)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeMarkdown writes one block as paragraphs, each with its line end.
func writeMarkdown(b *strings.Builder, block Block) {
	if block.Kind == BlockMedia && !block.Spoiler {
		writePictures(b, block)
		return
	}
	outer := ""
	if block.Kind == BlockQuote || block.Kind == BlockReplyTo {
		outer = "> "
	}
	first := true
	for _, s := range segments(block.Text, block.Facets) {
		prefix := outer
		if s.quote && outer == "" {
			prefix += "> "
		}
		for _, p := range s.paragraphs() {
			if !first {
				b.WriteString(strings.TrimRight(outer, " ") + "\n")
			}
			first = false
			text := markdownInline(p.text, p.facets)
			if k := block.Kind; k == BlockGap || k == BlockBranch || k == BlockWarning {
				text = "*" + text + "*"
			}
			b.WriteString(prefix + strings.ReplaceAll(text, "\n", "\n"+prefix) + "\n")
		}
	}
}

// writePictures shows pictures in place; other media stay links.
func writePictures(b *strings.Builder, block Block) {
	lines := segment{text: block.Text, facets: block.Facets}
	c := newCutter(Block{Text: lines.text, Facets: lines.facets})
	for i, m := range block.Media {
		end := len(lines.text)
		if n := strings.IndexByte(c.rest(), '\n'); n >= 0 {
			end = c.at + n + 1
		}
		piece := c.upTo(end)
		c.advance(end)
		if i > 0 {
			b.WriteByte('\n')
		}
		if link := weblink(m.URL); m.Kind == unroll.MediaImage && link != "" {
			b.WriteString("![" + markdownText(line(m.Alt)) + "](" + markdownURL(link) + ")\n")
			continue
		}
		s := segment{text: piece.Text, facets: piece.Facets}.trim("\n")
		b.WriteString(markdownInline(s.text, s.facets) + "\n")
	}
}
