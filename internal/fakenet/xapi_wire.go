package fakenet

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"unrollbot/unroll"
)

// xView writes a World's posts in the shapes of X's API.
type xView struct {
	*index
	cfg           XAPIConfig
	conversations map[*Post]string // IDs of their first posts
}

// names are what the two languages of the API call things.
func (v *xView) names() (param, note, references, history string) {
	if v.cfg.NewNames {
		return "post.fields", "note_post", "referenced_posts", "edit_history_post_ids"
	}
	return "tweet.fields", "note_tweet", "referenced_tweets", "edit_history_tweet_ids"
}

// current gives the post of which id is a version.
func (v *xView) current(id string) *Post {
	for latest, all := range v.cfg.Edits {
		if slices.Contains(all, id) {
			return v.posts[latest]
		}
	}
	return v.posts[id]
}

// readable gives the post with this ID, of an old version its first form.
// What is withheld is there, with words of X's own.
func (v *xView) readable(id string) *Post {
	p := v.current(id)
	if p == nil {
		return nil
	}
	if why := v.gap(p); why != "" && why != unroll.GapWithheld {
		return nil
	}
	if p.ID != id {
		old := *p
		old.ID, old.Text, old.Facets = id, "Before it was edited.", nil
		return &old
	}
	return p
}

// written is when a post was written, by its ID where that tells.
func (v *xView) written(p *Post) time.Time {
	if n, err := strconv.ParseUint(p.ID, 10, 63); err == nil && n > 1<<35 {
		return time.UnixMilli(int64(n>>22) + 1288834974657).UTC()
	}
	return v.at(p)
}

// missing is the error for a post that cannot be read.
func (v *xView) missing(id string) object {
	more := object{
		"value": id, "resource_id": id, "resource_type": "tweet", "parameter": "ids",
	}
	kind, title, detail := "resource-not-found", "Not Found Error", "Could not find tweet with ids: ["+id+"]."
	if p := v.current(id); p != nil {
		switch v.gap(p) {
		case unroll.GapPrivate:
			kind, title, detail = "not-authorized-for-resource", "Authorization Error", "Sorry, you are not authorized to see the Tweet with ids: ["+id+"]."
			more["section"] = "data"
		case unroll.GapSuspended:
			title, detail = "Forbidden", "User has been suspended: ["+id+"]."
		case unroll.GapBlocked, unroll.GapRestricted:
			kind, title, detail = "resource-unavailable", "Resource Unavailable Error", "This resource is not available."
		default: // X knows no finer reasons
		}
	}
	return problem(0, kind, title, detail, more)
}

// answer lists posts with the fields and expansions that were asked for.
func (q *xQuery) answer(posts []*Post) object {
	v := q.view
	param, _, references, _ := v.names()
	for name := range q.values {
		if strings.HasSuffix(name, ".fields") && !slices.Contains([]string{param, "user.fields", "media.fields", "poll.fields"}, name) {
			q.refuse(name, q.get(name))
		}
	}
	fields := strings.Split(q.get(param), ",")
	expand := strings.Split(q.get("expansions"), ",")
	wants := func(what string) bool { return slices.Contains(expand, what) }
	expansions := []string{
		"", "author_id", "attachments.media_keys", "attachments.poll_ids", "article.cover_media", "article.media_entities",
	}
	if !v.cfg.NewNames {
		expansions = append(expansions, references+".id", references+".id.author_id")
	}
	for _, e := range expand {
		if !slices.Contains(expansions, e) {
			q.refuse("expansions", e)
		}
	}

	includes := make(map[string][]object)
	users := make(map[string]bool)
	data := []object{}
	for _, p := range posts {
		o := v.post(p)
		for key := range o {
			if key != "id" && key != "text" && !slices.Contains(fields, key) {
				delete(o, key)
			}
		}
		data = append(data, o)
		if wants("author_id") && !users[p.AuthorID] {
			users[p.AuthorID] = true
			includes["users"] = append(includes["users"], v.user(p.AuthorID))
		}
		if wants("attachments.media_keys") {
			includes["media"] = append(includes["media"], v.media(p)...)
		}
		if wants("attachments.poll_ids") && p.Poll != nil {
			includes["polls"] = append(includes["polls"], v.poll(p))
		}
	}
	body := object{}
	if len(data) > 0 {
		body["data"] = data
	}
	if len(includes) > 0 {
		body["includes"] = includes
	}
	return body
}

func (v *xView) user(id string) object {
	a := v.author(id)
	o := object{"id": number(a.ID), "username": a.ID, "name": a.name()}
	if a.Avatar != "" {
		o["profile_image_url"] = a.Avatar
	}
	return o
}

