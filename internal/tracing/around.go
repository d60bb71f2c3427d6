package tracing

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Unroller makes each thread that is found a step.
func (t *Tracer) Unroller(u bot.Unroller) bot.Unroller { return unroller{u, t} }

type unroller struct {
	bot.Unroller
	tracer *Tracer
}

func (u unroller) Unroll(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	ctx, end := u.tracer.Step(ctx, "unroll", network(ref))
	thread, err := u.Unroller.Unroll(ctx, ref)
	end(err)
	return thread, err
}

func (u unroller) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	ctx, end := u.tracer.Step(ctx, "refresh", network(ref))
	thread, err := u.Unroller.Refresh(ctx, ref)
	end(err)
	return thread, err
}

func network(ref unroll.Ref) attribute.KeyValue {
	return attribute.String("network", string(ref.Network))
}

// Source makes each reading of s a step. It updates threads if s does.
func (t *Tracer) Source(s unroll.Source) unroll.Source {
	if u, ok := s.(unroll.Updater); ok {
		return updater{source{s, t}, u}
	}
	return source{s, t}
}

type source struct {
	unroll.Source
	tracer *Tracer
}

func (s source) Fetch(ctx context.Context, ref unroll.Ref) (unroll.Conversation, error) {
	ctx, end := s.tracer.Step(ctx, "fetch", attribute.String("source", s.Name()))
	c, err := s.Source.Fetch(ctx, ref)
	end(err)
	return c, err
}

type updater struct {
	source
	updater unroll.Updater
}

func (u updater) Update(ctx context.Context, held *unroll.Thread) (unroll.Conversation, error) {
	ctx, end := u.tracer.Step(ctx, "update", attribute.String("source", u.Name()))
	c, err := u.updater.Update(ctx, held)
	end(err)
	return c, err
}

// Transport makes each call upstream a step. Nothing of the trace is sent
// along: whom we ask need not know.
func (t *Tracer) Transport(next http.RoundTripper) http.RoundTripper { return transport{next, t} }

type transport struct {
	next   http.RoundTripper
	tracer *Tracer
}

func (c transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, end := c.tracer.Step(req.Context(), "call",
		attribute.String("http.request.method", req.Method), attribute.String("server.address", req.URL.Hostname()))
	resp, err := c.next.RoundTrip(req.WithContext(ctx))
	if resp != nil {
		trace.SpanFromContext(ctx).SetAttributes(attribute.Int("http.response.status_code", resp.StatusCode))
	}
	end(err)
	return resp, err
}

// Pages gives each page that is asked for a trace of its own, by the pattern
// of its address.
func (t *Tracer) Pages(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := t.tracer.Start(r.Context(), "page", trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindServer),
			trace.WithAttributes(attribute.String("http.request.method", method(r.Method))))
		defer span.End()
		r = r.WithContext(ctx)
		answer := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		span.SetAttributes(attribute.String("http.route", r.Pattern), attribute.Int("http.response.status_code", answer.status))
		if answer.status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	})
}

// statusWriter notes the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] through.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// method is r's, which may be anything.
func method(of string) string {
	switch of {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
		return of
	default:
		return "_OTHER" // as OpenTelemetry calls it
	}
}
