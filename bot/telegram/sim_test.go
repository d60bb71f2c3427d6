package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
		if !again || !strings.HasSuffix(s.Name(), "/apply_then_drop") {
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
	ID      int64 `json:"message_id"`
	From    struct{ ID int64 }
	Text    string      `json:"text"`
	ReplyTo *simMessage `json:"reply_to_message"`
	Markup  keyboard    `json:"reply_markup"`
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

func TestSimConversation(t *testing.T) {
	s := newSim(t)
	s.run(Config{}, unrolls(rich(40)))
	s.say(1, "/unroll "+link, nil)
	s.say(2, link, nil)
	seen := s.say(-1001, "look: "+link, nil)
	s.say(-1001, "@rig_test_bot unroll", map[string]any{"reply_to": seen})
	s.say(-1002, "/unroll "+link, map[string]any{"chat": map[string]any{"id": -1002, "type": "supergroup", "is_forum": true}, "message_thread_id": 5})
	for _, chat := range []int64{1, 2, -1001, -1002} {
		m := s.answers(chat, 1)[0]
		if m.ReplyTo == nil || !strings.Contains(m.Text, "Post 1.") {
			t.Errorf("chat %d: %+v", chat, m)
		}
		var press map[string]any
		s.do("POST", "/callback", map[string]any{"from": map[string]any{"id": 78}, "chat_id": chat, "message_id": m.ID, "button_text": "button_next"}, &press)
	}
	s.wait("answerCallbackQuery", 4)
	for _, chat := range []int64{1, 2, -1001, -1002} {
		if m := s.answers(chat, 1)[0]; m.Markup.Rows[0][1].Text != "2/"+strings.Split(m.Markup.Rows[0][1].Text, "/")[1] {
			t.Errorf("chat %d shows %q", chat, m.Markup.Rows[0][1].Text)
		}
	}
}

func TestSimFaults(t *testing.T) {
	for _, action := range []string{"http500", "http502", "http504", "drop", "truncate", "garbage", "429", "apply_then_drop"} {
		t.Run(action, func(t *testing.T) {
			s := newSim(t)
			s.run(Config{}, unrolls(rich(40)))
			for _, method := range []string{"sendMessage", "editMessageText", "answerCallbackQuery", "getUpdates"} {
				if method == "getUpdates" && action == "apply_then_drop" {
					continue // its effect is nothing
				}
				s.do("POST", "/faults", map[string]any{"method": method, "action": action, "times": 1}, nil)
			}
			s.say(-1001, "/unroll "+link, nil)
			s.answers(-1001, 1)
			time.Sleep(2 * time.Second) // for a second answer that must not come
			got := s.answers(-1001, 1)
			if len(got) != 1 {
				t.Fatalf("%d answers", len(got))
			}
			s.do("POST", "/callback", map[string]any{"chat_id": -1001, "message_id": got[0].ID, "button_text": "button_next"}, nil)
			s.wait("answerCallbackQuery", 2)
			if m := s.answers(-1001, 1)[0]; m.Markup.Rows[0][0].Text != "button_previous" {
				t.Errorf("shows %+v", m.Markup)
			}
		})
	}
}

func TestSimFlood(t *testing.T) {
	s := newSim(t)
	s.do("POST", "/config", map[string]any{"flood": true}, nil)
	s.run(Config{}, unrolls(rich(1)))
	for i := range int64(40) {
		s.say(i+1, link, nil)
	}
	for range 8 {
		s.say(-1001, "/unroll "+link, nil)
	}
	for i := range int64(40) {
		s.answers(i+1, 1)
	}
	s.answers(-1001, 8)
	var calls []struct{ Status any }
	s.do("GET", "/calls?method=sendMessage", nil, &calls)
	for _, c := range calls {
		if c.Status != 200.0 {
			t.Errorf("status %v", c.Status)
		}
	}
	if len(calls) != 48 {
		t.Errorf("%d calls for 48 answers", len(calls))
	}
}

func TestSimDuplicates(t *testing.T) {
	s := newSim(t)
	s.do("POST", "/config", map[string]any{"duplicate_updates": true}, nil)
	s.run(Config{}, unrolls(rich(1)))
	for i := range int64(5) {
		s.say(i+1, link, nil)
	}
	for i := range int64(5) {
		s.answers(i+1, 1)
	}
	time.Sleep(time.Second)
	for i := range int64(5) {
		if n := len(s.answers(i+1, 1)); n != 1 {
			t.Errorf("%d answers in chat %d", n, i+1)
		}
	}
}

func TestSimWebhook(t *testing.T) {
	s := newSim(t)
	s.do("POST", "/config", map[string]any{"duplicate_updates": true}, nil)
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	a := s.run(Config{WebhookURL: server.URL + "/hook"}, unrolls(rich(1)))
	path, h := a.Webhook()
	fails := 2
	mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		if fails > 0 {
			fails--
			http.Error(w, "later", http.StatusBadGateway)
			return
		}
		h.ServeHTTP(w, r)
	})
	s.say(1, link, nil)
	s.answers(1, 1)
	time.Sleep(time.Second)
	if n := len(s.answers(1, 1)); n != 1 {
		t.Errorf("%d answers", n)
	}
}

func TestSimQuietEnds(t *testing.T) {
	s := newSim(t)
	s.run(Config{}, unrolls(rich(1)))
	s.do("POST", "/chats", map[string]any{"id": -1001, "type": "supergroup", "no_send": true}, nil)
	s.do("POST", "/message", map[string]any{"from": map[string]any{"id": 77}, "chat": map[string]any{"id": -1001, "type": "supergroup", "no_send": true}, "text": "/unroll " + link}, nil)
	s.wait("sendMessage", 1)
	s.do("POST", "/reset", map[string]any{}, nil) // a refusal counts as a violation
}
