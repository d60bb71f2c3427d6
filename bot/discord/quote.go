package discord

import (
	"net/url"
	"slices"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// apart splits a quote with media: its words, and then its media as a post's
// are, so that what a gallery shows is not named in words as well. The lines
// that name media end the quote's text, but for a link card.
func apart(b render.Block) []render.Block {
	if (b.Kind != render.BlockQuote && b.Kind != render.BlockReplyTo) || len(b.Media) == 0 {
		return []render.Block{b}
	}
	media := render.Block{Kind: render.BlockMedia, PostID: b.PostID, Media: b.Media, Spoiler: b.Spoiler}
	words := b
	words.Media = nil
	var lines []render.Block
	for _, m := range slices.Backward(b.Media) {
		line, rest, ok := takeLine(words, m)
		if !ok {
			return []render.Block{b}
		}
		words, lines = rest, append(lines, line)
	}
	for i, line := range slices.Backward(lines) {
		if i < len(lines)-1 {
			media.Text += "\n"
		}
		for _, f := range line.Facets {
			f.Start, f.End = f.Start+len(media.Text), f.End+len(media.Text)
			media.Facets = append(media.Facets, f)
		}
		media.Text += line.Text
	}
	return []render.Block{words, media}
}

// takeLine takes the last line that begins with a link to a medium out of a
// text.
func takeLine(b render.Block, m unroll.Media) (line, rest render.Block, ok bool) {
	plain := m.URL
	if u, err := url.Parse(m.URL); err == nil {
		plain = u.String()
	}
	for _, f := range slices.Backward(b.Facets) {
		if f.Kind != unroll.FacetLink || (f.URL != m.URL && f.URL != plain) || f.Start == 0 || b.Text[f.Start-1] != '\n' {
			continue
		}
		end := len(b.Text)
		if i := strings.IndexByte(b.Text[f.Start:], '\n'); i >= 0 {
			end = f.Start + i
		}
		cut := f.Start - 1 // with the line end before it
		line.Text, rest = b.Text[f.Start:end], b
		rest.Text, rest.Facets = b.Text[:cut]+b.Text[end:], nil
		for _, g := range b.Facets {
			switch {
			case g.End <= cut:
				rest.Facets = append(rest.Facets, g)
			case g.Start >= end:
				g.Start, g.End = g.Start-(end-cut), g.End-(end-cut)
				rest.Facets = append(rest.Facets, g)
			case g.Start >= f.Start && g.End <= end:
				g.Start, g.End = g.Start-f.Start, g.End-f.Start
				line.Facets = append(line.Facets, g)
			}
		}
		return line, rest, true
	}
	return render.Block{}, b, false
}
