package xapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
)

// endpoint is one of the API's, as metrics and rests name it.
type endpoint string

const (
	lookup       endpoint = "lookup"        // GET /2/tweets
	searchAll    endpoint = "search_all"    // GET /2/tweets/search/all
	searchRecent endpoint = "search_recent" // GET /2/tweets/search/recent
	timeline     endpoint = "timeline"      // GET /2/users/:id/tweets
)

// page gives how few and how many posts a call may ask for (X API docs, API
// reference, 2026-08). A lookup names its posts.
func (e endpoint) page() (least, most int) {
	switch e {
	case searchAll:
		return 10, 500
	case searchRecent:
		return 10, 100
	case timeline:
		return 5, 100
	default:
		return 1, 100
	}
}

// call is one request.
type call struct {
	endpoint endpoint
	op       string
	path     string
	params   map[string]string
	users    bool // ask for the authors' accounts too, which cost
}

// Fields of posts under their classic and their new names. The API speaks one
// of the two languages at a time; which one, only a refusal tells.
var (
	classicFields = []string{"note_tweet", "referenced_tweets", "edit_history_tweet_ids"}
	newFields     = []string{"note_post", "referenced_posts", "edit_history_post_ids"}
	commonFields  = []string{
		"article", "attachments", "author_id", "conversation_id", "created_at", "display_text_range", "entities",
		"in_reply_to_user_id", "lang", "possibly_sensitive", "public_metrics", "withheld",
	}
)

// query writes a call's parameters. Posts that others refer to are not asked
// for: they would bring along every stranger's post that the author answered.
func (c *call) query(newNames bool) string {
	q := url.Values{}
	for name, value := range c.params {
		q.Set(name, value)
	}
	param, fields := "tweet.fields", classicFields
	if newNames {
		param, fields = "post.fields", newFields
	}
	q.Set(param, strings.Join(append(fields[:len(fields):len(fields)], commonFields...), ","))
	expand := "attachments.media_keys,attachments.poll_ids,article.cover_media,article.media_entities"
	if c.users {
		expand = "author_id," + expand
		q.Set("user.fields", "name,profile_image_url,username")
	}
	q.Set("expansions", expand)
	q.Set("media.fields", "alt_text,duration_ms,height,media_key,preview_image_url,type,url,variants,width")
	q.Set("poll.fields", "end_datetime,options")
	return q.Encode()
}

// ask does one call, in the language that the API speaks.
func (s *Source) ask(ctx context.Context, c *call) (*answer, error) {
	if wait := s.resting(c.endpoint); wait > 0 {
		e := fail(unroll.KindRateLimited, c.op, errors.New("asked to wait before"))
		e.RetryAfter = wait
		return nil, e
	}
	names := s.newNames.Load()
	a, err := s.get(ctx, c, names)
	if invalid := (*invalidError)(nil); errors.As(err, &invalid) {
		other, otherErr := s.get(ctx, c, !names)
		if otherErr != nil {
			return nil, err
		}
		s.newNames.Store(!names)
		return other, nil
	}
	return a, err
}

// invalidError is a request that the API does not understand.
type invalidError struct{ *problem }

func (e *invalidError) Error() string { return e.problem.Error() }

// forbiddenError is one that the token does not allow.
type forbiddenError struct{ *problem }

func (e *forbiddenError) Error() string { return e.problem.Error() }

func (s *Source) get(ctx context.Context, c *call, newNames bool) (*answer, error) {
	var a answer
	got, err := s.http.GetJSON(ctx, httpx.Request{
		URL: s.cfg.BaseURL + c.path + "?" + c.query(newNames), Op: c.op, Source: Name,
		Header: map[string][]string{"Authorization": {"Bearer " + s.cfg.Token}},
	}, &a)
	if err == nil {
		if got.Header.Get("X-Rate-Limit-Remaining") == "0" {
			if at, err := strconv.ParseInt(got.Header.Get("X-Rate-Limit-Reset"), 10, 64); err == nil {
				s.restUntil(c.endpoint, time.Unix(at, 0))
			}
		}
		return &a, nil
	}
	p := a.first()
	for _, said := range []*string{&p.Type, &p.Title, &p.Detail, &p.Message} {
		*said = strings.ReplaceAll(*said, s.cfg.Token, "[redacted]")
	}
	kind, rest, hint := p.refusal(got.Status, unroll.RetryAfter(err))
	if kind == "" {
		return nil, err
	}
	if left := got.Header.Get("X-Rate-Limit-Remaining"); got.Status == 429 && p.kind() != "usage-capped" && left != "" && left != "0" {
		rest = perSecond
	}
	if rest > 0 {
		s.restUntil(c.endpoint, s.cfg.Now().Add(rest))
	}
	var cause error = p
	switch {
	case got.Status == 400:
		cause = &invalidError{p}
	case got.Status == 403 && p.Type != "": // not some gateway's
		cause = &forbiddenError{p}
	}
	e := fail(kind, c.op, fmt.Errorf("status %d: %w", got.Status, cause))
	if hint != "" {
		e.Err = fmt.Errorf("%s: %w", hint, e.Err)
	}
	if kind == unroll.KindRateLimited {
		e.RetryAfter = rest
	}
	return nil, e
}

// perSecond is how long to wait where calls are left in the window, and yet one
// was refused: search/all takes one a second (X API docs, rate limits, 2026-08).
const perSecond = time.Second

// longestRest bounds for how long an endpoint is left alone on its own word.
const longestRest = time.Hour

func (s *Source) restUntil(e endpoint, at time.Time) {
	if latest := s.cfg.Now().Add(longestRest); at.After(latest) {
		at = latest
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest[e] = at
}

// resting tells how long an endpoint is still to be left alone.
func (s *Source) resting(e endpoint) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return max(s.rest[e].Sub(s.cfg.Now()), 0)
}
