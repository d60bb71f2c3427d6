package discord

import (
	"context"
	"errors"
	"testing"
	"time"

	"unrollbot/bot/bottest"
)

// replicas are adapters that share a Discord and a store.
type replicas struct {
	*bottest.Discord
	t      *testing.T
	values *memory
	stops  []func()
}

// another starts one more.
func (r *replicas) another() {
	r.t.Helper()
	a, err := New(Config{Token: "token", APIURL: r.APIURL(), Shared: true, Log: testLog(r.t)}, &stub{answer: whole(1)}, words{}, r.values)
	if err != nil {
		r.t.Fatal(err)
	}
	hurry(a)
	a.sharing = sharing{lease: 300 * time.Millisecond, look: 50 * time.Millisecond, rest: 200 * time.Millisecond}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	stopped := false
	stop := func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			r.t.Errorf("Run: %v", err)
		}
	}
	r.t.Cleanup(stop)
	r.stops = append(r.stops, stop)
}

// alive is how many live sessions each shard has.
func alive(s *bottest.DiscordState, shards int) []int {
	live := make([]int, shards)
	for _, x := range s.Sessions {
		if x.Live() && len(x.Shard) == 2 {
			live[x.Shard[0]]++
		}
	}
	return live
}

func TestShardsRunOnce(t *testing.T) {
	t.Parallel()
	const n = 4
	r := &replicas{Discord: bottest.NewDiscord(t, bottest.DiscordConfig{Shards: n, Concurrency: 4, MessageContent: true}), t: t, values: &memory{}}
	r.another()
	r.Connected(n)
	r.another()
	// The second gets its half: two shards connect again, with their sessions.
	r.Await("shards to be handed over", func(s *bottest.DiscordState) bool { return s.Resumes >= 2 })
	r.Await("one session for each shard", func(s *bottest.DiscordState) bool {
		for _, live := range alive(s, n) {
			if live != 1 {
				return false
			}
		}
		return true
	})
	r.stops[0]() // the other takes over what it had
	r.Await("all shards in one process", func(s *bottest.DiscordState) bool {
		for _, live := range alive(s, n) {
			if live != 1 {
				return false
			}
		}
		return s.Resumes >= 4 && len(s.Sessions) == n
	})
}

// Without the store, shards go on.
func TestShardsWithoutStore(t *testing.T) {
	t.Parallel()
	r := &replicas{Discord: bottest.NewDiscord(t, bottest.DiscordConfig{MessageContent: true}), t: t, values: &memory{}}
	r.values.err = errors.New("down")
	r.another()
	r.Connected(1)
}

// Sessions that may not start together are spaced, over all processes.
func TestStarts(t *testing.T) {
	t.Parallel()
	values := &memory{}
	const space = 40 * time.Millisecond
	one := &starts{values: values, space: space, next: make(map[int]time.Time)}
	two := &starts{values: values, space: space, next: make(map[int]time.Time)}
	begin := time.Now()
	for range 2 {
		one.wait(t.Context(), 0)
		two.wait(t.Context(), 0)
	}
	if took := time.Since(begin); took < 3*space {
		t.Errorf("four starts within %v", took)
	}
	begin = time.Now()
	one.wait(t.Context(), 1)
	if took := time.Since(begin); took > space {
		t.Errorf("another key waited for %v", took)
	}
	values.fail(errors.New("down"))
	one.wait(t.Context(), 2) // and does not hang
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	one.wait(ctx, 0)
}

// A process that has more than another does not take another shard.
func TestGreedy(t *testing.T) {
	t.Parallel()
	a, values := testAdapter(t), &memory{}
	a.values, a.sharing = values, defaultSharing()
	process := func(name string, held int) *shards {
		s := &shards{a: a, name: name, sharing: a.sharing, held: map[int]context.CancelFunc{}, rest: map[int]time.Time{}}
		for id := range held {
			s.held[id] = func() {}
		}
		return s
	}
	poor, rich := process("poor", 1), process("rich", 3)
	if rich.greedy(t.Context()) || poor.greedy(t.Context()) {
		t.Error("greedy though nobody wants")
	}
	if err := errors.Join(rich.even(t.Context()), poor.even(t.Context())); err != nil {
		t.Fatal(err)
	}
	if !rich.greedy(t.Context()) || poor.greedy(t.Context()) {
		t.Error("the rich should leave it to the poor")
	}
	ended := 0
	for id := range rich.held {
		rich.held[id] = func() { ended++ }
	}
	if err := errors.Join(rich.even(t.Context()), rich.even(t.Context())); err != nil {
		t.Fatal(err)
	}
	if ended != 1 {
		t.Errorf("%d shards handed over at once", ended)
	}
	values.fail(errors.New("down"))
	if rich.greedy(t.Context()) || rich.even(t.Context()) == nil {
		t.Error("a store that is down")
	}
}
