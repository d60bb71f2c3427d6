package httpx

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	tests := []struct {
		name   string
		header http.Header
		want   time.Duration
	}{
		{"nothing", http.Header{}, 0},
		{"seconds", http.Header{"Retry-After": {"120"}}, 2 * time.Minute},
		{"part of a second", http.Header{"Retry-After": {"0.4"}}, time.Second},
		{"zero", http.Header{"Retry-After": {"0"}}, 0},
		{"date", http.Header{"Retry-After": {"Tue, 24 Nov 2026 12:00:30 GMT"}}, 30 * time.Second},
		{"date gone by", http.Header{"Retry-After": {"Tue, 24 Nov 2026 11:00:00 GMT"}}, 0},
		{"beyond the cap", http.Header{"Retry-After": {"86401"}}, 24 * time.Hour},
		{"endless", http.Header{"Retry-After": {"Inf"}}, 24 * time.Hour},
		{"negative", http.Header{"Retry-After": {"-5"}}, 0},
		{"nonsense", http.Header{"Retry-After": {"soon"}}, 0},
		{"nonsense, then a reset", http.Header{"Retry-After": {"NaN"}, "X-Ratelimit-Reset": {"1795521660"}}, time.Minute},
		{"mastodon", http.Header{"X-Ratelimit-Reset": {"2026-11-24T12:04:59.500Z"}}, 5 * time.Minute},
		{"x", http.Header{"X-Rate-Limit-Reset": {"1795521610"}}, 10 * time.Second},
		{"bluesky", http.Header{"Ratelimit-Reset": {"1795521601"}}, time.Second},
		{"draft", http.Header{"Ratelimit-Reset": {"50"}}, 50 * time.Second},
		{"retry-after first", http.Header{"Retry-After": {"7"}, "Ratelimit-Reset": {"50"}}, 7 * time.Second},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := retryAfter(tc.header, now); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func FuzzParseWait(f *testing.F) {
	for _, s := range []string{
		"1", "1e99", "-1", "NaN", "0x1p-2", "2026-11-24T12:00:00Z", "Tue, 24 Nov 2026 12:00:30 GMT", "9999999999", "",
	} {
		f.Add(s, int64(1795521600))
	}
	f.Fuzz(func(t *testing.T, v string, unix int64) {
		d, ok := parseWait(v, time.Unix(unix%(1<<40), 0))
		if d < 0 || d > maxRetryAfter || d%time.Second != 0 || !ok && d != 0 {
			t.Errorf("parseWait(%q) = %v, %v", v, d, ok)
		}
	})
}
