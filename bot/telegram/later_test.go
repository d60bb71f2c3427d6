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

// killed is what the store still has of a request whose process was killed.
type killed struct {
	req     bot.Request
	address []byte
}

// taken runs an adapter whose requests are only ever begun, by begin; each is
// told to dead then.
func taken(t *testing.T, begin bot.HandlerFunc) (r *rig, dead chan killed) {
	t.Helper()
	dead = make(chan killed, 10)
	r = newRig(t, Config{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel() // it is dead: nothing goes on
		at, _ := res.(bot.Addressed).Address()
		err := begin(ctx, req, res)
		dead <- killed{req, at}
		return err
	})
	r.pool.dies = true
	r.start()
	return r, dead
}

// recall answers in the place of the dead process.
func (r *rig) recall(k killed, h bot.HandlerFunc) {
	r.Helper()
	res, err := r.a.Recall(r.Context(), k.req, k.address)
	if err != nil {
		r.Fatal(err)
	}
	if err := h(r.Context(), k.req, res); err != nil {
		r.Error(err)
	}
	if f, ok := res.(bot.Finisher); ok {
		f.Done(r.Context())
	}
}

func nothing(context.Context, bot.Request, bot.Responder) error { return nil }

// works dies when it has shown that it works.
func works(ctx context.Context, _ bot.Request, res bot.Responder) error {
	err := res.Working(ctx)
	time.Sleep(4 * time.Second)
	return err
}

// forgets loses what the store learnt about messages, as if the process had
// been killed before it could tell.
func (r *rig) forgets() {
	r.a.ids = newIDs()
	r.values.mu.Lock()
	defer r.values.mu.Unlock()
	for key := range r.values.data {
		if strings.HasPrefix(key, "telegram:answer") {
			delete(r.values.data, key)
		}
	}
}

func TestRecall(t *testing.T) {
	answer := unrolls(thread(2))
	for name, tt := range map[string]struct {
		begin  bot.HandlerFunc
		forget bool
	}{
		"nothing was begun":                      {begin: nothing},
		"the sign was sent":                      {begin: works},
		"the answer was given":                   {begin: answer},
		"the sign had come, and nobody knew":     {begin: works, forget: true},
		"the answer had come, and nobody knew":   {begin: answer, forget: true},
		"the answer took the sign's place":       {begin: slowly(4*time.Second, answer)},
		"nothing was begun, and nothing is kept": {begin: nothing, forget: true},
	} {
		for place, post := range map[string]bottest.TelegramPost{
			"in a group": inGroup("/unroll " + link), "in private": {From: bottest.TelegramUser{ID: 77}, Text: link},
		} {
			t.Run(name+" "+place, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r, dead := taken(t, tt.begin)
					asked := r.tg.Say(post)
					k := <-dead
					r.pool.Wait()
					if tt.forget {
						r.forgets()
					}
					r.recall(k, answer)
					chat := post.Chat.ID
					if chat == 0 {
						chat = post.From.ID
					}
					got := r.tg.Messages(chat)
					if len(got) != 1 || !strings.Contains(got[0].Text, "Post 2.") {
						t.Fatalf("%d messages: %+v", len(got), got)
					}
					if chat < 0 && (got[0].ReplyTo == nil || got[0].ReplyTo.ID != asked) {
						t.Errorf("the answer replies to %+v", got[0].ReplyTo)
					}
				})
			})
		}
	}
}

func TestRecallAmongOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dead := taken(t, nothing)
		r.tg.Say(inGroup("/unroll " + link))
		first := <-dead
		r.recall(first, unrolls(thread(1))) // with a message that is taken back, and the answer
		second := first
		second.address = []byte(strings.NewReplacer(`"message":1`, `"message":4`, `"last":1`, `"last":2`).Replace(string(first.address)))
		r.tg.Say(inGroup("/unroll " + link))
		<-dead
		r.recall(second, unrolls(thread(1)))
		got := r.tg.Messages(group)
		if len(got) != 2 || got[0].ReplyTo.ID == got[1].ReplyTo.ID {
			t.Errorf("%d answers: %+v", len(got), got)
		}
	})
}

func TestRecallInABusyChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dead := taken(t, works)
		r.tg.Say(inGroup("/unroll " + link))
		r.tg.Say(inGroup("Well, well."))
		k := <-dead
		r.recall(k, unrolls(thread(1)))
		if got := r.tg.Messages(group); len(got) != 1 || !strings.Contains(got[0].Text, "Post 1.") {
			t.Errorf("%d messages: %+v", len(got), got)
		}
	})
}

func TestRecallOfManyMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		whole := func(h bot.HandlerFunc) bot.HandlerFunc {
			return func(ctx context.Context, req bot.Request, res bot.Responder) error {
				res.(*answerer).settings.View = bot.ViewWhole
				return h(ctx, req, res)
			}
		}
		r, dead := taken(t, whole(func(ctx context.Context, req bot.Request, res bot.Responder) error {
			ctx, cancel := context.WithCancel(ctx)
			r := res.(*answerer).a
			r.pace.hold(group, 0)
			time.AfterFunc(time.Second, cancel) // amid the fourth
			_ = unrolls(thread(60))(ctx, req, res)
			return nil
		}))
		r.tg.Say(inGroup("/unroll " + link))
		k := <-dead
		if n := len(r.tg.Messages(group)); n == 0 || n > 4 {
			t.Fatalf("%d messages before", n)
		}
		r.recall(k, whole(unrolls(thread(60))))
		got := r.tg.Messages(group)
		if len(got) != 5 || !strings.Contains(got[0].Text, "Post 1.") || !strings.Contains(got[4].Text, "Post 60.") {
			t.Errorf("%d messages", len(got))
		}
	})
}

func TestRecallOfAPress(t *testing.T) {
	for name, tt := range map[string]struct {
		button string
		begin  bot.HandlerFunc
		files  int
	}{
		"page":                   {button: "button_next", begin: nothing},
		"page that was turned":   {button: "button_next", begin: unrolls(thread(30))},
		"file":                   {button: "⤓ .md", begin: nothing, files: 1},
		"file that was sent":     {button: "⤓ .md", begin: unrolls(thread(30)), files: 1},
		"file that was promised": {button: "⤓ .md", begin: promises, files: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, dead := taken(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
					if req.Page == nil {
						return unrolls(thread(30))(ctx, req, res)
					}
					return tt.begin(ctx, req, res)
				})
				r.tg.Say(inGroup("/unroll " + link))
				<-dead
				m := r.tg.WaitMessages(group, 1)[0]
				r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
				r.tg.Press(asker, group, m.ID, tt.button)
				k := <-dead
				r.recall(k, unrolls(thread(30)))
				got := r.tg.Messages(group)
				if len(got) != 1+tt.files {
					t.Fatalf("%d messages", len(got))
				}
				if shows := got[0].Labels()[0][0]; tt.files == 0 && shows != "button_previous" {
					t.Errorf("page button is %q", shows)
				}
			})
		})
	}
}

// promises dies before it sends what was pressed for.
func promises(ctx context.Context, _ bot.Request, res bot.Responder) error {
	res.(*filer).twice(ctx)
	return nil
}

func TestRecallOfAGuest(t *testing.T) {
	for name, begin := range map[string]bot.HandlerFunc{"nothing was begun": nothing, "the sign was sent": works} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, dead := taken(t, begin)
				q := r.tg.Ask(asker, "@unroll_test_bot unroll "+link, "")
				k := <-dead
				r.recall(k, unrolls(thread(1)))
				r.tg.WaitQuery(q)
				if m, ok := r.tg.Inline(q); !ok || !strings.Contains(m.Text, "Post 1.") {
					t.Errorf("guest sees %+v", m)
				}
			})
		})
	}
}

func TestRecallElsewhere(t *testing.T) {
	r := newRig(t, Config{}, nothing)
	if _, err := r.a.Recall(t.Context(), bot.Request{}, []byte(`{"way":"message"}`)); !errors.Is(err, bot.ErrElsewhere) {
		t.Errorf("got %v from an adapter that does not run", err)
	}
}

func TestRecallOfNonsense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, nothing)
		synctest.Wait()
		for _, data := range []string{"", "{}", `{"way":"owl"}`, "[]"} {
			if res, err := r.a.Recall(t.Context(), bot.Request{}, []byte(data)); err == nil {
				t.Errorf("%q is an address of %T", data, res)
			}
		}
	})
}

func TestSurplusMessagesAreDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := thread(60)
		r := chosen(t, bot.Settings{View: bot.ViewWhole}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
			return unrolls(th)(ctx, req, res)
		})
		q := r.tg.Say(inGroup("/unroll " + link))
		r.tg.WaitMessages(group, 5)
		r.pool.Wait()
		th = thread(1)
		r.tg.Edit(group, q, "/unroll "+link+"?again")
		r.tg.WaitCalls("deleteMessage", 4)
		if got := r.tg.Messages(group); len(got) != 1 || !strings.Contains(got[0].Text, "Post 1.") {
			t.Errorf("%d messages are left", len(got))
		}
	})
}

// news are told of a thread that grew from its third post on.
func news(th *unroll.Thread) bot.HandlerFunc {
	return func(ctx context.Context, _ bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{
			Thread: th, Asked: th.Ref, PageURL: "https://unroll.example" + th.Ref.Path(), Page: 1, NewFrom: th.Posts[2].ID,
		})
	}
}

func TestNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dead := taken(t, says("I watch it."))
		asked := r.tg.Say(inGroup("/watch " + link))
		k := <-dead
		if k.req.Command != "watch" || k.req.Message.Text != link {
			t.Fatalf("asked for %+v", k.req)
		}
		r.recall(k, news(thread(5)))
		r.recall(k, news(thread(5))) // the watch did not know that it was told
		got := r.tg.Messages(group)
		if len(got) != 2 {
			t.Fatalf("%d messages", len(got))
		}
		m := got[1]
		if !strings.HasPrefix(m.Text, "news\n") || !strings.Contains(m.Text, "Post 3.") || !strings.Contains(m.Text, "Post 5.") || strings.Contains(m.Text, "Post 2.") {
			t.Errorf("news are %q", m.Text)
		}
		if m.ReplyTo == nil || m.ReplyTo.ID != asked {
			t.Errorf("news reply to %+v", m.ReplyTo)
		}
		if b, _ := m.Button("button_open"); b.URL != "https://unroll.example/x/20#p-22" {
			t.Errorf("page button leads to %q", b.URL)
		}
		r.tg.Press(asker, group, m.ID, "🔕 button_unwatch")
		if k = <-dead; k.req.Command != "unwatch" || k.req.Page != nil || k.req.Message.Text != "https://x.com/i/status/20" {
			t.Errorf("asked for %+v", k.req)
		}
	})
}

// Whoever watches learns that nobody is there any more.
func TestNewsOfAClosedChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, dead := taken(t, says("I watch it."))
		r.tg.Say(inGroup("/watch " + link))
		k := <-dead
		r.tg.Close(group, "Forbidden: bot was kicked from the supergroup chat")
		res, err := r.a.Recall(t.Context(), k.req, k.address)
		if err != nil {
			t.Fatal(err)
		}
		if err := news(thread(5))(t.Context(), k.req, res); !errors.Is(err, bot.ErrGone) {
			t.Errorf("got %v", err)
		}
	})
}

func TestWatchButton(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := thread(5)
		r, dead := taken(t, func(ctx context.Context, req bot.Request, res bot.Responder) error {
			if req.Command == "watch" {
				return says("I watch it.")(ctx, req, res)
			}
			return unrolls(th)(ctx, req, res)
		})
		th.Posts[4].At = time.Now().Add(-time.Hour)
		asked := r.tg.Say(inGroup("/unroll " + link))
		<-dead
		m := r.tg.WaitMessages(group, 1)[0]
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
		if p := r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "🔔 button_watch")); p.Text != "I watch it." {
			t.Errorf("press is answered with %q", p.Text)
		}
		k := <-dead
		if k.req.Message.Text != "https://x.com/i/status/20" {
			t.Errorf("asked for %+v", k.req)
		}
		r.recall(k, news(th))
		if ids, err := r.a.answersTo(t.Context(), group, asked); err != nil || len(ids) != 1 || ids[0] != m.ID {
			t.Errorf("the question's answers are %v", ids)
		}
		r.recall(k, says("It was deleted."))
		if ids, err := r.a.answersTo(t.Context(), group, asked); err != nil || len(ids) != 1 || ids[0] != m.ID {
			t.Errorf("the question's answers are %v", ids)
		}
		got := r.tg.Messages(group)
		if len(got) != 3 || got[1].ReplyTo == nil || got[1].ReplyTo.ID != asked || !strings.Contains(got[0].Text, "Post 1.") {
			t.Errorf("news: %+v", got)
		}
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
		if diff := cmp.Diff([][]string{{"button_open", "⋯"}}, r.tg.Messages(group)[0].Labels()); diff != "" {
			t.Errorf("closed menu: %s", diff)
		}
	})
}

func TestLinkOf(t *testing.T) {
	for _, path := range []string{
		"/x/20", "/bluesky/did:plc:ewvi7nxzyoun6zhxrhs64oiz/3l6oveex3ii2l", "/bluesky/ada.example/3l6oveex3ii2l",
		"/mastodon/mastodon.social/113", "/mastodon/misskey.io/9abcdefghi", "/mastodon/gts.example/01HE7ZGJYTSYMXF927GF9353KR",
		"/mastodon/pleroma.example/AbcDEF012345", "/short/t.co/abc",
	} {
		ref, err := unroll.ParsePath(path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := unroll.ParseRef(linkOf(ref)); err != nil || got != ref {
			t.Errorf("%s: %q leads to %s, %v", path, linkOf(ref), got, err)
		}
	}
}
