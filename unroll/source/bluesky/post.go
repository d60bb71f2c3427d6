package bluesky

import (
	"encoding/json"
	"errors"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

// post reads a post view. It fails where the view does not say which post it
// is, or has no record; a post that must not be shown is one with a gap.
func post(v *postView) (unroll.Post, bool) {
	u, ok := parsePost(v.URI)
	if !ok || u.did != v.Author.DID {
		return unroll.Post{}, false
	}
	rec, err := readRecord(v.Record)
	if err != nil {
		return unroll.Post{}, false
	}
	p := unroll.Post{ID: u.id(), URL: u.page(), AuthorID: u.did, RootID: u.id()}
	p.At = at(rec.CreatedAt, v.IndexedAt)
	if rec.Reply != nil {
		p.RootID = ""
		if parent, ok := parsePost(rec.Reply.Parent.URI); ok {
			p.ParentID, p.ParentAuthorID = parent.id(), parent.did
		}
		if root, ok := parsePost(rec.Reply.Root.URI); ok {
			p.RootID = root.id()
		}
	}
	if why := hidden(&v.Author, v.Labels); why != "" {
		p.Gap = &unroll.Gap{Reason: why}
		return p, true
	}
	p.Text, p.Facets = rec.Text, facets(rec.Text, rec.Facets)
	p.Lang = lang(rec.Langs)
	p.Sensitive = sensitive(&v.Author, v.Labels, rec.Labels.Values)
	p.Cut = rec.BridgyOriginalText != "" && strings.Contains(rec.Text, "[…]")

	var e embed
	if len(v.Embed) > 0 && lenient(json.Unmarshal(v.Embed, &e)) == nil {
		a := attach(u.did, &e)
		p.Media, p.Quote, p.Card = a.media, a.quote, a.card
		p.Sensitive = p.Sensitive || a.sensitive
	}
	return p, true
}

// gapPost is the placeholder of a post of which nothing but its place is
// known: child is the post below it.
func gapPost(u recordURI, child *unroll.Post, why unroll.GapReason) unroll.Post {
	return unroll.Post{
		ID: u.id(), URL: u.page(), AuthorID: u.did, RootID: child.RootID,
		Gap: &unroll.Gap{Reason: why},
	}
}

// gone says why a post of the account did cannot be found, seen from a post
// that can. An account's own posts are all there or none, so one that is
// missing was deleted; of other accounts we cannot tell whether the post is
// gone or the whole account.
func gone(did, seenFrom string) unroll.GapReason {
	if did == seenFrom {
		return unroll.GapDeleted
	}
	return unroll.GapUnknown
}

func author(p *profile) unroll.Author {
	a := unroll.Author{ID: p.DID, Handle: p.Handle, Name: p.DisplayName, URL: profilePage(p.DID), Avatar: link.Web(p.Avatar)}
	if a.Handle == "handle.invalid" || !plain(a.Handle, 253) {
		a.Handle = p.DID
	}
	return a
}

// readRecord decodes a record. A field of a wrong type costs that field.
func readRecord(raw json.RawMessage) (record, error) {
	var rec record
	err := lenient(json.Unmarshal(raw, &rec))
	return rec, err
}

// lenient forgives the errors after which encoding/json went on decoding.
func lenient(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return nil
	}
	return err
}

// at is when a post was made. The author's software says so, and may say
// anything; but nothing is made after the AppView has seen it.
func at(created, indexed string) time.Time {
	c, cerr := time.Parse(time.RFC3339, created)
	i, ierr := time.Parse(time.RFC3339, indexed)
	if cerr != nil || (ierr == nil && c.After(i)) {
		c = i
	}
	return c.UTC()
}

// lang gives the first language of a post, if it has the shape of a tag.
func lang(tags []string) string {
	if len(tags) == 0 || !plain(tags[0], 35) || strings.ContainsAny(tags[0], "._~:") {
		return ""
	}
	return tags[0]
}
