package fakenet

import (
	"strconv"
	"strings"

	"unrollbot/unroll"
)

// tootView writes a World's posts in Mastodon's shapes.
type tootView struct {
	*index
	base    string // scheme and host of the server
	keepIDs bool   // a deleted post's ID stays in its replies
}

func (v tootView) host() string {
	_, host, _ := strings.Cut(v.base, "://")
	return host
}

// erased tells whether the server holds nothing of p any more.
func (v tootView) erased(p *Post) bool {
	switch v.gap(p) {
	case unroll.GapDeleted, unroll.GapSuspended, unroll.GapUnknown:
		return true
	default:
		return false
	}
}

func (v tootView) profile(authorID string) string { return v.base + "/@" + authorID }

func (v tootView) uri(p *Post) string {
	return v.base + "/users/" + p.AuthorID + "/statuses/" + p.ID
}

func (v tootView) account(id string) object {
	a := v.author(id)
	picture := a.Avatar
	if picture == "" {
		picture = v.base + "/avatars/original/missing.png"
	}
	return object{
		"id": number(a.ID), "username": a.ID, "acct": a.ID, "display_name": a.name(),
		"locked": a.Gap == unroll.GapPrivate, "bot": false, "discoverable": true, "indexable": false, "group": false,
		"created_at": epoch.Format(bskyTime), "note": paragraphs(escapeHTML(a.Bio)),
		"url": v.profile(a.ID), "uri": v.base + "/users/" + a.ID,
		"avatar": picture, "avatar_static": picture, "avatar_description": "",
		"header": v.base + "/headers/original/missing.png", "header_static": v.base + "/headers/original/missing.png",
		"header_description": "", "followers_count": 0, "following_count": 0, "statuses_count": 0,
		"last_status_at": epoch.Format("2006-01-02"), "hide_collections": nil, "noindex": false,
		"emojis": []object{}, "roles": []object{}, "fields": []object{},
	}
}

// toot is a status as a caller without an account sees it. Inside another's
// quote, full is not set and a quote of its own is only named.
func (v tootView) toot(p *Post, full bool) object {
	o := object{
		"id": p.ID, "created_at": v.at(p).Format(bskyTime), "edited_at": nil,
		"in_reply_to_id": nil, "in_reply_to_account_id": nil,
		"sensitive": p.Sensitive || p.Warning != "", "spoiler_text": p.Warning,
		"visibility": "public", "language": orNull(p.Lang), "uri": v.uri(p), "url": v.profile(p.AuthorID) + "/" + p.ID,
		"replies_count": len(v.replies(p.ID)), "reblogs_count": 0, "favourites_count": 0, "quotes_count": 0,
		"content": v.content(p), "reblog": nil, "account": v.account(p.AuthorID),
		"media_attachments": v.attachments(p), "mentions": v.mentions(p), "tags": v.tags(p), "emojis": v.emojis(p),
		"tagged_collections": []object{}, "card": nil, "poll": nil, "quote": nil,
		"quote_approval": object{"automatic": []string{"public"}, "manual": []string{}, "current_user": "denied"},
	}
	if v.gap(p) == unroll.GapPrivate {
		o["visibility"] = "private"
	}
	if !p.EditedAt.IsZero() {
		o["edited_at"] = p.EditedAt.UTC().Format(bskyTime)
	}
	if parent := v.posts[p.ParentID]; parent != nil {
		// Mastodon forgets the ID when the parent is deleted, not its author.
		o["in_reply_to_account_id"] = number(parent.AuthorID)
		if v.keepIDs || !v.erased(parent) {
			o["in_reply_to_id"] = parent.ID
		}
	}
	if p.Poll != nil {
		o["poll"] = v.poll(p)
	}
	if p.Card != nil {
		o["card"] = v.card(p.Card)
	}
	if p.Quotes != "" {
		o["quote"] = v.quote(p, full)
	}
	if q := v.visible(p.Reposts); q != nil {
		o["reblog"], o["content"] = v.toot(q, full), ""
	}
	return o
}

