package fxtwitter

import (
	"cmp"
	"math"
	"net/url"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/xpost"
)

func toAuthor(a author) unroll.Author {
	out := unroll.Author{Handle: strings.TrimPrefix(a.ScreenName, "@"), Name: a.Name, Avatar: link.Web(a.AvatarURL)}
	if xpost.ValidID(a.ID) {
		out.ID = a.ID
	}
	if out.Handle != "" {
		out.URL = xpost.ProfileURL(out.Handle)
	}
	return out
}

func toPost(s *status) unroll.Post {
	p := unroll.Post{
		ID:        s.ID,
		URL:       xpost.StatusURL(strings.TrimPrefix(s.Author.ScreenName, "@"), s.ID),
		AuthorID:  s.Author.ID,
		At:        seconds(s.CreatedTimestamp),
		Media:     toMedia(s.Media.All),
		Quote:     toQuote(s.Quote),
		Poll:      toPoll(s.Poll),
		Card:      toCard(s.Card, s.Media.External),
		Sensitive: s.Sensitive,
		Lang:      xpost.Lang(s.Lang),
	}
	if s.ReplyingTo != nil && xpost.ValidID(s.ReplyingTo.Status) && s.ReplyingTo.Status != s.ID {
		p.ParentID = s.ReplyingTo.Status
	}
	p.Text, p.Facets = toText(s)
	addArticle(&p, s.Article)
	return p
}

// toText gives the text without what toPost shows beside it.
func toText(s *status) (string, []unroll.Facet) {
	if s.RawText.Text == "" {
		return strings.TrimSpace(s.Text), nil
	}
	t := xpost.Text{Raw: s.RawText.Text, Shown: s.RawText.DisplayRange}
	for _, f := range s.RawText.Facets {
		if kind, ok := facetKinds[f.Type]; ok && len(f.Indices) == 2 {
			t.Entities = append(t.Entities, xpost.Entity{
				Kind: kind, Start: f.Indices[0], End: f.Indices[1],
				Text: f.Original, Display: f.Display, URL: f.Replacement,
			})
		}
	}
	t.Elsewhere = func(target string) bool {
		id := xpost.StatusID(target)
		switch {
		case id != "":
			// A link to itself ends a text that X cut short.
			return id == s.ID || s.Quote != nil && id == s.Quote.ID
		case len(s.Article) > 0:
			// The service keeps the link of an article without saying where it leads.
			return strings.HasPrefix(target, "https://t.co/") || strings.Contains(target, "/i/article/")
		default:
			return false
		}
	}
	return t.Clean()
}

// facetKinds leaves out "underline", which is no meaning but a look, and
// "inline_media", a place between two characters.
var facetKinds = map[string]xpost.Kind{
	"url": xpost.Link, "media": xpost.Media, "mention": xpost.Mention, "hashtag": xpost.Hashtag, "symbol": xpost.Cashtag,
	"bold": xpost.Bold, "italic": xpost.Italic, "strikethrough": xpost.Strike,
}

func toQuote(s *status) *unroll.Quote {
	switch {
	case s == nil:
		return nil
	case s.isGap():
		q := &unroll.Quote{Gap: &unroll.Gap{Reason: gapOf(s.Reason)}}
		if xpost.ValidID(s.ID) {
			q.URL = xpost.StatusURL("i", s.ID)
		}
		return q
	}
	inner := *s
	inner.Quote = nil // one level; a link to the inner one stays in the text
	p := toPost(&inner)
	who := toAuthor(s.Author)
	if who.ID == "" || who.Handle == "" {
		return nil
	}
	q := &unroll.Quote{
		URL: p.URL, Author: who, Text: p.Text, Facets: p.Facets, Media: p.Media, Card: p.Card,
		At: p.At, Sensitive: p.Sensitive,
	}
	if !xpost.ValidID(s.ID) {
		q.URL = ""
	}
	return q
}

func toPoll(p *poll) *unroll.Poll {
	if p == nil || len(p.Choices) == 0 {
		return nil
	}
	out := &unroll.Poll{Votes: max(p.TotalVotes, 0)}
	for _, c := range p.Choices {
		out.Options = append(out.Options, unroll.PollOption{Label: c.Label, Votes: max(c.Count, 0)})
	}
	if at, err := time.Parse(time.RFC3339, p.EndsAt); err == nil {
		out.EndsAt = at.UTC()
	}
	return out
}

func toCard(c *card, player *external) *unroll.Card {
	if c != nil && link.Clean(c.URL) != "" {
		return &unroll.Card{
			URL: link.Clean(c.URL), Title: c.Title, Description: c.Description,
			Image: link.Web(c.Image.URL), ImageAlt: c.Image.Alt,
		}
	}
	if player != nil && link.Web(player.URL) != "" {
		page := player.URL
		if id, ok := strings.CutPrefix(page, "https://www.youtube.com/embed/"); ok {
			page = "https://www.youtube.com/watch?v=" + url.QueryEscape(id)
		}
		return &unroll.Card{URL: page, Image: link.Web(player.Thumbnail)}
	}
	return nil
}

func toMedia(all []media) []unroll.Media {
	var out []unroll.Media
	for _, m := range all {
		kind, ok := mediaKinds[m.Type]
		if !ok {
			continue
		}
		one := unroll.Media{
			Kind: kind, URL: link.Web(m.URL), Preview: link.Web(m.Thumbnail), Alt: m.AltText,
			Width: max(m.Width, 0), Height: max(m.Height, 0), Duration: duration(m.Duration),
		}
		if kind == unroll.MediaImage {
			one.Preview = cmp.Or(one.Preview, xpost.Preview(one.URL))
		}
		one.Variants = toVariants(m.Formats)
		if len(one.Variants) > 0 {
			one.URL = one.Variants[0].URL
		}
		if one.URL != "" {
			out = append(out, one)
		}
	}
	return out
}

var mediaKinds = map[string]unroll.MediaKind{
	"photo": unroll.MediaImage, "video": unroll.MediaVideo, "gif": unroll.MediaGIF,
}

// toVariants takes the service's word for what a file is.
func toVariants(formats []format) []unroll.Variant {
	out := make([]unroll.Variant, 0, len(formats))
	for _, f := range formats {
		out = append(out, unroll.Variant{URL: f.URL, Type: containers[f.Container], Bitrate: f.Bitrate})
	}
	return xpost.Variants(out)
}

var containers = map[string]string{"mp4": "video/mp4", "webm": "video/webm", "m3u8": "application/x-mpegURL"}

// seconds turns Unix seconds into a time, and nonsense into none.
func seconds(s float64) time.Time {
	const year9999 = 253402300800
	if !(s > 0 && s < year9999) {
		return time.Time{}
	}
	return time.Unix(int64(s), 0).UTC()
}

func duration(s float64) time.Duration {
	const longest = 24 * 3600 // seconds
	if math.IsNaN(s) {
		return 0
	}
	return time.Duration(min(max(s, 0), longest) * float64(time.Second)).Round(time.Millisecond)
}
