package render

import "unrollbot/unroll"

// forks finds the side branches of a thread by the post they fork from.
type forks struct {
	byPost map[string][]*unroll.Branch
	thread *unroll.Thread
}

func newForks(t *unroll.Thread) forks {
	f := forks{thread: t}
	if len(t.Branches) == 0 {
		return f
	}
	f.byPost = make(map[string][]*unroll.Branch, len(t.Branches))
	for i := range t.Branches {
		b := &t.Branches[i]
		f.byPost[b.After] = append(f.byPost[b.After], b)
	}
	return f
}

// at returns the branches whose first post replies to the post.
func (f forks) at(postID string) []*unroll.Branch { return f.byPost[postID] }

// lost returns the branches that fork from a post the thread does not hold.
func (f forks) lost() []*unroll.Branch {
	if len(f.byPost) == 0 {
		return nil
	}
	held := make(map[string]bool)
	for p := range f.thread.All {
		held[p.ID] = true
	}
	var out []*unroll.Branch
	for i := range f.thread.Branches {
		if b := &f.thread.Branches[i]; !held[b.After] {
			out = append(out, b)
		}
	}
	return out
}

// size counts the posts of a branch and of the branches that fork from it,
// without gaps.
func (f forks) size(b *unroll.Branch) int {
	seen := map[*unroll.Branch]bool{b: true}
	n := 0
	for todo := []*unroll.Branch{b}; len(todo) > 0; {
		b, todo = todo[len(todo)-1], todo[:len(todo)-1]
		for i := range b.Posts {
			if b.Posts[i].Gap == nil {
				n++
			}
			for _, sub := range f.byPost[b.Posts[i].ID] {
				if !seen[sub] {
					seen[sub] = true
					todo = append(todo, sub)
				}
			}
		}
	}
	return n
}
