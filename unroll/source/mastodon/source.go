// Package mastodon reads threads from fediverse servers that speak Mastodon's
// API: Mastodon itself, GoToSocial, Pleroma, Akkoma, snac and others.
//
// A post is read from its own server, because only that one has the whole
// thread; a copy on another server leads there. A thread of up to 20 replies
// costs two calls, see [Source.Fetch].
package mastodon

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
)

const name = "mastodon"

// defaultCalls allows for about 500 posts of a thread that is read without a
// token, 20 a call. Servers allow 300 calls in 5 minutes
// (docs.joinmastodon.org, "Rate limits", November 2026).
const defaultCalls = 30

// Config tunes a [Source]. The zero value of every field works.
type Config struct {
	// Tokens holds access tokens by host, for servers that want one even for
	// reading. A token needs the scope read:statuses.
	Tokens map[string]string
	// Trusted lists the host:port pairs that are spoken to in plain http.
	Trusted []string
	// Calls bounds the calls of one Fetch; 0 means 30.
	Calls int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Wait waits for a duration or until ctx ends; nil means to really wait.
	Wait func(ctx context.Context, d time.Duration) error
}

// Source reads threads over Mastodon's API. Use it from any goroutine.
type Source struct {
	tokens  map[string]string
	trusted map[string]bool
	calls   int
	now     func() time.Time
	wait    func(context.Context, time.Duration) error
	http    httpx.Doer
}

var _ unroll.Source = (*Source)(nil)

