package x

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"unrollbot/bot/mention"
)

const (
	// beat is how often X sends a line end at least on a stream (docs.x.com,
	// "Handling disconnections", August 2026); a stream that misses two of
	// them is dead. The answer's own head may come with the first.
	beat     = 20 * time.Second
	silence  = 2*beat + 5*time.Second
	maxEvent = 1 << 20 // bytes of a line; an event with its users is below 16 KiB
)

// errSilent ends a stream on which nothing comes.
var errSilent = errors.New("x: the stream fell silent")

// listener keeps the activity stream open. What it hears is answered at once;
// what it misses is found by the polls, which go on.
type listener struct {
	a    *Adapter
	ring chan<- struct{}

	subscribed bool // the subscription was seen to stand
	created    bool // it was asked for in this life
	pauses     pauses
}

// listen hears mentions until ctx ends, and rings for each.
func (l *listener) listen(ctx context.Context) {
	for ctx.Err() == nil {
		lasted, err := l.stream(ctx)
		if ctx.Err() != nil {
			return
		}
		wait := l.pauses.after(lasted, err)
		switch {
		case refusedForGood(err):
			l.subscribed = false
			l.a.log.Warn("X refuses the activity stream: check that the bearer token and the keys are of the same app; mentions are polled", "wait", wait, "err", err)
		default:
			l.a.log.Info("the activity stream ended; mentions are polled meanwhile", "wait", wait, "err", err)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
		case <-t.C:
		}
	}
}

// stream reads one stream to its end, and tells how long it was open.
func (l *listener) stream(ctx context.Context) (lasted time.Duration, err error) {
	a := l.a
	if err := a.purse.bearReading(ctx, priceEvent, time.Now()); err != nil {
		return 0, err
	}
	if err := l.subscribe(ctx); err != nil {
		return 0, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dead := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer dead.Stop()
	body, err := a.streams.Open(ctx, a.asApp(mention.Call{Path: "/2/activity/stream"}))
	if err != nil {
		return 0, causeOf(ctx, err)
	}
	defer body.Close()
	defer context.AfterFunc(ctx, func() { body.Close() })()
	begin := time.Now()
	a.listSoon() // for what came while nobody listened
	knock(l.ring)
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		dead.Reset(silence)
		if err := l.heed(ctx, lines.Bytes()); err != nil {
			return time.Since(begin), err
		}
	}
	err = lines.Err()
	if err == nil {
		err = io.EOF
	}
	return time.Since(begin), causeOf(ctx, err)
}

// causeOf is why ctx ended, err where it did not.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// heed takes one line of a stream: an event, an error, or nothing as a sign
// of life. Its error says that the stream is not to be read on.
func (l *listener) heed(ctx context.Context, line []byte) error {
	if line = bytes.TrimSpace(line); len(line) == 0 {
		return nil
	}
	var e event
	if err := json.Unmarshal(line, &e); err != nil {
		l.a.log.Info("a line of the activity stream is no JSON", "bytes", len(line))
		return nil
	}
	for _, problem := range e.Errors { // the stream's end follows, where it is meant
		l.a.log.Info("the activity stream tells of an error", "title", cut(problem.Title), "detail", cut(problem.Detail))
	}
	m, ok := e.mention(l.a.cfg.UserID)
	if !ok || l.a.known(m, time.Now()) {
		return nil
	}
	knock(l.ring)
	if err := l.a.purse.pay(ctx, priceEvent, time.Now()); err != nil {
		return err
	}
	return l.a.purse.bearReading(ctx, priceEvent, time.Now())
}

// cut bounds a text of X's for the log, in bytes.
func cut(s string) string { return s[:min(len(s), 200)] }

func knock(ring chan<- struct{}) {
	select {
	case ring <- struct{}{}:
	default: // it rings already
	}
}

// asApp is a call with the app's own token.
func (a *Adapter) asApp(c mention.Call) mention.Call {
	c.Header = http.Header{"Authorization": {"Bearer " + a.cfg.BearerToken}}
	return c
}

// streamTransport carries streams: unlike that of other calls it has no
// patience of its own, the listener has.
func streamTransport() http.RoundTripper {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
	}
}
