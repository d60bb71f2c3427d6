package unroll

import (
	"context"
	"errors"
	"time"
)

// Waiting is one who waits for news of a topic.
type Waiting struct {
	Lane  string // who can bring the news: a short word, such as "telegram"
	Topic string
	Who   string // unique within the topic
	Value []byte // the caller's own; it may be a secret
}

// Topic is what somebody waits for.
type Topic struct {
	Lane, Name string
	Claim      string    // of the process that has the topic in hand
	Waiting    []Waiting // by Who
}

// AgendaBounds are how much an [Agenda] takes.
type AgendaBounds struct {
	Topics  int // on one lane
	Each    int // topics of the same Who
	Waiting int // for one topic
}

// Why an [Agenda] takes no more.
var (
	ErrWaitsEnough = errors.New("unroll: waits for as much as one may")
	ErrAgendaFull  = errors.New("unroll: the agenda is full")
)

// Agenda is what is to be looked at again by itself, because somebody waits
// for news of it. Many processes may serve one lane: each topic that is due
// goes to one of them, and to another when that one has died.
type Agenda interface {
	// Enter lets w wait for keep, and returns true. When it waits already,
	// only its time is prolonged. A topic that nobody else waits for is due
	// after in; others keep their time. It fails with [ErrWaitsEnough] or
	// [ErrAgendaFull] where w would go beyond b.
	Enter(ctx context.Context, w Waiting, in, keep time.Duration, b AgendaBounds) (fresh bool, err error)
	// Leave ends the wait of who, and tells whether there was one.
	Leave(ctx context.Context, lane, topic, who string) (was bool, err error)
	// Entered names the topics that who waits for.
	Entered(ctx context.Context, lane, who string) ([]string, error)
	// Due claims at most n topics of a lane whose time has come, the longest
	// due first. Nobody else gets them for lease.
	Due(ctx context.Context, lane string, n int, lease time.Duration) ([]Topic, error)
	// Note replaces the value of one who waits, keeps it for keep from now on,
	// and renews the claim. It returns false, and does nothing, when w does
	// not wait any longer or t's claim was lost.
	Note(ctx context.Context, t *Topic, w Waiting, keep, lease time.Duration) (still bool, err error)
	// Postpone gives a claim back: t is due again after in. A claim that was
	// lost is no error.
	Postpone(ctx context.Context, t *Topic, in time.Duration) error
}
