package mastodon

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"unrollbot/bot/mention"
)

const (
	// silence is when a stream counts as dead: Mastodon sends a comment every
	// 15 seconds (mastodon/streaming, July 2026).
	silence  = 90 * time.Second
	maxEvent = 1 << 20 // bytes of a line
)

// errSilent ends a stream on which nothing comes.
var errSilent = errors.New("mastodon: the stream fell silent")

// listen rings whenever the server announces a notification, until ctx ends.
// A server without a stream is left to polling.
func (a *Adapter) listen(ctx context.Context, ring chan<- struct{}) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = time.Second, 5*time.Minute, 2
	for ctx.Err() == nil {
		begin := time.Now()
		err := a.stream(ctx, ring)
		if e := mention.Refusal(err); e.Final() {
			a.log.Info("the server has no stream of notifications; they are polled", "err", err)
			return
		}
		if time.Since(begin) > 2*silence {
			pause.Reset()
		}
		wait := max(pause.NextBackOff(), mention.Refusal(err).Wait)
		if ctx.Err() == nil {
			a.log.Info("the stream of notifications ended; they are polled meanwhile", "wait", wait, "err", err)
		}
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
		case <-t.C:
		}
	}
}

// stream reads one stream to its end.
func (a *Adapter) stream(ctx context.Context, ring chan<- struct{}) error {
	_, server, err := a.known(ctx)
	if err != nil {
		return err
	}
	client := a.client
	if server.Stream != "" {
		if client, err = mention.NewClient(server.Stream, a.cfg.UserAgent, a.cfg.Transport); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dead := time.AfterFunc(silence, func() { cancel(errSilent) })
	defer dead.Stop()
	h := a.header.Clone()
	h.Set("Accept", "text/event-stream")
	body, err := client.Open(ctx, mention.Call{Path: "/api/v1/streaming/user/notification", Header: h})
	if err != nil {
		return err
	}
	defer body.Close()
	stop := context.AfterFunc(ctx, func() { body.Close() })
	defer stop()
	knock(ring) // for what came while nobody listened
	err = events(body, func(name string) {
		dead.Reset(silence)
		if name == "notification" {
			knock(ring)
		}
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// events reads server-sent events. It calls heard for each line, with the
// event's name if the line holds one.
func events(r io.Reader, heard func(name string)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		name, _ := strings.CutPrefix(lines.Text(), "event:")
		if name == lines.Text() {
			name = ""
		}
		heard(strings.TrimSpace(name))
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return io.EOF
}

func knock(ring chan<- struct{}) {
	select {
	case ring <- struct{}{}:
	default: // it rings already
	}
}
