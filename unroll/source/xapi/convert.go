package xapi

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/xpost"
)

// parts are what posts of one answer refer to.
type parts struct {
	media map[string]media
	polls map[string]poll
}

func newParts(in *includes) parts {
	p := parts{media: make(map[string]media, len(in.Media)), polls: make(map[string]poll, len(in.Polls))}
	for _, m := range in.Media {
		p.media[m.Key] = m
	}
	for _, q := range in.Polls {
		p.polls[q.ID] = q
	}
	return p
}

func toAuthor(u user) (unroll.Author, bool) {
	if !xpost.ValidID(u.ID) || strings.Trim(u.Username, "@") == "" {
		return unroll.Author{}, false
	}
	handle := strings.TrimLeft(u.Username, "@")
	return unroll.Author{
		ID: u.ID, Handle: handle, Name: u.Name, URL: xpost.ProfileURL(handle), Avatar: link.Web(u.Avatar),
	}, true
}

// convert gives the post but its address and quote, which need other answers.
func (p parts) convert(in *post, id string) unroll.Post {
	out := unroll.Post{ID: id, AuthorID: in.AuthorID, At: when(in.CreatedAt), Lang: xpost.Lang(in.Lang)}
	if xpost.ValidID(in.ConversationID) {
		out.RootID = in.ConversationID
	}
	if up := in.refers("replied_to"); xpost.ValidID(up) && up != in.ID {
		out.ParentID = up
		if xpost.ValidID(in.InReplyTo) {
			out.ParentAuthorID = in.InReplyTo
		}
	}
	if all := in.versions(); len(all) > 1 {
		// Every version has an ID of its own, which tells when it was written.
		if first := idTime(all[0]); !first.IsZero() {
			out.At, out.EditedAt = first, idTime(all[len(all)-1])
		}
	}
	if in.withheldNotice() {
		out.Gap = &unroll.Gap{Reason: unroll.GapWithheld}
		return out
	}
	out.Sensitive = in.Sensitive
	out.Text, out.Facets, out.Cut = toText(in)
	out.Media = p.toMedia(in.Attachments.MediaKeys)
	for _, key := range in.Attachments.PollIDs {
		if q, ok := p.polls[key]; ok && len(q.Options) > 0 {
			out.Poll = toPoll(q)
		}
	}
	if len(out.Media) == 0 {
		out.Card = toCard(in)
	}
	p.addArticle(&out, in)
	return out
}

// withheldNotice tells whether the text is X's own words in place of the
// author's: withheld by law, or against its media policy.
func (p *post) withheldNotice() bool {
	if p.Withheld != nil && strings.Contains(p.Text, "withheld in") {
		return true
	}
	// Words of X's own are the only ones with links that are not short.
	return strings.Contains(p.Text, "temporarily unavailable because it violates the") &&
		slices.ContainsFunc(p.Entities.URLs, func(u urlEntity) bool { return !strings.Contains(u.URL, "://t.co/") })
}

// toText gives the text without what convert shows beside it. cut tells that
// X gave only its beginning, which then ends in a link to the post itself.
func toText(p *post) (text string, facets []unroll.Facet, cut bool) {
	t := xpost.Text{Raw: p.Text, Shown: p.DisplayRange}
	e := &p.Entities
	n := p.note()
	if n != nil && n.Text != "" {
		t.Raw, e = n.Text, &n.Entities
	}
	for _, m := range e.Mentions { // without a range, the one name that a reply surely begins with
		if len(t.Shown) == 0 && m.Start == 0 && m.ID != "" && m.ID == p.InReplyTo && p.refers("replied_to") != "" {
			t.Shown = []int{m.End, len(t.Raw)}
		}
	}
	for _, u := range e.URLs {
		kind := xpost.Link
		if u.MediaKey != "" || picture(u.Expanded, p.ID) {
			kind = xpost.Media
		} else if n == nil && xpost.StatusID(u.Expanded) == p.ID {
			cut = true
		}
		t.Entities = append(t.Entities, xpost.Entity{
			Kind: kind, Start: u.Start, End: u.End, Text: u.URL, Display: u.Display, URL: u.Expanded,
		})
	}
	add := func(kind xpost.Kind, tags []tag) {
		for _, g := range tags {
			t.Entities = append(t.Entities, xpost.Entity{Kind: kind, Start: g.Start, End: g.End, Text: cmp.Or(g.Username, g.Tag)})
		}
	}
	add(xpost.Mention, e.Mentions)
	add(xpost.Hashtag, e.Hashtags)
	add(xpost.Cashtag, e.Cashtags)
	quoted := p.refers("quoted")
	t.Elsewhere = func(target string) bool {
		id := xpost.StatusID(target)
		return id != "" && (id == p.ID || id == quoted) || p.Article != nil && strings.Contains(target, "/i/article/")
	}
	text, facets = t.Clean()
	return text, facets, cut
}

// picture tells whether an address is that of a post's own picture or video.
func picture(address, id string) bool {
	return xpost.StatusID(address) == id && (strings.Contains(address, "/photo/") || strings.Contains(address, "/video/"))
}

