package main

import (
	"cmp"
	"context"
	"net/http"
	"strings"
)

// traces sends an empty trace to where the standard variables say.
func (d *doctor) traces(ctx context.Context) finding {
	if !d.cfg.Traces {
		return off("set UNROLL_TRACES=1 to send OpenTelemetry traces")
	}
	endpoint := d.variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
	if endpoint == "" {
		endpoint = strings.TrimSuffix(cmp.Or(d.variable("OTEL_EXPORTER_OTLP_ENDPOINT"), "http://localhost:4318"), "/") + "/v1/traces"
	}
	switch status, err := d.http.do(ctx, probeCall{method: http.MethodPost, url: endpoint, body: struct{}{}}, nil); {
	case err != nil:
		return problem("start a collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT; the bot runs without", "%s: %v", endpoint, err)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		if d.variable("OTEL_EXPORTER_OTLP_HEADERS")+d.variable("OTEL_EXPORTER_OTLP_TRACES_HEADERS") == "" {
			return problem("set OTEL_EXPORTER_OTLP_HEADERS to what it wants", "%s takes traces from some only", endpoint)
		}
		return fine("%s answers; whether OTEL_EXPORTER_OTLP_HEADERS is right shows with the first trace", endpoint)
	case status >= http.StatusBadRequest:
		return problem("OTEL_EXPORTER_OTLP_ENDPOINT wants the base of an OTLP receiver over HTTP, often port 4318", "%s answers %d", endpoint, status)
	}
	return fine("sent to %s", endpoint)
}

// variable is one of the environment that is no setting of ours.
func (d *doctor) variable(name string) string {
	for _, v := range d.environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}
