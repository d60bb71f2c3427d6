package codec

import (
	"context"
	"time"

	"unrollbot/unroll"
)

// Record is one thing that a store keeps, in no store's own form, to be moved
// from one to another or written to a file. One of its pointers is set. Locks
// and limits are not worth the move.
type Record struct {
	// Until is when it expires; zero means never.
	Until time.Time `json:"until,omitzero"`

	Entry   *EntryRecord    `json:"entry,omitempty"`
	OptOut  *OptOutRecord   `json:"opt_out,omitempty"`
	Value   *ValueRecord    `json:"value,omitempty"`
	Listing *unroll.Listing `json:"listing,omitempty"`
}

// EntryRecord is a thread or a failure, and what leads to it.
type EntryRecord struct {
	Root    unroll.Ref   `json:"root"`
	Aliases []unroll.Ref `json:"aliases,omitempty"`
	unroll.Entry
}

// OptOutRecord is an author who opted out.
type OptOutRecord struct {
	Network  unroll.Network `json:"network"`
	AuthorID string         `json:"author_id"`
}

// ValueRecord is a value; a mark is an empty one.
type ValueRecord struct {
	Key   []byte `json:"key"` // any bytes, as keys are
	Value []byte `json:"value,omitempty"`
}

// Keeper is where records go.
type Keeper interface {
	unroll.Store
	unroll.OptOuts
	unroll.Latest
	unroll.Values
}

// Restore puts r into k. What has expired by now is left out.
func Restore(ctx context.Context, k Keeper, r Record, now time.Time) error {
	keep := r.Until.Sub(now)
	switch {
	case r.OptOut != nil:
		return k.SetOptedOut(ctx, r.OptOut.Network, r.OptOut.AuthorID, true)
	case r.Listing != nil:
		return k.AddLatest(ctx, *r.Listing)
	case keep <= 0:
		return nil
	case r.Entry != nil:
		return k.Save(ctx, r.Entry.Root, r.Entry.Aliases, r.Entry.Entry, keep)
	case r.Value != nil:
		return k.SetValue(ctx, string(r.Value.Key), r.Value.Value, keep)
	default:
		return nil
	}
}

// EntryRecord reads the frame of an entry, for moving it. It is false for a
// pointer, which the entry that it leads to makes anew.
func (c *Codec) EntryRecord(frame []byte) (*EntryRecord, bool) {
	e := c.Entry(frame)
	if e == nil {
		return nil, false
	}
	out := &EntryRecord{Root: e.Root, Entry: e.Entry}
	for r := range e.Refs {
		if r != e.Root {
			out.Aliases = append(out.Aliases, r)
		}
	}
	return out, true
}
