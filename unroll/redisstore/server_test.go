package redisstore

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

// server is a redis-server of the test's own, on loopback.
type server struct {
	t       *testing.T
	address string
	args    []string
	process *exec.Cmd
}

// newServer starts a redis-server, where tests against a real Redis are
// wanted and the program is there.
func newServer(t *testing.T, args ...string) *server {
	t.Helper()
	realURL(t)
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Skip("redis-server is not installed: not tested with a server of the test's own")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, address: l.Addr().String()}
	_, port, err := net.SplitHostPort(s.address)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s.args = append(args, "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--logfile", "redis.log")
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *server) start() {
	s.t.Helper()
	s.process = exec.Command("redis-server", s.args...) // killed at the test's end
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	c := s.client()
	defer c.Close()
	eventually(s.t, "redis-server answers", func() bool { return c.Ping(context.Background()).Err() == nil })
}

// kill ends the server without a chance to say goodbye.
func (s *server) kill() {
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
}

func (s *server) client() *redis.Client {
	return redis.NewClient(&redis.Options{Addr: s.address, DialerRetries: 1, MaxRetries: -1})
}

// newCluster starts a cluster of one: it refuses what touches keys of two slots
// as any other does.
func newCluster(t *testing.T) *server {
	t.Helper()
	s := newServer(t, "--save", "", "--cluster-enabled", "yes")
	c := s.client()
	defer c.Close()
	if err := c.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster is ready", func() bool { return c.Set(t.Context(), "k", "", time.Second).Err() == nil })
	return s
}

// TestKilledUnderLoad kills Redis while it is busy, and starts it again.
func TestKilledUnderLoad(t *testing.T) {
	redisServer := newServer(t, "--appendonly", "yes")
	s, log := openLogged(t, "redis://"+redisServer.address)
	thread := storetest.Thread(1, 30)
	refs := storetest.Refs(&thread)
	save := func() error { return s.Save(t.Context(), refs[0], refs, entryOf(&thread), time.Hour) }
	if err := save(); err != nil {
		t.Fatal(err)
	}
	limit := unroll.Limit{Events: 1, Per: time.Hour, Burst: 3}
	for range limit.Burst {
		if _, err := s.Allow(t.Context(), "used up", limit); err != nil {
			t.Fatal(err)
		}
	}

	var (
		wg          sync.WaitGroup
		stop        = make(chan struct{})
		calls, hits atomic.Int64
		slowest     atomic.Int64 // in nanoseconds
	)
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				began := time.Now()
				if _, err := s.Allow(t.Context(), fmt.Sprint("user ", w, i), limit); err != nil {
					t.Errorf("Allow: %v", err)
				}
				if _, ok, err := s.Load(t.Context(), refs[i%len(refs)]); ok && err == nil {
					hits.Add(1)
				}
				_ = save()
				calls.Add(3)
				if took := int64(time.Since(began)); took > slowest.Load() {
					slowest.Store(took)
				}
			}
		})
	}
	more := func(n *atomic.Int64) func() bool {
		from := n.Load()
		return func() bool { return n.Load() > from+100 }
	}
	eventually(t, "hits", more(&hits))
	redisServer.kill()
	eventually(t, "going is noticed", func() bool { return log.count(gone) == 1 })
	eventually(t, "calls go on without Redis", more(&calls))
	redisServer.start()
	eventually(t, "hits again", more(&hits))
	close(stop)
	wg.Wait()

	if took := time.Duration(slowest.Load()); took > 5*time.Second {
		t.Errorf("three calls took %s when Redis went", took)
	}
	if log.count(gone) != 1 || log.count(back) != 1 {
		t.Errorf("going is logged %d times, coming back %d times", log.count(gone), log.count(back))
	}
	if wait, err := s.Allow(t.Context(), "used up", limit); wait == 0 || err != nil {
		t.Errorf("the limit is forgotten: wait %s, %v", wait, err)
	}
}
