// Package xapi reads threads of X from its official API, version 2, with an
// app's bearer token.
//
// Every post read costs money ($0.005 in November 2026), a call costs nothing.
// So the source asks for nothing that the thread does not show: a post of the
// thread, its author's posts of the same conversation by search, and in one
// lookup what those lack. It never searches a conversation without naming the
// author, and it keeps within a monthly budget.
package xapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/xpost"
)

// Name is the source's name.
const Name = "xapi"

const (
	longestID = 19 // digits; longer ones the API takes for a mistake

	defaultBaseURL     = "https://api.x.com"
	defaultMaxCalls    = 40
	defaultMaxPosts    = 1000
	defaultMaxTimeline = 100

	// Prices per resource read, in millionths of a US dollar (X API docs,
	// pricing, 2026-08).
	defaultPostMicros = 5_000
	defaultUserMicros = 10_000
)

// Config tunes a [Source]. Only Token is needed.
type Config struct {
	// Token is the app's bearer token.
	Token string
	// BaseURL is where the API is; empty means https://api.x.com.
	BaseURL string

	// BudgetUSD and BudgetPosts bound what is read in a calendar month (UTC);
	// 0 means no bound. When one is used up the source answers rate_limited
	// until the next month. Calls under way at the same time may each go
	// beyond it by a page. X does not charge twice for a post on one day; the
	// budget counts it for every thread anew.
	BudgetUSD   float64
	BudgetPosts int
	// PostMicros and UserMicros are the prices of a post and an account, in
	// millionths of a US dollar; 0 means X's list price.
	PostMicros, UserMicros int64

	// MaxCalls and MaxPosts bound one thread; 0 means 40 calls, 1,000 posts.
	MaxCalls, MaxPosts int
	// MaxTimeline bounds the posts of a thread's author that are read from
	// their timeline, of whatever conversation, where a thread is older than
	// seven days and the token may not search all of X; 0 means 100, negative
	// none.
	MaxTimeline int

	// Observe hears what each call cost: posts, and millionths of a US dollar.
	// Endpoint is lookup, search_all, search_recent or timeline. It must not
	// block.
	Observe func(endpoint string, posts int, micros int64)
	Log     *slog.Logger
	Now     func() time.Time
}

// Source reads from X's API.
type Source struct {
	cfg   Config
	http  httpx.Doer
	purse *purse

	noArchive atomic.Bool // the token may not search all of X
	newNames  atomic.Bool // the API wants "post" where it wanted "tweet"

	mu   sync.Mutex
	rest map[endpoint]time.Time // when an endpoint may be asked again
}

var (
	_ unroll.Source  = (*Source)(nil)
	_ unroll.Updater = (*Source)(nil)
)

// New makes a source that asks through d and keeps its budget in l, which may
// be nil: then a budget holds for this process alone.
func New(cfg Config, d httpx.Doer, l Ledger) (*Source, error) {
	var errs []error
	base, err := link.Base(cfg.BaseURL, defaultBaseURL)
	if err != nil {
		errs = append(errs, err)
	}
	cfg.BaseURL = base
	switch {
	case cfg.Token == "":
		errs = append(errs, errors.New("no bearer token: copy one from developer.x.com, or leave the source out"))
	case strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		errs = append(errs, errors.New("the bearer token holds spaces or signs that no token has: copy it again, without \"Bearer\""))
	}
	if !(cfg.BudgetUSD >= 0 && cfg.BudgetUSD < 1e9) || cfg.BudgetPosts < 0 {
		errs = append(errs, fmt.Errorf("budget of $%v and %d posts a month: want positive numbers, or 0 for no bound", cfg.BudgetUSD, cfg.BudgetPosts))
	}
	if cfg.PostMicros < 0 || cfg.UserMicros < 0 {
		errs = append(errs, fmt.Errorf("prices of %d and %d micros: want positive numbers, or 0 for X's own", cfg.PostMicros, cfg.UserMicros))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("xapi: %w", err)
	}
	cfg.PostMicros = cmp.Or(cfg.PostMicros, defaultPostMicros)
	cfg.UserMicros = cmp.Or(cfg.UserMicros, defaultUserMicros)
	cfg.MaxCalls = max(cmp.Or(cfg.MaxCalls, defaultMaxCalls), 1)
	cfg.MaxPosts = max(cmp.Or(cfg.MaxPosts, defaultMaxPosts), 1)
	cfg.MaxTimeline = max(cmp.Or(cfg.MaxTimeline, defaultMaxTimeline), 0)
	cfg.Log = cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string, int, int64) {}
	}
	return &Source{
		cfg: cfg, http: d, rest: make(map[endpoint]time.Time),
		purse: &purse{
			limit: tally{Posts: int64(cfg.BudgetPosts), Micros: int64(math.Round(cfg.BudgetUSD * 1e6))},
			price: cfg.PostMicros, ledger: l, now: cfg.Now, log: cfg.Log,
		},
	}, nil
}

// Name implements [unroll.Source].
func (*Source) Name() string { return Name }

// Match implements [unroll.Source].
func (*Source) Match(r unroll.Ref) bool { return r.Network == unroll.X && xpost.ValidID(r.ID) }

// Fetch implements [unroll.Source]. A thread linked by its first post costs
// two calls, by another one three; one call more where it quotes posts.
func (s *Source) Fetch(ctx context.Context, r unroll.Ref) (unroll.Conversation, error) {
	if !s.Match(r) {
		return unroll.Conversation{}, fail(unroll.KindInvalidRef, op("post", r.ID), nil)
	}
	if len(r.ID) > longestID {
		return unroll.Conversation{}, fail(unroll.KindNotFound, op("post", r.ID), errors.New("no ID is as long"))
	}
	return s.read(ctx, r.ID, nil)
}

// read reads the conversation around a post. What is held of the thread, if
// that is known, spares the search where it costs most.
func (s *Source) read(ctx context.Context, id string, held *unroll.Thread) (unroll.Conversation, error) {
	w := newWalk(s, id)
	w.before = held
	if err := w.open(ctx, id); err != nil {
		return unroll.Conversation{}, err
	}
	w.run(ctx)
	if unroll.KindOf(w.failure) == unroll.KindCanceled {
		return unroll.Conversation{}, w.failure
	}
	return w.finish()
}

func op(what, id string) string { return "xapi: " + what + " " + id }

func fail(kind unroll.Kind, op string, cause error) *unroll.Error {
	return &unroll.Error{Kind: kind, Op: op, Source: Name, Err: cause}
}
