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
	ledgerWaits = time.Second // for the lock and the store behind it
	monthForm   = "2006-01"
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

	booking sync.Mutex // one booking at a time

	mu    sync.Mutex
	month string
	kept  tally // the ledger's sum when it was last seen
	owed  tally // spent here and not yet booked there
}

func (p *purse) limited() bool { return p.limit != tally{} }

// left tells how many posts may still be read this month, at most most.
// Where that is none, wait is the time until the next month.
func (p *purse) left(ctx context.Context, most int) (n int, wait time.Duration) {
	if !p.limited() {
		return most, 0
	}
	now := p.now().UTC()
	month := now.Format(monthForm)
	if p.ledger != nil {
		ctx, cancel := context.WithTimeout(ctx, ledgerWaits)
		defer cancel()
		if sum, err := p.read(ctx, month); err != nil {
			p.log.WarnContext(ctx, "x budget cannot be read", "err", err)
		} else {
			p.saw(month, sum, tally{})
		}
	}
	spent := p.spent(month)
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
// What cannot be booked is owed until the next call.
func (p *purse) spend(ctx context.Context, t tally) {
	if !p.limited() {
		return
	}
	month := p.now().UTC().Format(monthForm)
	p.mu.Lock()
	p.turn(month)
	p.owed = p.owed.plus(t)
	p.mu.Unlock()
	if p.ledger == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerWaits)
	defer cancel()
	if err := p.book(ctx, month); err != nil {
		p.log.WarnContext(ctx, "x budget cannot be kept", "err", err)
	}
}

// book moves what is owed to the ledger.
func (p *purse) book(ctx context.Context, month string) error {
	p.booking.Lock()
	defer p.booking.Unlock()
	p.mu.Lock()
	owed := p.owed
	p.mu.Unlock()
	if owed == (tally{}) {
		return nil // another call took ours along
	}
	unlock, err := p.ledger.Lock(ctx, ledgerKey+month, ledgerLease)
	if err != nil {
		return err
	}
	defer unlock()
	sum, err := p.read(ctx, month)
	if err != nil {
		return err
	}
	sum = sum.plus(owed)
	raw, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	if err := p.ledger.SetValue(ctx, ledgerKey+month, raw, ledgerKeeps); err != nil {
		return err
	}
	p.saw(month, sum, owed)
	return nil
}

// read gives the ledger's sum; what is no sum counts as none, and is replaced.
func (p *purse) read(ctx context.Context, month string) (tally, error) {
	raw, ok, err := p.ledger.Value(ctx, ledgerKey+month)
	if err != nil || !ok {
		return tally{}, err
	}
	var t tally
	if json.Unmarshal(raw, &t) != nil {
		return tally{}, nil
	}
	return tally{max(t.Posts, 0), max(t.Micros, 0)}, nil
}

// saw notes the ledger's sum, and what of ours is in it from now on.
func (p *purse) saw(month string, sum, booked tally) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(month)
	p.kept = sum
	p.owed = tally{max(p.owed.Posts-booked.Posts, 0), max(p.owed.Micros-booked.Micros, 0)}
}

func (p *purse) spent(month string) tally {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn(month)
	return p.kept.plus(p.owed)
}

// turn begins a new month. The caller holds mu.
func (p *purse) turn(month string) {
	if p.month != month {
		p.month, p.kept, p.owed = month, tally{}, tally{}
	}
}
