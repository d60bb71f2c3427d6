package mastodon

import (
	"cmp"
	"net/url"
	"path"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/link"
)

// isPublic tells whether everybody may read a status. With a token we may see
// more; that is not for readers of ours.
func (st *status) isPublic() bool { return st.Visibility == "public" || st.Visibility == "unlisted" }

// page is where people read a status.
func (st *status) page() string { return cmp.Or(link.Web(string(st.URL)), link.Web(string(st.URI))) }

// isClaimed tells whether a server says of a post at its own address that an
// account of another server wrote it: nobody else vouches for that.
func (st *status) isClaimed() bool {
	post, err1 := url.Parse(st.page())
	account, err2 := url.Parse(link.Web(string(st.Account.URL)))
	bare := func(host string) string { return strings.TrimPrefix(strings.ToLower(host), "www.") }
	return err1 == nil && err2 == nil && post.Host != "" && account.Host != "" && bare(post.Host) != bare(account.Host)
}

// key is what [unroll.Author.ID] holds: the account's address on its own
// server, the same on all servers that know it.
func (a *account) key(host string) string {
	if page := link.Web(string(a.URL)); page != "" {
		return page
	}
	if page := link.Web(string(a.URI)); page != "" {
		return page
	}
	return accountKey(host, a.ID)
}

// accountKey stands for an account of which only the id on host is known.
func accountKey(host string, account id) string {
	if account == "" {
		return ""
	}
	return "https://" + host + "/accounts/" + string(account)
}

// author describes an account as host knows it.
func (a *account) author(host string) unroll.Author {
	out := unroll.Author{
		ID:     a.key(host),
		Handle: strings.TrimLeft(string(a.Acct), "@"),
		Name:   withoutEmojis(string(a.Name), a.Emojis),
		URL:    link.Web(string(a.URL)),
		Avatar: link.Web(string(a.Avatar)),
	}
	if out.Handle == "" {
		out.Handle = cmp.Or(strings.TrimLeft(path.Base(out.URL), "@./"), string(a.ID), "unknown")
	}
	if !strings.Contains(out.Handle, "@") {
		out.Handle += "@" + host
	}
	return out
}

// post makes the neutral post of a status. people are the conversation's own.
func (st *status) post(host string, people map[string]bool) unroll.Post {
	p := unroll.Post{
		ID:        string(st.ID),
		URL:       st.page(),
		AuthorID:  st.Account.key(host),
		ParentID:  string(st.ParentID),
		At:        st.CreatedAt.Time,
		EditedAt:  st.EditedAt.Time,
		Warning:   strings.TrimSpace(string(st.Warning)),
		Sensitive: st.Sensitive,
		Lang:      language(string(st.Language)),
		Poll:      st.Poll.poll(),
		Card:      st.Card.card(),
	}
	p.Quote = st.quoted(host)
	text := textOf(st, people, p.Quote != nil)
	p.Text, p.Facets = text.Plain, text.Facets
	p.Media = media(st.Media)
	if p.Quote != nil && p.Card != nil && p.Card.URL == p.Quote.URL {
		p.Card = nil
	}
	return p
}

// quoted describes the quoted post. It is shown only while its author accepts
// that (docs.joinmastodon.org, "Quote", November 2026).
func (st *status) quoted(host string) *unroll.Quote {
	raw := st.Quote
	if len(raw) == 0 || string(raw) == "null" {
		raw = st.Pleroma.Quote
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil
	}
	var q quote
	inner := new(status)
	if fedi.Decode(raw, &q) != nil {
		return nil
	}
	if q.State == "" { // Akkoma's and Pleroma's form
		q.State, q.Status = "accepted", raw
	}
	if q.State != "accepted" {
		return &unroll.Quote{Gap: &unroll.Gap{Reason: whyUnquoted(q.State)}}
	}
	if len(q.Status) == 0 || fedi.Decode(q.Status, inner) != nil || inner.ID == "" {
		return &unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapUnknown}}
	}
	if !inner.isPublic() {
		return &unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapPrivate}}
	}
	if asksForRest(string(inner.Account.Note)) {
		return &unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapWithdrawn}}
	}
	author := inner.Account.author(host)
	if author.ID == "" {
		return &unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapUnknown}}
	}
	text := textOf(inner, map[string]bool{author.ID: true}, false)
	return &unroll.Quote{
		URL: inner.page(), Author: author,
		Text: text.Plain, Facets: text.Facets, Media: media(inner.Media), Card: inner.Card.card(),
		At: inner.CreatedAt.Time, Warning: strings.TrimSpace(string(inner.Warning)), Sensitive: inner.Sensitive,
	}
}

