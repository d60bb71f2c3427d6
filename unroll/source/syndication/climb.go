package syndication

import (
	"errors"
	"slices"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/xpost"
)

// climb goes up from the asked post: through its author's posts, and first
// through single answers to others, because it is the thread they answer that
// is meant.
type climb struct {
	conv unroll.Conversation
	held map[string]bool
	top  *tweet // the highest post reached
	low  *tweet // the lowest one by the same author
	run  int    // how many of that author's posts lie from low to top
	root string // of the author's thread, where the service tells
}

func newClimb(first *tweet) *climb {
	c := &climb{
		conv: unroll.Conversation{
			Asked:   first.ID,
			Ref:     unroll.Ref{Network: unroll.X, ID: first.ID},
			Authors: make(map[string]unroll.Author),
			Source:  Name,
			Replies: make(map[string]int),
			// What lies beside the way up is out of sight.
			ChainOnly: true,
		},
		held: make(map[string]bool),
	}
	c.take(first)
	c.reach(first)
	return c
}

// take adds a post to the conversation.
func (c *climb) take(t *tweet) {
	p := toPost(t)
	c.conv.Posts = append(c.conv.Posts, p)
	c.conv.Authors[p.AuthorID] = toAuthor(t.User)
	c.held[t.ID] = true
	if n := t.replies(); n != nil && *n >= 0 {
		c.conv.Replies[t.ID] = *n
	}
}

// join takes the parent of the highest post. It may be a later version of the
// post that was replied to.
func (c *climb) join(parent *tweet) {
	i := slices.IndexFunc(c.conv.Posts, func(p unroll.Post) bool { return p.ID == c.top.ID })
	c.conv.Posts[i].ParentID = parent.ID
	c.conv.Posts[i].ParentAuthorID = parent.User.ID
	c.take(parent)
}

// reach makes t the highest post.
func (c *climb) reach(t *tweet) {
	if c.top == nil || c.top.User.ID != t.User.ID {
		c.low, c.run, c.root = t, 0, ""
	}
	c.run++
	c.top = t
	if xpost.ValidID(t.SelfThread.ID) {
		c.root = t.SelfThread.ID
	}
}

// up climbs as far as there are posts and ask gives them. Its only error is
// that whoever asked went away.
func (c *climb) up(ask func(id string) (*tweet, error)) error {
	for {
		to := c.top.ReplyTo
		if !xpost.ValidID(to) || c.held[to] {
			return nil
		}
		parent := c.top.Parent
		if parent != nil && (!parent.sound() || !parent.is(to) || c.held[parent.ID]) {
			parent = nil
		}
		if c.run > 1 && c.top.ReplyToUser != c.top.User.ID {
			if parent != nil {
				c.join(parent) // what the thread answers
			}
			return nil
		}
		if parent == nil || !parent.whole() {
			asked, err := ask(to)
			switch gap, gone := gapOf(err); {
			case err == nil && c.held[asked.ID]:
				return nil
			case err == nil:
				parent = asked
			case unroll.KindOf(err) == unroll.KindCanceled:
				return err
			case parent != nil: // what came along is more than nothing
			case gone:
				return c.pass(to, gap, ask)
			default:
				return nil
			}
		}
		c.join(parent)
		c.reach(parent)
	}
}

// pass puts a gap where a post is gone, and gets the root from above it. What
// lies between them stays unknown.
func (c *climb) pass(id string, why unroll.GapReason, ask func(id string) (*tweet, error)) error {
	c.conv.Posts = append(c.conv.Posts, unroll.Post{ID: id, URL: xpost.StatusURL("i", id), Gap: &unroll.Gap{Reason: why}})
	c.held[id] = true
	if c.root == "" || c.held[c.root] || c.top.ReplyToUser != c.top.User.ID {
		return nil
	}
	root, err := ask(c.root)
	switch {
	case unroll.KindOf(err) == unroll.KindCanceled:
		return err
	case err == nil && !c.held[root.ID]:
		c.take(root)
	}
	return nil
}

// gapOf tells whether an error is about the post rather than the service.
func gapOf(err error) (unroll.GapReason, bool) {
	var n notice
	switch {
	case errors.As(err, &n):
		return n.gap, true
	case unroll.KindOf(err) == unroll.KindNotFound:
		return unroll.GapUnknown, true
	default:
		return "", false
	}
}

// finish notes that nobody looked below the lowest post, unless it has no
// replies at all.
func (c *climb) finish() unroll.Conversation {
	n, known := c.conv.Replies[c.low.ID]
	if !known || n > 0 || xpost.PromisesMore(c.low.Text) {
		c.conv.Cuts = append(c.conv.Cuts, unroll.Cut{After: c.low.ID, Reason: unroll.CutNoThread})
	}
	c.conv.FetchedAt = time.Now()
	return c.conv
}
