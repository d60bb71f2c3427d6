package discord

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// rig is an adapter on the stand-in, with a handler of the test's.
type rig struct {
	*bottest.Discord
	t       testing.TB
	adapter *Adapter
	handler *stub
	values  *memory
	stop    func() error
}

// stub is Dispatch and Handler in one: it answers in a goroutine.
type stub struct {
	answer func(ctx context.Context, req bot.Request, res bot.Responder) error
	refuse error // what Dispatch returns

	mu   sync.Mutex
	got  []bot.Request
	errs []error
	wg   sync.WaitGroup
}

func (s *stub) Dispatch(_ context.Context, req bot.Request, res bot.Responder) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, req)
	if s.refuse != nil {
		return s.refuse
	}
	s.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.answer(ctx, req, res); err != nil {
			s.mu.Lock()
			s.errs = append(s.errs, err)
			s.mu.Unlock()
		}
		if f, ok := res.(bot.Finisher); ok {
			f.Done(context.WithoutCancel(ctx))
		}
	})
	return nil
}

func (s *stub) requests() []bot.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]bot.Request(nil), s.got...)
}

// memory is unroll.Values for one test.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	until  map[string]time.Time
	err    error
}

// at drops a value that has run out.
func (m *memory) at(key string) ([]byte, bool) {
	if end, ok := m.until[key]; ok && time.Now().After(end) {
		delete(m.values, key)
	}
	v, ok := m.values[key]
	return v, ok
}

func (m *memory) keep(key string, value []byte, ttl time.Duration) {
	if m.values == nil {
		m.values, m.until = make(map[string][]byte), make(map[string]time.Time)
	}
	m.values[key], m.until[key] = value, time.Now().Add(ttl)
}

var _ Store = (*memory)(nil)

func (m *memory) Hold(_ context.Context, key, owner string, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.at(key); (ok && string(v) != owner) || m.err != nil {
		return false, m.err
	}
	m.keep(key, []byte(owner), ttl)
	return true, nil
}

func (m *memory) Release(_ context.Context, key, owner string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.at(key); ok && string(v) == owner {
		delete(m.values, key)
	}
	return m.err
}

func (m *memory) Value(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.at(key)
	return v, ok, m.err
}

func (m *memory) SetValue(_ context.Context, key string, value []byte, ttl time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if ttl <= 0 {
		return errors.New("a value without an end")
	}
	if m.err == nil {
		m.keep(key, value, ttl)
	}
	return m.err
}

func (m *memory) DeleteValue(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, key)
	return m.err
}

func (m *memory) Claim(_ context.Context, key string, ttl time.Duration) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.at(key); ok || m.err != nil {
		return false, m.err
	}
	m.keep(key, nil, ttl)
	return true, nil
}

// forget drops the keys that begin with prefix.
func (m *memory) forget(prefix string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.values, func(key string, _ []byte) bool { return strings.HasPrefix(key, prefix) })
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// words knows two sentences, one of them in German only; all others come
// from the English in the code.
type words struct{}

func (words) Words(string) render.Words { return render.English{} }

func (words) Text(locale, id string, _ map[string]any) string {
	switch {
	case id == "busy":
		return "{busy}"
	case id == "command_unroll" && locale == "de":
		return "Einen Faden entrollen"
	default:
		return id
	}
}

// start connects an adapter to a stand-in and waits until it is up.
func start(t testing.TB, cfg bottest.DiscordConfig, answer func(context.Context, bot.Request, bot.Responder) error) *rig {
	t.Helper()
	r := prepare(t, cfg, answer)
	r.run()
	r.Connected(max(cfg.Shards, 1))
	return r
}

func prepare(t testing.TB, cfg bottest.DiscordConfig, answer func(context.Context, bot.Request, bot.Responder) error) *rig {
	t.Helper()
	r := &rig{t: t, Discord: bottest.NewDiscord(t, cfg), handler: &stub{answer: answer}, values: &memory{}}
	a, err := New(Config{Token: "token", APIURL: r.APIURL(), PublicURL: "https://unroll.example", Log: testLog(t)}, r.handler, words{}, r.values)
	if err != nil {
		t.Fatal(err)
	}
	hurry(a)
	r.adapter = a
	return r
}

// hurry shortens all waits that a test would sit through.
func hurry(a *Adapter) {
	a.pace.first, a.pace.most, a.pace.identify = 5*time.Millisecond, 20*time.Millisecond, time.Millisecond
	a.pace.stuck = time.Second
	a.pace.wire.invalid = func() time.Duration { return 5 * time.Millisecond }
	a.rest.transport.pace.first = time.Millisecond
}

func (r *rig) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.adapter.Run(ctx) }()
	var once sync.Once
	var err error
	r.stop = func() error {
		once.Do(func() {
			cancel()
			err = <-done
			r.handler.wg.Wait()
		})
		return err
	}
	r.t.Cleanup(func() {
		if err := r.stop(); err != nil {
			r.t.Errorf("Run: %v", err)
		}
		for _, err := range r.handler.errs {
			r.t.Errorf("handler: %v", err)
		}
	})
}

// failed waits for Run to end by itself.
func (r *rig) failed(t *testing.T) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- r.adapter.Run(context.Background()) }()
	select {
	case err := <-done:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("Run does not end")
		return nil
	}
}

func testLog(t testing.TB) *slog.Logger {
	if os.Getenv("UNROLL_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// thread makes a thread of n posts, about 200 letters each.
func thread(n int) *unroll.Thread {
	t := &unroll.Thread{
		Schema: unroll.SchemaVersion, Ref: unroll.Ref{Network: unroll.X, ID: "20"}, Source: "fxtwitter",
		Author:    unroll.Author{ID: "12", Handle: "ada", Name: "Ada *L*", URL: "https://x.com/ada"},
		FetchedAt: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Verdict:   unroll.Verdict{State: unroll.Complete},
	}
	for i := range n {
		t.Posts = append(t.Posts, unroll.Post{
			ID: strconv.Itoa(20 + i), URL: "https://x.com/ada/status/" + strconv.Itoa(20+i),
			Text: "Post " + strconv.Itoa(i+1) + " of the engine: " + strings.Repeat("cards and *wheels*, ", 9) + "@everyone",
		})
	}
	return t
}

// whole answers with a thread of n posts at the page asked for.
func whole(n int) func(context.Context, bot.Request, bot.Responder) error {
	return func(ctx context.Context, req bot.Request, res bot.Responder) error {
		if err := res.Working(ctx); err != nil {
			return err
		}
		r := bot.Reply{Thread: thread(n), Asked: unroll.Ref{Network: unroll.X, ID: "20"}, PageURL: "https://unroll.example/x/20", Page: 1}
		if req.Page != nil {
			r.Page = req.Page.Number
		}
		return res.Send(ctx, r)
	}
}

func jsonOf(t testing.TB, data json.RawMessage) map[string]any {
	t.Helper()
	m := make(map[string]any)
	if len(data) > 0 {
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
	}
	return m
}
