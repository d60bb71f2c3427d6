package telegram

import (
	"strings"
	"testing"
)

func (s *sim) press(from, chat, message int64, label string) {
	s.Helper()
	s.do("POST", "/callback", map[string]any{"from": map[string]any{"id": from}, "chat_id": chat, "message_id": message, "button_text": label}, nil)
}

func TestSimMenu(t *testing.T) {
	s := newSim(t)
	th := rich(40)
	th.Posts[3].Media = withMedia(12).Posts[0].Media
	s.run(Config{}, unrolls(th))
	s.say(1, link, nil)
	m := s.answers(1, 1)[0]
	for i, label := range []string{"⋯", "button_refresh", "⋯", "⤓ .md", "⤓ .txt", "🖼"} {
		s.press(1, 1, m.ID, label)
		s.wait("answerCallbackQuery", i+1)
	}
	s.wait("sendDocument", 2)
	s.wait("sendMediaGroup", 2)
	s.press(1, 1, m.ID, "button_delete")
	s.wait("deleteMessage", 1)
	for _, left := range s.answers(1, 1) {
		if left.ID == m.ID {
			t.Error("the answer is still there")
		}
	}
}

func TestSimDeleteInGroup(t *testing.T) {
	s := newSim(t)
	s.run(Config{}, unrolls(rich(1)))
	s.say(-1001, "/unroll "+link, nil)
	m := s.answers(-1001, 1)[0]
	s.press(78, -1001, m.ID, "⋯")
	s.wait("answerCallbackQuery", 1)
	s.press(78, -1001, m.ID, "button_delete")
	s.wait("answerCallbackQuery", 2)
	if len(s.answers(-1001, 1)) != 1 {
		t.Error("a stranger deleted the answer")
	}
	s.press(77, -1001, m.ID, "button_delete")
	s.wait("deleteMessage", 1)
}

func TestSimInline(t *testing.T) {
	inBothForms(t, func(s *sim, cfg Config) {
		s.run(cfg, unrolls(rich(300)))
		var q struct {
			Query struct{ ID string } `json:"inline_query"`
		}
		s.do("POST", "/inline", map[string]any{"from": map[string]any{"id": 77}, "query": ""}, nil)
		s.do("POST", "/inline", map[string]any{"from": map[string]any{"id": 77}, "query": link}, &q)
		s.wait("answerInlineQuery", 2)
		var chosen struct {
			ID      string     `json:"inline_message_id"`
			Message simMessage `json:"message"`
		}
		s.do("POST", "/choose", map[string]any{"query_id": q.Query.ID}, &chosen)
		if !strings.Contains(chosen.Message.body(), "Post 1.") {
			s.Fatalf("chosen: %+v", chosen)
		}
		s.do("POST", "/callback", map[string]any{"inline_message_id": chosen.ID, "data": chosen.Message.Markup.Rows[0][1].Data}, nil)
		s.wait("editMessageText", 1)
		s.wait("answerCallbackQuery", 1)
	})
}

func TestSimGuest(t *testing.T) {
	inBothForms(t, func(s *sim, cfg Config) {
		s.run(cfg, unrolls(rich(1)))
		s.do("POST", "/guest", map[string]any{"from": map[string]any{"id": 77}, "text": "@rig_test_bot unroll", "reply_text": "see " + link}, nil)
		s.wait("answerGuestQuery", 1)
		var all []simMessage
		s.do("GET", "/messages?chat_id=-1009000000001", nil, &all)
		if n := len(all); n != 2 || !strings.Contains(all[n-1].body(), "Post 1.") {
			s.Errorf("%+v", all)
		}
	})
}

func TestSimEdited(t *testing.T) {
	inBothForms(t, func(s *sim, cfg Config) {
		s.run(cfg, unrolls(rich(300)))
		id := s.say(-1001, "/unroll "+link, nil)
		m := s.answers(-1001, 1)[0]
		s.press(77, -1001, m.ID, "button_next")
		s.wait("editMessageText", 1)
		s.do("POST", "/edit", map[string]any{"chat_id": -1001, "message_id": id, "text": "/unroll " + link + "?s=20"}, nil)
		s.wait("editMessageText", 2)
		if got := s.answers(-1001, 1); len(got) != 1 || !strings.Contains(got[0].body(), "Post 1.") {
			s.Errorf("%+v", got)
		}
	})
}

func TestSimRich(t *testing.T) {
	s := newSim(t)
	th := thread(300)
	th.Posts[3].Media = withMedia(12).Posts[0].Media
	s.run(Config{}, unrolls(th))
	s.say(1, link, nil)
	m := s.answers(1, 1)[0]
	s.press(1, 1, m.ID, "button_next")
	s.wait("answerCallbackQuery", 1)
	s.wait("editMessageText", 1)
}
