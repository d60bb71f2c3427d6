package xapi

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/source/xpost"
)

// walk gathers one conversation. Posts are held under the ID of their current
// version; every other version's ID leads there.
type walk struct {
	src    *Source
	ref    string         // as linked
	before *unroll.Thread // the thread as it is held, nil where nothing is
	asked  string
	root   string // the conversation's

	posts   map[string]*held
	order   []string
	newer   map[string]string           // an old version's ID to a newer one's
	gone    map[string]unroll.GapReason // posts that cannot be read, and why
	sought  map[string]bool             // IDs that were looked up
	authors map[string]unroll.Author
	read    map[string]bool // authors whose posts were searched
	whole   map[string]bool // and all of them found

	calls   int
	paid    int              // posts
	billed  map[string]bool  // posts and accounts of this thread that were paid
	author  string           // whose thread it turned out to be
	why     unroll.CutReason // why reading stopped, if it did
	failure error            // of the call at which it did
}

// held is a post and what else an answer said of it.
type held struct {
	post    unroll.Post
	quotes  string // ID of the quoted post
	reposts string
	replies int  // the service's count, -1 where it gave none
	asked   bool // it was asked for, not brought along by another
	version int  // place in the post's history
	stale   bool // a newer version is known
	found   bool // by search
}

func newWalk(s *Source, ref string) *walk {
	return &walk{
		src: s, ref: ref,
		posts: make(map[string]*held), newer: make(map[string]string), gone: make(map[string]unroll.GapReason),
		sought: make(map[string]bool), authors: make(map[string]unroll.Author),
		read: make(map[string]bool), whole: make(map[string]bool), billed: make(map[string]bool),
	}
}

// current gives the ID under which any version of a post is held.
func (w *walk) current(id string) string {
	for w.newer[id] != "" {
		id = w.newer[id]
	}
	return id
}

func (w *walk) get(id string) *held { return w.posts[w.current(id)] }

// known tells whether there is nothing more to learn about a post.
func (w *walk) known(id string) bool {
	_, gone := w.gone[id]
	h := w.get(id)
	return gone || w.sought[id] || h != nil && !h.stale
}

// take takes everything an answer has.
func (w *walk) take(a *answer) {
	for _, u := range a.Includes.Users {
		if who, ok := toAuthor(u); ok {
			w.authors[who.ID] = who
		}
	}
	with := newParts(&a.Includes)
	for _, p := range a.Data {
		w.put(p, with, true)
	}
	for _, p := range slices.Concat(a.Includes.Tweets, a.Includes.Posts) {
		w.put(p, with, false)
	}
	for i := range a.Errors {
		e := &a.Errors[i]
		if id := e.about(); e.Resource != "user" && xpost.ValidID(id) && w.get(id) == nil {
			w.gone[id] = e.gap()
		}
	}
}

func (w *walk) put(p *post, with parts, asked bool) {
	if p == nil || !xpost.ValidID(p.ID) || !xpost.ValidID(p.AuthorID) {
		return
	}
	id, version, latest := w.join(p)
	delete(w.gone, p.ID)
	delete(w.gone, id)
	h := &held{
		quotes: p.refers("quoted"), reposts: p.refers("retweeted"), replies: -1,
		asked: asked, version: version, stale: version < latest,
	}
	if m := p.Metrics; m != nil && m.Replies != nil {
		h.replies = max(*m.Replies, 0)
	}
	old := w.posts[id]
	if old != nil && (old.version > version || old.version == version && (old.asked || !asked)) {
		return
	}
	if old == nil {
		w.order = append(w.order, id)
	}
	h.post = with.convert(p, id)
	w.posts[id] = h
}

// mostVersions is far above the five edits that X allows.
const mostVersions = 20

// join makes all versions of a post lead to one ID, and tells which of them p
// is and which is the last.
func (w *walk) join(p *post) (id string, version, latest int) {
	all := slices.DeleteFunc(slices.Clone(p.versions()), func(v string) bool { return !xpost.ValidID(v) })
	if len(all) > mostVersions || !slices.Contains(all, p.ID) {
		all = []string{p.ID}
	}
	latest = len(all) - 1
	id = w.current(all[latest])
	for _, v := range all {
		old := w.current(v)
		if old == id {
			continue
		}
		w.newer[old] = id
		if h := w.posts[old]; h != nil {
			delete(w.posts, old)
			w.order = slices.DeleteFunc(w.order, func(o string) bool { return o == old })
			if w.posts[id] == nil {
				h.post.ID, h.stale = id, true
				w.posts[id], w.order = h, append(w.order, id)
			}
		}
	}
	return id, slices.Index(all, p.ID), latest
}