func (p parts) toMedia(keys []string) []unroll.Media {
	var out []unroll.Media
	for i, key := range keys {
		m, ok := p.media[key]
		if !ok || slices.Contains(keys[:i], key) {
			continue
		}
		if one, ok := m.convert(); ok {
			out = append(out, one)
		}
	}
	return out
}

var mediaKinds = map[string]unroll.MediaKind{
	"photo": unroll.MediaImage, "video": unroll.MediaVideo, "animated_gif": unroll.MediaGIF,
}

func (m *media) convert() (unroll.Media, bool) {
	const longest = 24 * 3600 * 1000 // ms
	out := unroll.Media{
		Kind: mediaKinds[m.Type], URL: link.Web(m.URL), Preview: link.Web(m.Preview), Alt: m.Alt,
		Width: max(m.Width, 0), Height: max(m.Height, 0),
	}
	if !math.IsNaN(m.Millis) {
		out.Duration = time.Duration(min(max(m.Millis, 0), longest)) * time.Millisecond
	}
	for _, v := range m.Variants {
		out.Variants = append(out.Variants, unroll.Variant{URL: v.URL, Type: v.Type, Bitrate: v.BitRate})
	}
	if out.Variants = xpost.Variants(out.Variants); len(out.Variants) > 0 {
		out.URL = out.Variants[0].URL
	}
	switch {
	case out.Kind == unroll.MediaImage:
		out.Preview = cmp.Or(out.Preview, xpost.Preview(out.URL))
	case out.URL == "": // a video of which only the poster came
		out.Kind, out.URL = unroll.MediaImage, out.Preview
	}
	return out, out.URL != "" && mediaKinds[m.Type] != ""
}

func toPoll(q poll) *unroll.Poll {
	out := &unroll.Poll{EndsAt: when(q.EndsAt)}
	options := slices.Clone(q.Options)
	slices.SortStableFunc(options, func(a, b pollOption) int { return cmp.Compare(a.Position, b.Position) })
	for _, o := range options {
		votes := min(max(o.Votes, 0), math.MaxInt32)
		out.Options = append(out.Options, unroll.PollOption{Label: o.Label, Votes: votes})
		out.Votes += votes
	}
	return out
}

// toCard describes the last page that the text links to and X knows.
func toCard(p *post) *unroll.Card {
	e := &p.Entities
	if n := p.note(); n != nil && len(n.Entities.URLs) > 0 {
		e = &n.Entities
	}
	for _, u := range slices.Backward(e.URLs) {
		to := link.Clean(u.Expanded)
		if to == "" || u.Title == "" || u.MediaKey != "" || xpost.StatusID(to) != "" {
			continue
		}
		card := &unroll.Card{URL: to, Title: u.Title, Description: u.Description}
		width := -1
		for _, i := range u.Images {
			if address := link.Web(i.URL); address != "" && i.Width > width {
				card.Image, width = address, i.Width
			}
		}
		return card
	}
	return nil
}

// addArticle puts an article below the post's own text, in full where it came
// along; else as a card, and the post is marked as cut.
func (p parts) addArticle(out *unroll.Post, in *post) {
	a := in.Article
	if a == nil {
		return
	}
	cover := p.toMedia([]string{a.Cover})
	title := strings.TrimSpace(a.Title)
	body := strings.TrimSpace(a.PlainText)
	if body == "" {
		out.Cut = true
		out.Card = &unroll.Card{URL: xpost.StatusURL("i", out.ID), Title: title, Description: a.Preview}
		if len(cover) > 0 {
			out.Card.Image, out.Card.ImageAlt = cmp.Or(cover[0].Preview, cover[0].URL), cover[0].Alt
		}
		return
	}
	out.Card = nil // it would announce what follows
	if title == out.Text {
		out.Text, out.Facets = "", nil
	}
	paragraphs := []string{title}
	if out.Text != "" {
		paragraphs = []string{out.Text, title}
	}
	for line := range strings.Lines(body) {
		paragraphs = append(paragraphs, line)
	}
	var text strings.Builder
	for i, s := range paragraphs {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if text.Len() > 0 {
			text.WriteString("\n\n")
		}
		from := text.Len()
		text.WriteString(s)
		if i < 2 && s == title {
			out.Facets = append(out.Facets, unroll.Facet{Start: from, End: text.Len(), Kind: unroll.FacetBold})
		}
	}
	out.Text, out.Facets = text.String(), xpost.Nest(out.Facets)
	out.Media = append(out.Media, slices.Concat(cover, p.toMedia(a.Media))...)
}

func when(s string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// X's IDs since November 2010 hold the time at which they were given out: in
// milliseconds after epoch, above the lowest 22 bits.
const (
	epoch     = 1288834974657 // Unix milliseconds
	idBits    = 22
	firstTime = 29_700_859_247 // the first ID that was made in this way
)

// idTime tells when an ID was given out, the zero time for older ones.
func idTime(id string) time.Time {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil || n < firstTime {
		return time.Time{}
	}
	return time.UnixMilli(int64(n>>idBits) + epoch).UTC()
}

// idAt gives the lowest ID of a time.
func idAt(t time.Time) string {
	return strconv.FormatInt(max(t.UnixMilli()-epoch, 0)<<idBits, 10)
}
