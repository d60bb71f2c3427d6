package telegram

import (
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
)

// In every language the stand-in takes what the bot says, and buttons and
// answers to presses are short enough to be read.
func TestEveryLanguageFits(t *testing.T) {
	messages, err := bot.NewMessages()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range append(messages.Languages(), "en") {
		t.Run(lang, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				handler := bot.NewAnswerer(bot.AnswererConfig{PublicURL: "https://unroll.example"}, bot.NewTriggers([]string{"unroll"}), known{rich(30)}, messages)
				r := newRig(t, Config{Languages: messages.Languages()}, handler.Handle)
				r.a.phrases = messages
				r.tg.Promote(group, boss)
				r.start()
				someone := bottest.TelegramUser{ID: boss, Language: lang}
				for _, text := range []string{"/settings", "/help", "/unroll", "/delete", "/unroll " + link} {
					post := inGroup(text)
					post.From = someone
					r.tg.Say(post)
				}
				all := r.tg.WaitMessages(group, 5)
				var menu bottest.TelegramMessage
				for _, m := range all {
					if m.Markup != nil && len(m.Markup.Rows) == 9 {
						menu = m
					}
				}
				for _, data := range []string{"s|page|view", "s|page|auto", "s|page|lang", "s|page|keys", "s|auto|5", "s|lang|" + lang} {
					if p := r.tg.WaitPress(r.tg.PressData(someone, group, menu.ID, data)); p.Text != "" {
						t.Errorf("%s: told %q", data, p.Text)
					}
					for _, m := range r.tg.Messages(group) {
						for _, row := range m.Labels() {
							for _, label := range row {
								if n := utf8.RuneCountInString(label); n > 48 {
									t.Errorf("%d characters on a button: %q", n, label)
								}
							}
						}
					}
				}
				for _, id := range []string{"admins_only", "button_expired", "busy", "not_yours", "settings_failed", "settings_not_yours", "settings_keywords", "error_internal"} {
					if n := utf8.RuneCountInString(messages.Text(lang, id, nil)); n > maxToast {
						t.Errorf("%s: %d characters in an answer to a press", id, n)
					}
				}
			})
		})
	}
}
