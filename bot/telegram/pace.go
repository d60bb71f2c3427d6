package telegram

import (
	"context"
	"errors"
	"sync"
	"time"
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

// maxPaced bounds how many chats are remembered at once. One that is
// forgotten begins with a full burst.
const maxPaced = 10_000

// errSlow tells that a chat has had so many messages that the next would
// come too late to be of use.
var errSlow = errors.New("telegram: too many messages for this chat")

// pacer spaces messages and edits so that Telegram has no reason to refuse
// them. Each chat has a queue of its own, and only a message whose chat is
// ready for it joins the queue of all: a busy chat delays nobody else.
type pacer struct {
	mu    sync.Mutex
	chats map[int64]*lane
	total window
}

// lane is what a chat was sent lately.
type lane struct {
	// turn holds whoever is next to write to the chat; the others queue for it.
	turn        chan struct{}
	chat, group window
	until       time.Time // Telegram said to wait until then
}

func newPacer() *pacer {
	return &pacer{chats: make(map[int64]*lane), total: newWindow(totalBurst, totalSpan)}
}

// wait returns when a message may go to the chat, or an error: ctx's, or
// errSlow when the chat's turn does not come within patience. Groups and
// channels have negative ids.
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
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-timer.C:
		return errSlow
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		p.mu.Lock()
		now = time.Now()
		at := later(now, l.until, l.chat.next(now))
		if chat < 0 {
			at = later(at, l.group.next(now))
		}
		if !at.After(now) { // the chat is ready; now for the queue of all
			at = p.total.next(now)
			p.total.take(at)
			l.chat.take(at)
			if chat < 0 {
				l.group.take(at)
			}
			p.mu.Unlock()
			return sleepUntil(ctx, at)
		}
		p.mu.Unlock()
		if at.After(deadline) {
			return errSlow
		}
		if err := sleepUntil(ctx, at); err != nil {
			return err
		}
	}
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
	l = &lane{turn: make(chan struct{}, 1), chat: newWindow(chatBurst, chatSpan)}
	if chat < 0 {
		l.group = newWindow(groupBurst, groupSpan)
	}
	p.chats[chat] = l
	return l
}

// forget drops the chats that are idle, or any if none is.
func (p *pacer) forget(now time.Time) {
	for id, l := range p.chats {
		if len(l.turn) == 0 && l.until.Before(now) && l.chat.idle(now) && l.group.idle(now) {
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

// window lets at most len(times) events happen in any span. It remembers the
// last of them in a ring, which makes it exact where a token bucket would
// let twice as many through.
type window struct {
	span  time.Duration
	times []time.Time
	head  int // the oldest
}

func newWindow(events int, span time.Duration) window {
	return window{span: span, times: make([]time.Time, events)}
}

// next is when an event may happen, at now the soonest.
func (w *window) next(now time.Time) time.Time {
	return later(now, w.times[w.head].Add(w.span), w.newest())
}

func (w *window) take(at time.Time) {
	w.times[w.head] = at
	w.head = (w.head + 1) % len(w.times)
}

func (w *window) newest() time.Time { return w.times[(w.head+len(w.times)-1)%len(w.times)] }

func (w *window) idle(now time.Time) bool {
	return len(w.times) == 0 || w.newest().Add(w.span).Before(now)
}

func later(first time.Time, rest ...time.Time) time.Time {
	for _, t := range rest {
		if t.After(first) {
			first = t
		}
	}
	return first
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
