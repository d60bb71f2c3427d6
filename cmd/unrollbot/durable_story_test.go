package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"unrollbot/bot/bottest"
	"unrollbot/unroll"
)

// TestKilledAtRandom kills replicas under load, some hard and some in good
// order: what was confirmed to Telegram is answered, and answered once.
func TestKilledAtRandom(t *testing.T) {
	t.Run("webhook", func(t *testing.T) {
		t.Parallel()
		const asked = 90
		c := newCluster(t, 2, many(asked))
		c.deliver(onceEach)
		killAtRandom(c, asked, 40*time.Millisecond, 600*time.Millisecond)
	})
	t.Run("polling", func(t *testing.T) {
		t.Parallel()
		const asked = 60
		c := newCluster(t, 2, many(asked), polling...)
		killAtRandom(c, asked, 100*time.Millisecond, 2*time.Second) // a killed one's turn to poll ends after 6 s
	})
}

// killAtRandom lets people ask, one each while, and kills one of the two
// replicas each other while, about.
func killAtRandom(c *cluster, asked int, ask, kill time.Duration) {
	c.Helper()
	c.upstream.take(150 * time.Millisecond)
	about := func(d time.Duration) time.Duration { return d/2 + rand.N(d) }
	next := time.Now().Add(kill)
	for n := range asked {
		c.ask(n, manyLink(n))
		time.Sleep(about(ask))
		if time.Now().After(next) {
			victim, signal := c.replicas[rand.N(2)], syscall.SIGKILL
			if rand.N(3) == 0 {
				signal = syscall.SIGTERM
			}
			victim.signal(signal)
			victim.start()
			next = time.Now().Add(about(kill))
		}
	}
	c.answered(asked, 4*unroll.QueueLease)
}

// TestUpdatesThatComeTwice brings each update to both replicas at once, and
// some again when they were answered for long.
func TestUpdatesThatComeTwice(t *testing.T) {
	t.Parallel()
	const asked = 40
	c := newCluster(t, 2, many(asked))
	c.upstream.take(50 * time.Millisecond)
	var late sync.Map // bodies of updates, by their order
	c.deliver(func(raw []byte, n int) int {
		late.Store(n, raw)
		return 2
	})
	for n := range asked {
		c.ask(n, manyLink(n/2)) // two people each for a thread: a cold one, and one that is held
	}
	c.answered(asked, 30*time.Second)
	late.Range(func(n, raw any) bool {
		c.bring(t.Context(), raw.([]byte), n.(int))
		return true
	})
	time.Sleep(time.Second) // for answers that should not come
	c.answered(asked, 0)
}

// TestRedisKilledUnderLoad kills Redis with requests in it, and starts it
// again: answers go on meanwhile, and nothing is lost or told twice.
func TestRedisKilledUnderLoad(t *testing.T) {
	t.Parallel()
	const asked = 80
	c := newCluster(t, 2, many(asked))
	if c.redis.args == nil {
		t.Skip("UNROLL_TEST_REDIS_URL is not set, or there is no redis-server: not tested against a real Redis")
	}
	c.upstream.take(100 * time.Millisecond)
	c.deliver(onceEach)
	for n := range asked {
		switch n {
		case asked / 4:
			c.redis.kill()
		case asked * 3 / 4:
			c.answered(asked/2, 10*time.Second) // without Redis
			c.redis.start()
		}
		c.ask(n, manyLink(n))
		time.Sleep(20 * time.Millisecond)
	}
	c.answered(asked, 30*time.Second)
	for _, r := range c.replicas {
		eventually(t, "the queue to be empty", func() bool { return r.metric(`unrollbot_queue_requests{platform="telegram"}`) == "0" })
	}
}

// TestManyAreQueuedAtTheStart kills the one replica that has taken many
// requests and answered none. Those that come after it work them off, without
// a storm at the upstream, and wait where its limit is reached.
func TestManyAreQueuedAtTheStart(t *testing.T) {
	t.Parallel()
	const asked = 130 // the limit lets 100 pass at once, and 400 a minute
	c := newCluster(t, 1, many(asked))
	c.upstream.take(time.Hour)
	c.deliver(onceEach)
	for n := range asked {
		c.ask(n, manyLink(n))
	}
	eventually(t, "Telegram to have no updates left", func() bool { return c.telegram.Pending() == 0 })
	first := c.replicas[0]
	first.signal(syscall.SIGKILL)
	c.upstream.take(20 * time.Millisecond)
	before := c.upstream.reset()
	first.start()
	c.add()
	c.answered(asked, time.Minute)
	calls, most := c.upstream.seen()
	if most > 2*16 {
		t.Errorf("%d calls upstream at once, want at most 16 of each replica", most)
	}
	if calls > 2*asked {
		t.Errorf("%d calls upstream for %d requests (%d before)", calls, asked, before)
	}
}

