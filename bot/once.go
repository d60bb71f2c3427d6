package bot

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"unrollbot/unroll"
)

// SeenFor is how long an answered request is remembered, so that one which
// is delivered twice is answered once. Telegram keeps updates for 24 hours
// (Bot API, "Getting updates", November 2026).
const SeenFor = 25 * time.Hour

// BegunFor is how long a request counts as begun after the last sign of life
// of who answers it.
const BegunFor = 10 * time.Second

// ErrBegun is the end of a request that somebody else is answering, in this
// process or another one.
var ErrBegun = errors.New("bot: the request is being answered already")

// Marks tell which requests were begun, by whom, and which were answered.
type Marks interface {
	unroll.Values
	unroll.Leases
}

var (
	begun    = []byte("begun ") // before the name of who has begun
	answered = []byte("answered")
)

// Once answers a request only the first time its ID is seen, in whichever
// process. A request that nobody could tell of, or whose process was killed
// over it, may be begun again; with [ErrBegun] somebody is at it. When the
// store cannot tell, it is answered: rather twice than never.
func Once(m Marks, log *slog.Logger) Middleware {
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, req Request, res Responder) error {
			if req.ID == "" {
				return next.Handle(ctx, req, res)
			}
			t := &turn{marks: m, log: log, key: "seen:" + req.Platform + ":" + req.ID, owner: string(begun) + rand.Text()}
			mine, err := t.begin(ctx)
			switch {
			case err != nil:
				log.Warn("store cannot mark a request as begun", "err", err)
				return next.Handle(ctx, req, res)
			case !mine:
				return t.others(ctx)
			}
			return t.take(ctx, next, req, res)
		})
	}
}

// turn is one try to answer a request.
type turn struct {
	marks Marks
	log   *slog.Logger
	key   string
	owner string
}

func (t *turn) begin(ctx context.Context) (bool, error) {
	return t.marks.Hold(ctx, t.key, t.owner, BegunFor)
}

// others tells how far somebody else is: nil when they have answered.
func (t *turn) others(ctx context.Context) error {
	mark, found, err := t.marks.Value(ctx, t.key)
	switch {
	case err != nil:
		t.log.Warn("store cannot tell whether a request was answered", "err", err)
		return ErrBegun
	case !found || bytes.HasPrefix(mark, begun):
		return ErrBegun
	default:
		return nil
	}
}

// take handles the request, and holds the turn meanwhile.
func (t *turn) take(ctx context.Context, next Handler, req Request, res Responder) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	signs := keepTelling(func() {
		mine, err := t.begin(ctx)
		switch {
		case err != nil:
			t.log.Info("store cannot mark a request as begun", "err", err)
		case !mine: // this process was away for too long
			cancel(ErrBegun)
		}
	})
	out := &counter{Responder: res}
	err := next.Handle(ctx, req, out)
	signs.stop()
	if errors.Is(context.Cause(ctx), ErrBegun) {
		return ErrBegun
	}
	after := context.WithoutCancel(ctx)
	if err != nil && out.sent.Load() == 0 {
		if rerr := t.marks.Release(after, t.key, t.owner); rerr != nil {
			t.log.Info("store cannot mark a request as not begun", "err", rerr)
		}
		return err
	}
	if merr := t.marks.SetValue(after, t.key, answered, SeenFor); merr != nil {
		t.log.Warn("store cannot mark a request as answered", "err", merr)
	}
	return err
}

// counter counts what was sent.
type counter struct {
	Responder
	sent atomic.Int64
}

// Unwrap gives what carries the answer.
func (c *counter) Unwrap() Responder { return c.Responder }

func (c *counter) Send(ctx context.Context, r Reply) error {
	err := c.Responder.Send(ctx, r)
	if err == nil {
		c.sent.Add(1)
	}
	return err
}

// telling calls a function a few times in each BegunFor, until it is stopped.
type telling struct {
	mu    sync.Mutex
	timer *time.Timer // nil once stopped
}

func keepTelling(tell func()) *telling {
	t := &telling{}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(BegunFor/3, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.timer == nil {
			return
		}
		tell()
		t.timer.Reset(BegunFor / 3)
	})
	return t
}

// stop returns when the function is not running any more.
func (t *telling) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer.Stop()
	t.timer = nil
}
