package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"unrollbot/bot/bottest"
	"unrollbot/internal/demo"
)

// command runs the program as a terminal would.
func command(t *testing.T, environ []string, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	code = run(ctx, args, system{environ, strings.NewReader(in), &stdout, &stderr})
	return code, stdout.String(), stderr.String()
}

func TestCommandLine(t *testing.T) {
	tests := []struct {
		name    string
		args    string
		environ []string
		code    int
		want    string // in what is printed
	}{
		{"version", "version", nil, 0, "unrollbot dev"},
		{"help", "--help", nil, 0, "usage:"},
		{"help as a command", "help", nil, 0, "usage:"},
		{"no such command", "frobnicate", nil, 2, "hint: unrollbot --help"},
		{"no such flag", "serve --fast", nil, 2, "hint: unrollbot --help"},
		{"too much", "version now", nil, 2, `"now" is too much`},
		{"no link", "unroll", nil, 2, "hint: unrollbot unroll https://"},
		{"not a link", "unroll https://x.com/ada", nil, 2, "hint: give the address of one post"},
		{"no such format", "unroll https://x.com/ada/status/20 --format doc", nil, 2, "epub, html, json, md, pdf, text"},
		{"settings", "config", []string{"UNROLL_TELEGRAM_TOKEN=123456:abcdefghijk"}, 0, "UNROLL_TELEGRAM_TOKEN=(set)"},
		{"a setting that is wrong", "config", []string{"UNROLL_HTTP_ADDR=nowhere"}, 2, "UNROLL_HTTP_ADDR"},
		{"a setting that is none", "config", []string{"UNROLL_TELEGRAMM_TOKEN=x"}, 0, "UNROLL_TELEGRAMM_TOKEN is no setting"},
		{"nobody to be well", "healthcheck", []string{"UNROLL_HTTP_ADDR=127.0.0.1:1"}, 1, "hint: is the bot running"},
		{"a Redis that is no address", "serve", []string{"UNROLL_REDIS_URL=hunter2"}, 1, "hint: UNROLL_REDIS_URL takes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out, errs := command(t, tt.environ, "", strings.Fields(tt.args)...)
			if code != tt.code || !strings.Contains(out+errs, tt.want) {
				t.Errorf("exit code %d, want %d; want %q in:\n%s%s", code, tt.code, tt.want, out, errs)
			}
			if strings.Contains(out+errs, "hunter2") || strings.Contains(out+errs, "abcdefghijk") {
				t.Errorf("a secret is printed:\n%s%s", out, errs)
			}
		})
	}
}

func demoLinks(t *testing.T) []demo.Link {
	t.Helper()
	n, err := demo.Serve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	return n.Links
}

func TestUnrollCommandOnTheDemo(t *testing.T) {
	link := demoLinks(t)[0].URL
	for format, want := range map[string]string{
		"text": "One small lamp", "md": "# ", "json": `"schema"`, "html": "data:image/png;base64", "epub": "book/pictures/", "pdf": "/subtype /image",
	} {
		code, out, errs := command(t, nil, "", "unroll", link, "--demo", "--format", format)
		if code != 0 || !strings.Contains(strings.ToLower(out), strings.ToLower(want)) || errs != "" {
			t.Errorf("%s: exit code %d, %q on stderr, want %q in:\n%.400s", format, code, errs, want, out)
		}
		if format == "json" && !json.Valid([]byte(out)) {
			t.Error("the JSON is none")
		}
	}
	code, _, errs := command(t, nil, "", "unroll", "https://x.com/vanepoint/status/20", "--demo")
	if code != 1 || !strings.Contains(errs, "knows no such post") {
		t.Errorf("a link to nothing: exit code %d: %s", code, errs)
	}
}

func TestChatOnTheDemo(t *testing.T) {
	code, out, errs := command(t, nil, "> 1 unroll\nhello\n/unroll "+demoLinks(t)[1].URL+"\n/quit\n", "chat", "--demo")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	for _, want := range []string{"One small lamp", "I see no link", "hen house"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

func TestServeSaysWhatIsOnAndOff(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stderr safeBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"--demo"}, system{[]string{"UNROLL_HTTP_ADDR=127.0.0.1:0"}, strings.NewReader(""), &stderr, &stderr})
	}()
	eventually(t, "the summary", func() bool { return strings.Contains(stderr.String(), "Demo:") })
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"telegram  off  set UNROLL_TELEGRAM_TOKEN", "discord   off  set UNROLL_DISCORD_TOKEN", "reader    on", "https://x.com/vanepoint/status/"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %q in:\n%s", want, stderr.String())
		}
	}
}

func TestServeFails(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()

	damaged := t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "unrollbot.db"), bytes.Repeat([]byte("not a store\n"), 1000), 0o600); err != nil {
		t.Fatal(err)
	}

	telegram := bottest.NewTelegram(t)
	discord := bottest.NewDiscord(t, bottest.DiscordConfig{Lenient: true})
	tests := []struct {
		name    string
		environ []string
		want    string
	}{
		{"a port that is taken", []string{"UNROLL_HTTP_ADDR=" + taken.Addr().String()}, "hint: is another unrollbot running?"},
		{"a store that is damaged", []string{"UNROLL_DATA_DIR=" + damaged}, damaged},
		{"a token that Telegram refuses", []string{"UNROLL_TELEGRAM_TOKEN=4242:this-is-the-wrong-one", "UNROLL_TELEGRAM_API_URL=" + telegram.URL()}, "ask @BotFather for a new one"},
		{"a token that Discord refuses", []string{"UNROLL_DISCORD_TOKEN=this-is-the-wrong-one", "UNROLL_DISCORD_API_URL=" + discord.APIURL()}, "UNROLL_DISCORD_TOKEN"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environ := append([]string{"UNROLL_HTTP_ADDR=127.0.0.1:0", "UNROLL_DATA_DIR=" + t.TempDir()}, tt.environ...)
			code, _, errs := command(t, environ, "", "serve")
			if code != 1 || !strings.Contains(errs, tt.want) {
				t.Errorf("exit code %d, want %q in:\n%s", code, tt.want, errs)
			}
			if strings.Contains(errs, "the-wrong-one") {
				t.Errorf("the token is printed:\n%s", errs)
			}
		})
	}
}

func TestServeOnAStoreThatIsInUse(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	environ := []string{"UNROLL_HTTP_ADDR=127.0.0.1:0", "UNROLL_DATA_DIR=" + dir}
	var stderr safeBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"serve"}, system{environ, strings.NewReader(""), &stderr, &stderr})
	}()
	eventually(t, "the first to start", func() bool { return strings.Contains(stderr.String(), "reader ") })
	if code, _, errs := command(t, environ, "", "serve"); code != 1 || !strings.Contains(errs, dir) {
		t.Errorf("the second: exit code %d: %s", code, errs)
	}
	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("the first: exit code %d: %s", code, stderr.String())
	}
}
