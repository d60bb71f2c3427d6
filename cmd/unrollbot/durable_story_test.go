package main

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"unrollbot/unroll"
)

// TestKilledAtRandom kills replicas under load, some hard and some in good
// order: what was confirmed to Telegram is answered, and answered once.
func TestKilledAtRandom(t *testing.T) {
	const asked = 90
	c := newCluster(t, 2, many(asked))
	c.upstream.take(150 * time.Millisecond)
	c.deliver(nil)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	next, killed := time.Now().Add(500*time.Millisecond), 0
	for n := range asked {
		c.ask(n, manyLink(n))
		time.Sleep(time.Duration(random.IntN(80)) * time.Millisecond)
		if time.Now().After(next) {
			victim, signal := c.replicas[random.IntN(2)], syscall.SIGKILL
			if random.IntN(3) == 0 {
				signal = syscall.SIGTERM
			}
			victim.signal(signal)
			victim.start()
			killed++
			next = time.Now().Add(time.Duration(300+random.IntN(600)) * time.Millisecond)
		}
	}
	if killed == 0 {
		t.Error("nobody was killed")
	}
	c.answered(asked, 3*unroll.QueueLease)
}
