package telegram

import (
	"strings"
	"testing"
	"testing/synctest"

	"unrollbot/bot/bottest"
)

func TestAllHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(30)))
		r.tg.Say(bottest.TelegramPost{From: asker, Text: link})
		m := r.tg.WaitMessages(77, 1)[0]
		r.tg.WaitPress(r.tg.Press(asker, 77, m.ID, "⋯"))
		r.tg.Press(asker, 77, m.ID, "≡ button_all")
		all := r.tg.WaitMessages(77, 4)[1:]
		r.pool.Wait()
		for i, part := range []string{"Post 1.", "Post 15.", "Post 30."} {
			if !strings.Contains(all[i].Text, part) {
				t.Errorf("message %d lacks %q", i+1, part)
			}
		}
		last := all[2]
		r.tg.WaitPress(r.tg.Press(asker, 77, last.ID, "⋯"))
		r.tg.WaitPress(r.tg.Press(asker, 77, last.ID, "button_delete"))
		if left := r.tg.Messages(77); len(left) != 1 || left[0].ID != m.ID {
			t.Errorf("%d messages are left, want the first answer alone", len(left))
		}
	})
}

// A group is not flooded, be it by a button that somebody made up.
func TestAllHereIsForPrivateChats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := answered(t, thread(30))
		if _, ok := m.Button("≡ button_all"); ok {
			t.Error("a group has the button")
		}
		r.tg.WaitPress(r.tg.PressData(asker, group, m.ID, "A|1|x/20"))
		r.pool.Wait()
		if n := len(r.tg.Messages(group)); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}
