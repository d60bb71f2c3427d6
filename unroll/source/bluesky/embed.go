package bluesky

import (
	"cmp"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

const (
	// hls is the media type of a playlist: videos have no other form here.
	hls = "application/vnd.apple.mpegurl"

	embedPrefix = "app.bsky.embed."
)

// attached is what hangs on a post.
type attached struct {
	media     []unroll.Media
	quote     *unroll.Quote
	card      *unroll.Card
	owner     unroll.Author // of a record shown as a card
	sensitive bool
}

// attach reads an embed of a post by the account did. Unknown forms give
// nothing.
func attach(did string, e *embed) attached {
	switch strings.TrimPrefix(e.Type, embedPrefix) {
	case "images#view":
		return attached{media: images(e.Images)}
	case "gallery#view":
		return attached{media: images(e.Items)}
	case "video#view":
		return attached{media: video(e)}
	case "external#view":
		return page(e.External)
	case "record#view":
		return quoted(did, e.Record)
	case "recordWithMedia#view":
		return withMedia(did, e)
	default:
		return attached{}
	}
}

func withMedia(did string, e *embed) attached {
	var a attached
	if e.Media != nil && e.Media.Media == nil { // one level
		a = attach(did, e.Media)
	}
	if e.Record == nil {
		return a
	}
	q := quoted(did, e.Record.Record)
	a.quote = q.quote
	switch {
	case a.card == nil:
		a.card = q.card
	case q.card != nil: // a feed beside a link: the second card becomes a quote
		a.quote = &unroll.Quote{URL: q.card.URL, Author: q.owner, Text: q.card.Title}
	}
	return a
}

func images(all []image) []unroll.Media {
	var media []unroll.Media
	for _, i := range all {
		full, small := link.Web(i.Fullsize), link.Web(cmp.Or(i.Thumb, i.Thumbnail))
		if full = cmp.Or(full, small); full == "" {
			continue
		}
		media = append(media, unroll.Media{
			Kind: unroll.MediaImage, URL: full, Preview: small, Alt: i.Alt,
			Width: max(i.AspectRatio.Width, 0), Height: max(i.AspectRatio.Height, 0),
		})
	}
	return media
}

func video(e *embed) []unroll.Media {
	playlist := link.Web(e.Playlist)
	if playlist == "" {
		return nil
	}
	m := unroll.Media{
		Kind: unroll.MediaVideo, URL: playlist, Preview: link.Web(e.Thumbnail), Alt: e.Alt,
		Width: max(e.AspectRatio.Width, 0), Height: max(e.AspectRatio.Height, 0),
		Variants: []unroll.Variant{{URL: playlist, Type: hls}},
	}
	if e.Presentation == "gif" {
		m.Kind = unroll.MediaGIF
	}
	return []unroll.Media{m}
}

// page reads a linked page. A GIF picked in the app is one too.
func page(x *external) attached {
	if x == nil {
		return attached{}
	}
	if m, ok := gif(x); ok {
		return attached{media: []unroll.Media{m}, sensitive: has(x.Labels, covering...)}
	}
	target := link.Clean(x.URI)
	if target == "" {
		return attached{}
	}
	return attached{
		card:      &unroll.Card{URL: target, Title: x.Title, Description: x.Description, Image: link.Web(x.Thumb)},
		sensitive: has(x.Labels, covering...),
	}
}

// gifHosts are where the app's GIF picker takes GIFs from.
var gifHosts = []string{"media.tenor.com", "static.klipy.com", "i.giphy.com", "media.giphy.com"}

// gif reads a link that the app wrote for a picked GIF: its size stands in
// the query as ww and hh, in pixels, and its description after "Alt: ".
func gif(x *external) (unroll.Media, bool) {
	u, err := url.Parse(x.URI)
	if err != nil || u.Scheme != "https" || !slices.Contains(gifHosts, u.Host) || path.Ext(u.Path) != ".gif" {
		return unroll.Media{}, false
	}
	pixels := func(name string) int {
		n, err := strconv.ParseUint(u.Query().Get(name), 10, 16)
		if err != nil {
			return 0
		}
		return int(n)
	}
	alt := x.Description
	if prefix := "alt: "; len(alt) >= len(prefix) && strings.EqualFold(alt[:len(prefix)], prefix) {
		alt = alt[len(prefix):]
	}
	return unroll.Media{
		Kind: unroll.MediaGIF, URL: x.URI, Preview: link.Web(x.Thumb), Alt: cmp.Or(alt, x.Title),
		Width: pixels("ww"), Height: pixels("hh"),
	}, true
}

// quoted reads an embedded record: a post becomes a quote, all else a card.
func quoted(did string, r *embedRecord) attached {
	if r == nil {
		return attached{}
	}
	u, ok := parseURI(r.URI)
	if !ok {
		return attached{}
	}
	quote := &unroll.Quote{URL: u.page()}
	switch r.Type {
	case "app.bsky.embed.record#viewRecord":
		return attached{quote: quotePost(u, r)}
	case "app.bsky.embed.record#viewNotFound":
		quote.Gap = &unroll.Gap{Reason: gone(u.did, did)}
		return attached{quote: quote}
	case "app.bsky.embed.record#viewBlocked":
		quote.Gap = &unroll.Gap{Reason: unroll.GapBlocked}
		return attached{quote: quote}
	case "app.bsky.embed.record#viewDetached":
		// Its author took it off this post: not even a link is left there.
		return attached{quote: &unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapWithdrawn}}}
	default:
		return attached{card: cardOf(u, r), owner: owner(u, r)}
	}
}

// cardOf describes a feed, list, labeler or starter pack; of a form that is
// not known, its address.
func cardOf(u recordURI, r *embedRecord) *unroll.Card {
	c := &unroll.Card{
		URL: u.page(), Title: cmp.Or(r.DisplayName, r.Name), Description: r.Description, Image: link.Web(r.Avatar),
	}
	switch {
	case r.Record != nil: // a starter pack's own record
		c.Title, c.Description = r.Record.Name, r.Record.Description
	case r.Type == "app.bsky.labeler.defs#labelerView":
		c.Title, c.Image = cmp.Or(r.Creator.DisplayName, r.Creator.Handle), link.Web(r.Creator.Avatar)
	}
	return c
}

func owner(u recordURI, r *embedRecord) unroll.Author {
	p := r.Creator
	p.DID = u.did
	return author(&p)
}

func quotePost(u recordURI, r *embedRecord) *unroll.Quote {
	q := &unroll.Quote{URL: u.page()}
	if why := hidden(&r.Author, r.Labels); why != "" {
		q.Gap = &unroll.Gap{Reason: why}
		return q
	}
	rec, err := readRecord(r.Value)
	if err != nil {
		q.Gap = &unroll.Gap{Reason: unroll.GapUnknown}
		return q
	}
	q.Author = author(&r.Author)
	q.Text, q.Facets = rec.Text, facets(rec.Text, rec.Facets)
	q.At = at(rec.CreatedAt, r.IndexedAt)
	q.Sensitive = sensitive(&r.Author, r.Labels, rec.Labels.Values)
	for i := range r.Embeds {
		a := attach(u.did, &r.Embeds[i])
		q.Media = append(q.Media, a.media...)
		if q.Card == nil {
			q.Card = a.card
		}
		q.Sensitive = q.Sensitive || a.sensitive
	}
	return q
}
