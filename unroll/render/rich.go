package render

import (
	"html"
	"html/template"
	"strings"

	"unrollbot/unroll"
)

// richHTML writes a clean text with its facets as paragraphs and block
// quotes. It is the one place where HTML is put together by hand; every byte
// of the text goes through [html.EscapeString]. show gives the address to
// show a picture from, or "".
func richHTML(text string, facets []unroll.Facet, show func(string) template.URL) template.HTML {
	var b strings.Builder
	for _, s := range segments(text, facets) {
		if s.quote {
			b.WriteString(`<blockquote>`)
		}
		for _, p := range s.paragraphs() {
			b.WriteString("<p>")
			h := inlineHTML{src: p.text, facets: p.facets, show: show, out: &b}
			h.write(0, len(p.text))
			b.WriteString("</p>")
		}
		if s.quote {
			b.WriteString("</blockquote>")
		}
	}
	return template.HTML(b.String()) //nolint:gosec // see above
}

type inlineHTML struct {
	src    string
	facets []unroll.Facet // that are still to come
	show   func(string) template.URL
	out    *strings.Builder
	inLink bool // links do not nest
}

func (h *inlineHTML) write(from, to int) {
	for len(h.facets) > 0 && h.facets[0].Start < to {
		f := h.facets[0]
		h.facets = h.facets[1:]
		h.plain(from, f.Start)
		h.facet(f)
		from = f.End
	}
	h.plain(from, to)
}

func (h *inlineHTML) plain(from, to int) {
	h.out.WriteString(strings.ReplaceAll(html.EscapeString(h.src[from:to]), "\n", "<br/>"))
}

func (h *inlineHTML) facet(f unroll.Facet) {
	tag := ""
	switch f.Kind {
	case unroll.FacetLink, unroll.FacetMention, unroll.FacetTag:
		if f.URL != "" && !h.inLink {
			h.inLink = true
			class := ""
			if shown := h.src[f.Start:f.End]; f.Kind == unroll.FacetLink && strings.HasSuffix(linkText(shown, f.URL), ">") {
				class = `class="out" ` // the address is not in the text; paper needs it
			}
			h.out.WriteString("<a " + class + `href="` + html.EscapeString(f.URL) + `" rel="nofollow noreferrer">`)
			h.write(f.Start, f.End)
			h.out.WriteString("</a>")
			h.inLink = false
			return
		}
	case unroll.FacetEmoji:
		if source := string(h.show(f.URL)); source != "" {
			h.skip(f.End)
			name := html.EscapeString(h.src[f.Start:f.End])
			h.out.WriteString(`<img class="emoji" src="` + html.EscapeString(source) + `" alt="` + name + `" title="` + name +
				`" width="20" height="20" loading="lazy"/>`)
			return
		}
	case unroll.FacetBold:
		tag = "strong"
	case unroll.FacetItalic:
		tag = "em"
	case unroll.FacetStrike:
		tag = "del"
	case unroll.FacetCode:
		tag = "code"
	case unroll.FacetQuote: // taken care of by segments
	}
	if tag == "" {
		h.write(f.Start, f.End)
		return
	}
	h.out.WriteString("<" + tag + ">")
	h.write(f.Start, f.End)
	h.out.WriteString("</" + tag + ">")
}

// skip drops the facets that begin before end.
func (h *inlineHTML) skip(end int) {
	for len(h.facets) > 0 && h.facets[0].Start < end {
		h.facets = h.facets[1:]
	}
}
