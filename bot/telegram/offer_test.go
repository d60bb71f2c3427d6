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
	"unrollbot/unroll"
)

// known is an Unroller that has one thread.
type known struct{ thread *unroll.Thread }

func (k known) Unroll(context.Context, unroll.Ref) (unroll.Thread, error)  { return *k.thread, nil }
func (k known) Refresh(context.Context, unroll.Ref) (unroll.Thread, error) { return *k.thread, nil }

// answererOf is the real handler, with one thread to tell of.
func answererOf(th *unroll.Thread) bot.HandlerFunc {
	return bot.NewAnswerer(bot.AnswererConfig{PublicURL: "https://unroll.example"}, bot.NewTriggers([]string{"unroll"}), known{th}, phrases{}).Handle
}

var auto = bot.Settings{Auto: true}

func TestOffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, auto, answererOf(thread(30)))
		linked := r.tg.Say(inGroup("look at " + link))
		m := r.tg.WaitMessages(group, 1)[0]
		if diff := cmp.Diff([][]string{{"button_unroll"}}, m.Labels()); diff != "" || m.Text != "offer" || m.ReplyTo.ID != linked {
			t.Errorf("%+v %s", m, diff)
		}
		if c := r.tg.WaitCalls("sendMessage", 1)[0]; c.Get("disable_notification") != "true" {
			t.Error("an offer disturbs")
		}
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_unroll"))
		got := r.tg.Messages(group)
		if len(got) != 1 || got[0].ID != m.ID || !strings.Contains(got[0].Text, "Post 1.") || got[0].Edits != 1 {
			t.Fatalf("got %+v", got)
		}
		// The same thread again, through another of its posts.
		r.tg.Say(inGroup("this is good: https://x.com/ada/status/25"))
		again := r.tg.WaitMessages(group, 2)[1]
		if b, ok := again.Button("button_there"); !ok || b.URL != "https://t.me/c/1/"+itoa(m.ID) {
			t.Errorf("got %+v", again)
		}
	})
}

func TestOfferInOtherForms(t *testing.T) {
	for _, view := range []bot.View{bot.ViewWhole, bot.ViewFile, bot.ViewLink} {
		t.Run(string(view), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := chosen(t, bot.Settings{Auto: true, View: view}, answererOf(thread(30)))
				r.tg.Say(inGroup(link))
				m := r.tg.WaitMessages(group, 1)[0]
				// Two people press it at once.
				first := r.tg.Press(asker, group, m.ID, "button_unroll")
				second := r.tg.Press(bottest.TelegramUser{ID: 78}, group, m.ID, "button_unroll")
				for _, press := range []string{first, second} {
					if p := r.tg.WaitPress(press); p.Text != "" {
						t.Errorf("told %q", p.Text)
					}
				}
				time.Sleep(time.Minute)
				got := r.tg.Messages(group)
				want := map[bot.View]int{bot.ViewWhole: 3, bot.ViewFile: 1, bot.ViewLink: 1}[view]
				if len(got) != want || (got[0].ID == m.ID) == (view == bot.ViewFile) {
					t.Errorf("got %+v", got)
				}
			})
		})
	}
}

// Talk costs nothing where nobody wants offers, and links to elsewhere never.
func TestTalkIsNotDispatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		r.tg.Say(inGroup(link))
		r.tg.Say(inGroup("https://example.com"))
		time.Sleep(time.Second)
		if got := r.pool.requests(); len(got) != 0 {
			t.Errorf("dispatched %+v", got)
		}
	})
}

func TestNoOffer(t *testing.T) {
	for name, tt := range map[string]struct {
		settings bot.Settings
		text     string
		posts    int
	}{
		"not wanted":   {bot.Settings{}, link, 30},
		"a short one":  {auto, link, 2},
		"in brackets":  {auto, "<" + link + ">", 30},
		"after a sign": {auto, "$" + link, 30},
		"no link":      {auto, "hello", 30},
		"of others":    {auto, "https://example.com/a", 30},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := chosen(t, tt.settings, answererOf(thread(tt.posts)))
				r.tg.Say(inGroup(tt.text))
				time.Sleep(time.Minute)
				if got := r.tg.Messages(group); len(got) != 0 {
					t.Errorf("said %+v", got)
				}
			})
		})
	}
}

// Whatever goes wrong with what nobody asked for, nobody is told.
func TestOfferFailsInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, auto, says("Too many requests."))
		r.tg.Say(inGroup(link))
		time.Sleep(time.Minute)
		if got := r.tg.Messages(group); len(got) != 0 {
			t.Errorf("said %+v", got)
		}
	})
}

