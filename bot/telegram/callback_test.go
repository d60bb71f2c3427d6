package telegram

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

func TestPressData(t *testing.T) {
	refs := map[string]unroll.Ref{
		"p|1|x/1234567890123456789":                              {Network: unroll.X, ID: "1234567890123456789"},
		"p|12|mastodon/example.social/109999999999999999":        {Network: unroll.Mastodon, Host: "example.social", ID: "109999999999999999"},
		"f|2|bluesky/did:plc:abcdefghijklmnopqrstuvwx/3kabcdefg": {Network: unroll.Bluesky, Author: "did:plc:abcdefghijklmnopqrstuvwx", ID: "3kabcdefg"},
	}
	for data, ref := range refs {
		p, err := parsePress(data)
		if err != nil {
			t.Errorf("%s: %v", data, err)
			continue
		}
		if p.Ref != ref || p.String() != data {
			t.Errorf("%s gives %+v, then %s", data, p, p)
		}
	}
	key := keyOf("/x/20")
	if p, err := parsePress("p|3|#" + key); err != nil || p.Key != key || p.Number != 3 {
		t.Errorf("key gives %+v, %v", p, err)
	}
	for _, data := range []string{
		"", "p", "p|1", "p|1|", "p|0|x/20", "p|-1|x/20", "p|01|x/20", "p|1e3|x/20", "p|100000|x/20", "z|1|x/20", "pp|1|x/20",
		"p|1|#", "p|1|#zz", "p|1|#" + strings.ToUpper(key), "p|1|#" + key + "00", "p|1|y/20", "p|1|/x/20", "\fp|1|x/20",
		"p|1|mastodon/" + strings.Repeat("a", 60) + ".example/1",
	} {
		if p, err := parsePress(data); err == nil {
			t.Errorf("%q gives %+v", data, p)
		}
	}
}

func FuzzParsePress(f *testing.F) {
	f.Add("p|1|x/20")
	f.Add("f|99999|bluesky/did:plc:abc/3k")
	f.Add("p|1|#0123456789abcdef01234567")
	f.Fuzz(func(t *testing.T, data string) {
		p, err := parsePress(data)
		if err == nil && p.String() != data {
			t.Errorf("%q is read as %q", data, p)
		}
	})
}

