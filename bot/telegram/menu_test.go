package telegram

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// asker asked for the thread in the tests below; others are others.
var asker = bottest.TelegramUser{ID: 77}

// answered asks for a thread in the group and opens the answer's menu.
func answered(t *testing.T, th *unroll.Thread) (*rig, bottest.TelegramMessage) {
	t.Helper()
	r := start(t, unrolls(th))
	r.tg.Say(inGroup("/unroll " + link))
	m := r.tg.WaitMessages(group, 1)[0]
	r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
	return r, r.tg.Messages(group)[0]
}

func TestMenu(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := answered(t, rich(30))
		closed := [][]string{{"1/3", "button_next"}, {"button_open", "⋯"}}
		open := append(append([][]string(nil), closed...),
			[]string{"button_refresh", "button_delete"}, []string{"⤓ .pdf", "⤓ .epub", "⤓ .html"}, []string{"⤓ .md", "⤓ .txt"}, []string{"🖼"})
		if diff := cmp.Diff(open, m.Labels()); diff != "" {
			t.Error(diff)
		}
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⋯"))
		if diff := cmp.Diff(closed, r.tg.Messages(group)[0].Labels()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestMenuOffersMediaOnlyWhereTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, m := answered(t, thread(1))
		if _, ok := m.Button("🖼"); ok {
			t.Errorf("buttons: %q", m.Labels())
		}
	})
}

func TestLookAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := thread(1)
		r, m := answered(t, th)
		th.Posts[0].Text = "Edited."
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_refresh"))
		if got := r.tg.Messages(group)[0]; !strings.Contains(got.Text, "Edited.") {
			t.Errorf("text is %q", got.Text)
		}
		if last := r.pool.requests()[1]; last.Page == nil || !last.Page.Fresh {
			t.Errorf("asked for %+v", last)
		}
	})
}

func TestFiles(t *testing.T) {
	for label, want := range map[string]struct{ ext, text string }{
		"⤓ .md":   {".md", "Post 12"},
		"⤓ .txt":  {".txt", "Post 12"},
		"⤓ .html": {".html", "Post 12"},
		"⤓ .epub": {".epub", "mimetypeapplication/epub+zip"},
		"⤓ .pdf":  {".pdf", "%PDF-"},
	} {
		t.Run(label, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := answered(t, thread(12))
				first := r.tg.Press(asker, group, m.ID, label)
				second := r.tg.Press(asker, group, m.ID, label) // in haste
				r.tg.WaitPress(first)
				r.tg.WaitPress(second)
				got := r.tg.Messages(group)
				if len(got) != 2 || got[1].File == nil {
					t.Fatalf("got %+v", got)
				}
				if f := got[1].File; !strings.HasSuffix(f.Name, want.ext) || !strings.Contains(string(f.Data), want.text) {
					t.Errorf("file %s: %.200s", f.Name, f.Data)
				}
				if got[1].ReplyTo == nil || got[1].ReplyTo.ID != m.ID {
					t.Errorf("file replies to %+v", got[1].ReplyTo)
				}
			})
		})
	}
}

func TestFilesHoldPictures(t *testing.T) {
	for label, held := range map[string]bool{"⤓ .html": true, "⤓ .md": false} {
		t.Run(label, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := answered(t, rich(1))
				fetched := 0
				r.a.cfg.Pictures = func(context.Context, *unroll.Thread) func(string) ([]byte, string, bool) {
					fetched++
					return func(string) ([]byte, string, bool) { return []byte("a picture"), "image/png", true }
				}
				r.tg.WaitPress(r.tg.Press(asker, group, m.ID, label))
				f := r.tg.Messages(group)[1].File
				if got := strings.Contains(string(f.Data), "data:image/png"); got != held || (fetched == 1) != held {
					t.Errorf("holds its pictures: %t; they were fetched %d times", got, fetched)
				}
			})
		})
	}
}

