package httpx

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter caps what a server may ask us to wait.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads how long a server wants to be left alone, 0 when it does
// not say: Retry-After, else the reset headers of X (Unix seconds), Mastodon
// (RFC 3339), Bluesky (Unix seconds) and the IETF draft (seconds from now).
func retryAfter(h http.Header, now time.Time) time.Duration {
	for _, name := range []string{"Retry-After", "X-RateLimit-Reset", "X-Rate-Limit-Reset", "RateLimit-Reset"} {
		if v := strings.TrimSpace(h.Get(name)); v != "" {
			if d, ok := parseWait(v, now); ok {
				return d
			}
		}
	}
	return 0
}

// parseWait reads a number of seconds, a Unix time in seconds, an RFC 3339
// time or an HTTP date as a wait from now, rounded up to full seconds.
func parseWait(v string, now time.Time) (time.Duration, bool) {
	var d time.Duration
	if n, err := strconv.ParseFloat(v, 64); err == nil {
		const year = 365 * 24 * 3600 // seconds: longer than any wait, sooner than any date
		if math.IsNaN(n) || n < 0 {
			return 0, false
		}
		if n > year {
			n -= float64(now.Unix())
		}
		d = time.Duration(min(n, maxRetryAfter.Seconds()) * float64(time.Second))
	} else if at, err := time.Parse(time.RFC3339, v); err == nil {
		d = at.Sub(now)
	} else if at, err := http.ParseTime(v); err == nil {
		d = at.Sub(now)
	} else {
		return 0, false
	}
	d = min(max(d, 0), maxRetryAfter)
	return (d + time.Second - 1).Truncate(time.Second), true
}
