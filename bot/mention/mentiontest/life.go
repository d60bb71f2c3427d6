// Package mentiontest runs a mention adapter in the program's own chain, so
// that a test can end its life at any moment and begin another.
package mentiontest

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
)

// PublicURL is the base of the pages that answers link to.
const PublicURL = "https://unroll.example"

// Net is a test's world: what outlives the program.
type Net struct {
	*testing.T
	Values  *Values
	Threads *Threads
	Watches unroll.Agenda
	Lookout bot.LookoutConfig // of who tells news
	Secrets []string          // that must not show in logs
	// Make makes the adapter of a new life.
	Make func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error)

	logged buffer
}

// Life is one run of the program.
type Life struct {
	net      *Net
	cancel   context.CancelFunc
	done     chan error
	pool     *bot.Dispatcher
	watching sync.WaitGroup
	// Err is what Run returned, once ended.
	Err error
}

// NewNet makes a world with a thread of two posts at ref.
func NewNet(t *testing.T, ref unroll.Ref, secrets ...string) *Net {
	t.Helper()
	n := &Net{T: t, Values: &Values{}, Threads: &Threads{}, Secrets: secrets}
	n.Threads.Set(Thread(ref), nil)
	s, err := boltstore.Open(boltstore.Config{Path: filepath.Join(t.TempDir(), "watches.db"), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	n.Watches = s
	return n
}

// Begin starts the program.
func (n *Net) Begin() *Life {
	n.Helper()
	log := slog.New(slog.NewTextHandler(&n.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	phrases, err := bot.NewMessages()
	if err != nil {
		n.Fatal(err)
	}
	// Each life sees the store through a door of its own, which can be shut.
	values := n.Values.door()
	triggers := bot.NewTriggers([]string{"unroll"})
	cfg := bot.AnswererConfig{PublicURL: PublicURL, Log: log, Published: n.Threads.publish}
	if n.Watches != nil {
		watch := n.Lookout
		watch.PublicURL, watch.Log = PublicURL, log
		cfg.Lookout = bot.NewLookout(watch,
			watches{values, n.Watches, unroll.NewLocalLimiter(time.Now)}, n.Threads, phrases, nil)
	}
	answerer := bot.NewAnswerer(cfg, triggers, n.Threads, phrases)
	pool := bot.NewDispatcher(bot.DispatcherConfig{Workers: 8, Concerns: triggers.Concerns, Log: log}, bot.Chain(answerer,
		bot.Log(log, triggers, nil), bot.Recover(phrases), bot.Once(values, log),
		bot.Limited(unroll.NewLocalLimiter(time.Now), bot.DefaultLimits(), phrases, log)))
	a, err := n.Make(log, pool, phrases, values)
	if err != nil {
		n.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Life{net: n, cancel: cancel, done: make(chan error, 1), pool: pool}
	go func() { l.done <- a.Run(ctx) }()
	if cfg.Lookout != nil {
		l.watching.Go(func() {
			if err := cfg.Lookout.Run(ctx, []bot.Adapter{a}); err != nil {
				n.Error(err)
			}
		})
	}
	return l
}

// End stops the program in good order.
func (l *Life) End() {
	l.net.Helper()
	l.cancel()
	l.Err = <-l.done
	l.watching.Wait()
	if err := l.pool.Close(context.Background()); err != nil {
		l.net.Error(err)
	}
	for _, s := range l.net.Secrets {
		if strings.Contains(l.net.logged.String(), s) {
			l.net.Errorf("a secret is in the log")
		}
	}
}

// Live runs the program for a while.
func (n *Net) Live(during ...func()) {
	n.Helper()
	l := n.Begin()
	n.Rest()
	for _, f := range during {
		f()
		n.Rest()
	}
	l.End()
	if l.Err != nil {
		n.Errorf("Run: %v", l.Err)
	}
}

// Rest lets the program do all it has to do, retries too.
func (n *Net) Rest() {
	time.Sleep(10 * time.Minute)
	synctest.Wait()
}

// Log is what was logged so far.
func (n *Net) Log() string { return n.logged.String() }

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
