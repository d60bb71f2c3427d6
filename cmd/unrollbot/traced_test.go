package main

import (
	"bytes"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"unrollbot/bot"
	"unrollbot/internal/fakenet"
)

// collector keeps what is sent to it by OTLP, as it is: the names and values
// in it are plain text.
type collector struct {
	mu   sync.Mutex
	sent bytes.Buffer
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body) // a short one fails the test
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent.Write(data)
}

func TestTraces(t *testing.T) {
	c := &collector{}
	s := httptest.NewServer(c)
	defer s.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", s.URL)
	r := newRig(t, fakenet.Chain(3), "UNROLL_TRACES=1")
	r.telegramSays("please unroll " + xLink(2))
	if status, _, _ := r.get("/x/1000001"); status != http.StatusOK {
		t.Errorf("status %d", status)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	sent := c.sent.String()
	for _, span := range []string{
		"request", "store limit", "unroll", "store load", "store lock", "fetch", "call", "store save", "send", "page",
		"GET /x/{id}", "fxtwitter", "unrollbot",
	} {
		if !strings.Contains(sent, span) {
			t.Errorf("nothing tells of %q", span)
		}
	}
	for _, private := range []string{r.telegram.Token, "please", xLink(2), "1000002", "post number", "/2/thread"} {
		if strings.Contains(sent, private) {
			t.Errorf("a span tells of %q", private)
		}
	}
	line := regexp.MustCompile(`msg=request .* request=[0-9a-f]{12} trace_id=([0-9a-f]{32})\n`).FindStringSubmatch(r.log.String())
	if line == nil {
		t.Fatalf("the request's line does not lead to its trace:\n%s", r.log)
	}
	if id, err := hex.DecodeString(line[1]); err != nil || !strings.Contains(sent, string(id)) {
		t.Errorf("no trace %s was sent: %v", line[1], err)
	}
}

func TestWithoutTraces(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	r.telegramSays(xLink(1))
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`msg=request .* request=[0-9a-f]{12}\n`).MatchString(r.log.String()) {
		t.Errorf("the request's line has no id:\n%s", r.log)
	}
}

func TestOperatorsAreSpared(t *testing.T) {
	r := newRig(t, fakenet.Chain(3), "UNROLL_OPERATORS=telegram:77")
	limit := bot.DefaultLimits().User
	for range limit.Burst { // all that this user may ask at once
		if _, err := r.app.store.Allow(t.Context(), "user:telegram:77", limit); err != nil {
			t.Fatal(err)
		}
	}
	if m := r.telegramSays(xLink(1)); !strings.Contains(m.Text, "post number 3 of") {
		t.Errorf("an operator was told: %s", m.Text)
	}
}
