package discord

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// always answers with one thread.
func always(th *unroll.Thread) func(context.Context, bot.Request, bot.Responder) error {
	return func(ctx context.Context, _ bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example" + th.Ref.Path(), Page: 1})
	}
}

func TestFileForms(t *testing.T) {
	t.Parallel()
	r, m := asked(t, bottest.DiscordConfig{}, 30)
	f := r.Answered(r.press(m, "As file", "8"))
	for _, form := range append(forms()[1:], forms()[0]) {
		id := r.Interact(bottest.DiscordInteraction{Press: "o||/x/20", Values: []string{form.ext}, On: f.ID, User: "8"})
		name := "x-20." + form.ext
		r.Await(name, func(*bottest.DiscordState) bool { return f.Files[name] != "" })
		r.Look(func(s *bottest.DiscordState) {
			if a := s.Answers[id]; len(f.Files) != 1 || a.Type != answerUpdate || len(a.FollowUps) != 0 {
				t.Errorf("%s: %d files, answer %+v", name, len(f.Files), a)
			}
		})
	}
	r.Interact(bottest.DiscordInteraction{Press: "o||/x/20", Values: []string{"exe"}, On: f.ID}) // nobody's choice
}

func TestFilesHoldPictures(t *testing.T) {
	t.Parallel()
	for name, covered := range map[string]bool{"open": false, "covered, before everybody": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			th := thread(1)
			th.Posts[0].Sensitive = covered
			th.Posts[0].Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://m.example/1.png"}}
			r := start(t, bottest.DiscordConfig{}, always(th))
			r.adapter.pictures = func(context.Context, *unroll.Thread) func(string) ([]byte, string, bool) {
				return func(string) ([]byte, string, bool) { return []byte("a picture"), "image/png", true }
			}
			f := r.Answered(r.press(r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})), "As file", "8"))
			r.Interact(bottest.DiscordInteraction{Press: "o||/x/20", Values: []string{"html"}, On: f.ID, User: "8"})
			r.Await("the file", func(*bottest.DiscordState) bool { return f.Files["x-20.html"] != "" })
			r.Look(func(*bottest.DiscordState) {
				if held := strings.Contains(f.Files["x-20.html"], "data:image/png"); held == covered {
					t.Errorf("holds its pictures: %t", held)
				}
			})
		})
	}
}

func TestMediaButton(t *testing.T) {
	t.Parallel()
	th := thread(3)
	for i := range th.Posts {
		for range 12 {
			th.Posts[i].Media = append(th.Posts[i].Media, unroll.Media{Kind: unroll.MediaImage, URL: "https://m.example/1.png", Alt: "A wheel"})
		}
	}
	r := start(t, bottest.DiscordConfig{}, always(th))
	if err := r.adapter.settings.Change(t.Context(), r.adapter.chat(bottest.DiscordGuild), bot.Settings{Quiet: true}); err != nil {
		t.Fatal(err)
	}
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}))
	shown := r.Answered(r.press(m, "Media", "8"))
	if n, _ := pictures(m); n != 0 {
		t.Errorf("%d pictures though quiet", n)
	}
	if n, _ := pictures(shown); n != 36 || !shown.Private() || strings.Contains(shown.Text(), "Post 1 of") {
		t.Errorf("%d pictures, private %v, %q", n, shown.Private(), shown.Text())
	}
}

// pictures counts the items of a message's galleries, and those covered.
func pictures(m *bottest.DiscordMessage) (all, covered int) {
	m.Walk(func(c map[string]any) {
		items, _ := c["items"].([]any)
		all += len(items)
		for _, i := range items {
			if i.(map[string]any)["spoiler"] == true {
				covered++
			}
		}
	})
	return all, covered
}

// What an author covered is shown, under a cover, in channels for grown-ups
// and in direct messages. Elsewhere on a server it is named.
func TestAgeGate(t *testing.T) {
	t.Parallel()
	th := thread(2)
	th.Posts[0].Sensitive = true
	th.Posts[0].Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://m.example/1.png", Alt: "Not for all"}}
	th.Posts[1].Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://m.example/2.png", Alt: "For all"}}
	slash := func(extra map[string]any, direct bool) func(*rig) *bottest.DiscordMessage {
		return func(r *rig) *bottest.DiscordMessage {
			return r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}, Extra: extra, Direct: direct}))
		}
	}
	for name, tc := range map[string]struct {
		ask   func(*rig) *bottest.DiscordMessage
		shown bool
	}{
		"a channel":                     {slash(nil, false), false},
		"a channel for grown-ups":       {slash(map[string]any{"channel": map[string]any{"type": 0, "nsfw": true}}, false), true},
		"a thread in one for grown-ups": {slash(map[string]any{"channel_id": bottest.DiscordWithin, "channel": map[string]any{"type": 11, "parent_id": bottest.DiscordGated}}, false), true},
		"a direct message":              {slash(nil, true), true},
		"a message":                     {func(r *rig) *bottest.DiscordMessage { return r.replied(mention(r)) }, false},
		"a message in one for grown-ups": {func(r *rig) *bottest.DiscordMessage {
			return r.replied(r.Say(map[string]any{"content": "<@500> unroll", "channel_id": bottest.DiscordGated}))
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{}, always(th))
			m := tc.ask(r)
			all, covered := pictures(m)
			want := [2]int{1, 0}
			if tc.shown {
				want = [2]int{2, 1}
			}
			if got := [2]int{all, covered}; got != want {
				t.Errorf("%v pictures, want %v", got, want)
			}
			if named := strings.Contains(m.Text(), "||") && strings.Contains(m.Text(), "Not for all"); named == tc.shown {
				t.Errorf("named in words: %v, in %q", named, m.Text())
			}
		})
	}
}

