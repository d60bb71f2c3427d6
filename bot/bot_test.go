package bot

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/unroll"
)

// outbox is a Responder that keeps what is sent.
type outbox struct {
	mu      sync.Mutex
	worked  int
	replies []Reply
	err     error
}

func (o *outbox) Working(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.worked++
	return o.err
}

func (o *outbox) Send(_ context.Context, r Reply) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.replies = append(o.replies, r)
	return o.err
}

// core is an Unroller that knows one thread.
type core struct {
	err   error
	fresh int
}

func (c *core) Unroll(_ context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return unroll.Thread{Ref: ref, Posts: []unroll.Post{{ID: ref.ID, Text: "secret words"}}}, c.err
}

func (c *core) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	c.fresh++
	return c.Unroll(ctx, ref)
}

func messages(t *testing.T) *Messages {
	t.Helper()
	m, err := NewMessages()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func answerer(t *testing.T, u Unroller, published func(context.Context, *unroll.Thread)) *Answerer {
	return NewAnswerer(AnswererConfig{PublicURL: "https://unroll.example/", Published: published}, NewTriggers([]string{"unroll"}), u, messages(t))
}

func TestAnswererSendsTheThread(t *testing.T) {
	var out outbox
	err := answerer(t, &core{}, nil).Handle(t.Context(), Request{Command: "unroll", Message: Message{Text: link}}, &out)
	if err != nil {
		t.Fatal(err)
	}
	if out.worked != 1 || len(out.replies) != 1 {
		t.Fatalf("worked %d times, sent %d replies", out.worked, len(out.replies))
	}
	if r := out.replies[0]; r.Thread == nil || r.PageURL != "https://unroll.example/x/20" || r.Page != 1 || r.Asked != ref {
		t.Errorf("reply %+v", r)
	}
}

func TestAnswererAnswersAtMostThreeLinks(t *testing.T) {
	var out outbox
	links := "https://x.com/a/status/21 https://x.com/a/status/22 https://x.com/a/status/23 https://x.com/a/status/24"
	if err := answerer(t, &core{}, nil).Handle(t.Context(), Request{Command: "unroll", Message: Message{Text: links}}, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.replies) != 3 {
		t.Errorf("%d replies", len(out.replies))
	}
}

func TestAnswererIgnoresInSilence(t *testing.T) {
	var out outbox
	if err := answerer(t, &core{}, nil).Handle(t.Context(), Request{Message: Message{Text: "hello"}}, &out); err != nil || out.worked+len(out.replies) != 0 {
		t.Errorf("%v, %+v", err, out.replies)
	}
}

func TestAnswererPublishesOnlyWhatWasAskedInPublic(t *testing.T) {
	published := 0
	a := answerer(t, &core{}, func(context.Context, *unroll.Thread) { published++ })
	for _, public := range []bool{false, true} {
		req := Request{Command: "unroll", Message: Message{Text: link}, Public: public}
		if err := a.Handle(t.Context(), req, &outbox{}); err != nil {
			t.Fatal(err)
		}
		if (published == 1) != public {
			t.Errorf("public %v: published %d", public, published)
		}
	}
}

func TestAnswererTurnsPages(t *testing.T) {
	var out outbox
	c := &core{}
	a := answerer(t, c, nil)
	for _, page := range []*PageRequest{{Ref: ref, Number: 4}, {Ref: ref, Number: -1, Fresh: true}} {
		if err := a.Handle(t.Context(), Request{Page: page}, &out); err != nil {
			t.Fatal(err)
		}
	}
	if out.replies[0].Page != 4 || out.replies[1].Page != 1 || c.fresh != 1 {
		t.Errorf("pages %d and %d, %d refreshed", out.replies[0].Page, out.replies[1].Page, c.fresh)
	}
}

// Every kind of error must have a sentence of its own in English.
func TestErrorsAreSentences(t *testing.T) {
	for _, kind := range []unroll.Kind{
		unroll.KindInvalidRef, unroll.KindNotFound, unroll.KindDeleted, unroll.KindPrivate, unroll.KindLoginRequired,
		unroll.KindBlocked, unroll.KindOptedOut, unroll.KindRateLimited, unroll.KindTooLarge, unroll.KindUnsupported,
		unroll.KindUpstream, unroll.KindTimeout, unroll.KindCanceled, unroll.KindInternal,
	} {
		var out outbox
		a := answerer(t, &core{err: &unroll.Error{Kind: kind, Op: "test"}}, nil)
		if err := a.Handle(t.Context(), Request{Command: "unroll", Message: Message{Text: link}}, &out); err != nil {
			t.Fatal(err)
		}
		r := out.replies[0]
		if r.Kind != kind || r.Thread != nil || !strings.HasSuffix(r.Text, ".") || strings.Contains(r.Text, "error_") || strings.Contains(r.Text, "no value") {
			t.Errorf("%s: %+v", kind, r)
		}
	}
}

func TestErrorReplyTellsHowLongToWait(t *testing.T) {
	for wait, want := range map[time.Duration]string{time.Second: "in 1 second.", 40 * time.Second: "in 40 seconds.", 90 * time.Second: "in 2 minutes."} {
		r := ErrorReply(messages(t), "en", ref, &unroll.Error{Kind: unroll.KindRateLimited, RetryAfter: wait})
		if !strings.HasSuffix(r.Text, want) || !r.Retry {
			t.Errorf("%v: %q", wait, r.Text)
		}
	}
}

func TestNoLinkSaysWhatWasWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "no_link",
		"hello":                                "no_link",
		"https://x.com/jack":                   "not_a_post",
		"https://example.org/recipe":           "not_a_post",
		"https://x.com/i/spaces/1vOGwAbcdEfGB": "error_unsupported",
	} {
		var out outbox
		if err := answerer(t, &core{}, nil).Handle(t.Context(), Request{Command: "unroll", Message: Message{Text: text}}, &out); err != nil {
			t.Fatal(err)
		}
		if got := out.replies[0].Text; got != messages(t).Text("en", want, nil) {
			t.Errorf("%q: %q, want %s", text, got, want)
		}
	}
}

