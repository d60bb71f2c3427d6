package main

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/bot/bottest"
	"unrollbot/internal/fakenet"
)

// everybody answers for all that the doctor calls, as far as it looks.
type everybody struct {
	mu      sync.Mutex
	answers map[string]string // "status body", by path
	asked   map[string]http.Header
}

func (e *everybody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked[r.URL.Path] = r.Header
	answer, ok := e.answers[r.URL.Path]
	if !ok {
		answer = "404 {}"
	}
	var status int
	_, _ = fmt.Sscan(answer, &status)
	w.Header().Set("Location", "http://127.0.0.1:1/elsewhere")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(answer[4:]))
}

const (
	doctorTelegram = "123456:hunter2-telegram"
	doctorKey      = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
)

func wellAnswers() map[string]string {
	return map[string]string{
		"/bot" + doctorTelegram + "/getMe":          `200 {"ok":true,"result":{"username":"unroll_bot","can_read_all_group_messages":true}}`,
		"/bot" + doctorTelegram + "/getWebhookInfo": `200 {"ok":true,"result":{"url":"https://bot.example.org/hook"}}`,
		"/applications/@me":                         `200 {"id":"77","name":"Unroller","flags":524288,"verify_key":"` + doctorKey + `"}`,
		"/gateway/bot":                              `200 {"url":"wss://x","shards":1,"session_start_limit":{"remaining":10}}`,
		"/2/usage/tweets":                           `200 {"data":{"project_usage":"120","project_cap":"2000000"}}`,
		"/api/v1/apps/verify_credentials":           `200 {"name":"app"}`,
		"/api/v1/accounts/verify_credentials":       `200 {"acct":"unroll","bot":true}`,
		"/xrpc/com.atproto.server.createSession":    `200 {"handle":"unroll.example","accessJwt":"a","refreshJwt":"hunter2-refresh"}`,
		"/xrpc/com.atproto.server.deleteSession":    `200 {}`,
	}
}

// examined runs the doctor with everything set; answers and settings replace
// those of a bot that is well.
func examined(t *testing.T, answers map[string]string, settings ...string) (code int, out string, e *everybody) {
	t.Helper()
	e = &everybody{answers: wellAnswers(), asked: map[string]http.Header{}}
	maps.Copy(e.answers, answers)
	s := httptest.NewServer(e)
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "http://")
	vars := map[string]string{}
	for _, setting := range append([]string{
		"TELEGRAM_TOKEN=" + doctorTelegram, "TELEGRAM_API_URL=" + s.URL,
		"DISCORD_TOKEN=hunter2-discord", "DISCORD_API_URL=" + s.URL, "DISCORD_PUBLIC_KEY=" + doctorKey,
		"FXTWITTER_URL=" + s.URL, "SYNDICATION_URL=" + s.URL, "BLUESKY_APPVIEW_URL=" + s.URL,
		"X_BEARER_TOKEN=hunter2-bearer", "X_API_URL=" + s.URL,
		"MASTODON_TOKENS=" + host + "=hunter2-read", "TRUSTED_HOSTS=" + host,
		"MASTODON_URL=" + s.URL, "MASTODON_TOKEN=hunter2-mastodon",
		"BLUESKY_PDS_URL=" + s.URL, "BLUESKY_IDENTIFIER=unroll.example", "BLUESKY_APP_PASSWORD=hunter2-app",
		"X_USER_ID=1", "X_API_KEY=hunter2-a", "X_API_SECRET=hunter2-b", "X_ACCESS_TOKEN=hunter2-c", "X_ACCESS_SECRET=hunter2-d",
		"HTTP_ADDR=127.0.0.1:0", "PUBLIC_URL=https://unroll.example", "DATA_DIR=" + t.TempDir(),
	}, settings...) {
		name, value, _ := strings.Cut(setting, "=")
		if !strings.HasPrefix(name, "OTEL_") {
			name = "UNROLL_" + name
		}
		vars[name] = value
	}
	var environ []string
	for name, value := range vars {
		environ = append(environ, name+"="+value)
	}
	code, stdout, stderr := command(t, environ, "", "doctor")
	out = stdout + stderr
	if strings.Contains(out, "hunter2") {
		t.Errorf("a secret is printed:\n%s", out)
	}
	return code, out, e
}

