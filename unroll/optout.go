package unroll

import (
	"context"
	"slices"
)

// What an opt-out means: no thread of the author's is unrolled, whoever asks,
// and none is held; in the threads of others their posts are not shown, where
// they are quoted or answered. Whose link it was that somebody pasted does not
// matter: it may be one of a stranger's replies to somebody else's thread.

// OptOut notes that an author does not want to be unrolled, and drops all
// that is held of theirs. It returns the roots of what was dropped, for those
// who hold more of them. That something cannot be dropped is no error: it is
// shown to nobody, and ends with its time.
func (s *Service) OptOut(ctx context.Context, n Network, authorID string) ([]Ref, error) {
	if err := s.stores.SetOptedOut(ctx, n, authorID, true); err != nil {
		return nil, &Error{Kind: KindInternal, Op: "opt out", Err: err}
	}
	dropped, err := s.stores.ForgetAuthor(ctx, n, authorID)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "threads of an author who opted out cannot be forgotten", "err", err)
	}
	return dropped, nil
}

// give hands out the thread of an entry, unless its author does not want it;
// then it is not held any longer either.
func (s *Service) give(ctx context.Context, ref Ref, e Entry) (Thread, error) {
	out := s.optedOut(ctx, e.Thread.Ref.Network, e.Thread.shown()...)
	if out[e.Thread.Author.ID] {
		err := errOptedOut(ref, e.Thread.Author.ID)
		s.forget(ctx, e.Thread.Ref)
		s.remember(ctx, ref, err)
		return Thread{}, err
	}
	t := e.Thread.Through(ref.PostID())
	t.withhold(out)
	return t, nil
}

// refuse fails when the author has opted out.
func (s *Service) refuse(ctx context.Context, ref Ref, author string) error {
	if s.optedOut(ctx, ref.Network, author)[author] {
		return errOptedOut(ref, author)
	}
	return nil
}

// optedOut asks who has opted out. When nobody can tell, nobody has: the
// store is down, and answers must go on.
func (s *Service) optedOut(ctx context.Context, n Network, authors ...string) map[string]bool {
	out, err := s.stores.OptedOut(ctx, n, authors...)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "opt-outs cannot be read", "err", err)
	}
	return out
}

func errOptedOut(ref Ref, author string) error {
	return &Error{Kind: KindOptedOut, Op: "unroll " + ref.Path(), Err: optedOutError(author)}
}

// optedOutError is the cause of a refusal: the ID of the author who opted out
// with us, not with the network.
type optedOutError string

func (optedOutError) Error() string { return "the author opted out" }

// shown lists the authors whose posts the thread shows, each once.
func (t *Thread) shown() []string {
	authors := []string{t.Author.ID}
	add := func(q *Quote) {
		if q != nil && q.Author.ID != "" {
			authors = append(authors, q.Author.ID)
		}
	}
	add(t.ReplyTo)
	for p := range t.All {
		add(p.Quote)
	}
	slices.Sort(authors)
	return slices.Compact(authors)
}

// withhold puts gaps where the thread shows posts of authors who are out. It
// leaves alone what t shares with the thread that it is a copy of.
func (t *Thread) withhold(out map[string]bool) {
	if len(out) == 0 {
		return
	}
	t.ReplyTo = t.ReplyTo.unless(out)
	t.Posts = withoutQuotes(t.Posts, out)
	t.Branches = slices.Clone(t.Branches)
	for i := range t.Branches {
		t.Branches[i].Posts = withoutQuotes(t.Branches[i].Posts, out)
	}
}

func withoutQuotes(posts []Post, out map[string]bool) []Post {
	posts = slices.Clone(posts)
	for i := range posts {
		posts[i].Quote = posts[i].Quote.unless(out)
	}
	return posts
}

// unless gives the quote, or a gap in its place where its author is out.
func (q *Quote) unless(out map[string]bool) *Quote {
	if q == nil || !out[q.Author.ID] {
		return q
	}
	return &Quote{URL: q.URL, Gap: &Gap{Reason: GapWithdrawn}}
}
