package discord

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// set changes the settings and returns what the bot says of them.
func (r *rig) set(options map[string]any) string {
	r.t.Helper()
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: commandSettings, Options: options}))
	if !m.Private() {
		r.t.Error("settings are shown to all")
	}
	return m.Text()
}

func TestSettings(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	const usual = "Form of answers\\: Pages, with buttons"
	if got := r.set(nil); !strings.Contains(strings.ReplaceAll(got, ": ", "\\: "), usual) || !strings.Contains(got, "the usual") {
		t.Errorf("at first: %q", got)
	}
	got := r.set(map[string]any{optionView: "file", optionLanguage: "de", optionKeyword: " aufrollen, entrolle ,", optionQuiet: true, optionAdmins: true})
	for _, part := range []string{"One file", "Language: de", "aufrollen, entrolle", "Without pictures: yes", "Only for moderators: yes"} {
		if !strings.Contains(got, part) {
			t.Errorf("no %q in %q", part, got)
		}
	}
	want := bot.Settings{View: bot.ViewFile, Locale: "de", Keywords: []string{"aufrollen", "entrolle"}, Quiet: true, AdminsOnly: true}
	kept, err := bot.NewSettingsStore(r.values).Settings(t.Context(), "discord", r.adapter.chat(bottest.DiscordGuild))
	if diff := cmp.Diff(want, kept); diff != "" || err != nil {
		t.Error(err, diff)
	}
	r.set(map[string]any{optionView: choicePages, optionLanguage: choiceAsker, optionAdmins: false})
	kept, _ = bot.NewSettingsStore(r.values).Settings(t.Context(), "discord", r.adapter.chat(bottest.DiscordGuild))
	if kept.View != "" || kept.Locale != "" || kept.AdminsOnly || !kept.Quiet {
		t.Errorf("%+v", kept)
	}
	if got := r.set(map[string]any{optionKeyword: strings.Repeat("x", 65)}); !strings.Contains(got, "At most ten keywords") {
		t.Errorf("a long keyword: %q", got)
	}
	if got := r.set(map[string]any{optionReset: true}); !strings.Contains(got, "the usual") || !strings.Contains(got, "pictures: no") {
		t.Errorf("after a reset: %q", got)
	}
}

func TestSettingsStoreDown(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.values.err = errors.New("down")
	if got := r.set(map[string]any{optionQuiet: true}); !strings.Contains(got, "try again") {
		t.Errorf("%q", got)
	}
	r.alive() // and threads are unrolled all the same
}

func TestSettingsApply(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		th := thread(60)
		th.Posts[0].Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://a.example/1.png", Alt: "a wheel"}}
		return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20", Page: 1})
	})
	ask := func(options map[string]any) *bottest.DiscordMessage {
		all := map[string]any{"link": link}
		for k, v := range options {
			all[k] = v
		}
		return r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: all}))
	}
	galleries := func(m *bottest.DiscordMessage) (n int) {
		m.Walk(func(c map[string]any) {
			if c["type"] == float64(12) {
				n++
			}
		})
		return n
	}
	if m := ask(nil); galleries(m) != 1 {
		t.Error("a thread without its picture")
	}
	r.set(map[string]any{optionView: "all", optionQuiet: true, optionLanguage: "de", optionKeyword: "entrolle"})
	m := ask(nil)
	if galleries(m) != 0 || !strings.Contains(m.Text(), "a wheel") {
		t.Error("quiet shows the picture, or not even its description")
	}
	got := r.handler.requests()[1]
	if got.Locale != "de" || !cmp.Equal(got.Settings.Keywords, []string{"entrolle"}) {
		t.Errorf("%+v", got)
	}
	var whole strings.Builder
	r.Await("all of it", func(s *bottest.DiscordState) bool {
		whole.Reset()
		for _, x := range s.Sent() {
			if x.Interaction == m.Interaction {
				whole.WriteString(x.Text())
			}
		}
		return strings.Contains(whole.String(), "Post 60 of")
	})
	for n := range 60 {
		if strings.Count(whole.String(), "Post "+strconv.Itoa(n+1)+" of") != 1 {
			t.Errorf("post %d is not there once", n+1)
		}
	}
	if m := ask(map[string]any{"view": "pages"}); m.CustomID("▶") == "" {
		t.Error("what the asker chose gives way to the setting")
	}
	r.set(map[string]any{optionView: "link"})
	reply := r.replied(r.Say(map[string]any{"content": "<@500> unroll " + link}))
	if strings.Contains(reply.Text(), "Post 2 of") || !strings.Contains(reply.Text(), "Post 1 of") {
		t.Errorf("as link: %q", reply.Text())
	}
	r.set(map[string]any{optionView: "file"})
	reply = r.replied(r.Say(map[string]any{"content": "<@500> unroll " + link}))
	if !strings.Contains(reply.Files["x-20.md"], "Post 60 of") {
		t.Errorf("as file: %.200q", reply.Files)
	}
}

