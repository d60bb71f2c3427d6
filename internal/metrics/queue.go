package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"unrollbot/bot"
	"unrollbot/unroll"
)

var _ bot.QueueObserver = (*Metrics)(nil)

// Kept implements bot.QueueObserver.
func (m *Metrics) Kept(platform string, f bot.Fate) {
	m.kept.WithLabelValues(platform, string(f)).Inc()
}

// Backlogs tells of the requests that are written down, by platform, as read
// gives them.
func (m *Metrics) Backlogs(read func() map[string]unroll.Backlog) {
	m.registry.MustRegister(&backlogs{
		read:   read,
		jobs:   describe("queue_requests", "Requests that are written down and not answered, of all replicas."),
		oldest: describe("queue_oldest_seconds", "Age of the oldest of them."),
		buried: describe("queue_buried", "Notes of requests that were given up."),
	})
}

func describe(name, help string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName("unrollbot", "", name), help, []string{"platform"}, nil)
}

type backlogs struct {
	read                 func() map[string]unroll.Backlog
	jobs, oldest, buried *prometheus.Desc
}

func (b *backlogs) Describe(out chan<- *prometheus.Desc) {
	out <- b.jobs
	out <- b.oldest
	out <- b.buried
}

func (b *backlogs) Collect(out chan<- prometheus.Metric) {
	for platform, l := range b.read() {
		gauge := func(d *prometheus.Desc, value float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, platform)
		}
		gauge(b.jobs, float64(l.Jobs))
		gauge(b.oldest, l.Oldest.Seconds())
		gauge(b.buried, float64(l.Buried))
	}
}
