package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
)

const help = `{"update_id":%d,"message":{"message_id":1,"from":{"id":77,"first_name":"P"},"chat":{"id":77,"type":"private"},"date":1,"text":"/help"}}`

func TestWebhook(t *testing.T) {
	tests := []struct {
		name   string
		method string
		secret string
		body   string
		refuse error
		status int
		taken  int
	}{
		{name: "update", secret: "s3cret", body: fmt.Sprintf(help, 1), status: 200, taken: 1},
		{name: "no secret", body: fmt.Sprintf(help, 1), status: 401},
		{name: "wrong secret", secret: "s3cret2", body: fmt.Sprintf(help, 1), status: 401},
		{name: "no update", secret: "s3cret", body: "<html>", status: 200},
		{name: "unknown update", secret: "s3cret", body: `{"update_id":1,"news":{}}`, status: 200},
		{name: "too large", secret: "s3cret", body: strings.Repeat(" ", maxUpdate+1), status: 413},
		{name: "not posted", method: "GET", secret: "s3cret", status: 405},
		{name: "busy", secret: "s3cret", body: fmt.Sprintf(help, 1), refuse: bot.ErrBusy, status: 503},
		{name: "ending", secret: "s3cret", body: fmt.Sprintf(help, 1), refuse: bot.ErrClosed, status: 503},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{WebhookURL: "https://unroll.example/telegram", WebhookSecret: "s3cret"}, says("Hello."))
				r.start()
				hook := r.tg.WaitCalls("setWebhook", 1)[0]
				if hook.Get("url") != "https://unroll.example/telegram" || hook.Get("secret_token") != "s3cret" {
					t.Errorf("webhook set with %s", hook.Params)
				}
				if tt.refuse != nil {
					r.pool.mu.Lock()
					r.pool.refuse, r.pool.times = tt.refuse, 1
					r.pool.mu.Unlock()
				}
				path, h := r.a.Webhook()
				if path != "/telegram" {
					t.Errorf("path is %q", path)
				}
				post := func() int {
					req := httptest.NewRequest(cmp.Or(tt.method, "POST"), path, strings.NewReader(tt.body))
					if tt.secret != "" {
						req.Header.Set("X-Telegram-Bot-Api-Secret-Token", tt.secret)
					}
					w := httptest.NewRecorder()
					h.ServeHTTP(w, req)
					return w.Code
				}
				if got := post(); got != tt.status {
					t.Errorf("status %d, want %d", got, tt.status)
				}
				if n := len(r.pool.requests()); n != tt.taken {
					t.Errorf("%d requests taken, want %d", n, tt.taken)
				}
				if tt.refuse != nil { // Telegram sends it again
					if got := post(); got != http.StatusOK || len(r.pool.requests()) != 1 {
						t.Errorf("second delivery: status %d, %d requests", got, len(r.pool.requests()))
					}
				}
				post() // and a delivery of what was taken already
				if n := len(r.pool.requests()); n > 1 {
					t.Errorf("%d requests of one update", n)
				}
				r.stop()
				if n := len(r.tg.Calls("getUpdates")); n != 0 {
					t.Errorf("%d polls beside the webhook", n)
				}
			})
		})
	}
}

// A client that goes away does not take its request along.
func TestWebhookRequestOutlivesItsDelivery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		r := newRig(t, Config{WebhookURL: "https://unroll.example/telegram"}, func(ctx context.Context, _ bot.Request, _ bot.Responder) error {
			time.Sleep(time.Second)
			ended <- ctx.Err()
			return nil
		})
		r.start()
		r.tg.WaitCalls("setWebhook", 1)
		_, h := r.a.Webhook()
		ctx, cancel := context.WithCancel(t.Context())
		req := httptest.NewRequestWithContext(ctx, "POST", "/telegram", strings.NewReader(fmt.Sprintf(help, 1)))
		req.Header.Set("X-Telegram-Bot-Api-Secret-Token", r.a.cfg.WebhookSecret)
		h.ServeHTTP(httptest.NewRecorder(), req)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func TestConfig(t *testing.T) {
	tests := []struct {
		name string
		cfg  Config
		want string // in the error; empty for none
	}{
		{"token alone", Config{Token: testToken}, ""},
		{"no token", Config{}, "does not look like one from @BotFather"},
		{"token with a line end", Config{Token: testToken + "\n"}, "does not look like one from @BotFather"},
		{"token with a slash", Config{Token: "1:a/../b"}, "does not look like one from @BotFather"},
		{"own server", Config{Token: testToken, APIURL: "http://127.0.0.1:8081/"}, ""},
		{"no address", Config{Token: testToken, APIURL: "telegram"}, "API URL must be like"},
		{"webhook", Config{Token: testToken, WebhookURL: "https://a.example/t", WebhookSecret: "Aa0_-"}, ""},
		{"webhook without scheme", Config{Token: testToken, WebhookURL: "a.example/t"}, "webhook URL must be like"},
		{"bad secret", Config{Token: testToken, WebhookSecret: "not allowed!"}, "webhook secret must be"},
		{"long secret", Config{Token: testToken, WebhookSecret: strings.Repeat("a", 257)}, "webhook secret must be"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(tt.cfg, &pool{}, phrases{}, &memory{})
			switch {
			case (err == nil) != (tt.want == ""), err != nil && !strings.Contains(err.Error(), tt.want):
				t.Errorf("got %v, want %q", err, tt.want)
			case err != nil && strings.Contains(err.Error(), "secret-part"):
				t.Errorf("error tells the token: %v", err)
			}
		})
	}
}

func TestDerivedSecretIsNoToken(t *testing.T) {
	s := deriveSecret(testToken)
	if len(s) != 64 || strings.Contains(s, "secret") || s == deriveSecret(testToken+"x") {
		t.Errorf("secret is %q", s)
	}
	if !json.Valid([]byte(`"` + s + `"`)) {
		t.Error("secret needs escaping")
	}
}