// What a gallery shows of a quote is not named in its words as well.
func TestQuotedMediaOnce(t *testing.T) {
	t.Parallel()
	picture := func(n string) unroll.Media {
		return unroll.Media{Kind: unroll.MediaImage, URL: "https://m.example/" + n + ".png", Alt: "Picture " + n}
	}
	sound := unroll.Media{Kind: unroll.MediaAudio, URL: "https://m.example/3.mp3", Alt: "A bell"}
	for name, tc := range map[string]struct {
		quote     unroll.Quote
		pictures  int
		has, lack []string
	}{
		"two pictures":   {unroll.Quote{Text: "Look https://m.example/1.png", Media: []unroll.Media{picture("1"), picture("2")}}, 2, []string{"Look"}, []string{"Picture 1", "Picture 2"}},
		"without words":  {unroll.Quote{Media: []unroll.Media{picture("1")}}, 1, nil, []string{"Picture 1"}},
		"with a card":    {unroll.Quote{Text: "Look", Media: []unroll.Media{picture("1")}, Card: &unroll.Card{URL: "https://n.example/", Title: "News"}}, 1, []string{"Look", "News"}, []string{"Picture 1"}},
		"and a sound":    {unroll.Quote{Text: "Look", Media: []unroll.Media{picture("1"), sound}}, 1, []string{"Look", "A bell", "Picture 1"}, nil},
		"an odd address": {unroll.Quote{Text: "Look", Media: []unroll.Media{{Kind: unroll.MediaImage, URL: "https://m.example/a b.png", Alt: "Odd"}}}, 1, []string{"Look"}, []string{"Odd"}},
		"gone":           {unroll.Quote{Gap: &unroll.Gap{Reason: unroll.GapDeleted}}, 0, []string{"cannot be shown"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			th := thread(1)
			th.Posts[0].Quote = &tc.quote
			b := newBook(th, render.Options{}, bareNone)
			text, n := "", 0
			for _, block := range b.pages[0] {
				items, covered := gallery(block)
				n += len(items)
				if !covered {
					text += shown(markdown(block)) + "\n"
				}
			}
			if n != tc.pictures {
				t.Errorf("%d pictures", n)
			}
			for _, part := range tc.has {
				if strings.Count(text, part) != 1 {
					t.Errorf("%q is not once in %q", part, text)
				}
			}
			for _, part := range tc.lack {
				if strings.Contains(text, part) {
					t.Errorf("%q is in %q", part, text)
				}
			}
		})
	}
}

