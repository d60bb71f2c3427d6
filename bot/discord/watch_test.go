package discord

import (
	"errors"
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// growing is a reply whose thread may still grow.
func growing(n int) bot.Reply {
	r := replyOf(n)
	r.Thread.Posts[n-1].At = time.Now().Add(-time.Hour)
	return r
}

func newsOf(n, from int) bot.Reply {
	r := growing(n)
	r.NewFrom = r.Thread.Posts[from].ID
	return r
}

func TestNews(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*rig) string{
		"of a command": func(r *rig) string {
			return r.Interact(bottest.DiscordInteraction{Command: "watch", Options: map[string]any{"link": link}})
		},
		"of a message":        mention,
		"of a direct message": func(r *rig) string { return r.Say(map[string]any{"content": "watch " + link, "guild_id": ""}) },
		"of a button":         func(r *rig) string { return r.Interact(bottest.DiscordInteraction{Press: "w||/x/20", On: "1"}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p, _ := park(t, ask)
			if !p.until.IsZero() {
				t.Fatalf("it ends at %v", p.until)
			}
			later := p
			if strings.Contains(string(p.data), `"token"`) {
				later = p.with(t, map[string]any{"end": time.Now().Add(-time.Hour)})
			}
			for range 3 { // told once
				if err := later.answer(t, r.adapter, newsOf(30, 27)); err != nil {
					t.Fatal(err)
				}
				r.values.forget("discord:500:sent:")
			}
			if err := later.answer(t, r.adapter, newsOf(31, 30)); err != nil {
				t.Fatal(err)
			}
			var news []*bottest.DiscordMessage
			r.Look(func(s *bottest.DiscordState) {
				for _, m := range s.Sent() {
					if m.Body != nil {
						news = append(news, m)
					}
				}
			})
			if len(news) != 2 {
				t.Fatalf("%d messages", len(news))
			}
			text := news[0].Text()
			if !strings.Contains(text, "3 new posts by Ada") || strings.Contains(text, "<@") || news[0].Private() {
				t.Errorf("said %q", text)
			}
			if strings.Contains(text, "Post 27 of") || !strings.Contains(text, "Post 28 of") || !strings.Contains(text, "Post 30 of") {
				t.Errorf("posts of %q", text)
			}
			if got := news[0].CustomID("Stop watching"); got != "u||/x/20" {
				t.Errorf("button %q", got)
			}
			if !strings.Contains(news[1].Text(), "1 new posts") {
				t.Errorf("said %q", news[1].Text())
			}
		})
	}
}

// Where the bot may not write later, a watch cannot begin: the address ends.
func TestWatchHasAnEnd(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string]func(*rig) string{
		"a user's install":        slashFor(map[string]any{"authorizing_integration_owners": map[string]any{"1": "777"}}),
		"no permission":           slashFor(map[string]any{"app_permissions": "1024"}),
		"a private answer button": pressPrivate,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p, _ := park(t, ask)
			if left := time.Until(p.until); left <= 0 || left > tokenLives {
				t.Errorf("it ends in %v", left)
			}
			if err := p.answer(t, r.adapter, newsOf(3, 2)); !errors.Is(err, bot.ErrGone) {
				t.Errorf("news: %v", err)
			}
		})
	}
}

func pressPrivate(r *rig) string {
	return r.Interact(bottest.DiscordInteraction{Press: "w||/x/20", On: "1", Extra: map[string]any{
		"message": map[string]any{"id": "1", "channel_id": bottest.DiscordChannel, "flags": 64},
	}})
}

// News end where the channel is closed to the bot.
func TestNewsAreUnwanted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault    bottest.DiscordFault
		settings bot.Settings
		gone     bool
	}{
		"no permission any more": {bottest.DiscordFault{Match: "POST /channels/101/messages", Status: 403, Code: codeMissingAccess}, bot.Settings{}, true},
		"no channel any more":    {bottest.DiscordFault{Match: "POST /channels/101/messages", Status: 404, Code: 10003}, bot.Settings{}, true},
		"another channel only":   {bottest.DiscordFault{}, bot.Settings{AnswerIn: []string{"9"}}, true},
		"Discord is away":        {bottest.DiscordFault{Match: "POST /channels/101/messages", Status: 503, Times: 9}, bot.Settings{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p, _ := park(t, mention)
			if tc.fault.Match != "" {
				r.Fail(tc.fault)
			}
			if err := r.adapter.settings.Change(t.Context(), r.adapter.chat(bottest.DiscordGuild), tc.settings); err != nil {
				t.Fatal(err)
			}
			if err := p.answer(t, r.adapter, newsOf(3, 2)); err == nil || errors.Is(err, bot.ErrGone) != tc.gone {
				t.Errorf("gone should be %v: %v", tc.gone, err)
			}
		})
	}
}

func TestWatchButton(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reply bot.Reply
		extra map[string]any
		want  bool
	}{
		"growing":           {growing(2), nil, true},
		"rested":            {replyOf(2), nil, false},
		"a user's install":  {growing(2), map[string]any{"authorizing_integration_owners": map[string]any{"1": "777"}}, false},
		"nothing to say it": {growing(2), map[string]any{"app_permissions": "0"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, p, id := park(t, slashFor(tc.extra))
			if err := p.answer(t, r.adapter, tc.reply); err != nil {
				t.Fatal(err)
			}
			m := r.Answered(id)
			press := m.CustomID("Watch")
			if (press != "") != tc.want {
				t.Fatalf("the button is %q", press)
			}
			if !tc.want {
				return
			}
			p.taken = make(chan struct{})
			pressed := r.Interact(bottest.DiscordInteraction{Press: press, On: m.ID, User: "8"})
			<-p.taken
			if p.req.Command != "watch" || p.req.User != "8" || p.req.Page != nil || p.req.Message.Text != "https://x.com/i/status/20" {
				t.Errorf("asked %+v", p.req)
			}
			if err := p.answer(t, r.adapter, bot.Reply{Text: "I watch it."}); err != nil {
				t.Fatal(err)
			}
			if told := r.Answered(pressed); !told.Private() || told.Text() != "I watch it." {
				t.Errorf("told %q", told.Text())
			}
		})
	}
}

// What a button hands on is read as the same post.
func TestLinkOf(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"/x/20", "/bluesky/did:plc:abcdefghijklmnopqrstuvwx/3l6oveex3ii2l", "/bluesky/ada.example/3l6oveex3ii2l",
		"/mastodon/social.example/110000000000000001", "/mastodon/social.example/9xabcdefgh",
		"/mastodon/social.example/01HXYZABCDEFGHJKMNPQRSTVWX",
		"/mastodon/social.example/0b2dfa52-5a3d-4b4e-8d8e-0a2f4a4a1b11", "/short/t.co/abc",
	} {
		ref, err := unroll.ParsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got, err := unroll.ParseRef(linkOf(ref)); err != nil || got != ref {
			t.Errorf("%s: %s: %v %v", path, linkOf(ref), got, err)
		}
	}
}
