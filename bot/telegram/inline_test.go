package telegram

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
)

func TestInline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(rich(30)))
		id := r.tg.Query(asker, link)
		got := r.tg.WaitQuery(id)
		if len(got.Results) != 2 || got.Cache != 60 {
			t.Fatalf("got %+v", got)
		}
		if req := r.pool.requests()[0]; !req.Private || req.Message.Text != link || req.User != "77" || req.ID == "" {
			t.Errorf("asked for %+v", req)
		}
		whole, short := got.Results[0], got.Results[1]
		if !strings.Contains(whole.Content.Text, "Post 1.") || whole.Description == "" {
			t.Errorf("first result: %+v", whole)
		}
		if short.Content.Entities[0].URL != "https://unroll.example/x/20" || short.Content.Preview.URL != "https://unroll.example/x/20" {
			t.Errorf("second result: %+v", short)
		}

		message := r.tg.Choose(id, whole.ID)
		r.tg.WaitPress(r.tg.PressInline(bottest.TelegramUser{ID: 78}, message, "button_next"))
		m, _ := r.tg.Inline(message)
		if diff := cmp.Diff([][]string{{"button_previous", "2/3", "button_next"}, {"button_open"}}, m.Labels()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestInlineHint(t *testing.T) {
	for _, text := range []string{"", "unr", "https://example.com"} {
		synctest.Test(t, func(t *testing.T) {
			r := start(t, unrolls(thread(1)))
			got := r.tg.WaitQuery(r.tg.Query(asker, text))
			if len(got.Results) != 0 || got.Button != "inline_hint" {
				t.Errorf("got %+v", got)
			}
			if n := len(r.pool.requests()); n != 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestInlineError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("It is gone."))
		got := r.tg.WaitQuery(r.tg.Query(asker, link))
		if len(got.Results) != 1 || got.Results[0].Title != "It is gone." || got.Results[0].Content.Text != link || got.Cache > 10 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestGuest(t *testing.T) {
	for _, tt := range []struct {
		name  string
		takes time.Duration
		fault *bottest.TelegramFault
		edits int
	}{
		{name: "at once"},
		{name: "slowly", takes: 10 * time.Second, edits: 1},
		{name: "receipt lost", fault: &bottest.TelegramFault{Method: "answerGuestQuery", Drop: true, Applied: true}},
		{name: "gateway", fault: &bottest.TelegramFault{Method: "answerGuestQuery", Status: 502, HTML: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				done := make(chan error, 1)
				r := start(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
					if err := res.Working(ctx); err != nil {
						return err
					}
					time.Sleep(tt.takes)
					th := rich(3)
					done <- res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20"})
					return nil
				})
				if tt.fault != nil {
					r.tg.Fail(*tt.fault)
				}
				id := r.tg.Ask(asker, "@unroll_test_bot unroll", "look: "+link)
				if err := <-done; err != nil {
					t.Error(err)
				}
				m, ok := r.tg.Inline(id)
				if !ok || !strings.Contains(m.Text, "Post 1.") || m.Edits != tt.edits {
					t.Errorf("got %+v", m)
				}
				req := r.pool.requests()[0]
				if !req.Mentioned || req.Private || req.Message.Text != "unroll" || req.Replied.Text != "look: "+link {
					t.Errorf("asked for %+v", req)
				}
			})
		})
	}
}

func TestEditedQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
			if strings.Contains(req.Message.Text, "typo") {
				return res.Send(ctx, bot.Reply{Text: "That is no link."})
			}
			return unrolls(thread(1))(ctx, req, res)
		})
		question := r.tg.Say(inGroup("/unroll https://typo"))
		first := r.tg.WaitMessages(group, 1)[0]
		time.Sleep(time.Second) // the answer's place is kept
		r.tg.Edit(group, question, "/unroll "+link)
		r.tg.WaitCalls("editMessageText", 2) // the server knows no rich messages
		got := r.tg.Messages(group)
		if len(got) != 1 || got[0].ID != first.ID || !strings.Contains(got[0].Text, "Post 1.") {
			t.Errorf("got %+v", got)
		}

		r.tg.Edit(group, question, "/unroll "+link) // a change of nothing
		r.tg.WaitCalls("editMessageText", 3)
		time.Sleep(time.Minute)
		if got := r.tg.Messages(group); len(got) != 1 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestEditedIntoAQuestion(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after time.Duration
		want  int
	}{{"soon", time.Minute, 1}, {"much later", time.Hour, 0}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, unrolls(thread(1)))
				talk := r.tg.Say(inGroup("nothing to see"))
				time.Sleep(tt.after)
				r.tg.Edit(group, talk, "/unroll "+link)
				time.Sleep(time.Minute)
				if n := len(r.tg.Messages(group)); n != tt.want {
					t.Errorf("%d answers, want %d", n, tt.want)
				}
			})
		})
	}
}

// Whose answer was deleted meanwhile gets a new one.
func TestEditedAfterDeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		question := r.tg.Say(inGroup("/unroll " + link))
		m := r.tg.WaitMessages(group, 1)[0]
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_delete"))
		r.tg.Edit(group, question, "/unroll "+link+"?s=20")
		got := r.tg.WaitMessages(group, 1)
		if got[0].ID == m.ID || got[0].ReplyTo == nil || got[0].ReplyTo.ID != question {
			t.Errorf("got %+v", got)
		}
	})
}
