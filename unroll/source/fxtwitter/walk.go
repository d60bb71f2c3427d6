package fxtwitter

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/xpost"
)

// walk gathers a conversation from one or more answers and finds out where
// the service has to be asked again.
type walk struct {
	conv    unroll.Conversation
	at      map[string]int      // index in conv.Posts by ID
	replies map[string][]string // IDs of the posts held that reply to a post
	parents map[string]string   // handle of the parent's author, by post ID
	asked   map[string]bool     // IDs that the service was asked for
	gaps    []*gap              // that stand in lists
}

// gap is a missing post. The service lists the root right above the gap that
// its way up ended at; what lies between them shows from above only.
type gap struct {
	id     string
	joined bool // what lies above was asked for
}

// step is one more call, and the post it was decided at.
type step struct {
	ask  string // "" when there is nothing left to ask
	from string
}

func newWalk(first *envelope) *walk {
	w := &walk{
		conv: unroll.Conversation{
			Asked:     first.Status.ID,
			Ref:       unroll.Ref{Network: unroll.X, ID: first.Status.ID},
			Authors:   make(map[string]unroll.Author),
			Source:    Name,
			Replies:   make(map[string]int),
			ChainOnly: true,
			Seen:      make(map[string]bool),
		},
		at:      make(map[string]int),
		replies: make(map[string][]string),
		parents: make(map[string]string),
		asked:   make(map[string]bool),
	}
	w.add(first)
	w.settle(first)
	return w
}

func (w *walk) has(id string) bool { _, ok := w.at[id]; return ok }

// post gives a post that can be read.
func (w *walk) post(id string) (*unroll.Post, bool) {
	i, ok := w.at[id]
	if !ok || w.conv.Posts[i].Gap != nil {
		return nil, false
	}
	return &w.conv.Posts[i], true
}

// add takes what an answer shows. Its thread runs from the first post to the
// last and may name posts twice.
func (w *walk) add(env *envelope) {
	list := slices.DeleteFunc(slices.Clone(env.Thread), func(s *status) bool { return s == nil })
	i := slices.IndexFunc(list, func(s *status) bool { return s.ID == env.Status.ID })
	if i < 0 {
		list = append(list, env.Status)
	} else {
		list[i] = env.Status // the fuller of the two: only it has an article's body for certain
	}
	here := make(map[string]bool, len(list))
	for _, s := range list {
		here[s.ID] = !s.isGap()
	}
	above := ""
	for i, s := range list {
		if s.isGap() {
			id := s.ID
			// What the post below replies to is what is missing here.
			if i+1 < len(list) && !list[i+1].isGap() {
				if to := list[i+1].ReplyingTo; to != nil && !here[to.Status] {
					id = cmp.Or(to.Status, id)
				}
			}
			w.miss(id, above, gapOf(s.Reason))
			above = id
		} else if w.take(s) {
			above = s.ID
		}
	}
}

func (w *walk) miss(id, above string, why unroll.GapReason) {
	if !xpost.ValidID(id) || w.has(id) {
		return
	}
	w.put(unroll.Post{ID: id, URL: xpost.StatusURL("i", id), ParentID: above, Gap: &unroll.Gap{Reason: why}})
	w.gaps = append(w.gaps, &gap{id: id})
}

// above gives the ID of the post above a gap, as far as known.
func (w *walk) above(g *gap) string { return w.conv.Posts[w.at[g.id]].ParentID }

// endsAtGap tells whether a gap hangs below a post.
func (w *walk) endsAtGap(id string) bool {
	return slices.ContainsFunc(w.gaps, func(g *gap) bool { return w.above(g) == id })
}

// take adds a post unless it has no id or no author.
func (w *walk) take(s *status) bool {
	who := toAuthor(s.Author)
	if !xpost.ValidID(s.ID) || who.ID == "" || who.Handle == "" {
		return false
	}
	if _, ok := w.post(s.ID); ok {
		return true
	}
	w.put(toPost(s))
	w.conv.Authors[who.ID] = who
	if s.Replies != nil && *s.Replies >= 0 {
		w.conv.Replies[s.ID] = *s.Replies
	}
	if to := s.ReplyingTo; to != nil {
		w.parents[s.ID] = strings.ToLower(to.ScreenName)
	}
	return true
}

func (w *walk) put(p unroll.Post) {
	if p.Gap == nil {
		w.replies[p.ParentID] = append(w.replies[p.ParentID], p.ID)
	}
	if i, ok := w.at[p.ID]; ok {
		w.conv.Posts[i] = p
		return
	}
	w.at[p.ID] = len(w.conv.Posts)
	w.conv.Posts = append(w.conv.Posts, p)
}

// settle notes what an answer says about the end of a thread: asked for a
// post, the service shows what its author wrote below it.
func (w *walk) settle(env *envelope) {
	w.asked[env.Status.ID] = true
	if _, ok := w.post(env.Status.ID); !ok {
		return
	}
	if env.Thread == nil {
		w.conv.Cuts = append(w.conv.Cuts, unroll.Cut{After: env.Status.ID, Reason: unroll.CutNoThread})
		return
	}
	if len(w.below(env.Status.ID)) == 0 {
		w.conv.Seen[env.Status.ID] = true
	}
}

