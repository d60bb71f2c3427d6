package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
)

// sim is a stand-in for the Bot API that holds every call against the
// official specification. It is not part of the project; its tests run where
// UNROLL_TELEGRAM_SIM names its address.
type sim struct {
	*testing.T
	base string
}

func newSim(t *testing.T) *sim {
	t.Helper()
	base := os.Getenv("UNROLL_TELEGRAM_SIM")
	if base == "" {
		t.Skip("UNROLL_TELEGRAM_SIM names no stand-in for the Bot API")
	}
	s := &sim{t, strings.TrimSuffix(base, "/")}
	s.do("POST", "/reset", map[string]any{}, nil)
	return s
}

// do makes a control call.
func (s *sim) do(method, path string, params, result any) {
	s.Helper()
	body, err := json.Marshal(params)
	if err != nil {
		s.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, s.base+"/_sim"+path, bytes.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.Fatalf("%s %s: %d %s %v", method, path, resp.StatusCode, data, err)
	}
	if result != nil {
		if err := json.Unmarshal(data, result); err != nil {
			s.Fatalf("%s: %v in %s", path, err, data)
		}
	}
}

// run runs an adapter against the stand-in until the test ends.
func (s *sim) run(cfg Config, h bot.HandlerFunc) *Adapter {
	s.Helper()
	cfg.Token, cfg.APIURL = "4242:unroll-test-token", s.base
	p := &pool{handler: func(ctx context.Context, req bot.Request, res bot.Responder) error {
		err := h(ctx, req, res)
		if err != nil {
			s.Errorf("answer to %+v: %v", req, err)
		}
		return err
	}}
	a, err := New(cfg, p, phrases{}, &memory{})
	if err != nil {
		s.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- a.Run(ctx) }()
	s.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.Error(err)
		}
		p.Wait()
		s.violations()
	})
	s.wait("setMyCommands", 4)
	return a
}

// violations fails the test for each call that breaks the specification. A
// call made again after its answer was lost is refused, and is none.
func (s *sim) violations() {
	s.Helper()
	var bad []json.RawMessage
	s.do("GET", "/violations", nil, &bad)
	for _, v := range bad {
		again := strings.Contains(string(v), "message is not modified") || strings.Contains(string(v), "query is too old")
		if !again || !strings.Contains(s.Name(), "/apply_then_drop") {
			s.Errorf("violation: %s", v)
		}
	}
}

func (s *sim) wait(method string, n int) {
	s.Helper()
	var got struct{ OK bool }
	s.do("GET", fmt.Sprintf("/wait?method=%s&count=%d&timeout=90000", method, n), nil, &got)
	if !got.OK {
		var calls json.RawMessage
		s.do("GET", "/calls", nil, &calls)
		s.Fatalf("waited in vain for %d calls of %s; %s", n, method, calls)
	}
}

type simMessage struct {
	ID   int64 `json:"message_id"`
	From struct{ ID int64 }
	Chat struct{ ID int64 }
	Text string `json:"text"`
	Rich struct {
		Source string `json:"_source"`
	} `json:"rich_message"`
	ReplyTo *simMessage `json:"reply_to_message"`
	Markup  keyboard    `json:"reply_markup"`
}

// body is what the message says, in either form.
func (m *simMessage) body() string { return m.Text + m.Rich.Source }

// inBothForms runs a story where threads are rich messages, and where they are
// classic ones.
func inBothForms(t *testing.T, story func(s *sim, cfg Config)) {
	for name, cfg := range map[string]Config{"rich": {}, "classic": {Classic: true}} {
		t.Run(name, func(t *testing.T) { story(newSim(t), cfg) })
	}
}

// answers are the bot's messages in a chat, once there are n.
func (s *sim) answers(chat int64, n int) []simMessage {
	s.Helper()
	for end := time.Now().Add(90 * time.Second); ; time.Sleep(20 * time.Millisecond) { // another process: nothing to wait on
		var all, out []simMessage
		s.do("GET", fmt.Sprintf("/messages?chat_id=%d", chat), nil, &all)
		for _, m := range all {
			if m.From.ID == 4242 {
				out = append(out, m)
			}
		}
		if len(out) >= n {
			return out
		}
		if time.Now().After(end) {
			s.Fatalf("%d messages in chat %d, want %d", len(out), chat, n)
		}
	}
}

// say lets a person write.
func (s *sim) say(chat int64, text string, more map[string]any) int64 {
	s.Helper()
	post := map[string]any{"from": map[string]any{"id": 77}, "text": text}
	if chat < 0 {
		post["chat"] = map[string]any{"id": chat, "type": "supergroup"}
	} else {
		post["from"] = map[string]any{"id": chat}
	}
	for k, v := range more {
		post[k] = v
	}
	var got struct {
		Message   simMessage
		Delivered bool
	}
	s.do("POST", "/message", post, &got)
	return got.Message.ID
}
