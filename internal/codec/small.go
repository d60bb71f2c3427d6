package codec

import (
	"bytes"
	"encoding/json"
	"fmt"

	"unrollbot/unroll"
)

// Value reads the frame of a value; a mark is an empty value. The result
// shares no memory with b.
func (c *Codec) Value(b []byte) ([]byte, bool) {
	switch kind, payload := c.open(b); kind {
	case KindValue:
		return bytes.Clone(payload), true
	case KindMark:
		return nil, true
	default:
		return nil, false
	}
}

// EncodeListing makes the frame of a listing: JSON, too short to compress.
func EncodeListing(l unroll.Listing) ([]byte, error) {
	b, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("codec: %w", err)
	}
	return Frame(KindListing, b), nil
}

// Listing reads the frame of a listing.
func (c *Codec) Listing(b []byte) (unroll.Listing, bool) {
	var l unroll.Listing
	kind, payload := c.open(b)
	if kind != KindListing {
		return l, false
	}
	if err := json.Unmarshal(payload, &l); err != nil {
		c.report(fmt.Errorf("%w: %w", errDamaged, err))
		return unroll.Listing{}, false
	}
	return l, true
}
