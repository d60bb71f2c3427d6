// Package bluesky reads Bluesky threads from an AppView, without an account.
//
// One call of app.bsky.feed.getPostThread gives a whole thread whose first
// post was asked for, as deep as the AppView goes. More calls are made only
// where the answer shows that there is more: see [Source.Fetch].
package bluesky

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

const (
	name = "bluesky"

	// maxLevels is the most that getPostThread takes for depth and
	// parentHeight; 1,001 is a 400 (lexicon of 2026-08). What an AppView
	// gives may be less: the public one stops 10 levels below the post
	// (bluesky-social/atproto issue 3147, 2024-11).
	maxLevels = 1000

	// maxBody in bytes. A post is 1 to 2 KiB of JSON and brings all the
	// replies below it, anybody's.
	maxBody = 32 << 20
)

// Config tunes a [Source]. The zero value of every field works.
type Config struct {
	// BaseURL is the AppView's; empty means https://public.api.bsky.app.
	BaseURL string
	// MaxCalls bounds the calls for one thread; 0 means 32, which is a
	// thread of about 300 posts where an AppView gives 10 levels a call.
	MaxCalls int
	// MaxPosts bounds the posts held of one conversation; 0 means 10,000.
	MaxPosts int
	// FeedPages bounds how many pages of 100 posts of the author's feed are
	// looked through for what hangs below a deleted post; 0 means 5, a
	// negative number none.
	FeedPages int
	// Count asks the AppView for its own count of every thread, which costs
	// one small call and finds out about deleted posts that nothing else
	// gives away. Without it that call is made where there is a sign that
	// posts are missing.
	Count bool
	Now   func() time.Time
}

// Source reads from one AppView. It is safe for concurrent use.
type Source struct {
	cfg  Config
	http httpx.Doer
}

var (
	_ unroll.Source  = (*Source)(nil)
	_ unroll.Updater = (*Source)(nil)
)

// New makes a source.
func New(cfg Config, client httpx.Doer) (*Source, error) {
	base, err := link.Base(cfg.BaseURL, "https://public.api.bsky.app")
	if err != nil {
		return nil, fmt.Errorf("bluesky: AppView: %w", err)
	}
	cfg.BaseURL = base
	if client == nil {
		return nil, errors.New("bluesky: no HTTP client")
	}
	cfg.MaxCalls = cmp.Or(cfg.MaxCalls, 32)
	cfg.MaxPosts = cmp.Or(cfg.MaxPosts, 10_000)
	cfg.FeedPages = cmp.Or(cfg.FeedPages, 5)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Source{cfg: cfg, http: client}, nil
}

// Name implements [unroll.Source].
func (*Source) Name() string { return name }

// Match implements [unroll.Source].
func (*Source) Match(ref unroll.Ref) bool {
	return ref.Network == unroll.Bluesky && ref.Author != "" && ref.ID != ""
}

// Fetch implements [unroll.Source]. The calls it makes:
//
//  1. the thread around the asked post; where that is the first of a thread,
//     or nothing else hangs on the posts above it, no further call is needed;
//  2. the thread's first post, for what else hangs on it;
//  3. each of the author's posts below which the AppView stopped; if they
//     are many, the author's feed instead, where it is short enough;
//  4. the conversation's root, where a deleted post cuts it off;
//  5. with a sign of more (or Config.Count) the AppView's own count, and if
//     that is higher or unknown, the author's feed back to the first post.
func (s *Source) Fetch(ctx context.Context, ref unroll.Ref) (unroll.Conversation, error) {
	if !s.Match(ref) {
		return unroll.Conversation{}, &unroll.Error{Kind: unroll.KindInvalidRef, Op: "bluesky: thread " + ref.PostID(), Source: name}
	}
	return s.read(ctx, ref, s.cfg.Count)
}

// Update implements [unroll.Updater]. It reads from the last post, above which
// a deleted post shows, or from the root where that is gone, and has the
// AppView count the thread; one that cannot is asked for the author's newest
// posts instead. A plain thread costs two calls.
func (s *Source) Update(ctx context.Context, held *unroll.Thread) (unroll.Conversation, error) {
	last := held.Ref
	for i := range held.Posts {
		if p := &held.Posts[i]; p.Gap == nil {
			last = held.RefOf(p)
		}
	}
	c, err := s.read(ctx, last, true)
	if unroll.KindOf(err) == unroll.KindNotFound && last != held.Ref {
		return s.read(ctx, held.Ref, true)
	}
	return c, err
}

// read is Fetch; count asks for the AppView's own count in any case.
func (s *Source) read(ctx context.Context, ref unroll.Ref, count bool) (unroll.Conversation, error) {
	r := newReading(s)
	asked, err := r.start(ctx, ref)
	if err != nil {
		return unroll.Conversation{}, err
	}
	head := r.findHead(ctx, asked)
	if r.shy[r.posts[head].post.AuthorID] {
		return unroll.Conversation{}, &unroll.Error{
			Kind: unroll.KindLoginRequired, Op: "bluesky: thread " + ref.PostID(), Source: name,
			Err: errors.New("the author asks not to be shown to people who are not logged in"),
		}
	}
	top := r.joinRoot(ctx, head)
	r.descend(ctx, top)
	r.lookAlong(ctx, top, count)
	c := r.conversation(asked, head, top)
	for i := range c.Posts {
		if c.Posts[i].Gap == nil {
			return c, nil
		}
	}
	return unroll.Conversation{}, &unroll.Error{
		Kind: unroll.KindBlocked, Op: "bluesky: thread " + ref.PostID(), Source: name,
		Err: fmt.Errorf("no post to show: %s", r.posts[asked].post.Gap.Reason),
	}
}