// The words around a thread are in the language of who asks, or the server's.
func TestWordsOfTheThread(t *testing.T) {
	t.Parallel()
	phrases, err := bot.NewMessages()
	if err != nil {
		t.Fatal(err)
	}
	th := rich()
	for name, tc := range map[string]struct {
		locale, server string
		want           string
	}{
		"of who asks":   {"de", "", "de"},
		"of the server": {"de", "fr", "fr"},
		"not spoken":    {"fi", "", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := prepare(t, bottest.DiscordConfig{}, always(th))
			r.adapter.phrases = phrases
			r.run()
			r.Connected(1)
			if err := r.adapter.settings.Change(t.Context(), r.adapter.chat(bottest.DiscordGuild), bot.Settings{Locale: tc.server}); err != nil {
				t.Fatal(err)
			}
			w := phrases.Words(tc.want)
			want := []string{w.Posts(th.Len()), w.Gap(unroll.GapDeleted), w.Read("m.example", th.FetchedAt), w.Branch(1)}
			for _, view := range []string{choicePages, "all", "file"} {
				m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link, "view": view}, Locale: tc.locale}))
				text := shown(m.Text())
				for _, content := range m.Files {
					text += strings.ReplaceAll(content, `\`, "")
				}
				for _, part := range want {
					if !strings.Contains(text, part) {
						t.Errorf("%s: no %q in %q", view, part, text)
					}
				}
			}
		})
	}
}

func TestBranchesView(t *testing.T) {
	t.Parallel()
	th := thread(2)
	th.Branches = []unroll.Branch{
		{After: "20", Posts: []unroll.Post{{ID: "30", Text: "An *aside*:\nmore"}, {ID: "31"}}},
		{After: "30", Posts: []unroll.Post{{ID: "40", Gap: &unroll.Gap{}}}},
		{After: "30", Posts: []unroll.Post{{ID: "50", Text: "Deep", Warning: "plot"}}},
	}
	r := start(t, bottest.DiscordConfig{}, always(th))
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link, "view": "branches"}}))
	text := shown(m.Text())
	for _, part := range []string{"Side branch after “Post 1 of", "⑂ An *aside*: more · 2 posts", "Side branch after “An *aside*: more”", "⑂ · 1 post"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in %q", part, text)
		}
	}
	want := [][2]string{{"⑂ An *aside*: more", "https://unroll.example/x/20#p-30"}, {"⑂", "https://unroll.example/x/20#p-50"}}
	var got [][2]string
	for _, l := range links(m.Text()) {
		if strings.Contains(l[1], "#") {
			got = append(got, l)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	menu := ""
	m.Walk(func(c map[string]any) {
		if c["type"] == float64(3) {
			menu, _ = c["custom_id"].(string)
		}
	})
	r.Interact(bottest.DiscordInteraction{Press: menu, On: m.ID, Values: []string{"/x/31"}})
	r.Await("the branch in its place", func(*bottest.DiscordState) bool { return strings.Contains(m.Text(), "Post 1 of the engine: cards") })

	th.Branches = nil
	none := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link, "view": "branches"}}))
	if !strings.HasPrefix(none.Text(), "This thread has no side branches") {
		t.Errorf("said %q", none.Text())
	}
}

// The thread is opened on the message that was asked about.
func TestThreadOnTheAskedMessage(t *testing.T) {
	t.Parallel()
	target := map[string]any{"id": "900", "channel_id": bottest.DiscordChannel, "author": map[string]any{"id": "5"}, "content": link}
	menu := func(r *rig) *bottest.DiscordMessage {
		return r.Answered(r.Interact(bottest.DiscordInteraction{Menu: "Unroll thread", Target: target}))
	}
	for name, tc := range map[string]struct {
		ask   func(*rig) *bottest.DiscordMessage
		fault bottest.DiscordFault
		on    func(m *bottest.DiscordMessage) string
	}{
		"of a menu command": {menu, bottest.DiscordFault{}, func(*bottest.DiscordMessage) string { return "900" }},
		"of a reply":        {func(r *rig) *bottest.DiscordMessage { return r.replied(mention(r)) }, bottest.DiscordFault{}, func(m *bottest.DiscordMessage) string { return m.ReplyTo }},
		"that has a thread": {menu, bottest.DiscordFault{Match: "POST /channels/101/messages/900/threads", Status: 400, Code: codeThreadExists}, func(m *bottest.DiscordMessage) string { return m.ID }},
		"that is gone":      {menu, bottest.DiscordFault{Match: "POST /channels/101/messages/900/threads", Status: 404, Code: codeUnknownMessage}, func(m *bottest.DiscordMessage) string { return m.ID }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{MessageContent: true}, whole(60))
			m := tc.ask(r)
			if tc.fault.Match != "" {
				r.Fail(tc.fault)
			}
			on := tc.on(m)
			for _, says := range []string{"The whole thread is in", "It is already in"} {
				told := r.Answered(r.press(m, "In a thread", ""))
				if got := told.Text(); got != says+" <#"+on+">" || !told.Private() {
					t.Errorf("told %q", got)
				}
			}
			r.Look(func(s *bottest.DiscordState) {
				n := 0
				for _, x := range s.Sent() {
					if x.Channel == on {
						n++
					}
				}
				if len(s.Threads) != 1 || s.Threads[0].ID != on || n != 4 {
					t.Errorf("threads %+v, %d messages", s.Threads, n)
				}
			})
		})
	}
}

// Asked for by the command, the Discord thread hangs on the answer.
func TestThreadView(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ask    bottest.DiscordInteraction
		fault  bottest.DiscordFault
		opened bool
		says   string // to who asked
	}{
		"opened":        {bottest.DiscordInteraction{}, bottest.DiscordFault{}, true, ""},
		"asker may not": {bottest.DiscordInteraction{Permissions: "3072"}, bottest.DiscordFault{}, false, "You need the permission"},
		"not here":      {bottest.DiscordInteraction{}, bottest.DiscordFault{Match: "POST /channels/101/messages/", Status: 400, Code: 50024}, false, "does not let me"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{}, whole(60))
			if tc.fault.Match != "" {
				r.Fail(tc.fault)
			}
			tc.ask.Command, tc.ask.Options = "unroll", map[string]any{"link": link, "view": "thread"}
			id := r.Interact(tc.ask)
			r.Await("the end", func(s *bottest.DiscordState) bool {
				private, in := "", 0
				for _, m := range s.Sent() {
					if m.Private() {
						private += m.Text()
					}
					if m.Channel == s.Answers[id].Original {
						in++
					}
				}
				return strings.Contains(private, tc.says) && (private == "") == tc.opened && (in == 4) == tc.opened
			})
		})
	}
	r := start(t, bottest.DiscordConfig{}, whole(60))
	m := r.Answered(r.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link, "view": "thread", "private": true}}))
	r.Look(func(s *bottest.DiscordState) {
		if len(s.Threads) != 0 || !m.Private() || m.CustomID("▶") == "" {
			t.Errorf("asked privately: threads %+v, %q", s.Threads, m.Text())
		}
	})
}
