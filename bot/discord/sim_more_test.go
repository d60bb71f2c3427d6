package discord

import (
	"context"
	"net/url"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
)

func simOffers(t *testing.T, s *sim) {
	s.run(true, answerer())
	s.done(s.interact(map[string]any{"kind": "slash", "name": "unroll-settings", "options": map[string]any{"offer": "here", "offer-from": 2}}))
	said := func(text string) simMessage {
		t.Helper()
		before := len(s.messages(simChannel))
		s.say(map[string]any{"content": text})
		s.until("a line", func() bool { return len(s.messages(simChannel)) == before+2 })
		all := s.messages(simChannel)
		for _, m := range all {
			if m.says("A thread by") || m.says("already") {
				return m
			}
		}
		t.Fatalf("%+v", all)
		return simMessage{}
	}
	offer := said("see " + link)
	s.interact(map[string]any{"kind": "button", "message_id": offer.ID, "label": "Unroll", "user": map[string]any{"id": "900000000000000888"}})
	s.until("the thread", func() bool {
		for _, m := range s.messages(simChannel) {
			if m.ID == offer.ID {
				return m.says("Post 1 of")
			}
		}
		return false
	})
	s.adapter.values.(*memory).forget("discord:900000000000000500:offered:")
	if m := said("https://x.com/ada/status/21"); !m.says("/" + offer.ID) {
		t.Errorf("%+v", m)
	}
}

func simBranches(t *testing.T, s *sim) {
	th := thread(40)
	th.Branches = []unroll.Branch{{After: "20", Posts: []unroll.Post{{ID: "90", Text: "aside"}}}}
	s.run(true, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20", Page: 1})
	})
	m := s.slash()
	s.interact(map[string]any{"kind": "select", "custom_id": "b||/x/20", "values": []string{"/x/90"}, "message_id": m.ID})
	s.until("the branch", func() bool { return len(s.handler.requests()) == 2 })
	if ask := s.handler.requests()[1].Page; ask == nil || ask.Ref.ID != "90" {
		t.Errorf("%+v", ask)
	}
}

func simWelcome(_ *testing.T, s *sim) {
	s.run(true, whole(1))
	const everything = "309237746688"
	s.post("/event", map[string]any{"t": "GUILD_CREATE", "d": map[string]any{
		"id": "900000000000000001", "joined_at": time.Now().UTC().Format(time.RFC3339), "preferred_locale": "pt-BR", "system_channel_id": simChannel,
		"roles": []any{map[string]any{"id": "900000000000000001", "permissions": everything}}, "members": []any{}, "channels": []any{},
	}}, nil)
	s.until("the introduction", func() bool {
		all := s.messages(simChannel)
		return len(all) > 0 && all[len(all)-1].says("/unroll-settings")
	})
}

func simNoAnswer(_ *testing.T, s *sim) {
	s.run(true, func(context.Context, bot.Request, bot.Responder) error { return nil })
	id := s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}})
	s.until("the promise to be gone", func() bool {
		var i simInteraction
		s.get("/interaction", url.Values{"id": {id}}, &i)
		return len(s.handler.requests()) == 1 && len(i.Messages) == 0 && i.State != "sent"
	})
}
