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

func TestHotForgetsAuthors(t *testing.T) {
	h, err := NewHot(newMemory(), 10, time.Hour, nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, author := range map[string]string{"1": "a", "2": "a", "3": "b"} {
		e := Entry{Thread: &Thread{Ref: x(id), Author: Author{ID: author}, Posts: []Post{{ID: id}}}}
		if err := h.Save(t.Context(), x(id), nil, e, time.Hour); err != nil {
			t.Fatal(err)
		}
		if _, ok, err := h.Load(t.Context(), x(id)); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if dropped, err := h.ForgetAuthor(t.Context(), X, "a"); len(dropped) != 2 || err != nil {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	for id, want := range map[string]bool{"1": false, "2": false, "3": true} {
		if _, ok, err := h.Load(t.Context(), x(id)); ok != want || err != nil {
			t.Errorf("%s is there: %v, %v", id, ok, err)
		}
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
		for range 2 { // from the store, from memory
			got, err := h.OptedOut(t.Context(), X, "b", "a")
			if err != nil || got["a"] != want || got["b"] {
				t.Errorf("opted out: %v, %v", got, err)
			}
		}
	}
}