func TestDoctorFindsNothing(t *testing.T) {
	code, out, e := examined(t, nil)
	if code != 0 || strings.Contains(out, "problem") || strings.Contains(out, "->") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	for _, want := range []string{"@unroll_bot, by long polling", "application Unroller", "120 of 2000000 posts", "@unroll.example", "@unroll\n", "will be made at the first start"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if got := e.asked["/xrpc/com.atproto.server.deleteSession"].Get("Authorization"); got != "Bearer hunter2-refresh" {
		t.Errorf("logged out with %q", got)
	}
	if agent := e.asked["/applications/@me"].Get("User-Agent"); !strings.HasPrefix(agent, "DiscordBot (https://unroll.example, ") {
		t.Errorf("Discord met %q", agent)
	}
}

func TestDoctorFinds(t *testing.T) {
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	broken := filepath.Join(t.TempDir(), "unrollbot.db")
	if err := os.WriteFile(broken, []byte("no store"), 0o600); err != nil {
		t.Fatal(err)
	}
	const nowhere = "http://127.0.0.1:1"
	tests := []struct {
		name     string
		answer   string // "path status body"
		settings string
		part     string
		want     []string
	}{
		{"a localhost that is handed out", "", "PUBLIC_URL=http://localhost:8080", "public address", []string{"leads nowhere", "-> set UNROLL_PUBLIC_URL"}},
		{"a private address that is handed out", "", "PUBLIC_URL=https://10.1.2.3", "public address", []string{"leads nowhere"}},
		{"plain http", "", "PUBLIC_URL=http://unroll.example", "public address", []string{"not https", "docs/deploy.md"}},
		{"a port that is taken", "", "HTTP_ADDR=" + busy.Addr().String(), "reader", []string{"in use", "UNROLL_HTTP_ADDR"}},
		{"a damaged file", "", "DATA_DIR=" + filepath.Dir(broken), "store", []string{"damaged"}},
		{"a Redis that is not there", "", "REDIS_URL=redis://:hunter2@127.0.0.1:1", "store", []string{"is Redis running"}},
		{"a Redis that is no address", "", "REDIS_URL=hunter2", "store", []string{"redis://[user:password@]"}},
		{"Telegram refuses", "/bot" + doctorTelegram + `/getMe 401 {"ok":false}`, "", "telegram", []string{"refuses the token", "@BotFather"}},
		{"Telegram is away", "", "TELEGRAM_API_URL=" + nowhere, "telegram", []string{"connection refused", "may this machine call out"}},
		{"Telegram sends us elsewhere", "/bot" + doctorTelegram + `/getMe 302 `, "", "telegram", []string{"answers 302"}},
		{
			"a webhook that fails", "/bot" + doctorTelegram + `/getWebhookInfo 200 {"ok":true,"result":{"last_error_date":9000000000,"last_error_message":"Connection timed out"}}`,
			"TELEGRAM_WEBHOOK_URL=https://bot.example.org/hook TELEGRAM_WEBHOOK_SECRET=hunter2", "telegram",
			[]string{"Connection timed out", "port 443"},
		},
		{"Discord refuses", `/applications/@me 401 {}`, "", "discord", []string{"refuses the token", "developer portal"}},
		{"another application's key", `/applications/@me 200 {"id":"77","verify_key":"aa"}`, "", "discord", []string{"is not this application's"}},
		{"interactions go elsewhere", `/applications/@me 200 {"id":"77","interactions_endpoint_url":"https://old.example"}`, "DISCORD_PUBLIC_KEY=", "discord", []string{"https://old.example", "set UNROLL_DISCORD_PUBLIC_KEY"}},
		{"too many starts", `/gateway/bot 200 {"shards":1,"session_start_limit":{"remaining":0,"reset_after":3600000}}`, "", "discord", []string{"another 1h0m0s"}},
		{"X is away", "", "FXTWITTER_URL=" + nowhere, "x", []string{"connection refused"}},
		{"X has trouble", "/ 503 x", "", "x", []string{"answers 503"}},
		{"X refuses", `/2/usage/tweets 401 {}`, "", "x, official", []string{"refuses the bearer token"}},
		{"Mastodon refuses to be read", `/api/v1/apps/verify_credentials 401 {}`, "", "mastodon", []string{"refuses its token"}},
		{"Mastodon refuses the account", `/api/v1/accounts/verify_credentials 403 {}`, "", "mastodon account", []string{"refuses the token", "read and write"}},
		{"Bluesky refuses", `/xrpc/com.atproto.server.createSession 401 {"message":"Invalid identifier or password"}`, "", "bluesky account", []string{"Invalid identifier", "app password"}},
		{"an echo of the secret", `/xrpc/com.atproto.server.createSession 400 {"message":"no account with hunter2-app"}`, "", "bluesky account", []string{"(secret)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			answers := map[string]string{}
			if path, answer, ok := strings.Cut(tt.answer, " "); ok {
				answers[path] = answer
			}
			code, out, _ := examined(t, answers, strings.Fields(tt.settings)...)
			var found string
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, "problem") {
					found = strings.TrimSpace(line[8:26])
				}
			}
			if code != 1 || found != tt.part && tt.name != "X has trouble" {
				t.Errorf("exit code %d, problem with %q, want %q:\n%s", code, found, tt.part, out)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
		})
	}
}