// A file whose receipt is lost may have arrived: it is not sent again.
func TestFileIsNotSentTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := answered(t, thread(1))
		r.tg.Fail(bottest.TelegramFault{Method: "sendDocument", Drop: true, Applied: true})
		if p := r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "⤓ .md")); p.Text != "error_internal" {
			t.Errorf("told %q", p.Text)
		}
		time.Sleep(time.Minute)
		if n := len(r.tg.Messages(group)); n != 2 {
			t.Errorf("%d messages", n)
		}
	})
}

// Files and albums count as asking; pages do not.
func TestPressesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := answered(t, thread(30))
		burst := bot.DefaultLimits().User.Burst
		var pressed []string
		for range burst + 1 {
			pressed = append(pressed, r.tg.Press(asker, group, m.ID, "⤓ .md"))
		}
		over := 0
		for _, id := range pressed {
			if r.tg.WaitPress(id).Text == "error_rate_limited_until" {
				over++
			}
		}
		if over != 1 {
			t.Errorf("%d presses of %d are over the limit", over, len(pressed))
		}
		if p := r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{ID: 78}, group, m.ID, "⤓ .txt")); p.Text != "" {
			t.Errorf("somebody else is answered with %q", p.Text)
		}
		if p := r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "button_next")); p.Text != "" {
			t.Errorf("turning a page is answered with %q", p.Text)
		}
	})
}

func withMedia(n int) *unroll.Thread {
	th := thread(2)
	for i := range n {
		th.Posts[0].Media = append(th.Posts[0].Media, unroll.Media{
			Kind: unroll.MediaImage, URL: fmt.Sprintf("https://pbs.example.com/%d.jpg", i), Alt: fmt.Sprint("Picture ", i),
		})
	}
	return th
}

func TestMediaAlbums(t *testing.T) {
	for _, tt := range []struct {
		n      int
		albums []int
	}{{1, nil}, {2, []int{2}}, {10, []int{10}}, {11, []int{5, 6}}, {25, []int{8, 8, 9}}, {45, []int{10, 10, 10}}} {
		t.Run(fmt.Sprint(tt.n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th := withMedia(tt.n)
				th.Posts[0].Warning = "heights"
				r, m := answered(t, th)
				r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "🖼"))
				time.Sleep(5 * time.Minute)
				var sizes []int
				for _, c := range r.tg.Calls("sendMediaGroup") {
					sizes = append(sizes, strings.Count(c.Get("media"), "pbs.example.com"))
				}
				if diff := cmp.Diff(tt.albums, sizes); diff != "" {
					t.Error(diff)
				}
				got := r.tg.Messages(group)
				if want := 1 + min(tt.n, 30); len(got) != want {
					t.Errorf("%d messages, want %d", len(got), want)
				}
				if diff := cmp.Diff(&bottest.TelegramMedia{Type: "photo", Media: "https://pbs.example.com/0.jpg", Caption: "Picture 0", Spoiler: true}, got[1].Media); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestMediaThatTelegramCannotFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := answered(t, withMedia(3))
		r.tg.Fail(bottest.TelegramFault{Method: "sendMediaGroup", Status: 400, Description: "Bad Request: failed to get HTTP URL content"})
		r.tg.WaitPress(r.tg.Press(asker, group, m.ID, "🖼"))
		got := r.tg.WaitMessages(group, 2)[1]
		if want := "https://pbs.example.com/0.jpg\nhttps://pbs.example.com/1.jpg\nhttps://pbs.example.com/2.jpg"; got.Text != want {
			t.Errorf("got %q", got.Text)
		}
	})
}

