package unroll

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// Config tunes a [Service]. The zero value of every field works.
type Config struct {
	// FetchTimeout bounds one cold unroll with all its sources; 0 means 45 s.
	FetchTimeout time.Duration
	// Keep is how long a thread stays in the store after it was read; 0
	// means 90 days. A page asked for later is read anew.
	Keep time.Duration
	// Observer hears of every unroll and fetch; nil means nobody.
	Observer Observer
	// Expander resolves short links; nil means they are unsupported.
	Expander Expander
	// Limits bounds how often a source is asked, by its name, one event for
	// each Fetch or Update. All processes that share Limiter share them. A
	// source without a limit, or all with a nil Limiter, are asked freely.
	Limits  map[string]Limit
	Limiter Limiter
	Log     *slog.Logger
	Now     func() time.Time
}

// Observer hears what the service does, for metrics. Calls may run at the
// same time and must not block.
type Observer interface {
	// Unrolled tells of one call of Unroll or Refresh: how it ended ("" for
	// well), and whether the store answered.
	Unrolled(n Network, kind Kind, cached bool, took time.Duration)
	// Fetched tells of one call of a source.
	Fetched(source string, kind Kind, took time.Duration)
}

// Stores is what the service needs of a store. Any of them may fail at any
// time; that costs speed, never the answer.
type Stores interface {
	Store
	Locker
	OptOuts
	Latest
}

// Service unrolls refs.
type Service struct {
	cfg     Config
	sources []Source
	stores  Stores
	flights singleflight.Group
	left    sync.WaitGroup // flights that nobody waits for
}

// New makes a service that asks the sources in the order given.
func New(cfg Config, sources []Source, stores Stores) (*Service, error) {
	if len(sources) == 0 {
		return nil, errors.New("unroll: no sources")
	}
	if stores == nil {
		return nil, errors.New("unroll: no stores")
	}
	if cfg.FetchTimeout == 0 {
		cfg.FetchTimeout = 45 * time.Second
	}
	if cfg.Keep == 0 {
		cfg.Keep = 90 * 24 * time.Hour
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg, sources: sources, stores: stores}, nil
}

// Unroll gives the thread that ref belongs to, its main chain through the
// post of ref. It is read from the store while it is fresh. A thread that is
// no longer fresh is given as it is and read anew in the background.
//
// Equal requests at the same time cost one fetch, in this process and in all
// that share the store. Errors are *[Error] or a context's.
func (s *Service) Unroll(ctx context.Context, ref Ref) (Thread, error) {
	return s.unroll(ctx, ref, false)
}

// Refresh is Unroll, but looks at the source first, unless that was done
// within the last minute.
func (s *Service) Refresh(ctx context.Context, ref Ref) (Thread, error) {
	return s.unroll(ctx, ref, true)
}

func (s *Service) unroll(ctx context.Context, ref Ref, again bool) (Thread, error) {
	start := s.cfg.Now()
	t, cached, err := s.find(ctx, ref, again)
	if s.cfg.Observer != nil {
		s.cfg.Observer.Unrolled(ref.Network, KindOf(err), cached, s.cfg.Now().Sub(start))
	}
	if err != nil {
		return Thread{}, err
	}
	return t, nil
}

func (s *Service) find(ctx context.Context, ref Ref, again bool) (t Thread, cached bool, err error) {
	if ref.Network == Short {
		if ref, err = s.expand(ctx, ref); err != nil {
			return Thread{}, false, err
		}
	}
	e := s.load(ctx, ref)
	switch {
	case e.Thread != nil:
		t, err := s.give(ctx, ref, e)
		if err != nil || again && s.justRead(e) {
			return t, true, err
		}
		if !again {
			if s.cfg.Now().After(e.FreshUntil) {
				s.readAgain(ctx, ref)
			}
			return t, true, nil
		}
	case e.Failure != nil && !again && s.cfg.Now().Before(e.FreshUntil):
		return Thread{}, true, e.Failure.error(ref, s.cfg.Now())
	}
	fetched, err := s.together(ctx, ref, again)
	if err != nil {
		if e.Thread != nil && !KindOf(err).gone() {
			t, err := s.give(ctx, ref, e) // what we hold is better than nothing
			return t, true, err
		}
		return Thread{}, false, err
	}
	t, err = s.give(ctx, ref, fetched)
	return t, false, err
}

// justRead tells whether looking again is pointless: nothing will be new.
func (s *Service) justRead(e Entry) bool {
	now := s.cfg.Now()
	return now.Sub(e.Thread.FetchedAt) < time.Minute && !ahead(e.Thread.FetchedAt, now)
}

func (s *Service) expand(ctx context.Context, short Ref) (Ref, error) {
	if s.cfg.Expander == nil {
		return Ref{}, &Error{Kind: KindUnsupported, Op: "expand " + short.Path()}
	}
	link, err := s.cfg.Expander.Expand(ctx, short)
	if err != nil {
		return Ref{}, err
	}
	ref, err := ParseRef(link)
	if err == nil && ref.Network == Short {
		err = &Error{Kind: KindInvalidRef, Op: "expand " + short.Path()}
	}
	return ref, err
}

// load gives what is held of a ref: a thread, a failure, or neither.
func (s *Service) load(ctx context.Context, ref Ref) Entry {
	e, ok, err := s.stores.Load(ctx, ref)
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "store cannot be read", "err", err)
	}
	if !ok || err != nil {
		return Entry{}
	}
	if e.Thread != nil && len(e.Thread.Posts) == 0 {
		e.Thread = nil // nothing that we wrote
	}
	if f := e.Failure; f != nil && f.Author != "" && !s.optedOut(ctx, ref.Network, f.Author)[f.Author] {
		return Entry{}
	}
	return e.believed(s.cfg.Now())
}

func (s *Service) save(ctx context.Context, root Ref, aliases []Ref, e Entry, keep time.Duration) {
	if err := s.stores.Save(ctx, root, aliases, e, keep); err != nil {
		s.cfg.Log.WarnContext(ctx, "store cannot be written", "err", err)
	}
}

// Publish puts a thread on the public list, unless it is sensitive or its
// author has opted out. Callers do so only for requests made in public.
func (s *Service) Publish(ctx context.Context, t *Thread, title string) error {
	if t.Sensitive() || s.refuse(ctx, t.Ref, t.Author.ID) != nil {
		return nil
	}
	return s.stores.AddLatest(ctx, Listing{
		Ref: t.Ref, Title: title, Author: t.Author, Posts: t.Len(), At: s.cfg.Now(),
	})
}
