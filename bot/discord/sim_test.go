package discord

import (
	"context"
	"encoding/hex"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// TestSim drives the adapter against a stand-in of somebody else's making
// that checks every call against Discord's own API description. It runs when
// UNROLL_DISCORD_SIM holds the address of one.
func TestSim(t *testing.T) {
	base := os.Getenv("UNROLL_DISCORD_SIM")
	if base == "" {
		t.Skip("UNROLL_DISCORD_SIM is not set")
	}
	for name, story := range map[string]func(*testing.T, *sim){
		"ways to ask":        simWays,
		"buttons":            simButtons,
		"errors":             simErrors,
		"broken gateway":     simGateway,
		"broken API":         simFaults,
		"rate limits":        simRateLimits,
		"a thousand at once": simLoad,
		"unknown components": simUnknown,
		"without the intent": simWithoutIntent,
		"over HTTP":          simHTTP,
		"into a thread":      simThread,
		"settings":           simSettings,
		"offers":             simOffers,
		"side branches":      simBranches,
		"a new server":       simWelcome,
		"no answer":          simNoAnswer,
		"views":              simViews,
		"answered later":     simLater,
		"handed over":        simHandOver,
		"all at once":        simChaos,
	} {
		t.Run(name, func(t *testing.T) {
			s := &sim{t: t, base: base}
			s.post("/reset", nil, nil)
			story(t, s)
			s.violations()
		})
	}
}

func simWays(t *testing.T, s *sim) {
	s.run(true, whole(30))
	if m := s.slash(); !m.says("Post 1 of") {
		t.Errorf("slash: %+v", m)
	}
	said := s.say(map[string]any{"content": link, "author": map[string]any{"id": "900000000000000888"}})
	i := s.done(s.interact(map[string]any{"kind": "message", "name": "Unroll thread", "message_id": said.ID, "install": "user"}))
	if !i.Messages[0].says("Post 1 of") {
		t.Errorf("menu: %+v", i)
	}
	forward := s.say(map[string]any{"content": "", "forward": said.ID})
	s.done(s.interact(map[string]any{"kind": "message", "name": "Unroll thread", "message_id": forward.ID}))
	s.done(s.interact(map[string]any{"kind": "slash", "name": "help"}))
	s.done(s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link, "private": true}, "dm": true}))
	before := len(s.messages(simChannel))
	s.say(map[string]any{"content": "unroll", "reply_to": said.ID, "ping": false})
	s.say(map[string]any{"content": "<@900000000000000500> unroll", "reply_to": said.ID})
	s.say(map[string]any{"content": "not for you"})
	s.say(map[string]any{"content": link, "dm": true})
	s.until("three replies", func() bool { return len(s.handler.requests()) >= 8 && len(s.messages(simChannel)) >= before+5 })
}

func simButtons(t *testing.T, s *sim) {
	s.run(true, whole(60))
	m := s.slash()
	press := func(fields map[string]any) string {
		fields["kind"], fields["message_id"] = "button", m.ID
		return s.interact(fields)
	}
	now := func() simMessage {
		for _, x := range s.messages(simChannel) {
			if x.ID == m.ID {
				return x
			}
		}
		return simMessage{}
	}
	press(map[string]any{"label": "▶"})
	s.until("page 2", func() bool { return !now().says("Post 1 of") })
	press(map[string]any{"kind": "select", "custom_id": "j||/x/20", "values": []string{"1"}})
	s.interact(map[string]any{"kind": "select", "custom_id": "j||/x/20", "values": []string{"1"}, "message_id": m.ID})
	s.until("page 1", func() bool { return now().says("Post 1 of") })
	press(map[string]any{"label": "Look again"})
	file := s.done(press(map[string]any{"label": "As file"}))
	if len(file.Messages) != 1 || !file.Messages[0].says("x-20.md") {
		t.Errorf("file: %+v", file)
	}
	s.done(press(map[string]any{"label": "Delete", "user": map[string]any{"id": "900000000000000999"}}))
	press(map[string]any{"label": "Delete"})
	s.until("the end of the message", func() bool { return now().ID == "" })
}

