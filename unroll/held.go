package unroll

import (
	"context"
	"maps"
	"slices"
)

// lostCalls bounds how many posts of a held thread are asked for one by one,
// because a new reading does not show them.
const lostCalls = 5

// fetchHeld reads a thread anew that we hold. A thread that is gone is
// forgotten.
func (s *Service) fetchHeld(ctx context.Context, ref Ref, t *Thread) (Entry, error) {
	o, err := s.readHeld(ctx, t)
	if err == nil {
		err = s.refuse(ctx, t.Ref, t.Author.ID) // meanwhile
	}
	switch {
	case err == nil:
		return s.keep(ctx, ref, o, false), nil
	case KindOf(err).gone():
		s.forget(ctx, t.Ref)
		s.remember(ctx, ref, err)
	default: // leave the source alone for a moment, keep what we hold
		s.save(ctx, t.Ref, names(t, ref), Entry{Thread: t, FreshUntil: s.cfg.Now().Add(retryHeld)}, s.cfg.Keep)
	}
	return Entry{}, err
}

// readHeld asks for the last post that could be read, then for the one before
// it, then for the root, until one is there. The last comes first because
// what hangs below a deleted post does not show from the root; the answer
// depends on none of those who asked.
func (s *Service) readHeld(ctx context.Context, t *Thread) (*offer, error) {
	readable := make([]*Post, 0, len(t.Posts))
	for i := range t.Posts {
		if t.Posts[i].Gap == nil {
			readable = append(readable, &t.Posts[i])
		}
	}
	slices.Reverse(readable)
	from := append(slices.Clone(readable[:min(2, len(readable))]), &t.Posts[0])

	var failure error
	gone := map[string]bool{}
	held := t
	for _, p := range from {
		if gone[p.ID] {
			continue
		}
		o, err := s.fetch(ctx, t.RefOf(p), held)
		if err == nil {
			return s.whole(ctx, o, t, gone), nil
		}
		failure = worse(failure, err)
		if k := KindOf(err); !k.gone() || k == KindOptedOut || k == KindLoginRequired {
			return nil, err
		}
		gone[p.ID] = true
		held = nil // who can update has tried
	}
	return nil, failure
}

// whole adds to a new reading what it lacks of the thread that we hold. What
// it does not show is asked for: the root, which shows most, then from the end
// of each line upwards. What is gone by now stays away. Where a call fails, so
// that nobody can tell, what is not shown stays as it is held.
func (s *Service) whole(ctx context.Context, o *offer, held *Thread, gone map[string]bool) *offer {
	gone = maps.Clone(gone)
	if gone == nil {
		gone = map[string]bool{}
	}
	settled := maps.Clone(gone)
	both := &offer{conv: o.conv, sources: o.sources}
	settle := func(c *Conversation) {
		both.kept = both.kept || slices.ContainsFunc(c.Cuts, func(c Cut) bool { return c.Reason == CutFailed })
		for i := range c.Posts {
			settled[c.Posts[i].ID] = true
			settled[c.Posts[i].ParentID] = true // else a gap where the source knows of none
		}
	}
	settle(&o.conv)
	lines := [][]Post{held.Posts[:1], held.Posts}
	for _, b := range held.Branches {
		lines = append(lines, b.Posts)
	}
	calls := 0
	for _, line := range lines {
		for i := len(line) - 1; i >= 0 && calls < lostCalls && !both.kept; i-- {
			p := &line[i]
			if p.Gap != nil || settled[p.ID] {
				continue
			}
			calls++
			more, err := s.fetch(ctx, held.RefOf(p), nil)
			switch {
			case err == nil:
				both.add(more.conv, more.sources...)
				settle(&more.conv)
			case KindOf(err).gone():
				gone[p.ID], settled[p.ID] = true, true
			default:
				both.kept = true
			}
		}
	}
	if both.kept {
		both.add(held.without(&both.conv, gone))
	}
	recall(&both.conv, held)
	if both.assemble() != nil || both.thread.Len() < o.thread.Len() {
		return o
	}
	return both
}

// without gives the posts of a held thread that a new reading does not name,
// and that are not known to be gone, as if a source had given them.
func (t *Thread) without(c *Conversation, gone map[string]bool) Conversation {
	named := maps.Clone(gone)
	for i := range c.Posts {
		named[c.Posts[i].ID] = true
	}
	rest := Conversation{Ref: t.Ref}
	for p := range t.All {
		if p.Gap == nil && !named[p.ID] {
			rest.Posts = append(rest.Posts, *p)
			rest.Posts[len(rest.Posts)-1].AuthorID = t.Author.ID
		}
	}
	return rest
}

// recall puts the gaps of a new reading where the thread that we hold had
// posts. Of a deleted post most services no longer know what it replied to;
// we do, from when it was there.
func recall(c *Conversation, held *Thread) {
	above := make(map[string]string, len(held.Posts)) // reply links within the thread
	for p := range held.All {                         // parents stand before their replies
		above[p.ID] = ""
		if _, within := above[p.ParentID]; within && p.ParentID != p.ID {
			above[p.ID] = p.ParentID
		}
	}
	at := make(map[string]int, len(c.Posts))
	for i := range c.Posts {
		if j, twice := at[c.Posts[i].ID]; !twice || c.Posts[j].Gap != nil {
			at[c.Posts[i].ID] = i
		}
	}
	for i := range c.Posts { // the range ends where the gaps begin that it adds
		p := &c.Posts[i]
		was := above[p.ID]
		if p.Gap != nil || p.AuthorID != held.Author.ID || was == "" {
			continue
		}
		if j, known := at[was]; known && c.Posts[j].Gap == nil {
			continue // nothing is missing above it
		}
		if p.ParentID == "" {
			p.ParentID, p.ParentAuthorID = was, held.Author.ID
		}
		root := p.RootID
		for id := p.ParentID; was != ""; {
			j, known := at[id]
			if !known {
				j = len(c.Posts)
				at[id] = j
				c.Posts = append(c.Posts, Post{ID: id, AuthorID: held.Author.ID, RootID: root, Gap: &Gap{Reason: GapUnknown}})
			}
			if gap := &c.Posts[j]; gap.Gap == nil || gap.ParentID != "" {
				break
			}
			was = above[was]
			c.Posts[j].ParentID = was
			id = was
		}
	}
}
