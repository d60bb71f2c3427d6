package bluesky_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
)

// appview answers as the real AppView was measured to (2026-11): newest
// replies first, no replies key where the depth ends, deleted posts unseen
// from above and "not found" from below, refusals as 400s.
type appview struct {
	posts     map[string]*skeet // by ID
	order     []string
	levels    int  // most levels below the asked post; 0 for the lexicon's 1,000
	above     int  // most parents; 0 for 1,000
	uncounted bool // no opThreadPostCount, as before 2026-08
	countless bool // and no getPostThreadV2 at all
	cursor    func(time.Time) string
	broken    func(call int, method string) error
	labels    map[string][]string // on accounts, by DID

	calls []string
}

type skeet struct {
	id, parent, root string
	text             string
	deleted, gated   bool
	at               time.Time
	labels           []string
	embed            any
	record           map[string]any // further fields
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	ann = "did:plc:ann"
	bob = "did:plc:bob"
	cyd = "did:plc:cyd"
)

func newAppview() *appview {
	return &appview{
		posts: map[string]*skeet{}, labels: map[string][]string{},
		cursor: func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) + "__bafyx" },
	}
}

// say adds a post by an account that replies to a post, "" for none. Its key
// is given by its place: 1, 2, 3, ...
func (a *appview) say(did, parent, text string) string {
	n := len(a.order) + 1
	p := &skeet{
		id: fmt.Sprintf("%s/p%04d", did, n), parent: parent, text: text,
		at: epoch.Add(time.Duration(n) * time.Minute),
	}
	p.root = p.id
	if parent != "" {
		p.root = a.posts[parent].root
	}
	a.posts[p.id] = p
	a.order = append(a.order, p.id)
	return p.id
}

// thread adds n posts of a self-thread below parent and returns their IDs.
func (a *appview) thread(did, parent, text string, n int) []string {
	var ids []string
	for i := range n {
		parent = a.say(did, parent, fmt.Sprintf("%s %d", text, i+1))
		ids = append(ids, parent)
	}
	return ids
}

// later moves posts in time.
func (a *appview) later(by time.Duration, ids []string) {
	for _, id := range ids {
		a.posts[id].at = a.posts[id].at.Add(by)
	}
}

func atURI(id string) string {
	did, key, _ := strings.Cut(id, "/")
	return "at://" + did + "/app.bsky.feed.post/" + key
}

func (a *appview) children(id string) []string {
	var out []string
	for _, c := range slices.Backward(a.order) {
		if p := a.posts[c]; p.parent == id && !p.deleted {
			out = append(out, c)
		}
	}
	return out
}

func (a *appview) profile(did string) map[string]any {
	labels := []any{}
	for _, v := range a.labels[did] {
		labels = append(labels, map[string]any{"uri": did, "val": v})
	}
	return map[string]any{"did": did, "handle": strings.TrimPrefix(did, "did:plc:") + ".example", "labels": labels}
}

func (a *appview) view(id string) map[string]any {
	p := a.posts[id]
	did, _, _ := strings.Cut(id, "/")
	record := map[string]any{"$type": "app.bsky.feed.post", "text": p.text, "createdAt": p.at.Format(time.RFC3339Nano)}
	for k, v := range p.record {
		record[k] = v
	}
	if p.parent != "" {
		record["reply"] = map[string]any{
			"root":   map[string]any{"uri": atURI(p.root), "cid": "bafyx"},
			"parent": map[string]any{"uri": atURI(p.parent), "cid": "bafyx"},
		}
	}
	labels := []any{}
	for _, v := range p.labels {
		labels = append(labels, map[string]any{"uri": atURI(id), "val": v})
	}
	v := map[string]any{
		"uri": atURI(id), "author": a.profile(did), "record": record, "labels": labels,
		"replyCount": len(a.children(id)), "indexedAt": p.at.Format(time.RFC3339Nano),
	}
	if p.embed != nil {
		v["embed"] = p.embed
	}
	return v
}

