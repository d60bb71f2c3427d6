package unroll

import (
	"context"
	"time"
)

// Leases give a key to one owner at a time, who may keep it for as long as
// they come back for it. A [Locker]'s lock ends with its lease, whatever its
// holder wishes. The keys are those of [Values], where the owner's name is the
// value.
type Leases interface {
	// Hold gives key to owner for ttl from now, which must be positive, when
	// nobody has it or owner has it already. It tells whether owner has it now.
	// What [Values] put there is an owner like any other.
	Hold(ctx context.Context, key, owner string, ttl time.Duration) (bool, error)
	// Release takes key from owner, if owner still has it.
	Release(ctx context.Context, key, owner string) error
}
