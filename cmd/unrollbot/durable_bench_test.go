package main

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/bot"
	"unrollbot/unroll/redisstore"
)

// later is a responder that can be made anew.
type later struct{}

func (later) Working(context.Context) error         { return nil }
func (later) Send(context.Context, bot.Reply) error { return nil }
func (later) Address() ([]byte, time.Time) {
	return []byte(`{"way":"message","chat":77,"message":42}`), time.Time{}
}

// BenchmarkDispatch is what an update waits for before it is confirmed, and
// how long after its coming a worker has it, with nobody else asking: held
// threads, which are answered without writing anything down, and others, which
// are written into Redis before.
func BenchmarkDispatch(b *testing.B) {
	address := cmp.Or(os.Getenv("UNROLL_TEST_REDIS_URL"), "redis://"+miniredis.RunT(b).Addr())
	store, err := redisstore.Open(b.Context(), redisstore.Config{URL: address, Prefix: "bench:"})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	for name, held := range map[string]bool{"inline": true, "durable": false} {
		b.Run(name, func(b *testing.B) {
			begun := make(chan time.Time, 1)
			pool := bot.NewDispatcher(bot.DispatcherConfig{}, bot.Chain(bot.HandlerFunc(
				func(ctx context.Context, _ bot.Request, res bot.Responder) error {
					begun <- time.Now()
					return res.Send(ctx, bot.Reply{})
				}), bot.Once(store, slog.New(slog.DiscardHandler))))
			d := bot.NewDurable(bot.DurableConfig{Inline: func(context.Context, *bot.Request) bool { return held }}, pool, store, "bench")
			run := strconv.FormatInt(time.Now().UnixNano(), 36)
			b.ReportAllocs()
			var confirmed, waited time.Duration
			for n := 0; b.Loop(); n++ {
				start := time.Now()
				err := d.Dispatch(b.Context(), bot.Request{Platform: "bench", ID: run + strconv.Itoa(n), Command: "unroll"}, later{})
				if err != nil {
					b.Fatal(err)
				}
				confirmed += time.Since(start)
				waited += (<-begun).Sub(start)
			}
			b.ReportMetric(float64(confirmed.Nanoseconds())/1000/float64(b.N), "µs/confirmed")
			b.ReportMetric(float64(waited.Nanoseconds())/1000/float64(b.N), "µs/begun")
			if err := d.Close(context.Background()); err != nil {
				b.Error(err)
			}
		})
	}
}
