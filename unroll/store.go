package unroll

import (
	"context"
	"time"
)

// Entry is what the store keeps for a thread, or for a ref that could not be
// read just now.
type Entry struct {
	Thread     *Thread   `json:"thread,omitempty"`
	Failure    *Failure  `json:"failure,omitempty"` // set instead of Thread
	FreshUntil time.Time `json:"fresh_until"`       // later than this it should be read anew
}

// Failure is a remembered error, so that a thousand people who paste the same
// dead link cost one call.
type Failure struct {
	Kind    Kind      `json:"kind"`
	Source  string    `json:"source,omitempty"`
	RetryAt time.Time `json:"retry_at,omitzero"`
	// Author is who opted out with us, if that is why; then it is over as soon
	// as they are back.
	Author string `json:"author,omitempty"`
}

// Store keeps entries. A thread is kept once, under its root, and found by
// every post of it. Calls may run at the same time. Errors are the store's
// own trouble; an unknown ref is no error.
type Store interface {
	// Load finds the entry of any ref it was saved under.
	Load(ctx context.Context, ref Ref) (Entry, bool, error)
	// Save keeps e under root and finds it by each alias, for keep or until
	// it is replaced. Aliases may repeat root. An alias of another thread is
	// taken over.
	Save(ctx context.Context, root Ref, aliases []Ref, e Entry, keep time.Duration) error
	// Forget drops the thread that any of its refs names.
	Forget(ctx context.Context, ref Ref) error
	// ForgetAuthor drops every thread of an author, takes them off the public
	// list, and returns their roots. What is saved meanwhile may stay.
	ForgetAuthor(ctx context.Context, n Network, authorID string) ([]Ref, error)
}

// Locker makes sure that one process at a time does something.
type Locker interface {
	// Lock waits until it holds key, or ctx ends. A lock that is never
	// released ends by itself after lease. unlock may be called once, also
	// when the lease has run out.
	Lock(ctx context.Context, key string, lease time.Duration) (unlock func(), err error)
}

// OptOuts knows the authors who do not want to be unrolled.
type OptOuts interface {
	// OptedOut tells which of the authors have; nil means none.
	OptedOut(ctx context.Context, n Network, authorIDs ...string) (map[string]bool, error)
	SetOptedOut(ctx context.Context, n Network, authorID string, out bool) error
}

// Limit is a rate: Events per Per, of which Burst may come at once.
type Limit struct {
	Events int
	Per    time.Duration
	Burst  int
}

// Limiter counts events against limits with GCRA.
type Limiter interface {
	// Allow takes one event from key, which always comes with the same
	// limit. It returns 0 when the event may happen, else how long to wait; a
	// refused event costs nothing.
	Allow(ctx context.Context, key string, l Limit) (wait time.Duration, err error)
}

// Listing is a line of the public list of threads.
type Listing struct {
	Ref    Ref       `json:"ref"`
	Title  string    `json:"title"`
	Author Author    `json:"author"`
	Posts  int       `json:"posts"`
	At     time.Time `json:"at"` // when it was listed
}

// By tells whether it is a thread of that author's.
func (l *Listing) By(n Network, authorID string) bool {
	return l.Ref.Network == n && l.Author.ID == authorID
}

// Latest is the public list of threads, newest first, each once.
type Latest interface {
	AddLatest(ctx context.Context, l Listing) error
	// Latest returns at most n listings.
	Latest(ctx context.Context, n int) ([]Listing, error)
	// DropLatest takes a thread off the list.
	DropLatest(ctx context.Context, root Ref) error
}

// Values keeps small values for adapters: chat settings, cursors, marks.
type Values interface {
	Value(ctx context.Context, key string) (value []byte, ok bool, err error)
	// SetValue replaces the value. It is kept for ttl, which must be positive.
	SetValue(ctx context.Context, key string, value []byte, ttl time.Duration) error
	DeleteValue(ctx context.Context, key string) error
	// Claim marks key for ttl and tells whether it was unmarked before: of
	// many callers at once exactly one gets true. DeleteValue takes the mark
	// away.
	Claim(ctx context.Context, key string, ttl time.Duration) (bool, error)
}
