package redisstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"unrollbot/unroll"
	"unrollbot/unroll/storetest"
)

const (
	gone  = "redis does not answer: going on"
	back  = "redis answers again"
	pause = 20 * time.Millisecond
)

// logged is a log to look at.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// count counts lines with a text.
func (l *logged) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), text)
}

// openLogged opens a store that asks a Redis which is gone again very soon.
func openLogged(t *testing.T, address string) (*Store, *logged) {
	t.Helper()
	log := new(logged)
	s, err := Open(t.Context(), Config{URL: address, Log: slog.New(slog.NewTextHandler(log, nil)), Pause: pause})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, log
}

// eventually waits until f holds.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !f(); time.Sleep(pause / 4) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// everyCall makes one call of each kind, and returns their errors.
func everyCall(ctx context.Context, s *Store) map[string]error {
	thread := storetest.Thread(1, 3)
	refs := storetest.Refs(&thread)
	errs := make(map[string]error)
	_, _, errs["load"] = s.Load(ctx, refs[0])
	errs["save"] = s.Save(ctx, refs[0], refs, entryOf(&thread), time.Hour)
	errs["forget"] = s.Forget(ctx, refs[1])
	_, errs["forget author"] = s.ForgetAuthor(ctx, unroll.X, thread.Author.ID)
	unlock, err := s.Lock(ctx, "k", time.Second)
	if errs["lock"] = err; err == nil {
		unlock()
	}
	_, errs["opted out"] = s.OptedOut(ctx, unroll.X, "1")
	errs["opt out"] = s.SetOptedOut(ctx, unroll.X, "1", true)
	errs["add latest"] = s.AddLatest(ctx, unroll.Listing{})
	_, errs["latest"] = s.Latest(ctx, 1)
	errs["drop latest"] = s.DropLatest(ctx, refs[0])
	_, _, errs["value"] = s.Value(ctx, "k")
	errs["set value"] = s.SetValue(ctx, "k", nil, time.Second)
	errs["delete value"] = s.DeleteValue(ctx, "k")
	_, errs["claim"] = s.Claim(ctx, "c", time.Second)
	errs["ping"] = s.Ping(ctx)
	return errs
}

