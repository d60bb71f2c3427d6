package fakenet

import (
	"cmp"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"unrollbot/unroll"
)

// fxView writes a World's posts in FxTwitter's shapes.
type fxView struct{ *index }

// rubyDate is how X writes times.
const rubyDate = "Mon Jan 02 15:04:05 -0700 2006"

func (v fxView) url(p *Post) string { return "https://x.com/" + p.AuthorID + "/status/" + p.ID }

func (v fxView) status(p *Post) object {
	raw, text := v.text(p)
	at := v.at(p)
	o := object{
		"type": "status", "provider": "twitter", "id": p.ID, "url": v.url(p),
		"text": text, "raw_text": raw, "lang": orNull(p.Lang),
		"author":     v.user(p.AuthorID),
		"created_at": at.Format(rubyDate), "created_timestamp": at.Unix(),
		"replies": len(v.replies(p.ID)), "reposts": 0, "likes": 0, "quotes": 0, "bookmarks": 0, "views": nil,
		"embed_card": "tweet", "is_note_tweet": p.Note, "community_note": nil,
		"possibly_sensitive": p.Sensitive || p.Warning != "",
		"replying_to":        v.replyingTo(p), "reposted_by": nil,
		"media": v.media(p), "source": "Twitter Web App",
	}
	if p.Poll != nil {
		o["poll"] = v.poll(p.Poll)
	}
	if p.Card != nil {
		o["card"] = v.card(p.Card)
	}
	if p.Quotes != "" {
		o["quote"] = v.quote(p)
	}
	return o
}

func (v fxView) quote(p *Post) object {
	q := v.visible(p.Quotes)
	switch {
	case q != nil && p.QuoteGap == "":
		inner := *q
		inner.Quotes = "" // one level deep
		return v.status(&inner)
	case v.posts[p.Quotes] != nil:
		return v.tombstone(v.posts[p.Quotes])
	default:
		return object{
			"type": "tombstone", "provider": "twitter", "reason": "unavailable",
			"message": "This post is unavailable", "id": p.Quotes, "url": "https://x.com/i/status/" + p.Quotes,
		}
	}
}

func (v fxView) tombstone(p *Post) object {
	reason, message := "unavailable", "This post is unavailable"
	switch v.gap(p) {
	case unroll.GapDeleted:
		reason, message = "deleted", "This post is deleted"
	case unroll.GapSuspended:
		reason, message = "suspended", "This post is from a suspended account"
	case unroll.GapPrivate:
		reason, message = "private", "This post is private"
	case unroll.GapBlocked:
		reason, message = "blocked", "This post is blocked"
	default: // the service knows no finer reasons
	}
	return object{
		"type": "tombstone", "provider": "twitter", "reason": reason, "message": message,
		"id": p.ID, "url": "https://x.com/i/status/" + p.ID,
	}
}

// replyingTo names the parent, also one that is gone.
func (v fxView) replyingTo(p *Post) any {
	if p.ParentID == "" {
		return nil
	}
	who := cmp.Or(v.parentAuthor(p), "i")
	return object{
		"screen_name": who, "status": p.ParentID,
		"url": "https://x.com/" + who + "/status/" + p.ParentID, "profile_url": "https://x.com/" + who,
	}
}

func (v fxView) user(id string) object {
	a := v.author(id)
	return object{
		"type": "profile", "id": number(a.ID), "screen_name": a.ID, "name": a.name(), "url": "https://x.com/" + a.ID,
		"avatar_url": orNull(a.Avatar), "banner_url": nil, "description": a.Bio,
		"raw_description": object{"text": a.Bio, "facets": []object{}},
		"location":        "", "followers": 0, "following": 0, "likes": 0, "media_count": 0, "statuses": 0,
		"joined": epoch.Format(rubyDate), "protected": a.Gap == unroll.GapPrivate, "website": nil,
		"verification": object{"verified": false, "verified_at": nil, "type": nil},
	}
}

func (v fxView) media(p *Post) object {
	var photos, videos, all []object
	for i, m := range p.Media {
		id := mediaID(p, i)
		switch m.Kind {
		case unroll.MediaImage:
			photo := object{"type": "photo", "id": id, "url": m.URL, "width": m.Width, "height": m.Height}
			if m.Alt != "" {
				photo["altText"] = m.Alt
			}
			photos, all = append(photos, photo), append(all, photo)
		case unroll.MediaVideo, unroll.MediaGIF, unroll.MediaAudio:
			kind := "video"
			if m.Kind == unroll.MediaGIF {
				kind = "gif"
			}
			var formats []object
			for _, f := range m.Variants {
				if f.Type == "video/mp4" {
					formats = append(formats, object{"url": f.URL, "container": "mp4", "codec": "h264", "bitrate": f.Bitrate})
				} else {
					formats = append(formats, object{"url": f.URL, "container": "m3u8"})
				}
			}
			video := object{
				"type": kind, "id": id, "url": m.URL, "thumbnail_url": m.Preview, "width": m.Width, "height": m.Height,
				"duration": m.Duration.Seconds(), "format": "video/mp4", "formats": list(formats), "publisher": nil,
			}
			videos, all = append(videos, video), append(all, video)
		}
	}
	o := object{}
	for key, those := range map[string][]object{"photos": photos, "videos": videos, "all": all} {
		if those != nil {
			o[key] = those
		}
	}
	return o
}

