package web

import (
	"context"
	"time"

	"unrollbot/unroll"
)

// A page that is kept shows its authors until its time ends, unless one of
// them opts out meanwhile: here, in another process, or by the operator's
// hand. So the store is asked now and then, once for all who read the page.
const (
	askEvery = 3 * time.Second
	askFor   = time.Second // the store may take
)

// lookUp is the page under a key, if it was made a moment ago and may be shown.
func (s *Server) lookUp(ctx context.Context, key string, now time.Time) *page {
	p := s.pages.get(key, now)
	if p == nil || !p.due(now) {
		return p
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	out, err := s.store.OptedOut(ctx, p.network, p.authors...)
	if err != nil {
		s.cfg.Log.Warn("opt-outs cannot be read", "err", err)
	}
	if len(out) > 0 {
		s.pages.forget(key)
		return nil
	}
	return p
}

// due tells one of many that it is time to ask.
func (p *page) due(now time.Time) bool {
	last := p.asked.Load()
	return now.UnixNano()-last >= int64(askEvery) && p.asked.CompareAndSwap(last, now.UnixNano())
}

// keep keeps a page that shows a thread.
func (s *Server) keep(key string, p *page, t *unroll.Thread) {
	p.network, p.authors = t.Ref.Network, shownIn(t)
	p.asked.Store(s.cfg.Now().UnixNano())
	s.pages.put(key, p)
}

// shownIn lists the authors whose posts a thread shows.
func shownIn(t *unroll.Thread) []string {
	authors := []string{t.Author.ID}
	seen := map[string]bool{t.Author.ID: true, "": true}
	add := func(q *unroll.Quote) {
		if q != nil && !seen[q.Author.ID] {
			seen[q.Author.ID] = true
			authors = append(authors, q.Author.ID)
		}
	}
	add(t.ReplyTo)
	for p := range t.All {
		add(p.Quote)
	}
	return authors
}
