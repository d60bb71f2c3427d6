package xapi

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
)

// ledger is a store in memory that can be away.
type ledger struct {
	lock sync.Mutex // what Lock gives

	mu     sync.Mutex
	values map[string][]byte
	away   bool
	held   bool
}

func newLedger() *ledger { return &ledger{values: make(map[string][]byte)} }

func (l *ledger) state(away bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away = away
}

func (l *ledger) Lock(ctx context.Context, key string, lease time.Duration) (func(), error) {
	if _, _, err := l.Value(ctx, key); err != nil || lease <= 0 {
		return nil, errors.New("no lock")
	}
	l.lock.Lock()
	hold := func(held bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.held = held
	}
	hold(true)
	return func() {
		hold(false)
		l.lock.Unlock()
	}, nil
}

func (l *ledger) Value(ctx context.Context, key string) ([]byte, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away || ctx.Err() != nil {
		return nil, false, errors.New("away")
	}
	v, ok := l.values[key]
	return v, ok, nil
}

func (l *ledger) SetValue(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away || ctx.Err() != nil || !l.held || ttl <= 0 {
		return errors.New("away, or without a lock")
	}
	l.values[key] = value
	return nil
}

func newPurse(l Ledger, limit tally) *purse {
	return &purse{limit: limit, price: 5000, ledger: l, now: clock, log: slog.New(slog.DiscardHandler)}
}

func TestPurse(t *testing.T) {
	t.Parallel()
	left := func(p *purse) int {
		n, _ := p.left(t.Context(), 500)
		return n
	}
	t.Run("no limit", func(t *testing.T) {
		t.Parallel()
		l := newLedger()
		p := newPurse(l, tally{})
		p.spend(t.Context(), tally{1000, 5_000_000})
		if left(p) != 500 || len(l.values) != 0 {
			t.Errorf("left %d, kept %q", left(p), l.values)
		}
	})
	t.Run("posts", func(t *testing.T) {
		t.Parallel()
		p := newPurse(nil, tally{Posts: 10})
		p.spend(t.Context(), tally{7, 0})
		if n := left(p); n != 3 {
			t.Errorf("left %d", n)
		}
	})
	t.Run("dollars", func(t *testing.T) {
		t.Parallel()
		p := newPurse(nil, tally{Posts: 1000, Micros: 50_000})
		p.spend(t.Context(), tally{2, 14_000})
		if n := left(p); n != 7 {
			t.Errorf("left %d", n)
		}
	})
	t.Run("used up until the month ends", func(t *testing.T) {
		t.Parallel()
		p := newPurse(newLedger(), tally{Posts: 10})
		p.spend(t.Context(), tally{12, 0})
		n, wait := p.left(t.Context(), 1)
		if want := time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC).Sub(now); n != 0 || wait != want {
			t.Errorf("left %d, wait %v, want %v", n, wait, want)
		}
		p.now = func() time.Time { return now.AddDate(0, 1, 0) }
		if n := left(p); n != 10 {
			t.Errorf("left %d in the next month", n)
		}
	})
	t.Run("replicas share it", func(t *testing.T) {
		t.Parallel()
		l := newLedger()
		var all sync.WaitGroup
		for range 4 {
			p := newPurse(l, tally{Posts: 500})
			for range 25 {
				all.Go(func() { p.spend(t.Context(), tally{1, 5000}) })
			}
		}
		all.Wait()
		if n := left(newPurse(l, tally{Posts: 500})); n != 400 {
			t.Errorf("left %d of 500 after 100", n)
		}
	})
	t.Run("in a real store", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "x.db")
		for want := 400; want >= 300; want -= 100 { // a restart between the two
			l, err := boltstore.Open(boltstore.Config{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			newPurse(l, tally{Posts: 500}).spend(t.Context(), tally{100, 0})
			if n := left(newPurse(l, tally{Posts: 500})); n != want {
				t.Errorf("left %d, want %d", n, want)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("what was spent while the ledger was away is booked later", func(t *testing.T) {
		t.Parallel()
		l := newLedger()
		p := newPurse(l, tally{Posts: 500})
		p.spend(t.Context(), tally{1, 0})
		l.state(true)
		p.spend(t.Context(), tally{10, 0})
		if n := left(p); n != 489 {
			t.Errorf("left %d while it is away", n)
		}
		l.state(false)
		newPurse(l, tally{Posts: 500}).spend(t.Context(), tally{100, 0})
		p.spend(t.Context(), tally{0, 0})
		if n := left(newPurse(l, tally{Posts: 500})); n != 389 || left(p) != n {
			t.Errorf("left %d, here %d", n, left(p))
		}
	})
	t.Run("a canceled call is paid", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		l := newLedger()
		newPurse(l, tally{Posts: 500}).spend(ctx, tally{100, 0})
		if n := left(newPurse(l, tally{Posts: 500})); n != 400 {
			t.Errorf("left %d", n)
		}
	})
	t.Run("nonsense in the ledger", func(t *testing.T) {
		t.Parallel()
		l := newLedger()
		l.values[ledgerKey+"2026-11"] = []byte("x")
		p := newPurse(l, tally{Posts: 500})
		p.spend(t.Context(), tally{100, 0})
		if n := left(p); n != 400 {
			t.Errorf("left %d", n)
		}
	})
}

// TestBudget: a budget that is used up costs no call, and one that is nearly
// used up buys no more than it can pay.
func TestBudget(t *testing.T) {
	t.Parallel()
	begin := now.Add(-time.Hour)
	w := world(begin, "0 ada -", "1 ada 0", "2 ada 1", "3 ada 2", "4 ada 3", "5 ada 4", "6 ada 5", "7 ada 6", "8 ada 7",
		"9 ada 8", "10 ada 9", "11 ada 10", "12 ada 11", "13 ada 12")
	l := newLedger()
	x, s := start(t, w, fakenet.XAPIConfig{}, Config{BudgetPosts: 12}, l)
	c := fetch(t, s, idOf(begin, 0))
	posts, cuts := short(begin, c)
	if want := "0 3 4 5 6 7 8 9 10 11 12 13"; posts != want || cuts != "budget 0" || x.Calls("max_results=11&") != 1 {
		t.Errorf("posts %q, cuts %q, calls %q", posts, cuts, x.Log())
	}
	// Another replica.
	x, s = start(t, w, fakenet.XAPIConfig{}, Config{BudgetPosts: 12}, l)
	_, err := s.Fetch(t.Context(), ref(idOf(begin, 0)))
	if unroll.KindOf(err) != unroll.KindRateLimited || unroll.RetryAfter(err) < 24*time.Hour || len(x.Log()) != 0 {
		t.Errorf("%v, wait %v, calls %q", err, unroll.RetryAfter(err), calls(x))
	}
}