// thread calls app.bsky.feed.getPostThread. The node it returns has a post.
func (s *Source) thread(ctx context.Context, ref unroll.Ref, depth, height int) (*threadNode, error) {
	var a threadAnswer
	op := "thread " + ref.PostID()
	err := s.get(ctx, op, "app.bsky.feed.getPostThread", url.Values{
		"uri":          {postURI(ref)},
		"depth":        {strconv.Itoa(depth)},
		"parentHeight": {strconv.Itoa(height)},
	}, &a)
	if err != nil {
		return nil, a.explain(err)
	}
	switch t := a.Thread; {
	case t == nil:
		err = fail(op, unroll.KindUpstream, "an answer without a thread")
	case t.NotFound:
		err = fail(op, unroll.KindNotFound, "not found")
	case t.Blocked:
		err = fail(op, unroll.KindBlocked, "blocked")
	case t.Post == nil:
		err = fail(op, unroll.KindUpstream, "a thread without a post")
	default:
		return t, nil
	}
	return nil, err
}

// feed calls app.bsky.feed.getAuthorFeed: at most 100 posts, newest first.
//
// The filter is the widest one. posts_and_author_threads sounds right, but
// leaves out what the author wrote below a deleted post, and every thread
// that does not fit on a page from its first post on (measured 2026-11).
func (s *Source) feed(ctx context.Context, did, cursor string) (feedAnswer, error) {
	var a feedAnswer
	q := url.Values{"actor": {did}, "limit": {"100"}, "filter": {"posts_with_replies"}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	err := s.get(ctx, "feed "+did, "app.bsky.feed.getAuthorFeed", q, &a)
	return a, a.explain(err)
}

// count asks for the AppView's own number of posts in the thread that a root
// opens, 0 where it has none. It counts the oldest line of self-replies, with
// the deleted posts on it that have others below them.
//
// The method is app.bsky.unspecced.getPostThreadV2, which may change any day:
// whatever goes wrong, there is no count then. refused tells that the AppView
// does not have it, or no longer in this form.
func (s *Source) count(ctx context.Context, root unroll.Ref) (n int, refused bool) {
	var a countAnswer
	err := s.get(ctx, "count "+root.PostID(), "app.bsky.unspecced.getPostThreadV2", url.Values{
		"anchor": {postURI(root)}, "above": {"false"}, "below": {"0"},
	}, &a)
	if err != nil {
		return 0, a.Error == "MethodNotImplemented" || a.Error == "InvalidRequest"
	}
	for _, item := range a.Thread {
		if item.Depth == 0 {
			return max(item.Value.OPThreadPostCount, 0), false
		}
	}
	return 0, false
}

func (s *Source) get(ctx context.Context, op, method string, query url.Values, out any) error {
	_, err := s.http.GetJSON(ctx, httpx.Request{
		URL: s.cfg.BaseURL + "/xrpc/" + method + "?" + query.Encode(),
		Op:  name + ": " + op, Source: name, MaxBody: maxBody,
	}, out)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return nil // the rest was decoded; what is missing shows where it is used
	}
	return err
}

func fail(op string, kind unroll.Kind, cause string) error {
	return &unroll.Error{Kind: kind, Op: name + ": " + op, Source: name, Err: errors.New(cause)}
}

// explain gives the error of a call its kind, by the name that XRPC has for
// it: most refusals are 400s.
func (r refusal) explain(err error) error {
	var e *unroll.Error
	if !errors.As(err, &e) {
		return err
	}
	kind := e.Kind
	switch r.Error {
	case "NotFound":
		kind = unroll.KindNotFound
	case "InvalidRequest":
		switch {
		case strings.Contains(r.Message, "resolve handle"), strings.Contains(r.Message, "Profile not found"):
			kind = unroll.KindNotFound // the account is gone, or never was
		case strings.Contains(r.Message, "at-uri"):
			kind = unroll.KindInvalidRef
		}
	case "AccountDeactivated", "AccountTakedown", "AccountSuspended", "RepoDeactivated", "RepoTakendown", "RepoSuspended",
		"BlockedActor", "BlockedByActor":
		kind = unroll.KindBlocked
	case "AuthMissing", "AuthenticationRequired":
		kind = unroll.KindLoginRequired
	case "RateLimitExceeded":
		kind = unroll.KindRateLimited
	}
	explained := *e
	explained.Kind = kind
	if known := kind != e.Kind; known {
		explained.Err = fmt.Errorf("%s: %w", r.Error, e.Err)
	}
	return &explained
}
