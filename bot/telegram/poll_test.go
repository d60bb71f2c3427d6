package telegram

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
)

func TestRefusedTokenEndsRun(t *testing.T) {
	for _, method := range []string{"getMe", "getUpdates"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, says("Hello."))
				r.tg.Fail(bottest.TelegramFault{Method: method, Status: 401, Description: "Unauthorized"})
				err := r.a.Run(t.Context())
				if err == nil || !strings.HasPrefix(err.Error(), "telegram refuses the token: ask @BotFather for a new one") {
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

// telebot's poller asks 2,800 times a second while Telegram is away.
func TestPollBacksOff(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fault    bottest.TelegramFault
		min, max int // polls in five minutes
	}{
		{"dropped", bottest.TelegramFault{Drop: true}, 8, 40},
		{"page from a gateway", bottest.TelegramFault{Status: 502, HTML: true}, 8, 40},
		{"another instance", bottest.TelegramFault{Status: 409, Description: "Conflict: terminated by other getUpdates request"}, 8, 40},
		{"flood", bottest.TelegramFault{Status: 429, RetryAfter: 60, Description: "Too Many Requests: retry after 60"}, 5, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, says("Hello."))
				tt.fault.Method, tt.fault.Times = "getUpdates", 1000
				r.tg.Fail(tt.fault)
				r.start()
				time.Sleep(5 * time.Minute)
				r.stop()
				if n := len(r.tg.Calls("getUpdates")); n < tt.min || n > tt.max {
					t.Errorf("%d polls in five minutes", n)
				}
				if !strings.Contains(r.logged.String(), "level=WARN") {
					t.Error("nobody was told")
				}
			})
		})
	}
}

func TestPollRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, says("Hello."))
		for _, method := range []string{"getMe", "deleteWebhook", "getUpdates", "setMyCommands"} {
			r.tg.Fail(bottest.TelegramFault{Method: method, Drop: true, Times: 3})
		}
		r.start()
		r.tg.Say(bottest.TelegramPost{Text: "/help"})
		r.tg.WaitMessages(77, 1)
		r.stop()
		if n := len(r.tg.Calls("setMyCommands")); n != 7 {
			t.Errorf("commands were set %d times, want 4 and 3 failures", n)
		}
	})
}

// An update is Telegram's until the Dispatcher has its request.
func TestUpdatesAreConfirmedWhenTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, says("Hello."))
		r.pool.refuse, r.pool.times = bot.ErrBusy, 20 // two seconds of it
		r.start()
		r.tg.Say(bottest.TelegramPost{Text: "/help"})
		r.tg.Say(bottest.TelegramPost{Text: "/help me"})
		time.Sleep(time.Second)
		if n := r.tg.Pending(); n != 2 {
			t.Errorf("%d updates are left with Telegram while busy, want 2", n)
		}
		r.tg.WaitMessages(77, 2)
		time.Sleep(time.Second)
		if n := r.tg.Pending(); n != 0 {
			t.Errorf("%d updates are left", n)
		}
	})
}

func TestUpdatesStayWhenTheProgramEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, says("Hello."))
		r.tg.Say(bottest.TelegramPost{Text: "/help"})
		r.pool.refuse, r.pool.times = bot.ErrClosed, 1000
		if err := r.a.Run(t.Context()); err != nil {
			t.Errorf("Run: %v", err)
		}
		if n := r.tg.Pending(); n != 1 {
			t.Errorf("%d updates are left for the next start, want 1", n)
		}
	})
}

// What was taken between the last poll and the end does not come again.
func TestLastUpdatesAreConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, says("Hello."))
		r.tg.Say(bottest.TelegramPost{Text: "/help"})
		r.tg.Say(bottest.TelegramPost{Text: "/help me"})
		ctx, cancel := context.WithCancel(t.Context())
		first := true
		r.a.dispatch = dispatchFunc(func(context.Context, bot.Request, bot.Responder) error {
			if first {
				first = false
				cancel()
				return nil
			}
			return bot.ErrClosed
		})
		if err := r.a.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
		if n := r.tg.Pending(); n != 1 {
			t.Errorf("%d updates are left, want the one that was not taken", n)
		}
	})
}

type dispatchFunc func(context.Context, bot.Request, bot.Responder) error

func (f dispatchFunc) Dispatch(ctx context.Context, req bot.Request, res bot.Responder) error {
	return f(ctx, req, res)
}

func TestUpdatesAreTakenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		m := map[string]any{
			"message_id": 1, "from": map[string]any{"id": 77, "first_name": "P"},
			"chat": map[string]any{"id": 77, "type": "private"}, "text": "/help",
		}
		r.tg.Say(bottest.TelegramPost{Text: "nothing"})
		r.tg.Update("message", m)
		r.tg.WaitMessages(77, 2)
		r.tg.Again("message", m)
		time.Sleep(time.Minute)
		if n := len(r.tg.Messages(77)); n != 2 {
			t.Errorf("%d answers to two updates", n)
		}
	})
}

func TestStrangeUpdatesCostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		r.tg.Update("something_of_next_year", map[string]any{"a": 1})
		r.tg.Update("message", "a string where an object should be")
		r.tg.Update("message", map[string]any{"message_id": "x"})
		r.tg.Update("message", map[string]any{})
		r.tg.Update("callback_query", map[string]any{"id": "1"})
		r.tg.Update("callback_query", map[string]any{"id": "2", "from": map[string]any{"id": 77}, "data": "p|1|x/20", "message": map[string]any{}})
		r.tg.Say(bottest.TelegramPost{Text: "/help"})
		r.tg.WaitMessages(77, 1)
	})
}

func TestPanicCostsOneUpdate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{}, says("Hello."))
		r.a.dispatch = dispatchFunc(func(ctx context.Context, req bot.Request, res bot.Responder) error {
			if strings.Contains(req.Message.Text, "boom") {
				panic("boom")
			}
			return r.pool.Dispatch(ctx, req, res)
		})
		r.start()
		r.tg.Say(bottest.TelegramPost{Text: "/help boom"})
		r.tg.Say(bottest.TelegramPost{Text: "/help"})
		r.tg.WaitMessages(77, 1)
		r.stop()
		if !strings.Contains(r.logged.String(), "update was lost to a panic") {
			t.Error("nobody was told of the panic")
		}
	})
}

func TestPollAsksForWhatIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		time.Sleep(2 * time.Minute)
		calls := r.tg.Calls("getUpdates")
		r.stop()
		var p getUpdates
		if err := json.Unmarshal(calls[0].Params, &p); err != nil {
			t.Fatal(err)
		}
		if len(calls) != 2 || p.Timeout != 50 {
			t.Errorf("%d polls of %d seconds in two minutes", len(calls), p.Timeout)
		}
		if !strings.Contains(strings.Join(p.Kinds, " "), "callback_query") {
			t.Errorf("asked for %q", p.Kinds)
		}
	})
}
