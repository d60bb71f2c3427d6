package bot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"unrollbot/unroll"
)

// Chain puts middleware around a handler, the first outermost.
func Chain(h Handler, ms ...Middleware) Handler {
	for i := len(ms) - 1; i >= 0; i-- {
		h = ms[i](h)
	}
	return h
}

// Recover turns a panic into an error with its stack, and an apology.
func Recover(p Phrases) Middleware {
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, req Request, res Responder) (err error) {
			defer func() {
				if r := recover(); r != nil {
					err = fmt.Errorf("bot: handler panicked: %v\n%s", r, debug.Stack())
					_ = res.Send(ctx, ErrorReply(p, req.Locale, unroll.Ref{}, err)) // best effort: it may be Send that panics
				}
			}()
			return next.Handle(ctx, req, res)
		})
	}
}

// Observer hears of every request that was answered, for metrics.
type Observer interface {
	// Answered tells the intent, how it ended ("" for well), and how long it
	// took from dispatch to the last reply.
	Answered(platform string, intent Intent, kind unroll.Kind, took time.Duration)
}

// Log writes one line per request, and tells the observer, which may be nil.
// Who asked is hashed, what they wrote is left out.
func Log(log *slog.Logger, t *Triggers, o Observer) Middleware {
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, req Request, res Responder) error {
			start := time.Now()
			watch := &watcher{Responder: res}
			err := next.Handle(ctx, req, watch)
			intent, _ := t.Find(&req)
			kind := watch.kind
			if err != nil {
				kind = unroll.KindOf(err)
			}
			took := time.Since(start)
			if o != nil {
				o.Answered(req.Platform, intent, kind, took)
			}
			log.InfoContext(ctx, "request", "platform", req.Platform, "intent", string(intent), "kind", string(kind),
				"ref", watch.ref, "posts", watch.posts, "user", hashed(req.Platform, req.User), "duration", took)
			return err
		})
	}
}

// watcher notes what was sent.
type watcher struct {
	Responder
	kind  unroll.Kind
	ref   string
	posts int
}

// Unwrap implements [Wrapper].
func (w *watcher) Unwrap() Responder { return w.Responder }

func (w *watcher) Send(ctx context.Context, r Reply) error {
	w.kind, w.ref = r.Kind, r.Asked.Path()
	if r.Asked.IsZero() {
		w.ref = ""
	}
	if r.Thread != nil {
		w.posts = r.Thread.Len()
	}
	return w.Responder.Send(ctx, r)
}

// hashed lets lines about one person be found together without naming them.
func hashed(platform, user string) string {
	sum := sha256.Sum256([]byte(platform + ":" + user))
	return hex.EncodeToString(sum[:6])
}

// Limits bound what one user and one chat may ask.
type Limits struct {
	User, Chat unroll.Limit
	// Spared tells whom no limit holds; nil means nobody.
	Spared func(platform, user string) bool
}

// DefaultLimits suit people: nobody reads twenty threads a minute.
func DefaultLimits() Limits {
	return Limits{
		User: unroll.Limit{Events: 20, Per: time.Minute, Burst: 10},
		Chat: unroll.Limit{Events: 60, Per: time.Minute, Burst: 20},
	}
}

// Limited refuses kindly what goes beyond the limits. Turning pages is free:
// it costs a read of the store. What was begun before was counted then.
func Limited(l unroll.Limiter, limits Limits, p Phrases, log *slog.Logger) Middleware {
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, req Request, res Responder) error {
			turning := req.Page != nil && !req.Page.Fresh
			was, again := unwrapped[*left](res)
			if turning || (again && was.begun) || (limits.Spared != nil && limits.Spared(req.Platform, req.User)) {
				return next.Handle(ctx, req, res)
			}
			for _, counted := range []struct {
				key   string
				limit unroll.Limit
			}{
				{"user:" + req.Platform + ":" + req.User, limits.User},
				{"chat:" + req.Platform + ":" + req.Chat, limits.Chat},
			} {
				wait, err := l.Allow(ctx, counted.key, counted.limit)
				if err != nil {
					log.WarnContext(ctx, "limits cannot be counted", "err", err)
				}
				if wait > 0 {
					return res.Send(ctx, ErrorReply(p, req.Locale, unroll.Ref{},
						&unroll.Error{Kind: unroll.KindRateLimited, Op: "limit", RetryAfter: wait}))
				}
			}
			return next.Handle(ctx, req, res)
		})
	}
}
