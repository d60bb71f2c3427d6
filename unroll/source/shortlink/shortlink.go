// Package shortlink finds out where short links such as t.co's lead.
package shortlink

import (
	"context"
	"errors"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
)

const name = "shortlink"

// maxHops bounds how many redirects are followed: t.co over a publisher's own
// short link to the post, and one more.
const maxHops = 3

// Expander follows short links. Use it from any goroutine.
type Expander struct{ http httpx.Doer }

var _ unroll.Expander = (*Expander)(nil)

// New makes an Expander.
func New(d httpx.Doer) *Expander { return &Expander{http: d} }

// Expand implements [unroll.Expander]. It stops at the first address of a
// post, and asks nothing of the server that has it. Where no post comes, it
// gives the last address.
func (e *Expander) Expand(ctx context.Context, short unroll.Ref) (string, error) {
	op := name + ": " + short.Host
	if short.Network != unroll.Short || !short.Valid() {
		return "", fail(unroll.KindInvalidRef, op, errors.New("not a short link"))
	}
	address := "https://" + short.Host + "/" + short.ID
	isShort := true
	for range maxHops {
		next, err := e.http.Location(ctx, op, address)
		switch {
		case err == nil:
		case ctx.Err() != nil, isShort:
			return "", fail(unroll.KindOf(err), op, err)
		default:
			return address, nil // the way ends at somebody's page
		}
		address = next
		r, err := unroll.ParseRef(address)
		isShort = err == nil && r.Network == unroll.Short
		if err == nil && !isShort {
			return address, nil
		}
	}
	if isShort {
		return "", fail(unroll.KindUnsupported, op, errors.New("one short link after another"))
	}
	return address, nil
}

func fail(kind unroll.Kind, op string, err error) error {
	return &unroll.Error{Kind: kind, Op: op, Source: name, RetryAfter: unroll.RetryAfter(err), Err: err}
}
