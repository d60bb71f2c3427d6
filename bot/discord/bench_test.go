package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
)

// now is a Dispatch that answers before it returns.
type now func(context.Context, bot.Request, bot.Responder) error

func (n now) Dispatch(ctx context.Context, req bot.Request, res bot.Responder) error {
	return n(ctx, req, res)
}

// bench is an adapter on a server that takes everything.
func bench(b testing.TB, answer now) (*Adapter, string) {
	b.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("X-RateLimit-Limit", "5")
		h.Set("X-RateLimit-Remaining", "4")
		h.Set("X-RateLimit-Reset-After", "0.2")
		_, _ = io.WriteString(w, `{"id":"1"}`)
	}))
	b.Cleanup(server.Close)
	a, err := New(Config{Token: "t", APIURL: server.URL + "/api/v10"}, answer, words{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	return a, server.URL
}

func slash(n int) []byte {
	id := strconv.Itoa(n)
	return []byte(`{"id":"` + id + `","application_id":"500","token":"token-` + id + `","type":2,"guild_id":"100","channel_id":"101","locale":"en-US",` +
		`"app_permissions":"2248473465835073","member":{"user":{"id":"777"},"permissions":"0"},"context":0,` +
		`"data":{"name":"unroll","type":1,"options":[{"name":"link","type":3,"value":"` + link + `"}]}}`)
}

// BenchmarkInteraction is the way of a command over the adapter: decode,
// acknowledge, hand on, render, reply. "bare" is what the two calls cost by
// themselves.
func BenchmarkInteraction(b *testing.B) {
	th := thread(30)
	body, err := json.Marshal(pageOf(b, testAdapter(b), &bot.Reply{Thread: th, Asked: th.Ref}, stage{}))
	if err != nil {
		b.Fatal(err)
	}
	a, base := bench(b, func(ctx context.Context, _ bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20", Page: 1})
	})
	b.Run("bare", func(b *testing.B) {
		client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
		b.ReportAllocs()
		for b.Loop() {
			for _, body := range [][]byte{[]byte(`{"type":5}`), body} {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, base, bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				resp, err := client.Do(req)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
		}
	})
	b.Run("adapter", func(b *testing.B) {
		b.ReportAllocs()
		n := 0
		for b.Loop() {
			n++
			i, err := decodeInteraction(slash(n))
			if err != nil {
				b.Fatal(err)
			}
			a.interact(b.Context(), i, time.Now())
		}
	})
}

// BenchmarkSigned is all of the way: an interaction over HTTP is verified,
// read, acknowledged, answered from the store, rendered and sent. Eight come at
// a time.
func BenchmarkSigned(b *testing.B) {
	net, service := demoService(b)
	phrases, err := bot.NewMessages()
	if err != nil {
		b.Fatal(err)
	}
	handler := answererOf(service, phrases)
	done := make(chan struct{}, 8)
	a, _ := bench(b, func(ctx context.Context, req bot.Request, res bot.Responder) error {
		defer func() { done <- struct{}{} }()
		return handler.Handle(ctx, req, res)
	})
	a.phrases = phrases
	sign, endpoint := signer(b, a), a.Interactions()
	n := 0
	send := func() {
		n++
		body := strings.ReplaceAll(string(slash(n)), link, net.Links[0].URL)
		w := httptest.NewRecorder()
		if endpoint.ServeHTTP(w, sign(body, time.Now())); w.Code != http.StatusAccepted {
			b.Fatalf("status %d", w.Code)
		}
	}
	send() // fills the store
	<-done
	for range cap(done) {
		send()
	}
	b.ReportAllocs()
	for b.Loop() {
		<-done
		send()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "interactions/s")
	for range cap(done) {
		<-done
	}
}

// TestMemoryStaysFlat sends many interactions through, each with a token of
// its own, and looks for what is kept of them. UNROLL_TEST_INTERACTIONS says
// how many, 11,000 otherwise.
func TestMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	a, _ := bench(t, func(ctx context.Context, _ bot.Request, res bot.Responder) error {
		return res.Send(ctx, bot.Reply{Text: "Done."})
	})
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	send := func(from, to int) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for n := from + w; n < to; n += 8 {
					i, err := decodeInteraction(slash(n))
					if err != nil {
						t.Error(err)
						return
					}
					a.interact(t.Context(), i, time.Now())
				}
			})
		}
		wg.Wait()
	}
	all := 11_000
	if n, err := strconv.Atoi(os.Getenv("UNROLL_TEST_INTERACTIONS")); err == nil {
		all = n
	}
	send(0, 3000)
	before := heap()
	send(3000, all)
	after := heap()
	t.Logf("heap of %d bytes after 3,000 interactions, %d after %d", before, after, all)
	if after > before+2<<20 {
		t.Error("memory is kept of interactions that are over")
	}
	if n := len(a.rest.transport.limits.buckets); n > 16*sweepAt { // they are dropped some time after they are full
		t.Errorf("%d buckets are kept", n)
	}
}
