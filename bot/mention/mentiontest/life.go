// Package mentiontest runs a mention adapter in the program's own chain, so
// that a test can end its life at any moment and begin another.
package mentiontest

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// PublicURL is the base of the pages that answers link to.
const PublicURL = "https://unroll.example"

// Net is a test's world: what outlives the program.
type Net struct {
	*testing.T
	Values  *Values
	Threads *Threads
	Secrets []string // that must not show in logs
	// Make makes the adapter of a new life.
	Make func(log *slog.Logger, d bot.Dispatch, p bot.Phrases, v unroll.Values) (bot.Adapter, error)

	logged buffer
}

// Life is one run of the program.
type Life struct {
	net    *Net
	cancel context.CancelFunc
	done   chan error
	pool   *bot.Dispatcher
	// Err is what Run returned, once ended.
	Err error
}

// Begin starts the program.
func (n *Net) Begin() *Life {
	n.Helper()
	log := slog.New(slog.NewTextHandler(&n.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	phrases, err := bot.NewMessages()
	if err != nil {
		n.Fatal(err)
	}
	triggers := bot.NewTriggers([]string{"unroll"})
	answerer := bot.NewAnswerer(bot.AnswererConfig{PublicURL: PublicURL, Log: log, Published: n.Threads.publish}, triggers, n.Threads, phrases)
	// Each life sees the store through a door of its own, which can be shut.
	values := n.Values.door()
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
	return l
}

// End stops the program in good order.
func (l *Life) End() {
	l.net.Helper()
	l.cancel()
	l.Err = <-l.done
	if err := l.pool.Close(context.Background()); err != nil {
		l.net.Error(err)
	}
	for _, s := range l.net.Secrets {
		if strings.Contains(l.net.logged.String(), s) {
			l.net.Errorf("a secret is in the log")
		}
	}
}

// Log is what was logged so far.
func (n *Net) Log() string { return n.logged.String() }

// Values is a store of values in memory.
type Values struct {
	mu   sync.Mutex
	data map[string][]byte
	open int // number of the door that is open
	err  error
}

// Kill shuts the store for the program that runs: nothing that it writes from
// now on is kept, as if it had been killed.
func (v *Values) Kill() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open++
}

// Break lets every call fail; nil mends it.
func (v *Values) Break(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.err = err
}

// Set puts a value.
func (v *Values) Set(key, value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.data == nil {
		v.data = map[string][]byte{}
	}
	v.data[key] = []byte(value)
}

// Keys gives the keys with a prefix.
func (v *Values) Keys(prefix string) (out []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for k := range v.data {
		if strings.HasPrefix(k, prefix) {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

func (v *Values) door() *door {
	v.mu.Lock()
	defer v.mu.Unlock()
	return &door{v, v.open}
}

// door is how one life sees the store.
type door struct {
	v      *Values
	number int
}

var _ unroll.Values = (*door)(nil)

func (d *door) change(f func()) error {
	d.v.mu.Lock()
	defer d.v.mu.Unlock()
	if d.v.err == nil && d.v.open == d.number {
		if d.v.data == nil {
			d.v.data = map[string][]byte{}
		}
		f()
	}
	return d.v.err
}

func (d *door) Value(_ context.Context, key string) ([]byte, bool, error) {
	d.v.mu.Lock()
	defer d.v.mu.Unlock()
	value, ok := d.v.data[key]
	return value, ok, d.v.err
}

func (d *door) SetValue(_ context.Context, key string, value []byte, _ time.Duration) error {
	return d.change(func() { d.v.data[key] = value })
}

func (d *door) DeleteValue(_ context.Context, key string) error {
	return d.change(func() { delete(d.v.data, key) })
}

func (d *door) Claim(_ context.Context, key string, _ time.Duration) (first bool, err error) {
	err = d.change(func() {
		if _, ok := d.v.data[key]; !ok {
			first, d.v.data[key] = true, []byte{1}
		}
	})
	return first, err
}

// Threads answers for the core.
type Threads struct {
	mu sync.Mutex
	// Err is what reading fails with, nil for a thread.
	err       error
	thread    unroll.Thread
	asked     []unroll.Ref
	published int
	hook      func()
}

var _ bot.Unroller = (*Threads)(nil)

// Unroll gives the thread.
func (t *Threads) Unroll(_ context.Context, ref unroll.Ref) (unroll.Thread, error) {
	t.mu.Lock()
	t.asked = append(t.asked, ref)
	th, err, hook := t.thread, t.err, t.hook
	t.mu.Unlock()
	if hook != nil {
		hook()
	}
	return th, err
}

// Refresh is Unroll.
func (t *Threads) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return t.Unroll(ctx, ref)
}

func (t *Threads) publish(context.Context, *unroll.Thread) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.published++
}

// Set says what is read from now on.
func (t *Threads) Set(th unroll.Thread, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.thread, t.err = th, err
}

// OnUnroll calls f when a thread is read.
func (t *Threads) OnUnroll(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hook = f
}

// Asked gives the refs that were asked for.
func (t *Threads) Asked() []unroll.Ref {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.asked)
}

// Published counts the threads that were asked for in public.
func (t *Threads) Published() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.published
}

// Thread is a thread of two posts that calls somebody, and names a site.
func Thread(ref unroll.Ref) unroll.Thread {
	return unroll.Thread{
		Schema: unroll.SchemaVersion, Ref: ref, Author: unroll.Author{ID: "1", Handle: "ada", Name: "Ada"},
		Posts: []unroll.Post{
			{ID: ref.PostID(), Text: "How looms work, with thanks to @carol and loom.example #weaving"},
			{ID: ref.Sibling("2").PostID(), Text: strings.Repeat("Warp and weft. ", 200)},
		},
		Verdict: unroll.Verdict{State: unroll.Complete}, Source: "test", FetchedAt: time.Now(),
	}
}

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
