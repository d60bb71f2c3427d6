package unroll

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// fetch asks the sources in order and keeps the first good answer. One that
// is wanting is kept in hand while the next source is asked, and joined with
// its answer. Where held is set, a source that gave it may update it instead
// of reading ref.
func (s *Service) fetch(ctx context.Context, ref Ref, held *Thread) (*offer, error) {
	var best *offer
	var failure error
	for _, src := range s.sources {
		if !src.Match(ref) {
			continue
		}
		o, err := s.ask(ctx, src, ref, held)
		if err != nil {
			failure = worse(failure, err)
			if KindOf(err).Final() || ctx.Err() != nil {
				break
			}
			continue
		}
		best = best.or(o)
		if !best.wanting() {
			break
		}
	}
	if best != nil && KindOf(failure) != KindOptedOut {
		return best, nil
	}
	if failure == nil {
		failure = &Error{Kind: KindUnsupported, Op: "unroll " + ref.Path()}
	}
	return nil, failure
}

// ask puts one question to one source. Sources promise not to panic; one that
// does must not take the others with it.
func (s *Service) ask(ctx context.Context, src Source, ref Ref, held *Thread) (o *offer, err error) {
	start := s.cfg.Now()
	op := src.Name() + ": " + ref.Path()
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.ErrorContext(ctx, "source panicked", "source", src.Name(), "ref", ref.Path(), "panic", fmt.Sprint(p))
			o, err = nil, &Error{Kind: KindInternal, Op: op, Source: src.Name(), Err: errors.New("panic")}
		}
		if s.cfg.Observer != nil {
			s.cfg.Observer.Fetched(src.Name(), KindOf(err), s.cfg.Now().Sub(start))
		}
		if err != nil {
			s.cfg.Log.InfoContext(ctx, "source gave nothing", "source", src.Name(), "ref", ref.Path(), "kind", string(KindOf(err)), "err", err)
		}
	}()
	if err := s.allow(ctx, src.Name(), op); err != nil {
		return nil, err
	}
	var c Conversation
	if up, can := src.(Updater); can && held != nil && held.gaveBy(src.Name()) {
		c, err = up.Update(ctx, held)
	} else {
		c, err = src.Fetch(ctx, ref)
	}
	if err != nil {
		return nil, err
	}
	if now := s.cfg.Now(); c.FetchedAt.IsZero() || c.FetchedAt.After(now) {
		c.FetchedAt = now
	}
	c.Source = src.Name()
	o = &offer{conv: c, sources: []string{c.Source}}
	if err := o.assemble(); err != nil {
		return nil, err
	}
	return o, nil
}

// allow counts a question against the source's limit. When nobody can tell,
// it is asked: the store is down, and answers must go on.
func (s *Service) allow(ctx context.Context, source, op string) error {
	l, limited := s.cfg.Limits[source]
	if !limited || s.cfg.Limiter == nil {
		return nil
	}
	wait, err := s.cfg.Limiter.Allow(ctx, "source:"+source, l)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "limits cannot be read", "err", err)
	}
	if wait > 0 {
		return &Error{Kind: KindRateLimited, Op: op, Source: source, RetryAfter: wait, Err: errOwnLimit}
	}
	return nil
}

var errOwnLimit = errors.New("our own limit for this source is reached")

func (t *Thread) gaveBy(source string) bool {
	return t.Source == source || slices.Contains(t.Sources, source)
}

// offer is what sources answered, assembled.
type offer struct {
	thread  Thread
	conv    Conversation
	sources []string // that have a part in it
	kept    bool     // holds posts that could not be read anew
}

// or gives the better of two answers to one question, or what they have
// together where that is better than both.
func (o *offer) or(next *offer) *offer {
	if o == nil {
		return next
	}
	best := o
	if next.better(o) {
		best = next
	}
	if o.conv.Asked != next.conv.Asked || o.conv.Ref != next.conv.Ref {
		return best // of an old and a current version, or on different servers
	}
	both := &offer{conv: o.conv, sources: o.sources}
	both.add(next.conv, next.sources...)
	if both.assemble() == nil && both.better(best) {
		return both
	}
	return best
}

// add joins an answer with more of the same conversation.
func (o *offer) add(more Conversation, sources ...string) {
	o.conv = merge(o.conv, more)
	all := slices.Clone(o.sources)
	for _, source := range sources {
		if !slices.Contains(all, source) {
			all = append(all, source)
		}
	}
	o.sources = all
}

func (o *offer) assemble() error {
	t, err := Assemble(o.conv)
	if err != nil {
		return err
	}
	if len(o.sources) > 1 {
		t.Sources = o.sources
	}
	o.thread = t
	return nil
}

// better prefers what holds more, then whole texts, then what is surer.
func (o *offer) better(than *offer) bool {
	if a, b := o.thread.Len(), than.thread.Len(); a != b {
		return a > b
	}
	if a, b := o.cutTexts(), than.cutTexts(); a != b {
		return a < b
	}
	return rank(o.thread.Verdict.State) < rank(than.thread.Verdict.State)
}

func (o *offer) cutTexts() int {
	n := 0
	for p := range o.thread.All {
		if p.Cut {
			n++
		}
	}
	return n
}

// wanting tells whether another source may have what this one lacks. Posts
// that were deleted nobody has; replies that were not seen may be anybody's.
func (o *offer) wanting() bool {
	return slices.ContainsFunc(o.thread.Verdict.Evidence, func(e Evidence) bool {
		switch e.Rule {
		case RuleNoThread, RuleCut, RuleCutText, RuleHead, RuleOpener:
			return e.State != Complete
		default:
			return false
		}
	})
}

// keep stores a thread under its root and finds it by every post of it, and
// by what was asked. first tells that nothing was held of it before.
func (s *Service) keep(ctx context.Context, asked Ref, o *offer, first bool) Entry {
	t := &o.thread
	fresh := freshFor(t, t.FetchedAt)
	if first && o.conv.Cursory && t.Verdict.State == Complete && !t.Verdict.counted() {
		fresh = min(fresh, firstLook)
	}
	if o.kept {
		fresh = min(fresh, retryHeld)
	}
	e := Entry{Thread: t, FreshUntil: t.FetchedAt.Add(fresh)}
	s.save(ctx, t.Ref, names(t, asked, o.conv.Ref), e, s.cfg.Keep)
	return e
}

// names gives every ref that a thread is found by.
func names(t *Thread, more ...Ref) []Ref {
	for p := range t.All {
		more = append(more, t.RefOf(p))
	}
	return more
}
