package misskey

import (
	"cmp"
	"path"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
	"unrollbot/unroll/source/link"
)

// isPublic tells whether everybody may read a note: home notes are public ones
// that stay out of the server's timelines.
func (n *note) isPublic() bool {
	return !n.Hidden && (n.Visibility == "public" || n.Visibility == "home")
}

// isRepost tells whether a note only passes another one on.
func (n *note) isRepost() bool {
	return n.RenoteID != "" && n.RenoteID != n.ID && n.ReplyID == "" &&
		n.Text == "" && n.Warning == "" && len(n.Files) == 0 && n.Poll == nil
}

// page is where people read a note.
func (n *note) page(host string) string {
	return cmp.Or(link.Web(string(n.URL)), link.Web(string(n.URI)), link.Web("https://"+host+"/notes/"+string(n.ID)))
}

// server is the host of a user, given the host that was asked.
func (u *user) server(host string) string {
	if h := strings.ToLower(strings.TrimSpace(string(u.Host))); h != "" && isServer(h) {
		return h
	}
	return host
}

func isServer(host string) bool {
	return unroll.Ref{Network: unroll.Mastodon, Host: host, ID: "1"}.Valid()
}

func (u *user) isRemote(host string) bool { return u.server(host) != host }

// key is what [unroll.Author.ID] holds: the page on the user's own server, as
// Mastodon's API tells it too. "" means no user.
func (u *user) key(host string) string {
	name := string(u.Username)
	if u.ID == "" || name == "" || strings.ContainsFunc(name, notName) {
		return ""
	}
	return profilePage(u.server(host), name)
}

func notName(r rune) bool { return !isNameByte(r) }

func isNameByte[T rune | byte](c T) bool { return fedi.IsAlnum(c) || c == '_' || c == '-' || c == '.' }

func profilePage(host, name string) string { return "https://" + host + "/@" + name }

func (u *user) author(host string) unroll.Author {
	page := u.key(host)
	return unroll.Author{
		ID: page, URL: page,
		Handle: string(u.Username) + "@" + u.server(host),
		Name:   strings.TrimSpace(string(u.Name)),
		Avatar: link.Web(string(u.Avatar)),
	}
}

// fill writes into p what a note says. people are the conversation's own.
func (n *note) fill(p *unroll.Post, host string, people map[string]bool) {
	p.URL = n.page(host)
	p.At, p.EditedAt = n.CreatedAt.Time, n.UpdatedAt.Time
	p.Warning = strings.TrimSpace(string(n.Warning))
	t := n.plain(host)
	if n.ReplyID != "" {
		t.DropMentions(people)
	}
	t.Trim()
	p.Text, p.Facets = t.Plain, t.Facets
	p.Media, p.Sensitive = media(n.Files)
	p.Poll = n.Poll.poll()
	p.Quote = n.quote(host)
}

func (n *note) plain(host string) fedi.Text { return plain(string(n.Text), host, n.User.server(host)) }

// quote describes the note that n comments on, nil if there is none.
func (n *note) quote(host string) *unroll.Quote {
	if n.RenoteID == "" {
		return nil
	}
	q := inner(n.Renote)
	switch {
	case q == nil || q.User.key(host) == "":
		return &unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapUnknown}}
	case !q.isPublic():
		return &unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapPrivate}}
	}
	t := q.plain(host)
	t.Trim()
	out := &unroll.Quote{
		URL: q.page(host), Author: q.User.author(host), Text: t.Plain, Facets: t.Facets,
		At: q.CreatedAt.Time, Warning: strings.TrimSpace(string(q.Warning)),
	}
	out.Media, out.Sensitive = media(q.Files)
	return out
}

func media(files []file) (out []unroll.Media, sensitive bool) {
	for i := range files {
		f := &files[i]
		m := unroll.Media{
			Kind: f.kind(), URL: link.Web(string(f.URL)), Preview: link.Web(string(f.Thumbnail)),
			Alt:   strings.TrimSpace(string(f.Comment)),
			Width: fedi.Pixels(f.Properties.Width), Height: fedi.Pixels(f.Properties.Height),
		}
		if m.URL == "" || m.Kind == "" {
			continue
		}
		sensitive = sensitive || f.Sensitive
		out = append(out, m)
	}
	return out, sensitive
}

// kind is what a file is, "" for what is neither seen nor heard.
func (f *file) kind() unroll.MediaKind {
	switch kind, form, _ := strings.Cut(f.Type, "/"); kind {
	case "image":
		return unroll.MediaImage
	case "video":
		return unroll.MediaVideo
	case "audio":
		return unroll.MediaAudio
	case "application":
		if form == "ogg" || strings.EqualFold(path.Ext(string(f.Name)), ".ogg") {
			return unroll.MediaAudio
		}
	}
	return ""
}

// poll counts votes, not people: a server tells no more.
func (p *poll) poll() *unroll.Poll {
	if p == nil || len(p.Choices) == 0 {
		return nil
	}
	out := &unroll.Poll{EndsAt: p.ExpiresAt.Time, Multiple: p.Multiple}
	for _, c := range p.Choices {
		votes := -1
		if c.Votes != nil {
			votes = max(*c.Votes, 0)
			out.Votes = min(out.Votes+votes, maxVotes)
		}
		out.Options = append(out.Options, unroll.PollOption{Label: string(c.Text), Votes: votes})
	}
	return out
}

// maxVotes keeps sums of nonsense from running over.
const maxVotes = 1 << 40
