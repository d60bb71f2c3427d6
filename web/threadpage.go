package web

import (
	"html/template"
	"io"
	"net/url"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// summaryMax is how much of a thread previews show, in graphemes.
const summaryMax = 200

// writePage writes the page of a thread.
func (s *Server) writePage(o render.Options, w io.Writer, t *unroll.Thread) error {
	var article strings.Builder
	if err := o.Article(&article, t); err != nil {
		return err
	}
	path := t.Ref.Path()
	page := &threadPage{
		Article: template.HTML(article.String()), //nolint:gosec // a template made it
		URL:     o.PageURL, Path: path, OEmbed: "/oembed?" + url.Values{"url": {o.PageURL}}.Encode(), More: authorPath(t.Ref, t.Author),
		Summary: render.Summary(t, summaryMax), Author: t.Author, Card: "summary",
	}
	if page.Image = preview(t); page.Image == nil {
		if title, by, ok := s.shareable(o, t); ok {
			page.Image = &unroll.Media{URL: o.PageURL + ".png", Alt: title + ", by " + by, Width: shareWidth, Height: shareHeight}
		}
	}
	if page.Image != nil {
		page.Card = "summary_large_image"
	}
	if len(t.Posts) > 0 && !t.Posts[0].At.IsZero() {
		page.From = t.Posts[0].At.UTC().Format(time.RFC3339)
	}
	for _, f := range formats {
		if f.name == "" {
			continue
		}
		page.Formats = append(page.Formats, exportLink{path + f.suffix, f.name, strings.TrimSuffix(f.kind, "; charset=utf-8")})
	}
	title := o.Title(t)
	page.Data = posting{
		Context: "https://schema.org", Type: "SocialMediaPosting", ID: page.URL, URL: page.URL,
		Headline: title, Published: page.From, Original: original(t),
		Author: person{Type: "Person", Name: t.Author.Name, Alternate: "@" + t.Author.Handle, URL: t.Author.URL},
	}
	return s.render(w, "thread", site{Title: title, Thread: page})
}

// preview is the picture that link previews show: the first one, unless
// anything in the thread is covered.
func preview(t *unroll.Thread) *unroll.Media {
	if t.Sensitive() {
		return nil
	}
	for p := range t.All {
		for i := range p.Media {
			m := p.Media[i]
			if m.Kind != unroll.MediaImage {
				m.URL = m.Preview
			}
			if u, err := url.Parse(m.URL); err == nil && u.Scheme == "https" {
				return &m
			}
		}
	}
	return nil
}

func original(t *unroll.Thread) string {
	if len(t.Posts) == 0 {
		return ""
	}
	return t.Posts[0].URL
}

// posting is what the page tells machines, as JSON-LD in the words of
// https://schema.org/SocialMediaPosting.
type posting struct {
	Context   string `json:"@context"`
	Type      string `json:"@type"`
	ID        string `json:"@id"`
	URL       string `json:"url"`
	Headline  string `json:"headline"`
	Published string `json:"datePublished,omitempty"`
	Original  string `json:"isBasedOn,omitempty"`
	Author    person `json:"author"`
}

type person struct {
	Type      string `json:"@type"`
	Name      string `json:"name,omitempty"`
	Alternate string `json:"alternateName,omitempty"`
	URL       string `json:"url,omitempty"`
}
