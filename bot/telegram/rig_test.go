package telegram

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// rig is an adapter that runs against a Bot API of its own.
type rig struct {
	*testing.T
	tg     *bottest.Telegram
	a      *Adapter
	pool   *pool
	values *memory
	logged *lockedBuffer
	done   chan error
	cancel context.CancelFunc
}

// newRig makes an adapter; start runs it.
func newRig(t *testing.T, cfg Config, h bot.HandlerFunc) *rig {
	t.Helper()
	r := &rig{T: t, tg: bottest.NewTelegram(t), pool: &pool{handler: h}, values: &memory{}, logged: &lockedBuffer{}}
	cfg.Token = r.tg.Token
	cfg.Log = slog.New(slog.NewTextHandler(r.logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := New(cfg, r.pool, phrases{}, r.values)
	if err != nil {
		t.Fatal(err)
	}
	if a.api, err = newAPI("http://telegram.test", cfg.Token, r.tg); err != nil {
		t.Fatal(err)
	}
	r.a = a
	return r
}

func start(t *testing.T, h bot.HandlerFunc) *rig {
	t.Helper()
	r := newRig(t, Config{}, h)
	r.start()
	return r
}

func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- r.a.Run(ctx) }()
	r.Cleanup(r.stop)
}

// stop ends the adapter and waits for it and its answers.
func (r *rig) stop() {
	if r.cancel == nil {
		return
	}
	r.cancel()
	r.cancel = nil
	if err := <-r.done; err != nil {
		r.Errorf("Run: %v", err)
	}
	r.pool.Wait()
	if log := r.logged.String(); strings.Contains(log, r.tg.Token) || strings.Contains(log, "test-token") {
		r.Error("the token is in the log")
	}
}

// pool is a Dispatch that answers at once, or refuses.
type pool struct {
	sync.WaitGroup
	mu      sync.Mutex
	handler bot.HandlerFunc
	refuse  error
	times   int  // how often to refuse
	dies    bool // before a request is over
	asked   []bot.Request
}

func (p *pool) Dispatch(ctx context.Context, req bot.Request, res bot.Responder) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.times > 0 {
		p.times--
		return p.refuse
	}
	p.asked = append(p.asked, req)
	p.Go(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Minute)
		defer cancel()
		_ = p.handler(ctx, req, res)
		if f, ok := res.(bot.Finisher); ok && !p.dies {
			f.Done(ctx)
		}
	})
	return nil
}

func (p *pool) requests() []bot.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]bot.Request(nil), p.asked...)
}

// phrases says the ids, and page numbers.
type phrases struct{}

func (phrases) Words(string) render.Words { return render.English{} }

func (phrases) Text(_, id string, args map[string]any) string {
	if id == "button_page" {
		return fmt.Sprintf("%v/%v", args["Page"], args["Pages"])
	}
	return id
}

// memory is a store of values.
type memory struct {
	limits
	mu   sync.Mutex
	data map[string][]byte
	err  error
}

// limits is a limiter in memory.
type limits struct {
	once    sync.Once
	limiter *unroll.LocalLimiter
}

func (l *limits) Allow(ctx context.Context, key string, limit unroll.Limit) (time.Duration, error) {
	l.once.Do(func() { l.limiter = unroll.NewLocalLimiter(nil) })
	return l.limiter.Allow(ctx, key, limit)
}

func (m *memory) Value(_ context.Context, key string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.data[key]
	return v, ok, m.err
}

func (m *memory) SetValue(_ context.Context, key string, value []byte, _ time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	if m.data == nil {
		m.data = make(map[string][]byte)
	}
	m.data[key] = value
	return nil
}

func (m *memory) DeleteValue(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.data, key)
	return m.err
}

func (m *memory) Claim(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	if _, ok, err := m.Value(ctx, key); ok || err != nil {
		return false, err
	}
	return true, m.SetValue(ctx, key, []byte{1}, ttl)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// thread is a thread of n posts of about 300 characters each.
func thread(n int) *unroll.Thread {
	t := &unroll.Thread{
		Schema: unroll.SchemaVersion, Ref: unroll.Ref{Network: unroll.X, ID: "20"},
		Author:  unroll.Author{ID: "1", Handle: "ada", Name: "Ada", URL: "https://x.com/ada"},
		Verdict: unroll.Verdict{State: unroll.Complete}, Source: "fxtwitter",
		FetchedAt: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
	for i := range n {
		t.Posts = append(t.Posts, unroll.Post{
			ID: fmt.Sprint(20 + i), URL: fmt.Sprintf("https://x.com/ada/status/%d", 20+i),
			Text: fmt.Sprintf("Post %d. ", i+1) + strings.Repeat("All work and no play. ", 13),
		})
	}
	return t
}

// unrolls answers every request with the same thread.
func unrolls(t *unroll.Thread) bot.HandlerFunc {
	return func(ctx context.Context, req bot.Request, res bot.Responder) error {
		r := bot.Reply{Thread: t, Asked: t.Ref, PageURL: "https://unroll.example" + t.Ref.Path(), Page: 1}
		if req.Page != nil {
			r.Page, r.Asked = req.Page.Number, req.Page.Ref
		}
		if err := res.Working(ctx); err != nil {
			return err
		}
		return res.Send(ctx, r)
	}
}

// says answers every request with a sentence.
func says(text string) bot.HandlerFunc {
	return func(ctx context.Context, _ bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Text: text})
	}
}

// rich is a thread with a little of everything.
func rich(n int) *unroll.Thread {
	t := thread(n)
	p := &t.Posts[0]
	p.Text += "🧵 @ada said #this at example.com/long. ציוץ בעברית. /start"
	at := func(part string, kind unroll.FacetKind, url string) {
		p.Facets = append(p.Facets, facet(p.Text, part, kind, url))
	}
	at("@ada", unroll.FacetMention, "https://x.com/ada")
	at("#this", unroll.FacetTag, "https://x.com/hashtag/this")
	at("example.com/long", unroll.FacetLink, "https://example.com/long/way")
	p.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://pbs.example.com/1.jpg", Alt: "A cat"}}
	p.Quote = &unroll.Quote{URL: "https://x.com/bob/status/7", Author: unroll.Author{Handle: "bob", Name: "Bob"}, Text: "Quoted @words."}
	if n > 2 {
		t.Posts[1].Gap = &unroll.Gap{Reason: unroll.GapDeleted}
		t.Posts[2].Warning = "spoilers"
		t.Posts[2].Poll = &unroll.Poll{Options: []unroll.PollOption{{Label: "Yes", Votes: 3}, {Label: "No", Votes: -1}}}
	}
	return t
}

// slowly answers as h does, some time after it was asked.
func slowly(d time.Duration, h bot.HandlerFunc) bot.HandlerFunc {
	return func(ctx context.Context, req bot.Request, res bot.Responder) error {
		if err := res.Working(ctx); err != nil {
			return err
		}
		time.Sleep(d)
		return h(ctx, req, res)
	}
}

func branchOf(t *unroll.Thread) unroll.Branch {
	return unroll.Branch{After: t.Posts[0].ID, Posts: []unroll.Post{{ID: "900", Text: "By the way: a thought beside the others."}}}
}
