package bluesky

import (
	"context"
	"slices"

	"unrollbot/unroll"
)

// findHead goes up from the asked post to the first post of the thread that
// is meant, in the way [unroll.Assemble] does: up while the author replies to
// themselves; and from a lone answer to the thread it answers. Posts above
// that the AppView did not send are asked for.
func (r *reading) findHead(ctx context.Context, asked string) (head string) {
	visited := map[string]bool{}
	for at := asked; ; {
		head = r.climb(at)
		h := &r.posts[head].post
		lone := head == at && !visited[head] && !r.continues(head)
		if h.ParentID == "" || h.ParentID == head || !lone && h.ParentAuthorID != h.AuthorID {
			return head
		}
		up := r.posts[h.ParentID]
		if up == nil {
			// An AppView may send fewer posts above than there are, and none
			// where the root's author has hidden the asked reply.
			r.follow[h.ParentAuthorID] = true
			_ = r.read(ctx, h.ParentID, maxLevels, h)
			if u, ok := parsePost(postURI(r.ref.Sibling(h.ParentID))); ok {
				r.hold(gapPost(u, h, unroll.GapUnknown), true) // unless it came
			}
			continue
		}
		if visited[head] || up.post.Gap != nil && !r.shy[up.post.AuthorID] {
			return head
		}
		visited[head] = true
		at = h.ParentID
	}
}

// climb goes up as far as the author replies to themselves and posts are held.
func (r *reading) climb(id string) string {
	for visited := map[string]bool{id: true}; ; visited[id] = true {
		p := &r.posts[id].post
		up := r.posts[p.ParentID]
		if up == nil || visited[p.ParentID] || up.post.AuthorID != p.AuthorID {
			return id
		}
		id = p.ParentID
	}
}

// continues tells whether the author goes on below a post.
func (r *reading) continues(id string) bool {
	for _, other := range r.order {
		if p := &r.posts[other].post; p.ParentID == id && p.AuthorID == r.posts[id].post.AuthorID {
			return true
		}
	}
	return false
}

// joinRoot finds the beginning of a thread that is cut off by a deleted post.
// Which post stood above the deleted one is not known any more, but every
// reply names the root of its conversation: if that is the same author's, the
// thread begins there.
func (r *reading) joinRoot(ctx context.Context, head string) (top string) {
	h := &r.posts[head].post
	root := h.RootID
	if h.Gap == nil || h.ParentID != "" || root == "" || root == head || authorOf(root) != h.AuthorID {
		return head
	}
	if r.posts[root] == nil {
		_ = r.read(ctx, root, 0, h)
	}
	if r.posts[root] == nil || r.posts[root].post.AuthorID != h.AuthorID {
		return head
	}
	return root
}

// descend asks again at each of the author's posts below which the AppView
// stopped. The sign is a post with more replies than are held, of which none
// were shown: not an empty list but none (measured 2026-11). It works from
// the first post on, because an answer there may bring all the others.
func (r *reading) descend(ctx context.Context, top string) {
	for n := 0; ; n++ {
		children := r.children()
		own := r.own(top, children)
		i := slices.IndexFunc(own, func(id string) bool {
			return !r.anchored[id] && r.cutAt(r.posts[id], children[id]) != "" && !r.posts[id].overflow
		})
		if i < 0 {
			return
		}
		if n == patience && r.opens(top) {
			r.readFeed(ctx, top, false)
			continue
		}
		if err := r.read(ctx, own[i], 0, nil); err != nil && unroll.KindOf(err) != unroll.KindNotFound {
			return
		}
	}
}

// own lists the author's posts that hang together, parents first: those below
// the top, and then those below posts that are gone.
func (r *reading) own(top string, children map[string][]string) []string {
	did := r.posts[top].post.AuthorID
	var all []string
	taken := map[string]bool{}
	for _, head := range append([]string{top}, r.orphans(top)...) {
		if taken[head] {
			continue
		}
		taken[head] = true
		queue := []string{head}
		for i := 0; i < len(queue); i++ {
			for _, c := range children[queue[i]] {
				if !taken[c] && r.posts[c].post.AuthorID == did {
					taken[c] = true
					queue = append(queue, c)
				}
			}
		}
		all = append(all, queue...)
	}
	return all
}

// orphans lists the author's missing posts of the same conversation: what
// hangs below them belongs to the thread, wherever its place is.
func (r *reading) orphans(top string) []string {
	var gaps []string
	t := &r.posts[top].post
	for _, id := range r.order {
		p := &r.posts[id].post
		if id != top && p.Gap != nil && p.ParentID == "" && p.AuthorID == t.AuthorID && p.RootID == top {
			gaps = append(gaps, id)
		}
	}
	return gaps
}

// longest gives the longest line of the author's posts down from a post.
func (r *reading) longest(from string, children map[string][]string) []string {
	did := r.posts[from].post.AuthorID
	own := []string{from}
	parent := map[string]string{from: ""}
	for i := 0; i < len(own); i++ {
		for _, c := range children[own[i]] {
			if _, taken := parent[c]; !taken && r.posts[c].post.AuthorID == did {
				parent[c] = own[i]
				own = append(own, c)
			}
		}
	}
	// own is sorted by depth: its last post ends a longest line.
	var line []string
	for id := own[len(own)-1]; id != ""; id = parent[id] {
		line = append(line, id)
	}
	slices.Reverse(line)
	return line
}
