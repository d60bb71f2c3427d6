package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/config"
	"unrollbot/internal/fakenet"
)

// rig is the whole program, started in-process against fakes of everything
// that it talks to.
type rig struct {
	t        testing.TB
	net      *fakenet.Net
	telegram *bottest.Telegram
	discord  *bottest.Discord
	log      *safeBuffer

	watch bot.LookoutConfig // of the next start
	app   *app
	end   func() error // ends the program as SIGTERM does, and gives what Run gave
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newRig starts the program. settings are further variables, NAME=value.
func newRig(t testing.TB, w fakenet.World, settings ...string) *rig {
	t.Helper()
	r := &rig{t: t, telegram: bottest.NewTelegram(t), discord: bottest.NewDiscord(t, bottest.DiscordConfig{MessageContent: true}), log: &safeBuffer{}}
	n, err := fakenet.Start(context.Background(), w, fakenet.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	r.net = n
	r.start(settings...)
	t.Cleanup(func() {
		if err := r.end(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
		if log := r.log.String(); strings.Contains(log, r.telegram.Token) || strings.Contains(log, "hunter2") {
			t.Errorf("a secret stands in the log:\n%s", log)
		}
		if t.Failed() {
			t.Logf("log of the program:\n%s", r.log)
		}
	})
	return r
}

func (r *rig) environ(settings ...string) []string {
	return append([]string{
		"UNROLL_TELEGRAM_TOKEN=" + r.telegram.Token, "UNROLL_TELEGRAM_API_URL=" + r.telegram.URL(),
		"UNROLL_DISCORD_TOKEN=token", "UNROLL_DISCORD_API_URL=" + r.discord.APIURL(),
		"UNROLL_HTTP_ADDR=127.0.0.1:0", "UNROLL_PUBLIC_URL=https://unroll.example", "UNROLL_DATA_DIR=" + r.t.TempDir(),
		"UNROLL_FXTWITTER_URL=" + r.net.FxTwitterURL, "UNROLL_SYNDICATION_URL=" + r.net.FxTwitterURL,
		"UNROLL_BLUESKY_APPVIEW_URL=" + r.net.AppViewURL,
		"UNROLL_TRUSTED_HOSTS=" + r.net.MastodonHost,
	}, settings...)
}

func (r *rig) start(settings ...string) {
	r.t.Helper()
	cfg, err := config.Load(r.environ(settings...))
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := newApp(context.Background(), cfg, cfg.Logger(r.log), options{watch: r.watch})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := a.connect(r.t.Context()); err != nil {
		a.Close()
		r.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	r.app = a
	r.end = sync.OnceValue(func() error {
		stop()
		err := <-ended
		a.Close()
		return err
	})
	if cfg.DiscordToken != "" {
		r.discord.Connected(1)
	}
}

// get asks the reader for a path, without following redirects.
func (r *rig) get(path string) (status int, header http.Header, body string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, "http://"+r.app.listener.Addr().String()+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(data)
}

// telegramSays lets a person write to the bot in private and gives the bot's
// answer.
func (r *rig) telegramSays(text string) bottest.TelegramMessage {
	r.t.Helper()
	const person = 77
	before := len(r.telegram.Messages(person))
	r.telegram.Say(bottest.TelegramPost{Text: text})
	msgs := r.telegram.WaitMessages(person, before+1)
	return msgs[len(msgs)-1]
}

// eventually waits for what another goroutine does.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func xLink(n int) string { return fmt.Sprintf("https://x.com/ada/status/%d", 1_000_000+n) }
