package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// TestTwoProcessesCostOneFetch has two programs share a Redis: a real one
// where UNROLL_TEST_REDIS_URL names it, else one in memory.
func TestTwoProcessesCostOneFetch(t *testing.T) {
	url := cmp.Or(os.Getenv("UNROLL_TEST_REDIS_URL"), "redis://"+miniredis.RunT(t).Addr())
	first := newRig(t, fakenet.Chain(10), "UNROLL_REDIS_URL="+url)
	second := newRig(t, fakenet.Chain(0), "UNROLL_REDIS_URL="+url, "UNROLL_FXTWITTER_URL="+first.net.FxTwitterURL,
		"UNROLL_DISCORD_TOKEN=") // the first has the one connection that there is

	// An id of its own for each run: a real Redis remembers.
	id := fmt.Sprint(1_000_001)
	ref := unroll.Ref{Network: unroll.X, ID: id}
	if err := first.app.store.Forget(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			service := []*unroll.Service{first.app.service, second.app.service}[i%2]
			if got, err := service.Unroll(t.Context(), ref); err != nil || got.Len() != 10 {
				t.Errorf("%d posts, %v", got.Len(), err)
			}
		})
	}
	wg.Wait()
	if n := first.net.FxTwitter.Calls("/2/thread/"); n != 1 {
		t.Errorf("asked %d times, want once", n)
	}
}

func TestRedisGoesAway(t *testing.T) {
	redis := miniredis.RunT(t)
	r := newRig(t, fakenet.Chain(3), "UNROLL_REDIS_URL=redis://"+redis.Addr())
	if m := r.telegramSays(xLink(1)); !strings.Contains(m.Text, "post number 3 of") {
		t.Fatalf("with Redis: %s", m.Text)
	}
	redis.Close()
	for network, link := range r.links(2) {
		if m := r.telegramSays(link); !strings.Contains(m.Text, "post number 3 of") {
			t.Errorf("%s without Redis: %s", network, m.Text)
		}
	}
	if status, _, body := r.get("/readyz"); status != 503 || !strings.Contains(body, "store") {
		t.Errorf("readyz: %d %s", status, body)
	}
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the store to be back", func() bool {
		status, _, _ := r.get("/readyz")
		return status == 200
	})
}
