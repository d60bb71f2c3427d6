package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll/render"
)

func BenchmarkPages(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			th := thread(n)
			b.ReportAllocs()
			for b.Loop() {
				compose(pages(th, render.Options{}, "", formPages)[0], "")
			}
		})
	}
	b.Run("one long post", func(b *testing.B) {
		th := thread(1)
		th.Posts[0].Text = strings.Repeat("🧵 #a https://a.example/b. ", 1000)
		b.ReportAllocs()
		for b.Loop() {
			pages(th, render.Options{}, "", formPages)
		}
	})
}

// From an update's bytes to Telegram's answer; and a bare call of the same
// size to the same server, to compare.
func BenchmarkUpdateToAnswer(b *testing.B) {
	th := thread(12)
	var text string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = fmt.Fprintf(w, `{"ok":true,"result":{"message_id":1,"text":%q}}`, text)
	}))
	b.Cleanup(s.Close)

	done := make(chan error)
	a, err := New(Config{Token: testToken, APIURL: s.URL}, dispatchFunc(func(ctx context.Context, req bot.Request, res bot.Responder) error {
		go func() { done <- unrolls(th)(ctx, req, res) }()
		return nil
	}), phrases{}, &memory{})
	if err != nil {
		b.Fatal(err)
	}
	a.me.Store(me())
	a.pace.total = newQuota("all", totalBurst, time.Microsecond)
	v := a.view(b.Context(), bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20"}, audience{})
	text = v.Text
	chat := int64(0)
	b.Run("answer", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			chat++ // one each, so that no turn is waited for
			raw := fmt.Appendf(nil, `{"update_id":%d,"message":{"message_id":1,"from":{"id":%d,"language_code":"en"},"chat":{"id":%d,"type":"private"},"date":1,"text":"/unroll %s","entities":[{"type":"bot_command","offset":0,"length":7}]}}`, chat, chat, chat, link)
			if _, err := a.accept(b.Context(), raw); err != nil {
				b.Fatal(err)
			}
			if err := <-done; err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
	b.Run("bare call", func(b *testing.B) {
		body, err := json.Marshal(place{Chat: 1, ReplyTo: 1}.message(v))
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			resp, err := http.Post(s.URL, "application/json", bytes.NewReader(body))
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
	})
}

func BenchmarkUpdateToRequest(b *testing.B) {
	raw := []byte(`{"update_id":1,"message":{"message_id":1,"from":{"id":77,"language_code":"en"},"chat":{"id":-1001,"type":"supergroup"},"date":1,"text":"unroll","reply_to_message":{"message_id":0,"from":{"id":78},"chat":{"id":-1001,"type":"supergroup"},"text":"look at ` + link + `","entities":[{"type":"url","offset":8,"length":31}]}}}`)
	user := me()
	b.ReportAllocs()
	for b.Loop() {
		u, err := decodeUpdate(raw)
		if err != nil {
			b.Fatal(err)
		}
		if _, ok := fromMessage(u.Message, user); !ok {
			b.Fatal("not for the bot")
		}
	}
	perSecond(b)
}

// BenchmarkView is a held thread to what is sent of it.
func BenchmarkView(b *testing.B) {
	for name, classic := range map[string]bool{"rich": false, "classic": true} {
		b.Run(name, func(b *testing.B) {
			a, err := New(Config{Token: testToken, Classic: classic}, &pool{}, phrases{}, &memory{})
			if err != nil {
				b.Fatal(err)
			}
			th := rich(12)
			r := bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20"}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := json.Marshal(place{Chat: -1, ReplyTo: 1}.message(a.view(b.Context(), r, audience{crowd: true}))); err != nil {
					b.Fatal(err)
				}
			}
			perSecond(b)
		})
	}
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
}
