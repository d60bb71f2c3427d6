package unroll

import (
	"errors"
	"testing"
	"time"
)

func TestHot(t *testing.T) {
	m := newMemory()
	now := time.Unix(0, 0)
	h, err := NewHot(m, 10, time.Second, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	entry := func(text string) Entry {
		return Entry{Thread: &Thread{Ref: x("1"), Posts: []Post{{ID: "1", Text: text}, {ID: "2"}}}}
	}
	text := func(id string) string {
		e, _, err := h.Load(t.Context(), x(id))
		if err != nil {
			t.Fatal(err)
		}
		if e.Thread == nil {
			return ""
		}
		return e.Thread.Posts[0].Text
	}
	save := func(s Stores, words string) {
		if err := s.Save(t.Context(), x("1"), []Ref{x("2")}, entry(words), time.Hour); err != nil {
			t.Fatal(err)
		}
	}

	save(h, "old")
	if got := text("2"); got != "old" {
		t.Errorf("read %q", got)
	}
	m.down = errors.New("gone")
	if got := text("2"); got != "old" {
		t.Errorf("read %q from memory", got)
	}
	m.down = nil
	save(m, "by another process")
	if got := text("2"); got != "old" {
		t.Errorf("within the moment: %q", got)
	}
	now = now.Add(time.Second)
	if got := text("2"); got != "by another process" {
		t.Errorf("after the moment: %q", got)
	}
	save(h, "new")
	if got := text("2"); got != "new" {
		t.Errorf("after a save of our own: %q", got)
	}
	if err := h.Forget(t.Context(), x("1")); err != nil || text("2") != "" {
		t.Errorf("after Forget by the root: %q, %v", text("2"), err)
	}
}

func TestHotNoticesItsOwnOptOuts(t *testing.T) {
	h, err := NewHot(newMemory(), 10, time.Hour, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{false, true, false} {
		if err := h.SetOptedOut(t.Context(), X, "a", want); err != nil {
			t.Fatal(err)
		}
		if got, err := h.OptedOut(t.Context(), X, "a"); err != nil || got != want {
			t.Errorf("opted out: %v, %v", got, err)
		}
	}
}
