package discord

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
)

// panicky is a Dispatch with a fault in it, for some users.
type panicky struct{ next bot.Dispatch }

func (p panicky) Dispatch(ctx context.Context, req bot.Request, res bot.Responder) error {
	if req.User == "666" {
		panic("a fault")
	}
	return p.next.Dispatch(ctx, req, res)
}

// A fault over one event ends with that event.
func TestPanicsAreContained(t *testing.T) {
	t.Parallel()
	r := prepare(t, bottest.DiscordConfig{MessageContent: true}, whole(1))
	r.adapter.dispatch = panicky{r.handler}
	r.run()
	r.Connected(1)
	r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}, User: "666"})
	r.Say(map[string]any{"content": "<@500> unroll", "author": map[string]any{"id": "666"}})
	r.alive()
}

// discordgo may hang: the shard goes on without it.
func TestHangingLibrary(t *testing.T) {
	t.Parallel()
	d := bottest.NewDiscord(t, bottest.DiscordConfig{MessageContent: true})
	target, err := url.Parse("ws" + strings.TrimPrefix(strings.TrimSuffix(d.APIURL(), "/api/v10"), "http") + "/gateway/ws/")
	if err != nil {
		t.Fatal(err)
	}
	pace := defaultGatewayPace()
	pace.open, pace.stuck, pace.first = 100*time.Millisecond, 20*time.Millisecond, time.Millisecond
	g := &gateway{
		token: "token", target: target, shard: [2]int{0, 1}, content: true, pace: pace, log: testLog(t),
		take: func(string, json.RawMessage) {}, refused: func() {},
	}
	var once sync.Once
	g.start = func(context.Context) { once.Do(g.session.Lock) } // as Open would find it
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.run(ctx) }()
	d.Connected(1)
	cancel()
	if err := <-done; err != nil {
		t.Errorf("run: %v", err)
	}
}
