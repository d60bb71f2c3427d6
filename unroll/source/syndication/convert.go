package syndication

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/xpost"
)

// sound tells whether a post can be kept at all.
func (t *tweet) sound() bool {
	who := toAuthor(t.User)
	return xpost.ValidID(t.ID) && who.ID != "" && who.Handle != ""
}

// is tells whether id is the post's, or an earlier version's.
func (t *tweet) is(id string) bool { return t.ID == id || slices.Contains(t.Edits.IDs, id) }

// current is the ID of the post's last version.
func (t *tweet) current() string {
	if n := len(t.Edits.IDs); n > 0 && xpost.ValidID(t.Edits.IDs[n-1]) {
		return t.Edits.IDs[n-1]
	}
	return t.ID
}

// whole tells whether a parent that came along is as good as one asked for:
// some come without media, or without saying what they reply to.
func (t *tweet) whole() bool {
	return (len(t.Entities.Media) == 0 || len(t.Media) > 0) && (t.ReplyTo != "" || t.SelfThread.ID == t.ID)
}

func (t *tweet) replies() *int {
	if t.Replies != nil {
		return t.Replies
	}
	return t.ReplyCount
}

func (t *tweet) isNote() bool { return len(t.Note) > 0 && !bytes.Equal(t.Note, []byte("null")) }

func toAuthor(u user) unroll.Author {
	out := unroll.Author{Handle: strings.TrimPrefix(u.ScreenName, "@"), Name: u.Name}
	if xpost.ValidID(u.ID) {
		out.ID = u.ID
	}
	if out.Handle != "" {
		out.URL = xpost.ProfileURL(out.Handle)
	}
	// "_normal" has 48 pixels.
	out.Avatar = link.Web(strings.Replace(u.AvatarURL, "_normal.", "_200x200.", 1))
	return out
}

func toPost(t *tweet) unroll.Post {
	p := unroll.Post{
		ID:        t.ID,
		URL:       xpost.StatusURL(toAuthor(t.User).Handle, t.ID),
		AuthorID:  t.User.ID,
		At:        at(t.CreatedAt),
		Media:     toMedia(t.Media),
		Quote:     toQuote(t.Quote),
		Poll:      toPoll(t.Card),
		Card:      toCard(t),
		Sensitive: t.Sensitive,
		Lang:      xpost.Lang(t.Lang),
		Cut:       t.isNote(),
	}
	if xpost.ValidID(t.ReplyTo) && t.ReplyTo != t.ID {
		p.ParentID = t.ReplyTo
		if xpost.ValidID(t.ReplyToUser) {
			p.ParentAuthorID = t.ReplyToUser
		}
	}
	if xpost.ValidID(t.SelfThread.ID) {
		p.RootID = t.SelfThread.ID
	}
	p.Text, p.Facets = toText(t)
	return p
}

func toText(t *tweet) (string, []unroll.Facet) {
	text := xpost.Text{Raw: t.Text, Shown: t.DisplayRange}
	add := func(e xpost.Entity, indices []int) {
		if len(indices) == 2 {
			e.Start, e.End = indices[0], indices[1]
			text.Entities = append(text.Entities, e)
		}
	}
	for _, m := range t.Entities.Media {
		add(xpost.Entity{Kind: xpost.Media, Text: m.URL}, m.Indices)
	}
	for _, u := range t.Entities.URLs {
		add(xpost.Entity{Kind: xpost.Link, Text: u.URL, Display: u.DisplayURL, URL: u.ExpandedURL}, u.Indices)
	}
	for _, m := range t.Entities.Mentions {
		add(xpost.Entity{Kind: xpost.Mention, Text: m.ScreenName}, m.Indices)
	}
	for _, h := range t.Entities.Hashtags {
		add(xpost.Entity{Kind: xpost.Hashtag, Text: h.Text}, h.Indices)
	}
	for _, s := range t.Entities.Symbols {
		add(xpost.Entity{Kind: xpost.Cashtag, Text: s.Text}, s.Indices)
	}
	text.Elsewhere = func(target string) bool {
		id := xpost.StatusID(target)
		// A link to itself ends a text that X cut short.
		return id != "" && (id == t.ID || t.Quote != nil && id == t.Quote.ID)
	}
	return text.Clean()
}

