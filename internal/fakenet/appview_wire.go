package fakenet

import (
	"cmp"
	"strings"

	"unrollbot/unroll"
)

// bskyView writes a World's posts in the AppView's shapes.
type bskyView struct{ *index }

// bskyTime is how the AppView writes times.
const bskyTime = "2006-01-02T15:04:05.000Z"

// gone tells whether the AppView knows nothing of p. Bluesky has no private
// posts: one that is marked so does not exist there.
func (v bskyView) gone(p *Post) bool {
	gap := v.gap(p)
	return gap != "" && gap != unroll.GapBlocked
}

func (v bskyView) uriOf(id string) string {
	author := "nobody"
	if p := v.posts[id]; p != nil {
		author = p.AuthorID
	}
	return "at://" + DID(author) + "/app.bsky.feed.post/" + id
}

// strong is a strong reference: an address and a hash of what stands there.
func (v bskyView) strong(id string) object {
	return object{"uri": v.uriOf(id), "cid": cid(v.uriOf(id))}
}

func cid(key string) string { return "bafyrei" + letters(key, 52) }

func (v bskyView) handle(a *Author) string {
	if a.Handle != "" {
		return a.Handle
	}
	return strings.ToLower(a.ID) + ".test"
}

// actor finds an author by DID or handle.
func (v bskyView) actor(id string) *Author {
	for _, a := range v.authors {
		if DID(a.ID) == id || strings.EqualFold(v.handle(a), id) {
			return a
		}
	}
	return nil
}

func (v bskyView) basic(authorID string) object {
	a := v.author(authorID)
	o := object{
		"did": DID(a.ID), "handle": v.handle(a), "displayName": a.name(),
		"associated": object{"activitySubscription": object{"allowSubscriptions": "followers"}},
		"labels":     []object{},
	}
	if a.Avatar != "" {
		o["avatar"] = a.Avatar
	}
	if a.LoginOnly {
		o["labels"] = []object{v.label(DID(a.ID), "at://"+DID(a.ID)+"/app.bsky.actor.profile/self", "!no-unauthenticated")}
	}
	return o
}

func (v bskyView) label(src, uri, val string) object {
	return object{"src": src, "uri": uri, "cid": cid(uri), "val": val, "cts": epoch.Format(bskyTime)}
}

func (v bskyView) blocked(p *Post) object {
	return object{
		"$type": "app.bsky.feed.defs#blockedPost", "uri": v.uriOf(p.ID), "blocked": true,
		"author": object{"did": DID(p.AuthorID)},
	}
}

// post is a postView. Its replyCount counts replies that are blocked, too.
func (v bskyView) post(p *Post) object {
	count := 0
	for _, q := range v.children[p.ID] {
		if !v.gone(q) {
			count++
		}
	}
	record, embed := v.record(p)
	at := v.at(p).Format(bskyTime)
	o := object{
		"uri": v.uriOf(p.ID), "cid": cid(v.uriOf(p.ID)), "author": v.basic(p.AuthorID), "record": record,
		"bookmarkCount": 0, "replyCount": count, "repostCount": 0, "likeCount": 0, "quoteCount": 0,
		"indexedAt": at, "labels": v.labels(p),
	}
	if embed != nil {
		o["embed"] = embed
	}
	return o
}

func (v bskyView) labels(p *Post) []object {
	if !p.Sensitive && p.Warning == "" {
		return []object{}
	}
	return []object{v.label(DID(p.AuthorID), v.uriOf(p.ID), "graphic-media")}
}

// record gives the post as its author's client wrote it, and the view of what
// is embedded.
func (v bskyView) record(p *Post) (record, embed object) {
	text, facets := v.text(p)
	record = object{"$type": "app.bsky.feed.post", "text": text, "createdAt": v.at(p).Format(bskyTime)}
	if p.Lang != "" {
		record["langs"] = []string{p.Lang}
	}
	if len(facets) > 0 {
		record["facets"] = facets
	}
	if p.ParentID != "" {
		record["reply"] = object{"root": v.strong(v.root(p).ID), "parent": v.strong(p.ParentID)}
	}
	if p.Sensitive || p.Warning != "" {
		record["labels"] = object{"$type": "com.atproto.label.defs#selfLabels", "values": []object{{"val": "graphic-media"}}}
	}
	written, embed := v.embeds(p)
	if written != nil {
		record["embed"] = written
	}
	return record, embed
}

// text shortens addresses in the text as clients do and gives facets in bytes.
func (v bskyView) text(p *Post) (string, []object) {
	var (
		out    strings.Builder
		facets []object
		at     int
	)
	for _, f := range p.Facets {
		if f.Start < at || f.End > len(p.Text) {
			continue
		}
		out.WriteString(p.Text[at:f.Start])
		at = f.End
		inner := p.Text[f.Start:f.End]
		var feature object
		switch f.Kind {
		case unroll.FacetLink:
			feature = object{"$type": "app.bsky.richtext.facet#link", "uri": f.URL}
			if inner == f.URL {
				inner = bskyShort(inner)
			}
		case unroll.FacetMention:
			feature = object{"$type": "app.bsky.richtext.facet#mention", "did": DID(f.URL)}
		case unroll.FacetTag:
			feature = object{"$type": "app.bsky.richtext.facet#tag", "tag": strings.TrimPrefix(inner, "#")}
		default: // Bluesky has no other kinds
		}
		start := out.Len()
		out.WriteString(inner)
		if feature != nil {
			facets = append(facets, object{
				"index":    object{"byteStart": start, "byteEnd": out.Len()},
				"features": []object{feature},
			})
		}
	}
	out.WriteString(p.Text[at:])
	return out.String(), facets
}

