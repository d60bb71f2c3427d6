package telegram

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// album draws chats as the stand-in recorded them, from the threads of the
// demo; docs/pictures/telegram.sh makes pictures of what it writes.
type album struct {
	*testing.T
	dir string
}

// thread is one of the demo's, with its pictures where Telegram would take
// them from.
func (a *album) thread(name string) *unroll.Thread {
	a.Helper()
	data, err := os.ReadFile(filepath.Join(a.dir, name+".json"))
	if err != nil {
		a.Fatal(err)
	}
	var t unroll.Thread
	data = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).ReplaceAll(data, []byte("https://demo.unroll.example"))
	if err := json.Unmarshal(data, &t); err != nil {
		a.Fatal(err)
	}
	return &t
}

// draw runs a story and draws its chat.
func (a *album) draw(name, title string, chat int64, rich bool, th *unroll.Thread, story func(r *rig)) {
	synctest.Test(a.T, func(t *testing.T) {
		messages, err := bot.NewMessages()
		if err != nil {
			t.Fatal(err)
		}
		handler := bot.NewAnswerer(bot.AnswererConfig{PublicURL: "https://unroll.example"}, bot.NewTriggers([]string{"unroll"}), known{th}, messages)
		r := newRig(t, Config{Languages: messages.Languages()}, handler.Handle)
		r.a.phrases, r.tg.Rich = messages, rich
		r.tg.Promote(group, boss)
		r.start()
		story(r)
		r.pool.Wait()
		out, err := os.Create(filepath.Join(a.dir, "telegram-"+name+".html"))
		if err != nil {
			t.Fatal(err)
		}
		if err := cmp.Or(drawChat(out, title, r.tg.BotID, r.tg.Chat(chat)), out.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestPictures(t *testing.T) {
	dir := os.Getenv("UNROLL_TELEGRAM_PICTURES")
	if dir == "" {
		t.Skip("UNROLL_TELEGRAM_PICTURES names no folder with the demo's threads; see docs/pictures/telegram.sh")
	}
	a := &album{t, dir}
	lens, loom := a.thread("lens"), a.thread("loom")
	ada, ben := bottest.TelegramUser{ID: boss, Name: "Ada", Language: "en"}, bottest.TelegramUser{ID: 78, Name: "Ben", Language: "en"}
	in := func(who bottest.TelegramUser, text string) bottest.TelegramPost {
		post := inGroup(text)
		post.From = who
		return post
	}

	a.draw("private", "unroll", boss, true, loom, func(r *rig) {
		r.tg.Say(bottest.TelegramPost{From: ada, Text: "https://bsky.app/profile/mairi.weaving.test/post/3mkd2ouq72lye"})
		r.tg.WaitMessages(boss, 1)
	})
	a.draw("group", "Sunday crew", group, true, lens, func(r *rig) {
		seen := r.tg.Say(in(ada, "This is how they do it! https://x.com/vanepoint/status/2050651137435799309"))
		ask := in(ben, "unroll")
		ask.ReplyTo = seen
		r.tg.Say(ask)
		m := r.tg.WaitMessages(group, 1)[0]
		r.tg.WaitPress(r.tg.Press(ben, group, m.ID, "⋯"))
	})
	a.draw("classic", "unroll", boss, false, lens, func(r *rig) {
		r.tg.Say(bottest.TelegramPost{From: ada, Text: "/unroll https://x.com/vanepoint/status/2050651137435799309"})
		m := r.tg.WaitMessages(boss, 1)[0]
		r.tg.WaitPress(r.tg.Press(ada, boss, m.ID, "▶"))
		r.tg.WaitPress(r.tg.Press(ada, boss, m.ID, "⋯"))
	})
	a.draw("settings", "Sunday crew", group, true, lens, func(r *rig) {
		r.tg.Say(in(ada, "/settings"))
		m := r.tg.WaitMessages(group, 1)[0]
		r.tg.WaitPress(r.tg.PressData(ada, group, m.ID, "s|auto|5"))
		r.tg.WaitPress(r.tg.PressData(ada, group, m.ID, "s|quiet|0"))
	})
	a.draw("offer", "Sunday crew", group, true, loom, func(r *rig) {
		if err := r.a.settings.Change(r.Context(), itoa(group), bot.Settings{Auto: true}); err != nil {
			r.Fatal(err)
		}
		asked := r.tg.Say(in(ada, "Look at the hen! https://bsky.app/profile/mairi.weaving.test/post/3mkd2ouq72lye"))
		r.tg.WaitMessages(group, 1)
		at := address{Way: byMessage, Chat: group, Message: asked, Asker: boss}
		time.Sleep(time.Minute)
		res, err := r.a.Recall(r.Context(), bot.Request{Locale: "en", User: itoa(boss)}, at.pack())
		if err != nil {
			r.Fatal(err)
		}
		tell := func(ctx context.Context) error {
			return res.Send(ctx, bot.Reply{
				Thread: loom, Asked: loom.Ref, Page: 1, NewFrom: loom.Posts[len(loom.Posts)-2].ID,
				PageURL: "https://unroll.example" + loom.Ref.Path(),
			})
		}
		if err := tell(r.Context()); err != nil {
			r.Error(err)
		}
	})
}
