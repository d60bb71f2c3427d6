package unroll

import (
	"cmp"
	"slices"
)

// tree holds posts of one thread under one root at index 0. Parents always
// stand before their children, so a walk backwards meets children first.
type tree struct {
	posts  []Post
	parent []int // -1 for the root
}

func (t *tree) add(parent int, p Post) int {
	t.posts = append(t.posts, p)
	t.parent = append(t.parent, parent)
	return len(t.posts) - 1
}

// graft hangs another tree below a node.
func (t *tree) graft(below int, other *tree) {
	offset := len(t.posts)
	for i, p := range other.posts {
		parent := below
		if other.parent[i] >= 0 {
			parent = other.parent[i] + offset
		}
		t.add(parent, p)
	}
}

// adopt joins chains whose place is not known, because the posts above them
// are gone: each hangs below the last post of the main chain that is not
// later than it. The times only choose the place; that the posts belong is
// decided before.
func (t *tree) adopt(orphans []*tree) {
	slices.SortStableFunc(orphans, func(a, b *tree) int { return earlier(&a.posts[1], &b.posts[1]) })
	for _, o := range orphans {
		main := t.path("")
		below := main[0]
		for _, i := range main {
			if p := &t.posts[i]; p.Gap == nil && earlier(p, &o.posts[1]) <= 0 {
				below = i
			}
		}
		t.graft(below, o)
	}
}

// path gives the main chain's indexes from the root, through the post with
// the preferred ID if there is one.
func (t *tree) path(prefer string) []int {
	chains := t.chains(prefer)
	return chains[0].nodes
}

// chain is a line of posts, each replying to the one before. It hangs below
// the node after, -1 for the main chain.
type chain struct {
	after int
	nodes []int
}

// chains cuts the tree into chains: the main chain, then what forks off it in
// reply order, then what forks off those.
func (t *tree) chains(prefer string) []chain {
	children := make([][]int, len(t.posts))
	weight := make([]int, len(t.posts)) // most readable posts on a line downwards
	forced := make([]bool, len(t.posts))
	for i := len(t.posts) - 1; i >= 0; i-- {
		if t.posts[i].Gap == nil {
			weight[i]++
		}
		forced[i] = forced[i] || (prefer != "" && t.posts[i].ID == prefer)
		if up := t.parent[i]; up >= 0 {
			children[up] = append(children[up], i)
			forced[up] = forced[up] || forced[i]
			weight[up] = max(weight[up], weight[i]) // children are done before their parent
		}
	}
	first := func(a, b int) int {
		if forced[a] != forced[b] {
			if forced[a] {
				return -1
			}
			return 1
		}
		return cmp.Or(-cmp.Compare(weight[a], weight[b]), earlier(&t.posts[a], &t.posts[b]))
	}
	var all []chain
	for queue := []chain{{after: -1, nodes: []int{0}}}; len(queue) > 0; queue = queue[1:] {
		c := queue[0]
		for i := c.nodes[0]; len(children[i]) > 0; {
			kids := children[i]
			best := slices.MinFunc(kids, first)
			slices.SortStableFunc(kids, func(a, b int) int { return earlier(&t.posts[a], &t.posts[b]) })
			for _, k := range kids {
				if k != best {
					queue = append(queue, chain{after: i, nodes: []int{k}})
				}
			}
			c.nodes = append(c.nodes, best)
			i = best
		}
		all = append(all, c)
	}
	return all
}

// layOut gives the main chain and the branches as posts.
func (t *tree) layOut(prefer string) ([]Post, []Branch) {
	var main []Post
	var branches []Branch
	for _, c := range t.chains(prefer) {
		posts := make([]Post, len(c.nodes))
		for i, n := range c.nodes {
			posts[i] = t.posts[n]
		}
		if c.after < 0 {
			main = posts
			continue
		}
		branches = append(branches, Branch{After: t.posts[c.after].ID, Posts: posts})
	}
	return main, branches
}

// earlier orders siblings: by time where both have one, then by id, which
// grows with time on every network (a shorter number is a smaller one).
func earlier(a, b *Post) int {
	if !a.At.IsZero() && !b.At.IsZero() {
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
	}
	return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
}
