// Package metrics counts what the program does, for Prometheus.
package metrics

import (
	"net/http"
	"strconv"
	"strings"
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
	kept     *prometheus.CounterVec
	limited  *prometheus.CounterVec
	served   *prometheus.HistogramVec
	posts    *prometheus.CounterVec
	dollars  *prometheus.CounterVec
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
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "unrollbot", Name: name, Help: help}, labels)
	}
	m.served = histogram("web_seconds", "Time the reader took to answer, by route and status.", "route", "status")
	m.banned = counter("banned_requests_total", "Requests of banned users, which were dropped.", "platform")
	m.kept = counter("kept_requests_total", "Requests that were written down, by what became of them.", "platform", "fate")
	m.limited = counter("limited_total", "Events beyond a limit, by what was limited.", "limit")
	m.posts = counter("paid_posts_total", "Posts read that cost money, by endpoint.", "endpoint")
	m.dollars = counter("paid_dollars_total", "What reading has cost by the price list, in US dollars.", "endpoint")
	m.leases = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Namespace: "unrollbot", Name: "lease_held", Help: "1 where this replica does the work that one replica at a time may do.",
	}, []string{"work"})
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "unrollbot", Name: "build_info", Help: "Always 1.", ConstLabels: prometheus.Labels{"version": version},
	})
	build.Set(1)
	m.registry.MustRegister(m.requests, m.unrolls, m.fetches, m.served, m.banned, m.kept, m.limited, m.posts, m.dollars, m.leases, build,
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

// Queue tells of the requests that wait and of those that are answered, as
// load gives them.
func (m *Metrics) Queue(load func() (waiting, answering int)) {
	gauge := func(name, help string, value func() int) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "unrollbot", Name: name, Help: help},
			func() float64 { return float64(value()) })
	}
	m.registry.MustRegister(
		gauge("requests_waiting", "Requests that wait for a worker.", func() int { n, _ := load(); return n }),
		gauge("requests_answering", "Requests that are being answered.", func() int { _, n := load(); return n }),
	)
}

// Served tells of an answer of the reader. It is what web.Config.Served wants.
func (m *Metrics) Served(route string, status int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.served.WithLabelValues(route, strconv.Itoa(status)).Observe(took.Seconds())
}

// Limited counts an event that was refused. What counts is the key's first
// part: the rest names somebody.
func (m *Metrics) Limited(key string) {
	limit, _, _ := strings.Cut(key, ":")
	m.limited.WithLabelValues(limit).Inc()
}

// Paid counts what a call has cost. It is what xapi.Config.Observe wants.
func (m *Metrics) Paid(endpoint string, posts int, micros int64) {
	m.posts.WithLabelValues(endpoint).Add(float64(posts))
	m.dollars.WithLabelValues(endpoint).Add(float64(micros) / 1e6)
}

func outcome(k unroll.Kind) string {
	if k == "" {
		return "ok"
	}
	return string(k)
}
