package main

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"unrollbot/bot/bottest"
	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// links to one post of fakenet.Chain on each network.
func (r *rig) links(n int) map[string]string {
	return map[string]string{
		"x":        xLink(n),
		"bluesky":  fmt.Sprintf("https://bsky.app/profile/ada.test/post/%d", 1_000_000+n),
		"mastodon": fmt.Sprintf("http://%s/@ada/%d", r.net.MastodonHost, 1_000_000+n),
	}
}

func buttons(m bottest.TelegramMessage) string {
	var labels []string
	if m.Markup != nil {
		for _, row := range m.Markup.Rows {
			for _, b := range row {
				labels = append(labels, b.Text)
			}
		}
	}
	return strings.Join(labels, " ")
}

func TestTelegramCommandOnEveryNetwork(t *testing.T) {
	r := newRig(t, fakenet.Chain(5))
	for network, link := range r.links(3) {
		m := r.telegramSays("/unroll " + link)
		for i := 1; i <= 5; i++ {
			if want := fmt.Sprintf("post number %d of", i); !strings.Contains(m.Text, want) {
				t.Errorf("%s: no %q in the answer:\n%s", network, want, m.Text)
			}
		}
		if !strings.Contains(buttons(m), "Open page") {
			t.Errorf("%s: buttons %q", network, buttons(m))
		}
	}
}

func TestTelegramWaysToAsk(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	const group = -100200300
	said := r.telegram.Say(bottest.TelegramPost{Chat: bottest.TelegramChat{ID: group}, Text: "look at this " + xLink(1)})
	for i, text := range []string{"unroll", "/unroll", "/unroll@" + r.telegram.BotName} {
		r.telegram.Say(bottest.TelegramPost{Chat: bottest.TelegramChat{ID: group}, Text: text, ReplyTo: said})
		msgs := r.telegram.WaitMessages(group, i+1)
		if m := msgs[len(msgs)-1]; !strings.Contains(m.Text, "post number 3 of") || m.ReplyTo == nil {
			t.Errorf("%q: %+v", text, m)
		}
	}
	r.telegram.Say(bottest.TelegramPost{Chat: bottest.TelegramChat{ID: group}, Text: "nice thread!", ReplyTo: said})
	if m := r.telegramSays(xLink(2)); !strings.Contains(m.Text, "post number 3 of") {
		t.Errorf("a link in private: %s", m.Text)
	}
	for _, text := range []string{"/start", "/help"} {
		if m := r.telegramSays(text); !strings.Contains(m.Text, "/unroll https://") {
			t.Errorf("%s: %s", text, m.Text)
		}
	}
	if n := len(r.telegram.Messages(group)); n != 3 {
		t.Errorf("%d answers in the group, want 3: chatter is none of our business", n)
	}
}

func TestTelegramPages(t *testing.T) {
	r := newRig(t, fakenet.Chain(300))
	m := r.telegramSays(xLink(300))
	if !strings.Contains(m.Text, "post number 1 of") || strings.Contains(m.Text, "post number 300 of") {
		t.Fatalf("the first page:\n%s", m.Text)
	}
	press := r.telegram.Press(bottest.TelegramUser{}, 77, m.ID, "▶")
	r.telegram.WaitPress(press)
	eventually(t, "the second page", func() bool {
		msgs := r.telegram.Messages(77)
		return msgs[len(msgs)-1].Edits == 1
	})
	msgs := r.telegram.Messages(77)
	if second := msgs[len(msgs)-1]; strings.Contains(second.Text, "post number 1 of") || !strings.Contains(buttons(second), "2/") {
		t.Errorf("the second page, buttons %q:\n%s", buttons(second), second.Text)
	}
}