func whyUnquoted(state string) unroll.GapReason {
	switch state {
	case "deleted":
		return unroll.GapDeleted
	case "unauthorized":
		return unroll.GapPrivate
	case "rejected", "revoked":
		return unroll.GapWithdrawn
	case "blocked_account", "blocked_domain", "muted_account":
		return unroll.GapBlocked
	default: // pending, and what may come
		return unroll.GapUnknown
	}
}

func media(all []attachment) []unroll.Media {
	var out []unroll.Media
	for i := range all {
		a := &all[i]
		m := unroll.Media{
			Kind:     a.kind(),
			URL:      cmp.Or(link.Web(string(a.URL)), link.Web(string(a.RemoteURL))),
			Preview:  link.Web(string(a.PreviewURL)),
			Alt:      strings.TrimSpace(string(a.Alt)),
			Width:    fedi.Pixels(a.Meta.Original.Width),
			Height:   fedi.Pixels(a.Meta.Original.Height),
			Duration: seconds(a.Meta.Original.Duration),
		}
		if m.URL == "" {
			continue
		}
		if m.Preview == m.URL && m.Kind != unroll.MediaImage {
			m.Preview = "" // some dialects repeat the file itself
		}
		out = append(out, m)
	}
	return out
}

// kind is what an attachment is. A server that has not processed it, or never
// will, calls it unknown; then its name tells.
func (a *attachment) kind() unroll.MediaKind {
	switch a.Type {
	case "image":
		return unroll.MediaImage
	case "video":
		return unroll.MediaVideo
	case "gifv":
		return unroll.MediaGIF
	case "audio":
		return unroll.MediaAudio
	}
	u, err := url.Parse(cmp.Or(string(a.URL), string(a.RemoteURL)))
	if err != nil {
		return unroll.MediaImage
	}
	switch strings.ToLower(path.Ext(u.Path)) {
	case ".mp4", ".m4v", ".mov", ".webm":
		return unroll.MediaVideo
	case ".mp3", ".m4a", ".ogg", ".oga", ".opus", ".flac", ".wav":
		return unroll.MediaAudio
	default:
		return unroll.MediaImage
	}
}

// maxDuration is beyond any real media; more is nonsense.
const maxDuration = 240 * time.Hour

func seconds(f float64) time.Duration {
	if f > 0 && f <= maxDuration.Seconds() {
		return time.Duration(f * float64(time.Second))
	}
	return 0
}

func (p *poll) poll() *unroll.Poll {
	if p == nil || len(p.Options) == 0 {
		return nil
	}
	out := &unroll.Poll{Votes: max(p.Votes, 0), EndsAt: p.EndsAt.Time, Multiple: p.Multiple}
	if p.Voters != nil {
		out.Votes = max(*p.Voters, 0)
	}
	for _, o := range p.Options {
		votes := -1
		if o.Votes != nil {
			votes = max(*o.Votes, -1)
		}
		out.Options = append(out.Options, unroll.PollOption{Label: string(o.Title), Votes: votes})
	}
	return out
}

func (c *card) card() *unroll.Card {
	if c == nil || link.Web(string(c.URL)) == "" {
		return nil
	}
	return &unroll.Card{
		URL:         link.Clean(string(c.URL)),
		Title:       strings.TrimSpace(string(c.Title)),
		Description: strings.TrimSpace(string(c.Description)),
		Image:       link.Web(string(c.Image)),
		ImageAlt:    string(c.ImageAlt),
	}
}

// language gives a language tag (BCP 47), empty for what cannot be one.
func language(s string) string {
	for i := range len(s) {
		if s[i] != '-' && !fedi.IsAlnum(s[i]) {
			return ""
		}
	}
	if len(s) < 2 || len(s) > 35 { // RFC 5646, section 4.4.1
		return ""
	}
	return s
}

// original gives the status that st reposts, or st itself.
func (st *status) original() *status {
	if len(st.Reblog) == 0 || st.Reblog[0] != '{' {
		return st
	}
	inner := new(status)
	if fedi.Decode(st.Reblog, inner) != nil || inner.ID == "" {
		return st
	}
	return inner
}
