package telegram

import (
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

const boss = 70 // runs the group

// chosen makes a rig whose group has these settings and an admin.
func chosen(t *testing.T, s bot.Settings, h bot.HandlerFunc) *rig {
	t.Helper()
	r := newRig(t, Config{Languages: []string{"de", "ja"}}, h)
	r.tg.Promote(group, boss)
	if err := bot.NewSettingsStore(r.values).Change(t.Context(), Name, itoa(group), s); err != nil {
		t.Fatal(err)
	}
	r.start()
	return r
}

// stored are the group's settings as another process would find them.
func (r *rig) stored() bot.Settings {
	r.Helper()
	s, err := bot.NewSettingsStore(r.values).Settings(r.Context(), Name, itoa(group))
	if err != nil {
		r.Error(err)
	}
	return s
}

func bySomebody(id int64, post bottest.TelegramPost) bottest.TelegramPost {
	post.From.ID = id
	return post
}

func TestSettingsByButtons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		r.tg.Promote(group, boss)
		r.tg.Say(bySomebody(boss, inGroup("/settings")))
		m := r.tg.WaitMessages(group, 1)[0]
		want := [][]string{
			{"settings_view: view_page"},
			{"settings_quiet: no"},
			{"settings_albums: no"},
			{"settings_language: settings_asker"},
			{"settings_keyword: settings_default"},
			{"settings_auto: auto_off"},
			{"settings_who: who_everybody"},
			{"settings_tidy: no"},
			{"button_done"},
		}
		if diff := cmp.Diff(want, m.Labels()); diff != "" || m.Text != "settings_chat" {
			t.Errorf("%q %s", m.Text, diff)
		}
		press := func(label string) {
			t.Helper()
			if p := r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{ID: boss}, group, m.ID, label)); p.Text != "" {
				t.Errorf("%s: told %q", label, p.Text)
			}
		}
		press("settings_view: view_page")
		press("‹ button_back")
		press("settings_view: view_page")
		press("view_all") // and back
		press("settings_quiet: no")
		press("settings_albums: no")
		press("settings_tidy: no")
		if h, err := r.a.habitsOf(t.Context(), group); err != nil || h != (habits{Albums: true, Tidy: true}) {
			t.Errorf("habits are %+v", h)
		}
		press("settings_tidy: yes")
		press("settings_auto: auto_off")
		press("auto_from")
		press("settings_who: who_everybody")
		press("settings_language: settings_asker")
		press("language_name") // the first: English
		if diff := cmp.Diff(bot.Settings{View: bot.ViewWhole, Quiet: true, Auto: true, AutoPosts: 2, AdminsOnly: true, Locale: "en"}, r.stored()); diff != "" {
			t.Error(diff)
		}
		if got := r.tg.Messages(group)[0].Text; !strings.HasSuffix(got, "privacy") {
			t.Errorf("what privacy mode hides is not told: %q", got)
		}
		press("settings_view: view_all")
		press("view_page")
		press("settings_quiet: yes")
		press("settings_who: who_admins")
		if s := r.stored(); s.View != bot.ViewPages || s.Quiet || s.AdminsOnly {
			t.Errorf("not taken back: %+v", s)
		}
		press("button_done")
		if n := len(r.tg.Messages(group)); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

func TestKeywords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, says("Hello."))
		r.tg.Promote(group, boss)
		r.tg.Say(bySomebody(boss, inGroup("/settings keywords thread, entrolle ,thread")))
		m := r.tg.WaitMessages(group, 1)[0]
		if diff := cmp.Diff([]string{"thread", "entrolle"}, r.stored().Keywords); diff != "" {
			t.Error(diff)
		}
		asked := r.tg.Say(inGroup("see " + link))
		post := inGroup("entrolle")
		post.ReplyTo = asked
		r.tg.Say(post)
		r.tg.WaitMessages(group, 2)
		if diff := cmp.Diff([]string{"thread", "entrolle"}, r.pool.requests()[0].Settings.Keywords); diff != "" {
			t.Error(diff)
		}
		r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{ID: boss}, group, m.ID, "settings_default"))
		if s := r.stored(); len(s.Keywords) != 0 {
			t.Errorf("kept %q", s.Keywords)
		}
		r.tg.Say(bySomebody(boss, inGroup("/settings keywords "+strings.Repeat("x", 65))))
		if got := r.tg.WaitMessages(group, 3)[2]; got.Text != "settings_keywords" {
			t.Errorf("told %q", got.Text)
		}
	})
}