func TestRedisGoesAndComesBack(t *testing.T) {
	m := miniredis.RunT(t)
	s, log := openLogged(t, "redis://"+m.Addr())
	limit := unroll.Limit{Events: 1, Per: time.Hour, Burst: 2}
	for call, err := range everyCall(t.Context(), s) {
		if err != nil {
			t.Errorf("%s with Redis: %v", call, err)
		}
	}

	m.Close()
	for range 3 {
		for call, err := range everyCall(t.Context(), s) {
			if err == nil {
				t.Errorf("%s without Redis: no error", call)
			}
		}
	}
	for i, want := range []bool{true, true, false, false} {
		if wait, err := s.Allow(t.Context(), "k", limit); err != nil || (wait == 0) != want {
			t.Errorf("event %d without Redis: wait %s, %v; want it to pass: %v", i, wait, err, want)
		}
	}
	if log.count(gone) != 1 || log.count(back) != 0 {
		t.Errorf("going is logged %d times, coming back %d times", log.count(gone), log.count(back))
	}

	if err := m.Restart(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ping", func() bool { return s.Ping(t.Context()) == nil })
	for call, err := range everyCall(t.Context(), s) {
		if err != nil {
			t.Errorf("%s with Redis again: %v", call, err)
		}
	}
	if wait, err := s.Allow(t.Context(), "k", limit); wait != 0 || err != nil {
		t.Errorf("the limit in Redis, untouched so far: wait %s, %v", wait, err)
	}
	if log.count(gone) != 1 || log.count(back) != 1 {
		t.Errorf("going is logged %d times, coming back %d times", log.count(gone), log.count(back))
	}
}

func TestOpenWithoutRedis(t *testing.T) {
	m := miniredis.NewMiniRedis()
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	address := m.Addr()
	m.Close()

	s, log := openLogged(t, "redis://:hidden-word@"+address)
	if log.count("redis does not answer at the start") != 1 {
		t.Error("the log does not tell that Redis is not there")
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("Ping without Redis gives no error")
	}
	if wait, err := s.Allow(t.Context(), "k", unroll.Limit{Events: 1, Per: time.Second}); wait != 0 || err != nil {
		t.Errorf("Allow without Redis: %s, %v", wait, err)
	}

	m = miniredis.NewMiniRedis()
	m.RequireAuth("hidden-word")
	if err := m.StartAddr(address); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	eventually(t, "ping", func() bool { return s.Ping(t.Context()) == nil })

	m.RequireAuth("another")
	other, otherLog := openLogged(t, "redis://:hidden-word@"+address)
	err := other.Ping(t.Context())
	if err == nil {
		t.Error("Ping with a wrong password gives no error")
	} else if strings.Contains(err.Error(), "hidden-word") {
		t.Errorf("the error shows the password: %v", err)
	}
	if log.count("hidden-word")+otherLog.count("hidden-word") > 0 {
		t.Error("the log shows the password")
	}
}

// TestRedisHangs talks to something that takes connections and says nothing.
func TestRedisHangs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, c) }()
		}
	}()
	log := new(logged)
	s, err := Open(t.Context(), Config{
		URL: "redis://" + l.Addr().String() + "?read_timeout=20ms&write_timeout=20ms&dial_timeout=20ms",
		Log: slog.New(slog.NewTextHandler(log, nil)), Pause: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range tripAfter {
		_ = s.Ping(t.Context())
	}
	// From here on nobody waits for it.
	for call, err := range everyCall(t.Context(), s) {
		if !errors.Is(err, errGone) {
			t.Errorf("%s: %v, want %v at once", call, err, errGone)
		}
	}
	if log.count(gone) != 1 {
		t.Errorf("going is logged %d times", log.count(gone))
	}
}

func TestCallersWhoGoAwayAreNoFault(t *testing.T) {
	m := miniredis.RunT(t)
	s, log := openLogged(t, "redis://"+m.Addr())
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	for _, ctx := range []context.Context{canceled, late} {
		for range 2 * tripAfter {
			if err := s.Ping(ctx); !errors.Is(err, ctx.Err()) {
				t.Errorf("Ping with a context that has ended: %v, want %v", err, ctx.Err())
			}
		}
	}
	if err := s.Ping(t.Context()); err != nil || log.count(gone) > 0 {
		t.Errorf("Redis counts as gone: %v", err)
	}
}

// TestALineIsNoFault has callers wait in vain for a connection: the program
// has too much to do, and Redis is well.
func TestALineIsNoFault(t *testing.T) {
	m := miniredis.RunT(t)
	s, log := openLogged(t, "redis://"+m.Addr()+"?pool_size=1&pool_timeout=5ms")
	only := s.client.(*redis.Client).Conn()
	defer only.Close()
	if err := only.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	for range 2 * tripAfter {
		if err := s.Ping(t.Context()); !errors.Is(err, redis.ErrPoolTimeout) {
			t.Fatalf("Ping without a connection: %v, want %v", err, redis.ErrPoolTimeout)
		}
	}
	if err := only.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err != nil || log.count(gone) > 0 {
		t.Errorf("Redis counts as gone: %v", err)
	}
}

// TestSomeAreTooLate has calls fail in a row, while Redis answered a moment
// ago.
func TestSomeAreTooLate(t *testing.T) {
	log := new(logged)
	h := newHealth(slog.New(slog.NewTextHandler(log, nil)), pause)
	call := func(err error) error { return h.call(t.Context(), func(context.Context) error { return err }) }
	_ = call(nil)
	for range 10 * tripAfter {
		if err := call(io.EOF); !errors.Is(err, io.EOF) {
			t.Fatalf("%v: Redis counts as gone", err)
		}
	}
	time.Sleep(pause)
	_ = call(io.EOF)
	if err := call(nil); !errors.Is(err, errGone) || log.count(gone) != 1 {
		t.Errorf("%v: Redis does not count as gone", err)
	}
}

func TestAnswered(t *testing.T) {
	m := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: m.Addr(), MaxRetries: -1})
	defer client.Close()
	reply := func(text string) error {
		m.SetError(text)
		defer m.SetError("")
		return client.Get(t.Context(), "k").Err()
	}
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"fine":          {nil, true},
		"no such key":   {redis.Nil, true},
		"wrong type":    {reply("WRONGTYPE Operation against a key"), true},
		"out of memory": {reply("OOM command not allowed"), true},
		"loading":       {reply("LOADING Redis is loading the dataset in memory"), false},
		"cluster down":  {reply("CLUSTERDOWN The cluster is down"), false},
		"master down":   {reply("MASTERDOWN Link with MASTER is down"), false},
		"read only":     {reply("READONLY You can't write against a read only replica."), false},
		"no password":   {reply("NOAUTH Authentication required."), false},
		"broken off":    {io.EOF, false},
		"too late":      {context.DeadlineExceeded, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := answered(c.err); got != c.want {
				t.Errorf("answered(%v) = %v, want %v", c.err, got, c.want)
			}
		})
	}
}
