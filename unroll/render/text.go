package render

import (
	"io"
	"strings"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"unrollbot/unroll"
)

// Text writes the thread as plain UTF-8 text without control characters,
// paragraphs unwrapped, addresses of links in angle brackets. Errors are w's.
func Text(w io.Writer, t *unroll.Thread) error { return Options{}.Text(w, t) }

// Text is [Text] with o's words.
func (o Options) Text(w io.Writer, t *unroll.Thread) error {
	var b strings.Builder
	for i, s := range o.sections(t) {
		if i > 0 {
			b.WriteByte('\n')
		}
		switch {
		case s.heading == "":
			b.WriteString("--\n")
		case i == 0:
			b.WriteString(s.heading + "\n" + underline(s.heading, "=") + "\n\n")
		default:
			b.WriteString(s.heading + "\n" + underline(s.heading, "-") + "\n\n")
		}
		for j, block := range s.blocks {
			if j > 0 {
				b.WriteByte('\n')
			}
			writeText(&b, block)
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func underline(s, with string) string {
	n := 0
	for g := graphemes.FromString(s); g.Next(); {
		n++
	}
	return strings.Repeat(with, n)
}

// writeText writes a block with the address after each link and a mark
// before each quoted line.
func writeText(b *strings.Builder, block Block) {
	outer := ""
	if block.Kind == BlockQuote || block.Kind == BlockReplyTo {
		outer = "> "
	}
	for i, s := range segments(block.Text, block.Facets) {
		if i > 0 {
			b.WriteByte('\n')
		}
		prefix := outer
		if s.quote && outer == "" {
			prefix = "> "
		}
		text := strings.TrimRight(linked(s.text, s.facets), " \t\n")
		b.WriteString(prefix + strings.ReplaceAll(text, "\n", "\n"+prefix))
	}
}

// linked is a text with the address after each link.
func linked(text string, facets []unroll.Facet) string {
	var out strings.Builder
	at := 0
	for _, f := range facets {
		if f.Kind == unroll.FacetLink && f.Start >= at {
			out.WriteString(text[at:f.Start])
			out.WriteString(linkText(text[f.Start:f.End], f.URL))
			at = f.End
		}
	}
	out.WriteString(text[at:])
	return out.String()
}

// linkText is how a link reads where it cannot be followed.
func linkText(shown, url string) string {
	bare := func(s string) string {
		s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
		return strings.TrimSuffix(strings.TrimPrefix(s, "www."), "/")
	}
	for _, dots := range []string{"…", "..."} { // networks show long addresses like that
		if short, cut := strings.CutSuffix(shown, dots); cut && strings.HasPrefix(bare(url), bare(short)) {
			return url
		}
	}
	if bare(shown) == bare(url) {
		return shown
	}
	return shown + " <" + url + ">"
}