func (a *appview) below(id string, depth int) map[string]any {
	n := map[string]any{"$type": "app.bsky.feed.defs#threadViewPost", "post": a.view(id)}
	if depth > 0 {
		replies := []any{}
		for _, c := range a.children(id) {
			if !a.posts[c].gated {
				replies = append(replies, a.below(c, depth-1))
			}
		}
		n["replies"] = replies
	}
	return n
}

func (a *appview) parents(id string, height int) map[string]any {
	up := a.posts[id].parent
	switch p := a.posts[up]; {
	case up == "" || height == 0:
		return nil
	case p == nil || p.deleted:
		return map[string]any{"$type": "app.bsky.feed.defs#notFoundPost", "uri": atURI(up), "notFound": true}
	}
	n := map[string]any{"$type": "app.bsky.feed.defs#threadViewPost", "post": a.view(up)}
	if next := a.parents(up, height-1); next != nil {
		n["parent"] = next
	}
	return n
}

// oldest counts the AppView's own line of self-replies.
func (a *appview) oldest(id string) int {
	did, _, _ := strings.Cut(id, "/")
	for _, c := range a.order {
		if a.posts[c].parent == id && strings.HasPrefix(c, did) {
			below := a.oldest(c)
			if !a.posts[c].deleted || below > 0 {
				return below + 1
			}
		}
	}
	return 0
}

func refuse(name, message string) (any, error) {
	return map[string]any{"error": name, "message": message},
		&unroll.Error{Kind: unroll.KindUpstream, Op: "test", Source: "bluesky", Err: errors.New("status 400")}
}

func (a *appview) answer(method string, q url.Values) (any, error) {
	find := func(uri string) (string, bool) {
		id := strings.Replace(strings.TrimPrefix(uri, "at://"), "/app.bsky.feed.post/", "/", 1)
		if handle, key, _ := strings.Cut(id, ".example/"); key != "" {
			id = "did:plc:" + handle + "/" + key
		}
		p := a.posts[id]
		return id, p != nil && !p.deleted
	}
	number := func(name string, limit int) int {
		n, err := strconv.Atoi(q.Get(name))
		if err != nil || n < 0 {
			panic(name + " is no number")
		}
		return min(n, cmp.Or(limit, 1000))
	}
	switch method {
	case "app.bsky.feed.getPostThread":
		if number("depth", 2000) > 1000 || number("parentHeight", 2000) > 1000 {
			return refuse("InvalidRequest", "integer too big (maximum 1000)")
		}
		id, ok := find(q.Get("uri"))
		if !ok {
			return refuse("NotFound", "Post not found: "+q.Get("uri"))
		}
		if a.posts[id].gated {
			return map[string]any{"thread": map[string]any{"post": a.view(id)}}, nil
		}
		n := a.below(id, number("depth", a.levels))
		if up := a.parents(id, number("parentHeight", a.above)); up != nil {
			n["parent"] = up
		}
		return map[string]any{"thread": n}, nil
	case "app.bsky.unspecced.getPostThreadV2":
		if a.countless {
			return refuse("MethodNotImplemented", "Method Not Implemented")
		}
		id, ok := find(q.Get("anchor"))
		value := map[string]any{"$type": "app.bsky.unspecced.defs#threadItemNotFound"}
		if ok {
			value = map[string]any{"post": a.view(id), "opThread": true}
			if n := a.oldest(id); n > 0 && !a.uncounted {
				value["opThreadPostIndex"], value["opThreadPostCount"] = 1, n+1
			}
		}
		return map[string]any{"thread": []any{map[string]any{"uri": q.Get("anchor"), "depth": 0, "value": value}}}, nil
	case "app.bsky.feed.getAuthorFeed":
		return a.feed(q.Get("actor"), q.Get("filter"), q.Get("cursor"), number("limit", 100)), nil
	default:
		return refuse("MethodNotImplemented", "Method Not Implemented")
	}
}

