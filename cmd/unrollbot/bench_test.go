package main

import (
	"bytes"
	"cmp"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/bot/bottest"
	"unrollbot/internal/fakenet"
)

// BenchmarkCacheHit is from an update of Telegram's to the call that answers
// it, for a thread in the store, over loopback. "bare" is what no program
// could do without: one read of the store and one POST. They are run in turn,
// so that both see the same machine.
func BenchmarkCacheHit(b *testing.B) {
	url := cmp.Or(os.Getenv("UNROLL_TEST_REDIS_URL"), "redis://"+miniredis.RunT(b).Addr())
	r := newRig(b, fakenet.Chain(30), "UNROLL_REDIS_URL="+url)
	r.telegramSays(xLink(1))

	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		_, _ = w.Write([]byte(`{"ok":true,"result":{}}`))
	}))
	defer sink.Close()
	body := bytes.Repeat([]byte("x"), 2000)
	if err := r.app.store.SetValue(b.Context(), "bench", body, time.Hour); err != nil {
		b.Fatal(err)
	}
	bare := func() {
		if _, _, err := r.app.store.Value(b.Context(), "bench"); err != nil {
			b.Fatal(err)
		}
		resp, err := http.Post(sink.URL, "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}

	b.ReportAllocs()
	var ours, theirs time.Duration
	person := int64(1000) // a new one each time: nobody runs into limits
	for b.Loop() {
		person++
		start := time.Now()
		r.telegram.Say(bottest.TelegramPost{From: bottest.TelegramUser{ID: person}, Text: xLink(1)})
		r.telegram.WaitMessages(person, 1)
		ours += time.Since(start)

		start = time.Now()
		bare()
		theirs += time.Since(start)
		time.Sleep(40 * time.Millisecond) // Telegram takes 30 messages a second; the adapter's pacing is not measured here
	}
	n := float64(b.N)
	b.ReportMetric(0, "ns/op") // holds the pauses
	b.ReportMetric(float64(ours.Microseconds())/n, "µs/answer")
	b.ReportMetric(float64(theirs.Microseconds())/n, "µs/bare")
	b.ReportMetric(float64((ours-theirs).Microseconds())/n, "µs/over")
}
