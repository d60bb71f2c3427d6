package render

import (
	"encoding/xml"
	"io"
	"slices"
	"strings"
	"time"

	"unrollbot/unroll"
)

// feedMax is how many of a thread's newest posts its feed holds.
const feedMax = 50

// Atom writes the thread as a feed (RFC 4287), one entry per post that is
// there, newest first, so that readers of feeds see a thread grow. Errors are w's.
func Atom(w io.Writer, t *unroll.Thread) error { return Options{}.Atom(w, t) }

// Atom is [Atom] with o's words; o.PageURL makes its links and ids.
func (o Options) Atom(w io.Writer, t *unroll.Thread) error {
	f := Feed{
		ID: o.PageURL, Title: o.Title(t), Page: o.PageURL, Self: o.PageURL + ".atom",
		Author: line(t.Author.Name), AuthorURL: weblink(t.Author.URL), Updated: t.FetchedAt,
	}
	if f.Author == "" {
		f.Author = line(t.Author.Handle)
	}
	if f.ID == "" {
		f.ID, f.Self = "urn:unrollbot:"+strings.ReplaceAll(strings.Trim(t.Ref.Path(), "/"), "/", ":"), ""
	}
	v := newViewer(t, o)
	var latest time.Time
	for i := len(t.Posts) - 1; i >= 0 && len(f.Entries) < feedMax; i-- {
		p := &t.Posts[i]
		if p.Gap != nil {
			continue
		}
		view := v.post(p, i+1)
		var content strings.Builder
		if err := articles.ExecuteTemplate(&content, "entry", view); err != nil {
			return err
		}
		e := Entry{
			ID: f.ID + "#" + view.Anchor, Published: p.At, Updated: p.At,
			Title: shorten(line(p.Text), TitleMax), Content: content.String(),
		}
		if f.Page != "" {
			e.Page = f.Page + "#" + view.Anchor
		}
		if e.Title == "" {
			e.Title = v.Place(i + 1)
		}
		if p.EditedAt.After(e.Updated) {
			e.Updated = p.EditedAt
		}
		if e.Updated.IsZero() {
			e.Updated = t.FetchedAt
		}
		if e.Updated.After(latest) {
			latest = e.Updated
		}
		f.Entries = append(f.Entries, e)
	}
	if !latest.IsZero() {
		f.Updated = latest // a feed that says it is new when nothing is wastes everybody's time
	}
	return f.Write(w)
}

// Feed is an Atom feed (RFC 4287). Texts are plain.
type Feed struct {
	ID, Title         string
	Page, Self        string // addresses of what the feed is about, and of the feed
	Author, AuthorURL string
	Updated           time.Time
	Entries           []Entry
}

// Entry is an entry of a [Feed].
type Entry struct {
	ID, Title, Page    string
	Author             string // empty: the feed's
	Published, Updated time.Time
	Summary            string // plain
	Content            string // HTML; takes the place of Summary
}

// Write writes the feed as XML. Errors are w's.
func (f *Feed) Write(w io.Writer) error {
	out := atomFeed{
		Namespace: "http://www.w3.org/2005/Atom", ID: f.ID, Title: f.Title, Updated: stampAtom(f.Updated),
		Links: links(f.Page, f.Self), Author: person(f.Author, f.AuthorURL),
	}
	for _, e := range f.Entries {
		entry := atomEntry{
			ID: e.ID, Title: e.Title, Published: stampAtom(e.Published), Updated: stampAtom(e.Updated),
			Links: links(e.Page, ""), Author: person(e.Author, ""), Summary: e.Summary,
		}
		if e.Content != "" {
			entry.Content = &atomContent{"html", e.Content}
		}
		out.Entries = append(out.Entries, entry)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	return xml.NewEncoder(w).Encode(out)
}

func stampAtom(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

func links(page, self string) []atomLink {
	all := []atomLink{{"alternate", "text/html", page}, {"self", "application/atom+xml", self}}
	return slices.DeleteFunc(all, func(l atomLink) bool { return l.Href == "" })
}

func person(name, url string) *atomPerson {
	if name == "" {
		return nil
	}
	return &atomPerson{name, url}
}

type atomFeed struct {
	XMLName   xml.Name    `xml:"feed"`
	Namespace string      `xml:"xmlns,attr"`
	ID        string      `xml:"id"`
	Title     string      `xml:"title"`
	Updated   string      `xml:"updated"`
	Links     []atomLink  `xml:"link"`
	Author    *atomPerson `xml:"author"`
	Entries   []atomEntry `xml:"entry"`
}

type atomEntry struct {
	ID        string       `xml:"id"`
	Title     string       `xml:"title"`
	Published string       `xml:"published,omitempty"`
	Updated   string       `xml:"updated"`
	Links     []atomLink   `xml:"link"`
	Author    *atomPerson  `xml:"author"`
	Summary   string       `xml:"summary,omitempty"`
	Content   *atomContent `xml:"content"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
	Href string `xml:"href,attr"`
}

type atomPerson struct {
	Name string `xml:"name"`
	URI  string `xml:"uri,omitempty"`
}

type atomContent struct {
	Type string `xml:"type,attr"`
	Text string `xml:",chardata"`
}