func TestSettingsAreForAdmins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		r.tg.Promote(group, boss)
		r.tg.Say(inGroup("/settings"))
		if m := r.tg.WaitMessages(group, 1)[0]; m.Text != "settings_not_yours" {
			t.Errorf("told %q", m.Text)
		}
		r.tg.Say(bySomebody(boss, inGroup("/settings")))
		m := r.tg.WaitMessages(group, 2)[1]
		for _, data := range []string{"s|quiet|1", "s|page|view", "s|done|"} {
			if p := r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{ID: 77}, group, m.ID, data)); p.Text != "settings_not_yours" {
				t.Errorf("%s: told %q", data, p.Text)
			}
		}
		if s := r.stored(); s.Quiet {
			t.Error("a stranger changed a setting")
		}
		if n := len(r.tg.Messages(group)); n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

// Some groups show their members to admins alone; a bot that is none asks for
// the list of admins.
func TestSettingsWhereMembersAreHidden(t *testing.T) {
	for name, tt := range map[string]struct {
		who  int64
		want string
	}{"an admin": {boss, "settings_chat"}, "somebody": {77, "settings_not_yours"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := chosen(t, bot.Settings{}, says("nothing"))
				r.tg.Promote(group, 55)
				r.tg.Fail(bottest.TelegramFault{Method: "getChatMember", Status: 400, Description: "Bad Request: member list is inaccessible"})
				r.tg.Say(bySomebody(tt.who, inGroup("/settings")))
				if m := r.tg.WaitMessages(group, 1)[0]; m.Text != tt.want {
					t.Errorf("told %q, want %q", m.Text, tt.want)
				}
			})
		})
	}
}

func TestSettingsInNameOfTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		post := inGroup("/settings")
		post.From = bottest.TelegramUser{ID: 1087968824, IsBot: true}
		post.Extra = map[string]any{"sender_chat": map[string]any{"id": group, "type": "supergroup"}}
		r.tg.Say(post)
		if m := r.tg.WaitMessages(group, 1)[0]; m.Text != "settings_chat" {
			t.Errorf("told %q", m.Text)
		}
	})
}

func TestForgedSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		r.tg.Say(bottest.TelegramPost{Text: "/settings"})
		m := r.tg.WaitMessages(77, 1)[0]
		for _, data := range []string{"s|", "s|x|1", "s|view|backwards", "s|auto|-1", "s|auto|x", "s|lang|no/locale", "s"} {
			if p := r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{ID: 77}, 77, m.ID, data)); p.Text != "button_expired" {
				t.Errorf("%s: told %q", data, p.Text)
			}
		}
	})
}

func TestSettingsWithoutStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(1)))
		r.tg.Say(bottest.TelegramPost{Text: "/settings"})
		m := r.tg.WaitMessages(77, 1)[0]
		r.values.mu.Lock()
		r.values.err = errors.New("the store is gone")
		r.values.mu.Unlock()
		if p := r.tg.WaitPress(r.tg.Press(asker, 77, m.ID, "settings_quiet: no")); p.Text != "settings_failed" {
			t.Errorf("told %q", p.Text)
		}
		r.tg.Say(bottest.TelegramPost{Text: link})
		if got := r.tg.WaitMessages(77, 2)[1]; !strings.Contains(got.Text, "Post 1.") {
			t.Errorf("answer is %q", got.Text)
		}
	})
}

func TestSettingsAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, unrolls(thread(30)))
		r.tg.Promote(group, boss)
		r.tg.Say(bySomebody(boss, inGroup("/settings")))
		m := r.tg.WaitMessages(group, 1)[0]
		r.stop()

		again := newRig(t, Config{}, unrolls(thread(30)))
		again.tg, again.values = r.tg, r.values
		again.a.values, again.a.api = r.values, r.a.api
		again.a.settings = bot.NewSettingsCache(Name, bot.NewSettingsStore(r.values))
		again.start()
		if p := r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{ID: boss}, group, m.ID, "s|view|link")); p.Text != "" {
			t.Errorf("told %q", p.Text)
		}
		r.tg.Say(inGroup("/unroll " + link))
		if got := r.tg.WaitMessages(group, 2)[1]; strings.Contains(got.Text, "Post 3.") {
			t.Errorf("answer is %q", got.Text)
		}
		again.stop()
	})
}

func TestSettingsFollowAGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, bot.Settings{Quiet: true}, unrolls(thread(1)))
		post := inGroup("")
		post.Extra = map[string]any{"migrate_to_chat_id": -100500}
		r.tg.Say(post)
		time.Sleep(time.Second)
		s, err := bot.NewSettingsStore(r.values).Settings(t.Context(), Name, "-100500")
		if err != nil || !s.Quiet {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

func TestLanguageOfAChat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, bot.Settings{Locale: "ja"}, says("Hello."))
		r.tg.Say(inGroup("/help"))
		r.tg.WaitMessages(group, 1)
		if got := r.pool.requests()[0].Locale; got != "ja" {
			t.Errorf("locale %q", got)
		}
	})
}

