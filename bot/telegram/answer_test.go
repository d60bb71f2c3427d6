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

const group = -1001

func inGroup(text string) bottest.TelegramPost {
	return bottest.TelegramPost{Chat: bottest.TelegramChat{ID: group}, Text: text}
}

func TestShortThreadIsOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(2)))
		asked := r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
		m := r.tg.WaitMessages(group, 1)[0]
		r.stop()

		if !strings.HasPrefix(m.Text, "\u2068Ada") && !strings.HasPrefix(m.Text, "Ada") {
			t.Errorf("text begins with %.20q", m.Text)
		}
		if !strings.Contains(m.Text, "Post 1.") || !strings.Contains(m.Text, "Post 2.") {
			t.Errorf("posts are missing in %q", m.Text)
		}
		if m.ReplyTo == nil || m.ReplyTo.ID != asked {
			t.Errorf("answer replies to %+v, not to %d", m.ReplyTo, asked)
		}
		if diff := cmp.Diff([][]string{{"button_open", "⋯"}}, m.Labels()); diff != "" {
			t.Error(diff)
		}
		if b, _ := m.Button("button_open"); b.URL != "https://unroll.example/x/20" {
			t.Errorf("page button opens %q", b.URL)
		}
		if n := len(r.tg.Messages(group)); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(30)))
		r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
		m := r.tg.WaitMessages(group, 1)[0]
		if diff := cmp.Diff([][]string{{"1/3", "button_next"}, {"button_open", "⋯"}}, m.Labels()); diff != "" {
			t.Fatal(diff)
		}
		for _, step := range []struct {
			label  string
			labels []string
		}{
			{"button_next", []string{"button_previous", "2/3", "button_next"}},
			{"button_next", []string{"button_previous", "3/3"}},
			{"3/3", []string{"button_previous", "3/3"}}, // the same again
			{"button_previous", []string{"button_previous", "2/3", "button_next"}},
		} {
			press := r.tg.Press(bottest.TelegramUser{ID: 78}, group, m.ID, step.label)
			if p := r.tg.WaitPress(press); p.Text != "" {
				t.Errorf("%s answered with %q", step.label, p.Text)
			}
			if diff := cmp.Diff(step.labels, r.tg.Messages(group)[0].Labels()[0]); diff != "" {
				t.Errorf("after %s: %s", step.label, diff)
			}
		}
		if n := len(r.tg.Messages(group)); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

// Every post of the thread must be on exactly one page.
func TestPagesHoldTheWholeThread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(40)))
		r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
		m := r.tg.WaitMessages(group, 1)[0]
		all := m.Text
		for {
			b, ok := m.Button("button_next")
			if !ok {
				break
			}
			r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{}, group, m.ID, b.Data))
			m = r.tg.Messages(group)[0]
			all += "\n" + m.Text
		}
		for _, p := range thread(40).Posts {
			if strings.Count(all, strings.TrimSpace(p.Text)) != 1 {
				t.Errorf("post %q is not there once", p.ID)
			}
		}
	})
}

// Telegram drops all but the first hundred entities, its own among them.
func TestPagesOfManyEntities(t *testing.T) {
	for name, text := range map[string]string{"tags": strings.Repeat("#tag ", 300), "addresses": strings.Repeat("https://a.example/b ", 150), "marks": strings.Repeat("word ", 300)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th := thread(1)
				p := &th.Posts[0]
				p.Text = text
				for i := 0; name == "marks" && i < len(text); i += 5 {
					p.Facets = append(p.Facets, unroll.Facet{Start: i, End: i + 4, Kind: unroll.FacetBold})
				}
				r := start(t, unrolls(th))
				r.tg.Say(inGroup("/unroll " + link))
				m := r.tg.WaitMessages(group, 1)[0] // the stand-in counts
				for range 3 {
					r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_next"))
					m = r.tg.Messages(group)[0]
				}
			})
		})
	}
}

func TestErrorsAreOneSentence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fine := false
		r := start(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
			if fine {
				return unrolls(thread(1))(ctx, req, res)
			}
			return res.Send(ctx, bot.Reply{
				Asked: unroll.Ref{Network: unroll.X, ID: "20"}, Kind: unroll.KindTimeout, Retry: true,
				Text: "It took too long. Please try again.",
			})
		})
		r.tg.Say(bottest.TelegramPost{Text: "https://x.com/ada/status/20"})
		m := r.tg.WaitMessages(77, 1)[0]
		if diff := cmp.Diff([][]string{{"button_retry"}}, m.Labels()); diff != "" {
			t.Fatal(diff)
		}
		fine = true
		r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{}, 77, m.ID, "button_retry"))
		if got := r.tg.Messages(77); len(got) != 1 || !strings.Contains(got[0].Text, "Post 1.") {
			t.Errorf("after the second try: %+v", got)
		}
	})
}