func simErrors(t *testing.T, s *sim) {
	s.run(true, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Text: "It failed @everyone.", Kind: unroll.KindUpstream, Retry: true, Asked: unroll.Ref{Network: unroll.X, ID: "20"}})
	})
	id := s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}})
	s.until("only the private sentence", func() bool {
		var i simInteraction
		s.get("/interaction", url.Values{"id": {id}}, &i)
		return len(i.Messages) == 1 && i.Messages[0].Flags&64 != 0
	})
}

func simGateway(_ *testing.T, s *sim) {
	s.run(true, whole(1))
	for _, g := range []map[string]any{
		{"action": "op7"},
		{"action": "op9", "resumable": true},
		{"action": "op9"},
		{"action": "drop"},
		{"action": "close", "code": 4000},
		{"action": "close", "code": 4009},
		{"action": "heartbeat_request"},
	} {
		s.post("/gateway", g, nil)
		s.again()
	}
	for _, next := range []map[string]any{
		{"on": "resume", "action": "op7"},
		{"on": "resume", "action": "op9"},
		{"before_hello": true, "action": "drop"},
		{"before_hello": true, "action": "close", "code": 4000},
		{"on": "resume", "action": "close", "code": 4000},
	} {
		s.post("/gateway", map[string]any{"next": []any{next}}, nil)
		s.post("/gateway", map[string]any{"action": "drop"}, nil)
		s.again()
	}
}

// again waits until the connection is back: until an interaction is answered
// in time. One that Discord sent while there was no connection is lost.
func (s *sim) again() {
	s.t.Helper()
	s.until("an answer", func() bool {
		id := s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}})
		var i simInteraction
		s.get("/wait", url.Values{"id": {id}, "state": {"responded,failed"}, "timeout": {"4000"}}, &i)
		return i.State == "responded"
	})
}

func simFaults(t *testing.T, s *sim) {
	s.run(true, whole(1))
	for _, action := range []string{"http500", "http502", "http503", "drop", "slow", "429", "cloudflare429", "apply_then_drop", "garbage"} {
		for _, match := range []string{"POST /interactions", "PATCH /webhooks"} {
			if action == "cloudflare429" && strings.HasPrefix(match, "POST") {
				continue // a second is a third of what there is
			}
			s.post("/faults", []any{map[string]any{"match": match, "action": action, "times": 1, "delay_ms": 300, "retry_after": 0.3}}, nil)
			if m := s.slash(); !m.says("Post 1 of") {
				t.Errorf("%s, %s: %+v", action, match, m)
			}
		}
		before := len(s.messages(simChannel))
		s.post("/faults", []any{map[string]any{"match": "POST /channels/.*/messages", "action": action, "times": 1, "delay_ms": 300, "retry_after": 0.3}}, nil)
		s.say(map[string]any{"content": "<@900000000000000500> unroll " + link})
		s.until("a reply", func() bool { return len(s.messages(simChannel)) == before+2 })
	}
}

func simRateLimits(t *testing.T, s *sim) {
	s.run(true, whole(1))
	s.post("/config", map[string]any{"ratelimit": true}, nil)
	before := len(s.messages(simChannel))
	const n = 12
	for range n {
		s.say(map[string]any{"content": "<@900000000000000500> unroll " + link})
	}
	s.until("all replies", func() bool { return len(s.messages(simChannel)) == before+2*n })
	var state struct {
		Invalid int `json:"invalid_requests"`
	}
	s.get("/state", nil, &state)
	if state.Invalid > 2*n {
		t.Errorf("%d calls were refused", state.Invalid)
	}
}

func simLoad(t *testing.T, s *sim) {
	s.run(true, whole(1))
	const n = 1000
	ids := make([]string, n)
	var wg sync.WaitGroup
	for w := range 20 {
		wg.Go(func() {
			for i := w; i < n; i += 20 {
				ids[i] = s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}})
			}
		})
	}
	wg.Wait()
	slowest := 0
	for _, id := range ids {
		i := s.done(id)
		slowest = max(slowest, i.AckMs)
		if len(i.Messages) != 1 {
			t.Errorf("%d messages", len(i.Messages))
		}
	}
	t.Logf("slowest acknowledgement: %d ms", slowest)
}

