package discord

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot/bottest"
)

// caller calls a server of the test's, with short waits.
func caller(t *testing.T, handler http.HandlerFunc) *rest {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL + "/api/v10")
	if err != nil {
		t.Fatal(err)
	}
	pace := defaultRestPace()
	pace.first, pace.attempt = time.Millisecond, time.Second
	return newRest("secret", "DiscordBot (https://unroll.example, 1)", newTransport(base, newRateLimits(time.Now), pace))
}

const (
	patchPath  = "/webhooks/5/secret-token/messages/@original"
	followPath = "/webhooks/5/secret-token"
)

func TestCallsAreRepeated(t *testing.T) {
	t.Parallel()
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("<html>oops</html>"))
		}
	}
	limit := func(body, header string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if header != "" {
				w.Header().Set("Content-Type", "text/html")
				w.Header().Set("Retry-After", header)
			}
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = w.Write([]byte(body))
		}
	}
	drop := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, tc := range map[string]struct {
		method, path string
		fault        http.HandlerFunc
		times        int
		calls        int
		status       int // of the error, 0 for none, -1 for one without
	}{
		"500":                   {http.MethodPatch, patchPath, page(500), 2, 3, 0},
		"502":                   {http.MethodPatch, patchPath, page(502), 2, 3, 0},
		"503":                   {http.MethodPatch, patchPath, page(503), 2, 3, 0},
		"504":                   {http.MethodPatch, patchPath, page(504), 2, 3, 0},
		"a page for an answer":  {http.MethodPatch, patchPath, page(200), 1, 2, 0},
		"half an answer":        {http.MethodPatch, patchPath, limitless(200, `{"id":`), 1, 2, 0},
		"500 for good":          {http.MethodPatch, patchPath, page(500), 99, 5, 500},
		"cut off":               {http.MethodPatch, patchPath, drop, 2, 3, 0},
		"cut off for good":      {http.MethodPatch, patchPath, drop, 99, 5, -1},
		"limited":               {http.MethodPatch, patchPath, limit(`{"retry_after":0.005,"global":false}`, ""), 3, 4, 0},
		"limited for all":       {http.MethodPatch, patchPath, limit(`{"retry_after":0.005,"global":true}`, ""), 3, 4, 0},
		"limited by Cloudflare": {http.MethodPatch, patchPath, limit("<html>1015</html>", "0.005"), 2, 3, 0},
		"limited for hours":     {http.MethodPatch, patchPath, limit(`{"retry_after":7200}`, ""), 99, 1, 429},
		"limited without end":   {http.MethodPatch, patchPath, limit(`{"retry_after":0.001}`, ""), 99, 10, 429},
		"refused":               {http.MethodPatch, patchPath, limitless(404, `{"code":10008,"message":"Unknown Message"}`), 99, 1, 404},
		// A follow-up may have been posted, and nothing would tell.
		"follow-up, 500":     {http.MethodPost, followPath, page(500), 99, 1, 500},
		"follow-up, 503":     {http.MethodPost, followPath, page(503), 2, 3, 0},
		"follow-up, cut off": {http.MethodPost, followPath, drop, 99, 1, -1},
		"message, cut off":   {http.MethodPost, "/channels/1/messages", drop, 2, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			r := caller(t, func(w http.ResponseWriter, req *http.Request) {
				if int(calls.Add(1)) <= tc.times {
					tc.fault(w, req)
					return
				}
				limitless(200, `{"id":"7"}`)(w, req)
			})
			var out struct {
				ID string `json:"id"`
			}
			err := r.do(t.Context(), tc.method, tc.path, map[string]string{"a": "b"}, &out)
			if got := int(calls.Load()); got != tc.calls {
				t.Errorf("%d calls, want %d (%v)", got, tc.calls, err)
			}
			switch {
			case tc.status == 0 && (err != nil || out.ID != "7"):
				t.Errorf("error %v, answer %+v", err, out)
			case tc.status > 0 && refusal(err).Status != tc.status:
				t.Errorf("error %v, want status %d", err, tc.status)
			case tc.status < 0 && err == nil:
				t.Error("no error")
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "127.0.0.1:") && strings.Contains(err.Error(), "webhooks/5/s")) {
				t.Errorf("the error holds a secret: %v", err)
			}
		})
	}
}

