package unroll

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Hot keeps what was read a moment ago in memory, in front of the stores that
// all processes share: a thread that a whole channel opens costs one read. What
// another process writes is noticed after the moment has passed.
type Hot struct {
	Stores
	moment  time.Duration
	now     func() time.Time
	entries *lru.Cache[Ref, seen[Entry]]
	outs    *lru.Cache[authorKey, seen[bool]]
}

type seen[T any] struct {
	value T
	at    time.Time
}

type authorKey struct {
	network Network
	id      string
}

// NewHot keeps up to size threads for moment each. now may be nil.
func NewHot(s Stores, size int, moment time.Duration, now func() time.Time) (*Hot, error) {
	if now == nil {
		now = time.Now
	}
	entries, err := lru.New[Ref, seen[Entry]](size)
	if err != nil {
		return nil, err
	}
	outs, err := lru.New[authorKey, seen[bool]](size)
	if err != nil {
		return nil, err
	}
	return &Hot{Stores: s, moment: moment, now: now, entries: entries, outs: outs}, nil
}

// Load implements [Store]. Only threads are kept: a failure may mend at once.
func (h *Hot) Load(ctx context.Context, ref Ref) (Entry, bool, error) {
	if e, ok := h.entries.Get(ref); ok && h.now().Sub(e.at) < h.moment {
		return e.value, true, nil
	}
	e, ok, err := h.Stores.Load(ctx, ref)
	if ok && err == nil && e.Thread != nil {
		h.entries.Add(ref, seen[Entry]{e, h.now()})
	}
	return e, ok, err
}

// Save implements [Store].
func (h *Hot) Save(ctx context.Context, root Ref, aliases []Ref, e Entry, keep time.Duration) error {
	defer func() { // afterwards, or a reader may put back what is replaced
		h.drop(root)
		for _, ref := range aliases {
			h.entries.Remove(ref)
		}
	}()
	return h.Stores.Save(ctx, root, aliases, e, keep)
}

// Forget implements [Store].
func (h *Hot) Forget(ctx context.Context, ref Ref) error {
	defer h.drop(ref)
	return h.Stores.Forget(ctx, ref)
}

// ForgetAuthor implements [Store]. Other processes forget when their moment
// has passed; until then they may show a thread, unless they notice the
// opt-out first.
func (h *Hot) ForgetAuthor(ctx context.Context, n Network, authorID string) ([]Ref, error) {
	defer h.dropAll(func(t *Thread) bool { return t.Ref.Network == n && t.Author.ID == authorID })
	return h.Stores.ForgetAuthor(ctx, n, authorID)
}

// drop removes a thread under every ref it was read by.
func (h *Hot) drop(ref Ref) {
	root := ref
	if e, ok := h.entries.Peek(ref); ok {
		root = e.value.Thread.Ref
	}
	h.dropAll(func(t *Thread) bool { return t.Ref == root })
	h.entries.Remove(ref)
}

func (h *Hot) dropAll(these func(*Thread) bool) {
	for _, k := range h.entries.Keys() {
		if e, ok := h.entries.Peek(k); ok && these(e.value.Thread) {
			h.entries.Remove(k)
		}
	}
}

// OptedOut implements [OptOuts].
func (h *Hot) OptedOut(ctx context.Context, n Network, authorIDs ...string) (map[string]bool, error) {
	var out map[string]bool
	is := func(id string) {
		if out == nil {
			out = make(map[string]bool)
		}
		out[id] = true
	}
	var unknown []string
	for _, id := range authorIDs {
		o, ok := h.outs.Get(authorKey{n, id})
		switch {
		case !ok || h.now().Sub(o.at) >= h.moment:
			unknown = append(unknown, id)
		case o.value:
			is(id)
		}
	}
	if len(unknown) == 0 {
		return out, nil
	}
	fresh, err := h.Stores.OptedOut(ctx, n, unknown...)
	if err != nil {
		return out, err
	}
	for _, id := range unknown {
		h.outs.Add(authorKey{n, id}, seen[bool]{fresh[id], h.now()})
		if fresh[id] {
			is(id)
		}
	}
	return out, nil
}

// SetOptedOut implements [OptOuts].
func (h *Hot) SetOptedOut(ctx context.Context, n Network, authorID string, out bool) error {
	defer h.outs.Remove(authorKey{n, authorID})
	return h.Stores.SetOptedOut(ctx, n, authorID, out)
}