func TestViews(t *testing.T) {
	pictures := func() *unroll.Thread {
		th := thread(30)
		th.Posts[0].Media = withMedia(1).Posts[0].Media
		return th
	}
	for _, tt := range []struct {
		name     string
		settings bot.Settings
		thread   *unroll.Thread
		check    func(t *testing.T, got []bottest.TelegramMessage)
	}{
		{"pages", bot.Settings{}, pictures(), func(t *testing.T, got []bottest.TelegramMessage) {
			if len(got) != 1 || len(got[0].Labels()) != 2 || got[0].Preview.URL == "" {
				t.Errorf("got %+v", got)
			}
		}},
		{"quiet pages", bot.Settings{Quiet: true}, pictures(), func(t *testing.T, got []bottest.TelegramMessage) {
			b, _ := got[0].Button("⋯")
			if len(got) != 1 || !got[0].Preview.Disabled || !strings.HasPrefix(b.Data, "m|") {
				t.Errorf("got %+v", got)
			}
		}},
		{"whole", bot.Settings{View: bot.ViewWhole}, pictures(), func(t *testing.T, got []bottest.TelegramMessage) {
			if len(got) != 3 || got[0].Markup != nil || got[1].Markup != nil {
				t.Fatalf("got %+v", got)
			}
			if diff := cmp.Diff([][]string{{"button_open", "⋯"}}, got[2].Labels()); diff != "" {
				t.Error(diff)
			}
			if got[0].ReplyTo == nil || got[2].ReplyTo == nil || !strings.Contains(got[2].Text, "Post 30.") {
				t.Errorf("got %+v", got)
			}
		}},
		{"whole, of a very long thread", bot.Settings{View: bot.ViewWhole}, thread(300), func(t *testing.T, got []bottest.TelegramMessage) {
			if len(got) != maxWhole {
				t.Fatalf("%d messages", len(got))
			}
			if labels := got[maxWhole-1].Labels(); len(labels) != 2 || !strings.HasPrefix(labels[0][1], "10/") {
				t.Errorf("buttons %q", labels)
			}
		}},
		{"file", bot.Settings{View: bot.ViewFile}, pictures(), func(t *testing.T, got []bottest.TelegramMessage) {
			if len(got) != 1 || got[0].File == nil || !strings.HasSuffix(got[0].File.Name, ".html") || got[0].Caption == "" {
				t.Fatalf("got %+v", got)
			}
			if diff := cmp.Diff([][]string{{"button_open", "button_delete"}}, got[0].Labels()); diff != "" {
				t.Error(diff)
			}
		}},
		{"link", bot.Settings{View: bot.ViewLink}, pictures(), func(t *testing.T, got []bottest.TelegramMessage) {
			if len(got) != 1 || strings.Contains(got[0].Text, "Post 2.") || got[0].Entities[0].URL != "https://unroll.example/x/20" || got[0].Preview.URL == "" {
				t.Errorf("got %+v", got)
			}
		}},
		{"quiet link", bot.Settings{View: bot.ViewLink, Quiet: true}, pictures(), func(t *testing.T, got []bottest.TelegramMessage) {
			if !got[0].Preview.Disabled {
				t.Errorf("got %+v", got)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := chosen(t, tt.settings, unrolls(tt.thread))
				r.tg.Say(inGroup("/unroll " + link))
				time.Sleep(2 * time.Minute)
				tt.check(t, r.tg.Messages(group))
			})
		})
	}
}

// A link stays a link when it is looked at again.
func TestLookAgainKeepsTheView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, bot.Settings{View: bot.ViewLink}, unrolls(thread(30)))
		r.tg.Say(inGroup("/unroll " + link))
		m := r.tg.WaitMessages(group, 1)[0]
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_refresh"))
		if got := r.tg.Messages(group)[0]; got.Text != m.Text {
			t.Errorf("shows %q", got.Text)
		}
	})
}

func TestAdminsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := chosen(t, bot.Settings{AdminsOnly: true}, answererOf(thread(3)))
		r.tg.Say(inGroup("/unroll " + link))
		if m := r.tg.WaitMessages(group, 1)[0]; m.Text != "admins_only" {
			t.Errorf("told %q", m.Text)
		}
		r.tg.Say(bySomebody(boss, inGroup("/unroll "+link)))
		m := r.tg.WaitMessages(group, 2)[1]
		if !strings.Contains(m.Text, "Post 1.") {
			t.Errorf("an admin is told %q", m.Text)
		}
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
		if p := r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_refresh")); p.Text != "admins_only" {
			t.Errorf("press is told %q", p.Text)
		}
		r.tg.Say(inGroup("just talk"))
		time.Sleep(time.Minute)
		if n := len(r.tg.Messages(group)); n != 2 {
			t.Errorf("%d messages", n)
		}
		if n := len(r.tg.Calls("getChatMember")); n != 2 {
			t.Errorf("asked %d times who is an admin", n)
		}
	})
}
