package discord

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// parked is a Dispatch that keeps requests as a durable queue does, and whose
// process is killed before it answers.
type parked struct {
	mu    sync.Mutex
	req   bot.Request
	data  []byte
	until time.Time
	taken chan struct{}
}

func (p *parked) Dispatch(_ context.Context, req bot.Request, res bot.Responder) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.req = req
	p.data, p.until = res.(bot.Addressed).Address()
	close(p.taken)
	return nil
}

// park has something asked and returns it with its address.
func park(t *testing.T, ask func(*rig) string) (*rig, *parked, string) {
	t.Helper()
	r := prepare(t, bottest.DiscordConfig{MessageContent: true, Lenient: true}, whole(1))
	r.unlessRepeated()
	p := &parked{taken: make(chan struct{})}
	r.adapter.dispatch = p
	r.run()
	r.Connected(1)
	id := ask(r)
	<-p.taken
	return r, p, id
}

// unlessRepeated fails the test for any violation but what a repeated call
// must meet: a message that is deleted, a thread that is open.
func (r *rig) unlessRepeated() {
	r.t.Cleanup(func() {
		r.Look(func(s *bottest.DiscordState) {
			for _, v := range s.Violations {
				if !strings.Contains(v, "code:10008") && !strings.Contains(v, "code:160004") {
					r.t.Errorf("violation: %s", v)
				}
			}
		})
	})
}

// answer takes an answer up and gives it, as the handler would.
func (p *parked) answer(t *testing.T, a *Adapter, replies ...bot.Reply) error {
	t.Helper()
	res, err := a.Recall(t.Context(), p.req, p.data)
	if err != nil {
		return err
	}
	for _, reply := range replies {
		err = errors.Join(err, res.Send(t.Context(), reply))
	}
	return err
}

// with changes the address.
func (p *parked) with(t *testing.T, fields map[string]any) *parked {
	t.Helper()
	m := jsonOf(t, p.data)
	for k, v := range fields {
		m[k] = v
	}
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return &parked{req: p.req, data: data}
}

func replyOf(n int) bot.Reply {
	return bot.Reply{Thread: thread(n), Asked: unroll.Ref{Network: unroll.X, ID: "20"}, PageURL: "https://unroll.example/x/20", Page: 1}
}

func slashFor(extra map[string]any, options ...any) func(*rig) string {
	return func(r *rig) string {
		all := map[string]any{"link": link}
		for i := 0; i < len(options); i += 2 {
			all[options[i].(string)] = options[i+1]
		}
		return r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: all, Extra: extra})
	}
}

func mention(r *rig) string { return r.Say(map[string]any{"content": "<@500> unroll " + link}) }

// Whoever takes an answer up, and however often, it is given once.
func TestRecallAnswersOnce(t *testing.T) {
	t.Parallel()
	failed := bot.Reply{Text: "It failed.", Kind: unroll.KindUpstream}
	for name, tc := range map[string]struct {
		ask     func(*rig) string
		replies []bot.Reply
		fault   bottest.DiscordFault // ends the first attempt
		want    int                  // messages
	}{
		"a page":                      {slashFor(nil), []bot.Reply{replyOf(30)}, bottest.DiscordFault{}, 1},
		"several messages":            {slashFor(nil, "view", "all"), []bot.Reply{replyOf(60)}, bottest.DiscordFault{}, 4},
		"ended between messages":      {slashFor(nil, "view", "all"), []bot.Reply{replyOf(60)}, bottest.DiscordFault{Match: "POST /webhooks/", Drop: true}, 4},
		"several threads, one failed": {slashFor(nil), []bot.Reply{replyOf(1), failed, replyOf(2)}, bottest.DiscordFault{}, 3},
		"an error":                    {slashFor(nil), []bot.Reply{failed}, bottest.DiscordFault{}, 1},
		"an error, ended before it was deleted": {
			slashFor(nil), []bot.Reply{failed}, bottest.DiscordFault{Match: "DELETE /webhooks/", Status: 500, Times: 5}, 1,
		},
		"to a message":            {mention, []bot.Reply{replyOf(1)}, bottest.DiscordFault{}, 1},
		"to a message, not heard": {mention, []bot.Reply{replyOf(1)}, bottest.DiscordFault{Match: "POST /channels/101/messages", Drop: true, Apply: true, Times: 9}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p, _ := park(t, tc.ask)
			if tc.fault.Match != "" {
				r.Fail(tc.fault)
			}
			_ = p.answer(t, r.adapter, tc.replies...) // it may have been ended
			for range 2 {
				if err := p.answer(t, r.adapter, tc.replies...); err != nil {
					t.Fatal(err)
				}
			}
			r.Look(func(s *bottest.DiscordState) {
				if sent := s.Sent(); len(sent) != tc.want {
					for _, m := range sent {
						t.Logf("%.60s", m.Text())
					}
					t.Errorf("%d messages, want %d", len(sent), tc.want)
				}
			})
		})
	}
}

