package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// slowly stands in front of a server and takes its time.
type slowly struct {
	url string

	mu    sync.Mutex
	wait  time.Duration
	now   int // calls under way
	most  int
	calls int
}

func newSlowly(t *testing.T, target string) *slowly {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	s := &slowly{}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		wait := s.wait
		s.now++
		s.calls++
		s.most = max(s.most, s.now)
		s.mu.Unlock()
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.now--
		}()
		select {
		case <-time.After(wait):
			proxy.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	s.url = server.URL
	return s
}

// seen tells of the calls since reset: how many, and how many at a time.
func (s *slowly) seen() (calls, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.most
}

func (s *slowly) reset() (calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, s.calls, s.most = s.calls, 0, 0
	return calls
}

func (s *slowly) take(wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wait = wait
}

// redisProcess is a Redis of the test's own: a real one where the tests are to
// use one and the program is there, else one in memory.
type redisProcess struct {
	t    *testing.T
	url  string
	args []string
	cmd  *exec.Cmd
}

func newRedis(t *testing.T) *redisProcess {
	t.Helper()
	_, err := exec.LookPath("redis-server")
	if os.Getenv("UNROLL_TEST_REDIS_URL") == "" || err != nil {
		m := miniredis.RunT(t)
		go func() { // its clock stands still unless it is moved
			tick := time.NewTicker(50 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					m.FastForward(50 * time.Millisecond)
				case <-t.Context().Done():
					return
				}
			}
		}()
		return &redisProcess{t: t, url: "redis://" + m.Addr()}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	r := &redisProcess{t: t, url: "redis://127.0.0.1:" + port, args: []string{
		"--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--appendonly", "yes", "--logfile", "redis.log",
	}}
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *redisProcess) start() {
	r.t.Helper()
	r.cmd = exec.Command("redis-server", r.args...)
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	address := strings.TrimPrefix(r.url, "redis://")
	eventually(r.t, "redis-server to listen", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
}

// kill ends it without a chance to say goodbye.
func (r *redisProcess) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait()
}
