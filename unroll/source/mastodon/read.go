package mastodon

import (
	"context"
	"errors"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

// What a server shows of a conversation at a time: to callers without a token,
// and with one (docs.joinmastodon.org, "statuses API methods", November 2026).
// Servers with other limits are known to show more, not less.
const (
	anonymousPosts = 60
	anonymousDepth = 20
	anonymousAbove = 40
	tokenPosts     = 4096

	// hidden is how many posts a full answer may lack, because limits count
	// posts that we may not see.
	hidden = 10
)

// reading collects a conversation from one server.
type reading struct {
	s      *Source
	b      *budget
	host   string
	copied bool // the server is not the posts' own
	asked  id

	nodes map[id]*node
	order []id
	// All posts that were seen are counted below their parents; only posts of
	// the conversation's own people are held, because the replies to a thread
	// can be many times its size.
	counted map[id]bool
	replies map[id]int

	people   map[string]bool // authors of the asked post and of those above it
	resting  map[string]bool // authors who ask to be left alone
	accounts map[id]string   // author ids by the server's own
	anchored map[id]bool     // posts whose context was asked for
	full     map[id]bool     // posts whose replies the server showed in full
	above    map[id]bool     // posts above which more may be had by asking
	roots    map[id]id       // first posts of the conversations that posts belong to
	waited   bool
	cuts     []unroll.Cut
}

// node is a post of the conversation, or a gap.
type node struct {
	st     *status // nil for a gap
	parent id
	author string // "" for a gap of whom nobody knows
	reason unroll.GapReason
}

// read collects the conversation around a status of host.
func (s *Source) read(ctx context.Context, b *budget, host string, st *status, copied bool) (unroll.Conversation, error) {
	op := "status " + host
	switch {
	case !st.isPublic():
		return unroll.Conversation{}, s.fail(unroll.KindPrivate, op, errors.New("visibility is not public"))
	case st.Account.key(host) == "":
		return unroll.Conversation{}, s.fail(unroll.KindUpstream, op, errors.New("a status without an author"))
	case st.ParentID == "" && asksForRest(string(st.Account.Note)):
		return unroll.Conversation{}, s.fail(unroll.KindOptedOut, op, nil)
	}
	r := &reading{
		s: s, b: b, host: host, copied: copied, asked: st.ID,
		nodes: map[id]*node{}, counted: map[id]bool{}, replies: map[id]int{},
		people: map[string]bool{}, resting: map[string]bool{}, accounts: map[id]string{},
		anchored: map[id]bool{}, full: map[id]bool{}, above: map[id]bool{}, roots: map[id]id{},
	}
	r.meet(st)
	r.count(st)
	r.hold(st)
	if err := r.context(ctx, st.ID); err != nil {
		r.cut(st.ID, unroll.CutFailed)
	} else {
		r.up(ctx)
		r.down(ctx)
	}
	if home, away := r.home(); away {
		conv, err := s.fetchOrigin(ctx, b, home)
		if err == nil || ctx.Err() != nil || !mayStandIn(err) {
			return conv, err
		}
		r.copied = true
		r.down(ctx)
	}
	members, author := r.thread()
	switch head := r.nodes[members[0]]; {
	case r.resting[author]:
		return unroll.Conversation{}, s.fail(unroll.KindOptedOut, op, nil)
	case !r.copied && head.st != nil && head.st.isClaimed():
		return unroll.Conversation{}, s.fail(unroll.KindUpstream, op, errors.New("a post of its own, by an account of another server"))
	}
	return r.conversation(), nil
}

// home gives the ref of the thread's first post on its own server, if that is
// another: the one that was asked has copies, and not of all.
func (r *reading) home() (unroll.Ref, bool) {
	members, _ := r.thread()
	if head := r.nodes[members[0]]; head.st != nil && !r.copied {
		return head.st.origin(r.host)
	}
	return unroll.Ref{}, false
}

// meet makes a status's author one of the conversation's people.
func (r *reading) meet(st *status) { r.people[st.Account.key(r.host)] = true }

// count counts a status among its parent's replies, once.
func (r *reading) count(st *status) {
	if !r.counted[st.ID] {
		r.counted[st.ID] = true
		r.replies[st.ParentID]++
	}
}

// hold keeps a status; of one that is not for everybody, only that it exists.
func (r *reading) hold(st *status) {
	author := st.Account.key(r.host)
	if n, ok := r.nodes[st.ID]; st.ID == "" || author == "" || ok && n.st != nil {
		return
	}
	for _, m := range st.Mentions {
		if page := link.Web(string(m.URL)); page != "" && r.accounts[m.ID] == "" {
			r.accounts[m.ID] = page
		}
	}
	if _, known := r.resting[author]; !known {
		r.accounts[st.Account.ID] = author
		r.resting[author] = asksForRest(string(st.Account.Note))
	}
	n := &node{parent: st.ParentID, author: author}
	if st.isPublic() {
		n.st = st
	} else {
		n.reason = unroll.GapPrivate
	}
	if st.ParentID == "" && st.ParentAccount != "" && st.ParentAccount == st.Account.ID {
		// Mastodon forgets the parent of a reply when that is deleted, not
		// whose it was.
		n.parent = st.ID + "~parent"
		r.gap(n.parent, "", author, unroll.GapDeleted)
	}
	r.put(st.ID, n)
}

func (r *reading) gap(at, parent id, author string, reason unroll.GapReason) {
	if r.nodes[at] != nil {
		return
	}
	r.put(at, &node{parent: parent, author: author, reason: reason})
	if !r.counted[at] {
		r.counted[at] = true
		r.replies[parent]++
	}
}

func (r *reading) put(at id, n *node) {
	if r.nodes[at] == nil {
		r.order = append(r.order, at)
	}
	r.nodes[at] = n
}

func (r *reading) cut(after id, reason unroll.CutReason) {
	r.cuts = append(r.cuts, unroll.Cut{After: string(after), Reason: reason})
}

// parentAuthor is whose post a status replies to, "" if nobody tells.
func (r *reading) parentAuthor(st *status) string {
	if up := r.nodes[st.ParentID]; up != nil && up.author != "" {
		return up.author
	}
	if st.ParentAccount == st.Account.ID && st.ParentAccount != "" {
		return st.Account.key(r.host)
	}
	if known := r.accounts[st.ParentAccount]; known != "" {
		return known
	}
	return accountKey(r.host, st.ParentAccount)
}

// context asks what is around a post, and holds what belongs.
func (r *reading) context(ctx context.Context, anchor id) error {
	r.anchored[anchor] = true
	var body contextBody
	path := "/api/v1/statuses/" + string(anchor) + "/context"
	answer, err := r.s.get(ctx, r.b, r.host, path, "context "+r.host, &body)
	if err != nil {
		return err
	}
	if pause := refreshIn(answer); r.copied && !r.waited && pause > 0 && r.b.left > 0 {
		// The server has gone to fetch what it lacks. Where the posts are its
		// own there is nothing of the author's to wait for.
		r.waited = true
		if r.s.wait(ctx, pause) == nil {
			var later contextBody
			if _, err := r.s.get(ctx, r.b, r.host, path, "context "+r.host, &later); err == nil {
				body = later
			}
		}
	}
	r.ancestors(anchor, &body)
	r.descendants(anchor, &body)
	return nil
}

// opens tells whether a status is the first of its conversation.
func (st *status) opens() bool { return st != nil && st.ParentID == "" && st.ParentAccount == "" }

// ancestors holds the posts above anchor. They come as a path, first post
// first. A post whose parent is left out of it hangs below a hidden one.
func (r *reading) ancestors(anchor id, body *contextBody) {
	var path []*status
	n := statuses(body.Ancestors, func(st *status) {
		if st.ID != "" {
			r.meet(st)
			path = append(path, st)
		}
	})
	for _, st := range path {
		r.count(st)
		r.hold(st)
	}
	if n == 0 {
		return
	}
	if r.s.tokens[r.host] == "" && n >= anonymousAbove-hidden {
		r.above[path[0].ID] = true
	}
	if a := r.nodes[anchor]; a != nil && a.st != nil {
		path = append(path, a.st)
	}
	if path[0].opens() {
		for _, st := range path {
			r.roots[st.ID] = path[0].ID
		}
	}
	for i := 1; i < len(path); i++ {
		if up := path[i].ParentID; up != "" && r.nodes[up] == nil {
			r.gap(up, path[i-1].ID, r.parentAuthor(path[i]), unroll.GapUnknown)
		}
	}
}

// descendants holds the replies below anchor by the conversation's people,
// and notes for which of them the answer held all replies.
func (r *reading) descendants(anchor id, body *contextBody) {
	if top := r.nodes[anchor]; top != nil && top.st.opens() {
		r.roots[anchor] = anchor
	}
	depth := map[id]int{anchor: 0}
	n := statuses(body.Descendants, func(st *status) {
		if st.ID == "" {
			return
		}
		r.count(st)
		if !r.people[st.Account.key(r.host)] {
			return
		}
		r.hold(st)
		if root := r.roots[anchor]; root != "" {
			r.roots[st.ID] = root // also of what hangs below posts that are not shown
		}
		if d, ok := depth[st.ParentID]; ok {
			depth[st.ID] = d + 1
		}
	})
	posts, deepest := anonymousPosts, anonymousDepth
	if r.s.tokens[r.host] != "" {
		posts, deepest = tokenPosts, tokenPosts
	}
	if n >= posts-hidden {
		return
	}
	for at, d := range depth {
		if d < deepest {
			r.full[at] = true
		}
	}
}

// conversation gives what was collected.
func (r *reading) conversation() unroll.Conversation {
	c := unroll.Conversation{
		Asked:     string(r.asked),
		Ref:       unroll.Ref{Network: unroll.Mastodon, Host: r.host, ID: string(r.asked)},
		Authors:   map[string]unroll.Author{},
		Source:    name,
		FetchedAt: r.s.now(),
		Cuts:      r.cuts,
		Replies:   map[string]int{},
		Seen:      map[string]bool{},
	}
	for _, at := range r.order {
		n := r.nodes[at]
		if n.st != nil && (at == r.asked || !r.resting[n.author]) {
			c.Authors[n.author] = n.st.Account.author(r.host)
		}
		if n.st == nil || r.resting[n.author] {
			reason := n.reason
			if reason == "" {
				reason = unroll.GapWithdrawn // by somebody who asks to be left alone
			}
			c.Posts = append(c.Posts, unroll.Post{
				ID: string(at), AuthorID: n.author, ParentID: string(n.parent), RootID: string(r.roots[at]), Gap: &unroll.Gap{Reason: reason},
			})
			continue
		}
		p := n.st.post(r.host, r.people)
		p.ParentID, p.ParentAuthorID, p.RootID = string(n.parent), r.parentAuthor(n.st), string(r.roots[at])
		c.Posts = append(c.Posts, p)
		if r.copied || n.st.Replies == nil {
			continue // a copy's server does not know all replies
		}
		c.Replies[p.ID] = max(*n.st.Replies, 0)
		if r.full[at] || r.replies[at] >= *n.st.Replies {
			c.Seen[p.ID] = true
		}
	}
	return c
}

// maxRefresh bounds the wait for a server that fetches replies from others.
const maxRefresh = 3 * time.Second
