package fakenet

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"unrollbot/unroll"
)

// AppViewConfig is how an [AppView] behaves.
type AppViewConfig struct {
	// MaxDepth, when positive, silently caps the depth that callers ask for,
	// as an AppView may.
	MaxDepth int
	// OldestFirst lists replies in order of time. The real AppView lists the
	// newest first.
	OldestFirst bool
}

// AppView is Bluesky's public API.
type AppView struct {
	Faults
	cfg   AppViewConfig
	index atomic.Pointer[index]
}

// NewAppView serves w.
func NewAppView(w World, cfg AppViewConfig) *AppView {
	s := &AppView{cfg: cfg}
	s.Set(w)
	return s
}

// Set replaces the World.
func (s *AppView) Set(w World) { s.index.Store(newIndex(w)) }

// DID is the DID of an author of any World.
func DID(authorID string) string { return "did:plc:" + letters(authorID, 24) }

var _ http.Handler = (*AppView)(nil)

func (s *AppView) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.serve(w, r, s.route) }

func (s *AppView) route(w http.ResponseWriter, r *http.Request) {
	method := strings.TrimPrefix(r.URL.Path, "/xrpc/")
	c := bskyCall{bskyView: bskyView{index: s.index.Load()}, cfg: s.cfg, method: method, query: r.URL.Query()}
	calls := map[string]func() (object, *xrpcError){
		"app.bsky.feed.getPostThread":        c.postThread,
		"app.bsky.unspecced.getPostThreadV2": c.threadV2,
		"app.bsky.feed.getPosts":             c.getPosts,
		"app.bsky.feed.getAuthorFeed":        c.authorFeed,
		"app.bsky.actor.getProfile":          c.profile,
		"com.atproto.identity.resolveHandle": c.resolveHandle,
	}
	call, known := calls[method]
	if !known || r.Method != http.MethodGet {
		answer(w, http.StatusNotImplemented, object{"error": "MethodNotImplemented", "message": "Method Not Implemented"})
		return
	}
	out, err := call()
	if err != nil {
		answer(w, http.StatusBadRequest, object{"error": err.name, "message": err.message})
		return
	}
	answer(w, http.StatusOK, out)
}

// bskyCall is one call with its parameters.
type bskyCall struct {
	bskyView
	cfg    AppViewConfig
	method string
	query  map[string][]string
}

// xrpcError is a refusal; every one of them has status 400.
type xrpcError struct{ name, message string }

func (c *bskyCall) refuse(format string, args ...any) *xrpcError {
	return &xrpcError{"InvalidRequest", "Invalid " + c.method + " params: " + fmt.Sprintf(format, args...)}
}

