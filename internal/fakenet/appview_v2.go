package fakenet

import (
	"slices"

	"unrollbot/unroll"
)

// threadV2 is app.bsky.unspecced.getPostThreadV2 (recorded answers of November
// 2026): the posts around an anchor as a flat list, each with its depth, and
// how far the author's thread goes.
func (c *bskyCall) threadV2() (object, *xrpcError) {
	uri := c.param("anchor")
	p, err := c.find(uri)
	if err != nil {
		return nil, err
	}
	below, err := c.integer("below", 6, 0, 20)
	if err != nil {
		return nil, err
	}
	branching, err := c.integer("branchingFactor", 10, 0, 100)
	if err != nil {
		return nil, err
	}
	if p == nil || c.gap(p) != "" {
		item := object{"uri": uri, "depth": 0, "value": c.missingV2(p)}
		return object{"thread": []object{item}, "hasOtherReplies": false}, nil
	}
	l := listV2{bskyView: c.bskyView, line: c.opThread(p), sort: c.param("sort"), branching: branching, seen: map[string]bool{p.ID: true}}
	if c.param("above") != "false" {
		for i, up := range c.ancestors(p) {
			l.add(up, -1-i)
			if l.gap(up) != "" {
				break
			}
		}
		slices.Reverse(l.items)
	}
	l.add(p, 0)
	l.below(p, 1, below)
	return object{"thread": l.items, "hasOtherReplies": false}, nil
}

// missingV2 stands for a post that is not shown, or is not there.
func (c *bskyCall) missingV2(p *Post) object {
	if p != nil && c.gap(p) == unroll.GapBlocked {
		return object{"$type": "app.bsky.unspecced.defs#threadItemBlocked", "author": object{"did": DID(p.AuthorID)}}
	}
	return object{"$type": "app.bsky.unspecced.defs#threadItemNotFound"}
}

// opThread is the line of self-replies from the conversation's first post, the
// earliest reply at each fork. A post that is gone is on it as long as another
// one hangs below.
func (x *index) opThread(p *Post) []string {
	root := x.root(p)
	if x.gap(root) != "" {
		return nil
	}
	line := []string{root.ID}
	for at := root; ; {
		next := slices.IndexFunc(x.children[at.ID], func(q *Post) bool {
			return q.AuthorID == root.AuthorID && x.ownBelow(q, map[string]bool{root.ID: true})
		})
		if next < 0 {
			return line
		}
		at = x.children[at.ID][next]
		if slices.Contains(line, at.ID) {
			return line
		}
		line = append(line, at.ID)
	}
}

// ownBelow tells whether p or a self-reply somewhere below it can be read.
func (x *index) ownBelow(p *Post, seen map[string]bool) bool {
	if seen[p.ID] {
		return false
	}
	seen[p.ID] = true
	return x.gap(p) == "" || slices.ContainsFunc(x.children[p.ID], func(q *Post) bool {
		return q.AuthorID == p.AuthorID && x.ownBelow(q, seen)
	})
}

// listV2 collects the items of an answer.
type listV2 struct {
	bskyView
	line      []string
	sort      string
	branching int
	seen      map[string]bool
	items     []object
}

func (l *listV2) add(p *Post, depth int) {
	item := object{"uri": l.uriOf(p.ID), "depth": depth}
	l.items = append(l.items, item)
	switch a := l.author(p.AuthorID); {
	case l.gap(p) != "":
		item["value"] = object{"$type": "app.bsky.unspecced.defs#threadItemNotFound"}
		return
	case a.LoginOnly:
		item["value"] = object{"$type": "app.bsky.unspecced.defs#threadItemNoUnauthenticated"}
		return
	}
	value := object{
		"$type": "app.bsky.unspecced.defs#threadItemPost", "post": l.post(p), "moreParents": false, "moreReplies": 0,
		"opThread": false, "hiddenByThreadgate": false, "mutedByViewer": false,
	}
	if i := slices.Index(l.line, p.ID); i >= 0 {
		value["opThread"], value["opThreadPostIndex"], value["opThreadPostCount"] = true, i+1, len(l.line)
	}
	item["value"] = value
}

func (l *listV2) below(p *Post, depth, most int) {
	replies := slices.DeleteFunc(l.replies(p.ID), func(q *Post) bool { return l.seen[q.ID] })
	if l.sort != "oldest" {
		slices.Reverse(replies)
	}
	shown := replies[:min(len(replies), l.branching)]
	if depth > most {
		shown = nil
	}
	if value, ok := l.items[len(l.items)-1]["value"].(object); ok && value["post"] != nil {
		value["moreReplies"] = len(replies) - len(shown)
	}
	for _, q := range shown {
		l.seen[q.ID] = true
		l.add(q, depth)
		l.below(q, depth+1, most)
	}
}