func (v fxView) poll(p *unroll.Poll) object {
	total := 0
	for _, c := range p.Options {
		total += max(0, c.Votes)
	}
	var choices []object
	for _, c := range p.Options {
		share := 0.0
		if total > 0 {
			share = math.Round(float64(c.Votes)*1000/float64(total)) / 10
		}
		choices = append(choices, object{"label": c.Label, "count": c.Votes, "percentage": share})
	}
	return object{
		"choices": choices, "total_votes": total,
		"ends_at": p.EndsAt.UTC().Format(time.RFC3339), "time_left_en": "Final results",
	}
}

func (v fxView) card(c *unroll.Card) object {
	o := object{"url": c.URL, "title": c.Title, "description": c.Description, "domain": domain(c.URL)}
	if c.Image != "" {
		image := object{"url": c.Image, "width": 0, "height": 0}
		if c.ImageAlt != "" {
			image["alt"] = c.ImageAlt
		}
		o["image"] = image
	}
	return o
}

// text writes a post's text twice: as X keeps it, escaped, with t.co in place
// of every address and of the media, and with facets that count the code
// points of just that; and as FxTwitter spells it out again.
func (v fxView) text(p *Post) (raw object, text string) {
	var (
		escaped, plain strings.Builder
		points         int // code points written to escaped
		facets         []object
		at             int
	)
	write := func(rawText, plainText string) (start, end int) {
		start = points
		escaped.WriteString(rawText)
		plain.WriteString(plainText)
		points += utf8.RuneCountInString(rawText)
		return start, points
	}
	part := func(s string) (start, end int) { return write(xEscape.Replace(s), s) }

	begin := 0
	if who := v.parentAuthor(p); who != "" && who != p.AuthorID {
		start, end := part("@" + who)
		facets = append(facets, object{"type": "mention", "indices": []int{start, end}, "original": who, "id": number(who)})
		_, begin = part(" ")
	}
	for _, f := range p.Facets {
		if f.Start < at || f.End > len(p.Text) {
			continue // inside the one before
		}
		part(p.Text[at:f.Start])
		at = f.End
		inner := p.Text[f.Start:f.End]
		switch f.Kind {
		case unroll.FacetLink:
			short := tco(p.ID + f.URL)
			start, end := write(short, f.URL)
			facets = append(facets, object{
				"type": "url", "indices": []int{start, end}, "original": short, "replacement": f.URL, "display": display(f.URL),
			})
		case unroll.FacetMention:
			start, end := part(inner)
			facets = append(facets, object{
				"type": "mention", "indices": []int{start, end}, "original": strings.TrimPrefix(inner, "@"), "id": number(f.URL),
			})
		case unroll.FacetTag:
			start, end := part(inner)
			facets = append(facets, object{"type": "hashtag", "indices": []int{start, end}, "original": strings.TrimPrefix(inner, "#")})
		case unroll.FacetBold, unroll.FacetItalic:
			start, end := part(inner)
			facets = append(facets, object{"type": string(f.Kind), "indices": []int{start, end}})
		default:
			part(inner)
		}
	}
	part(p.Text[at:])
	slices.SortStableFunc(facets, func(a, b object) int { return cmp.Compare(fxOrder[a["type"].(string)], fxOrder[b["type"].(string)]) })

	end := points
	if p.Note {
		// A long post's display range counts UTF-16 units, its text holds no
		// link to the media, and the media's ranges are those of a short form.
		end = len(utf16.Encode([]rune(escaped.String())))
		for i := range p.Media {
			facets = append(facets, v.mediaFacet(p, i, 253, 276))
		}
	} else if len(p.Media) > 0 {
		gap := ""
		if points > 0 {
			gap = " "
		}
		start, stop := write(gap+tco(p.ID+"media"), "")
		for i := range p.Media {
			facets = append(facets, v.mediaFacet(p, i, start+len(gap), stop))
		}
	}
	return object{
		"text": escaped.String(), "display_text_range": []int{begin, end}, "facets": list(facets),
	}, plain.String()
}

func mediaID(p *Post, i int) string { return number(p.ID + "/media/" + strconv.Itoa(i)) }

func (v fxView) mediaFacet(p *Post, i, start, end int) object {
	kind := "photo"
	if p.Media[i].Kind != unroll.MediaImage {
		kind = "video"
	}
	short := tco(p.ID + "media")
	return object{
		"type": "media", "indices": []int{start, end}, "id": mediaID(p, i),
		"display": "pic.x.com/" + short[len("https://t.co/"):], "original": short,
		"replacement": v.url(p) + "/" + kind + "/1",
	}
}

var (
	// xEscape escapes what X escapes in a text and nothing more.
	xEscape = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	// fxOrder is the order in which FxTwitter lists kinds of facets.
	fxOrder = map[string]int{"bold": 0, "italic": 0, "hashtag": 1, "url": 2, "mention": 3}
)

// tco makes a short link for a key: 23 characters, as they are.
func tco(key string) string { return "https://t.co/" + letters(key, 10) }

// display is an address as X shows it: without scheme, cut after 27 characters.
func display(s string) string {
	_, s, _ = strings.Cut(s, "://")
	s = strings.TrimPrefix(s, "www.")
	if r := []rune(s); len(r) > 27 {
		return string(r[:27]) + "…"
	}
	return s
}

func domain(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}

// orNull is s, or JSON's null where there is none.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
