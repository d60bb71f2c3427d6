package telegram

import (
	"flag"
	"os"
	"path/filepath"
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
	golden(t, "rich.html", strings.ReplaceAll(composeRich(th, got[0], "", true).HTML, "><", ">\n<"))
}

func richRig(t *testing.T, th *unroll.Thread) *rig {
	t.Helper()
	r := newRig(t, Config{Rich: true}, unrolls(th))
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
