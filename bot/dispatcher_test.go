package bot

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// finisher is a Responder that notes how it was finished.
type finisher struct {
	outbox
	done []error // ctx's state in each call
}

func (f *finisher) Done(ctx context.Context) { f.done = append(f.done, ctx.Err()) }

// A responder that promised an answer learns when none will come, also when
// the time for one has run out.
func TestDispatcherTellsWhenARequestIsOver(t *testing.T) {
	for name, handle := range map[string]HandlerFunc{
		"nothing sent": func(context.Context, Request, Responder) error { return nil },
		"sent":         func(ctx context.Context, _ Request, res Responder) error { return res.Send(ctx, Reply{Text: "x"}) },
		"failed":       func(context.Context, Request, Responder) error { return errors.New("no") },
		"time is up":   func(ctx context.Context, _ Request, _ Responder) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := NewDispatcher(DispatcherConfig{Workers: 1, Timeout: time.Second}, handle)
				f := &finisher{}
				if err := d.Dispatch(t.Context(), Request{Command: "unroll"}, f); err != nil {
					t.Fatal(err)
				}
				if err := d.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
				if len(f.done) != 1 || f.done[0] != nil {
					t.Errorf("Done called with %v", f.done)
				}
			})
		})
	}
}
