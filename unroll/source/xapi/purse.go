package xapi

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"
)

// Ledger is what a monthly budget is kept in, so that it outlives the process
// and holds for all replicas. Every store of the program is one. Calls may
// run at the same time; when they fail, this process counts alone.
type Ledger interface {
	// Lock waits until it holds key, or ctx ends. The lock ends by itself
	// after lease.
	Lock(ctx context.Context, key string, lease time.Duration) (unlock func(), err error)
	Value(ctx context.Context, key string) (value []byte, ok bool, err error)
	SetValue(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

const (
	ledgerKey   = "xapi:spent:"       // and the month: "2026-11"
	ledgerKeeps = 40 * 24 * time.Hour // longer than any month
	ledgerLease = 5 * time.Second
	ledgerWaits = 3 * time.Second // for the lock and the store behind it
)

// tally is what was read in a month of UTC.
type tally struct {
	Posts  int64 `json:"posts"`
	Micros int64 `json:"micros"` // millionths of a US dollar
}

func (t tally) plus(o tally) tally { return tally{t.Posts + o.Posts, t.Micros + o.Micros} }

// purse counts what is spent against a monthly limit.
type purse struct {
	limit  tally  // 0 means no limit
	price  int64  // of a post, in micros
	ledger Ledger // nil: counted in this process only
	now    func() time.Time
	log    *slog.Logger

	mu    sync.Mutex
	month string
	known tally // the highest sum seen this month, ours or the ledger's
}

func (p *purse) limited() bool { return p.limit != tally{} }

// left tells how many posts may still be read this month, at most most.
// Where that is none, wait is the time until the next month.
func (p *purse) left(ctx context.Context, most int) (n int, wait time.Duration) {
	if !p.limited() {
		return most, 0
	}
	now := p.now().UTC()
	month := now.Format("2006-01")
	if p.ledger != nil {
		ctx, cancel := context.WithTimeout(ctx, ledgerWaits)
		defer cancel()
		if t, err := p.read(ctx, month); err == nil {
			p.learn(month, t)
		} else if ctx.Err() == nil {
			p.log.Warn("x budget cannot be read", "err", err)
		}
	}
	spent := p.learn(month, tally{})
	can := int64(most)
	if p.limit.Posts > 0 {
		can = min(can, p.limit.Posts-spent.Posts)
	}
	if p.limit.Micros > 0 {
		can = min(can, (p.limit.Micros-spent.Micros)/max(p.price, 1))
	}
	if can <= 0 {
		next := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		return 0, next.Sub(now)
	}
	return int(can), 0
}

// spend books what a call has cost, also when whoever asked has gone away.
func (p *purse) spend(ctx context.Context, t tally) {
	if !p.limited() || t == (tally{}) {
		return
	}
	month := p.now().UTC().Format("2006-01")
	if p.ledger != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerWaits)
		defer cancel()
		sum, err := p.book(ctx, month, t)
		if err == nil {
			p.learn(month, sum)
			return
		}
		p.log.Warn("x budget cannot be kept", "err", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(month)
	p.known = p.known.plus(t)
}

// book adds t to the ledger under a lock. What this process counted while the
// ledger was away is brought in with it.
func (p *purse) book(ctx context.Context, month string, t tally) (tally, error) {
	unlock, err := p.ledger.Lock(ctx, ledgerKey+month, ledgerLease)
	if err != nil {
		return tally{}, err
	}
	defer unlock()
	kept, err := p.read(ctx, month)
	if err != nil {
		return tally{}, err
	}
	sum := p.learn(month, kept).plus(t)
	raw, err := json.Marshal(sum)
	if err != nil {
		return tally{}, err
	}
	return sum, p.ledger.SetValue(ctx, ledgerKey+month, raw, ledgerKeeps)
}

func (p *purse) read(ctx context.Context, month string) (tally, error) {
	var t tally
	raw, ok, err := p.ledger.Value(ctx, ledgerKey+month)
	if err != nil || !ok {
		return t, err
	}
	if json.Unmarshal(raw, &t) != nil {
		return tally{}, nil // not ours: what this process knows counts, and replaces it
	}
	return t, nil
}

// learn takes the higher of what is known and t, and gives it.
func (p *purse) learn(month string, t tally) tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(month)
	p.known = tally{max(p.known.Posts, t.Posts), max(p.known.Micros, t.Micros)}
	return p.known
}

// turn begins a new month. The caller holds mu.
func (p *purse) turn(month string) {
	if p.month != month {
		p.month, p.known = month, tally{}
	}
}
