package mention

import (
	"context"
	"errors"
	"time"

	"unrollbot/unroll"
)

// forever is how long wishes are kept: no store takes an endless time.
const forever = 10 * 365 * 24 * time.Hour

// Brake stops all answers to mentions until it is released. What is asked
// meanwhile waits, for [Config.MaxAge] at most.
type Brake struct {
	values unroll.Values
}

// NewBrake keeps the brake among values.
func NewBrake(v unroll.Values) *Brake { return &Brake{v} }

const brakeKey = "mention:brake"

// Pull stops the answers on a network, "" for all networks.
func (b *Brake) Pull(ctx context.Context, network string) error {
	return b.values.SetValue(ctx, b.key(network), []byte{1}, forever)
}

// Release lets answers go on. Both brakes must be off for that.
func (b *Brake) Release(ctx context.Context, network string) error {
	return b.values.DeleteValue(ctx, b.key(network))
}

// Pulled tells whether answers on a network must wait.
func (b *Brake) Pulled(ctx context.Context, network string) (bool, error) {
	_, all, err1 := b.values.Value(ctx, b.key(""))
	_, one, err2 := b.values.Value(ctx, b.key(network))
	return all || one, errors.Join(err1, err2)
}

func (b *Brake) key(network string) string {
	if network == "" {
		return brakeKey
	}
	return brakeKey + ":" + network
}

// people keeps the wishes of those who said stop.
type people struct {
	values  unroll.Values
	network string
}

func (p *people) key(user string) string { return "mention:" + p.network + ":stopped:" + user }

func (p *people) stop(ctx context.Context, user string) error {
	return p.values.SetValue(ctx, p.key(user), []byte{1}, forever)
}

func (p *people) start(ctx context.Context, user string) (was bool, err error) {
	if was, err = p.stopped(ctx, user); err != nil || !was {
		return was, err
	}
	return true, p.values.DeleteValue(ctx, p.key(user))
}

func (p *people) stopped(ctx context.Context, user string) (bool, error) {
	_, ok, err := p.values.Value(ctx, p.key(user))
	return ok, err
}