func TestMessages(t *testing.T) {
	m := messages(t)
	if got := m.Text("xx-nowhere", "help", map[string]any{"Page": "P"}); !strings.Contains(got, "/unroll https://") {
		t.Errorf("unknown language: %q", got)
	}
	if got := m.Text("en", "no_such_id", nil); got != "no_such_id" {
		t.Errorf("unknown id: %q", got)
	}
}

func TestDispatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		release := make(chan struct{})
		d := NewDispatcher(DispatcherConfig{Workers: 1, Waiting: 1, Concerns: func(r *Request) bool { return r.Command != "" }},
			HandlerFunc(func(ctx context.Context, _ Request, _ Responder) error {
				<-release
				handled++
				return ctx.Err()
			}))
		ctx, cancel := context.WithCancel(t.Context())
		command := Request{Command: "unroll"}
		dispatch := func(req Request) error { return d.Dispatch(ctx, req, &outbox{}) }
		if err := dispatch(command); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the worker has it
		if err := dispatch(command); err != nil {
			t.Fatal(err)
		}
		if err := dispatch(command); !errors.Is(err, ErrBusy) {
			t.Errorf("a full queue: %v", err)
		}
		if err := dispatch(Request{}); err != nil {
			t.Errorf("chatter on a full queue: %v", err)
		}
		cancel() // what was accepted is answered all the same
		hasty, stop := context.WithTimeout(t.Context(), time.Millisecond)
		defer stop()
		if err := d.Close(hasty); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close with work under way: %v", err)
		}
		if err := dispatch(command); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		close(release)
		if err := d.Close(t.Context()); err != nil || handled != 2 {
			t.Errorf("Close: %v, %d handled", err, handled)
		}
	})
}

// notes is a Limiter of the plainest kind.
type notes struct {
	wait time.Duration
	err  error
	keys []string
}

func (n *notes) Allow(_ context.Context, key string, _ unroll.Limit) (time.Duration, error) {
	n.keys = append(n.keys, key)
	return n.wait, n.err
}

func TestLimited(t *testing.T) {
	calls := 0
	n := &notes{wait: 30 * time.Second}
	h := Limited(n, DefaultLimits(), messages(t), slog.New(slog.DiscardHandler))(HandlerFunc(func(context.Context, Request, Responder) error { calls++; return nil }))
	var out outbox
	if err := h.Handle(t.Context(), Request{Platform: "p", User: "u", Chat: "c"}, &out); err != nil {
		t.Fatal(err)
	}
	if calls != 0 || len(out.replies) != 1 || out.replies[0].Kind != unroll.KindRateLimited {
		t.Errorf("%d calls, replies %+v", calls, out.replies)
	}
	if err := h.Handle(t.Context(), Request{Platform: "p", Page: &PageRequest{}}, &out); err != nil || calls != 1 {
		t.Errorf("turning a page: %v, %d calls", err, calls)
	}
	n.wait, n.err = 0, errors.New("store down")
	if err := h.Handle(t.Context(), Request{Platform: "p"}, &out); err != nil || calls != 2 {
		t.Errorf("without limits: %v, %d calls", err, calls)
	}
}

func TestLimitsSpareOperators(t *testing.T) {
	limits := DefaultLimits()
	limits.Spared = func(platform, user string) bool { return platform == "p" && user == "1" }
	calls := 0
	h := Limited(&notes{wait: time.Minute}, limits, messages(t), slog.New(slog.DiscardHandler))(
		HandlerFunc(func(context.Context, Request, Responder) error { calls++; return nil }))
	for _, who := range []Request{{Platform: "p", User: "1"}, {Platform: "p", User: "2"}, {Platform: "q", User: "1"}} {
		if err := h.Handle(t.Context(), who, &outbox{}); err != nil {
			t.Fatal(err)
		}
	}
	if calls != 1 {
		t.Errorf("%d of three are spared, want the operator alone", calls)
	}
}

func TestRecover(t *testing.T) {
	var out outbox
	h := Recover(messages(t))(HandlerFunc(func(context.Context, Request, Responder) error { panic("boom") }))
	if err := h.Handle(t.Context(), Request{}, &out); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("err = %v", err)
	}
	if len(out.replies) != 1 || out.replies[0].Kind != unroll.KindInternal {
		t.Errorf("replies %+v", out.replies)
	}
}

func TestLogNamesNobodyAndQuotesNothing(t *testing.T) {
	var buf bytes.Buffer
	h := Log(slog.New(slog.NewTextHandler(&buf, nil)), NewTriggers([]string{"unroll"}), nil)(answerer(t, &core{}, nil))
	req := Request{Platform: "p", User: "12345", Command: "unroll", Message: Message{Text: "my words " + link}}
	if err := h.Handle(t.Context(), req, &outbox{}); err != nil {
		t.Fatal(err)
	}
	line := buf.String()
	if !strings.Contains(line, "ref=/x/20") || !strings.Contains(line, "intent=unroll") {
		t.Errorf("line: %s", line)
	}
	for _, secret := range []string{"12345", "words"} {
		if strings.Contains(line, secret) {
			t.Errorf("%q stands in the log: %s", secret, line)
		}
	}
}
