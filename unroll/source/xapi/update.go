package xapi

import (
	"context"
	"slices"

	"unrollbot/unroll"
)

// Update implements [unroll.Updater]. A thread that can be searched for is read
// as Fetch reads it, from its last post. Of one older than that the posts held
// are looked up, a hundred a call, in place of the author's timeline, which
// costs as much for posts of other conversations and proves nothing: what was
// whole when it was read within the last week, and has nothing new by search,
// is whole still.
func (s *Source) Update(ctx context.Context, held *unroll.Thread) (unroll.Conversation, error) {
	last := held.Ref.ID
	for i := range held.Posts {
		if p := &held.Posts[i]; p.Gap == nil {
			last = p.ID
		}
	}
	c, err := s.read(ctx, last, held)
	if k := unroll.KindOf(err); last != held.Ref.ID && (k == unroll.KindNotFound || k == unroll.KindBlocked) {
		return s.read(ctx, held.Ref.ID, held)
	}
	return c, err
}

// recall looks up the posts that were held, and reads on from the last of them
// where it was too long ago for the search. It tells whether, with what the
// search has found, they are all of the thread.
func (w *walk) recall(ctx context.Context) bool {
	var ids, unknown []string
	for p := range w.before.All {
		ids = append(ids, p.ID)
		if !w.known(p.ID) {
			unknown = append(unknown, p.ID)
		}
	}
	_, most := lookup.page()
	for part := range slices.Chunk(unknown, most) {
		if w.lookUp(ctx, part...) != nil {
			return false
		}
	}
	if w.src.cfg.Now().Sub(w.before.FetchedAt) > recentDays-recentMargin {
		w.along(ctx, w.before.Author.ID, slices.MaxFunc(ids, compareIDs))
		return false
	}
	for _, id := range ids {
		if h := w.get(id); h != nil {
			h.found = true // by the search of that time
		}
	}
	return readToItsEnds(w.before)
}

// readToItsEnds tells whether nothing of the author's could hang unseen below
// any post when the thread was read.
func readToItsEnds(t *unroll.Thread) bool {
	found := make(map[unroll.Rule]unroll.State)
	for _, e := range t.Verdict.Evidence {
		found[e.Rule] = e.State
	}
	return found[unroll.RuleEnd] == unroll.Complete && found[unroll.RuleChainOnly] == "" && found[unroll.RuleCut] == ""
}
