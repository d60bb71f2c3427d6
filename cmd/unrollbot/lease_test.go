package main

import (
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/internal/fakenet"
)

// polls tells how often one replica has taken the work of polling.
func polls(r *rig) int {
	return strings.Count(r.log.String(), `msg="lease taken: working" lease=telegram`)
}

func TestOneReplicaPollsTelegram(t *testing.T) {
	redis := miniredis.RunT(t)
	go func() { // the clock of miniredis stands still unless it is moved
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				redis.FastForward(50 * time.Millisecond)
			case <-t.Context().Done():
				return
			}
		}
	}()
	first := newRig(t, fakenet.Chain(3), "UNROLL_REDIS_URL=redis://"+redis.Addr())
	eventually(t, "the first to poll", func() bool { return polls(first) == 1 })
	second := newRig(t, fakenet.Chain(3), "UNROLL_REDIS_URL=redis://"+redis.Addr(),
		"UNROLL_TELEGRAM_TOKEN="+first.telegram.Token, "UNROLL_TELEGRAM_API_URL="+first.telegram.URL(), "UNROLL_DISCORD_TOKEN=")

	for i := range 3 {
		if m := first.telegramSays(xLink(1 + i%2)); !strings.Contains(m.Text, "post number 3 of") {
			t.Errorf("answer %d: %s", i, m.Text)
		}
	}
	if polls(second) != 0 {
		t.Error("both poll")
	}

	start := time.Now()
	if err := first.end(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second to poll", func() bool { return polls(second) == 1 })
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("hand-over took %s", took)
	}
	if m := first.telegramSays(xLink(2)); !strings.Contains(m.Text, "post number 3 of") {
		t.Errorf("after the hand-over: %s", m.Text)
	}
	if log := first.log.String() + second.log.String(); strings.Contains(log, "another program takes") {
		t.Errorf("two polled at once:\n%s", log)
	}
	if _, _, body := second.get("/metrics"); !strings.Contains(body, `unrollbot_lease_held{work="telegram"} 1`) {
		t.Error("the metrics do not tell who polls")
	}
}

func TestWebhooksAreTakenOnEveryReplica(t *testing.T) {
	redis := miniredis.RunT(t)
	settings := []string{
		"UNROLL_REDIS_URL=redis://" + redis.Addr(),
		"UNROLL_TELEGRAM_WEBHOOK_URL=https://bot.example.org/telegram", "UNROLL_TELEGRAM_WEBHOOK_SECRET=opensesame",
	}
	first := newRig(t, fakenet.Chain(3), settings...)
	second := newRig(t, fakenet.Chain(3), append(settings, "UNROLL_DISCORD_TOKEN=")...)
	for _, r := range []*rig{first, second} {
		eventually(t, "the webhook to be set", func() bool { return len(r.telegram.Calls("setWebhook")) == 1 })
		if polls(r) != 0 || len(r.telegram.Calls("getUpdates")) != 0 {
			t.Error("polls besides the webhook")
		}
	}
}
