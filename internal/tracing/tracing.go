// Package tracing follows a request through the program: by an id on the
// lines of the log that it leads to, and, where that is set, by OpenTelemetry
// spans.
//
// It stands around the parts and not in them: they know nothing of it, and
// what is not traced is not wrapped. Spans say which step it was, for which
// network, source or host, how long it took and how it ended. They never hold
// what people wrote, who they are, addresses beyond a host's name, or tokens.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"unrollbot/unroll"
)

// flushWithin bounds the last sending of spans.
const flushWithin = 5 * time.Second

// Tracer makes spans and sends them. It may be used concurrently.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
}

// Start makes a tracer that sends spans by OTLP over HTTP. Where to, which of
// them, and what they say of the program is for the standard variables to
// tell, which are read here and not checked for being ours:
// OTEL_EXPORTER_OTLP_ENDPOINT (http://localhost:4318), _HEADERS and the rest,
// OTEL_TRACES_SAMPLER, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES
// (OpenTelemetry, "SDK configuration", November 2026). Nobody need listen
// there: what cannot be sent is logged and dropped.
func Start(ctx context.Context, version string, log *slog.Logger) (*Tracer, error) {
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "unrollbot"), attribute.String("service.version", version)),
		resource.WithFromEnv()) // what operators say counts last
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("tracing: %w", err)
	}
	// The SDK tells of its trouble here alone, and to stderr by itself.
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("traces cannot be sent", "err", err)
	}))
	p := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about))
	return &Tracer{provider: p, tracer: p.Tracer("unrollbot")}, nil
}

// Close sends what is left.
func (t *Tracer) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), flushWithin)
	defer cancel()
	return t.provider.Shutdown(ctx)
}

// Step begins a part of what is traced already: apart from requests, nothing
// is worth a trace of its own. ctx goes into the part, end tells how it ended.
func (t *Tracer) Step(ctx context.Context, name string, about ...attribute.KeyValue) (_ context.Context, end func(error)) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx, func(error) {}
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(about...))
	return ctx, func(err error) { finish(span, err) }
}

// finish ends a span. Of an error only its kind is told: its text may name
// addresses and, though it should not, more.
func finish(span trace.Span, err error) {
	if err != nil {
		kind := string(unroll.KindOf(err))
		span.SetAttributes(attribute.String("error.type", kind))
		span.SetStatus(codes.Error, kind)
	}
	span.End()
}