// TestAdminQueue looks at a request that was given up, as an operator does.
func TestAdminQueue(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *rig) {
		code, out := r.admin("queue")
		if r.app.queue == nil {
			if code != 0 || !strings.Contains(out, "needs a Redis") {
				t.Errorf("exit code %d: %s", code, out)
			}
			return
		}
		if code != 0 || !strings.Contains(out, "telegram: requests written down: 0") || !strings.Contains(out, "discord: ") {
			t.Errorf("exit code %d: %s", code, out)
		}
		id, err := r.app.queue.Put(t.Context(), "telegram", []byte("token"))
		if err != nil {
			t.Fatal(err)
		}
		if code, out := r.admin("queue"); code != 0 || !strings.Contains(out, "telegram: requests written down: 1") {
			t.Errorf("exit code %d: %s", code, out)
		}
		if err := r.app.queue.Bury(t.Context(), "telegram", id, []byte(`{"asked":"2026-11-24T12:00:00Z","tries":5,"error":"it did not work"}`)); err != nil {
			t.Fatal(err)
		}
		if code, out := r.admin("queue"); code != 0 || !strings.Contains(out, "given up within 30 days: 1") ||
			!strings.Contains(out, "asked 2026-11-24 12:00:00") || !strings.Contains(out, "tries 5  it did not work") {
			t.Errorf("exit code %d: %s", code, out)
		}
	})
}

// TestDiscordAnswersSurviveAKill kills the process that has promised answers
// on Discord, to commands and in a channel. The one that comes after it keeps
// the promise, in the same place.
func TestDiscordAnswersSurviveAKill(t *testing.T) {
	t.Parallel()
	const asked = 5
	discord := bottest.NewDiscord(t, bottest.DiscordConfig{MessageContent: true})
	c := newCluster(t, 1, many(2*asked), "UNROLL_TELEGRAM_TOKEN=", "UNROLL_TELEGRAM_WEBHOOK_URL=", "UNROLL_TELEGRAM_WEBHOOK_SECRET=",
		"UNROLL_DISCORD_TOKEN=token", "UNROLL_DISCORD_API_URL="+discord.APIURL())
	discord.Connected(1)
	c.upstream.take(time.Hour)
	var commands []string
	for n := range asked {
		commands = append(commands, discord.Interact(bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": manyLink(n)}}))
		said := map[string]any{"id": fmt.Sprint(4700 + n), "channel_id": bottest.DiscordChannel, "content": manyLink(asked + n), "author": map[string]any{"id": "778", "username": "nell"}}
		discord.Say(map[string]any{"content": "unroll", "referenced_message": said})
	}
	eventually(t, "all to be written down", func() bool {
		return c.replicas[0].metric(`unrollbot_kept_requests_total{fate="written",platform="discord"}`) == fmt.Sprint(2*asked)
	})
	c.replicas[0].signal(syscall.SIGKILL)
	c.upstream.take(10 * time.Millisecond)
	c.add()
	for _, id := range commands {
		if m := discord.Answered(id); !strings.Contains(m.Text(), threadMark) {
			t.Errorf("the answer reads %q", m.Text())
		}
	}
	threads := func(s *bottest.DiscordState) (n int) {
		for _, m := range s.Sent() {
			if strings.Contains(m.Text(), threadMark) {
				n++
			}
		}
		return n
	}
	discord.Await("all answers", func(s *bottest.DiscordState) bool { return threads(s) >= 2*asked })
	eventually(t, "the queue to be empty", func() bool {
		return c.replicas[1].metric(`unrollbot_queue_requests{platform="discord"}`) == "0"
	})
	discord.Look(func(s *bottest.DiscordState) {
		if n := threads(s); n != 2*asked {
			t.Errorf("%d answers to %d requests", n, 2*asked)
		}
	})
}