func TestAnswersStayInTheirTopic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		post := inGroup("/help")
		post.Topic = 5
		r.tg.Say(post)
		if m := r.tg.WaitMessages(group, 1)[0]; m.Topic != 5 {
			t.Errorf("topic is %d", m.Topic)
		}
	})
}

func TestTypingIsShownForSlowAnswersOnly(t *testing.T) {
	for _, tt := range []struct {
		name  string
		takes time.Duration
		signs int
	}{
		{"from the store", 100 * time.Millisecond, 0},
		{"a second", time.Second, 1},
		{"ten seconds", 10 * time.Second, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, func(ctx context.Context, _ bot.Request, res bot.Responder) error {
					if err := res.Working(ctx); err != nil {
						return err
					}
					time.Sleep(tt.takes)
					err := res.Send(ctx, bot.Reply{Text: "Done."})
					time.Sleep(30 * time.Second) // no sign may follow the answer
					return err
				})
				r.tg.Say(inGroup("/unroll x"))
				r.tg.WaitMessages(group, 1)
				time.Sleep(time.Minute)
				if n := len(r.tg.Calls("sendChatAction")); n != tt.signs {
					t.Errorf("%d signs of typing, want %d", n, tt.signs)
				}
			})
		})
	}
}

// However a call fails, the answer stands in the chat once.
func TestSendOnce(t *testing.T) {
	tests := []struct {
		name     string
		fault    bottest.TelegramFault
		unlinked bool // the answer may stand alone, where nobody can know better
	}{
		{name: "flood", fault: bottest.TelegramFault{Status: 429, Description: "Too Many Requests: retry after 7", RetryAfter: 7}},
		{name: "page from a gateway", fault: bottest.TelegramFault{Status: 502, HTML: true}, unlinked: true},
		{name: "page with status 200", fault: bottest.TelegramFault{Status: 200, HTML: true}, unlinked: true},
		{name: "server error", fault: bottest.TelegramFault{Status: 500, Description: "Internal Server Error"}, unlinked: true},
		{name: "dropped", fault: bottest.TelegramFault{Drop: true}, unlinked: true},
		{name: "dropped thrice", fault: bottest.TelegramFault{Drop: true, Times: 3}, unlinked: true},
		{name: "carried out, answer dropped", fault: bottest.TelegramFault{Drop: true, Applied: true}},
		{name: "carried out thrice, answers dropped", fault: bottest.TelegramFault{Drop: true, Applied: true, Times: 3}},
		{name: "carried out, page from a gateway", fault: bottest.TelegramFault{Status: 502, HTML: true, Applied: true}},
		{name: "form refused", fault: bottest.TelegramFault{Status: 400, Description: "Bad Request: ENTITIES_TOO_STRANGE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t, unrolls(thread(1)))
				tt.fault.Method = "sendMessage"
				r.tg.Fail(tt.fault)
				asked := r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
				r.tg.WaitMessages(group, 1)
				time.Sleep(2 * time.Minute)
				got := r.tg.Messages(group)
				if len(got) != 1 {
					t.Fatalf("%d answers", len(got))
				}
				if linked := got[0].ReplyTo != nil && got[0].ReplyTo.ID == asked; !linked && !tt.unlinked {
					t.Errorf("answer replies to %+v", got[0].ReplyTo)
				}
				if !strings.Contains(got[0].Text, "Post 1.") {
					t.Errorf("answer is %q", got[0].Text)
				}
			})
		})
	}
}

// Each of several links is answered in reply to itself.
func TestLinksAreQuoted(t *testing.T) {
	const first, second = "https://x.com/ada/status/20", "https://x.com/ada/status/21"
	for name, changed := range map[string]bool{"as they were sent": false, "and are gone by then": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r *rig
				r = start(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
					if req.Message.Text == "" { // the change itself
						return nil
					}
					if changed {
						r.tg.Edit(group, 1, "/unroll")
					}
					for _, id := range []string{"20", "21"} {
						th := thread(1)
						if err := res.Send(ctx, bot.Reply{Thread: th, Asked: unroll.Ref{Network: unroll.X, ID: id}, PageURL: "https://unroll.example/x/20"}); err != nil {
							return err
						}
					}
					return nil
				})
				r.tg.Say(inGroup("/unroll " + first + " and " + second))
				got := r.tg.WaitMessages(group, 2)
				want := []string{first, second}
				if changed {
					want = []string{"", ""}
				}
				if diff := cmp.Diff(want, []string{got[0].Quote, got[1].Quote}); diff != "" || len(got[0].Entities) == 0 {
					t.Errorf("quotes: %s", diff)
				}
			})
		})
	}
}

// Somebody may write between a lost answer and the next attempt.
func TestSendOnceAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		r.tg.Fail(bottest.TelegramFault{Method: "sendMessage", Drop: true})
		asked := r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
		r.tg.WaitCalls("sendMessage", 1)
		r.tg.Say(inGroup("I wonder what it will say."))
		time.Sleep(time.Minute)
		got := r.tg.Messages(group)
		if len(got) != 1 || got[0].ReplyTo == nil || got[0].ReplyTo.ID != asked {
			t.Errorf("answers: %+v", got)
		}
	})
}