func TestModeratorsOnly(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.set(map[string]any{optionAdmins: true})
	id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})
	r.Await("the refusal", func(s *bottest.DiscordState) bool {
		f := s.Answers[id].FollowUps
		return len(f) == 1 && s.Messages[f[0]].Private() && strings.Contains(s.Messages[f[0]].Text(), "moderators only")
	})
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}, Permissions: "8192"}))
	if !strings.Contains(m.Text(), "Post 1 of") || len(r.handler.requests()) != 1 {
		t.Errorf("a moderator: %q, %d requests", m.Text(), len(r.handler.requests()))
	}
	said := func(user string, roles ...string) string {
		return r.Say(map[string]any{"content": "<@500> unroll " + link, "author": map[string]any{"id": user}, "member": map[string]any{"roles": roles}})
	}
	for _, id := range []string{said(bottest.DiscordOwner), said("8", "7", bottest.DiscordModerators)} {
		if m := r.replied(id); !strings.Contains(m.Text(), "Post 1 of") {
			t.Errorf("a moderator's message: %q", m.Text())
		}
	}
	direct := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}, Direct: true}))
	if !strings.Contains(direct.Text(), "Post 1 of") {
		t.Errorf("in a direct message: %q", direct.Text())
	}
}

func TestSuggestions(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{MessageContent: true}, whole(1))
	typing := func(user, text string) []any {
		t.Helper()
		id := r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": text}, Typing: "link", User: user})
		var choices []any
		r.Await("choices", func(s *bottest.DiscordState) bool {
			a := s.Answers[id]
			choices, _ = jsonOf(t, a.Body)["choices"].([]any)
			return a.Type == answerChoices
		})
		return choices
	}
	if got := typing("", ""); len(got) != 0 {
		t.Errorf("out of nothing: %v", got)
	}
	r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link, "private": true}}))
	if got := typing("8", ""); len(got) != 0 {
		t.Errorf("something private is offered to others: %v", got)
	}
	r.Say(map[string]any{"content": "have you seen https://x.com/ada/status/55?s=20 and https://example.com/"})
	r.alive()
	if got := typing("", "status/55"); len(got) != 1 || got[0].(map[string]any)["value"] != "https://x.com/ada/status/55?s=20" {
		t.Errorf("own link: %v", got)
	}
	if got := typing("8", "status/55"); len(got) != 0 {
		t.Errorf("another's link: %v", got)
	}
	if got := typing("8", "POST 1 of"); len(got) != 1 || got[0].(map[string]any)["value"] != "https://x.com/ada/status/20" {
		t.Errorf("a thread shown in the channel: %v", got)
	}
}

func TestSuggestionsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSuggestions()
	for i := range maxSuggesters + 10 {
		s.saw(strconv.Itoa(i), link)
	}
	for i := range 50 {
		s.saw("7", "https://x.com/ada/status/"+strconv.Itoa(100+i))
	}
	s.saw("7", "https://x.com/ada/status/1?"+strings.Repeat("x", 200))
	if len(s.byID) > maxSuggesters || len(s.byID["7"]) != maxSuggestions || s.byID["7"][0].Value != "https://x.com/ada/status/149" {
		t.Errorf("%d users, %v", len(s.byID), s.byID["7"])
	}
}

// Who may not ask by a message is told so, once a day and in private.
func TestDeclined(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings bot.Settings
		says     string
	}{
		"moderators only":   {bot.Settings{AdminsOnly: true}, "moderators only. Send me the link in a direct message"},
		"elsewhere":         {bot.Settings{AnswerIn: []string{"9"}}, "I answer only you"},
		"with offers there": {bot.Settings{AnswerIn: []string{"9"}, Auto: true}, "I answer only you"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{MessageContent: true}, answerer())
			if err := r.adapter.settings.Change(t.Context(), r.adapter.chat(bottest.DiscordGuild), tc.settings); err != nil {
				t.Fatal(err)
			}
			said := map[string]any{"id": "900", "channel_id": bottest.DiscordChannel, "author": map[string]any{"id": "5"}, "content": link}
			r.Say(map[string]any{"content": "have you seen " + link})
			r.Say(map[string]any{"content": "I have, " + link, "referenced_message": said})
			for range 3 {
				r.Say(map[string]any{"content": "unroll", "referenced_message": said})
			}
			r.Await("the sentence", func(s *bottest.DiscordState) bool { return len(s.Sent()) > 0 })
			r.replied(r.Say(map[string]any{"content": link, "guild_id": "", "channel_id": "9777"})) // all before it is done
			r.Look(func(s *bottest.DiscordState) {
				told := 0
				for _, m := range s.Sent() {
					if m.Channel != "9777" {
						t.Errorf("said in public: %q", m.Text())
					}
					if strings.Contains(m.Text(), tc.says) {
						told++
					}
				}
				if told != 1 {
					t.Errorf("told %d times", told)
				}
			})
		})
	}
}
