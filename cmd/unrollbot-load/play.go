package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// patience is how long an answer is waited for before it counts as lost.
const patience = 20 * time.Second

// result is what came of one round.
type result struct {
	took    []time.Duration // of good answers, sorted
	bad     int             // answers that held no thread
	refused int             // not taken by the program
	lost    int             // taken and not answered
	spent   time.Duration
}

// play plays both rounds and prints what came of them.
func (l *load) play(ctx context.Context, out io.Writer) error {
	store := "a local file"
	if l.redis != "" {
		store = "Redis"
	}
	fmt.Fprintf(out, "machine   %d CPUs, %s/%s, %s; the load and the fakes run on it, too\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Fprintf(out, "program   %d replica(s) on %s; threads of %d posts\n\n", len(l.replicas), store, l.posts)
	fmt.Fprintf(out, "%-8s %8s %8s %8s %9s %9s %9s %6s %6s %6s %9s %8s %8s\n",
		"round", "asked", "per s", "done/s", "p50", "p99", "max", "bad", "not", "lost", "upstream", "CPU s", "MB")
	failed := 0
	for _, round := range []struct {
		name  string
		count int
		rate  float64
		pick  func(i int) int
	}{
		{"cold", l.cold, l.coldRate, func(i int) int { return i }},
		{"cached", l.cached, l.cachedRate, func(int) int { return rand.IntN(min(l.hot, l.cold)) }}, //nolint:gosec // a load
	} {
		if round.count == 0 {
			continue
		}
		calls, cpu := l.net.Mastodon.Calls(""), l.sum(ctx, "process_cpu_seconds_total")
		r := l.round(ctx, round.count, round.rate, round.pick)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		fmt.Fprintf(out, "%-8s %8d %8.0f %8.0f %9s %9s %9s %6d %6d %6d %9d %8.1f %8.0f\n",
			round.name, round.count, round.rate, float64(len(r.took))/r.spent.Seconds(),
			ms(quantile(r.took, .5)), ms(quantile(r.took, .99)), ms(quantile(r.took, 1)), r.bad, r.refused, r.lost,
			l.net.Mastodon.Calls("")-calls, l.sum(ctx, "process_cpu_seconds_total")-cpu, l.sum(ctx, "process_resident_memory_bytes")/(1<<20))
		failed += r.bad + r.refused + r.lost
	}
	if failed > 0 {
		return fmt.Errorf("%d questions were not answered with their thread", failed)
	}
	return nil
}

// round asks at an even rate, however long answers take: a program that falls
// behind must not be asked less for it.
func (l *load) round(ctx context.Context, count int, rate float64, pick func(int) int) result {
	var r result
	var mu sync.Mutex
	var asked sync.WaitGroup
	start := time.Now()
	for i := range count {
		due := start.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			break
		}
		replica := l.replicas[int(l.next.Add(1))%len(l.replicas)]
		asked.Go(func() {
			q, err := l.send(ctx, replica, pick(i))
			var a answer
			answered := false
			if err == nil {
				timer := time.NewTimer(patience)
				defer timer.Stop()
				select {
				case a = <-q.answered:
					answered = true
				case <-timer.C:
				case <-ctx.Done():
				}
			}
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				r.refused++
			case !answered:
				r.lost++
			case !a.good:
				r.bad++
			default:
				r.took = append(r.took, a.took)
			}
		})
	}
	asked.Wait()
	r.spent = time.Since(start)
	slices.Sort(r.took)
	return r
}

// quantile is of sorted times.
func quantile(took []time.Duration, p float64) time.Duration {
	if len(took) == 0 {
		return 0
	}
	return took[min(len(took)-1, int(p*float64(len(took))))]
}

func ms(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Microseconds())/1000, 'f', 1, 64) + "ms"
}

// sum adds up a metric of all replicas; what cannot be asked counts as 0.
func (l *load) sum(ctx context.Context, metric string) (total float64) {
	for _, r := range l.replicas {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+"/metrics", nil)
		if err != nil {
			continue
		}
		resp, err := l.client.Do(req)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), " "); ok && name == metric {
				v, _ := strconv.ParseFloat(value, 64) // 0 where it is none
				total += v
			}
		}
		_ = resp.Body.Close()
	}
	return total
}
