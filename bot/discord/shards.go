package discord

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"unrollbot/internal/lease"
	"unrollbot/unroll"
)

// sharing is how shards are spread over processes that share a store. Each
// runs in one process at a time. A process that starts when others have all
// the shards asks for its share, and who has too many hands one over at a
// time, until nobody has two more than another.
type sharing struct {
	lease time.Duration // how long a shard may rest after its process was killed
	look  time.Duration // how often a process looks whether another has too few
	rest  time.Duration // how long a process lets a shard be that it handed over
}

func defaultSharing() sharing {
	return sharing{lease: 6 * time.Second, look: 5 * time.Second, rest: 15 * time.Second}
}

// plan of the gateway, as Discord advises it.
type shardPlan struct {
	target      *url.URL
	count       int
	concurrency int // sessions that may start together
}

// shards runs this process' part of the shards.
type shards struct {
	a       *Adapter
	plan    shardPlan
	starts  *starts
	sharing sharing

	app  string // id of the application: two bots may share a store
	name string // of this process
	mu   sync.Mutex
	held map[int]context.CancelFunc // ends a shard, to hand it over
	rest map[int]time.Time          // until when others may have a shard
}

// run serves the shards until ctx ends.
func (s *shards) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for id := range s.plan.count {
		group.Go(func() error {
			if !s.a.shared {
				return s.serve(ctx, id)
			}
			return s.share(ctx, id)
		})
	}
	if s.a.shared && s.plan.count > 1 {
		group.Go(func() error { s.balance(ctx); return nil })
	}
	return group.Wait()
}

// serve keeps one shard connected. It goes on with the session of whoever
// served it last, so that no event is lost between the two.
func (s *shards) serve(ctx context.Context, id int) error {
	k := keeper{a: s.a, key: s.a.key("session", strconv.Itoa(id)+"/"+strconv.Itoa(s.plan.count)), every: s.sharing.look}
	g := &gateway{
		token: s.a.token, target: s.plan.target, shard: [2]int{id, s.plan.count}, pace: s.a.pace, log: s.a.log,
		kept: k.load(ctx), lasts: s.a.values != nil,
		take: s.a.take, refused: s.a.withhold,
		start: func(ctx context.Context) { s.starts.wait(ctx, id%s.plan.concurrency) },
	}
	if g.kept != nil && !g.kept.Content {
		s.a.withhold()
	}
	g.content = !s.a.withheld.Load()
	return k.run(ctx, g)
}

// share serves a shard while no other process does. While the store is away
// it goes on: what two do at once is answered once all the same, since
// Discord takes one acknowledgement, and one message with a nonce.
func (s *shards) share(ctx context.Context, id int) error {
	name := fmt.Sprintf("discord:%s:shard:%d/%d", s.app, id, s.plan.count)
	for ctx.Err() == nil {
		l := lease.New(lease.Config{TTL: s.sharing.lease, Insist: true, Log: s.a.log}, name, s.a.values)
		err := l.Run(ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			if s.greedy(ctx) {
				s.leave(id, s.sharing.look)
				return nil
			}
			s.hold(id, cancel)
			defer s.letGo(id)
			return s.serve(ctx, id)
		})
		if err != nil {
			return err
		}
		s.mu.Lock()
		rest := time.Until(s.rest[id])
		s.mu.Unlock()
		sleep(ctx, rest) // handed over
	}
	return nil
}

func (s *shards) hold(id int, end context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[id] = end
}

func (s *shards) letGo(id int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, id)
}

// leave lets others have a shard for a while.
func (s *shards) leave(id int, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rest[id] = time.Now().Add(d)
}

// Keys by which processes even out: wanting holds the fewest shards that a
// process has, and its name; handing is claimed by who hands one over.
func (s *shards) wanting() string { return "discord:" + s.app + ":shards:wanting" }
func (s *shards) handing() string { return "discord:" + s.app + ":shards:handing" }

// balance tells how many shards this process has, when it is the one with the
// fewest, and hands one over when it has two more than that.
func (s *shards) balance(ctx context.Context) {
	for {
		sleep(ctx, s.sharing.look)
		if ctx.Err() != nil {
			return
		}
		if err := s.even(ctx); err != nil {
			s.a.log.Warn("shards cannot be evened out", "err", err)
		}
	}
}

func (s *shards) even(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.sharing.look)
	defer cancel()
	have := s.have()
	fewest, ours, err := s.fewest(ctx)
	switch {
	case err != nil:
		return err
	case ours || have <= fewest:
		return s.a.values.SetValue(ctx, s.wanting(), []byte(strconv.Itoa(have)+" "+s.name), 3*s.sharing.look)
	case have < fewest+2:
		return nil
	}
	first, err := s.a.values.Claim(ctx, s.handing(), 2*s.sharing.look)
	if err != nil || !first {
		return err
	}
	s.handOver()
	return nil
}

func (s *shards) have() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held)
}

// fewest is how many shards the process with the fewest has, and whether that
// is this one, as far as anybody knows.
func (s *shards) fewest(ctx context.Context) (n int, ours bool, err error) {
	value, ok, err := s.a.values.Value(ctx, s.wanting())
	if err != nil || !ok {
		return math.MaxInt32, false, err
	}
	number, name, _ := strings.Cut(string(value), " ")
	if n, err = strconv.Atoi(number); err != nil {
		return math.MaxInt32, false, nil //nolint:nilerr // not ours: it is written anew
	}
	return n, name == s.name, nil
}

// greedy tells that another process wants for a shard more than this one.
func (s *shards) greedy(ctx context.Context) bool {
	fewest, ours, err := s.fewest(ctx)
	return err == nil && !ours && s.have() > fewest
}

// handOver ends one shard here and leaves it to the others for a while.
func (s *shards) handOver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, end := range s.held {
		s.rest[id] = time.Now().Add(s.sharing.rest)
		s.a.log.Info("shard handed over", "shard", id)
		end()
		return
	}
}

// starts spaces the sessions that start, in this process and in all that
// share its store: those with the same key (shard modulo max_concurrency) by
// five seconds (Discord, "Gateway", Sharding; November 2026).
type starts struct {
	values unroll.Values // nil: this process is the only one
	prefix string        // of keys in values
	space  time.Duration

	mu   sync.Mutex
	next map[int]time.Time
}

// wait returns when a session may start, or ctx ends.
func (s *starts) wait(ctx context.Context, key int) {
	s.mu.Lock()
	now := time.Now()
	at := s.next[key]
	if at.Before(now) {
		at = now
	}
	s.next[key] = at.Add(s.space)
	s.mu.Unlock()
	sleep(ctx, at.Sub(now))
	for s.values != nil && ctx.Err() == nil {
		free, err := s.values.Claim(ctx, s.prefix+strconv.Itoa(key), s.space)
		if free || err != nil { // without the store, each process keeps to its own pace
			return
		}
		sleep(ctx, s.space/5)
	}
}