func TestDoctorAndSettings(t *testing.T) {
	code, out, errs := command(t, []string{"UNROLL_HTTP_ADDR=nowhere", "UNROLL_LOG_FORMAT=xml", "UNROLL_TELEGRAM_TOKEN=hunter2"}, "", "doctor")
	if code != 1 || strings.Count(out, "problem") != 3 || !strings.Contains(errs, "3 of the settings") || strings.Contains(out+errs, "hunter2") {
		t.Errorf("exit code %d:\n%s%s", code, out, errs)
	}
}

func TestDoctorAdvises(t *testing.T) {
	for path, want := range map[string]string{
		"/bot" + doctorTelegram + `/getMe 200 {"ok":true,"result":{"username":"unroll_bot"}}`: "/setprivacy",
		`/applications/@me 200 {"id":"77"}`:                                                   "Message Content Intent",
		`/api/v1/accounts/verify_credentials 200 {"acct":"unroll"}`:                           "as automated",
	} {
		path, answer, _ := strings.Cut(path, " ")
		if code, out, _ := examined(t, map[string]string{path: answer}); code != 0 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, want advice %q in:\n%s", code, want, out)
		}
	}
}

func TestDoctorBesideARunningBot(t *testing.T) {
	r := newRig(t, fakenet.Chain(1))
	code, out, errs := command(t, r.environ("UNROLL_HTTP_ADDR="+r.app.listener.Addr().String(), "UNROLL_DATA_DIR="+r.app.cfg.DataDir), "", "doctor")
	if code != 0 || !strings.Contains(out, "a bot is running and well") || !strings.Contains(out, "the running bot says") || !strings.Contains(out, "@"+bottest.NewTelegram(t).BotName) {
		t.Errorf("exit code %d:\n%s%s", code, out, errs)
	}
}

func TestDoctorTriesTraces(t *testing.T) {
	status := http.StatusOK
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/traces" {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.WriteHeader(status)
	}))
	defer collector.Close()
	for _, tt := range []struct {
		settings []string
		status   int
		want     string
	}{
		{nil, 200, "off      traces"},
		{[]string{"TRACES=1", "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL}, 200, "sent to " + collector.URL + "/v1/traces"},
		{[]string{"TRACES=1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + collector.URL + "/v1/traces"}, 200, "sent to"},
		{[]string{"TRACES=1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=" + collector.URL}, 200, "answers 404"},
		{[]string{"TRACES=1", "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1"}, 200, "start a collector"},
		{[]string{"TRACES=1", "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL}, 401, "set OTEL_EXPORTER_OTLP_HEADERS"},
		{[]string{"TRACES=1", "OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL, "OTEL_EXPORTER_OTLP_HEADERS=authorization=hunter2"}, 401, "shows with the first"},
	} {
		status = tt.status
		if _, out, _ := examined(t, nil, tt.settings...); !strings.Contains(out, tt.want) {
			t.Errorf("%v: no %q in:\n%s", tt.settings, tt.want, out)
		}
	}
}

func TestDoctorTriesRedis(t *testing.T) {
	redis := miniredis.RunT(t)
	if code, out, _ := examined(t, nil, "REDIS_URL=redis://"+redis.Addr()); code != 0 || !strings.Contains(out, "can be read and written") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if left := redis.Keys(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}