func TestDiscordWaysToAsk(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	holds := func(m *bottest.DiscordMessage, what string) {
		t.Helper()
		if !strings.Contains(m.Text(), "post number 3 of") {
			t.Errorf("%s: %s", what, m.Text())
		}
	}
	for network, link := range r.links(2) {
		holds(r.discord.Answered(r.discord.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}})), network)
	}
	said := map[string]any{"id": "4711", "channel_id": bottest.DiscordChannel, "content": "look " + xLink(1), "author": map[string]any{"id": "778", "username": "nell"}}
	holds(r.discord.Answered(r.discord.Interact(bottest.DiscordInteraction{Menu: "Unroll thread", Target: said})), "message command")

	sent := func() (n int) {
		r.discord.Look(func(s *bottest.DiscordState) { n = len(s.Sent()) })
		return n
	}
	before := sent()
	r.discord.Say(map[string]any{"content": "unroll", "referenced_message": said})
	r.discord.Await("an answer to the keyword", func(s *bottest.DiscordState) bool { return len(s.Sent()) == before+1 })
	r.discord.Look(func(s *bottest.DiscordState) { holds(s.Sent()[before], "keyword") })
}

func TestDiscordPages(t *testing.T) {
	r := newRig(t, fakenet.Chain(300))
	m := r.discord.Answered(r.discord.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": xLink(300)}}))
	next := m.CustomID("▶")
	if next == "" {
		t.Fatalf("no button to the next page: %v", m.Body)
	}
	r.discord.Interact(bottest.DiscordInteraction{Press: next, On: m.ID})
	r.discord.Await("the second page", func(s *bottest.DiscordState) bool {
		text := s.Messages[m.ID].Text()
		return !strings.Contains(text, "post number 1 of") && strings.Contains(text, "post number 150 of")
	})
}

func TestOneThreadOneAddress(t *testing.T) {
	r := newRig(t, fakenet.Chain(4))
	for network, link := range r.links(3) {
		status, header, _ := r.get("/?url=" + link)
		address, fragment, _ := strings.Cut(header.Get("Location"), "#")
		if status != http.StatusSeeOther || !strings.HasPrefix(address, "/"+network+"/") || !strings.HasSuffix(address, "/1000001") || fragment != "p-1000003" {
			t.Fatalf("%s: %d to %s", network, status, header.Get("Location"))
		}
		for i := 1; i <= 4; i++ {
			path := strings.TrimSuffix(address, "1") + fmt.Sprint(i)
			status, header, body := r.get(path)
			switch {
			case i == 1 && (status != http.StatusOK || !strings.Contains(body, "post number 4 of")):
				t.Errorf("%s: %d\n%s", path, status, body)
			case i != 1 && (status/100 != 3 || header.Get("Location") != fmt.Sprintf("%s#p-%d", address, 1_000_000+i)):
				t.Errorf("%s: %d to %s", path, status, header.Get("Location"))
			}
		}
		for _, ending := range []string{".md", ".txt", ".json", ".html"} {
			if status, _, body := r.get(address + ending); status != http.StatusOK || !strings.Contains(body, "post number 4 of") {
				t.Errorf("%s%s: %d", address, ending, status)
			}
		}
	}
}

func TestLatestListsWhatWasAskedInPublicOnly(t *testing.T) {
	r := newRig(t, fakenet.Chain(2))
	r.telegramSays(xLink(1))
	if _, _, body := r.get("/latest"); strings.Contains(body, "/x/1000001") {
		t.Error("what a private chat asked is listed")
	}
	r.get("/?url=" + r.links(1)["bluesky"])
	if _, _, body := r.get("/latest"); !strings.Contains(body, "/bluesky/") || strings.Contains(body, "/x/1000001") {
		t.Errorf("latest:\n%s", body)
	}
}

func TestTheFewestCallsUpstream(t *testing.T) {
	for network, tt := range map[string]struct {
		calls func(*fakenet.Net) int
		want  int
	}{
		"x":        {func(n *fakenet.Net) int { return n.FxTwitter.Calls("/") }, 1},
		"bluesky":  {func(n *fakenet.Net) int { return n.AppView.Calls("/") }, 1},
		"mastodon": {func(n *fakenet.Net) int { return n.Mastodon.Calls("/") }, 2}, // the status and its context
	} {
		r := newRig(t, fakenet.Chain(20)) // Mastodon shows nobody unknown more than 20 levels at once
		if status, _, body := r.get("/?url=" + r.links(1)[network]); status != http.StatusSeeOther {
			t.Fatalf("%s: %d %s", network, status, body)
		}
		if got := tt.calls(r.net); got != tt.want {
			t.Errorf("%s was asked %d times, want %d", network, got, tt.want)
		}
	}
}

func TestManyWhoAskAtOnceCostOneFetch(t *testing.T) {
	r := newRig(t, fakenet.Chain(10))
	ref, err := unroll.ParseRef(xLink(1))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() {
			if got, err := r.app.service.Unroll(t.Context(), ref); err != nil || got.Len() != 10 {
				t.Errorf("%d posts, %v", got.Len(), err)
			}
		})
	}
	wg.Wait()
	if n := r.net.FxTwitter.Calls("/2/thread/"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

// faults upstream, what a chat reads of them, and the page's status.
func TestFaultsUpstream(t *testing.T) {
	tests := []struct {
		name   string
		fault  fakenet.Fault
		link   string // empty: a good one
		want   string // in the chat
		status int    // of the page
	}{
		{"too many requests", fakenet.TooMany(40), "", "try again in 40 seconds", http.StatusServiceUnavailable},
		{"a page instead of an answer", fakenet.HTMLPage(), "", "does not answer as it should", http.StatusBadGateway},
		{"an error of the server", fakenet.Fault{Status: 503}, "", "does not answer as it should", http.StatusBadGateway},
		{"half an answer", fakenet.Fault{Half: true}, "", "does not answer as it should", http.StatusBadGateway},
		{"no such post", fakenet.Fault{}, xLink(999), "knows no such post", http.StatusNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, fakenet.Chain(2))
			if tt.link == "" {
				r.net.FxTwitter.Break("/", tt.fault)
				tt.link = xLink(1)
			}
			m := r.telegramSays("/unroll " + tt.link)
			if !strings.Contains(m.Text, tt.want) {
				t.Errorf("the chat reads %q, want %q in it", m.Text, tt.want)
			}
			d := r.discord.Answered(r.discord.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": tt.link}}))
			if !strings.Contains(d.Text(), strings.TrimSuffix(tt.want, "40 seconds")) {
				t.Errorf("Discord reads %q", d.Text())
			}
			if status, _, body := r.get("/?url=" + tt.link); status != tt.status || !strings.Contains(body, "<main") {
				t.Errorf("the page: %d\n%s", status, body)
			}
			r.net.FxTwitter.Mend()
		})
	}
}

