package unroll

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Kind is what went wrong, in the few ways callers treat differently. Its
// text is stable: it labels metrics and selects messages.
type Kind string

// The kinds.
const (
	KindInvalidRef    Kind = "invalid_ref"    // not a link to a post we know how to read
	KindNotFound      Kind = "not_found"      // no such post
	KindDeleted       Kind = "deleted"        // there was such a post
	KindPrivate       Kind = "private"        // protected account, followers only
	KindLoginRequired Kind = "login_required" // the server or the author wants readers to log in
	KindBlocked       Kind = "blocked"        // suspended, withheld, taken down; or a host we must not dial
	KindOptedOut      Kind = "opted_out"      // the author asked not to be unrolled
	KindRateLimited   Kind = "rate_limited"   // by the service, or by us; see RetryAfter
	KindTooLarge      Kind = "too_large"      // an answer beyond our caps
	KindUnsupported   Kind = "unsupported"    // a service or post form we do not read
	KindUpstream      Kind = "upstream"       // the service failed or answered nonsense
	KindTimeout       Kind = "timeout"
	KindCanceled      Kind = "canceled" // whoever asked went away
	KindInternal      Kind = "internal"
)

// Error is the error of this module's core and sources. Its text is for
// logs; what users read is chosen by Kind.
type Error struct {
	Kind       Kind
	Op         string        // what was tried: "fxtwitter: thread 20"
	RetryAfter time.Duration // for KindRateLimited, where known
	Source     string        // whose answer it was, where a source's
	// Sure tells that the service was asked in its own language. Where servers
	// of several kinds share a network, what a source of another kind makes of
	// their answers counts less.
	Sure bool
	Err  error // cause, may be nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %s", e.Op, e.Kind)
	}
	return fmt.Sprintf("%s: %s: %v", e.Op, e.Kind, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf gives the kind of any error: the outermost *Error's, timeout and
// canceled for a context's, internal for all others. KindOf(nil) is "".
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return KindTimeout
	case errors.Is(err, context.Canceled):
		return KindCanceled
	default:
		return KindInternal
	}
}

// RetryAfter gives the wait that err carries, or 0.
func RetryAfter(err error) time.Duration {
	var e *Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}

// Final tells whether asking another source, or asking again at once, is
// pointless: the post itself is the reason, not the service.
func (k Kind) Final() bool {
	switch k {
	case KindInvalidRef, KindOptedOut, KindCanceled, KindUnsupported:
		return true
	default:
		return false
	}
}

// kind is the error for a post that is nothing but a gap.
func (r GapReason) kind() Kind {
	switch r {
	case GapDeleted:
		return KindDeleted
	case GapPrivate:
		return KindPrivate
	case GapBlocked, GapSuspended, GapWithheld, GapWithdrawn:
		return KindBlocked
	case GapRestricted:
		return KindLoginRequired
	case GapUnknown:
		return KindNotFound
	default:
		return KindNotFound
	}
}