// parent gives the ID of the post above, "" at the top.
func (h *held) parent(w *walk) string { return w.current(h.post.ParentID) }

// continues tells whether a post replies to one of its own author.
func (w *walk) continues(h *held) bool {
	if up := w.get(h.post.ParentID); up != nil {
		return up.post.AuthorID == h.post.AuthorID && up != h
	}
	return h.post.ParentID != "" && h.post.ParentAuthorID == h.post.AuthorID
}

// inside tells whether a post is of the conversation.
func (w *walk) inside(h *held) bool { return w.current(h.post.RootID) == w.current(w.root) }

// top climbs from a post as long as its author replies to themselves, to the
// first that does not, or the first that is not held. It keeps in tops what
// it finds on the way.
func (w *walk) top(id string, tops map[string]string) string {
	id = w.current(id)
	var way []string
	for tops[id] == "" {
		tops[id] = id // ends a circle
		way = append(way, id)
		h := w.posts[id]
		if h == nil || !w.continues(h) {
			break
		}
		id = h.parent(w)
	}
	for _, below := range way {
		tops[below] = tops[id]
	}
	return tops[id]
}

// below tells whether the author of a post goes on below it.
func (w *walk) below(id string) bool {
	id = w.current(id)
	for _, h := range w.posts {
		if w.continues(h) && h.parent(w) == id && h.post.ID != id {
			return true
		}
	}
	return false
}

// headless tells whether the way up from a post ends at one that is gone. Its
// thread is then taken for a part of the one that the conversation began with,
// if that is the author's.
func (w *walk) headless(id string) bool {
	_, gone := w.gone[w.top(id, make(map[string]string))]
	return gone
}

// members gives the posts of the thread that a post belongs to, in the order
// of their IDs, which is that of their times.
func (w *walk) members(of, author string) []*held {
	tops := make(map[string]string, len(w.order))
	if root := w.get(w.root); root != nil && root.post.AuthorID == author {
		for gone := range w.gone {
			tops[gone] = root.post.ID
		}
	}
	top := w.top(of, tops)
	var all []*held
	for _, id := range w.order {
		if h := w.posts[id]; h.post.AuthorID == author && w.inside(h) && w.top(id, tops) == top {
			all = append(all, h)
		}
	}
	slices.SortStableFunc(all, func(a, b *held) int { return compareIDs(a.post.ID, b.post.ID) })
	return all
}

func compareIDs(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }

// finish gives what was found, with quotes, gaps and addresses in place.
func (w *walk) finish() (unroll.Conversation, error) {
	w.asked, w.root = w.current(w.asked), w.current(w.root)
	c := unroll.Conversation{
		Asked: w.asked, Ref: unroll.Ref{Network: unroll.X, ID: w.asked},
		Authors: w.authors, Source: Name, FetchedAt: w.src.cfg.Now(),
		Replies: make(map[string]int), Seen: make(map[string]bool),
	}
	for author := range w.whole {
		w.whole[author] = w.proven(author)
	}
	missing := make(map[string]bool)
	for _, id := range w.order {
		h := w.posts[id]
		who, known := w.authors[h.post.AuthorID]
		if !w.inside(h) && id != w.asked || !known {
			continue
		}
		p := h.post
		p.URL = xpost.StatusURL(who.Handle, id)
		p.RootID, p.ParentID = w.root, w.current(p.ParentID)
		if up := w.posts[p.ParentID]; up != nil {
			p.ParentAuthorID = up.post.AuthorID
		} else if gap, gone := w.gone[p.ParentID]; gone && !missing[p.ParentID] {
			missing[p.ParentID] = true
			c.Posts = append(c.Posts, unroll.Post{
				ID: p.ParentID, URL: xpost.StatusURL("i", p.ParentID), AuthorID: p.ParentAuthorID,
				RootID: w.root, Gap: &unroll.Gap{Reason: gap},
			})
		}
		if p.Gap == nil {
			p.Quote = w.quote(h.quotes)
		}
		c.Posts = append(c.Posts, p)
		if h.replies >= 0 {
			c.Replies[id] = h.replies
		}
		if w.whole[p.AuthorID] {
			c.Seen[id] = true
		}
	}
	slices.SortFunc(c.Posts, func(a, b unroll.Post) int { return compareIDs(a.ID, b.ID) })
	if !slices.ContainsFunc(c.Posts, func(p unroll.Post) bool { return p.ID == w.asked }) {
		return c, fail(unroll.KindUpstream, op("post", w.ref), errors.New("a post without an author"))
	}
	w.cut(&c)
	return c, nil
}

