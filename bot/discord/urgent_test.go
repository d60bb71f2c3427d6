package discord

import (
	"testing"
	"testing/synctest"
	"time"
)

// Other work waits for acknowledgements that are late, and not for long.
func TestUrgent(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		age, acked time.Duration // of the interaction; when it is acknowledged
		waits      time.Duration
	}{
		"nothing pressing": {pressing / 2, time.Minute, 0},
		"soon done":        {pressing, 200 * time.Millisecond, 200 * time.Millisecond},
		"never done":       {pressing, time.Minute, makesWay},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var u urgent
				done := u.begin(time.Now())
				time.Sleep(tc.age)
				young := u.begin(time.Now())
				time.AfterFunc(tc.acked, done)
				start := time.Now()
				u.makeWay()
				if waited := time.Since(start); waited != tc.waits {
					t.Errorf("waited %v, want %v", waited, tc.waits)
				}
				time.Sleep(2 * time.Minute)
				done()
				young()
				start = time.Now()
				if u.makeWay(); time.Since(start) != 0 || u.waiting.Len() != 0 {
					t.Errorf("waited for nothing; %d are kept", u.waiting.Len())
				}
			})
		})
	}
}