// bskyShort is an address as Bluesky's own client puts it into a text: host
// and at most 15 characters of the path.
func bskyShort(address string) string {
	_, s, _ := strings.Cut(address, "://")
	host, path, ok := strings.Cut(s, "/")
	if !ok || path == "" {
		return host
	}
	if r := []rune("/" + path); len(r) > 15 {
		return host + string(r[:13]) + "..."
	}
	return host + "/" + path
}

// embeds gives a post's embed as written and as viewed, nil without one.
func (v bskyView) embeds(p *Post) (written, view object) {
	written, view = v.mediaEmbed(p)
	if p.Quotes == "" {
		return written, view
	}
	record := object{"$type": "app.bsky.embed.record", "record": v.strong(p.Quotes)}
	if written == nil {
		return record, object{"$type": "app.bsky.embed.record#view", "record": v.quoted(p)}
	}
	return object{"$type": "app.bsky.embed.recordWithMedia", "record": record, "media": written},
		object{"$type": "app.bsky.embed.recordWithMedia#view", "record": object{"record": v.quoted(p)}, "media": view}
}

func (v bskyView) mediaEmbed(p *Post) (written, view object) {
	if len(p.Media) > 0 && p.Media[0].Kind != unroll.MediaImage {
		return v.video(&p.Media[0])
	}
	var images, views []object
	for i := range p.Media[:min(4, len(p.Media))] {
		m := &p.Media[i]
		image := object{"alt": m.Alt, "image": blob(m.URL, "image/png")}
		shown := object{"alt": m.Alt, "fullsize": m.URL, "thumb": cmp.Or(m.Preview, m.URL)}
		if m.Width > 0 {
			image["aspectRatio"] = object{"width": m.Width, "height": m.Height}
			shown["aspectRatio"] = image["aspectRatio"]
		}
		images, views = append(images, image), append(views, shown)
	}
	switch {
	case images != nil:
		return object{"$type": "app.bsky.embed.images", "images": images},
			object{"$type": "app.bsky.embed.images#view", "images": views}
	case p.Card != nil:
		c := p.Card
		card := object{"uri": c.URL, "title": c.Title, "description": c.Description}
		shown := object{"uri": c.URL, "title": c.Title, "description": c.Description}
		if c.Image != "" {
			card["thumb"], shown["thumb"] = blob(c.Image, "image/png"), c.Image
		}
		return object{"$type": "app.bsky.embed.external", "external": card},
			object{"$type": "app.bsky.embed.external#view", "external": shown}
	}
	return nil, nil
}

func (v bskyView) video(m *unroll.Media) (written, view object) {
	ratio := object{"width": m.Width, "height": m.Height}
	return object{"$type": "app.bsky.embed.video", "video": blob(m.URL, "video/mp4"), "alt": m.Alt, "aspectRatio": ratio},
		object{
			"$type": "app.bsky.embed.video#view", "cid": cid(m.URL), "playlist": m.URL, "thumbnail": m.Preview,
			"alt": m.Alt, "aspectRatio": ratio,
		}
}

func blob(key, kind string) object {
	return object{"$type": "blob", "ref": object{"$link": "bafkrei" + letters(key, 52)}, "mimeType": kind, "size": 1000}
}

// quoted is how the post that p quotes is shown inside p.
func (v bskyView) quoted(p *Post) object {
	uri := v.uriOf(p.Quotes)
	q := v.posts[p.Quotes]
	switch {
	case q == nil || v.gone(q):
		return object{"$type": "app.bsky.embed.record#viewNotFound", "uri": uri, "notFound": true}
	case v.gap(q) == unroll.GapBlocked || p.QuoteGap == unroll.GapBlocked:
		return object{
			"$type": "app.bsky.embed.record#viewBlocked", "uri": uri, "blocked": true,
			"author": object{"did": DID(q.AuthorID)},
		}
	case p.QuoteGap != "":
		return object{"$type": "app.bsky.embed.record#viewDetached", "uri": uri, "detached": true}
	}
	inner := *q
	inner.Quotes = "" // one level deep
	record, embed := v.record(&inner)
	embeds := []object{}
	if embed != nil {
		embeds = append(embeds, embed)
	}
	return object{
		"$type": "app.bsky.embed.record#viewRecord", "uri": uri, "cid": cid(uri), "author": v.basic(q.AuthorID),
		"value": record, "labels": v.labels(q), "embeds": embeds, "indexedAt": v.at(q).Format(bskyTime),
		"likeCount": 0, "quoteCount": 1, "replyCount": 0, "repostCount": 0,
	}
}
