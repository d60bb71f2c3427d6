package unroll

import (
	"slices"
)

// Assemble builds the thread that the asked post belongs to. It is pure, and
// linear in the number of posts but for sorting siblings.
//
// Membership is decided by reply links and author ids alone. The author is
// the asked post's; but where the asked post is a single answer to somebody
// else, it is the thread that it answers that is meant, and so on upwards.
// The thread starts at the author's topmost post from there, goes past posts
// that cannot be read, and takes in every reply of the author to themselves.
//
// The main chain is the one with the most posts to read, ties going to the
// earliest; the others are branches. [Thread.Through] prefers a given post.
//
// It fails with KindNotFound when the asked post is not in the conversation.
func Assemble(c Conversation) (Thread, error) {
	g := newGraph(&c)
	asked, ok := g.byID[c.Asked]
	if !ok {
		return Thread{}, &Error{Kind: KindNotFound, Op: "assemble " + c.Asked, Source: c.Source}
	}
	head := g.head(asked)
	author := g.posts[head].AuthorID
	own := g.members(head)
	own.adopt(g.orphans(head, own))

	t := Thread{
		Schema:    SchemaVersion,
		Ref:       c.Ref.Sibling(own.posts[0].ID),
		Author:    c.Authors[author],
		Source:    c.Source,
		FetchedAt: c.FetchedAt,
		ReplyTo:   g.answered(head, c.Authors),
	}
	t.Author.ID = author
	t.Posts, t.Branches = own.layOut("")
	if t.Len() == 0 {
		gap := g.posts[asked].Gap
		if gap == nil {
			gap = t.Posts[0].Gap
		}
		return Thread{}, &Error{Kind: gap.Reason.kind(), Op: "assemble " + c.Asked, Source: c.Source}
	}
	number(t.Posts)
	for i := range t.Branches {
		number(t.Branches[i].Posts)
	}
	t.Verdict = judge(&t, &c)
	for p := range t.All {
		p.AuthorID = ""
	}
	return t, nil
}

// Through gives the same thread with its main chain laid through a post, for
// a reader who came in by a link to a side branch. A post that is not in the
// thread changes nothing.
func (t *Thread) Through(postID string) Thread {
	out := *t
	if len(t.Branches) == 0 || !t.Has(postID) || slices.ContainsFunc(t.Posts, func(p Post) bool { return p.ID == postID }) {
		return out
	}
	var tr tree
	at := map[string]int{}
	grow := func(parent int, posts []Post) {
		for _, p := range posts {
			at[p.ID] = len(tr.posts)
			parent = tr.add(parent, p)
		}
	}
	grow(-1, t.Posts)
	for _, b := range t.Branches {
		grow(at[b.After], b.Posts)
	}
	out.Posts, out.Branches = tr.layOut(postID)
	return out
}

// graph is a conversation by its reply links. Indexes point into posts.
type graph struct {
	posts    []Post
	byID     map[string]int
	parent   []int   // -1 where the parent is not held
	children [][]int // in the order in which the source gave them
}

// newGraph takes each post once; what can be read wins over a gap. It finds
// out whose the gaps are, and puts gaps where the author's posts reply to
// posts of their own that are not held.
func newGraph(c *Conversation) *graph {
	g := &graph{byID: make(map[string]int, len(c.Posts)), posts: make([]Post, 0, len(c.Posts))}
	for i := range c.Posts {
		p := &c.Posts[i]
		at, held := g.byID[p.ID]
		switch {
		case p.ID == "":
		case !held:
			g.add(p)
		case g.posts[at].Gap != nil && p.Gap == nil:
			g.posts[at] = *p
		}
	}
	for i := range g.posts { // the range ends where the gaps begin that it adds
		p := &g.posts[i]
		if p.Gap != nil || p.AuthorID == "" || p.ParentAuthorID != p.AuthorID || p.ParentID == "" {
			continue
		}
		up, held := g.byID[p.ParentID]
		if !held {
			g.add(&Post{ID: p.ParentID, AuthorID: p.AuthorID, RootID: p.RootID, Gap: &Gap{Reason: GapUnknown}})
		} else if q := &g.posts[up]; q.Gap != nil && q.AuthorID == "" {
			q.AuthorID, q.RootID = p.AuthorID, p.RootID
		}
	}
	g.parent = make([]int, len(g.posts))
	g.children = make([][]int, len(g.posts))
	for i := range g.posts {
		g.parent[i] = -1
		if up, held := g.byID[g.posts[i].ParentID]; held && up != i {
			g.parent[i] = up
			g.children[up] = append(g.children[up], i)
		}
	}
	g.nameGaps(c.ChainOnly)
	return g
}

func (g *graph) add(p *Post) {
	g.byID[p.ID] = len(g.posts)
	g.posts = append(g.posts, *p)
}

