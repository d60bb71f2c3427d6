package discord

import (
	"context"
	"errors"
	"strings"
	"testing"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// threads is a core that finds a thread behind every link, of as many posts
// as the link's id says.
type threads struct{}

func (threads) Unroll(_ context.Context, ref unroll.Ref) (unroll.Thread, error) {
	n := map[string]int{"20": 30, "21": 30, "1": 1}[ref.ID]
	if n == 0 {
		return unroll.Thread{}, &unroll.Error{Kind: unroll.KindNotFound, Op: "test"}
	}
	return *thread(n), nil
}

func (t threads) Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error) {
	return t.Unroll(ctx, ref)
}

// answerer is the bot's own handler on those threads.
func answerer() func(context.Context, bot.Request, bot.Responder) error {
	return bot.NewAnswerer(bot.AnswererConfig{PublicURL: "https://unroll.example"}, bot.NewTriggers([]string{"unroll"}), threads{}, words{}).Handle
}

// quiet proves that the bot said nothing to a message: another that is sent
// after it is answered first.
func (r *rig) quiet(said string) {
	r.t.Helper()
	r.alive()
	r.handler.wg.Wait()
	r.Look(func(s *bottest.DiscordState) {
		for _, m := range s.Sent() {
			if m.ReplyTo == said {
				r.t.Errorf("answered %q", m.Text())
			}
		}
	})
}

func TestOffer(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true}, answerer())
	r.quiet(r.Say(map[string]any{"content": "look " + link})) // off unless chosen
	if got := r.set(map[string]any{optionAuto: choiceServer}); !strings.Contains(got, "from 3 posts on, the whole server") {
		t.Errorf("%q", got)
	}
	offer := r.replied(r.Say(map[string]any{"content": "look " + link}))
	r.handler.wg.Wait()
	if !strings.Contains(offer.Text(), `A thread by Ada \*L\*: 30 posts`) || strings.Contains(offer.Text(), "Post 1 of") || offer.Flags&(1<<12) == 0 {
		t.Errorf("%q, flags %d", offer.Text(), offer.Flags)
	}
	again := r.Say(map[string]any{"content": "https://x.com/ada/status/21"}) // another post of it, at once
	r.quiet(again)

	r.Interact(bottest.DiscordInteraction{Press: offer.CustomID("Unroll"), On: offer.ID, User: "8"})
	r.Await("the thread in the offer's place", func(*bottest.DiscordState) bool { return strings.Contains(offer.Text(), "Post 1 of") })
	if offer.CustomID("▶") == "" || offer.CustomID("In a thread") == "" {
		t.Error("buttons are missing")
	}
}

func TestNoOffer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		say      map[string]any
		settings map[string]any
	}{
		"hidden link":      {map[string]any{"content": "<" + link + ">"}, nil},
		"covered link":     {map[string]any{"content": "||" + link + "||"}, nil},
		"no thread":        {map[string]any{"content": "https://x.com/ada/status/1"}, nil},
		"cannot be read":   {map[string]any{"content": "https://x.com/ada/status/404"}, nil},
		"no link":          {map[string]any{"content": "hello https://example.com"}, nil},
		"by a bot":         {map[string]any{"content": link, "author": map[string]any{"id": "6", "bot": true}}, nil},
		"off again":        {map[string]any{"content": link}, map[string]any{optionAuto: choiceNowhere}},
		"too short":        {map[string]any{"content": link}, map[string]any{optionAutoFrom: 31}},
		"another channel":  {map[string]any{"content": link, "channel_id": "102"}, map[string]any{optionAuto: choiceHere}},
		"for moderators":   {map[string]any{"content": link}, map[string]any{optionAdmins: true}},
		"another's answer": {map[string]any{"content": link, "webhook_id": "7"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{MessageContent: true}, answerer())
			r.set(map[string]any{optionAuto: choiceServer})
			if tc.settings != nil {
				r.set(tc.settings)
			}
			said := r.Say(tc.say)
			if tc.settings[optionAdmins] == true { // alive's user may not ask either
				r.set(map[string]any{optionAdmins: false})
			}
			r.quiet(said)
		})
	}
}