// A thread that somebody asked for is not offered after that.
// Nobody asked, so that nobody is told of limits: be it that somebody answers
// somebody with a link.
func TestOverTheLimitInSilence(t *testing.T) {
	for name, tt := range map[string]struct {
		post bottest.TelegramPost
		told bool
	}{
		"a link":              {post: inGroup("see " + link)},
		"a link in a reply":   {post: bottest.TelegramPost{Chat: bottest.TelegramChat{ID: group}, Text: "see " + link, ReplyTo: 1}},
		"somebody asks":       {post: inGroup("/unroll " + link), told: true},
		"somebody names it":   {post: inGroup("@unroll_test_bot unroll " + link), told: true},
		"the word in a reply": {post: bottest.TelegramPost{Chat: bottest.TelegramChat{ID: group}, Text: "unroll", ReplyTo: 1}, told: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limited := func(ctx context.Context, _ bot.Request, res bot.Responder) error {
					return res.Send(ctx, bot.ErrorReply(phrases{}, "", unroll.Ref{}, &unroll.Error{Kind: unroll.KindRateLimited}))
				}
				r := chosen(t, bot.Settings{Auto: true}, limited)
				r.tg.Say(inGroup("look"))
				r.tg.Say(tt.post)
				synctest.Wait()
				r.pool.Wait()
				if n := len(r.tg.Messages(group)); (n == 1) != tt.told {
					t.Errorf("%d messages", n)
				}
			})
		})
	}
}

func TestNoOfferOfWhatWasShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, auto, answererOf(thread(30)))
		r.tg.Say(inGroup("/unroll " + link))
		m := r.tg.WaitMessages(group, 1)[0]
		time.Sleep(time.Second) // the answer's place is kept
		r.tg.Say(inGroup(link))
		if b, ok := r.tg.WaitMessages(group, 2)[1].Button("button_there"); !ok || b.URL != "https://t.me/c/1/"+itoa(m.ID) {
			t.Errorf("got %+v", b)
		}
	})
}

// Once the answer is deleted the thread can be offered anew.
func TestOfferAfterDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, auto, answererOf(thread(30)))
		r.tg.Say(inGroup(link))
		m := r.tg.WaitMessages(group, 1)[0]
		time.Sleep(time.Second) // who asked is kept
		post := inGroup("/delete")
		post.ReplyTo = m.ID
		r.tg.Say(post)
		r.tg.WaitCalls("deleteMessage", 1)
		time.Sleep(time.Second) // what was known of it is forgotten
		r.tg.Say(inGroup(link))
		if m := r.tg.WaitMessages(group, 1)[0]; m.Text != "offer" {
			t.Errorf("said %q", m.Text)
		}
	})
}

func TestOfferInAChannel(t *testing.T) {
	const channel = -100300
	synctest.Test(t, func(t *testing.T) {
		r := start(t, answererOf(thread(30)))
		in := bottest.TelegramChat{ID: channel, Type: "channel"}
		r.tg.Say(bottest.TelegramPost{Chat: in, Text: "/settings"})
		m := r.tg.WaitMessages(channel, 1)[0]
		r.tg.Promote(channel, boss)
		r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{ID: boss}, channel, m.ID, "s|auto|3"))
		posted := r.tg.Say(bottest.TelegramPost{Chat: in, Text: link})
		offer := r.tg.WaitMessages(channel, 2)[1]
		if offer.Text != "offer" || offer.ReplyTo.ID != posted {
			t.Errorf("got %+v", offer)
		}
		r.tg.WaitPress(r.tg.Press(asker, channel, offer.ID, "button_unroll"))
		if got := r.tg.Messages(channel)[1]; !strings.Contains(got.Text, "Post 1.") {
			t.Errorf("got %q", got.Text)
		}
		r.tg.Say(bottest.TelegramPost{Chat: in, Text: "/unroll " + another})
		r.tg.WaitMessages(channel, 3)
		r.tg.Say(bottest.TelegramPost{Chat: in, Text: "/delete", ReplyTo: posted}) // not the bot's
		if got := r.tg.WaitMessages(channel, 4)[3]; got.Text != "delete_how" {
			t.Errorf("told %q", got.Text)
		}
		r.tg.Say(bottest.TelegramPost{Chat: in, Text: "/delete", ReplyTo: offer.ID})
		r.tg.WaitCalls("deleteMessage", 1)
	})
}

// A channel's post in the group that discusses it gets its offer in the comments.
func TestOfferInTheComments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, bot.Settings{Auto: true, AdminsOnly: true}, answererOf(thread(30)))
		post := inGroup("/unroll " + link)
		post.From = bottest.TelegramUser{ID: 777000}
		post.Extra = map[string]any{"is_automatic_forward": true, "sender_chat": map[string]any{"id": -100300, "type": "channel"}}
		asked := r.tg.Say(post)
		if m := r.tg.WaitMessages(group, 1)[0]; m.ReplyTo.ID != asked || !strings.Contains(m.Text, "Post 1.") {
			t.Errorf("got %+v", m)
		}
	})
}
