package unroll

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stores := newMemory()
		source := &script{answer: conversation("a1", "a2 < a1")}
		s := service(t, stores, time.Now, source)
		check := func(when string, ref Ref, want bool) {
			t.Helper()
			if got := s.Held(t.Context(), ref); got != want {
				t.Errorf("%s: held %v", when, got)
			}
		}
		check("before it was read", x("a2"), false)
		if _, err := s.Unroll(t.Context(), x("a2")); err != nil {
			t.Fatal(err)
		}
		check("afterwards", x("a1"), true)
		check("a short link", Ref{Network: Short, Host: "t.co", ID: "a1"}, false)
		time.Sleep(365 * 24 * time.Hour)
		check("no longer fresh, but given all the same", x("a1"), true)

		source.answer = failing(KindNotFound)
		_, _ = s.Unroll(t.Context(), x("b1"))
		check("a failure that is remembered", x("b1"), true)
		time.Sleep(time.Hour)
		check("a failure of some time ago", x("b1"), false)

		stores.down = errors.New("down")
		check("without the store", x("a1"), false)
		if n := source.calls.Load(); n != 2 {
			t.Errorf("the source was asked %d times, want 2", n)
		}
	})
}
