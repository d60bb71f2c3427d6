package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// bareFor is how long the bare round trips are measured at most.
const bareFor = 10 * time.Second

// patience is how long an answer is waited for before it counts as lost.
const patience = 20 * time.Second

// result is what came of one round.
type result struct {
	took    []time.Duration // of good answers, sorted
	told    int             // answered with another sentence than the thread
	refused int             // not taken by the program
	lost    int             // taken and not answered
	spent   time.Duration
	cpu     time.Duration // of the processes that were asked
	own     time.Duration // of this one
	calls   int           // upstream
	memory  []int         // of the processes that were asked, in bytes, each second
}

// round is one part of the play.
type round struct {
	name  string
	of    []*replica
	count int
	rate  float64
	pick  func(i int) int
}

// play plays the rounds and prints what came of them.
func (l *load) play(ctx context.Context, out io.Writer) error {
	store := "a local file"
	if l.redis != "" {
		store = "Redis"
	}
	fmt.Fprintf(out, "machine   %d CPUs, %s/%s, %s; the load and the fakes run on it, too\n", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Fprintf(out, "program   %d replica(s) on %s; threads of %d posts\n\n", len(l.replicas), store, l.posts)
	fmt.Fprintf(out, "%-7s %7s %6s %7s %9s %9s %9s %6s %6s %6s %9s %7s %7s %5s\n",
		"round", "asked", "per s", "done/s", "p50", "p99", "max", "told", "not", "lost", "upstream", "CPU", "load's", "MB")
	hot := func(int) int { return rand.IntN(min(l.hot, l.cold)) } //nolint:gosec // a load
	results := map[string]result{}
	failed := 0
	for _, r := range []round{
		{"cold", l.replicas, l.cold, l.coldRate, func(i int) int { return i }},
		{"bare", []*replica{l.bare}, min(l.cached, int(bareFor.Seconds()*l.cachedRate)), l.cachedRate, hot},
		{"cached", l.replicas, l.cached, l.cachedRate, hot},
	} {
		if r.count == 0 {
			continue
		}
		res := l.measure(ctx, r)
		if err := context.Cause(ctx); err != nil {
			return err
		}
		results[r.name] = res
		fmt.Fprintf(out, "%-7s %7d %6.0f %7.0f %9s %9s %9s %6d %6d %6d %9d %7s %7s %5s\n",
			r.name, r.count, r.rate, float64(len(res.took))/res.spent.Seconds(),
			ms(quantile(res.took, .5)), ms(quantile(res.took, .99)), ms(quantile(res.took, 1)), res.told, res.refused, res.lost,
			res.calls, ms(each(res.cpu, r.count)), ms(each(res.own, r.count)), megabytes(sum(r.of, (*replica).memory)))
		failed += res.told + res.refused + res.lost
	}
	if cached, bare := results["cached"].took, results["bare"].took; len(cached) > 0 && len(bare) > 0 {
		over := func(p float64) string { return ms(quantile(cached, p) - quantile(bare, p)) }
		fmt.Fprintf(out, "\na cached answer over the bare round trips: p50 %s, p99 %s\n", over(.5), over(.99))
	}
	if m := tenths(results["cached"].memory); m != "" {
		fmt.Fprintf(out, "memory over the tenths of the cached round, in MB: %s\n", m)
	}
	if failed > 0 {
		return fmt.Errorf("%d questions were not answered with their thread", failed)
	}
	return nil
}

// measure plays one round.
func (l *load) measure(ctx context.Context, r round) result {
	calls, cpu, own := l.net.Mastodon.Calls(""), sum(r.of, (*replica).cpu), ownCPU()
	watching, done := context.WithCancel(ctx)
	memory := make(chan []int)
	go func() { memory <- watch(watching, r.of) }()
	res := l.ask(ctx, r)
	done()
	res.memory = <-memory
	res.calls = l.net.Mastodon.Calls("") - calls
	res.cpu, res.own = sum(r.of, (*replica).cpu)-cpu, ownCPU()-own
	return res
}

// ask asks at an even rate, however long answers take: a program that falls
// behind must not be asked less for it.
func (l *load) ask(ctx context.Context, of round) result {
	var r result
	var mu sync.Mutex
	var asked sync.WaitGroup
	start := time.Now()
	for i := range of.count {
		due := start.Add(time.Duration(float64(i) / of.rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			break
		}
		replica := of.of[i%len(of.of)]
		asked.Go(func() {
			q, err := l.send(ctx, replica, of.pick(i), due)
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
				r.told++
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

// each is a share in whole microseconds.
func each(d time.Duration, count int) time.Duration { return d / time.Duration(max(count, 1)) }

func megabytes(bytes int) string { return strconv.Itoa(bytes >> 20) }

// tenths are the means of a series' tenths, "" for a short one.
func tenths(samples []int) string {
	if len(samples) < 10 {
		return ""
	}
	var means []string
	for i := range 10 {
		part := samples[i*len(samples)/10 : (i+1)*len(samples)/10]
		total := 0
		for _, bytes := range part {
			total += bytes
		}
		means = append(means, megabytes(total/len(part)))
	}
	return strings.Join(means, " ")
}