// Where the store has lost the count, Discord knows the nonce.
func TestRecallByNonce(t *testing.T) {
	t.Parallel()
	r, p, _ := park(t, mention)
	for range 2 {
		if err := p.answer(t, r.adapter, replyOf(1), replyOf(2)); err != nil {
			t.Fatal(err)
		}
		r.values.forget("discord:")
	}
	r.Look(func(s *bottest.DiscordState) {
		if n := len(s.Sent()); n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

// An interaction's token ends. What was asked for all to see is answered
// where it was asked all the same.
func TestRecallAfterTheToken(t *testing.T) {
	t.Parallel()
	over := map[string]any{"end": time.Now().Add(-time.Second)}
	for name, tc := range map[string]struct {
		ask   func(*rig) string
		gone  bool
		names bool // who asked
	}{
		"in a channel":         {slashFor(nil), false, true},
		"in a direct message":  {func(r *rig) string { return r.Interact(bottest.DiscordInteraction{Command: "unroll", Direct: true}) }, false, false},
		"privately":            {slashFor(nil, "private", true), true, false},
		"by a user's install":  {slashFor(map[string]any{"authorizing_integration_owners": map[string]any{"1": "777"}}), true, false},
		"where it may not":     {slashFor(map[string]any{"app_permissions": "1024"}), true, false},
		"in a thread, it may":  {slashFor(map[string]any{"app_permissions": "274877907968", "channel": map[string]any{"type": 11}}), false, true},
		"in a thread, may not": {slashFor(map[string]any{"app_permissions": "3072", "channel": map[string]any{"type": 11}}), true, false},
		"a page that was turned": {func(r *rig) string {
			return r.Interact(bottest.DiscordInteraction{Press: "p|2|/x/20", On: "1"})
		}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p, _ := park(t, tc.ask)
			err := p.with(t, over).answer(t, r.adapter, replyOf(1))
			if errors.Is(err, bot.ErrGone) != tc.gone || (err != nil && !tc.gone) {
				t.Fatalf("gone should be %v: %v", tc.gone, err)
			}
			r.Look(func(s *bottest.DiscordState) {
				var texts []string
				for _, m := range s.Sent() {
					if m.Body != nil { // not the promise
						texts = append(texts, m.Text())
					}
				}
				if all := strings.Join(texts, "\n"); tc.gone != (len(texts) == 0) || tc.names != strings.HasPrefix(all, "<@777>\n") {
					t.Errorf("said %q", all)
				}
			})
		})
	}
}

func TestRecallRefuses(t *testing.T) {
	t.Parallel()
	r, p, _ := park(t, slashFor(nil))
	if err := p.with(t, map[string]any{"app": "501"}).answer(t, r.adapter); !errors.Is(err, bot.ErrElsewhere) {
		t.Errorf("another application: %v", err)
	}
	if err := (&parked{data: []byte("{")}).answer(t, r.adapter); !errors.Is(err, bot.ErrGone) {
		t.Errorf("a damaged address: %v", err)
	}
	r.values.fail(errors.New("down"))
	if err := p.answer(t, r.adapter); err == nil || errors.Is(err, bot.ErrGone) || errors.Is(err, bot.ErrElsewhere) {
		t.Errorf("without the store: %v", err)
	}
	r.values.fail(nil)
	if err := p.answer(t, testAdapter(t)); err == nil || errors.Is(err, bot.ErrGone) || errors.Is(err, bot.ErrElsewhere) {
		t.Errorf("before Run: %v", err)
	}
	r.Fail(bottest.DiscordFault{Match: "PATCH /webhooks/", Status: 401, Code: 50027})
	if err := p.answer(t, r.adapter, replyOf(1)); !errors.Is(err, bot.ErrGone) {
		t.Errorf("a token that has ended early: %v", err)
	}
}

// A thread that another process had begun to fill is filled to its end.
func TestRecallIntoAThread(t *testing.T) {
	t.Parallel()
	r, m := asked(t, bottest.DiscordConfig{Lenient: true}, 1)
	r.unlessRepeated()
	p := &parked{taken: make(chan struct{})}
	r.adapter.dispatch = p
	r.press(m, "In a thread", "")
	<-p.taken
	r.Fail(bottest.DiscordFault{Match: "PATCH /webhooks/", Drop: true, Times: 5}) // before it could be told
	_ = p.answer(t, r.adapter, replyOf(60))
	r.values.forget("discord:500:sent:")
	if err := p.answer(t, r.adapter, replyOf(60)); err != nil {
		t.Fatal(err)
	}
	r.Look(func(s *bottest.DiscordState) {
		n, told := 0, false
		for _, x := range s.Sent() {
			if x.Channel == m.ID {
				n++
			}
			told = told || strings.HasPrefix(x.Text(), "The whole thread is in")
		}
		if n != 4 || !told {
			t.Errorf("%d messages in the thread, told %v", n, told)
		}
	})
}
