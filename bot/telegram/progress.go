package telegram

import (
	"context"
	"sync"
	"time"
)

// progress shows that work goes on: it repeats a sign that passes, and sends
// one that stays when it takes long. Telegram shows typing for five seconds
// or until a message comes (Bot API, "sendChatAction").
type progress struct {
	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// Most answers come from the store at once and need no sign before them.
const (
	typingFirst = 300 * time.Millisecond
	typingAgain = 4500 * time.Millisecond
	signAfter   = 3 * time.Second
	// signPatience is how long the sign may wait for its turn: in a busy chat
	// the turn is better kept for the answer.
	signPatience = time.Second
	// signTime bounds the sending of the sign, which the answer waits for.
	signTime = 30 * time.Second
)

// start calls show again and again, and sign once. sign is not interrupted,
// so that it is known what became of it.
func (p *progress) start(ctx context.Context, show, sign func(context.Context)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		return
	}
	ctx, p.cancel = context.WithCancel(ctx)
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		if sleep(ctx, typingFirst) != nil {
			return
		}
		show(ctx)
		if sleep(ctx, signAfter-typingFirst) != nil {
			return
		}
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), signTime)
		sign(bounded)
		cancel()
		for ctx.Err() == nil {
			show(ctx) // the message has ended it
			_ = sleep(ctx, typingAgain)
		}
	}()
}

// stop returns when no sign will follow.
func (p *progress) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cancel != nil {
		p.cancel()
		<-p.done
	}
}
