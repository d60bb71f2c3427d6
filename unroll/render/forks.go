package render

import "unrollbot/unroll"

// forks finds the side branches of a thread by the post they fork from.
type forks struct {
	byPost map[string][]*unroll.Branch
	sizes  map[*unroll.Branch]int
	orphan []*unroll.Branch
}

func newForks(t *unroll.Thread) forks {
	if len(t.Branches) == 0 {
		return forks{}
	}
	f := forks{
		byPost: make(map[string][]*unroll.Branch, len(t.Branches)),
		sizes:  make(map[*unroll.Branch]int, len(t.Branches)),
	}
	in := make(map[string]*unroll.Branch) // by post ID; nil for the main chain
	for i := range t.Posts {
		in[t.Posts[i].ID] = nil
	}
	for i := range t.Branches {
		b := &t.Branches[i]
		f.byPost[b.After] = append(f.byPost[b.After], b)
		f.sizes[b] = present(b.Posts)
		if _, ok := in[b.After]; !ok {
			f.orphan = append(f.orphan, b)
		}
		for j := range b.Posts {
			in[b.Posts[j].ID] = b
		}
	}
	for i := len(t.Branches) - 1; i > 0; i-- { // a branch stands after the one it forks from
		b := &t.Branches[i]
		if parent := in[b.After]; parent != nil && parent != b {
			f.sizes[parent] += f.sizes[b]
		}
	}
	return f
}

// at returns the branches whose first post replies to the post.
func (f forks) at(postID string) []*unroll.Branch { return f.byPost[postID] }

// lost returns the branches that fork from a post that is neither in the
// main chain nor in a branch before them.
func (f forks) lost() []*unroll.Branch { return f.orphan }

// size counts the posts of a branch and of the branches that fork from it,
// without gaps.
func (f forks) size(b *unroll.Branch) int { return f.sizes[b] }

// present counts posts that are not gaps.
func present(posts []unroll.Post) int {
	n := 0
	for i := range posts {
		if posts[i].Gap == nil {
			n++
		}
	}
	return n
}
