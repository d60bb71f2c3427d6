package unroll

import (
	"context"
	"errors"
	"time"
)

const (
	// firstLook is how soon a thread is looked at again that was read once,
	// and seemed complete at a cursory look.
	firstLook = 10 * time.Minute
	// retryHeld is how long a source is left alone that could not read a
	// thread anew.
	retryHeld = time.Minute
)

// freshFor tells how long a thread need not be read again: minutes while it
// may still grow, long when it has rested. A tenth of its rest is a bound on
// how late we notice that it went on.
func freshFor(t *Thread, now time.Time) time.Duration {
	var last time.Time
	for p := range t.All {
		if p.At.After(last) {
			last = p.At
		}
	}
	fresh := min(max(now.Sub(last)/10, 2*time.Minute), 7*24*time.Hour)
	if t.Verdict.State != Complete {
		fresh = min(fresh, 15*time.Minute) // the source may do better soon
	}
	return fresh
}

// remember keeps a failure for a while, so that many people who ask for the
// same cost one call. How long depends on how soon it may mend.
func (s *Service) remember(ctx context.Context, ref Ref, err error) {
	now := s.cfg.Now()
	f := &Failure{Kind: KindOf(err)}
	var e *Error
	if errors.As(err, &e) {
		f.Source = e.Source
	}
	var out optedOutError
	if errors.As(err, &out) {
		f.Author = string(out)
	}
	var keep time.Duration
	switch f.Kind {
	case KindNotFound, KindDeleted, KindPrivate, KindBlocked, KindLoginRequired, KindOptedOut, KindUnsupported, KindInvalidRef:
		keep = 5 * time.Minute
	case KindRateLimited:
		keep = min(max(RetryAfter(err), 5*time.Second), longestFailure)
		f.RetryAt = now.Add(keep)
	case KindUpstream, KindTimeout, KindTooLarge:
		keep = 10 * time.Second
	case KindCanceled, KindInternal:
		return
	}
	s.save(ctx, ref, nil, Entry{Failure: f, FreshUntil: now.Add(keep)}, keep)
}

func (s *Service) forget(ctx context.Context, root Ref) {
	if err := errors.Join(s.stores.Forget(ctx, root), s.stores.DropLatest(ctx, root)); err != nil {
		s.cfg.Log.WarnContext(ctx, "store cannot forget", "err", err)
	}
}

// gone tells whether the post was taken away by its author or its network,
// so that what we hold of it must go too.
func (k Kind) gone() bool {
	switch k {
	case KindNotFound, KindDeleted, KindPrivate, KindBlocked, KindOptedOut, KindLoginRequired:
		return true
	default:
		return false
	}
}

// error is the failure as an error again.
func (f *Failure) error(ref Ref, now time.Time) error {
	e := &Error{Kind: f.Kind, Op: "unroll " + ref.Path() + " (remembered)", Source: f.Source}
	if f.RetryAt.After(now) {
		e.RetryAfter = f.RetryAt.Sub(now)
	}
	return e
}

// worse picks the error to tell when several sources failed: what is said
// about the post outweighs what is said about a service. That a lesser source
// does not know a post, while a better one is down, says nothing of the post:
// the first wins, unless another is sure.
func worse(a, b error) error {
	weight := func(err error) int {
		var e *Error
		switch kind := KindOf(err); {
		case kind == KindOptedOut:
			return 4
		case errors.As(err, &e) && e.Sure:
			return 3
		case kind == KindDeleted, kind == KindPrivate, kind == KindBlocked, kind == KindLoginRequired:
			return 2
		default:
			return 1
		}
	}
	if a != nil && weight(a) >= weight(b) {
		return a
	}
	return b
}
