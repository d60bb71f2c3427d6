package xapi

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/xpost"
)

const (
	// recentDays is how far back every token may search (X API docs, search
	// posts, 2026-08). The margin covers the time that a search takes.
	recentDays   = 7 * 24 * time.Hour
	recentMargin = 10 * time.Minute

	// Where a thread has to be picked from its author's timeline: a stretch
	// of it, a silence that ends the search, and how long after the first
	// post a linked one counts as written in one go.
	stretch = 6 * time.Hour
	silence = 3 * time.Hour
	oneGo   = 24 * time.Hour
)

// open looks the linked post up, and the original where it is a repost. It
// fails when there is no post to show.
func (w *walk) open(ctx context.Context, id string) error {
	for range 2 {
		if err := w.lookUp(ctx, id); err != nil {
			return err
		}
		h := w.get(id)
		if gap, gone := w.gone[id]; h == nil && gone {
			return fail(kindOf(gap), op("post", w.ref), errors.New("the post cannot be read: "+string(gap)))
		}
		if h == nil {
			return fail(unroll.KindUpstream, op("post", w.ref), errors.New("no post in the answer"))
		}
		w.asked, w.root, w.author = h.post.ID, h.post.RootID, h.post.AuthorID
		if w.root == "" {
			w.root = w.asked
		}
		if !xpost.ValidID(h.reposts) {
			return nil
		}
		id = h.reposts
	}
	return nil
}

// lookUp asks for posts by ID. What the answer leaves out is gone.
func (w *walk) lookUp(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return nil
	}
	c := &call{
		endpoint: lookup, op: op("post", ids[0]), path: "/2/tweets",
		params: map[string]string{"ids": strings.Join(ids, ",")}, users: true,
	}
	if _, err := w.do(ctx, c, len(ids)); err != nil {
		return err
	}
	for _, id := range ids {
		w.sought[id] = true
		if _, told := w.gone[id]; !told && w.get(id) == nil {
			w.gone[id] = unroll.GapUnknown
		}
	}
	return nil
}

// run finds the thread that the asked post stands for: its author's or, where
// it is a single answer to somebody, the one that it answers.
func (w *walk) run(ctx context.Context) {
	cur := w.asked
	for visited := map[string]bool{}; !visited[cur]; {
		visited[cur] = true
		h := w.get(cur)
		w.author = h.post.AuthorID
		if h.post.ParentID != "" && h.post.ParentAuthorID == "" {
			w.name(ctx, h)
		}
		answers := h.post.ParentID != "" && !w.continues(h)
		if !answers || !quiet(h) {
			w.gather(ctx, w.author)
			if !answers || w.below(cur) {
				break
			}
		}
		up := h.post.ParentID
		if w.get(up) == nil {
			if w.gone[up] == "" && h.post.ParentAuthorID != "" {
				w.author = h.post.ParentAuthorID
				w.gather(ctx, w.author)
			}
			if w.get(up) == nil && w.gone[up] == "" {
				_ = w.lookUp(ctx, w.wanted(up, up)...) // a failure stops the walk, and shows as a cut
			}
		}
		above := w.get(up)
		if above == nil || above.post.Gap != nil {
			w.author = h.post.AuthorID // the answer stands alone
			break
		}
		cur = above.post.ID
	}
	w.fill(ctx, cur)
}

// quiet tells whether nothing hangs below a post, so that its author's thread
// does not go on there.
func quiet(h *held) bool { return h.replies == 0 && !xpost.PromisesMore(h.post.Text) }

// name finds out whom a post answers where the service does not say.
func (w *walk) name(ctx context.Context, h *held) {
	if !w.known(h.post.ParentID) {
		_ = w.lookUp(ctx, h.post.ParentID) // as above
	}
	if up := w.get(h.post.ParentID); up != nil {
		h.post.ParentAuthorID = up.post.AuthorID
	}
}

// gather finds an author's posts of the conversation, once.
func (w *walk) gather(ctx context.Context, author string) {
	if w.read[author] {
		return
	}
	w.read[author] = true
	since := w.src.cfg.Now().Sub(idTime(w.root)) // a saturated, very long time for old IDs
	if since < recentDays-recentMargin {
		w.whole[author] = w.search(ctx, searchRecent, author) == nil
		return
	}
	if !w.src.noArchive.Load() {
		err := w.search(ctx, searchAll, author)
		if forbidden := (*forbiddenError)(nil); !errors.As(err, &forbidden) {
			w.whole[author] = err == nil
			return
		}
		w.src.noArchive.Store(true)
	}
	err := w.search(ctx, searchRecent, author)
	if w.before != nil && w.before.Author.ID == author {
		w.whole[author] = w.recall(ctx) && err == nil
		return
	}
	if err != nil || idTime(w.root).IsZero() {
		return
	}
	w.along(ctx, author, w.root)
	if idTime(w.asked).Sub(idTime(w.root)) > oneGo {
		w.along(ctx, author, w.asked)
	}
}

