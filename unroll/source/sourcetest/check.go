package sourcetest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"unrollbot/unroll"
)

// CheckConversation reports everything in c that breaks the contract of
// [unroll.Source] and of the plain data it gives.
func CheckConversation(t testing.TB, c unroll.Conversation) {
	t.Helper()
	for _, p := range problems(c) {
		t.Error(p)
	}
}

// CheckFacets reports facets that are not sorted, nested ranges of text.
func CheckFacets(t testing.TB, text string, facets []unroll.Facet) {
	t.Helper()
	var l list
	l.text("text", text, facets)
	for _, p := range l {
		t.Error(p)
	}
}

// list collects problems.
type list []string

func (l *list) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }

func problems(c unroll.Conversation) []string {
	var l list
	ids := make(map[string]bool)
	for i := range c.Posts {
		ids[c.Posts[i].ID] = true
	}
	if !ids[c.Asked] {
		l.add("the asked post %q is not among the posts", c.Asked)
	}
	if c.Ref.PostID() != c.Asked {
		l.add("ref %s does not name the asked post %q", c.Ref, c.Asked)
	}
	if c.Source == "" || c.FetchedAt.IsZero() {
		l.add("source %q or time %v missing", c.Source, c.FetchedAt)
	}
	if c.Count < 0 {
		l.add("count %d", c.Count)
	}
	for id, n := range c.Replies {
		if n < 0 {
			l.add("post %q has %d replies", id, n)
		}
	}
	for _, cut := range c.Cuts {
		if !ids[cut.After] || cut.Reason == "" {
			l.add("cut %+v without a reason or after a post that is not there", cut)
		}
	}
	for id := range c.Seen {
		if !ids[id] {
			l.add("replies seen below %q, which is not there", id)
		}
	}
	for id, a := range c.Authors {
		if a.ID != id {
			l.add("author %q is filed under %q", a.ID, id)
		}
		l.author("author "+id, a)
	}
	for i := range c.Posts {
		l.post(&c.Posts[i], c.Authors)
	}
	return l
}

func (l *list) post(p *unroll.Post, authors map[string]unroll.Author) {
	at := "post " + p.ID
	if p.ID == "" || strings.ContainsFunc(p.ID, notPathSafe) {
		l.add("%s: not an id that can be part of a path: %q", at, p.ID)
	}
	l.url(at, p.URL)
	if p.Gap != nil {
		if p.Gap.Reason == "" || p.Text != "" || len(p.Media) > 0 {
			l.add("%s: a gap without reason, or with content", at)
		}
		return
	}
	if _, ok := authors[p.AuthorID]; !ok {
		l.add("%s: its author %q is not known", at, p.AuthorID)
	}
	l.text(at, p.Text, p.Facets)
	l.media(at, p.Media)
	if c := p.Card; c != nil {
		if c.URL == "" {
			l.add("%s: a card without address", at)
		}
		l.url(at+": card", c.URL)
		l.url(at+": card", c.Image)
		l.utf8(at+": card", c.Title, c.Description, c.ImageAlt)
	}
	if q := p.Quote; q != nil {
		l.url(at+": quote", q.URL)
		if q.Gap == nil {
			l.author(at+": quote", q.Author)
		}
		l.text(at+": quote", q.Text, q.Facets)
		l.media(at+": quote", q.Media)
	}
	if p.Poll != nil {
		l.poll(at, p.Poll)
	}
	l.utf8(at, p.Warning, p.Lang)
}

func (l *list) poll(at string, p *unroll.Poll) {
	if len(p.Options) == 0 || p.Votes < 0 {
		l.add("%s: a poll with %d options and %d votes", at, len(p.Options), p.Votes)
	}
	for _, o := range p.Options {
		if o.Votes < -1 {
			l.add("%s: poll option with %d votes", at, o.Votes)
		}
		l.utf8(at+": poll", o.Label)
	}
}

func (l *list) author(at string, a unroll.Author) {
	if a.ID == "" || a.Handle == "" || strings.HasPrefix(a.Handle, "@") {
		l.add("%s: id %q, handle %q", at, a.ID, a.Handle)
	}
	l.utf8(at, a.Handle, a.Name)
	l.url(at, a.URL)
	l.url(at, a.Avatar)
}

func (l *list) text(at, text string, facets []unroll.Facet) {
	l.utf8(at, text)
	var open []unroll.Facet // those that contain the next one
	last := 0
	for _, f := range facets {
		if f.Start < 0 || f.End <= f.Start || f.End > len(text) {
			l.add("%s: facet %+v does not lie within %d bytes", at, f, len(text))
			continue
		}
		if !utf8.RuneStart(text[f.Start]) || f.End < len(text) && !utf8.RuneStart(text[f.End]) {
			l.add("%s: facet %+v splits a rune", at, f)
		}
		if f.Start < last {
			l.add("%s: facet %+v is not sorted", at, f)
		}
		last = f.Start
		open = slices.DeleteFunc(open, func(o unroll.Facet) bool { return o.End <= f.Start })
		for _, o := range open {
			if f.End > o.End {
				l.add("%s: facet %+v overlaps %+v partly", at, f, o)
			}
		}
		open = append(open, f)
		if f.Kind == "" || f.Kind == unroll.FacetLink && f.URL == "" {
			l.add("%s: facet %+v is incomplete", at, f)
		}
		l.url(at+": facet", f.URL)
	}
}

func (l *list) media(at string, media []unroll.Media) {
	for _, m := range media {
		if m.URL == "" || m.Kind == "" || m.Width < 0 || m.Height < 0 || m.Duration < 0 {
			l.add("%s: media %+v", at, m)
		}
		l.url(at+": media", m.URL)
		l.url(at+": media", m.Preview)
		l.utf8(at+": media", m.Alt)
		for _, v := range m.Variants {
			if v.URL == "" || v.Type == "" || v.Bitrate < 0 {
				l.add("%s: variant %+v", at, v)
			}
			l.url(at+": variant", v.URL)
		}
	}
}

// url takes an empty address, or one that a reader may safely open.
func (l *list) url(at, s string) {
	if s == "" {
		return
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		l.add("%s: %v", at, err)
	case u.Scheme == "mailto":
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		l.add("%s: address %q is not for the web", at, s)
	}
	l.utf8(at, s)
}

func (l *list) utf8(at string, all ...string) {
	for _, s := range all {
		if !utf8.ValidString(s) {
			l.add("%s: not UTF-8: %q", at, s)
		}
	}
}

// notPathSafe tells which runes may not stand in a [unroll.Post.ID]: it is a
// part of URL paths, "DID/RKEY" on Bluesky.
func notPathSafe(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return false
	default:
		return !strings.ContainsRune("-._~:/", r)
	}
}