// New makes a source. It fails on hosts that are none and on empty tokens.
func New(cfg Config, d httpx.Doer) (*Source, error) {
	s := &Source{
		tokens:  make(map[string]string, len(cfg.Tokens)),
		trusted: make(map[string]bool, len(cfg.Trusted)),
		calls:   cmp.Or(cfg.Calls, defaultCalls),
		now:     cfg.Now,
		wait:    cfg.Wait,
		http:    d,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.wait == nil {
		s.wait = wait
	}
	for host, token := range cfg.Tokens {
		host = strings.ToLower(host)
		if !isHost(host) || strings.TrimSpace(token) == "" {
			return nil, fmt.Errorf("mastodon: token for %q: want a host name and a token, as in social.example=TOKEN", host)
		}
		s.tokens[host] = strings.TrimSpace(token)
	}
	for _, host := range cfg.Trusted {
		s.trusted[strings.ToLower(host)] = true
	}
	return s, nil
}

func isHost(host string) bool {
	return unroll.Ref{Network: unroll.Mastodon, Host: host, ID: "1"}.Valid()
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// Name implements [unroll.Source].
func (s *Source) Name() string { return name }

// Match implements [unroll.Source].
func (s *Source) Match(r unroll.Ref) bool { return r.Network == unroll.Mastodon && r.Valid() }

// Fetch implements [unroll.Source]. It asks for the status and its context:
// two calls. It goes on where the answers show that there is more: from the
// last self-reply of a long thread, from the first known post upwards, along
// the author's own posts past a deleted one, and on the post's own server
// when ref is of another's copy. All that within [Config.Calls].
func (s *Source) Fetch(ctx context.Context, ref unroll.Ref) (unroll.Conversation, error) {
	b := &budget{left: s.calls}
	st, err := s.status(ctx, b, ref)
	if err != nil {
		return unroll.Conversation{}, err
	}
	st = st.original()
	origin, remote := st.origin(ref.Host)
	if remote {
		conv, err := s.fetchOrigin(ctx, b, origin)
		if err == nil || ctx.Err() != nil || !mayStandIn(err) {
			return conv, err
		}
	}
	return s.read(ctx, b, ref.Host, st, remote)
}

// mayStandIn tells whether a copy may stand in for a post that its own server
// did not give. It may not when the author does not want that.
func mayStandIn(err error) bool {
	switch unroll.KindOf(err) {
	case unroll.KindPrivate, unroll.KindOptedOut, unroll.KindDeleted:
		return false
	default:
		return true
	}
}

// fetchOrigin reads a post that another server has a copy of.
func (s *Source) fetchOrigin(ctx context.Context, b *budget, origin unroll.Ref) (unroll.Conversation, error) {
	st, err := s.status(ctx, b, origin)
	if err != nil {
		if unroll.KindOf(err) == unroll.KindNotFound && isNumber(origin.ID) {
			// Mastodon says so of its own post, and the copy proves that it
			// was there.
			return unroll.Conversation{}, s.fail(unroll.KindDeleted, "status "+origin.Host, err)
		}
		return unroll.Conversation{}, err
	}
	return s.read(ctx, b, origin.Host, st, false)
}

// origin gives the ref of a status on its own server, if that is another than
// host.
func (st *status) origin(host string) (unroll.Ref, bool) {
	for _, address := range []text{st.URL, st.URI} {
		r, err := unroll.ParseRef(string(address))
		if err == nil && r.Network == unroll.Mastodon {
			return r, r.Host != host
		}
	}
	return unroll.Ref{}, false
}

func isNumber(s string) bool { return strings.Trim(s, "0123456789") == "" }

// status gets a status. Ids that stand only in links are looked up first.
func (s *Source) status(ctx context.Context, b *budget, ref unroll.Ref) (*status, error) {
	at, err := s.lookUp(ctx, b, ref)
	if err != nil {
		return nil, err
	}
	st := new(status)
	if _, err := s.get(ctx, b, ref.Host, "/api/v1/statuses/"+at, "status "+ref.Host, st); err != nil {
		return nil, err
	}
	if st.ID == "" {
		return nil, s.fail(unroll.KindUpstream, "status "+ref.Host, errors.New("not a status"))
	}
	return st, nil
}

// lookUp gives the id that the API knows a post by.
func (s *Source) lookUp(ctx context.Context, b *budget, ref unroll.Ref) (string, error) {
	op := "look up " + ref.Host
	if user, stamp, ok := strings.Cut(ref.ID, ":"); ok { // snac
		return s.search(ctx, b, ref.Host, s.base(ref.Host)+"/"+user+"/p/"+stamp)
	}
	if strings.Count(ref.ID, "-") != 4 {
		return ref.ID, nil
	}
	// Pleroma leads from a post's ActivityPub id to its page.
	object := s.base(ref.Host) + "/objects/" + ref.ID
	if !b.take() {
		return "", s.fail(unroll.KindInternal, op, errNoCalls)
	}
	page, err := s.http.Location(ctx, name+": "+op, object)
	if err == nil {
		if r, err := unroll.ParseRef(page); err == nil && r.Host == ref.Host && r.ID != ref.ID {
			return r.ID, nil
		}
	}
	if s.tokens[ref.Host] != "" && ctx.Err() == nil {
		return s.search(ctx, b, ref.Host, object)
	}
	if err == nil {
		err = errors.New("the server did not lead to a post")
	}
	return "", s.fail(cmp.Or(unroll.KindOf(err), unroll.KindNotFound), op, err)
}

// search asks a server for the id of the post at an address. Servers want a
// token for that.
func (s *Source) search(ctx context.Context, b *budget, host, address string) (string, error) {
	op := "search " + host
	if s.tokens[host] == "" {
		return "", s.fail(unroll.KindLoginRequired, op, errors.New("the server finds posts by their address only with a token"))
	}
	var found searchBody
	path := "/api/v2/search?type=statuses&resolve=true&q=" + url.QueryEscape(address)
	if _, err := s.get(ctx, b, host, path, op, &found); err != nil {
		return "", err
	}
	at := id("")
	statuses(found.Statuses, func(st *status) {
		if at == "" && slices.Contains([]text{st.URI, st.URL}, text(address)) {
			at = st.ID
		}
	})
	if at == "" {
		return "", s.fail(unroll.KindNotFound, op, errors.New("the server does not know that address"))
	}
	return string(at), nil
}

// budget counts the calls of one Fetch.
type budget struct{ left int }

func (b *budget) take() bool {
	b.left--
	return b.left >= 0
}

var errNoCalls = errors.New("no calls left for this thread")

func (s *Source) base(host string) string {
	if s.trusted[host] {
		return "http://" + host
	}
	return "https://" + host
}

// get asks one server. The token goes to its own host only.
func (s *Source) get(ctx context.Context, b *budget, host, path, op string, out any) (httpx.Answer, error) {
	if !b.take() {
		return httpx.Answer{}, s.fail(unroll.KindInternal, op, errNoCalls)
	}
	r := httpx.Request{URL: s.base(host) + path, Op: name + ": " + op, Source: name}
	if token := s.tokens[host]; token != "" {
		r.Header = map[string][]string{"Authorization": {"Bearer " + token}}
	}
	var raw json.RawMessage
	answer, err := s.http.GetJSON(ctx, r, &raw)
	if err != nil {
		return answer, err
	}
	if err := fedi.Decode(raw, out); err != nil {
		return answer, s.fail(unroll.KindUpstream, op, err)
	}
	return answer, nil
}

// fail makes an error of this source; the wait of its cause stays known.
func (s *Source) fail(kind unroll.Kind, op string, err error) error {
	return &unroll.Error{Kind: kind, Op: name + ": " + op, Source: name, RetryAfter: unroll.RetryAfter(err), Err: err}
}