// nameGaps gives gaps an author where reply links leave no doubt: the posts
// above and below are one author's. A service that shows nothing but the
// author's chain leaves no doubt below the last post either.
func (g *graph) nameGaps(chainOnly bool) {
	nameless := func(i int) bool { return i >= 0 && g.posts[i].Gap != nil && g.posts[i].AuthorID == "" }
	tried := make([]bool, len(g.posts))
	for i := range g.posts {
		author := g.posts[i].AuthorID
		if author == "" {
			if up := g.parent[i]; chainOnly && len(g.children[i]) == 0 && up >= 0 {
				g.posts[i].AuthorID = g.posts[up].AuthorID
			}
			continue
		}
		up := g.parent[i]
		for nameless(up) && !tried[up] {
			tried[up] = true
			up = g.parent[up]
		}
		if up < 0 || g.posts[up].AuthorID != author {
			continue
		}
		for gap := g.parent[i]; nameless(gap); gap = g.parent[gap] {
			g.posts[gap].AuthorID = author
		}
	}
}

// head finds where the thread that the asked post stands for begins.
func (g *graph) head(asked int) int {
	if g.posts[asked].AuthorID == "" {
		for _, c := range g.children[asked] {
			if g.posts[c].AuthorID != "" {
				asked = c // a post that is gone stands for what hangs below it
				break
			}
		}
	}
	for visited := map[int]bool{}; ; {
		head := g.climb(asked)
		up := g.parent[head]
		// The asked post is part of a thread of its own, or there is nobody
		// whose thread it could answer.
		if head != asked || visited[head] || g.continues(head) || up < 0 || g.posts[up].Gap != nil || g.posts[up].AuthorID == "" {
			return g.rooted(head)
		}
		visited[head] = true
		asked = up // a lone answer: the thread it answers is meant
	}
}

// climb goes up from a post as long as the author replies to themselves.
func (g *graph) climb(i int) int {
	author := g.posts[i].AuthorID
	for visited := map[int]bool{i: true}; ; visited[i] = true {
		up := g.parent[i]
		if up < 0 || visited[up] || g.posts[up].AuthorID != author {
			return i
		}
		i = up
	}
}

// continues tells whether the author goes on below a post.
func (g *graph) continues(i int) bool {
	return slices.ContainsFunc(g.children[i], func(c int) bool { return g.posts[c].AuthorID == g.posts[i].AuthorID })
}

// rooted goes on from a head that is a gap to the root of the conversation,
// when that is known to be the same author's.
func (g *graph) rooted(head int) int {
	h := &g.posts[head]
	root, held := g.byID[h.RootID]
	if h.Gap != nil && g.parent[head] < 0 && held && g.posts[root].AuthorID == h.AuthorID && g.climb(root) == root {
		return root
	}
	return head
}

// members collects what the author of a post replied to themselves below it,
// parents before children.
func (g *graph) members(head int) *tree {
	t := &tree{}
	type step struct{ node, parent int }
	taken := map[int]bool{head: true}
	for queue := []step{{head, -1}}; len(queue) > 0; queue = queue[1:] {
		s := queue[0]
		at := t.add(s.parent, g.posts[s.node])
		for _, c := range g.children[s.node] {
			if g.posts[c].AuthorID == g.posts[head].AuthorID && !taken[c] {
				taken[c] = true
				queue = append(queue, step{c, at})
			}
		}
	}
	return t
}

// orphans finds the author's gaps of the same conversation that hang nowhere,
// each with the posts below it: what a deleted post has cut off.
func (g *graph) orphans(head int, own *tree) []*tree {
	h := &g.posts[head]
	held := make(map[string]bool, len(own.posts))
	for i := range own.posts {
		held[own.posts[i].ID] = true
	}
	var found []*tree
	for i := range g.posts {
		p := &g.posts[i]
		if p.Gap == nil || g.parent[i] >= 0 || held[p.ID] || p.AuthorID != h.AuthorID || p.RootID != h.ID {
			continue
		}
		if t := g.members(i); len(t.posts) > 1 {
			found = append(found, t)
		}
	}
	return found
}

// answered describes the post of somebody else that the head replies to.
func (g *graph) answered(head int, authors map[string]Author) *Quote {
	up := g.parent[head]
	if up < 0 || g.posts[up].AuthorID == g.posts[head].AuthorID {
		return nil // of the author's own: a circle
	}
	p := &g.posts[up]
	if p.Gap != nil {
		return &Quote{URL: p.URL, Gap: p.Gap}
	}
	return &Quote{
		URL: p.URL, Author: authors[p.AuthorID], Text: p.Text, Facets: p.Facets, Media: p.Media,
		Card: p.Card, At: p.At, Warning: p.Warning, Sensitive: p.Sensitive,
	}
}
