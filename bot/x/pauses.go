package x

import (
	"net/http"
	"time"

	"unrollbot/bot/mention"
)

// pauses says how long to wait before a stream is opened again, as X wants it
// (docs.x.com, "Handling disconnections", August 2026).
type pauses struct {
	tries int   // since a stream was open last
	kind  cause // of the tries
}

// cause is what kept a stream from being open.
type cause int

const (
	causeNetwork cause = iota
	causeRefused
	causeLimited
	causeForGood
)

// after gives the wait when a stream that was open for a time ended, or was
// not opened at all.
func (p *pauses) after(lasted time.Duration, err error) time.Duration {
	if lasted >= beat { // one that breaks at once is as good as none
		*p = pauses{}
		return 0
	}
	refused := mention.Refusal(err)
	kind := causeNetwork
	switch {
	case refusedForGood(err):
		kind = causeForGood
	case refused.Status == http.StatusTooManyRequests:
		kind = causeLimited
	case refused.Status != 0:
		kind = causeRefused
	}
	if kind != p.kind {
		*p = pauses{kind: kind}
	}
	p.tries++
	switch kind {
	case causeLimited:
		return max(double(time.Minute, p.tries, 16*time.Minute), refused.Wait)
	case causeRefused:
		return max(double(5*time.Second, p.tries, 320*time.Second), refused.Wait)
	case causeForGood:
		return time.Hour
	default:
		return min(time.Duration(p.tries)*250*time.Millisecond, 16*time.Second)
	}
}

// double is first for the first try and twice as much for each further one.
func double(first time.Duration, tries int, most time.Duration) time.Duration {
	return min(first<<min(tries-1, 10), most)
}

// refusedForGood tells whether trying again soon is of no use: the app has no
// such stream, or its token is refused.
func refusedForGood(err error) bool {
	e := mention.Refusal(err)
	return e.Final() || e.Status == http.StatusUnauthorized
}
