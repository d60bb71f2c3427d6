package fakenet

import (
	"html"
	"net/url"
	"regexp"
	"strings"

	"unrollbot/unroll"
)

// content is a post's text in the HTML that Mastodon makes of it.
func (v tootView) content(p *Post) string {
	body := paragraphs(v.inline(p, p.Facets, 0, len(p.Text)))
	if q := v.posts[p.Quotes]; q != nil {
		// For servers that know no quotes; those that do are meant to drop it.
		body = `<p class="quote-inline">RE: ` + link(v.profile(q.AuthorID)+"/"+q.ID) + `</p>` + body
	}
	return body
}

// inline writes the text from start to end with the facets that lie in it.
func (v tootView) inline(p *Post, facets []unroll.Facet, start, end int) string {
	var out strings.Builder
	for i := 0; i < len(facets); i++ {
		f := facets[i]
		if f.Start < start || f.End > end {
			continue
		}
		out.WriteString(escapeHTML(p.Text[start:f.Start]))
		start = f.End
		inside := func() string { return v.inline(p, facets[i+1:], f.Start, f.End) }
		text := p.Text[f.Start:f.End]
		switch f.Kind {
		case unroll.FacetLink:
			if text == f.URL {
				out.WriteString(link(f.URL))
			} else { // only posts from elsewhere have such
				out.WriteString(`<a href="` + escapeHTML(f.URL) + `" rel="nofollow noopener" target="_blank">` + inside() + `</a>`)
			}
		case unroll.FacetMention:
			out.WriteString(`<span class="h-card" translate="no"><a href="` + escapeHTML(v.profile(f.URL)) +
				`" class="u-url mention">@<span>` + escapeHTML(strings.TrimPrefix(text, "@")) + `</span></a></span>`)
		case unroll.FacetTag:
			name := strings.TrimPrefix(text, "#")
			out.WriteString(`<a href="` + escapeHTML(v.tagURL(strings.ToLower(name))) +
				`" class="mention hashtag" rel="tag">#<span>` + escapeHTML(name) + `</span></a>`)
		case unroll.FacetEmoji:
			out.WriteString(escapeHTML(text))
		default:
			tag := htmlTags[f.Kind]
			out.WriteString("<" + tag + ">" + inside() + "</" + tag + ">")
		}
	}
	out.WriteString(escapeHTML(p.Text[start:end]))
	return out.String()
}

// htmlTags are for posts from servers that let authors style their text.
var htmlTags = map[unroll.FacetKind]string{
	unroll.FacetBold: "strong", unroll.FacetItalic: "em", unroll.FacetStrike: "del",
	unroll.FacetCode: "code", unroll.FacetQuote: "blockquote",
}

func (v tootView) tagURL(name string) string { return v.base + "/tags/" + url.PathEscape(name) }

// link shows an address without its scheme, and 30 characters of it.
func link(address string) string {
	prefix := prefixed.FindString(address)
	rest := []rune(strings.TrimPrefix(address, prefix))
	shown := rest[:min(30, len(rest))]
	class := ""
	if len(rest) > len(shown) {
		class = "ellipsis"
	}
	return `<a href="` + escapeHTML(address) + `" target="_blank" rel="nofollow noopener" translate="no">` +
		`<span class="invisible">` + escapeHTML(prefix) + `</span>` +
		`<span class="` + class + `">` + escapeHTML(string(shown)) + `</span>` +
		`<span class="invisible">` + escapeHTML(string(rest[len(shown):])) + `</span></a>`
}

var (
	prefixed = regexp.MustCompile(`^https?://(www\.)?`)
	blank    = regexp.MustCompile(`\n\n+`)
)

// paragraphs makes paragraphs of what blank lines part, breaks of other lines.
func paragraphs(body string) string {
	if body == "" {
		return ""
	}
	var out strings.Builder
	for _, p := range blank.Split(body, -1) {
		out.WriteString("<p>" + strings.ReplaceAll(p, "\n", "<br />") + "</p>")
	}
	return out.String()
}

// escapeHTML escapes five characters, the double quote by name.
func escapeHTML(s string) string { return strings.ReplaceAll(html.EscapeString(s), "&#34;", "&quot;") }
