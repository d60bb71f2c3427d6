package tracing

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// receiver is a collector on loopback.
type receiver struct {
	mu    sync.Mutex
	spans map[string]*tracepb.Span // by name
	raw   bytes.Buffer
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body := io.Reader(req.Body)
	if req.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	data, err := io.ReadAll(body)
	var export collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(data, &export)
	}
	if err != nil || req.URL.Path != "/v1/traces" {
		http.Error(w, req.URL.Path, http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.raw.Write(data)
	for _, about := range export.ResourceSpans {
		for _, scope := range about.ScopeSpans {
			for _, s := range scope.Spans {
				r.spans[s.Name] = s
			}
		}
	}
}

// started makes a tracer whose spans are there once flush was called.
func started(t *testing.T) (tracer *Tracer, flush func() map[string]*tracepb.Span, raw func() string) {
	t.Helper()
	r := &receiver{spans: map[string]*tracepb.Span{}}
	s := httptest.NewServer(r)
	t.Cleanup(s.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", s.URL)
	tracer, err := Start(t.Context(), "v1", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return tracer, func() map[string]*tracepb.Span {
		if err := tracer.Close(); err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.spans
	}, r.raw.String
}

type responder struct{ sent []context.Context }

func (r *responder) Working(context.Context) error { return nil }
func (r *responder) Send(ctx context.Context, _ bot.Reply) error {
	r.sent = append(r.sent, ctx)
	return errors.New("hunter2 is refused")
}

// plain is a source that cannot update, thrifty one that can.
type plain struct{ unroll.Source }

func (plain) Name() string { return "plain" }
func (plain) Fetch(context.Context, unroll.Ref) (unroll.Conversation, error) {
	return unroll.Conversation{}, &unroll.Error{Kind: unroll.KindNotFound, Op: "fetch hunter2"}
}

type thrifty struct{ plain }

func (thrifty) Update(context.Context, *unroll.Thread) (unroll.Conversation, error) {
	return unroll.Conversation{}, nil
}

type unrollers struct{ bot.Unroller }

func (unrollers) Unroll(context.Context, unroll.Ref) (unroll.Thread, error) {
	return unroll.Thread{}, nil
}

func attributes(s *tracepb.Span) map[string]string {
	of := map[string]string{}
	for _, kv := range s.Attributes {
		of[kv.Key] = kv.Value.GetStringValue()
	}
	return of
}

func TestARequestIsOneTrace(t *testing.T) {
	tracer, flush, raw := started(t)
	upstream := httptest.NewServer(http.NotFoundHandler())
	defer upstream.Close()
	var lines bytes.Buffer
	log := slog.New(Logs(slog.NewTextHandler(&lines, nil)))
	client := &http.Client{Transport: tracer.Transport(http.DefaultTransport)}
	asked := bot.HandlerFunc(func(ctx context.Context, _ bot.Request, res bot.Responder) error {
		if _, err := tracer.Unroller(unrollers{}).Unroll(ctx, unroll.Ref{Network: unroll.X}); err != nil {
			t.Error(err)
		}
		_, _ = tracer.Source(plain{}).Fetch(ctx, unroll.Ref{})
		_, _ = tracer.Source(thrifty{}).(unroll.Updater).Update(ctx, nil)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, upstream.URL+"/hunter2?token=hunter2", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		_, end := tracer.Step(ctx, "store load")
		end(nil)
		log.InfoContext(ctx, "request")
		return res.Send(ctx, bot.Reply{Text: "hunter2", Thread: &unroll.Thread{}})
	})
	_ = bot.Chain(asked, Identify(), tracer.Requests()).Handle(t.Context(), bot.Request{
		ID: "hunter2", Platform: "telegram", User: "hunter2", Chat: "hunter2", Message: bot.Message{Text: "hunter2"},
	}, &responder{})

	spans := flush()
	root := spans["request"]
	if root == nil || len(root.ParentSpanId) > 0 {
		t.Fatalf("no root among %d spans", len(spans))
	}
	for name, want := range map[string]struct{ attribute, value, status string }{
		"unroll":     {"network", "x", ""},
		"fetch":      {"source", "plain", "not_found"},
		"update":     {"source", "plain", ""},
		"call":       {"server.address", "127.0.0.1", ""},
		"store load": {},
		"send":       {"error.type", "internal", "internal"},
	} {
		s := spans[name]
		if s == nil || !bytes.Equal(s.ParentSpanId, root.SpanId) || !bytes.Equal(s.TraceId, root.TraceId) {
			t.Errorf("%s is not below the request", name)
			continue
		}
		if got := attributes(s)[want.attribute]; got != want.value || s.Status.GetMessage() != want.status {
			t.Errorf("%s: %s = %q, status %q", name, want.attribute, got, s.Status.GetMessage())
		}
	}
	if got := attributes(root); got["platform"] != "telegram" || !strings.Contains(lines.String(), "request="+got["request"]+" trace_id="+hex.EncodeToString(root.TraceId)) {
		t.Errorf("the log does not lead to %v: %s", got, lines.String())
	}
	if strings.Contains(raw(), "hunter2") {
		t.Error("something private is in a span")
	}
}

func TestPages(t *testing.T) {
	tracer, flush, raw := started(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, end := tracer.Step(r.Context(), "store load")
		end(nil)
		w.WriteHeader(http.StatusTeapot)
	})
	r := httptest.NewRequest(http.MethodGet, "/x/hunter2?q=hunter2", nil)
	r.Header.Set("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01") // a stranger's
	w := httptest.NewRecorder()
	tracer.Pages(mux).ServeHTTP(w, r)
	spans := flush()
	page := spans["page"]
	if w.Code != http.StatusTeapot || page == nil || len(page.ParentSpanId) > 0 || attributes(page)["http.route"] != "GET /x/{id}" {
		t.Fatalf("status %d, page %v", w.Code, page)
	}
	if step := spans["store load"]; step == nil || !bytes.Equal(step.ParentSpanId, page.SpanId) {
		t.Error("the step is not below its page")
	}
	if strings.Contains(raw(), "hunter2") {
		t.Error("something private is in a span")
	}
}

// TestStandardVariables are told to the SDK, and count.
func TestStandardVariables(t *testing.T) {
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	tracer, flush, _ := started(t)
	handler := bot.HandlerFunc(func(context.Context, bot.Request, bot.Responder) error { return nil })
	_ = bot.Chain(handler, tracer.Requests()).Handle(t.Context(), bot.Request{}, &responder{})
	if spans := flush(); len(spans) > 0 {
		t.Errorf("%d spans, though none was to be sampled", len(spans))
	}
}

// TestStepsAloneAreNotTraced keeps what runs by itself, such as leases, out.
func TestStepsAloneAreNotTraced(t *testing.T) {
	tracer, flush, _ := started(t)
	ctx, end := tracer.Step(t.Context(), "store load")
	end(nil)
	if ctx != t.Context() {
		t.Error("another context")
	}
	if spans := flush(); len(spans) > 0 {
		t.Errorf("%d spans", len(spans))
	}
}

// TestNobodyListens goes on, and says why nothing arrives.
func TestNobodyListens(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "200")
	var lines bytes.Buffer
	tracer, err := Start(t.Context(), "v1", slog.New(slog.NewTextHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	handler := bot.HandlerFunc(func(context.Context, bot.Request, bot.Responder) error { return nil })
	if err := bot.Chain(handler, tracer.Requests()).Handle(t.Context(), bot.Request{}, &responder{}); err != nil {
		t.Error(err)
	}
	closed := tracer.Close()
	if closed == nil && !strings.Contains(lines.String(), "traces cannot be sent") {
		t.Errorf("nobody is told: %s", lines.String())
	}
}

func TestIdentify(t *testing.T) {
	ids := map[string][]string{}
	note := func(name string) bot.Handler {
		return bot.Chain(bot.HandlerFunc(func(ctx context.Context, _ bot.Request, _ bot.Responder) error {
			id, _ := ctx.Value(requestKey{}).(string)
			ids[name] = append(ids[name], id)
			return nil
		}), Identify())
	}
	for name, req := range map[string]bot.Request{
		"one": {Platform: "telegram", ID: "1"}, "another": {Platform: "telegram", ID: "2"}, "elsewhere": {Platform: "discord", ID: "1"},
	} {
		for range 2 {
			_ = note(name).Handle(t.Context(), req, nil)
		}
	}
	var all []string
	for name, got := range ids {
		if len(got) != 2 || got[0] != got[1] || len(got[0]) != 12 {
			t.Errorf("%s: %q, want the same id twice", name, got)
		}
		all = append(all, got[0])
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 3 {
		t.Errorf("ids are not told apart: %q", all)
	}
}

// BenchmarkRequest holds what a request costs without tracing, which is its
// id, against what it costs with it.
func BenchmarkRequest(b *testing.B) {
	s := httptest.NewServer(&receiver{spans: map[string]*tracepb.Span{}})
	defer s.Close()
	b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", s.URL)
	tracer, err := Start(b.Context(), "v1", slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer tracer.Close()
	handler := bot.HandlerFunc(func(context.Context, bot.Request, bot.Responder) error { return nil })
	req := bot.Request{Platform: "telegram", ID: "1"}
	for name, chain := range map[string]bot.Handler{
		"off": bot.Chain(handler, Identify()),
		"on":  bot.Chain(handler, Identify(), tracer.Requests()),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = chain.Handle(b.Context(), req, nil)
			}
		})
	}
}
