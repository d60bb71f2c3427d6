package discord

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

const link = "https://x.com/ada/status/20"

func TestSlashCommand(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(30))
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}, Locale: "de"})
	m := r.Answered(id)

	want := []bot.Request{{
		ID: id, Platform: "discord", Chat: bottest.DiscordChannel, User: bottest.DiscordUser, Locale: "de",
		Command: "unroll", Message: bot.Message{Text: link},
	}}
	if diff := cmp.Diff(want, r.handler.requests()); diff != "" {
		t.Error(diff)
	}
	text := m.Text()
	for _, part := range []string{`Ada \*L\*`, "Post 1 of the engine", `\@everyone`, "Read from FxTwitter"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in %q", part, text)
		}
	}
	r.Look(func(s *bottest.DiscordState) {
		if a := s.Answers[id]; a.Type != answerLater || m.Private() {
			t.Errorf("callback %d, private %v", a.Type, m.Private())
		}
	})

	next := r.Interact(bottest.DiscordInteraction{Press: m.CustomID("▶"), On: m.ID})
	r.Await("page 2", func(*bottest.DiscordState) bool {
		return strings.Contains(m.Text(), "Post 20 of") || m.CustomID("◀") != ""
	})
	if got := r.handler.requests()[1]; got.ID != next || got.Page == nil || *got.Page != (bot.PageRequest{Ref: unroll.Ref{Network: unroll.X, ID: "20"}, Number: 2}) {
		t.Errorf("page request %+v %+v", got, got.Page)
	}
	if strings.Contains(m.Text(), "Post 1 of") {
		t.Error("page 2 shows page 1")
	}
}

func TestMenuCommand(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		target map[string]any
		want   bot.Message
	}{
		"text":  {map[string]any{"content": "see " + link}, bot.Message{Text: "see " + link}},
		"embed": {map[string]any{"embeds": []any{map[string]any{"url": link}}}, bot.Message{Links: []string{link}}},
		"forwarded": {
			map[string]any{"message_snapshots": []any{map[string]any{"message": map[string]any{"content": "look: " + link + " nice"}}}},
			bot.Message{Links: []string{link}},
		},
		"components, some unknown": {
			map[string]any{"components": []any{
				map[string]any{"type": 99, "content": 5, "url": map[string]any{}},
				map[string]any{"type": 17, "components": []any{map[string]any{"type": 10, "content": "[here](" + link + ")"}}},
			}},
			bot.Message{Links: []string{link}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{}, whole(1))
			target := map[string]any{"id": "900", "channel_id": bottest.DiscordChannel, "author": map[string]any{"id": "5"}}
			for k, v := range tc.target {
				target[k] = v
			}
			r.Answered(r.Interact(bottest.DiscordInteraction{Menu: "Unroll thread", Target: target}))
			got := r.handler.requests()[0]
			if diff := cmp.Diff(&tc.want, got.Replied); diff != "" || got.Command != "unroll" {
				t.Errorf("command %q %s", got.Command, diff)
			}
		})
	}
}

func TestReplyWithKeyword(t *testing.T) {
	t.Parallel()
	said := map[string]any{"id": "900", "channel_id": bottest.DiscordChannel, "type": 0, "author": map[string]any{"id": "5"}, "content": link}
	for name, tc := range map[string]struct {
		intent bool
		say    map[string]any
		want   *bot.Request
	}{
		"with the intent": {
			true,
			map[string]any{"content": "unroll", "referenced_message": said},
			&bot.Request{Message: bot.Message{Text: "unroll"}, Replied: &bot.Message{Text: link}},
		},
		"with the intent, by mention": {
			true,
			map[string]any{"content": "<@500> unroll", "referenced_message": said},
			&bot.Request{Mentioned: true, Message: bot.Message{Text: "unroll"}, Replied: &bot.Message{Text: link}},
		},
		"without the intent, by mention": {
			false,
			map[string]any{"content": "<@500> unroll", "referenced_message": said},
			&bot.Request{Mentioned: true, Message: bot.Message{Text: "unroll"}, Replied: &bot.Message{Hidden: true}},
		},
		"without the intent":        {false, map[string]any{"content": "unroll", "referenced_message": said}, nil},
		"no reply":                  {true, map[string]any{"content": "unroll"}, nil},
		"mention without reply":     {false, map[string]any{"content": "<@!500> unroll " + link}, &bot.Request{Mentioned: true, Message: bot.Message{Text: "unroll " + link}}},
		"by a bot":                  {true, map[string]any{"content": "unroll", "referenced_message": said, "author": map[string]any{"id": "6", "bot": true}}, nil},
		"by a webhook":              {true, map[string]any{"content": "unroll", "referenced_message": said, "webhook_id": "7"}, nil},
		"somebody joined the guild": {true, map[string]any{"content": "<@500> unroll", "type": 7}, nil},
		"direct message": {
			false,
			map[string]any{"content": link, "guild_id": ""},
			&bot.Request{Private: true, Message: bot.Message{Text: link}},
		},
		"forwarded to the bot": {
			false,
			map[string]any{"guild_id": "", "message_snapshots": []any{map[string]any{"message": said}}},
			&bot.Request{Private: true, Message: bot.Message{Links: []string{link}}},
		},
		"unknown components": {
			true,
			map[string]any{"content": "unroll", "referenced_message": map[string]any{
				"id": "900", "channel_id": "1", "author": map[string]any{"id": "5"}, "content": link, "components": []any{map[string]any{"type": 99}},
			}},
			&bot.Request{Message: bot.Message{Text: "unroll"}, Replied: &bot.Message{Text: link}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{MessageContent: tc.intent}, whole(1))
			id := r.Say(tc.say)
			if tc.want == nil { // dropped at once: when a second is answered, it has been
				r.replied(r.Say(map[string]any{"content": "<@500> last"}))
				if got := r.handler.requests(); len(got) != 1 {
					t.Errorf("dispatched %+v", got)
				}
				return
			}
			tc.want.ID, tc.want.Platform, tc.want.Chat, tc.want.User = id, "discord", bottest.DiscordChannel, bottest.DiscordUser
			r.replied(id)
			if diff := cmp.Diff(*tc.want, r.handler.requests()[0]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// replied waits for the reply to a message.
func (r *rig) replied(to string) *bottest.DiscordMessage {
	r.t.Helper()
	var reply *bottest.DiscordMessage
	r.Await("a reply", func(s *bottest.DiscordState) bool {
		for _, m := range s.Sent() {
			if m.ReplyTo == to {
				reply = m
			}
		}
		return reply != nil
	})
	return reply
}

func TestHelp(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Text: "Try /unroll " + link + "."})
	})
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "help"}))
	if got := m.Text(); got != "Try /unroll <"+link+">." || !m.Private() {
		t.Errorf("%q, private %v", got, m.Private())
	}
}

