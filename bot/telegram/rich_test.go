package telegram

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot/bottest"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

var updateGolden = flag.Bool("update", false, "write golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *updateGolden {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func everything() *unroll.Thread {
	th := rich(4)
	p := &th.Posts[3]
	p.Text = "Two < three & \"four\".\nA list:\x01\nshouted here"
	p.Facets = []unroll.Facet{
		{Start: 0, End: 3, Kind: unroll.FacetBold}, facet(p.Text, "shouted here", unroll.FacetItalic, ""), facet(p.Text, "here", unroll.FacetLink, "https://a.example/?a=1&b=2"),
	}
	p.Media = []unroll.Media{
		{Kind: unroll.MediaImage, URL: "https://a.example/1.jpg", Alt: "One <1>"},
		{Kind: unroll.MediaVideo, URL: "https://a.example/2.mp4", Alt: "Two"},
	}
	p.Sensitive = true
	return th
}

func TestRichGolden(t *testing.T) {
	th := everything()
	o := render.Options{PageURL: "https://unroll.example/x/20"}
	got := pages(th, o, "", formRich)
	if len(got) != 1 {
		t.Fatalf("%d pages", len(got))
	}
	golden(t, "rich.html", strings.ReplaceAll(composeRich(th, got[0], "", true, nil).HTML, "><", ">\n<"))
}

func richRig(t *testing.T, th *unroll.Thread) *rig {
	t.Helper()
	r := newRig(t, Config{}, unrolls(th))
	r.tg.Rich = true
	r.start()
	return r
}

func TestRichThreadIsOneMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := richRig(t, everything())
		r.tg.Say(inGroup("/unroll " + link))
		m := r.tg.WaitMessages(group, 1)[0]
		if m.Text != "" || m.Rich == nil || !m.Rich.Bare || !strings.Contains(m.Rich.HTML, "Post 1.") {
			t.Errorf("got %+v", m)
		}
		if diff := cmp.Diff([][]string{{"button_open", "⋯"}}, m.Labels()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRichPages(t *testing.T) {
	for name, th := range map[string]*unroll.Thread{"text": thread(300), "media": withMedia(180)} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if name == "media" { // 3 on each post
					all := th.Posts[0].Media
					th = thread(60)
					for i := range th.Posts {
						th.Posts[i].Media = all[3*i : 3*i+3]
					}
				}
				r := richRig(t, th)
				r.tg.Say(inGroup("/unroll " + link))
				m := r.tg.WaitMessages(group, 1)[0]
				html := m.Rich.HTML
				for {
					if _, ok := m.Button("button_next"); !ok {
						break
					}
					r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_next"))
					m = r.tg.Messages(group)[0]
					html += m.Rich.HTML
				}
				for _, p := range th.Posts {
					if strings.Count(html, strings.Join(strings.Fields(p.Text)[:3], " ")) != 1 {
						t.Fatalf("post %s is not there once", p.ID)
					}
				}
				if name == "media" && strings.Count(html, "<img") != 180 {
					t.Errorf("%d pictures", strings.Count(html, "<img"))
				}
			})
		})
	}
}

func TestRichLadder(t *testing.T) {
	tests := []struct {
		name    string
		fault   bottest.TelegramFault
		rich    bool
		media   bool
		further int // calls of sendRichMessage for a second thread
	}{
		{"media out of reach", bottest.TelegramFault{Status: 400, Description: "Bad Request: failed to get HTTP URL content"}, true, false, 1},
		{"refused twice", bottest.TelegramFault{Status: 400, Description: "Bad Request: no", Times: 2}, false, false, 1},
		{"unknown to the server", bottest.TelegramFault{Status: 404, Description: "Not Found: method not found", Times: 100}, false, false, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := richRig(t, everything())
				tt.fault.Method = "sendRichMessage"
				r.tg.Fail(tt.fault)
				r.tg.Say(inGroup("/unroll " + link))
				m := r.tg.WaitMessages(group, 1)[0]
				if rich := m.Rich != nil; rich != tt.rich || (rich && strings.Contains(m.Rich.HTML, "<img") != tt.media) || (!rich && !strings.Contains(m.Text, "Post 1.")) {
					t.Errorf("got %+v", m)
				}
				synctest.Wait()
				before := len(r.tg.Calls("sendRichMessage"))
				r.tg.Say(inGroup("/unroll " + link))
				r.tg.WaitMessages(group, 2)
				synctest.Wait()
				if n := len(r.tg.Calls("sendRichMessage")) - before; n != tt.further {
					t.Errorf("%d further calls", n)
				}
			})
		})
	}
}

func TestRichIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := richRig(t, everything())
		r.tg.Fail(bottest.TelegramFault{Method: "sendRichMessage", Drop: true, Applied: true})
		r.tg.Say(inGroup("/unroll " + link))
		r.tg.WaitMessages(group, 1)
		time.Sleep(time.Minute)
		if n := len(r.tg.Messages(group)); n != 1 {
			t.Errorf("%d answers", n)
		}
	})
}

// A crowd sees the beginning of a long thread, and all of it at a tap.
func TestRichIsFoldedBeforeACrowd(t *testing.T) {
	folded := regexp.MustCompile(`<details><summary>\+ (\d+) posts?</summary>`)
	for _, tt := range []struct {
		name  string
		chat  int64
		posts int
		want  string // posts folded away; empty for no fold
	}{
		{"a short thread in a group", group, 5, ""},
		{"a long thread in a group", group, 40, "36"},
		{"a long thread in private", 77, 40, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := richRig(t, thread(tt.posts))
				post := bottest.TelegramPost{From: bottest.TelegramUser{ID: 77}, Text: "/unroll " + link}
				if tt.chat < 0 {
					post.Chat.ID = tt.chat
				}
				r.tg.Say(post)
				m := r.tg.WaitMessages(tt.chat, 1)[0]
				got := ""
				if found := folded.FindStringSubmatch(m.Rich.HTML); found != nil {
					got = found[1]
				}
				if got != tt.want || !strings.HasSuffix(m.Rich.HTML, "</footer>") {
					t.Errorf("%s posts are folded away, want %s: %s", got, tt.want, m.Rich.HTML)
				}
				for i := range tt.posts {
					if n := strings.Count(m.Rich.HTML, fmt.Sprintf("Post %d.", i+1)); n != 1 {
						t.Fatalf("post %d is there %d times", i+1, n)
					}
				}
			})
		})
	}
}

// Servers that know nothing of rich messages, or will have none, are noticed
// everywhere, and tried again in time.
func TestRichIsGivenUp(t *testing.T) {
	now := time.Unix(0, 0)
	no := &apiError{Code: 400, Description: "Bad Request: no"}
	for _, tt := range []struct {
		name   string
		err    error
		times  int
		for_   time.Duration
		wellAt int
	}{
		{name: "no such method", err: &apiError{Code: 404, Description: "Not Found: method not found"}, times: 1, for_: richAgain},
		{name: "no such parameter", err: &apiError{Code: 400, Description: "Bad Request: message text is empty"}, times: 1, for_: richAgain},
		{name: "no such content", err: &apiError{Code: 400, Description: "Bad Request: message content is not specified"}, times: 1, for_: richAgain},
		{name: "two of no good", err: no, times: 2},
		{name: "three of no good", err: no, times: 3, for_: richLater},
		{name: "two, one that was taken, and another", err: no, times: 3, wellAt: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var r richness
			for i := range tt.times {
				if i > 0 && i == tt.wellAt {
					r.well()
				}
				r.refused(now, tt.err, false)
				r.refused(now, tt.err, true)
			}
			if got := r.taken(now.Add(tt.for_)); !got {
				t.Error("not tried again")
			}
			if tt.for_ > 0 && r.taken(now.Add(tt.for_-1)) {
				t.Error("tried too soon")
			}
		})
	}
}

// An older server takes the same answers everywhere, in their classic form.
func TestRichFallsBackEverywhere(t *testing.T) {
	for name, knows := range map[string]bool{"rich": true, "classic": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, Config{}, unrolls(thread(5)))
				r.tg.Rich = knows
				r.start()
				again := func() {
					r.a.rich.mu.Lock()
					defer r.a.rich.mu.Unlock()
					r.a.rich.until = time.Time{}
				}
				is := func(where string, rich *bottest.TelegramRich, text string) {
					if (rich != nil) != knows || (text != "") == knows {
						t.Errorf("%s: rich %+v, text %.40q", where, rich, text)
					}
				}
				guest := r.tg.Ask(asker, "@unroll_test_bot unroll "+link, "")
				r.tg.WaitQuery(guest)
				m, _ := r.tg.Inline(guest)
				is("guest", m.Rich, m.Text)
				again()

				results := r.tg.WaitQuery(r.tg.Query(asker, link)).Results
				is("inline", results[0].Content.Rich, results[0].Content.Text)
				if inline := r.tg.Choose("query-2", results[0].ID); inline == "" {
					t.Errorf("a result cannot be chosen")
				}
				again()

				r.tg.Say(inGroup("/unroll " + link))
				m = r.tg.WaitMessages(group, 1)[0]
				is("message", m.Rich, m.Text)
				again()
				r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
				r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_refresh"))
				m = r.tg.Messages(group)[0]
				is("edit", m.Rich, m.Text)
			})
		})
	}
}
