// Package fxtwitter reads threads of X without a key, from FxTwitter's public
// API or a copy that somebody runs.
package fxtwitter

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/xpost"
)

// Name is the source's name.
const Name = "fxtwitter"

const (
	defaultBaseURL  = "https://api.fxtwitter.com"
	defaultMaxCalls = 10
)

// Config tunes a [Source]. The zero value works.
type Config struct {
	// BaseURL is where the API is; empty means https://api.fxtwitter.com.
	BaseURL string
	// MaxCalls bounds the calls for one thread; 0 means 10.
	MaxCalls int
}

// Source reads from one FxTwitter.
type Source struct {
	base     string
	maxCalls int
	http     httpx.Doer
}

var _ unroll.Source = (*Source)(nil)

// New makes a source that asks through d.
func New(cfg Config, d httpx.Doer) (*Source, error) {
	base, err := link.Base(cfg.BaseURL, defaultBaseURL)
	if err != nil {
		return nil, fmt.Errorf("fxtwitter: %w", err)
	}
	return &Source{base: base, maxCalls: max(cmp.Or(cfg.MaxCalls, defaultMaxCalls), 1), http: d}, nil
}

// Name implements [unroll.Source].
func (*Source) Name() string { return Name }

// Match implements [unroll.Source].
func (*Source) Match(r unroll.Ref) bool { return r.Network == unroll.X && xpost.ValidID(r.ID) }

// Fetch implements [unroll.Source]. A thread whose last post has no replies
// costs one call. Where more may hang below it, or above the first post, the
// service is asked again from there, since it cuts long threads silently.
func (s *Source) Fetch(ctx context.Context, r unroll.Ref) (unroll.Conversation, error) {
	if !s.Match(r) {
		return unroll.Conversation{}, fail(unroll.KindInvalidRef, r.ID, nil)
	}
	first, err := s.ask(ctx, r.ID)
	if err != nil {
		return unroll.Conversation{}, err
	}
	w := newWalk(first)
	if !w.has(w.conv.Asked) {
		return unroll.Conversation{}, fail(unroll.KindUpstream, r.ID, errors.New("a post without id or author"))
	}
	for calls := 1; ; calls++ {
		step := w.next()
		if step.ask == "" {
			break
		}
		if calls >= s.maxCalls {
			w.cut(step, unroll.CutBudget)
			break
		}
		answer, err := s.ask(ctx, step.ask)
		if unroll.KindOf(err) == unroll.KindCanceled {
			return unroll.Conversation{}, err
		}
		if !w.took(step, answer, err) {
			break
		}
	}
	return w.finish(), nil
}

// ask gets what the service shows around one post: a status, and the thread
// unless the service does not know. Without a status there is an error.
func (s *Source) ask(ctx context.Context, id string) (*envelope, error) {
	var env envelope
	ans, err := s.http.GetJSON(ctx, httpx.Request{
		URL: s.base + "/2/thread/" + id, Op: op(id), Source: Name,
		Accept: []int{400, 401, 404},
	}, &env)
	if err != nil {
		return nil, err
	}
	// A refusal may come with 200, its real code in the body.
	switch code := cmp.Or(env.Code, ans.Status); {
	case code == 200 && env.Status == nil:
		return nil, fail(unroll.KindUpstream, id, errors.New("no status in the answer"))
	case code == 200, code == 404 && env.Status != nil:
		if env.Status.isGap() && !hasPost(env.Thread) {
			return nil, fail(kindOf(env.Status.Reason), id, tombstone(gapOf(env.Status.Reason)))
		}
		env.Status.ID = cmp.Or(env.Status.ID, id)
		return &env, nil
	case code == 404 && env.Message == "":
		return nil, fail(unroll.KindNotFound, id, nil)
	case code == 401 && env.Code == code:
		return nil, fail(unroll.KindPrivate, id, nil)
	case code == 400:
		return nil, fail(unroll.KindInvalidRef, id, nil)
	default:
		// 404 for its own route, or 401 for our user agent: not this API.
		return nil, fail(unroll.KindUpstream, id, fmt.Errorf("code %d", code))
	}
}

func hasPost(thread []*status) bool {
	for _, s := range thread {
		if s != nil && !s.isGap() {
			return true
		}
	}
	return false
}

func op(id string) string { return "fxtwitter: thread " + id }

func fail(kind unroll.Kind, id string, cause error) error {
	return &unroll.Error{Kind: kind, Op: op(id), Source: Name, Err: cause}
}

// gaps is what the service's reasons mean. "unavailable" is all it knows of
// posts behind an age wall, and of others.
var gaps = map[string]struct {
	gap  unroll.GapReason
	kind unroll.Kind
}{
	"deleted":   {unroll.GapDeleted, unroll.KindDeleted},
	"suspended": {unroll.GapSuspended, unroll.KindBlocked},
	"private":   {unroll.GapPrivate, unroll.KindPrivate},
	"blocked":   {unroll.GapBlocked, unroll.KindBlocked},
}

// tombstone is the cause of an error about a post that is gone.
type tombstone unroll.GapReason

func (t tombstone) Error() string { return "tombstone: " + string(t) }

func gapOf(reason string) unroll.GapReason { return cmp.Or(gaps[reason].gap, unroll.GapUnknown) }

func kindOf(reason string) unroll.Kind { return cmp.Or(gaps[reason].kind, unroll.KindNotFound) }