func TestNotALink(t *testing.T) {
	r := newRig(t, fakenet.Chain(1))
	for text, want := range map[string]string{
		"/unroll":                   "I see no link",
		"/unroll https://x.com/ada": "does not lead to a post",
		"hello":                     "I see no link",
		"/unroll https://x.com/i/spaces/1vOGwAbcdEfGB": "cannot read that kind",
	} {
		if m := r.telegramSays(text); !strings.Contains(m.Text, want) {
			t.Errorf("%q: %q, want %q in it", text, m.Text, want)
		}
	}
	if status, _, _ := r.get("/?url=nonsense"); status != http.StatusBadRequest {
		t.Errorf("the form: %d", status)
	}
}

func TestTheEndFinishesWhatIsUnderWay(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	release := make(chan struct{})
	r.telegram.Fail(bottest.TelegramFault{Method: "sendMessage", Status: 429, RetryAfter: 1})
	go func() { close(release) }()
	<-release
	r.telegram.Say(bottest.TelegramPost{Text: "/unroll " + xLink(1)})
	r.telegram.WaitCalls("sendMessage", 1) // refused once: the answer is under way
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	msgs := r.telegram.Messages(77)
	if last := msgs[len(msgs)-1]; !strings.Contains(last.Text, "post number 3 of") {
		t.Errorf("after the end the chat reads %q", last.Text)
	}
}

func TestAnAnswerOutlivesARestart(t *testing.T) {
	dir := t.TempDir()
	r := newRig(t, fakenet.Chain(300), "UNROLL_DATA_DIR="+dir)
	m := r.telegramSays(xLink(300))
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	r.net.FxTwitter.Break("/", fakenet.Fault{Status: 503}) // what is shown now comes from the store
	r.start("UNROLL_DATA_DIR=" + dir)
	r.telegram.Press(bottest.TelegramUser{}, 77, m.ID, "▶")
	eventually(t, "the second page", func() bool {
		msgs := r.telegram.Messages(77)
		return msgs[len(msgs)-1].Edits == 1
	})
}