func TestExhibits(t *testing.T) {
	mp4 := func(bitrate int) unroll.Variant {
		return unroll.Variant{URL: fmt.Sprintf("https://video.example.com/%d.mp4", bitrate), Type: "video/mp4", Bitrate: bitrate}
	}
	hls := unroll.Variant{URL: "https://video.example.com/list.m3u8", Type: "application/x-mpegURL"}
	tests := []struct {
		name  string
		media unroll.Media
		item  string // its address
		link  string
	}{
		{"picture", unroll.Media{Kind: unroll.MediaImage, URL: "https://a.example/1.jpg"}, "https://a.example/1.jpg", ""},
		{"best that fits", unroll.Media{Kind: unroll.MediaVideo, URL: hls.URL, Duration: 100 * time.Second, Variants: []unroll.Variant{hls, mp4(8_000_000), mp4(1_000_000), mp4(500_000)}}, mp4(1_000_000).URL, ""},
		{"none that fits", unroll.Media{Kind: unroll.MediaVideo, URL: hls.URL, Duration: time.Hour, Variants: []unroll.Variant{mp4(8_000_000)}}, "", "https://x.com/ada/status/20"},
		{"a playlist alone", unroll.Media{Kind: unroll.MediaVideo, URL: hls.URL}, "", "https://x.com/ada/status/20"},
		{"an MP4 alone", unroll.Media{Kind: unroll.MediaGIF, URL: "https://a.example/1.mp4?tag=1"}, "https://a.example/1.mp4?tag=1", ""},
		{"sound", unroll.Media{Kind: unroll.MediaAudio, URL: "https://a.example/1.mp3"}, "", "https://x.com/ada/status/20"},
		{"an address of ours", unroll.Media{Kind: unroll.MediaImage, URL: "http://127.0.0.1/1.jpg"}, "", "https://x.com/ada/status/20"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			th := thread(1)
			th.Posts[0].Media = []unroll.Media{tt.media}
			items, links := exhibits(th)
			item, link := "", strings.Join(links, " ")
			if len(items) > 0 {
				item = items[0].Media
			}
			if item != tt.item || link != tt.link {
				t.Errorf("got %q, %q", item, link)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	for _, tt := range []struct {
		name   string
		who    int64
		admin  bool
		fault  *bottest.TelegramFault
		toast  string
		remain []string // texts, by their beginning
	}{
		{name: "who asked", who: 77},
		{name: "a stranger", who: 78, toast: "not_yours", remain: []string{""}},
		{name: "an admin", who: 78, admin: true},
		{name: "too old", who: 77, fault: &bottest.TelegramFault{Method: "deleteMessage", Status: 400, Description: "Bad Request: message can't be deleted"}, remain: []string{"🗑"}},
		{name: "receipt lost", who: 77, fault: &bottest.TelegramFault{Method: "deleteMessage", Drop: true, Applied: true}},
		{name: "no way to tell", who: 78, fault: &bottest.TelegramFault{Method: "getChatMember", Status: 403, Description: "Forbidden: bot is not a member of the supergroup chat"}, toast: "error_internal", remain: []string{""}},
		{name: "hidden members", who: 78, fault: &bottest.TelegramFault{Method: "getChatMember", Status: 400, Description: "Bad Request: member list is inaccessible"}, toast: "not_yours", remain: []string{""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, m := answered(t, thread(1))
				if tt.admin {
					r.tg.Promote(group, tt.who)
				}
				if tt.fault != nil {
					r.tg.Fail(*tt.fault)
				}
				p := r.tg.WaitPress(r.tg.Press(bottest.TelegramUser{ID: tt.who}, group, m.ID, "button_delete"))
				if p.Text != tt.toast {
					t.Errorf("told %q, want %q", p.Text, tt.toast)
				}
				got := r.tg.Messages(group)
				if len(got) != len(tt.remain) || (len(got) == 1 && !strings.HasPrefix(got[0].Text, tt.remain[0])) {
					t.Errorf("left: %+v", got)
				}
			})
		})
	}
}

// A forged press must not delete what somebody else asked for.
func TestForgedDelete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, m := answered(t, thread(1))
		p := r.tg.WaitPress(r.tg.PressData(bottest.TelegramUser{ID: 78}, group, m.ID, "d|77|x/20"))
		if p.Text != "not_yours" || len(r.tg.Messages(group)) != 1 {
			t.Errorf("told %q", p.Text)
		}
	})
}
