package tracing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"unrollbot/bot"
)

// requestKey is where a context holds the id of its request.
type requestKey struct{}

// Identify gives each request its id in the log. It is the same wherever and
// however often the request turns up, and says nothing of who asked.
func Identify() bot.Middleware {
	return func(next bot.Handler) bot.Handler {
		return bot.HandlerFunc(func(ctx context.Context, req bot.Request, res bot.Responder) error {
			return next.Handle(context.WithValue(ctx, requestKey{}, requestID(&req)), req, res)
		})
	}
}

func requestID(req *bot.Request) string {
	if req.ID == "" {
		return rand.Text()[:12]
	}
	sum := sha256.Sum256([]byte(req.Platform + "\x00" + req.ID))
	return hex.EncodeToString(sum[:6])
}

// Requests gives each request a trace of its own, in which its answers are
// steps.
func (t *Tracer) Requests() bot.Middleware {
	return func(next bot.Handler) bot.Handler {
		return bot.HandlerFunc(func(ctx context.Context, req bot.Request, res bot.Responder) error {
			id, _ := ctx.Value(requestKey{}).(string)
			ctx, span := t.tracer.Start(ctx, "request", trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
				attribute.String("platform", req.Platform), attribute.String("request", id)))
			err := next.Handle(ctx, req, answers{res, t})
			finish(span, err)
			return err
		})
	}
}

// answers makes each answer a step.
type answers struct {
	bot.Responder
	tracer *Tracer
}

var _ bot.Wrapper = answers{}

// Unwrap implements [bot.Wrapper].
func (a answers) Unwrap() bot.Responder { return a.Responder }

func (a answers) Working(ctx context.Context) error {
	ctx, end := a.tracer.Step(ctx, "show progress")
	err := a.Responder.Working(ctx)
	end(err)
	return err
}

func (a answers) Send(ctx context.Context, r bot.Reply) error {
	about := []attribute.KeyValue{attribute.String("kind", string(r.Kind))}
	if r.Thread != nil {
		about = append(about, attribute.Int("posts", r.Thread.Len()))
	}
	ctx, end := a.tracer.Step(ctx, "send", about...)
	err := a.Responder.Send(ctx, r)
	end(err)
	return err
}

// Logs puts the ids of the request and of the trace on the lines that are
// logged with their context.
func Logs(h slog.Handler) slog.Handler { return logs{h} }

type logs struct{ slog.Handler }

func (l logs) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestKey{}).(string); ok {
		r.AddAttrs(slog.String("request", id))
	}
	if c := trace.SpanContextFromContext(ctx); c.IsSampled() {
		r.AddAttrs(slog.String("trace_id", c.TraceID().String()))
	}
	return l.Handler.Handle(ctx, r)
}

func (l logs) WithAttrs(as []slog.Attr) slog.Handler { return logs{l.Handler.WithAttrs(as)} }

func (l logs) WithGroup(name string) slog.Handler { return logs{l.Handler.WithGroup(name)} }