// Bluesky's are the longest refs of everyday use.
func TestEverydayRefsNeedNoStore(t *testing.T) {
	a := &Adapter{values: &memory{err: errors.New("the store is gone")}}
	p, err := a.short(t.Context(), press{Verb: verbPage, Ref: unroll.Ref{
		Network: unroll.Bluesky, Author: "did:plc:abcdefghijklmnopqrstuvwx", ID: "3kabcdefghijk",
	}})
	if err != nil || p.Key != "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestPressesAreAnswered(t *testing.T) {
	thread30 := thread(30)
	tests := []struct {
		name    string
		data    string
		handler bot.HandlerFunc
		fault   *bottest.TelegramFault
		store   error
		refuse  error
		toast   string
		after   time.Duration // how long it takes at most
	}{
		{name: "page", data: "p|2|x/20", handler: unrolls(thread30)},
		{name: "page beyond the end", data: "p|99|x/20", handler: unrolls(thread30)},
		{name: "nonsense", data: "no button of ours", toast: "button_expired"},
		{name: "forgotten ref", data: "p|2|#" + keyOf("/x/20"), toast: "button_expired"},
		{name: "store gone", data: "p|2|#" + keyOf("/x/20"), store: errors.New("gone"), toast: "error_internal"},
		{name: "busy", data: "p|2|x/20", refuse: bot.ErrBusy, toast: "busy"},
		{name: "error", data: "p|2|x/20", handler: says("It is gone, sorry."), toast: "It is gone, sorry."},
		{name: "long error", data: "p|2|x/20", handler: says(strings.Repeat("🧵 ", 150)), toast: strings.Repeat("🧵 ", 66) + "🧵"},
		{name: "ignored", data: "p|2|x/20", handler: func(context.Context, bot.Request, bot.Responder) error { return nil }, after: 9 * time.Second},
		{name: "gateway", data: "p|2|x/20", handler: unrolls(thread30), fault: &bottest.TelegramFault{Method: "editMessageText", Status: 502, HTML: true, Times: 2}, after: 5 * time.Second},
		{name: "edit lost", data: "p|2|x/20", handler: unrolls(thread30), fault: &bottest.TelegramFault{Method: "editMessageText", Drop: true, Applied: true}, after: 5 * time.Second},
		{name: "edit refused", data: "p|2|x/20", handler: unrolls(thread30), fault: &bottest.TelegramFault{Method: "editMessageText", Status: 400, Description: "Bad Request: message to edit not found"}, toast: "error_internal"},
		{name: "edit flooded", data: "p|2|x/20", handler: unrolls(thread30), fault: &bottest.TelegramFault{Method: "editMessageText", Status: 429, Description: "Too Many Requests", RetryAfter: 40}, toast: "error_rate_limited"},
		{name: "answer lost", data: "p|2|x/20", handler: unrolls(thread30), fault: &bottest.TelegramFault{Method: "answerCallbackQuery", Drop: true}, after: 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, unrolls(thread30))
				r.tg.Say(inGroup("/unroll " + link))
				m := r.tg.WaitMessages(group, 1)[0]
				r.pool.mu.Lock()
				r.pool.handler = tt.handler
				if tt.refuse != nil {
					r.pool.refuse, r.pool.times = tt.refuse, 1
				}
				r.pool.mu.Unlock()
				r.values.mu.Lock()
				r.values.err = tt.store
				r.values.mu.Unlock()
				if tt.fault != nil {
					r.tg.Fail(*tt.fault)
				}

				begin := time.Now()
				p := r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{ID: 78}, group, m.ID, tt.data))
				if d := time.Since(begin); d > tt.after {
					t.Errorf("answered after %v", d)
				}
				if diff := cmp.Diff(tt.toast, p.Text); diff != "" {
					t.Error(diff)
				}
				time.Sleep(time.Minute)
				got := r.tg.Messages(group)
				if len(got) != 1 {
					t.Fatalf("%d messages", len(got))
				}
				if changed := got[0].Text != m.Text; changed != (tt.toast == "" && tt.handler != nil && tt.name != "ignored") {
					t.Errorf("message changed: %v", changed)
				}
				if n := len(r.tg.Calls("answerCallbackQuery")); n > 2 {
					t.Errorf("%d answers", n)
				}
			})
		})
	}
}

// Run does not return while a press waits for its answer.
func TestRunFinishesItsJobs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		r.tg.Fail(bottest.TelegramFault{Method: "answerCallbackQuery", Drop: true, Times: 2})
		press := r.tg.PressData(bottest.TelegramUser{}, 77, 1, "no button of ours")
		r.tg.WaitCalls("answerCallbackQuery", 1)
		r.stop()
		if p := r.tg.Pressed(press); !p.Answered {
			t.Error("Run left a press without an answer")
		}
	})
}

// An error that comes when the spinner has ended is told in a message.
func TestLateErrorIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(30)))
		r.tg.Say(inGroup("/unroll " + link))
		m := r.tg.WaitMessages(group, 1)[0]
		r.pool.mu.Lock()
		r.pool.handler = func(ctx context.Context, _ bot.Request, res bot.Responder) error {
			time.Sleep(20 * time.Second)
			return res.Send(ctx, bot.Reply{Text: "It took too long."})
		}
		r.pool.mu.Unlock()
		press := r.tg.Press(bottest.TelegramUser{}, group, m.ID, "button_next")
		got := r.tg.WaitMessages(group, 2)
		if got[1].Text != "It took too long." || got[1].ReplyTo == nil || got[1].ReplyTo.ID != m.ID {
			t.Errorf("got %+v", got[1])
		}
		if p := r.tg.Pressed(press); !p.Answered || p.Text != "" {
			t.Errorf("press: %+v", p)
		}
	})
}

func TestPressRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(30)))
		id := r.tg.Say(bottest.TelegramPost{Text: link})
		r.tg.WaitMessages(77, 1)
		r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{ID: 78, Language: "pt-br"}, 77, id+1, "f|2|x/20"))
		want := bot.Request{
			ID: "1002", Platform: "telegram", Chat: "77", User: "78", Locale: "pt-br", Private: true,
			Page: &bot.PageRequest{Ref: unroll.Ref{Network: unroll.X, ID: "20"}, Number: 2, Fresh: true},
		}
		if diff := cmp.Diff(want, r.pool.requests()[1]); diff != "" {
			t.Error(diff)
		}
	})
}
