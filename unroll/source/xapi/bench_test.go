package xapi

import (
	"fmt"
	"testing"
	"time"

	"unrollbot/internal/fakenet"
)

// BenchmarkLongThread reads a thread of 900 posts, by its first post from a
// search, and by its last up through the timeline.
func BenchmarkLongThread(b *testing.B) {
	lines := []string{"0 ada -"}
	for i := 1; i < 900; i++ {
		lines = append(lines, fmt.Sprintf("%d ada %d", i, i-1))
	}
	for name, begin := range map[string]time.Time{"recent": now.Add(-24 * time.Hour), "old": now.Add(-30 * 24 * time.Hour)} {
		b.Run(name, func(b *testing.B) {
			_, s := start(b, world(begin, lines...), fakenet.XAPIConfig{}, Config{MaxTimeline: 500}, nil)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Fetch(b.Context(), ref(idOf(begin, 899))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