func (a *appview) feed(did, filter, cursor string, limit int) any {
	if filter != "posts_with_replies" {
		panic("filter " + filter + " hides what hangs below a deleted post")
	}
	var items []any
	next := ""
	for _, id := range slices.Backward(a.order) {
		p := a.posts[id]
		if p.deleted || !strings.HasPrefix(id, did+"/") || cursor != "" && a.cursor(p.at) >= cursor {
			continue
		}
		if len(items) == limit {
			last := items[limit-1].(map[string]any)["post"].(map[string]any)["indexedAt"].(string)
			at, _ := time.Parse(time.RFC3339Nano, last)
			next = a.cursor(at)
			break
		}
		items = append(items, map[string]any{"post": a.view(id)})
	}
	out := map[string]any{"feed": items}
	if next != "" {
		out["cursor"] = next
	}
	return out
}

// GetJSON implements httpx.Doer.
func (a *appview) GetJSON(ctx context.Context, r httpx.Request, out any) (httpx.Answer, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		panic(err)
	}
	method := strings.TrimPrefix(u.Path, "/xrpc/")
	a.calls = append(a.calls, strings.TrimPrefix(strings.TrimPrefix(method, "app.bsky."), "feed."))
	if err := ctx.Err(); err != nil {
		return httpx.Answer{}, &unroll.Error{Kind: unroll.KindCanceled, Op: r.Op, Err: err}
	}
	if a.broken != nil {
		if err := a.broken(len(a.calls), method); err != nil {
			return httpx.Answer{}, err
		}
	}
	body, err := a.answer(method, u.Query())
	raw, merr := json.Marshal(body)
	if merr != nil {
		panic(merr)
	}
	derr := decode(raw, out) // a refusal's body, too
	return httpx.Answer{Status: 200}, cmp.Or(err, derr)
}

// decode fails as the real client does.
func decode(raw []byte, out any) error {
	if err := json.Unmarshal(raw, out); err != nil {
		return &unroll.Error{Kind: unroll.KindUpstream, Op: "test", Source: "bluesky", Err: err}
	}
	return nil
}

func (a *appview) Location(context.Context, string, string) (string, error) {
	panic("bluesky follows no links")
}

func refOf(id string) unroll.Ref {
	did, key, _ := strings.Cut(id, "/")
	return unroll.Ref{Network: unroll.Bluesky, Author: did, ID: key}
}

func newSource(t testing.TB, cfg bluesky.Config, d httpx.Doer) *bluesky.Source {
	t.Helper()
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return epoch.Add(40 * 24 * time.Hour) }
	}
	s, err := bluesky.New(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fetch reads and assembles the thread of a post.
func (a *appview) fetch(t testing.TB, cfg bluesky.Config, id string) (unroll.Conversation, unroll.Thread) {
	t.Helper()
	a.calls = nil
	c, err := newSource(t, cfg, a).Fetch(t.Context(), refOf(id))
	if err != nil {
		t.Fatal(err)
	}
	th, err := unroll.Assemble(c)
	if err != nil {
		t.Fatal(err)
	}
	return c, th
}

// texts gives the main chain, gaps as their reason in brackets.
func texts(posts []unroll.Post) []string {
	var out []string
	for _, p := range posts {
		if p.Gap != nil {
			out = append(out, "["+string(p.Gap.Reason)+"]")
			continue
		}
		out = append(out, p.Text)
	}
	return out
}

// refuser answers everything alike.
type refuser struct {
	appview
	body  string
	err   error
	asked int
}

// GetJSON implements httpx.Doer.
func (r *refuser) GetJSON(_ context.Context, _ httpx.Request, out any) (httpx.Answer, error) {
	r.asked++
	err := decode([]byte(r.body), out)
	return httpx.Answer{Status: 200}, cmp.Or(r.err, err)
}
