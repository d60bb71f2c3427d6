package telegram

import (
	"testing"
	"testing/synctest"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
)

func TestAlbumsBelowTheAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		rich, wanted, quiet bool
		album               int
	}{
		"classic":               {wanted: true, album: 3},
		"classic, without":      {},
		"classic, quiet":        {wanted: true, quiet: true},
		"rich shows them in it": {rich: true, wanted: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, unrolls(withMedia(3)))
				r.tg.Rich = tt.rich
				r.tg.Promote(group, boss)
				if err := r.a.settings.Change(t.Context(), itoa(group), bot.Settings{Quiet: tt.quiet}); err != nil {
					t.Fatal(err)
				}
				r.start()
				if tt.wanted {
					r.tg.Say(bySomebody(boss, inGroup("/settings")))
					menu := r.tg.WaitMessages(group, 1)[0]
					r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{ID: boss}, group, menu.ID, "settings_albums: no"))
					r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{ID: boss}, group, menu.ID, "button_done"))
				}
				r.tg.Say(inGroup("/unroll " + link))
				r.tg.WaitMessages(group, 1+tt.album)
				r.pool.Wait()
				all := r.tg.Messages(group)
				if len(all) != 1+tt.album {
					t.Fatalf("%d messages, want 1 and %d pictures", len(all), tt.album)
				}
				r.tg.Say(bottest.TelegramPost{Chat: bottest.TelegramChat{ID: group}, Text: "/delete", ReplyTo: all[0].ID})
				r.tg.WaitCalls("deleteMessage", 1+tt.album)
				synctest.Wait()
				if n := len(r.tg.Messages(group)); n != 0 {
					t.Errorf("%d messages are left of the answer", n)
				}
			})
		})
	}
}

func TestTidy(t *testing.T) {
	for name, fault := range map[string]*bottest.TelegramFault{
		"with the right":    nil,
		"without the right": {Method: "deleteMessage", Status: 400, Description: "Bad Request: message can't be deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, unrolls(thread(1)))
				r.tg.Moderates = true
				r.start()
				if _, err := r.a.changeHabits(t.Context(), group, func(h *habits) { h.Tidy = true }); err != nil {
					t.Fatal(err)
				}
				if fault != nil {
					r.tg.Fail(*fault)
				}
				asked := r.tg.Say(inGroup("/unroll " + link))
				r.tg.WaitCalls("deleteMessage", 1)
				r.pool.Wait()
				there := false
				for _, m := range r.tg.Chat(group) {
					there = there || m.ID == asked
				}
				if there != (fault != nil) || len(r.tg.Messages(group)) != 1 {
					t.Errorf("question is there: %v, %d answers", there, len(r.tg.Messages(group)))
				}
			})
		})
	}
}