// search reads what an author wrote in the conversation, the newest first.
func (w *walk) search(ctx context.Context, e endpoint, author string) error {
	path := "/2/tweets/search/recent"
	if e == searchAll {
		path = "/2/tweets/search/all"
	}
	_, err := w.pages(ctx, e, path, author, w.src.cfg.MaxPosts, map[string]string{
		"query": "conversation_id:" + w.root + " from:" + author,
	})
	return err
}

// pages reads a list to its end, or until it has had most posts. It gives how
// many it had.
func (w *walk) pages(ctx context.Context, e endpoint, path, author string, most int, params map[string]string) (had int, err error) {
	_, known := w.authors[author]
	for {
		c := &call{endpoint: e, op: op("conversation", w.root), path: path, params: params, users: !known}
		a, err := w.do(ctx, c, most-had)
		if err != nil {
			return had, err
		}
		known = true
		had += len(a.Data)
		for _, p := range a.Data {
			if p == nil {
				continue
			}
			if h := w.get(p.ID); h != nil && e != timeline {
				h.found = true
			}
		}
		if a.Meta.Next == "" {
			return had, nil
		}
		if had >= most {
			return had, fail(unroll.KindTooLarge, c.op, nil)
		}
		params["next_token"] = a.Meta.Next
	}
}

// along looks for the rest of a thread in its author's timeline, from a post
// on: stretch by stretch, as long as the thread goes on in it.
func (w *walk) along(ctx context.Context, author, from string) {
	budget := w.src.cfg.MaxTimeline
	latest := from
	for since := from; budget > 0 && w.why == ""; {
		for _, id := range w.order {
			h := w.posts[id]
			near := compareIDs(id, latest) > 0 && idTime(id).Sub(idTime(from)) < oneGo
			if h.post.AuthorID == author && w.inside(h) && near {
				latest = id
			}
		}
		until := idTime(latest).Add(stretch)
		if compareIDs(idAt(until), since) <= 0 || !idTime(since).Add(silence).Before(until) {
			return
		}
		params := map[string]string{"exclude": "retweets", "since_id": since}
		if until.Before(w.src.cfg.Now()) {
			params["until_id"] = idAt(until)
		}
		had, err := w.pages(ctx, timeline, "/2/users/"+author+"/tweets", author, budget, params)
		if err != nil {
			return
		}
		if params["until_id"] == "" {
			return // read up to now
		}
		budget -= had
		since = idAt(until)
	}
}

// fill looks up what the thread around a post lacks until it lacks nothing.
func (w *walk) fill(ctx context.Context, cur string) {
	for {
		ids := w.wanted(cur, "")
		if len(ids) == 0 || w.why != "" {
			return
		}
		above := slices.ContainsFunc(ids, func(id string) bool { return !w.quoted(id) })
		if w.lookUp(ctx, ids...) != nil {
			if !above {
				w.why = "" // the thread is there; its quotes show that they are not
			}
			return
		}
	}
}

// quoted tells whether a post is wanted for no more than being quoted.
func (w *walk) quoted(id string) bool {
	only := false
	for _, h := range w.posts {
		if h.post.ParentID == id || h.stale && h.post.ID == id {
			return false
		}
		only = only || h.quotes == id
	}
	return only
}

// wanted lists what is to be looked up, at most what one call takes: first
// (unless empty), the posts that the author's posts of the conversation reply
// to, newer versions, and for the thread of one post also what it quotes and
// whom its first post answers.
func (w *walk) wanted(cur, first string) []string {
	_, most := lookup.page()
	var ids []string
	want := func(id string) {
		if xpost.ValidID(id) && !w.known(id) && !slices.Contains(ids, id) && len(ids) < most {
			ids = append(ids, id)
		}
	}
	want(first)
	for _, id := range w.order {
		if h := w.posts[id]; h.post.AuthorID == w.author && w.inside(h) && w.continues(h) {
			want(h.parent(w))
		}
	}
	if w.headless(cur) {
		want(w.root)
	}
	for _, h := range w.members(cur, w.author) {
		if h.stale {
			want(h.post.ID)
		}
		want(w.current(h.quotes))
		if h.post.ParentID != "" && !w.continues(h) {
			want(h.parent(w))
		}
	}
	return ids
}
