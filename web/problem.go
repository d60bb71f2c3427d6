package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
)

// problem is an error as visitors read it.
type problem struct {
	Status int    `json:"status"`
	Kind   string `json:"kind"`
	Title  string `json:"title"`
	Next   string `json:"next"`                  // what can be done about it
	Retry  int    `json:"retry_after,omitempty"` // in seconds
}

var (
	// errVisitor marks limits that the visitor ran into, not we.
	errVisitor = errors.New("too many requests from this address")
	errBusy    = &unroll.Error{Kind: unroll.KindRateLimited, Op: "web", RetryAfter: 5 * time.Second, Err: errors.New("too many unrolls under way")}
)

// problems has a line for each kind of error.
var problems = map[unroll.Kind]problem{
	unroll.KindInvalidRef: {
		Status: http.StatusBadRequest, Title: "That is not a link to a post.",
		Next: "Open the post on X, Bluesky or Mastodon, copy its address, and paste it here.",
	},
	unroll.KindNotFound: {
		Status: http.StatusNotFound, Title: "There is no such post.",
		Next: "Check the link: it may be cut off, or the post may have been deleted.",
	},
	unroll.KindDeleted: {
		Status: http.StatusGone, Title: "This thread was deleted.",
		Next: "Its author took it down, so it is not shown here either.",
	},
	unroll.KindPrivate: {
		Status: http.StatusForbidden, Title: "Only followers of the author may read this thread.",
		Next: "Log in at the network and read it there.",
	},
	unroll.KindLoginRequired: {
		Status: http.StatusForbidden, Title: "The author or the server shows this thread only to readers who log in.",
		Next: "Log in at the network and read it there.",
	},
	unroll.KindBlocked: {
		Status: http.StatusForbidden, Title: "This thread cannot be shown: the account is suspended, or the server must not be reached.",
		Next: "Try the original link.",
	},
	unroll.KindOptedOut: {
		Status: http.StatusForbidden, Title: "The author asked not to be unrolled.",
		Next: "Please read the thread where it was written.",
	},
	unroll.KindRateLimited: {
		Status: http.StatusServiceUnavailable, Title: "The network asks us to slow down.",
		Next: "Try again in a little while.",
	},
	unroll.KindTooLarge: {
		Status: http.StatusBadGateway, Title: "This thread is larger than we can read.",
		Next: "Please read it where it was written.",
	},
	unroll.KindUnsupported: {
		Status: http.StatusUnprocessableEntity, Title: "We cannot read posts from there.",
		Next: "Links to posts on X, Bluesky and Mastodon work.",
	},
	unroll.KindUpstream: {
		Status: http.StatusBadGateway, Title: "The network did not answer as it should.",
		Next: "Try again in a few minutes, or open the original link.",
	},
	unroll.KindTimeout: {
		Status: http.StatusGatewayTimeout, Title: "The network took too long to answer.",
		Next: "Try again in a few minutes, or open the original link.",
	},
	unroll.KindCanceled: {
		Status: http.StatusServiceUnavailable, Title: "The request was broken off.",
		Next: "Try again.",
	},
	unroll.KindInternal: {
		Status: http.StatusInternalServerError, Title: "Something went wrong here.",
		Next: "It is our fault, and it has been noted. Try again later.",
	},
}

// The functions below change a problem where the place tells more than the
// kind.

func noPage(p *problem) {
	p.Status, p.Title = http.StatusNotFound, "There is no page at this address."
	p.Next = "Paste the link of a post to unroll its thread."
}

func foreignForm(p *problem) {
	p.Status, p.Title = http.StatusForbidden, "This form was sent from another site."
	p.Next = "Open the thread here and try again."
}

func tooOften(p *problem) {
	p.Status, p.Title = http.StatusTooManyRequests, "That was a lot of threads in a short time."
	p.Next = "Take a moment to read one, then try again."
}

func elsewhere(p *problem) {
	p.Title, p.Next = "This was not read at the author's own server.", "Give the link of the post as your own server shows it."
}

func busy(p *problem) {
	p.Title, p.Next = "Very many threads are being unrolled right now.", "Try again in a few seconds."
}

// fail answers with a problem, in the form that was asked for.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error, change ...func(*problem)) {
	kind := unroll.KindOf(err)
	p, ok := problems[kind]
	if !ok {
		kind = unroll.KindInternal
		p = problems[kind]
	}
	p.Kind = string(kind)
	switch {
	case errors.Is(err, errVisitor):
		tooOften(&p)
	case errors.Is(err, errBusy):
		busy(&p)
	case errors.Is(err, errElsewhere):
		elsewhere(&p)
	}
	for _, c := range change {
		c(&p)
	}
	if p.Status >= http.StatusInternalServerError && kind != unroll.KindCanceled {
		s.cfg.Log.Warn("request failed", "route", r.Pattern, "kind", kind, "err", err)
	}
	if wait := unroll.RetryAfter(err); wait > 0 {
		p.Retry = int(math.Ceil(wait.Seconds()))
		w.Header().Set("Retry-After", strconv.Itoa(p.Retry))
	}
	w.Header().Set("Cache-Control", "no-store")
	s.writeProblem(w, r, p)
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, p problem) {
	var b bytes.Buffer
	kind := "text/html; charset=utf-8"
	switch {
	case strings.HasSuffix(r.URL.Path, ".json"):
		kind = "application/json"
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_ = json.NewEncoder(&b).Encode(map[string]problem{"error": p}) // strings and numbers always encode
	case strings.HasSuffix(r.URL.Path, ".txt"), strings.HasSuffix(r.URL.Path, ".md"):
		kind = "text/plain; charset=utf-8"
		b.WriteString(p.Title + "\n" + p.Next + "\n")
	default:
		err := s.render(&b, "problem", site{Title: p.Title, Problem: &p, Link: typed(r)})
		if err != nil { // then nothing can be rendered
			s.cfg.Log.Error("problem page cannot be made", "err", err)
			kind = "text/plain; charset=utf-8"
			b.WriteString(p.Title + "\n" + p.Next + "\n")
		}
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}