func (c *bskyCall) param(name string) string {
	if v := c.query[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// integer reads a number parameter; beyond the limits it is refused.
func (c *bskyCall) integer(name string, fallback, low, high int) (int, *xrpcError) {
	s := c.param(name)
	if s == "" {
		return fallback, nil
	}
	n, err := strconv.Atoi(s)
	switch {
	case err != nil:
		return 0, c.refuse("Expected integer value type (got %q)", s)
	case n > high:
		return 0, c.refuse("integer too big (maximum %d, got %d)", high, n)
	case n < low:
		return 0, c.refuse("integer too small (minimum %d, got %d)", low, n)
	}
	return n, nil
}

// find gives the post of an at:// address with a DID or a handle, nil where
// there is none.
func (c *bskyCall) find(uri string) (*Post, *xrpcError) {
	repo, rest, ok := strings.Cut(strings.TrimPrefix(uri, "at://"), "/app.bsky.feed.post/")
	if !ok || !strings.HasPrefix(uri, "at://") {
		return nil, c.refuse("Invalid at-uri (got %q)", uri)
	}
	if p := c.posts[rest]; p != nil && c.actor(repo) == c.author(p.AuthorID) {
		return p, nil
	}
	return nil, nil
}

func (c *bskyCall) postThread() (object, *xrpcError) {
	uri := c.param("uri")
	p, err := c.find(uri)
	if err != nil {
		return nil, err
	}
	// app.bsky.feed.getPostThread, lexicon of August 2026.
	depth, err := c.integer("depth", 6, 0, 1000)
	if err != nil {
		return nil, err
	}
	height, err := c.integer("parentHeight", 80, 0, 1000)
	if err != nil {
		return nil, err
	}
	if c.cfg.MaxDepth > 0 {
		depth = min(depth, c.cfg.MaxDepth)
	}
	if p == nil || c.gone(p) {
		return nil, &xrpcError{"NotFound", "Post not found: " + uri}
	}
	if c.gap(p) == unroll.GapBlocked {
		return object{"thread": c.blocked(p)}, nil
	}
	node := c.node(p)
	if parent := c.above(p, height, map[string]bool{p.ID: true}); parent != nil {
		node["parent"] = parent
	}
	c.below(node, p, depth, map[string]bool{p.ID: true})
	return object{"thread": node}, nil
}

func (c *bskyCall) node(p *Post) object {
	return object{"$type": "app.bsky.feed.defs#threadViewPost", "post": c.post(p), "threadContext": object{}}
}

// above gives the chain of parents, nearest outermost.
func (c *bskyCall) above(p *Post, height int, seen map[string]bool) object {
	if p.ParentID == "" || height < 1 {
		return nil
	}
	parent := c.posts[p.ParentID]
	switch {
	case parent == nil || c.gone(parent):
		return object{"$type": "app.bsky.feed.defs#notFoundPost", "uri": c.uriOf(p.ParentID), "notFound": true}
	case c.gap(parent) == unroll.GapBlocked:
		return c.blocked(parent)
	case seen[parent.ID]:
		return nil
	}
	seen[parent.ID] = true
	node := c.node(parent)
	if up := c.above(parent, height-1, seen); up != nil {
		node["parent"] = up
	}
	return node
}

// below adds replies. A post at the depth's end has no such key at all, one
// without replies an empty list. Hidden posts are left out.
func (c *bskyCall) below(node object, p *Post, depth int, seen map[string]bool) {
	if depth < 1 {
		return
	}
	replies := c.replies(p.ID)
	if !c.cfg.OldestFirst {
		slices.Reverse(replies)
	}
	nodes := []object{}
	for _, q := range replies {
		if seen[q.ID] {
			continue
		}
		seen[q.ID] = true
		n := c.node(q)
		c.below(n, q, depth-1, seen)
		nodes = append(nodes, n)
	}
	node["replies"] = nodes
}

func (c *bskyCall) getPosts() (object, *xrpcError) {
	uris := c.query["uris"]
	if len(uris) > 25 {
		return nil, c.refuse("array too big (maximum 25, got %d)", len(uris))
	}
	posts := []object{}
	for _, uri := range uris {
		p, err := c.find(uri)
		if err != nil {
			return nil, err
		}
		if p != nil && c.gap(p) == "" {
			posts = append(posts, c.post(p))
		}
	}
	return object{"posts": posts}, nil
}

func (c *bskyCall) resolveHandle() (object, *xrpcError) {
	if a := c.actor(c.param("handle")); a != nil && a.Gap == "" {
		return object{"did": DID(a.ID)}, nil
	}
	return nil, &xrpcError{"InvalidRequest", "Unable to resolve handle"}
}

func (c *bskyCall) profile() (object, *xrpcError) {
	a, err := c.account()
	if err != nil {
		return nil, err
	}
	o := c.basic(a.ID)
	o["description"], o["indexedAt"] = a.Bio, epoch.Format(bskyTime)
	o["followersCount"], o["followsCount"], o["postsCount"] = 0, 0, len(c.feedOf(a))
	o["associated"] = object{
		"lists": 0, "feedgens": 0, "starterPacks": 0, "labeler": false,
		"activitySubscription": object{"allowSubscriptions": "followers"},
	}
	return o, nil
}

func (c *bskyCall) account() (*Author, *xrpcError) {
	a := c.actor(c.param("actor"))
	switch {
	case a == nil:
		return nil, &xrpcError{"InvalidRequest", "Profile not found"}
	case a.Gap == unroll.GapDeleted:
		return nil, &xrpcError{"AccountDeactivated", "Account is deactivated"}
	case a.Gap == unroll.GapSuspended:
		return nil, &xrpcError{"AccountTakedown", "Account has been suspended"}
	}
	return a, nil
}

// feedOf are an account's readable posts, the newest first.
func (c *bskyCall) feedOf(a *Author) []*Post {
	var out []*Post
	for i := range c.world.Posts {
		p := c.posts[c.world.Posts[i].ID]
		if p.AuthorID == a.ID && c.gap(p) == "" && p.Reposts == "" {
			out = append(out, p)
		}
	}
	slices.SortStableFunc(out, func(p, q *Post) int { return cmp.Compare(c.at(q).UnixMilli(), c.at(p).UnixMilli()) })
	return slices.Compact(out)
}

func (c *bskyCall) authorFeed() (object, *xrpcError) {
	a, err := c.account()
	if err != nil {
		return nil, err
	}
	limit, err := c.integer("limit", 50, 1, 100)
	if err != nil {
		return nil, err
	}
	filter := cmp.Or(c.param("filter"), "posts_with_replies")
	posts := c.feedOf(a)
	if before := c.param("cursor"); before != "" {
		posts = slices.DeleteFunc(posts, func(p *Post) bool { return c.at(p).Format(bskyTime) >= before })
	}
	out := object{}
	if len(posts) > limit {
		posts = posts[:limit]
		out["cursor"] = c.at(posts[limit-1]).Format(bskyTime)
	}
	feed := []object{}
	for _, p := range posts {
		if c.inFeed(p, posts, filter) {
			feed = append(feed, c.feedItem(p))
		}
	}
	out["feed"] = feed
	return out, nil
}

// inFeed tells whether a filter lets p through. Author threads are shown only
// where the page holds every post up to the first: a deleted one hides all
// that the author wrote below it.
func (c *bskyCall) inFeed(p *Post, page []*Post, filter string) bool {
	switch filter {
	case "posts_no_replies":
		return p.ParentID == ""
	case "posts_with_media":
		return len(p.Media) > 0
	case "posts_and_author_threads":
		for _, q := range c.ancestors(p) {
			if !slices.Contains(page, q) {
				return false
			}
		}
		return p.ParentID == "" || c.posts[p.ParentID] != nil
	default:
		return true
	}
}

// feedItem shows a post with the one it replies to and the conversation's first.
func (c *bskyCall) feedItem(p *Post) object {
	item := object{"post": c.post(p)}
	if p.ParentID == "" {
		return item
	}
	view := func(id string) object {
		q := c.visible(id)
		if q == nil {
			return object{"$type": "app.bsky.feed.defs#notFoundPost", "uri": c.uriOf(id), "notFound": true}
		}
		o := c.post(q)
		o["$type"] = "app.bsky.feed.defs#postView"
		return o
	}
	reply := object{"root": view(c.root(p).ID), "parent": view(p.ParentID)}
	if parent := c.visible(p.ParentID); parent != nil && c.posts[parent.ParentID] != nil {
		reply["grandparentAuthor"] = c.basic(c.posts[parent.ParentID].AuthorID)
	}
	item["reply"] = reply
	return item
}
