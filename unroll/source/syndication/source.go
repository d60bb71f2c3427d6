// Package syndication reads X's posts from the service behind its embedded
// posts: single posts without a key. It climbs from a post to the beginning
// of its thread and never sees what follows, so it is the last resort.
package syndication

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/xpost"
)

// Name is the source's name.
const Name = "syndication"

const (
	defaultBaseURL  = "https://cdn.syndication.twimg.com"
	defaultMaxCalls = 25 // each shows a post and mostly the one above
)

// Config tunes a [Source]. The zero value works.
type Config struct {
	// BaseURL is where the service is; empty means
	// https://cdn.syndication.twimg.com.
	BaseURL string
	// MaxCalls bounds the calls for one thread; 0 means 25.
	MaxCalls int
}

// Source reads from the syndication service.
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
		return nil, fmt.Errorf("syndication: %w", err)
	}
	return &Source{base: base, maxCalls: max(cmp.Or(cfg.MaxCalls, defaultMaxCalls), 1), http: d}, nil
}

// Name implements [unroll.Source].
func (*Source) Name() string { return Name }

// Match implements [unroll.Source].
func (*Source) Match(r unroll.Ref) bool { return r.Network == unroll.X && xpost.ValidID(r.ID) }

// Fetch implements [unroll.Source].
func (s *Source) Fetch(ctx context.Context, r unroll.Ref) (unroll.Conversation, error) {
	if !s.Match(r) {
		return unroll.Conversation{}, fail(unroll.KindInvalidRef, r.ID, nil)
	}
	first, err := s.ask(ctx, r.ID)
	if err != nil {
		return unroll.Conversation{}, err
	}
	calls := 1
	again := func(id string) (*tweet, error) {
		if calls >= s.maxCalls {
			return nil, errBudget
		}
		calls++
		return s.ask(ctx, id)
	}
	if now := first.current(); now != first.ID {
		if edited, err := again(now); err == nil {
			first = edited
		}
	}
	c := newClimb(first)
	if err := c.up(again); err != nil {
		return unroll.Conversation{}, err
	}
	return c.finish(), nil
}

var errBudget = errors.New("no calls left")

// ask gets one post; whatever else the service answers is an error.
func (s *Source) ask(ctx context.Context, id string) (*tweet, error) {
	query := url.Values{
		"id": {id}, "token": {token(id)}, "lang": {"en"},
		"features": {"tfw_tweet_edit_backend:on"},
	}
	var t tweet
	_, err := s.http.GetJSON(ctx, httpx.Request{
		URL: s.base + "/tweet-result?" + query.Encode(), Op: op(id), Source: Name,
	}, &t)
	switch {
	case err != nil:
		return nil, err
	case t.Type == "TweetTombstone":
		n := readTombstone(t.Tombstone.Text.Text)
		return nil, fail(n.kind, id, n)
	case t.ID == "" && t.Text == "":
		return nil, fail(unroll.KindNotFound, id, nil)
	case !t.sound():
		return nil, fail(unroll.KindUpstream, id, errors.New("a post without id or author"))
	default:
		return &t, nil
	}
}

func op(id string) string { return "syndication: post " + id }

func fail(kind unroll.Kind, id string, cause error) error {
	return &unroll.Error{Kind: kind, Op: op(id), Source: Name, Err: cause}
}

// notice is what stands in place of a post. It is an error's cause.
type notice struct {
	gap  unroll.GapReason
	kind unroll.Kind
}

func (n notice) Error() string { return "tombstone: " + string(n.gap) }

// tombstones tell the reasons apart by words of the English notices; there
// is nothing else to tell them by. The first match counts.
var tombstones = []struct {
	words string
	notice
}{
	{"withheld", notice{unroll.GapWithheld, unroll.KindBlocked}},
	{"suspended", notice{unroll.GapSuspended, unroll.KindBlocked}},
	{"age-restricted", notice{unroll.GapRestricted, unroll.KindLoginRequired}},
	{"adult content", notice{unroll.GapRestricted, unroll.KindLoginRequired}},
	{"limits who can", notice{unroll.GapPrivate, unroll.KindPrivate}},
	{"protected", notice{unroll.GapPrivate, unroll.KindPrivate}},
	{"deleted", notice{unroll.GapDeleted, unroll.KindDeleted}},
	{"no longer exists", notice{unroll.GapDeleted, unroll.KindDeleted}},
	{"violat", notice{unroll.GapBlocked, unroll.KindBlocked}},
}

func readTombstone(text string) notice {
	text = strings.ToLower(text)
	for _, t := range tombstones {
		if strings.Contains(text, t.words) {
			return t.notice
		}
	}
	return notice{unroll.GapUnknown, unroll.KindNotFound}
}