func (v tootView) quote(p *Post, full bool) object {
	q := v.posts[p.Quotes]
	state := "accepted"
	switch {
	case q == nil || v.erased(q):
		state = "deleted"
	case p.QuoteGap == unroll.GapWithheld:
		state = "revoked"
	case p.QuoteGap == unroll.GapBlocked || v.gap(q) == unroll.GapBlocked:
		state = "blocked_account"
	case p.QuoteGap == unroll.GapUnknown:
		state = "pending"
	case p.QuoteGap != "" || v.gap(q) != "":
		state = "unauthorized"
	}
	switch {
	case state != "accepted":
		return object{"state": state, "quoted_status": nil}
	case !full:
		return object{"state": state, "quoted_status_id": q.ID}
	default:
		return object{"state": state, "quoted_status": v.toot(q, false)}
	}
}

func (v tootView) attachments(p *Post) []object {
	out := []object{}
	for i, m := range p.Media {
		size := func() object {
			o := object{"width": m.Width, "height": m.Height, "size": strconv.Itoa(m.Width) + "x" + strconv.Itoa(m.Height)}
			if m.Height > 0 {
				o["aspect"] = float64(m.Width) / float64(m.Height)
			}
			return o
		}
		original := size()
		kind := string(m.Kind)
		if m.Kind == unroll.MediaGIF {
			kind = "gifv"
		}
		if m.Duration > 0 {
			original["duration"] = m.Duration.Seconds()
		}
		preview := m.Preview
		if preview == "" {
			preview = m.URL
		}
		out = append(out, object{
			"id": number(p.ID + "/" + strconv.Itoa(i)), "type": kind, "url": m.URL, "preview_url": preview,
			"remote_url": nil, "preview_remote_url": nil, "text_url": nil, "description": orNull(m.Alt),
			"meta": object{"original": original, "small": size()}, "blurhash": nil,
		})
	}
	return out
}

func (v tootView) mentions(p *Post) []object {
	out := []object{}
	for _, f := range p.Facets {
		if f.Kind == unroll.FacetMention {
			out = append(out, object{"id": number(f.URL), "username": f.URL, "acct": f.URL, "url": v.profile(f.URL)})
		}
	}
	return out
}

func (v tootView) tags(p *Post) []object {
	out := []object{}
	for _, f := range p.Facets {
		if f.Kind == unroll.FacetTag {
			name := strings.ToLower(strings.TrimPrefix(p.Text[f.Start:f.End], "#"))
			out = append(out, object{"name": name, "url": v.tagURL(name)})
		}
	}
	return out
}

func (v tootView) emojis(p *Post) []object {
	out := []object{}
	for code, picture := range v.world.Emoji {
		if strings.Contains(p.Text+p.Warning, ":"+code+":") {
			out = append(out, object{"shortcode": code, "url": picture, "static_url": picture, "visible_in_picker": true})
		}
	}
	return out
}

func (v tootView) poll(p *Post) object {
	total, hidden := 0, false
	options := []object{}
	for _, c := range p.Poll.Options {
		var votes any
		if c.Votes >= 0 {
			votes, total = c.Votes, total+c.Votes
		} else {
			hidden = true
		}
		options = append(options, object{"title": c.Label, "votes_count": votes})
	}
	if hidden {
		total = p.Poll.Votes
	}
	var voters, ends any
	if p.Poll.Votes > 0 {
		voters = p.Poll.Votes
	}
	if !p.Poll.EndsAt.IsZero() {
		ends = p.Poll.EndsAt.UTC().Format(bskyTime)
	}
	return object{
		"id": number(p.ID + "/poll"), "expires_at": ends, "expired": true, "multiple": p.Poll.Multiple,
		"votes_count": total, "voters_count": voters, "options": options, "emojis": []object{},
	}
}

func (v tootView) card(c *unroll.Card) object {
	return object{
		"url": c.URL, "title": c.Title, "description": c.Description, "language": "en", "type": "link",
		"author_name": "", "author_url": "", "provider_name": domain(c.URL), "provider_url": "", "html": "",
		"width": 0, "height": 0, "image": orNull(c.Image), "image_description": c.ImageAlt, "embed_url": "",
		"blurhash": nil, "published_at": nil, "missing_attribution": false, "authors": []object{},
	}
}