// Offers hold in the channel chosen and in the threads below it.
func TestOfferInOneChannel(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true}, answerer())
	if got := r.set(map[string]any{optionAuto: choiceHere, optionAutoFrom: 2}); !strings.Contains(got, "from 2 posts on, <#101>") {
		t.Errorf("%q", got)
	}
	r.replied(r.Say(map[string]any{"content": link}))
	r.Look(func(s *bottest.DiscordState) {
		s.Threads = append(s.Threads, bottest.DiscordThread{ID: "150", Parent: bottest.DiscordChannel})
	})
	r.replied(r.Say(map[string]any{"content": link, "channel_id": "150"}))
}

// A thread that stands in the channel is pointed to while it is there.
func TestOfferPointsToEarlierAnswer(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true}, answerer())
	r.set(map[string]any{optionAuto: choiceServer})
	shown := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	r.handler.wg.Wait()
	pointer := r.replied(r.Say(map[string]any{"content": "https://x.com/ada/status/21"}))
	address := ""
	pointer.Walk(func(c map[string]any) {
		if u, ok := c["url"].(string); ok {
			address = u
		}
	})
	if want := "https://discord.com/channels/" + bottest.DiscordGuild + "/" + bottest.DiscordChannel + "/" + shown.ID; address != want {
		t.Errorf("points to %q, want %q", address, want)
	}
	r.press(shown, "Delete", "")
	r.Await("its end", func(*bottest.DiscordState) bool { return shown.Deleted })
	r.values.forget("discord:500:offered:")
	if offer := r.replied(r.Say(map[string]any{"content": link})); offer.CustomID("Unroll") == "" {
		t.Errorf("after its end: %q", offer.Text())
	}
}

// Where it may not write, or nothing can be kept, the bot offers nothing, and
// tells nobody.
func TestOfferThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]bottest.DiscordFault{
		"no permission": {Match: "POST /channels/101/messages", Status: 403, Code: codeMissingPermissions},
		"no store":      {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{MessageContent: true}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
				_ = answerer()(ctx, req, res) // what the store says is logged by the dispatcher
				return nil
			})
			r.set(map[string]any{optionAuto: choiceServer})
			if fault.Match == "" {
				r.values.fail(errors.New("down"))
			} else {
				r.Fail(fault)
			}
			r.quiet(r.Say(map[string]any{"content": link}))
			r.Look(func(s *bottest.DiscordState) {
				if s.Count("POST /users/@me/channels") > 0 {
					t.Error("somebody who asked for nothing is told")
				}
			})
		})
	}
}

// Limits are not told to whoever asked for nothing.
func TestOfferBeyondLimits(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		if req.Command == "" {
			return res.Send(ctx, bot.Reply{Text: "Too many.", Kind: unroll.KindRateLimited})
		}
		return whole(1)(ctx, req, res)
	})
	r.set(map[string]any{optionAuto: choiceServer})
	r.quiet(r.Say(map[string]any{"content": link}))
	if m := r.replied(r.Say(map[string]any{"content": "<@500> unroll " + link})); m.Text() != "Too many." {
		t.Errorf("asked: %q", m.Text())
	}
}

// Where the bot may answer holds for answers that all can see.
func TestAnswerIn(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true}, answerer())
	if got := r.set(map[string]any{optionWhere: choiceHere}); !strings.Contains(got, "Channels I answer in: <#101>") {
		t.Errorf("%q", got)
	}
	ask := bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}, Extra: map[string]any{"channel_id": "102"}}
	id := r.Interact(ask)
	r.Await("the refusal", func(s *bottest.DiscordState) bool {
		f := s.Answers[id].FollowUps
		return len(f) == 1 && s.Messages[f[0]].Private() && strings.Contains(s.Messages[f[0]].Text(), "only you")
	})
	ask.Options["private"] = true
	if m := r.Answered(r.Interact(ask)); !strings.Contains(m.Text(), "Post 1 of") {
		t.Errorf("privately: %q", m.Text())
	}
	r.quiet(r.Say(map[string]any{"content": "<@500> unroll " + link, "channel_id": "102"}))
	ask.Options, ask.Extra = map[string]any{"link": link}, map[string]any{"channel_id": "150", "channel": map[string]any{"type": 11, "parent_id": bottest.DiscordChannel}}
	if m := r.Answered(r.Interact(ask)); !strings.Contains(m.Text(), "Post 1 of") {
		t.Errorf("in a thread below: %q", m.Text())
	}
}
