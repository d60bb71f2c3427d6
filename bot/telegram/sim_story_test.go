package telegram

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestSimConversation(t *testing.T) {
	inBothForms(t, func(s *sim, cfg Config) {
		s.run(cfg, unrolls(rich(300)))
		s.say(1, "/unroll "+link, nil)
		s.say(2, link, nil)
		seen := s.say(-1001, "look: "+link, nil)
		s.say(-1001, "@rig_test_bot unroll", map[string]any{"reply_to": seen})
		s.say(-1002, "/unroll "+link, map[string]any{"chat": map[string]any{"id": -1002, "type": "supergroup", "is_forum": true}, "message_thread_id": 5})
		for _, chat := range []int64{1, 2, -1001, -1002} {
			m := s.answers(chat, 1)[0]
			if m.ReplyTo == nil || !strings.Contains(m.body(), "Post 1.") {
				s.Errorf("chat %d: %+v", chat, m)
			}
			var press map[string]any
			s.do("POST", "/callback", map[string]any{"from": map[string]any{"id": 78}, "chat_id": chat, "message_id": m.ID, "button_text": "button_next"}, &press)
		}
		s.wait("answerCallbackQuery", 4)
		for _, chat := range []int64{1, 2, -1001, -1002} {
			if m := s.answers(chat, 1)[0]; m.Markup.Rows[0][1].Text != "2/"+strings.Split(m.Markup.Rows[0][1].Text, "/")[1] {
				s.Errorf("chat %d shows %q", chat, m.Markup.Rows[0][1].Text)
			}
		}
	})
}

func TestSimFaults(t *testing.T) {
	for _, action := range []string{"http500", "http502", "http504", "drop", "truncate", "garbage", "429", "apply_then_drop"} {
		t.Run(action, func(t *testing.T) {
			inBothForms(t, func(s *sim, cfg Config) {
				s.run(cfg, unrolls(rich(300)))
				for _, method := range []string{"send(Rich)?Message", "editMessageText", "answerCallbackQuery", "getUpdates"} {
					if method == "getUpdates" && action == "apply_then_drop" {
						continue // its effect is nothing
					}
					s.do("POST", "/faults", map[string]any{"method": "^" + method + "$", "action": action, "times": 1}, nil)
				}
				q := s.say(-1001, "/unroll "+link, nil)
				s.answers(-1001, 1)
				time.Sleep(3 * time.Second) // for a second answer that must not come
				got := s.answers(-1001, 1)
				if len(got) != 1 || got[0].ReplyTo == nil || got[0].ReplyTo.ID != q {
					s.Fatalf("answers: %+v", got)
				}
				s.press(78, -1001, got[0].ID, "button_next")
				s.wait("answerCallbackQuery", 2)
				if m := s.answers(-1001, 1)[0]; m.Markup.Rows[0][0].Text != "button_previous" {
					s.Errorf("shows %+v", m.Markup)
				}
			})
		})
	}
}

func TestSimFlood(t *testing.T) {
	inBothForms(t, func(s *sim, cfg Config) {
		s.do("POST", "/config", map[string]any{"flood": true}, nil)
		s.run(cfg, unrolls(rich(1)))
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
		method := map[bool]string{true: "sendMessage", false: "sendRichMessage"}[cfg.Classic]
		s.do("GET", "/calls?method="+method, nil, &calls)
		for _, c := range calls {
			if c.Status != 200.0 {
				s.Errorf("status %v", c.Status)
			}
		}
		if len(calls) != 48 {
			s.Errorf("%d calls for 48 answers", len(calls))
		}
	})
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
	s.wait("sendRichMessage", 1)
	s.do("POST", "/reset", map[string]any{}, nil) // a refusal counts as a violation
}
