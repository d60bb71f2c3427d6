package bluesky

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"unrollbot/bot/mention"
)

// A post holds at most 300 graphemes and 3,000 bytes (lexicon
// app.bsky.feed.post, 2026-08).
const (
	maxGraphemes = 300
	maxBytes     = 3000
)

// size is a text's in graphemes, or a tenth of its bytes where those are more.
func size(s string) int {
	return max(mention.Graphemes(s), (len(s)*maxGraphemes+maxBytes-1)/maxBytes)
}

// record is an app.bsky.feed.post of the bot's.
type record struct {
	Type      string  `json:"$type"`
	Text      string  `json:"text"`
	CreatedAt string  `json:"createdAt"`
	Reply     reply   `json:"reply"`
	Facets    []facet `json:"facets,omitempty"`
	Embed     *embed  `json:"embed,omitempty"`
}

type embed struct {
	Type     string   `json:"$type"`
	External external `json:"external"`
}

type external struct {
	URI         string `json:"uri"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// like is an app.bsky.feed.like.
type like struct {
	Type      string `json:"$type"`
	Subject   strong `json:"subject"`
	CreatedAt string `json:"createdAt"`
}

// compose makes the post that answers n.
func compose(n *notification, a *mention.Answer, at time.Time) record {
	self := strong{n.URI, n.CID}
	r := record{Type: postType, CreatedAt: at.UTC().Format(cursorForm), Reply: reply{Root: self, Parent: self}}
	if up := n.Record.Reply; up != nil {
		r.Reply.Root = up.Root
	}
	tail := ""
	if a.Link != "" {
		tail = a.LinkText
	}
	r.Text = a.Fit(maxGraphemes, size, tail)
	if tail == "" {
		return r
	}
	var f facet
	f.Index.Start, f.Index.End = len(r.Text)-len(tail), len(r.Text)
	f.Features = []feature{{Type: linkType, URI: a.Link}}
	r.Facets = []facet{f}
	r.Embed = &embed{Type: "app.bsky.embed.external", External: external{URI: a.Link, Title: a.Title, Description: a.Summary}}
	return r
}

// Post implements [mention.Network]. It needs no hint that an answer may
// stand already: the record's key tells.
func (a *Adapter) Post(ctx context.Context, m *mention.Mention, ans *mention.Answer, _ bool) error {
	n := m.Post.(*notification)
	r := compose(n, ans, time.Now())
	if err := a.mayReply(ctx, n, r.Reply.Root.URI); err != nil {
		return err
	}
	return a.put(ctx, postType, n.URI, ans.News, r)
}

// Like implements [mention.Network].
func (a *Adapter) Like(ctx context.Context, m *mention.Mention) error {
	n := m.Post.(*notification)
	const kind = "app.bsky.feed.like"
	return a.put(ctx, kind, n.URI, "", like{Type: kind, Subject: strong{n.URI, n.CID}, CreatedAt: time.Now().UTC().Format(cursorForm)})
}

// mayReply asks whether a reply would be welcome: the server takes any, and
// those against the wish of the thread's author are shown to nobody.
func (a *Adapter) mayReply(ctx context.Context, n *notification, root string) error {
	uris := []string{n.URI}
	if root != n.URI {
		uris = append(uris, root)
	}
	var got struct {
		Posts []struct {
			URI    string `json:"uri"`
			Viewer struct {
				ReplyDisabled bool `json:"replyDisabled"`
			} `json:"viewer"`
		} `json:"posts"`
	}
	if err := a.session.call(ctx, mention.Call{Path: "/xrpc/app.bsky.feed.getPosts", Query: url.Values{"uris": uris}}, &got); err != nil {
		return err
	}
	there := false
	for _, p := range got.Posts {
		if p.Viewer.ReplyDisabled {
			return &mention.APIError{Call: "reply", Status: http.StatusForbidden, Code: "ReplyDisabled", Message: "the author lets only some people reply"}
		}
		there = there || p.URI == n.URI
	}
	if !there {
		return &mention.APIError{Call: "reply", Status: http.StatusGone, Code: "NotFound", Message: "the mention was deleted"}
	}
	return nil
}

// maxKeys is how many keys are tried for one mention. A second one is needed
// only where somebody made two mentions whose keys are the same.
const maxKeys = 3

// put writes a record under the key that belongs to subject and news, unless
// one stands there.
func (a *Adapter) put(ctx context.Context, kind, subject, news string, rec any) error {
	me, err := a.session.whoami(ctx)
	if err != nil {
		return err
	}
	for n := range maxKeys {
		key := recordKey(subject, news, n)
		err := a.session.call(ctx, mention.Call{
			Method: http.MethodPost, Path: "/xrpc/com.atproto.repo.putRecord",
			// A swapRecord of null is written only where nothing stands.
			Body: map[string]any{"repo": me, "collection": kind, "rkey": key, "swapRecord": nil, "record": rec},
		}, nil)
		if mention.Refusal(err).Code != "InvalidSwap" {
			return err
		}
		standing, err := a.standing(ctx, me, kind, key)
		if err != nil {
			return err
		}
		if slices.Contains(standing, subject) {
			return nil
		}
	}
	return fmt.Errorf("bluesky: no free key to answer with")
}

// standing gives the posts that the bot's record at key is about.
func (a *Adapter) standing(ctx context.Context, me, kind, key string) ([]string, error) {
	var got struct {
		Value struct {
			Reply   reply  `json:"reply"`
			Subject strong `json:"subject"`
		} `json:"value"`
	}
	err := a.session.call(ctx, mention.Call{
		Path: "/xrpc/com.atproto.repo.getRecord", Query: url.Values{"repo": {me}, "collection": {kind}, "rkey": {key}},
	}, &got)
	return []string{got.Value.Reply.Parent.URI, got.Value.Subject.URI}, err
}
