package telegram

import (
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
)

func TestSimSettings(t *testing.T) {
	s := newSim(t)
	s.run(Config{Languages: []string{"de", "ja"}}, unrolls(rich(40)))
	s.say(1, "/settings", nil)
	m := s.answers(1, 1)[0]
	for i, label := range []string{"settings_view: view_page", "view_all", "settings_quiet: no", "settings_language: settings_asker", "‹ button_back", "settings_keyword: settings_default", "‹ button_back"} {
		s.press(1, 1, m.ID, label)
		s.wait("answerCallbackQuery", i+1)
	}
	s.say(1, "/settings keywords thread, entrolle", nil)
	s.answers(1, 2)
	s.say(1, link, nil)
	if got := s.answers(1, 6); got[5].Markup.Rows == nil {
		t.Errorf("%d messages, the last without buttons", len(got))
	}
	s.press(1, 1, m.ID, "button_done")
	s.wait("deleteMessage", 1)
}

func TestSimOtherViews(t *testing.T) {
	for _, v := range []bot.View{bot.ViewFile, bot.ViewLink} {
		t.Run(string(v), func(t *testing.T) {
			s := newSim(t)
			a := s.run(Config{}, unrolls(rich(40)))
			if err := a.settings.Change(t.Context(), "1", bot.Settings{View: v}); err != nil {
				t.Fatal(err)
			}
			s.say(1, link, nil)
			m := s.answers(1, 1)[0]
			s.say(1, "/delete", map[string]any{"reply_to": m.ID})
			s.wait("deleteMessage", 1)
		})
	}
}

func TestSimOffer(t *testing.T) {
	s := newSim(t)
	th := rich(40)
	th.Branches = append(th.Branches, branchOf(th))
	a := s.run(Config{}, answererOf(th))
	if err := a.settings.Change(t.Context(), "-1001", bot.Settings{Auto: true}); err != nil {
		t.Fatal(err)
	}
	member := map[string]any{"chat": map[string]any{"id": -1001, "type": "supergroup", "bot_admin": true}}
	s.say(-1001, "see "+link, member)
	m := s.answers(-1001, 1)[0]
	s.press(78, -1001, m.ID, "button_unroll")
	s.wait("editMessageText", 1)
	s.press(78, -1001, m.ID, "⋯")
	s.wait("answerCallbackQuery", 2)
	s.press(78, -1001, m.ID, "⤓ .html")
	s.press(78, -1001, m.ID, "⤓ .epub")
	s.wait("sendDocument", 2)
	s.press(78, -1001, m.ID, "⑂ button_branches")
	s.wait("answerCallbackQuery", 5)
	s.say(-1001, "again "+link, member)
	got := s.answers(-1001, 4)
	if text := got[3].Text; text != "offer_again" {
		t.Errorf("said %q", text)
	}
}

// The stand-in makes nobody an admin but who writes in the group's name.
func TestSimAdmins(t *testing.T) {
	s := newSim(t)
	s.run(Config{}, unrolls(rich(1)))
	chat := int64(-1001)
	s.say(chat, "/settings", nil)
	if m := s.answers(chat, 1)[0]; m.Text != "settings_not_yours" {
		s.Errorf("a member is told %q", m.Text)
	}
	s.say(chat, "/settings", map[string]any{"extra": map[string]any{
		"from":        map[string]any{"id": 1087968824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"},
		"sender_chat": map[string]any{"id": chat, "type": "supergroup", "title": "g"},
	}})
	if m := s.answers(chat, 2)[1]; m.Text != "settings_chat" {
		s.Errorf("an anonymous admin is told %q", m.Text)
	}
	s.do("POST", "/faults", map[string]any{"method": "^getChatMember$", "action": "error", "code": 400, "description": "Bad Request: member list is inaccessible", "times": 1}, nil)
	s.say(chat, "/settings", map[string]any{"from": map[string]any{"id": 79}})
	s.wait("getChatAdministrators", 1)
	if m := s.answers(chat, 3)[2]; m.Text != "settings_not_yours" {
		s.Errorf("a hidden member is told %q", m.Text)
	}
}

func TestSimChannel(t *testing.T) {
	s := newSim(t)
	s.run(Config{}, answererOf(rich(40)))
	channel := map[string]any{"channel_post": true, "chat": map[string]any{"id": -100300, "type": "channel", "bot_admin": true}}
	s.say(-100300, "/settings", channel)
	s.wait("sendMessage", 1)
	s.say(-100300, "/unroll "+link, channel)
	s.wait("sendRichMessage", 1)
}

func TestSimProgress(t *testing.T) {
	s := newSim(t)
	s.run(Config{}, slowly(4*time.Second, unrolls(rich(40))))
	s.say(-1001, "/unroll "+link, nil)
	if m := s.answers(-1001, 1)[0]; m.Text != "working" {
		t.Errorf("sign is %q", m.Text)
	}
	s.wait("editMessageText", 1)
	if got := s.answers(-1001, 1); len(got) != 1 || !strings.Contains(got[0].body(), "Post 1.") {
		t.Errorf("got %+v", got)
	}
}
