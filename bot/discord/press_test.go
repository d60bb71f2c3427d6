package discord

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// asked starts a rig and asks for a thread of n posts.
func asked(t *testing.T, cfg bottest.DiscordConfig, n int) (*rig, *bottest.DiscordMessage) {
	t.Helper()
	r := start(t, cfg, whole(n))
	return r, r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
}

func (r *rig) press(m *bottest.DiscordMessage, label, user string) string {
	r.t.Helper()
	id := m.CustomID(label)
	if id == "" {
		r.t.Fatalf("no button %q on %s", label, m.Text())
	}
	return r.Interact(bottest.DiscordInteraction{Press: id, On: m.ID, User: user})
}

func TestJumpMenu(t *testing.T) {
	t.Parallel()
	r, m := asked(t, bottest.DiscordConfig{}, 80)
	menu := ""
	m.Walk(func(c map[string]any) {
		if c["type"] == float64(3) {
			menu, _ = c["custom_id"].(string)
		}
	})
	r.Interact(bottest.DiscordInteraction{Press: menu, On: m.ID, Values: []string{"3"}})
	r.Await("page 3", func(*bottest.DiscordState) bool { return strings.Contains(m.Text(), "Post 40 of") })
	if got := r.handler.requests()[1].Page; got == nil || got.Number != 3 || got.Fresh {
		t.Errorf("asked %+v", got)
	}
}

func TestAsFile(t *testing.T) {
	t.Parallel()
	r, m := asked(t, bottest.DiscordConfig{}, 30)
	f := r.Answered(r.press(m, "As file", "8"))
	if !f.Private() || !strings.Contains(f.Files["x-20.md"], "Post 30 of the engine") {
		t.Errorf("private %v, files %.200v", f.Private(), f.Files)
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(30))
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link, "private": true}}))
	if !m.Private() || m.CustomID("Delete") != "" {
		t.Errorf("private %v", m.Private())
	}
	r.press(m, "▶", "")
	r.Await("page 2", func(*bottest.DiscordState) bool { return !strings.Contains(m.Text(), "Post 1 of") })
	if m.CustomID("Show to all") == "" {
		t.Error("turning the page lost the button")
	}
	shared := r.Answered(r.press(m, "Show to all", ""))
	if shared.Private() || shared.ID == m.ID || shared.Text() != m.Text() || shared.CustomID("Delete") == "" {
		t.Errorf("private %v, %q", shared.Private(), shared.Text())
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		who  bottest.DiscordInteraction
		goes bool
	}{
		"by who asked":         {bottest.DiscordInteraction{}, true},
		"by another":           {bottest.DiscordInteraction{User: "8"}, false},
		"by a moderator":       {bottest.DiscordInteraction{User: "8", Permissions: "8192"}, true},
		"by an administrator":  {bottest.DiscordInteraction{User: "8", Permissions: "8"}, true},
		"in a direct message":  {bottest.DiscordInteraction{User: "8", Direct: true}, true},
		"by nobody we know of": {bottest.DiscordInteraction{User: "8", Permissions: "no number"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, m := asked(t, bottest.DiscordConfig{}, 1)
			tc.who.Press, tc.who.On = m.CustomID("Delete"), m.ID
			id := r.Interact(tc.who)
			r.Await("an end", func(s *bottest.DiscordState) bool {
				a := s.Answers[id]
				return m.Deleted || (a.Type == answerMessage && s.Messages[a.Original].Private())
			})
			if m.Deleted != tc.goes {
				t.Errorf("deleted %v", m.Deleted)
			}
		})
	}
}

// The answer to a message can be deleted by who wrote that message.
func TestDeleteReply(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.Say(map[string]any{"content": "<@500> unroll " + link})
	var m *bottest.DiscordMessage
	r.Await("the reply", func(s *bottest.DiscordState) bool {
		if len(s.Sent()) == 1 {
			m = s.Sent()[0]
		}
		return m != nil
	})
	r.press(m, "Delete", "8")
	r.press(m, "Delete", "")
	r.Await("the end, and the refusal", func(s *bottest.DiscordState) bool { return m.Deleted && len(s.Sent()) == 1 })
}

func TestUnrollIntoThread(t *testing.T) {
	t.Parallel()
	r, m := asked(t, bottest.DiscordConfig{}, 60)
	told := r.Answered(r.press(m, "In a thread", ""))
	if !told.Private() || !strings.HasSuffix(told.Text(), "<#"+m.ID+">") {
		t.Errorf("private %v, %q", told.Private(), told.Text())
	}
	var all strings.Builder
	r.Look(func(s *bottest.DiscordState) {
		if len(s.Threads) != 1 || s.Threads[0].ID != m.ID || !strings.HasPrefix(s.Threads[0].Name, "Post 1 of the engine") {
			t.Errorf("threads %+v", s.Threads)
		}
		for _, x := range s.Sent() {
			if x.Channel == m.ID {
				all.WriteString(x.Text())
			}
		}
	})
	for n := range 60 {
		if strings.Count(all.String(), "Post "+strconv.Itoa(n+1)+" of the engine") != 1 {
			t.Errorf("post %d is not there once", n+1)
		}
	}
	before := all.Len()
	again := r.Answered(r.press(m, "In a thread", "8"))
	if !strings.HasPrefix(again.Text(), "It is already in") || all.Len() != before {
		t.Errorf("a second press: %q", again.Text())
	}
}

func TestUnrollIntoThreadRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		press bottest.DiscordInteraction
		fault bottest.DiscordFault
		says  string
	}{
		"asker may not":         {bottest.DiscordInteraction{Permissions: "3072"}, bottest.DiscordFault{}, "You need the permission"},
		"bot may not":           {bottest.DiscordInteraction{Extra: map[string]any{"app_permissions": strconv.Itoa(1 << 38)}}, bottest.DiscordFault{}, "Create Public Threads"},
		"bot is no member":      {bottest.DiscordInteraction{Extra: map[string]any{"authorizing_integration_owners": map[string]any{"1": "777"}}}, bottest.DiscordFault{}, "only be opened in a server"},
		"in a direct message":   {bottest.DiscordInteraction{Direct: true}, bottest.DiscordFault{}, "only be opened in a server"},
		"Discord says no":       {bottest.DiscordInteraction{}, bottest.DiscordFault{Match: "POST /channels/101/messages/", Status: 400, Code: 50024}, "does not let me"},
		"no messages in thread": {bottest.DiscordInteraction{}, bottest.DiscordFault{Match: "POST /channels/", Status: 403, Code: codeMissingPermissions}, "does not let me"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, m := asked(t, bottest.DiscordConfig{}, 1)
			if tc.fault.Match != "" {
				r.Fail(tc.fault)
			}
			tc.press.Press, tc.press.On = m.CustomID("In a thread"), m.ID
			told := r.Answered(r.Interact(tc.press))
			if !told.Private() || !strings.Contains(told.Text(), tc.says) {
				t.Errorf("private %v, %q", told.Private(), told.Text())
			}
			if len(r.values.values) != 0 {
				t.Errorf("it cannot be tried again: %v", r.values.values)
			}
		})
	}
}

// Without permissions, no button offers a thread.
func TestNoThreadButton(t *testing.T) {
	t.Parallel()
	for name, extra := range map[string]map[string]any{
		"no permission":  {"app_permissions": "3072"},
		"in a thread":    {"channel": map[string]any{"type": 11}},
		"user's install": {"authorizing_integration_owners": map[string]any{"1": "777"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{}, whole(1))
			m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}, Extra: extra}))
			if m.CustomID("In a thread") != "" {
				t.Error("the button is there")
			}
		})
	}
}

func TestOldButtons(t *testing.T) {
	t.Parallel()
	r, m := asked(t, bottest.DiscordConfig{}, 1)
	for name, id := range map[string]string{"forgotten": "p|2|#abcdef", "not ours": "hello", "no thread": "p|2|", "unknown": "zz|1|/x/20"} {
		told := r.Answered(r.Interact(bottest.DiscordInteraction{Press: id, On: m.ID}))
		if told.ID != m.ID && (!told.Private() || !strings.Contains(told.Text(), "too old")) {
			t.Errorf("%s: %q", name, told.Text())
		}
	}
}

// Several links in one request are several messages.
func TestSeveralReplies(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		page := whole(1)
		return errors.Join(page(ctx, req, res), page(ctx, req, res), res.Send(ctx, bot.Reply{Text: "No third.", Kind: unroll.KindNotFound}))
	})
	id := r.Interact(bottest.DiscordInteraction{Menu: "Unroll thread", Target: map[string]any{"id": "9", "channel_id": "1"}})
	r.Await("three messages", func(s *bottest.DiscordState) bool { return len(s.Answers[id].FollowUps) == 2 })
	r.Look(func(s *bottest.DiscordState) {
		f := s.Answers[id].FollowUps
		if s.Messages[f[0]].Private() || !s.Messages[f[1]].Private() {
			t.Error("the thread should be for all, the error for the asker")
		}
	})
	said := r.Say(map[string]any{"content": "<@500> unroll " + link})
	r.Await("three replies", func(s *bottest.DiscordState) bool {
		n := 0
		for _, m := range s.Sent() {
			if m.ReplyTo == said {
				n++
			}
		}
		return n == 3
	})
}

// Where an embed is refused as well, plain text is left.
func TestTextWhereEmbedsAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(30))
	r.Fail(bottest.DiscordFault{Match: "PATCH /webhooks/", Status: 400, Code: codeInvalidForm, Times: 2})
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	text, _ := m.Body["content"].(string)
	if !strings.Contains(text, "Post 1 of") || units(text) > maxContent || m.Flags&4 == 0 || m.CustomID("▶") == "" {
		t.Errorf("%v", m.Body)
	}
}

func TestPlainWhereComponentsAreRefused(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(30))
	r.Fail(bottest.DiscordFault{Match: "PATCH /webhooks/", Status: 400, Code: codeInvalidForm})
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	if len(m.Body["embeds"].([]any)) != 1 || !strings.Contains(m.Text(), "Post 1 of") || m.CustomID("▶") == "" {
		t.Errorf("%v", m.Body)
	}
	r.press(m, "▶", "")
	r.Await("page 2 in components", func(*bottest.DiscordState) bool {
		return m.Body["embeds"] == nil && strings.Contains(m.Text(), "Post 20 of") || m.CustomID("◀") != ""
	})
}
