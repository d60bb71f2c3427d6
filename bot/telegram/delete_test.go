package telegram

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

func TestDeleteCommand(t *testing.T) {
	for _, tt := range []struct {
		name string
		who  int64
		view bot.View
		left int // of the answer
		told string
	}{
		{"who asked", 77, bot.ViewPages, 0, ""},
		{"an admin", boss, bot.ViewPages, 0, ""},
		{"a stranger", 78, bot.ViewPages, 1, "not_yours_delete"},
		{"all parts", 77, bot.ViewWhole, 0, ""},
		{"a file", 77, bot.ViewFile, 0, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := chosen(t, bot.Settings{View: tt.view}, unrolls(thread(30)))
				r.tg.Say(inGroup("/unroll " + link))
				m := r.tg.WaitMessages(group, 1)[0]
				time.Sleep(time.Minute)
				post := bySomebody(tt.who, inGroup("/delete"))
				post.ReplyTo = m.ID
				r.tg.Say(post)
				time.Sleep(time.Minute)
				var told []string
				left := 0
				for _, m := range r.tg.Messages(group) {
					if strings.Contains(m.Text, "Post ") {
						left++
					} else {
						told = append(told, m.Text)
					}
				}
				if left != tt.left || strings.Join(told, " ") != tt.told {
					t.Errorf("%d parts are left, told %q", left, told)
				}
			})
		})
	}
}

func TestDeleteNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, bot.Settings{}, unrolls(thread(1)))
		said := r.tg.Say(inGroup("hello"))
		r.tg.Say(inGroup("/delete"))
		post := inGroup("/delete")
		post.ReplyTo = said // of a person
		r.tg.Say(post)
		for _, m := range r.tg.WaitMessages(group, 2) {
			if m.Text != "delete_how" {
				t.Errorf("told %q", m.Text)
			}
		}
		if n := len(r.tg.Calls("deleteMessage")); n != 0 {
			t.Errorf("%d messages deleted", n)
		}
	})
}

func TestProgressBecomesTheAnswer(t *testing.T) {
	for _, tt := range []struct {
		name  string
		takes time.Duration
		view  bot.View
		edits int
	}{
		{"quick", 2 * time.Second, bot.ViewPages, 0},
		{"slow", 5 * time.Second, bot.ViewPages, 1},
		{"slow, in parts", 5 * time.Second, bot.ViewWhole, 1},
		{"slow, as a file", 5 * time.Second, bot.ViewFile, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := chosen(t, bot.Settings{View: tt.view}, func(ctx context.Context, _ bot.Request, res bot.Responder) error {
					_ = res.Working(ctx)
					time.Sleep(tt.takes)
					th := thread(30)
					return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20", Page: 1})
				})
				r.tg.Say(inGroup("/unroll " + link))
				if tt.takes > signAfter {
					if m := r.tg.WaitMessages(group, 1)[0]; m.Text != "working" {
						t.Errorf("sign is %q", m.Text)
					}
				}
				time.Sleep(time.Minute)
				got := r.tg.Messages(group)
				want := map[bot.View]int{bot.ViewPages: 1, bot.ViewWhole: 3, bot.ViewFile: 1}[tt.view]
				if len(got) != want || got[0].Edits != tt.edits {
					t.Fatalf("got %+v", got)
				}
				for _, m := range got {
					if m.Text == "working" {
						t.Error("the sign is left")
					}
				}
			})
		})
	}
}

// A sign whose receipt is lost becomes the answer all the same.
func TestLostSign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(ctx context.Context, _ bot.Request, res bot.Responder) error {
			_ = res.Working(ctx)
			time.Sleep(5 * time.Second)
			return res.Send(ctx, bot.Reply{Text: "Done."})
		})
		r.tg.Fail(bottest.TelegramFault{Method: "sendMessage", Drop: true, Applied: true})
		r.tg.Say(inGroup("/unroll " + link))
		time.Sleep(time.Minute)
		if got := r.tg.Messages(group); len(got) != 1 || got[0].Text != "Done." {
			t.Errorf("got %+v", got)
		}
	})
}

func TestBranches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := thread(3)
		post := func(id, text string) unroll.Post {
			return unroll.Post{ID: id, Text: text, URL: "https://x.com/ada/status/" + id}
		}
		th.Branches = []unroll.Branch{
			{After: "20", Posts: []unroll.Post{post("40", "By the way, here is another thought that goes on and on"), post("41", "And more.")}},
			{After: "21", Posts: []unroll.Post{{ID: "50", Gap: &unroll.Gap{Reason: unroll.GapDeleted}}}},
		}
		r, m := answered(t, th)
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⑂ button_branches"))
		got := r.tg.Messages(group)[0]
		labels := got.Labels()
		if len(labels) != 2 || labels[1][0] != "⑂ By the way, here is another thought… · 2" {
			t.Fatalf("buttons: %q", labels)
		}
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, labels[1][0]))
		if last := r.pool.requests()[2]; last.Page == nil || last.Page.Ref.ID != "41" {
			t.Errorf("asked for %+v", last.Page)
		}
	})
}

func TestHelpTellsOfPrivacy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		r.tg.Say(inGroup("/help"))
		if m := r.tg.WaitMessages(group, 1)[0]; m.Text != "Hello.\n\nprivacy" {
			t.Errorf("told %q", m.Text)
		}
		r.tg.Say(bottest.TelegramPost{Text: "/help"})
		if m := r.tg.WaitMessages(77, 1)[0]; m.Text != "Hello." {
			t.Errorf("told %q", m.Text)
		}
	})
}
