package x

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"unrollbot/bot/mention"
	"unrollbot/unroll"
)

// money is in millionths of a US dollar.
type money int64

func dollars(f float64) money { return money(f * 1e6) }

// Prices (docs.x.com, "Pricing", August 2026). The page leaves open which of
// its two prices a reply to a mention with a link has: the higher is counted.
const (
	priceRead  money = 1_000   // one mention or post of the bot's own
	priceEvent money = 5_000   // one mention by the activity stream, "billed as a Post"
	priceReply money = 10_000  // to a mention, without a link
	priceLink  money = 200_000 // with one
)

// purse counts what a day costs. Two programs that share a store may spend a
// little more than the budget.
type purse struct {
	values unroll.Values
	budget money // less than 0 for no bound

	mu sync.Mutex
}

// spendingFor is how long a day's sum is kept, for whoever wants to look.
const spendingFor = 60 * 24 * time.Hour

// reserve is which part of the budget posts leave for reading: who says stop
// is heard on a day whose answers are spent.
const reserve = 10

// bear tells whether the day's budget bears a post of that price. Its error
// says to wait for the next day where it does not.
func (p *purse) bear(ctx context.Context, price money, now time.Time) error {
	spent, err := p.spent(ctx, now)
	if err != nil {
		return err
	}
	return p.within(p.forPosts(), spent+price, now)
}

// bearReading is bear for what is read.
func (p *purse) bearReading(ctx context.Context, price money, now time.Time) error {
	spent, err := p.spent(ctx, now)
	if err != nil {
		return err
	}
	return p.within(p.budget, spent+price, now)
}

// spend pays for a post if the budget bears it: several are made at once.
func (p *purse) spend(ctx context.Context, price money, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	spent, err := p.spent(ctx, now)
	if err == nil {
		err = p.within(p.forPosts(), spent+price, now)
	}
	if err != nil {
		return err
	}
	return p.note(ctx, spent+price, now)
}

// forPosts is the part of the budget that posts may spend.
func (p *purse) forPosts() money { return p.budget - p.budget/reserve }

func (p *purse) within(bound, sum money, now time.Time) error {
	if p.budget < 0 || sum <= bound {
		return nil
	}
	return &mention.APIError{
		Call: "budget", Status: http.StatusTooManyRequests, Code: "spent",
		Message: "the day's budget for X is spent", Wait: day(now).Add(24 * time.Hour).Sub(now),
	}
}

// day is when the day of X's accounts began.
func day(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// pay counts price.
func (p *purse) pay(ctx context.Context, price money, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	spent, err := p.spent(ctx, now)
	if err != nil {
		return err
	}
	return p.note(ctx, spent+price, now)
}

func (p *purse) note(ctx context.Context, sum money, now time.Time) error {
	return p.values.SetValue(ctx, p.key(now), strconv.AppendInt(nil, int64(sum), 10), spendingFor)
}

func (p *purse) spent(ctx context.Context, now time.Time) (money, error) {
	text, _, err := p.values.Value(ctx, p.key(now))
	sum, _ := strconv.ParseInt(string(text), 10, 64) // 0 for what is none
	return money(sum), err
}

func (p *purse) key(now time.Time) string {
	return "mention:x:spent:" + now.UTC().Format(time.DateOnly)
}
