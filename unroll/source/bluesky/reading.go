package bluesky

import (
	"context"
	"errors"
	"strings"

	"unrollbot/unroll"
)

// reading is one Fetch under way: the posts held so far, and the budget.
type reading struct {
	src   *Source
	ref   unroll.Ref // the asked post's, with its DID
	calls int
	// failed is set when a call went wrong: no more are made then, and what
	// is held is what there is.
	failed bool

	posts   map[string]*held
	order   []string // IDs as they came, for an answer that does not change
	authors map[string]unroll.Author
	// follow holds the authors whose posts are kept. Replies by all others
	// can be a hundred thousand, and belong to no thread.
	follow map[string]bool
	// shy holds the authors who ask not to be shown to people who are not
	// logged in.
	shy      map[string]bool
	anchored map[string]bool // posts that a call was made for

	tooLarge bool // an answer with all replies was beyond the body cap
	count    int  // the AppView's own, 0 where it was not asked or has none
	short    bool // the feed was not read far enough to know that no more belongs
	// whole is the author whose feed was read back to the first post.
	whole string
}

// held is a post of the conversation.
type held struct {
	post     unroll.Post
	replies  int  // as the AppView counts them, -1 where it does not say
	seen     bool // the AppView looked for replies
	overflow bool // replies of a followed author were left out: MaxPosts
}

func newReading(s *Source) *reading {
	return &reading{
		src:   s,
		posts: map[string]*held{}, authors: map[string]unroll.Author{},
		follow: map[string]bool{}, shy: map[string]bool{}, anchored: map[string]bool{},
	}
}

var (
	errBudget = errors.New("no calls left")
	errFailed = errors.New("an earlier call failed")
)

// spend takes one call from the budget.
func (r *reading) spend() error {
	switch {
	case r.failed:
		return errFailed
	case r.calls >= r.src.cfg.MaxCalls:
		return errBudget
	}
	r.calls++
	return nil
}

// start reads the asked post, with all above and below it.
func (r *reading) start(ctx context.Context, ref unroll.Ref) (asked string, err error) {
	r.calls++
	node, err := r.src.thread(ctx, ref, maxLevels, maxLevels)
	if unroll.KindOf(err) == unroll.KindTooLarge {
		// Everybody's replies are too much at once. The author's own can
		// still be found in their feed.
		r.tooLarge = true
		r.calls++
		node, err = r.src.thread(ctx, ref, 0, maxLevels)
	}
	if err != nil {
		return "", err
	}
	u, ok := parsePost(node.Post.URI)
	if !ok || r.take(node) != u.id() {
		return "", fail("thread "+ref.PostID(), unroll.KindUpstream, "a thread around no post")
	}
	r.ref = unroll.Ref{Network: unroll.Bluesky, Author: u.did, ID: u.key}
	r.anchored[u.id()] = true
	return u.id(), nil
}

// read makes a further call, around a post known by its ID. A post that is
// not there becomes a gap; child is the post that told of it, if any.
func (r *reading) read(ctx context.Context, id string, height int, child *unroll.Post) error {
	if err := r.spend(); err != nil {
		return err
	}
	r.anchored[id] = true
	node, err := r.src.thread(ctx, r.ref.Sibling(id), maxLevels, height)
	switch kind := unroll.KindOf(err); {
	case err == nil:
		r.take(node)
	case kind == unroll.KindTooLarge:
		r.tooLarge = true
	case kind == unroll.KindNotFound, kind == unroll.KindBlocked:
		if u, ok := parsePost(postURI(r.ref.Sibling(id))); ok && child != nil {
			why := gone(u.did, child.AuthorID)
			if kind == unroll.KindBlocked {
				why = unroll.GapBlocked
			}
			r.hold(gapPost(u, child, why), true)
		}
	default:
		r.failed = true
	}
	return err
}

// take keeps what matters of an answer: the post it is about, all posts above
// it, and below it those of the followed authors. It walks without recursion:
// the nodes can be nested 2,000 deep. It returns the ID of the answer's post.
func (r *reading) take(anchor *threadNode) string {
	h := r.view(anchor.Post, true)
	if h == nil {
		return ""
	}
	r.follow[h.post.AuthorID] = true
	child := h
	for n := anchor.Parent; n != nil && child != nil; n = n.Parent {
		if n.Post == nil {
			r.missing(n, &child.post)
			break
		}
		if child = r.view(n.Post, true); child != nil {
			r.follow[child.post.AuthorID] = true
		}
	}
	for stack := []*threadNode{anchor}; len(stack) > 0; {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n == nil || n.Post == nil {
			continue
		}
		if r.follow[n.Post.Author.DID] {
			if h := r.view(n.Post, false); h != nil && n.Replies != nil && !h.overflow {
				h.seen = true
			}
		}
		for i := len(n.Replies) - 1; i >= 0; i-- {
			stack = append(stack, n.Replies[i])
		}
	}
	return h.post.ID
}