// next decides what to ask for. The thread wanted is the asked post's or,
// where that is a single answer to somebody, the one that it answers.
func (w *walk) next() step {
	if len(w.conv.Cuts) > 0 {
		return step{}
	}
	cur := w.conv.Asked
	for visited := map[string]bool{}; !visited[cur]; {
		visited[cur] = true
		p, ok := w.post(cur)
		if !ok {
			return step{}
		}
		if w.top(cur) != cur || len(w.below(cur)) > 0 {
			break
		}
		up, ok := w.post(p.ParentID)
		if !ok {
			break
		}
		if !w.asked[up.ID] {
			return step{ask: up.ID, from: up.ID}
		}
		cur = up.ID
	}
	head := w.top(cur)
	if p, ok := w.post(head); ok && xpost.ValidID(p.ParentID) && !w.has(p.ParentID) && !w.asked[p.ParentID] {
		return step{ask: p.ParentID, from: head}
	}
	for _, g := range w.gaps {
		if up, ok := w.post(w.above(g)); ok && !g.joined && len(w.replies[g.id]) > 0 && !w.asked[up.ID] {
			return step{ask: up.ID, from: up.ID}
		}
	}
	for _, id := range w.ends(head) {
		p, ok := w.post(id)
		if !ok || w.asked[id] || w.endsAtGap(id) {
			continue
		}
		if n, known := w.conv.Replies[id]; !known || n > 0 || xpost.PromisesMore(p.Text) {
			return step{ask: id, from: id}
		}
	}
	return step{}
}

// took takes the answer to a step, and tells whether to go on.
func (w *walk) took(s step, env *envelope, err error) bool {
	w.asked[s.ask] = true
	switch kind := unroll.KindOf(err); {
	case err == nil:
		w.add(env)
		w.settle(env)
		for _, g := range w.gaps {
			if _, shown := w.post(g.id); !shown && w.above(g) == s.ask {
				ends := w.ends(s.ask) // the last is the farthest down
				w.conv.Posts[w.at[g.id]].ParentID = ends[len(ends)-1]
				g.joined = true
			}
		}
		return true
	case s.ask != s.from: // what the first post replies to
		var gone tombstone
		switch {
		case errors.As(err, &gone):
			w.miss(s.ask, "", unroll.GapReason(gone))
		case kind == unroll.KindPrivate:
			w.miss(s.ask, "", unroll.GapPrivate)
		case kind == unroll.KindNotFound:
			w.miss(s.ask, "", unroll.GapUnknown)
		}
		return true // else the thread goes without its beginning, and shows it
	default:
		w.cut(s, unroll.CutFailed)
		return false
	}
}

func (w *walk) cut(s step, why unroll.CutReason) {
	w.conv.Cuts = append(w.conv.Cuts, unroll.Cut{After: s.from, Reason: why})
}

// top climbs from a post as long as the author replies to themselves.
func (w *walk) top(id string) string {
	for visited := map[string]bool{}; !visited[id]; {
		visited[id] = true
		p, ok := w.post(id)
		if !ok {
			return id
		}
		up, ok := w.post(p.ParentID)
		if !ok || up.AuthorID != p.AuthorID || visited[up.ID] {
			return id
		}
		id = up.ID
	}
	return id
}

// below gives the replies of a post's author to it.
func (w *walk) below(id string) []string {
	p, ok := w.post(id)
	if !ok {
		return nil
	}
	var ids []string
	for _, reply := range w.replies[id] {
		if q, ok := w.post(reply); ok && q.AuthorID == p.AuthorID && reply != id {
			ids = append(ids, reply)
		}
	}
	return ids
}

// ends gives the posts at which the author's chains below a post end.
func (w *walk) ends(id string) []string {
	var ends []string
	visited := map[string]bool{}
	for todo := []string{id}; len(todo) > 0; {
		id, todo = todo[0], todo[1:]
		if visited[id] {
			continue
		}
		visited[id] = true
		more := w.below(id)
		if len(more) == 0 {
			ends = append(ends, id)
		}
		todo = append(todo, more...)
	}
	return ends
}

// finish completes the reply links: X names a parent's author by handle only,
// which says who it is as far as this very answer shows that handle.
func (w *walk) finish() unroll.Conversation {
	byHandle := make(map[string]string, len(w.conv.Authors))
	for id, a := range w.conv.Authors {
		byHandle[strings.ToLower(a.Handle)] = id
	}
	for i := range w.conv.Posts {
		p := &w.conv.Posts[i]
		if up, ok := w.post(p.ParentID); ok {
			p.ParentAuthorID = up.AuthorID
		} else {
			p.ParentAuthorID = byHandle[w.parents[p.ID]]
		}
	}
	w.conv.FetchedAt = time.Now()
	return w.conv
}