func toQuote(t *tweet) *unroll.Quote {
	if t == nil || !t.sound() {
		return nil
	}
	inner := *t
	inner.Quote = nil // one level; a link to the inner one stays in the text
	p := toPost(&inner)
	return &unroll.Quote{
		URL: p.URL, Author: toAuthor(t.User), Text: p.Text, Facets: p.Facets, Media: p.Media, Card: p.Card,
		At: p.At, Sensitive: p.Sensitive,
	}
}

func toMedia(all []media) []unroll.Media {
	var out []unroll.Media
	for _, m := range all {
		kind, ok := mediaKinds[m.Type]
		if !ok {
			continue
		}
		one := unroll.Media{Kind: kind, Alt: m.AltText, Width: max(m.Original.Width, 0), Height: max(m.Original.Height, 0)}
		if kind == unroll.MediaImage {
			one.URL, one.Preview = xpost.Original(link.Web(m.URL)), xpost.Preview(m.URL)
		} else {
			one.Preview = link.Web(m.URL)
			one.Duration = time.Duration(min(max(m.Video.Millis, 0), int64(24*time.Hour/time.Millisecond))) * time.Millisecond
			for _, v := range m.Video.Variants {
				one.Variants = append(one.Variants, unroll.Variant{URL: v.URL, Type: v.Type, Bitrate: v.Bitrate})
			}
			one.Variants = xpost.Variants(one.Variants)
			if len(one.Variants) > 0 {
				one.URL = one.Variants[0].URL
			}
		}
		if one.URL != "" {
			out = append(out, one)
		}
	}
	return out
}

var mediaKinds = map[string]unroll.MediaKind{
	"photo": unroll.MediaImage, "video": unroll.MediaVideo, "animated_gif": unroll.MediaGIF,
}

// toPoll reads a poll, which X keeps as a kind of card.
func toPoll(c *card) *unroll.Poll {
	if c == nil || !strings.HasPrefix(c.Name, "poll") {
		return nil
	}
	p := &unroll.Poll{EndsAt: at(c.Values["end_datetime_utc"].String)}
	for n := 1; n <= 4; n++ {
		key := "choice" + strconv.Itoa(n)
		label := c.Values[key+"_label"].String
		if label == "" {
			continue
		}
		votes, err := strconv.ParseUint(c.Values[key+"_count"].String, 10, 32)
		if err != nil {
			votes = 0
		}
		p.Options = append(p.Options, unroll.PollOption{Label: label, Votes: int(votes)})
		p.Votes += int(votes)
	}
	if len(p.Options) == 0 {
		return nil
	}
	return p
}

// pictures are the names of a card's picture, best first.
var pictures = []string{
	"photo_image_full_size_large", "summary_photo_image_large", "player_image_large", "thumbnail_image_large",
	"photo_image_full_size", "summary_photo_image", "player_image", "thumbnail_image",
}

func toCard(t *tweet) *unroll.Card {
	c := t.Card
	if c == nil || c.Values["title"].String == "" {
		return nil
	}
	out := &unroll.Card{
		URL:         cmp.Or(c.Values["card_url"].String, c.URL),
		Title:       c.Values["title"].String,
		Description: c.Values["description"].String,
	}
	for _, u := range t.Entities.URLs { // the card's own address is a short link
		if u.URL == out.URL && u.ExpandedURL != "" {
			out.URL = u.ExpandedURL
		}
	}
	out.URL = link.Clean(out.URL)
	if out.URL == "" {
		return nil
	}
	for _, key := range pictures {
		if picture := c.Values[key].Image; link.Web(picture.URL) != "" {
			out.Image, out.ImageAlt = picture.URL, picture.Alt
			break
		}
	}
	return out
}

func at(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