func limitless(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestCallsGoWhereTheyShould(t *testing.T) {
	t.Parallel()
	var got *http.Request
	r := caller(t, func(w http.ResponseWriter, req *http.Request) {
		got = req
		w.WriteHeader(http.StatusNoContent)
	})
	if err := r.do(t.Context(), http.MethodGet, "/applications/5/commands?with_localizations=true", nil, nil); err != nil {
		t.Fatal(err)
	}
	if got.URL.String() != "/api/v10/applications/5/commands?with_localizations=true" || got.Header.Get("Authorization") != "Bot secret" ||
		got.Header.Get("Content-Type") != "" || got.UserAgent() != "DiscordBot (https://unroll.example, 1)" {
		t.Errorf("%s %v", got.URL, got.Header)
	}
}

// Nobody waits longer than they said, and the wait ends with the context.
func TestLimitHonoursTheContext(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	r := caller(t, func(w http.ResponseWriter, req *http.Request) {
		calls.Add(1)
		limitless(429, `{"retry_after":30}`)(w, req)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	begun := time.Now()
	err := r.do(ctx, http.MethodPatch, patchPath, struct{}{}, nil)
	if refusal(err).RetryAfter < 29*time.Second || calls.Load() != 1 || time.Since(begun) > 4*time.Second {
		t.Errorf("%v after %v and %d calls", err, time.Since(begun), calls.Load())
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	if err := r.do(ended, http.MethodPatch, patchPath, struct{}{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that ended: %v", err)
	}
}

func TestRateLimits(t *testing.T) {
	t.Parallel()
	header := func(limit, left, after string) http.Header {
		h := http.Header{}
		h.Set("X-RateLimit-Limit", limit)
		h.Set("X-RateLimit-Remaining", left)
		h.Set("X-RateLimit-Reset-After", after)
		return h
	}
	const method, path = http.MethodPost, "/channels/1/messages"
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimits(time.Now)
		begun := time.Now()
		wait := func(path string) time.Duration {
			t.Helper()
			if err := l.wait(t.Context(), method, path); err != nil {
				t.Fatal(err)
			}
			return time.Since(begun)
		}
		l.note(method, path, header("5", "2", "5.0"))
		for range 2 {
			if d := wait(path); d != 0 {
				t.Errorf("waited %v with calls left", d)
			}
		}
		if d := wait("/channels/2/messages"); d != 0 {
			t.Errorf("another channel waited %v", d)
		}
		if d := wait(path); d != 5*time.Second {
			t.Errorf("waited %v for the bucket to fill, want 5s", d)
		}
		for range 4 { // the bucket is full again
			wait(path)
		}
		if d := wait(path); d != 10*time.Second {
			t.Errorf("waited %v for the next, want 10s", d)
		}
		l.hold(method, path, 2*time.Second, true)
		if d := wait("/webhooks/5/token"); d != 10*time.Second {
			t.Errorf("an interaction waited for the global limit: %v", d)
		}
		if d := wait("/channels/3/messages"); d != 12*time.Second {
			t.Errorf("waited %v for the global limit, want 12s", d)
		}
	})
}

// Interactions have a bucket each; they must not pile up.
func TestRateLimitsAreForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newRateLimits(time.Now)
		h := http.Header{}
		h.Set("X-RateLimit-Limit", "5")
		h.Set("X-RateLimit-Remaining", "4")
		h.Set("X-RateLimit-Reset-After", "2")
		most := 0
		for i := range 100_000 {
			l.note(http.MethodPatch, "/webhooks/5/"+time.Now().String()+"/messages/@original", h)
			if i%100 == 0 {
				time.Sleep(time.Second) // in the bubble's time
			}
			most = max(most, len(l.buckets))
		}
		if most > 2*sweepAt {
			t.Errorf("%d buckets kept", most)
		}
	})
}

func TestAcknowledgedTwice(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault bottest.DiscordFault
		taken bool
	}{
		"the first answer was lost": {bottest.DiscordFault{Match: "POST /interactions/", Apply: true, Drop: true}, true},
		"by another replica":        {bottest.DiscordFault{Match: "POST /interactions/", Status: 400, Code: codeAlreadyAcknowledged}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{Lenient: true}, whole(1))
			r.Fail(tc.fault)
			id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
			if tc.taken {
				r.Answered(id)
			} else {
				r.Await("the refusal", func(s *bottest.DiscordState) bool { return s.Count("POST /interactions/") > 0 })
			}
			r.alive()
			want := 1
			if tc.taken {
				want = 2
			}
			if got := len(r.handler.requests()); got != want {
				t.Errorf("%d requests, want %d", got, want)
			}
		})
	}
}

// A reply whose answer is lost is sent again, and there once.
func TestMessageIsNotDoubled(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.Fail(bottest.DiscordFault{Match: "POST /channels/101/messages", Apply: true, Drop: true})
	r.Say(map[string]any{"content": "<@500> unroll " + link})
	r.Await("two calls", func(s *bottest.DiscordState) bool { return s.Count("POST /channels/101/messages") == 3 })
	r.Look(func(s *bottest.DiscordState) {
		if n := len(s.Sent()); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}
