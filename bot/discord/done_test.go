package discord

import (
	"context"
	"strings"
	"testing"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
)

// What was promised does not stand for ever when no answer comes.
func TestPromiseIsTakenBack(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, func(context.Context, bot.Request, bot.Responder) error { return nil })
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	r.Await("the promise to be gone", func(s *bottest.DiscordState) bool {
		a := s.Answers[id]
		return a.Original != "" && s.Messages[a.Original].Deleted
	})
}

// An answer that could not be sent in its time is told to have failed.
func TestPromiseThatFailed(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		over, cancel := context.WithCancel(ctx)
		cancel()
		_ = whole(1)(over, req, res) // as after the dispatcher's time-out
		return nil
	})
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	if !strings.Contains(m.Text(), "interrupted") {
		t.Errorf("%q", m.Text())
	}
}

// A promise that another process may have made is left to that process.
func TestPromiseOfAnother(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{Lenient: true}, func(context.Context, bot.Request, bot.Responder) error { return nil })
	r.Fail(bottest.DiscordFault{Match: "POST /interactions/", Drop: true, Apply: true})
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	r.Await("two acknowledgements", func(s *bottest.DiscordState) bool { return s.Count("POST /interactions/") == 2 })
	if err := r.stop(); err != nil || len(r.handler.requests()) != 1 {
		t.Errorf("%d requests, %v", len(r.handler.requests()), err)
	}
	r.Look(func(s *bottest.DiscordState) {
		if m := s.Messages[s.Answers[id].Original]; m == nil || m.Deleted {
			t.Error("it was deleted")
		}
	})
}