// post is a post with every field that it has.
func (v *xView) post(p *Post) object {
	_, noteName, references, history := v.names()
	self := v.current(p.ID)
	o := object{
		"id": p.ID, "author_id": number(p.AuthorID), "conversation_id": v.conversations[self],
		"created_at": v.written(p).Format("2006-01-02T15:04:05.000Z"), "possibly_sensitive": p.Sensitive || p.Warning != "",
		history:          []string{p.ID},
		"public_metrics": object{"reply_count": len(v.replies(self.ID)), "retweet_count": 0, "like_count": 0, "quote_count": 0},
	}
	if all := v.cfg.Edits[self.ID]; all != nil {
		o[history] = all
	}
	if p.Lang != "" {
		o["lang"] = p.Lang
	}
	var refs []object
	add := func(kind, id string) {
		if id != "" {
			refs = append(refs, object{"type": kind, "id": id})
		}
	}
	add("retweeted", p.Reposts)
	add("quoted", p.Quotes)
	add("replied_to", p.ParentID)
	if refs != nil {
		o[references] = refs
	}
	if who := v.parentAuthor(p); who != "" {
		o["in_reply_to_user_id"] = number(who)
	}
	if v.gap(self) == unroll.GapWithheld {
		o["text"] = "@" + p.AuthorID + "'s post has been withheld in Freedonia in response to a legal demand."
		o["withheld"] = object{"copyright": false, "country_codes": []string{"XX"}, "scope": "tweet"}
		return o
	}
	attachments := object{}
	if len(p.Media) > 0 {
		keys := []string{}
		for i := range p.Media {
			keys = append(keys, mediaKey(p, i))
		}
		attachments["media_keys"] = keys
	}
	if p.Poll != nil {
		attachments["poll_ids"] = []string{number(p.ID + "/poll")}
	}
	if len(attachments) > 0 {
		o["attachments"] = attachments
	}
	text, entities, shown := v.text(p)
	o["text"] = text
	if p.Note {
		o[noteName] = object{"text": text, "entities": entities}
		short := []rune(text)
		o["text"] = string(short[:min(len(short), 60)]) + "… " + tco(p.ID)
		entities = object{"urls": []object{{
			"start": min(len(short), 60) + 2, "end": min(len(short), 60) + 2 + len(tco("")), "url": tco(p.ID),
			"expanded_url": "https://x.com/i/web/status/" + p.ID, "display_url": "x.com/i/web/status/…",
		}}}
		shown = nil
	}
	if len(entities) > 0 {
		o["entities"] = entities
	}
	if shown != nil {
		o["display_text_range"] = shown
	}
	return o
}

// text writes a text and its entities; ranges count code points of the
// escaped text. It ends with the links to what the post quotes and shows.
func (v *xView) text(p *Post) (text string, entities object, shown []int) {
	plain := *p
	plain.Media, plain.Note = nil, false
	raw, _ := fxView{v.index}.text(&plain)
	text = raw["text"].(string)
	shown = raw["display_text_range"].([]int)
	entities = object{}
	add := func(kind string, e object) {
		l, _ := entities[kind].([]object)
		entities[kind] = append(l, e)
	}
	for _, f := range raw["facets"].([]object) {
		at := f["indices"].([]int)
		e := object{"start": at[0], "end": at[1]}
		switch f["type"] {
		case "url":
			e["url"], e["expanded_url"], e["display_url"] = f["original"], f["replacement"], f["display"]
			if c := p.Card; c != nil && f["replacement"] == c.URL {
				e["title"], e["description"] = c.Title, c.Description
				if c.Image != "" {
					e["images"] = []object{{"url": c.Image, "width": 1200, "height": 630}}
				}
			}
			add("urls", e)
		case "mention":
			e["username"], e["id"] = f["original"], f["id"]
			add("mentions", e)
		case "hashtag":
			e["tag"] = f["original"]
			add("hashtags", e)
		}
	}
	end := func(short, expanded string, keys ...string) {
		if text != "" {
			text += " "
		}
		start := utf8.RuneCountInString(text)
		text += short
		for _, key := range keys {
			e := object{"start": start, "end": start + len(short), "url": short, "expanded_url": expanded, "display_url": display(expanded)}
			if key != "" {
				e["media_key"] = key
			}
			add("urls", e)
		}
	}
	if q := v.posts[p.Quotes]; q != nil {
		end(tco(p.ID+"quote"), "https://twitter.com/"+q.AuthorID+"/status/"+q.ID, "")
	}
	var keys []string
	for i := range p.Media {
		keys = append(keys, mediaKey(p, i))
	}
	if keys != nil && !p.Note {
		end(tco(p.ID+"media"), "https://twitter.com/"+p.AuthorID+"/status/"+p.ID+"/photo/1", keys...)
	}
	return text, entities, shown
}

var xMedia = map[unroll.MediaKind]string{
	unroll.MediaImage: "photo", unroll.MediaVideo: "video", unroll.MediaGIF: "animated_gif", unroll.MediaAudio: "video",
}

func mediaKey(p *Post, i int) string { return "3_" + mediaID(p, i) }

func (v *xView) media(p *Post) []object {
	var out []object
	for i, m := range p.Media {
		o := object{"media_key": mediaKey(p, i), "type": xMedia[m.Kind], "width": m.Width, "height": m.Height}
		if m.Alt != "" {
			o["alt_text"] = m.Alt
		}
		if m.Kind == unroll.MediaImage {
			o["url"] = m.URL
			out = append(out, o)
			continue
		}
		o["preview_image_url"], o["duration_ms"] = m.Preview, m.Duration.Milliseconds()
		variants := []object{}
		for _, f := range m.Variants {
			variant := object{"url": f.URL, "content_type": f.Type}
			if f.Bitrate > 0 {
				variant["bit_rate"] = f.Bitrate
			}
			variants = append(variants, variant)
		}
		o["variants"] = variants
		out = append(out, o)
	}
	return out
}

func (v *xView) poll(p *Post) object {
	options := []object{}
	for i, c := range p.Poll.Options {
		options = append(options, object{"position": i + 1, "label": c.Label, "votes": max(c.Votes, 0)})
	}
	return object{
		"id": number(p.ID + "/poll"), "options": options, "voting_status": "closed",
		"end_datetime": p.Poll.EndsAt.UTC().Format("2006-01-02T15:04:05.000Z"),
	}
}
