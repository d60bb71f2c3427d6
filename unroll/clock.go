package unroll

import "time"

const (
	// skew is how far the clocks of processes that share a store may be apart.
	skew = time.Minute
	// longestFailure is how long any failure is remembered.
	longestFailure = 15 * time.Minute
)

// believed takes back a freshness that no clock can have given which was
// right: one that was written while a clock was ahead, and would last until
// the time has come that it showed.
func (e Entry) believed(now time.Time) Entry {
	if e.Thread != nil && ahead(e.Thread.FetchedAt, now) || e.Failure != nil && ahead(e.FreshUntil, now.Add(longestFailure)) {
		e.FreshUntil = time.Time{}
	}
	return e
}

// ahead tells whether at is later than any clock can show by now.
func ahead(at, now time.Time) bool { return at.After(now.Add(skew)) }