func TestErrorIsForTheAskerOnly(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Text: "It *failed*.", Kind: unroll.KindUpstream, Retry: true, Asked: unroll.Ref{Network: unroll.X, ID: "20"}})
	})
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	r.Await("the private sentence", func(s *bottest.DiscordState) bool {
		a := s.Answers[id]
		return len(a.FollowUps) == 1 && s.Messages[a.Original].Deleted
	})
	r.Look(func(s *bottest.DiscordState) {
		sent := s.Sent()
		if len(sent) != 1 || !sent[0].Private() || sent[0].Text() != `It \*failed\*.` || sent[0].CustomID("Try again") == "" {
			t.Errorf("sent %+v", sent)
		}
	})
}

func TestErrorOnAPageLeavesThePage(t *testing.T) {
	t.Parallel()
	page := whole(30)
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		if req.Page == nil {
			return page(ctx, req, res)
		}
		return res.Send(ctx, bot.Reply{Text: "Not now.", Kind: unroll.KindTimeout})
	})
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	before := m.Text()
	id := r.Interact(bottest.DiscordInteraction{Press: m.CustomID("Look again"), On: m.ID, User: "8"})
	r.Await("the sentence", func(s *bottest.DiscordState) bool {
		f := s.Answers[id].FollowUps
		return len(f) == 1 && s.Messages[f[0]].Private() && s.Messages[f[0]].Text() == "Not now."
	})
	if m.Text() != before || m.Deleted {
		t.Error("the page is gone")
	}
	if got := r.handler.requests()[1]; got.Page == nil || !got.Page.Fresh || got.User != "8" {
		t.Errorf("asked %+v", got.Page)
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true}, whole(1))
	r.handler.refuse = bot.ErrBusy
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	r.Say(map[string]any{"content": "<@500> unroll " + link})
	r.Await("both sentences", func(s *bottest.DiscordState) bool {
		n := 0
		for _, m := range s.Sent() {
			if m.Text() == `{busy}` {
				n++
			}
		}
		return n == 2 && s.Messages[s.Answers[id].Original].Deleted
	})
}

// Where the bot may not write, the asker is told which permission it lacks.
func TestMuzzled(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults []bottest.DiscordFault
		says   string
	}{
		"no permission to write": {[]bottest.DiscordFault{{Match: "POST /channels/101/messages", Status: 403, Code: codeMissingPermissions}}, "Send Messages"},
		"no access":              {[]bottest.DiscordFault{{Match: "POST /channels/101/messages", Status: 403, Code: codeMissingAccess}}, "View Channel"},
		"and no direct messages": {[]bottest.DiscordFault{
			{Match: "POST /channels/101/messages", Status: 403, Code: codeMissingPermissions},
			{Match: "POST /channels/9777/messages", Status: 403, Code: codeCannotMessageUser},
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{}, whole(1))
			r.Fail(tc.faults...)
			r.Say(map[string]any{"content": "<@500> unroll " + link})
			r.Await("a direct message", func(s *bottest.DiscordState) bool {
				sent := s.Sent()
				if tc.says == "" {
					return s.Count("POST /channels/9777/messages") == 1
				}
				return len(sent) == 1 && sent[0].Channel == "9777" && strings.Contains(sent[0].Text(), tc.says)
			})
		})
	}
}

// Without permission to read the history a message cannot be a reply.
func TestReplyWithoutHistory(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.Fail(bottest.DiscordFault{Match: "POST /channels/101/messages", Status: 400, Code: codeNoHistory})
	r.Say(map[string]any{"content": "<@500> unroll " + link})
	r.Await("the message", func(s *bottest.DiscordState) bool { return len(s.Sent()) == 1 && s.Sent()[0].ReplyTo == "" })
}
