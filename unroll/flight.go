package unroll

import (
	"context"
	"time"

	"golang.org/x/sync/singleflight"
)

// Wait returns when no fetch is under way that nobody waits for.
func (s *Service) Wait() { s.left.Wait() }

// readAgain refreshes a thread without making anybody wait.
func (s *Service) readAgain(ctx context.Context, ref Ref) {
	flight := s.fly(ctx, ref, false)
	s.left.Go(func() { <-flight })
}

// together joins equal requests of this process. Whoever gives up waiting
// does not end the fetch for the others.
func (s *Service) together(ctx context.Context, ref Ref, again bool) (Entry, error) {
	flight := s.fly(ctx, ref, again)
	select {
	case <-ctx.Done():
		s.left.Go(func() { <-flight })
		return Entry{}, &Error{Kind: KindOf(ctx.Err()), Op: "unroll " + ref.Path(), Err: ctx.Err()}
	case r := <-flight:
		if r.Err != nil {
			return Entry{}, r.Err
		}
		return r.Val.(Entry), nil
	}
}

func (s *Service) fly(ctx context.Context, ref Ref, again bool) <-chan singleflight.Result {
	return s.flights.DoChan(ref.Path(), func() (any, error) {
		return s.exclusively(context.WithoutCancel(ctx), ref, again)
	})
}

// lockLease is how long a process that was killed while it fetched holds up
// the others. A fetch that takes longer may be made twice.
const lockLease = 12 * time.Second

// exclusively joins equal requests of all processes that share the store:
// one holds the lock and fetches, the others find its answer in the store.
func (s *Service) exclusively(ctx context.Context, ref Ref, again bool) (Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.FetchTimeout)
	defer cancel()
	asked := s.cfg.Now()
	unlock, err := s.stores.Lock(ctx, "unroll:"+ref.Path(), min(lockLease, s.cfg.FetchTimeout))
	switch {
	case err == nil:
		defer unlock()
	case ctx.Err() != nil:
		return Entry{}, &Error{Kind: KindTimeout, Op: "unroll " + ref.Path(), Err: err}
	default:
		s.cfg.Log.WarnContext(ctx, "store cannot lock", "err", err)
	}
	switch e, now := s.load(ctx, ref), s.cfg.Now(); {
	case e.Failure != nil && now.Before(e.FreshUntil):
		return Entry{}, e.Failure.error(ref, now)
	case e.Thread == nil:
	case again && e.Thread.FetchedAt.After(asked) && !ahead(e.Thread.FetchedAt, now), !again && now.Before(e.FreshUntil):
		return e, nil
	default:
		return s.fetchHeld(ctx, ref, e.Thread)
	}
	o, err := s.fetch(ctx, ref, nil)
	if err == nil {
		err = s.refuse(ctx, ref, o.thread.Author.ID)
	}
	if err != nil {
		s.remember(ctx, ref, err)
		return Entry{}, err
	}
	if root := s.load(ctx, o.thread.Ref); root.Thread != nil {
		o = s.whole(ctx, o, root.Thread, nil) // ref is of a post that was not known to be of this thread
	}
	return s.keep(ctx, ref, o, true), nil
}