// proven tells whether a search has found all that an author wrote in the
// conversation: it ended by itself, and did not miss what is known from
// elsewhere. The first post is no reply, which is what is searched for.
func (w *walk) proven(author string) bool {
	if !w.whole[author] {
		return false
	}
	for id, h := range w.posts {
		if h.post.AuthorID == author && w.inside(h) && !h.found && h.post.Gap == nil && id != w.current(w.root) {
			return false
		}
	}
	return true
}

// cut marks where reading ended before the thread may have.
func (w *walk) cut(c *unroll.Conversation) {
	why := w.why
	if why == "" && w.read[w.author] && !w.whole[w.author] {
		why = unroll.CutLimit
	}
	if why == "" {
		return
	}
	after := w.asked
	for _, h := range w.members(w.asked, w.author) {
		if slices.ContainsFunc(c.Posts, func(p unroll.Post) bool { return p.ID == h.post.ID }) {
			after = h.post.ID
		}
	}
	c.Cuts = append(c.Cuts, unroll.Cut{After: after, Reason: why})
}

// quote shows a post inside another, without what that one quotes.
func (w *walk) quote(id string) *unroll.Quote {
	if !xpost.ValidID(id) {
		return nil
	}
	h := w.get(id)
	if h == nil {
		q := &unroll.Quote{URL: xpost.StatusURL("i", id), Gap: &unroll.Gap{Reason: unroll.GapUnknown}}
		if gap, ok := w.gone[id]; ok {
			q.Gap.Reason = gap
		}
		return q
	}
	p := &h.post
	who, known := w.authors[p.AuthorID]
	if p.Gap != nil || !known {
		return &unroll.Quote{URL: xpost.StatusURL("i", p.ID), Gap: cmp.Or(p.Gap, &unroll.Gap{Reason: unroll.GapUnknown})}
	}
	return &unroll.Quote{
		URL: xpost.StatusURL(who.Handle, p.ID), Author: who, Text: p.Text, Facets: p.Facets, Media: p.Media,
		At: p.At, Sensitive: p.Sensitive,
	}
}

// do does one call within the bounds of a thread and of the budget; size is
// how many posts the call wants. Once one has failed, none follows.
func (w *walk) do(ctx context.Context, c *call, size int) (*answer, error) {
	if w.why != "" {
		return nil, w.failure
	}
	stop := func(why unroll.CutReason, err error) (*answer, error) {
		w.why, w.failure = why, err
		return nil, err
	}
	least, most := c.endpoint.page()
	size = min(size, most, w.src.cfg.MaxPosts-w.paid)
	if w.calls >= w.src.cfg.MaxCalls || size <= 0 {
		return stop(unroll.CutBudget, fail(unroll.KindTooLarge, c.op, errors.New("a thread of too many posts or calls")))
	}
	can, wait := w.src.purse.left(ctx, size)
	if can == 0 {
		e := fail(unroll.KindRateLimited, c.op, errors.New("the month's budget for X is used up"))
		e.RetryAfter = wait
		return stop(unroll.CutBudget, e)
	}
	if c.endpoint != lookup {
		c.params["max_results"] = strconv.Itoa(max(can, least))
	}
	w.calls++
	a, err := w.src.ask(ctx, c)
	if err != nil {
		if forbidden := (*forbiddenError)(nil); c.endpoint == searchAll && errors.As(err, &forbidden) {
			return nil, err // there are other ways
		}
		return stop(unroll.CutFailed, err)
	}
	w.bill(ctx, c.endpoint, a)
	w.take(a)
	return a, nil
}

// bill books what an answer costs: every post and account in it, also what it
// brought along, but each only once.
func (w *walk) bill(ctx context.Context, e endpoint, a *answer) {
	once := func(what string) int64 {
		if w.billed[what] {
			return 0
		}
		w.billed[what] = true
		return 1
	}
	var posts, users int64
	for _, p := range slices.Concat(a.Data, a.Includes.Tweets, a.Includes.Posts) {
		if p != nil {
			posts += once("post " + p.ID)
		}
	}
	for _, u := range a.Includes.Users {
		users += once("user " + u.ID)
	}
	w.paid += int(posts)
	cost := tally{Posts: posts, Micros: posts*w.src.cfg.PostMicros + users*w.src.cfg.UserMicros}
	w.src.purse.spend(ctx, cost)
	w.src.cfg.Observe(string(e), int(cost.Posts), cost.Micros)
}