func simUnknown(t *testing.T, s *sim) {
	s.run(true, whole(1))
	odd := s.say(map[string]any{"content": link, "components": []any{map[string]any{"type": 99, "content": 3}, map[string]any{"type": 20}}})
	s.done(s.interact(map[string]any{"kind": "message", "name": "Unroll thread", "message_id": odd.ID}))
	s.say(map[string]any{"content": "<@900000000000000500> unroll", "reply_to": odd.ID, "components": []any{map[string]any{"type": 99}}})
	s.until("both", func() bool { return len(s.handler.requests()) == 2 })
	for _, r := range s.handler.requests() {
		if r.Replied == nil || r.Replied.Text != link {
			t.Errorf("%+v", r)
		}
	}
}

func simWithoutIntent(t *testing.T, s *sim) {
	s.run(false, whole(1))
	said := s.say(map[string]any{"content": link})
	s.say(map[string]any{"content": "unroll", "reply_to": said.ID, "ping": false})
	s.say(map[string]any{"content": "<@900000000000000500> unroll", "reply_to": said.ID})
	s.until("the mention", func() bool { return len(s.handler.requests()) == 1 })
	if r := s.handler.requests()[0]; !r.Mentioned || r.Replied == nil || !r.Replied.Hidden {
		t.Errorf("%+v %+v", r, r.Replied)
	}
	i := s.done(s.interact(map[string]any{"kind": "message", "name": "Unroll thread", "message_id": said.ID}))
	if r := s.handler.requests()[1]; r.Replied == nil || r.Replied.Text != link || len(i.Messages) != 1 {
		t.Errorf("%+v %+v", r, r.Replied)
	}
}

func simHTTP(t *testing.T, s *sim) {
	s.run(true, whole(1))
	var state struct {
		Key string `json:"verify_key"`
	}
	s.get("/state", nil, &state)
	key, err := hex.DecodeString(state.Key)
	if err != nil {
		t.Fatal(err)
	}
	s.adapter.publicKey = key
	server := httptest.NewServer(s.adapter.Interactions())
	defer server.Close()
	var set struct {
		OK bool `json:"ok"`
	}
	s.post("/interactions_endpoint", map[string]any{"url": server.URL}, &set)
	if !set.OK {
		t.Fatal("Discord would not take the address")
	}
	if m := s.slash(); !m.says("Post 1 of") {
		t.Errorf("%+v", m)
	}
}

func simThread(t *testing.T, s *sim) {
	s.run(true, whole(60))
	m := s.slash()
	told := s.done(s.interact(map[string]any{"kind": "button", "message_id": m.ID, "label": "In a thread"}))
	if len(told.Messages) != 1 || !told.Messages[0].says("<#"+m.ID+">") {
		t.Errorf("%+v", told)
	}
	if n := len(s.messages(m.ID)); n < 3 {
		t.Errorf("%d messages in the thread", n)
	}
}

func simSettings(t *testing.T, s *sim) {
	s.run(true, whole(60))
	s.done(s.interact(map[string]any{"kind": "slash", "name": "unroll-settings", "options": map[string]any{"view": "all", "quiet": true}}))
	all := s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}})
	s.until("all messages", func() bool {
		var i simInteraction
		s.get("/interaction", url.Values{"id": {all}}, &i)
		return len(i.Messages) > 3
	})
	s.done(s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link, "view": "link"}}))
	var typing simInteraction
	id := s.interact(map[string]any{"kind": "autocomplete", "name": "unroll", "options": map[string]any{"link": "x"}, "focused": "link"})
	s.get("/wait", url.Values{"id": {id}, "state": {"choices"}, "timeout": {"5000"}}, &typing)
	if typing.State != "choices" || len(typing.Choices) == 0 {
		t.Errorf("%+v", typing)
	}
}
