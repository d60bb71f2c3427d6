package mention

import (
	"encoding/json"
	"time"
)

// Instant is a time in a network's JSON, which may be anything.
type Instant struct{ time.Time }

// UnmarshalJSON leaves the zero time for what is none.
func (i *Instant) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		i.Time, _ = time.Parse(time.RFC3339Nano, s) // zero, and then ignored
	}
	return nil
}
