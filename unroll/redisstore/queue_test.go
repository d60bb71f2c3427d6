package redisstore

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// queueBench is a line of a test's own in some Redis.
type queueBench struct {
	*testing.T
	s      *Store
	line   string
	memory bool
}

// queueCases are what a line does, each tried on a Redis of its kind.
var queueCases = []struct {
	name string
	run  func(q *queueBench)
}{
	{"gives a job out when its worker is gone", queueGivesOut},
	{"takes a job back", queuePutBack},
	{"buries", queueBuries},
	{"tells its backlog", queueBacklog},
	{"gives a job to one", queueGivesToOne},
	{"may lose its memory", queueForgets},
}

func runQueue(t *testing.T, memory bool, address func(t *testing.T) string) {
	for _, c := range queueCases {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, address(t), slog.New(slog.DiscardHandler))
			t.Cleanup(func() { everyKeyExpires(t, s) })
			c.run(&queueBench{t, s, "telegram", memory})
		})
	}
}

func TestQueueInMemory(t *testing.T) {
	runQueue(t, true, func(t *testing.T) string { return "redis://" + miniredis.RunT(t).Addr() })
}

func TestQueueOnRedis(t *testing.T) {
	address := realURL(t)
	runQueue(t, false, func(*testing.T) string { return address })
}

func TestQueueOnCluster(t *testing.T) {
	address := "redis+cluster://" + newCluster(t).address
	runQueue(t, false, func(*testing.T) string { return address })
}

func (q *queueBench) put(data string) string {
	q.Helper()
	id, err := q.s.Put(q.Context(), q.line, []byte(data))
	if err != nil {
		q.Fatal(err)
	}
	return id
}

// takes checks what is given out: "data tries", in order.
func (q *queueBench) takes(n int, want ...string) (ids []string) {
	q.Helper()
	jobs, err := q.s.Take(q.Context(), q.line, n)
	if err != nil {
		q.Fatal(err)
	}
	var got []string
	for _, j := range jobs {
		got = append(got, fmt.Sprintf("%s %d", j.Data, j.Tries))
		ids = append(ids, j.ID)
	}
	if !slices.Equal(got, want) {
		q.Errorf("taken: %q, want %q", got, want)
	}
	return ids
}

func (q *queueBench) must(err error) {
	q.Helper()
	if err != nil {
		q.Fatal(err)
	}
}

func (q *queueBench) backlog() unroll.Backlog {
	q.Helper()
	b, err := q.s.Backlog(q.Context(), q.line)
	q.must(err)
	return b
}

// pass has the time of all jobs pass without a sign of life.
func (q *queueBench) pass(d time.Duration) {
	q.Helper()
	ctx := q.Context()
	key, _ := q.s.keys.queue(q.line)
	pending, err := q.s.client.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: key, Group: "bot", Start: "-", End: "+", Count: queueMost}).Result()
	q.must(err)
	for _, p := range pending {
		q.must(q.s.client.Do(ctx, "XCLAIM", key, "bot", "bot", 0, p.ID, "IDLE", (p.Idle + d).Milliseconds(), "RETRYCOUNT", p.RetryCount, "JUSTID").Err())
	}
}

func queueGivesOut(q *queueBench) {
	ctx := q.Context()
	q.takes(10) // no such line yet
	first, second := q.put("a"), q.put("b")
	q.takes(10)
	q.pass(unroll.QueueLease / 2)
	q.takes(10)
	q.must(q.s.Keep(ctx, q.line, first))
	q.pass(unroll.QueueLease / 2)
	if got := q.takes(10, "b 2"); len(got) == 1 && got[0] != second {
		q.Errorf("taken as %s, put as %s", got[0], second)
	}
	q.pass(unroll.QueueLease)
	want := "a 2"
	if q.memory {
		want = "a 3" // miniredis takes a sign of life for a try
	}
	q.takes(1, want) // the oldest first
	q.takes(10, "b 3")
	q.must(q.s.Done(ctx, q.line, first, second))
	q.must(q.s.Keep(ctx, q.line, first)) // of a worker that is late
	q.must(q.s.PutBack(ctx, q.line, first, 1, 0))
	q.takes(10)
	if b := q.backlog(); b.Jobs != 0 {
		q.Errorf("left: %+v", b)
	}
	key, _ := q.s.keys.queue(q.line)
	if n := q.s.client.XPending(ctx, key, "bot").Val().Count; n != 0 {
		q.Errorf("%d jobs are still pending", n)
	}
}

func queuePutBack(q *queueBench) {
	ctx := q.Context()
	id := q.put("a")
	q.must(q.s.PutBack(ctx, q.line, id, 0, 0))
	q.takes(10, "a 1")
	q.must(q.s.PutBack(ctx, q.line, id, 1, 3*time.Second))
	q.takes(10)
	q.pass(3 * time.Second)
	q.takes(10, "a 2")
	q.must(q.s.PutBack(ctx, q.line, id, 2, time.Hour)) // longer than can be
	q.pass(unroll.QueueLease)
	q.takes(10, "a 3")
}

