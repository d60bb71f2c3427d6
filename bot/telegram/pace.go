package telegram

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"unrollbot/unroll"
)

// The rates that Telegram publishes (Bots FAQ, "My bot is hitting limits,
// how do I avoid this?", November 2026): about one message a second in a
// chat with short bursts, 20 a minute in a group, 30 a second over all. The
// spans are a little longer than that, because calls take unequal time on
// their way and the far end counts arrivals. Two half seconds are kinder than
// one burst on connections that are still to be made, and a few calls a
// second are left for what is not paced.
const (
	chatBurst = 3
	chatSpan  = chatBurst * 1050 * time.Millisecond

	groupBurst = 20
	groupSpan  = 61 * time.Second

	totalBurst = 14
	totalSpan  = 525 * time.Millisecond
)

// maxPaced bounds how many chats are remembered at once.
const maxPaced = 10_000

// errSlow tells that a chat has had so many messages that the next would
// come too late to be of use.
var errSlow = errors.New("telegram: too many messages for this chat")

// pacer spaces messages and edits so that Telegram has no reason to refuse
// them, whichever process sends them. Each chat has a queue of its own, and
// only a message whose chat is ready for it joins the queue of all: a busy
// chat delays nobody else.
type pacer struct {
	limiter unroll.Limiter // over all processes
	keys    string         // begin the limiter's
	log     *slog.Logger
	queue   chan struct{} // of all; whoever is next holds it

	mu    sync.Mutex
	chats map[int64]*lane
	total quota
}

// lane is what a chat was sent lately.
type lane struct {
	// turn holds whoever is next to write to the chat; the others queue for it.
	turn   chan struct{}
	quotas []quota
	until  time.Time // Telegram said to wait until then
}

func newPacer(l unroll.Limiter, keys string, log *slog.Logger) *pacer {
	return &pacer{
		limiter: l, keys: keys, log: log, queue: make(chan struct{}, 1),
		chats: make(map[int64]*lane), total: newQuota(keys+"all", totalBurst, totalSpan),
	}
}

// wait returns when a message may go to the chat, or an error: ctx's, or
// errSlow when its turn does not come within patience. Groups and channels
// have negative ids.
func (p *pacer) wait(ctx context.Context, chat int64, patience time.Duration) error {
	now := time.Now()
	deadline := now.Add(patience)
	p.mu.Lock()
	l := p.lane(chat, now)
	late := l.until.After(deadline)
	p.mu.Unlock()
	if late {
		return errSlow
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	leave, err := enter(ctx, l.turn, timer.C)
	if err != nil {
		return err
	}
	defer leave()
	for {
		if err := p.ready(ctx, l, deadline); err != nil {
			return err
		}
		if err := p.amongAll(ctx, timer.C, deadline); err != nil {
			return err
		}
		// Last, so that it is now that the chat's turn counts.
		if p.takeAll(ctx, l.quotas) {
			return ctx.Err()
		}
	}
}

// enter takes a turn, and gives what ends it.
func enter(ctx context.Context, turn chan struct{}, late <-chan time.Time) (leave func(), err error) {
	select {
	case turn <- struct{}{}:
		return func() { <-turn }, nil
	case <-late:
		return nil, errSlow
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// ready waits until the chat may be written to, as far as is known here.
func (p *pacer) ready(ctx context.Context, l *lane, deadline time.Time) error {
	for {
		p.mu.Lock()
		at := l.until
		for i := range l.quotas {
			at = later(at, l.quotas[i].free())
		}
		p.mu.Unlock()
		switch {
		case !at.After(time.Now()):
			return nil
		case at.After(deadline):
			return errSlow
		}
		if err := sleepUntil(ctx, at); err != nil {
			return err
		}
	}
}

// amongAll waits for a turn among the messages to all chats.
func (p *pacer) amongAll(ctx context.Context, late <-chan time.Time, deadline time.Time) error {
	leave, err := enter(ctx, p.queue, late)
	if err != nil {
		return err
	}
	defer leave()
	for {
		at, ok := p.take(ctx, &p.total)
		switch {
		case ok:
			return nil
		case at.After(deadline):
			return errSlow
		}
		if err := sleepUntil(ctx, at); err != nil {
			return err
		}
	}
}

func (p *pacer) takeAll(ctx context.Context, quotas []quota) bool {
	for i := range quotas {
		if _, ok := p.take(ctx, &quotas[i]); !ok {
			return false
		}
	}
	return true
}

// hold makes the chat wait as long as Telegram said.
func (p *pacer) hold(chat int64, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	l := p.lane(chat, now)
	l.until = later(l.until, now.Add(d))
}

func (p *pacer) lane(chat int64, now time.Time) *lane {
	l, ok := p.chats[chat]
	if ok {
		return l
	}
	if len(p.chats) >= maxPaced {
		p.forget(now)
	}
	key := p.keys + itoa(chat)
	l = &lane{turn: make(chan struct{}, 1), quotas: []quota{newQuota(key, chatBurst, chatSpan)}}
	if chat < 0 {
		l.quotas = append(l.quotas, newQuota(key+":group", groupBurst, groupSpan))
	}
	p.chats[chat] = l
	return l
}

// forget drops the chats that are idle, or any if none is: the limiter knows
// what they were sent.
func (p *pacer) forget(now time.Time) {
	for id, l := range p.chats {
		if len(l.turn) == 0 && l.until.Before(now) && !slices.ContainsFunc(l.quotas, func(q quota) bool { return !q.idle(now) }) {
			delete(p.chats, id)
		}
	}
	for id := range p.chats {
		if len(p.chats) < maxPaced {
			return
		}
		delete(p.chats, id)
	}
}

// quota lets at most so many events happen in any span, over all processes
// that share a limiter. Each of its keys lets one event happen in a span. One
// key with a burst would let twice as many through: a burst, and in the same
// span those that the rate brings back.
type quota struct {
	key  string
	span time.Duration
	at   []time.Time // when a key lets an event happen again, as far as is known
}

func newQuota(key string, events int, span time.Duration) quota {
	return quota{key: key, span: span, at: make([]time.Time, events)}
}

// take lets an event happen, or tells when to try again.
func (p *pacer) take(ctx context.Context, q *quota) (again time.Time, ok bool) {
	for {
		p.mu.Lock()
		i := q.soonest()
		if again = q.at[i]; again.After(time.Now()) {
			p.mu.Unlock()
			return again, false
		}
		q.at[i] = time.Now().Add(q.span) // nobody else here tries this key meanwhile
		p.mu.Unlock()

		wait, err := p.limiter.Allow(ctx, q.key+":"+strconv.Itoa(i), unroll.Limit{Events: 1, Per: q.span, Burst: 1})
		if err != nil { // what is known here must do
			p.log.Warn("limits cannot be counted", "err", err)
		}
		ok = wait <= 0
		if ok {
			wait = q.span
		}
		p.mu.Lock()
		q.at[i] = time.Now().Add(wait)
		p.mu.Unlock()
		if ok {
			return time.Time{}, true
		}
	}
}

// free is when the next event may happen, as far as is known.
func (q *quota) free() time.Time { return q.at[q.soonest()] }

func (q *quota) soonest() int {
	first := 0
	for i, at := range q.at {
		if at.Before(q.at[first]) {
			first = i
		}
	}
	return first
}

func (q *quota) idle(now time.Time) bool {
	return !slices.ContainsFunc(q.at, func(at time.Time) bool { return at.After(now) })
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func sleepUntil(ctx context.Context, at time.Time) error {
	return sleep(ctx, time.Until(at))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