// Of two that are lost among others each is found.
func TestSendOnceInACrowd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		r.tg.Fail(bottest.TelegramFault{Method: "sendMessage", Drop: true, Applied: true, Times: 2})
		r.tg.Say(inGroup("/unroll " + link))
		r.tg.Say(inGroup("/unroll " + link))
		for _, text := range []string{"I", "wonder", "what", "it", "will", "say."} {
			r.tg.Say(inGroup(text))
		}
		time.Sleep(5 * time.Minute)
		if got := r.tg.Messages(group); len(got) != 2 {
			t.Errorf("%d answers to 2 questions", len(got))
		}
	})
}

func TestFloodIsObeyed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		r.tg.Fail(bottest.TelegramFault{Method: "sendMessage", Status: 429, Description: "Too Many Requests: retry after 30", RetryAfter: 30})
		r.tg.Say(inGroup("/help"))
		calls := r.tg.WaitCalls("sendMessage", 2)
		if d := calls[1].At.Sub(calls[0].At); d < 30*time.Second || d > 31*time.Second {
			t.Errorf("second attempt after %v", d)
		}
	})
}

func TestChatsThatTakeNothingEndQuietly(t *testing.T) {
	for _, why := range []string{
		"Forbidden: bot was blocked by the user",
		"Forbidden: bot was kicked from the supergroup chat",
	} {
		synctest.Test(t, func(t *testing.T) {
			failed := make(chan error, 1)
			r := start(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
				failed <- unrolls(thread(1))(ctx, req, res)
				return nil
			})
			r.tg.Close(group, why)
			r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
			if err := <-failed; err != nil {
				t.Errorf("Send: %v", err)
			}
			r.stop()
			if n := len(r.tg.Calls("sendMessage")); n != 1 {
				t.Errorf("%d attempts", n)
			}
			if log := r.logged.String(); strings.Contains(log, "level=WARN") || strings.Contains(log, "1001") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestGroupMigrationIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		const super = -100200
		r.tg.Say(bottest.TelegramPost{Chat: bottest.TelegramChat{ID: super}, Text: "nobody asked"})
		r.tg.Fail(bottest.TelegramFault{
			Method: "sendMessage", Status: 400, MigrateTo: super,
			Description: "Bad Request: group chat was upgraded to a supergroup chat",
		})
		r.tg.Say(inGroup("/unroll"))
		if m := r.tg.WaitMessages(super, 1)[0]; m.Text != "Hello." || m.ReplyTo != nil {
			t.Errorf("got %+v", m)
		}
	})
}

// A page that only the operator can open is no button: Telegram refuses those.
func TestPrivatePageIsText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
			th := thread(30)
			return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "http://localhost:8080/x/20", Page: 1})
		})
		r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
		m := r.tg.WaitMessages(group, 1)[0]
		if !strings.HasSuffix(m.Text, "\n\nhttp://localhost:8080/x/20") {
			t.Errorf("text ends with %q", m.Text[len(m.Text)-40:])
		}
		if _, ok := m.Button("button_open"); ok {
			t.Errorf("buttons: %q", m.Labels())
		}
	})
}

func TestLongRefsAreKept(t *testing.T) {
	ref := unroll.Ref{Network: unroll.Mastodon, Host: strings.Repeat("long.", 12) + "example", ID: "109999999999999999"}
	synctest.Test(t, func(t *testing.T) {
		th := thread(30)
		th.Ref = ref
		r := start(t, unrolls(th))
		r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
		m := r.tg.WaitMessages(group, 1)[0]
		r.stop()

		// Another process with the same store.
		again := newRig(t, Config{}, unrolls(th))
		again.tg, again.values = r.tg, r.values
		again.a.values, again.a.api = r.values, r.a.api
		again.start()
		r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{}, group, m.ID, "button_next"))
		if got := again.pool.requests(); len(got) != 1 || got[0].Page == nil || got[0].Page.Ref != ref || got[0].Page.Number != 2 {
			t.Errorf("asked for %+v", got)
		}
		again.stop()
	})
}

func TestWithoutStoreThereAreNoLongButtons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := thread(30)
		th.Ref = unroll.Ref{Network: unroll.Mastodon, Host: strings.Repeat("long.", 12) + "example", ID: "1"}
		r := newRig(t, Config{}, unrolls(th))
		r.values.err = errors.New("the store is gone")
		r.start()
		r.tg.Say(inGroup("/unroll https://x.com/ada/status/20"))
		m := r.tg.WaitMessages(group, 1)[0]
		if diff := cmp.Diff([][]string{{"button_open"}}, m.Labels()); diff != "" {
			t.Error(diff)
		}
	})
}
