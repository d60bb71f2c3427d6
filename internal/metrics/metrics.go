// Package metrics counts what the program does, for Prometheus.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Metrics is a registry of its own with the program's metrics.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	unrolls  *prometheus.HistogramVec
	fetches  *prometheus.HistogramVec
	leases   *prometheus.GaugeVec
	banned   *prometheus.CounterVec
}

var (
	_ unroll.Observer = (*Metrics)(nil)
	_ bot.Observer    = (*Metrics)(nil)
)

// New makes the metrics. version labels the build.
func New(version string) *Metrics {
	// From a cache hit to the slowest source.
	buckets := []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
	histogram := func(name, help string, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "unrollbot", Name: name, Help: help, Buckets: buckets,
		}, labels)
	}
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: histogram("request_seconds", "Time from taking a request to its last reply.", "platform", "intent", "kind"),
		unrolls:  histogram("unroll_seconds", "Time to find a thread, by network, error kind and whether the store had it.", "network", "kind", "cached"),
		fetches:  histogram("fetch_seconds", "Time a source took, by error kind.", "source", "kind"),
	}
	m.leases = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "unrollbot", Name: "lease_held", Help: "1 where this replica does the work that one replica at a time may do.",
	}, []string{"work"})
	m.banned = prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "unrollbot", Name: "banned_requests_total", Help: "Requests of banned users, which were dropped.",
	}, []string{"platform"})
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "unrollbot", Name: "build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.unrolls, m.fetches, m.leases, m.banned, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the metrics in Prometheus' text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Answered implements bot.Observer.
func (m *Metrics) Answered(platform string, intent bot.Intent, kind unroll.Kind, took time.Duration) {
	m.requests.WithLabelValues(platform, string(intent), outcome(kind)).Observe(took.Seconds())
}

// Unrolled implements unroll.Observer.
func (m *Metrics) Unrolled(n unroll.Network, kind unroll.Kind, cached bool, took time.Duration) {
	hit := "no"
	if cached {
		hit = "yes"
	}
	m.unrolls.WithLabelValues(string(n), outcome(kind), hit).Observe(took.Seconds())
}

// Fetched implements unroll.Observer.
func (m *Metrics) Fetched(source string, kind unroll.Kind, took time.Duration) {
	m.fetches.WithLabelValues(source, outcome(kind)).Observe(took.Seconds())
}

// Lease gives what a lease on work tells its changes to.
func (m *Metrics) Lease(work string) func(held bool) {
	gauge := m.leases.WithLabelValues(work)
	return func(held bool) {
		gauge.Set(0)
		if held {
			gauge.Set(1)
		}
	}
}

// Banned counts a request that was dropped because of who asked.
func (m *Metrics) Banned(platform string) { m.banned.WithLabelValues(platform).Inc() }

func outcome(k unroll.Kind) string {
	if k == "" {
		return "ok"
	}
	return string(k)
}
