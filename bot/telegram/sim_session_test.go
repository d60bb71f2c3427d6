package telegram

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// simFaults are all that the stand-in can do to a call.
func simFaults() []string {
	return []string{"http500", "http502", "http504", "drop", "truncate", "garbage", "429", "apply_then_drop"}
}

// TestSimSession is an evening of many people at once, on a bad line: floods
// are refused, updates come twice, calls fail in every way that the stand-in
// knows, and the webhook's own answers are lost. Every question is answered
// once.
func TestSimSession(t *testing.T) {
	for name, byHook := range map[string]bool{"apply_then_drop and polls": false, "apply_then_drop and a webhook": true} {
		t.Run(name, func(t *testing.T) {
			inBothForms(t, func(s *sim, cfg Config) { evening(s, cfg, byHook) })
		})
	}
}

func evening(s *sim, cfg Config, byHook bool) {
	random := rand.New(rand.NewPCG(uint64(len(s.Name())), 1))
	s.do("POST", "/config", map[string]any{"flood": true, "duplicate_updates": true, "webhook_retry_ms": 200}, nil)
	if byHook {
		mux := http.NewServeMux()
		server := httptest.NewServer(mux)
		s.Cleanup(server.Close)
		cfg.WebhookURL = server.URL + "/hook"
		a := s.run(cfg, unrolls(rich(300)))
		path, h := a.Webhook()
		mux.Handle(path, badly(h))
	} else {
		s.run(cfg, unrolls(rich(300)))
	}
	for _, action := range simFaults() {
		for _, method := range []string{"sendMessage", "sendRichMessage", "editMessageText", "answerCallbackQuery", "sendChatAction", "getUpdates"} {
			if action == "apply_then_drop" && method == "getUpdates" {
				continue // its effect is nothing
			}
			s.do("POST", "/faults", map[string]any{"method": "^" + method + "$", "action": action, "times": 1, "after": random.IntN(4)}, nil)
		}
	}

	const people, groups, each = 15, 3, 4
	type question struct{ chat, id int64 }
	var asked []question
	for i := range int64(people) {
		asked = append(asked, question{i + 1, s.say(i+1, link, nil)})
	}
	for g := range int64(groups) {
		chat := -1_001_000_000_000 - g
		for i := range each {
			asked = append(asked, question{chat, s.say(chat, "/unroll "+link, map[string]any{"from": map[string]any{"id": 500 + i}})})
			s.say(chat, "What did it say?", map[string]any{"from": map[string]any{"id": 600 + i}}) // hidden by privacy mode
		}
	}
	if byHook {
		s.nudge(30)
	}
	for _, q := range asked {
		s.answers(q.chat, 1)
	}
	for g := range int64(groups) {
		s.answers(-1_001_000_000_000-g, each)
	}
	s.settled()

	for g := range int64(groups) {
		for i, m := range s.answers(-1_001_000_000_000-g, each) {
			s.press(int64(500+i), m.Chat.ID, m.ID, "button_next")
		}
	}
	if byHook {
		s.nudge(10)
	}
	s.wait("answerCallbackQuery", groups*each)
	s.settled()

	for _, q := range asked {
		n := 0
		all := s.answers(q.chat, 1)
		for _, m := range all {
			if m.ReplyTo != nil && m.ReplyTo.ID == q.id {
				n++
			}
			if !strings.Contains(m.body(), "All work and no play") {
				s.Errorf("chat %d: %q", q.chat, m.body())
			}
		}
		if q.chat > 0 && len(all) != 1 {
			s.Errorf("chat %d: %d answers to one question", q.chat, len(all))
		}
		if q.chat < 0 && (n > 1 || len(all) != each) {
			s.Errorf("chat %d, question %d: %d answers of %d", q.chat, q.id, n, len(all))
		}
	}
}

// nudge lets somebody type in another chat, again and again: the stand-in may
// forget to deliver an update anew until there is another one.
func (s *sim) nudge(times int) {
	for range times {
		s.do("POST", "/inline", map[string]any{"from": map[string]any{"id": 900}, "query": ""}, nil)
		time.Sleep(300 * time.Millisecond) // another process: nothing to wait on
	}
}

// settled waits until no call was made for a while.
func (s *sim) settled() {
	s.Helper()
	for last, quiet := -1, 0; quiet < 8; {
		var calls []struct{}
		s.do("GET", "/calls", nil, &calls)
		if len(calls) == last {
			quiet++
		} else {
			last, quiet = len(calls), 0
		}
		time.Sleep(500 * time.Millisecond) // another process: nothing to wait on
	}
}

// badly loses every third answer, before or after the update was taken.
func badly(h http.Handler) http.Handler {
	n := 0
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n++; n % 6 {
		case 2:
			http.Error(w, "later", http.StatusBadGateway)
		case 5:
			h.ServeHTTP(httptest.NewRecorder(), r)
			http.Error(w, fmt.Sprintf("answer %d was lost", n), http.StatusGatewayTimeout)
		default:
			h.ServeHTTP(w, r)
		}
	})
}