func queueBuries(q *queueBench) {
	ctx := q.Context()
	for i := range 3 {
		q.must(q.s.Bury(ctx, q.line, q.put("secret"), fmt.Append(nil, "note ", i)))
	}
	q.pass(unroll.QueueLease)
	q.takes(10)
	if b := q.backlog(); b.Jobs != 0 || b.Buried != 3 {
		q.Errorf("backlog %+v", b)
	}
	notes, err := q.s.Buried(ctx, q.line, 2)
	q.must(err)
	if diff := cmp.Diff([][]byte{[]byte("note 2"), []byte("note 1")}, notes); diff != "" {
		q.Error(diff)
	}
}

func queueBacklog(q *queueBench) {
	if b := q.backlog(); b != (unroll.Backlog{}) {
		q.Errorf("of an empty line: %+v", b)
	}
	q.put("a")
	q.put("b")
	if b := q.backlog(); b.Jobs != 2 || b.Oldest < 0 || b.Oldest > time.Minute {
		q.Errorf("backlog %+v", b)
	}
	if b, err := q.s.Backlog(q.Context(), "discord"); err != nil || b.Jobs != 0 {
		q.Errorf("another line: %+v, %v", b, err)
	}
}

// Many who take at once get each job once.
func queueGivesToOne(q *queueBench) {
	const jobs = 200
	for i := range jobs {
		q.must(q.s.PutBack(q.Context(), q.line, q.put(fmt.Sprint(i)), 0, 0))
	}
	var mu sync.Mutex
	got := map[string]int{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				taken, err := q.s.Take(q.Context(), q.line, 7)
				if err != nil {
					q.Error(err)
				}
				if len(taken) == 0 {
					return
				}
				mu.Lock()
				for _, j := range taken {
					got[string(j.Data)]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for data, n := range got {
		if n != 1 {
			q.Errorf("job %s was given out %d times", data, n)
		}
	}
	if len(got) != jobs {
		q.Errorf("%d of %d jobs were given out", len(got), jobs)
	}
}

func TestQueueIsBounded(t *testing.T) {
	m := miniredis.RunT(t)
	s := open(t, "redis://"+m.Addr(), slog.New(slog.DiscardHandler))
	key, _ := s.keys.queue("telegram")
	for i := range queueMost {
		if _, err := m.XAdd(key, fmt.Sprintf("%d-1", i+1), []string{"job", ""}); err != nil {
			t.Fatal(err)
		}
	}
	if id, err := s.Put(t.Context(), "telegram", nil); !errors.Is(err, unroll.ErrQueueFull) {
		t.Errorf("Put gave %q, %v; want that it is full", id, err)
	}
}

// A Redis that comes back without its memory takes new jobs, and nothing of
// the old ones is an error.
func queueForgets(q *queueBench) {
	ctx := q.Context()
	id := q.put("a")
	key, _ := q.s.keys.queue(q.line)
	q.must(q.s.client.Del(ctx, key).Err())
	q.must(q.s.Keep(ctx, q.line, id))
	q.must(q.s.PutBack(ctx, q.line, id, 1, 0))
	q.must(q.s.Done(ctx, q.line, id))
	q.put("b")
	q.pass(unroll.QueueLease)
	q.takes(10, "b 2")
}

// A process' clock may be years away from that of Redis, which alone counts.
func TestQueueGoesByTheClockOfRedis(t *testing.T) {
	m := miniredis.RunT(t)
	now := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	m.SetTime(now)
	q := &queueBench{t, open(t, "redis://"+m.Addr(), slog.New(slog.DiscardHandler)), "telegram", true}
	q.put("a")
	for _, step := range []struct {
		move time.Duration
		want []string
	}{{0, nil}, {unroll.QueueLease - time.Second, nil}, {-time.Hour, nil}, {time.Hour + time.Second, []string{"a 2"}}, {0, nil}} {
		now = now.Add(step.move)
		m.SetTime(now)
		q.takes(10, step.want...)
	}
	if b := q.backlog(); b.Oldest != unroll.QueueLease {
		t.Errorf("the oldest is %s old, want %s", b.Oldest, unroll.QueueLease)
	}
}

// What the queue holds may be a token: it must not reach a dump.
func TestQueueIsNotDumped(t *testing.T) {
	s := open(t, "redis://"+miniredis.RunT(t).Addr(), slog.New(slog.DiscardHandler))
	if _, err := s.Put(t.Context(), "discord", []byte("token")); err != nil {
		t.Fatal(err)
	}
	if err := s.Dump(t.Context(), func(r codec.Record) error { return fmt.Errorf("it holds %+v", r) }); err != nil {
		t.Error(err)
	}
}

func BenchmarkQueue(b *testing.B) {
	s := open(b, realURL(b), slog.New(slog.DiscardHandler))
	b.ReportAllocs()
	data := make([]byte, 500)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			id, err := s.Put(b.Context(), "bench", data)
			if err != nil {
				b.Fatal(err)
			}
			if err := s.Done(b.Context(), "bench", id); err != nil {
				b.Fatal(err)
			}
		}
	})
}