// missing keeps the gap above a post.
func (r *reading) missing(n *threadNode, child *unroll.Post) {
	u, ok := parsePost(n.URI)
	switch {
	case !ok:
	case n.Blocked:
		r.hold(gapPost(u, child, unroll.GapBlocked), true)
	case n.NotFound:
		r.hold(gapPost(u, child, gone(u.did, child.AuthorID)), true)
	}
}

// view keeps a post view, nil if it is none or there is no room.
func (r *reading) view(v *postView, always bool) *held {
	u, ok := parsePost(v.URI)
	if !ok {
		return nil
	}
	if h := r.posts[u.id()]; h != nil && h.post.Gap == nil {
		return h // seen before; decoding it again would give the same
	}
	p, ok := post(v)
	if !ok {
		return nil
	}
	h := r.hold(p, always)
	if h == nil {
		return nil
	}
	h.post = p // where a gap was
	if v.Author.loginOnly() {
		r.shy[p.AuthorID] = true
	}
	if v.ReplyCount != nil {
		h.replies = max(*v.ReplyCount, 0)
	}
	if _, known := r.authors[p.AuthorID]; p.Gap == nil && !known {
		r.authors[p.AuthorID] = author(&v.Author)
	}
	return h
}

// hold keeps a post once. Beyond MaxPosts only those are kept that hold the
// others together, which are few.
func (r *reading) hold(p unroll.Post, always bool) *held {
	if h := r.posts[p.ID]; h != nil {
		return h
	}
	if !always && len(r.posts) >= r.src.cfg.MaxPosts {
		if up := r.posts[p.ParentID]; up != nil {
			up.overflow, up.seen = true, false
		}
		return nil
	}
	h := &held{post: p, replies: -1}
	r.posts[p.ID] = h
	r.order = append(r.order, p.ID)
	return h
}

// children gives the held replies of each post.
func (r *reading) children() map[string][]string {
	all := make(map[string][]string, len(r.posts))
	for _, id := range r.order {
		if up := r.posts[id].post.ParentID; up != "" && up != id {
			all[up] = append(all[up], id)
		}
	}
	return all
}

// conversation is what the reading has come to. It leaves out the posts that
// [unroll.Assemble] cannot need: those of authors that are not on the way
// from the asked post to the head of its thread.
func (r *reading) conversation(asked, head, top string) unroll.Conversation {
	c := unroll.Conversation{
		Asked: asked, Ref: r.ref,
		Authors: map[string]unroll.Author{}, Source: name, FetchedAt: r.src.cfg.Now().UTC(),
		Count: r.count, Cursory: r.count == 0 && r.whole == "", Replies: map[string]int{}, Seen: map[string]bool{},
	}
	way := map[string]bool{top: true}
	authors := map[string]bool{r.posts[top].post.AuthorID: true}
	for id := asked; r.posts[id] != nil && !way[id]; id = r.posts[id].post.ParentID {
		way[id] = true
		authors[r.posts[id].post.AuthorID] = true
		if id == head {
			break
		}
	}
	way[r.posts[head].post.ParentID] = true // what the thread answers

	children := r.children()
	for _, id := range r.order {
		h := r.posts[id]
		if !way[id] && !authors[h.post.AuthorID] {
			continue
		}
		c.Posts = append(c.Posts, h.post)
		if a, ok := r.authors[h.post.AuthorID]; ok {
			c.Authors[h.post.AuthorID] = a
		}
		if h.replies >= 0 {
			c.Replies[id] = h.replies
		}
		if r.shown(h, children[id]) {
			c.Seen[id] = true
		}
	}
	for _, id := range r.own(top, children) {
		if why := r.cutAt(r.posts[id], children[id]); why != "" {
			c.Cuts = append(c.Cuts, unroll.Cut{After: id, Reason: why})
		}
	}
	line := r.longest(top, children)
	switch last := line[len(line)-1]; {
	case r.failed && len(c.Cuts) == 0:
		c.Cuts = append(c.Cuts, unroll.Cut{After: last, Reason: unroll.CutFailed})
	case r.short:
		c.Cuts = append(c.Cuts, unroll.Cut{After: last, Reason: unroll.CutBudget})
	}
	return c
}

// shown tells whether nothing of the author's can hang below a post unseen.
func (r *reading) shown(h *held, kids []string) bool {
	switch {
	case h.overflow:
		return false
	case h.seen:
		return true
	case r.whole != "" && h.post.AuthorID == r.whole:
		return true
	default: // a post above the asked one, of whose replies we hold as many as there are
		return h.replies >= 0 && len(kids) >= h.replies
	}
}

// cutAt says why reading stopped below a post, "" where it did not.
func (r *reading) cutAt(h *held, kids []string) unroll.CutReason {
	switch {
	case h.overflow:
		return unroll.CutBudget
	case h.post.Gap != nil, h.replies < 0, r.shown(h, kids):
		return ""
	case r.failed:
		return unroll.CutFailed
	case r.anchored[h.post.ID]:
		return unroll.CutLimit // asked about, and still not shown
	default:
		return unroll.CutBudget
	}
}

func authorOf(id string) string {
	did, _, _ := strings.Cut(id, "/")
	return did
}
