// Package misskey reads threads from servers of the Misskey family by their
// own API: Misskey, Sharkey, Firefish and others.
//
// Notes are read as the server that was asked holds them. A note without
// replies costs two calls, each further note of a thread about one more.
package misskey

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/fedi"
)

// Name is [Source.Name].
const Name = "misskey"

// defaultCalls allows for threads of about 50 notes: replies are listed for
// one note at a time.
const defaultCalls = 60

// Config tunes a [Source]. The zero value of every field works.
type Config struct {
	// Trusted lists the host:port pairs that are spoken to in plain http.
	Trusted []string
	// Calls bounds the calls of one Fetch; 0 means 60.
	Calls int
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Source reads threads over Misskey's API. Use it from any goroutine.
type Source struct {
	trusted map[string]bool
	calls   int
	now     func() time.Time
	http    httpx.Doer
}

var _ unroll.Source = (*Source)(nil)

// New makes a source.
func New(cfg Config, d httpx.Doer) (*Source, error) {
	if d == nil {
		return nil, errors.New("misskey: no client")
	}
	s := &Source{
		trusted: make(map[string]bool, len(cfg.Trusted)),
		calls:   cmp.Or(cfg.Calls, defaultCalls), now: cfg.Now, http: d,
	}
	if s.now == nil {
		s.now = time.Now
	}
	for _, host := range cfg.Trusted {
		s.trusted[strings.ToLower(host)] = true
	}
	return s, nil
}

// Name implements [unroll.Source].
func (s *Source) Name() string { return Name }

// Match implements [unroll.Source]. Links of the fediverse do not tell the
// software behind them; ids do.
func (s *Source) Match(r unroll.Ref) bool {
	return r.Network == unroll.Mastodon && r.Valid() && isNoteID(r.ID)
}

// isNoteID tells whether s has a form of Misskey's ids: aid with 10 letters and
// digits, aidx with 16, ObjectID and meid with 24 hexadecimal ones, ULID with
// 26, in capitals where Misskey itself makes them.
func isNoteID(s string) bool {
	digits, lower, upper, beyondHex := 0, 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
			digits++
		case 'a' <= c && c <= 'z':
			lower++
			if c > 'f' {
				beyondHex++
			}
		case 'A' <= c && c <= 'Z':
			upper++
		default:
			return false
		}
	}
	if digits == len(s) {
		return false // Mastodon's
	}
	switch len(s) {
	case 10, 16:
		return upper == 0
	case 24:
		return upper == 0 && beyondHex == 0
	case 26:
		return upper == 0 || lower == 0
	default:
		return false
	}
}

// Fetch implements [unroll.Source]. It asks for the note, for its author's
// profile, for the notes above, and for the replies to each of the author's
// own notes that has some. All that within [Config.Calls].
func (s *Source) Fetch(ctx context.Context, ref unroll.Ref) (unroll.Conversation, error) {
	r := newReading(s, ref.Host)
	n, err := r.show(ctx, id(ref.ID))
	if err != nil {
		return unroll.Conversation{}, err
	}
	n, err = r.original(ctx, n)
	if err != nil {
		return unroll.Conversation{}, err
	}
	switch {
	case !n.isPublic():
		return unroll.Conversation{}, r.fail(unroll.KindPrivate, "note", errors.New("visibility is neither public nor home"))
	case n.User.key(r.host) == "":
		return unroll.Conversation{}, r.fail(unroll.KindUpstream, "note", errors.New("a note without an author"))
	}
	r.asked = n.ID
	r.hold(n)
	r.up(ctx)
	if err := r.respect(ctx); err != nil {
		return unroll.Conversation{}, err
	}
	r.down(ctx)
	if err := r.respect(ctx); err != nil { // the thread may be another's by now
		return unroll.Conversation{}, err
	}
	return r.conversation(), nil
}

var errNoCalls = errors.New("no calls left for this thread")

// ask puts one question to the server.
func (r *reading) ask(ctx context.Context, what string, params, out any) error {
	if r.left <= 0 {
		return r.fail(unroll.KindInternal, what, errNoCalls)
	}
	r.left--
	scheme := "https://"
	if r.s.trusted[r.host] {
		scheme = "http://"
	}
	op := Name + ": " + what + " " + r.host
	var raw json.RawMessage
	answer, err := r.s.http.GetJSON(ctx, httpx.Request{URL: scheme + r.host + "/api/" + what, Op: op, Source: Name, Body: params}, &raw)
	if err != nil {
		return understood(err, answer.Status, raw)
	}
	if all, ok := out.(*[]*note); ok {
		*all, err = list(raw)
	} else {
		err = fedi.Decode(raw, out)
	}
	if err != nil {
		return r.fail(unroll.KindUpstream, what, err)
	}
	return nil
}

// codes are the errors that Misskey names in its answers, whatever the status.
var codes = map[text]unroll.Kind{
	"NO_SUCH_NOTE":        unroll.KindNotFound,
	"NO_SUCH_USER":        unroll.KindNotFound,
	"INVALID_PARAM":       unroll.KindNotFound, // an id that the server cannot have given
	"CREDENTIAL_REQUIRED": unroll.KindLoginRequired,
	"SIGNIN_REQUIRED":     unroll.KindLoginRequired,
	"ACCESS_DENIED":       unroll.KindPrivate,
	"PERMISSION_DENIED":   unroll.KindPrivate,
	"RATE_LIMIT_EXCEEDED": unroll.KindRateLimited,
}

// understood makes of a refused call what the server says of it.
func understood(err error, status int, raw []byte) error {
	var e *unroll.Error
	if !errors.As(err, &e) {
		return err
	}
	var body refusal
	_ = fedi.Decode(raw, &body) // may be no JSON at all
	if kind, ok := codes[body.Error.Code]; ok {
		return &unroll.Error{Kind: kind, Op: e.Op, Source: e.Source, RetryAfter: e.RetryAfter, Err: err, Sure: true}
	}
	switch e.Kind {
	case unroll.KindRateLimited, unroll.KindTimeout:
	case unroll.KindUpstream:
		if status != 0 && status < 500 {
			return err // a page, or a server of another kind
		}
	default:
		return err
	}
	sure := *e
	sure.Sure = true
	return &sure
}

// fail makes an error about what the server itself told.
func (r *reading) fail(kind unroll.Kind, what string, err error) error {
	return &unroll.Error{
		Kind: kind, Op: Name + ": " + what + " " + r.host, Source: Name, RetryAfter: unroll.RetryAfter(err), Err: err,
		Sure: kind == unroll.KindPrivate || kind == unroll.KindOptedOut,
	}
}
