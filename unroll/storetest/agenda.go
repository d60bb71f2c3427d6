package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

// roomy are bounds that are not met.
var roomy = unroll.AgendaBounds{Topics: 100, Each: 100, Waiting: 100}

// waits is who on topic.
func waits(who, topic string) unroll.Waiting {
	return unroll.Waiting{Lane: "chat", Topic: topic, Who: who, Value: []byte(who + " on " + topic)}
}

// enters lets w wait, and checks whether it is new.
func (f *fixture) enters(w unroll.Waiting, in, keep time.Duration, fresh bool) {
	f.Helper()
	got, err := f.Store.Enter(f.Context(), w, in, keep, roomy)
	f.must(err)
	if got != fresh {
		f.Fatalf("Enter(%s, %s) = %v, want %v", w.Who, w.Topic, got, fresh)
	}
}

// due claims what is due, and checks what that is: "tea: ann, ben".
func (f *fixture) due(lane string, n int, lease time.Duration, want ...string) []unroll.Topic {
	f.Helper()
	topics, err := f.Store.Due(f.Context(), lane, n, lease)
	f.must(err)
	var got []string
	for _, t := range topics {
		var who []string
		for _, w := range t.Waiting {
			who = append(who, w.Who)
			if w.Lane != lane || t.Lane != lane || w.Topic != t.Name || t.Claim == "" {
				f.Errorf("%+v", t)
			}
		}
		got = append(got, t.Name+": "+strings.Join(who, ", "))
	}
	if d := cmp.Diff(want, got); d != "" {
		f.Fatalf("due (want -, got +)\n%s", d)
	}
	return topics
}

// entered checks what who waits for.
func (f *fixture) entered(who string, want ...string) {
	f.Helper()
	got, err := f.Store.Entered(f.Context(), "chat", who)
	f.must(err)
	if !slices.Equal(got, want) {
		f.Fatalf("Entered(%s) = %q, want %q", who, got, want)
	}
}

// notes replaces a value, and checks whether that could be done.
func (f *fixture) notes(t *unroll.Topic, w unroll.Waiting, keep, lease time.Duration, want bool) {
	f.Helper()
	still, err := f.Store.Note(f.Context(), t, w, keep, lease)
	f.must(err)
	if still != want {
		f.Fatalf("Note(%s, %s) = %v, want %v", t.Name, w.Who, still, want)
	}
}

// leaves ends a wait, and checks whether there was one.
func (f *fixture) leaves(topic, who string, want bool) {
	f.Helper()
	was, err := f.Store.Leave(f.Context(), "chat", topic, who)
	f.must(err)
	if was != want {
		f.Fatalf("Leave(%s, %s) = %v, want %v", topic, who, was, want)
	}
}

func agendaDue(f *fixture) {
	f.due("chat", 10, time.Minute)
	f.enters(waits("ben", "tea"), 2*time.Hour, 24*time.Hour, true)
	f.enters(waits("ann", "tea"), time.Hour, 24*time.Hour, true) // which leaves the topic's time
	f.enters(waits("ann", "milk"), time.Hour, 24*time.Hour, true)
	f.enters(unroll.Waiting{Lane: "mail", Topic: "tea", Who: "ann"}, 0, 24*time.Hour, true)
	f.due("chat", 10, time.Minute)
	f.Advance(time.Hour)
	f.due("chat", 10, 3*time.Hour, "milk: ann")
	f.Advance(time.Hour)
	topics := f.due("chat", 10, time.Minute, "tea: ann, ben")
	if got := string(topics[0].Waiting[1].Value); got != "ben on tea" {
		f.Errorf("value %q", got)
	}
	f.due("mail", 10, time.Minute, "tea: ann")
	f.due("other", 10, time.Minute)
}

func agendaOrder(f *fixture) {
	for i := range 5 {
		f.enters(waits("ann", fmt.Sprint(i)), time.Duration(5-i)*time.Minute, 24*time.Hour, true)
	}
	f.Advance(time.Hour)
	f.due("chat", 2, time.Hour, "4: ann", "3: ann")
	f.due("chat", 10, time.Hour, "2: ann", "1: ann", "0: ann")
	f.due("chat", 0, time.Hour)
}

// agendaClaims is what becomes of a topic whose process dies, or is late.
func agendaClaims(f *fixture) {
	f.enters(waits("ann", "tea"), 0, 24*time.Hour, true)
	late := f.due("chat", 1, 10*time.Minute, "tea: ann")
	f.due("chat", 1, 10*time.Minute)
	f.Advance(10*time.Minute - f.Drift - time.Second)
	f.due("chat", 1, 10*time.Minute)
	f.Advance(f.Drift + time.Second)
	mine := f.due("chat", 1, 10*time.Minute, "tea: ann")

	f.notes(&late[0], waits("ann", "tea"), 24*time.Hour, time.Hour, false)
	f.must(f.Store.Postpone(f.Context(), &late[0], 0))
	f.due("chat", 1, time.Minute)

	changed := mine[0].Waiting[0]
	changed.Value = []byte("told")
	f.notes(&mine[0], changed, 24*time.Hour, time.Hour, true)
	f.Advance(30 * time.Minute) // beyond the first lease, not the second
	f.due("chat", 1, time.Minute)
	f.must(f.Store.Postpone(f.Context(), &mine[0], time.Hour))
	f.notes(&mine[0], changed, 24*time.Hour, time.Hour, false)
	f.due("chat", 1, time.Minute)
	f.Advance(time.Hour)
	again := f.due("chat", 1, time.Minute, "tea: ann")
	if got := string(again[0].Waiting[0].Value); got != "told" {
		f.Errorf("value %q, want what was noted", got)
	}
}

func agendaTwiceIsOnce(f *fixture) {
	f.enters(waits("ann", "tea"), 0, 2*time.Hour, true)
	other := waits("ann", "tea")
	other.Value = []byte("another")
	f.Advance(time.Hour)
	f.enters(other, 0, 2*time.Hour, false)
	f.entered("ann", "tea")
	f.Advance(time.Hour + time.Minute) // beyond the first time
	topics := f.due("chat", 10, time.Second, "tea: ann")
	if got := string(topics[0].Waiting[0].Value); got != "ann on tea" {
		f.Errorf("value %q, want the first", got)
	}
	f.enters(other, 0, time.Second, false) // which shortens nothing
	f.Advance(f.Drift + 2*time.Second)
	f.due("chat", 10, time.Minute, "tea: ann")
}

func agendaLeave(f *fixture) {
	f.leaves("tea", "ann", false)
	f.enters(waits("ann", "tea"), 0, 24*time.Hour, true)
	f.enters(waits("ben", "tea"), 0, 24*time.Hour, true)
	f.leaves("tea", "ann", true)
	f.leaves("tea", "ann", false)
	f.entered("ann")
	topics := f.due("chat", 10, time.Hour, "tea: ben")
	f.leaves("tea", "ben", true) // while somebody looks
	f.notes(&topics[0], topics[0].Waiting[0], 24*time.Hour, time.Hour, false)
	f.must(f.Store.Postpone(f.Context(), &topics[0], 0))
	f.due("chat", 10, time.Hour)
	f.enters(waits("ben", "tea"), 0, 24*time.Hour, true)
	f.due("chat", 10, time.Hour, "tea: ben")
}

func agendaEnds(f *fixture) {
	f.enters(waits("ann", "tea"), 0, time.Hour, true)
	f.enters(waits("ben", "tea"), 0, 3*time.Hour, true)
	f.enters(waits("ann", "milk"), 0, time.Hour, true)
	f.Advance(time.Hour)
	f.entered("ann")
	f.entered("ben", "tea")
	topics := f.due("chat", 10, time.Second, "tea: ben")
	f.notes(&topics[0], waits("ann", "tea"), time.Hour, time.Second, false)
	f.notes(&topics[0], waits("ben", "tea"), 5*time.Hour, time.Second, true)
	f.Advance(3 * time.Hour)
	topics = f.due("chat", 10, time.Second, "tea: ben")
	f.notes(&topics[0], waits("ben", "tea"), time.Hour, time.Second, true) // which may shorten
	f.Advance(time.Hour)
	f.due("chat", 10, time.Hour)
	f.enters(waits("ben", "tea"), 0, time.Hour, true)
	f.leaves("tea", "ben", true)
}

func agendaBounds(f *fixture) {
	enter := func(who, topic string, b unroll.AgendaBounds, want error) {
		f.Helper()
		if fresh, err := f.Store.Enter(f.Context(), waits(who, topic), 0, time.Hour, b); !errors.Is(err, want) || fresh != (want == nil) {
			f.Errorf("Enter(%s, %s): %v, %v; want %v", who, topic, fresh, err, want)
		}
	}
	enter("ann", "tea", unroll.AgendaBounds{Topics: 1, Each: 1, Waiting: 1}, nil)
	enter("ann", "milk", unroll.AgendaBounds{Topics: 2, Each: 1, Waiting: 1}, unroll.ErrWaitsEnough)
	enter("ann", "milk", unroll.AgendaBounds{Topics: 1, Each: 2, Waiting: 1}, unroll.ErrAgendaFull)
	enter("ben", "tea", unroll.AgendaBounds{Topics: 1, Each: 1, Waiting: 1}, unroll.ErrAgendaFull)
	enter("ben", "tea", unroll.AgendaBounds{Topics: 1, Each: 1, Waiting: 2}, nil)
	f.enters(waits("ann", "tea"), 0, time.Hour, false)
	f.leaves("tea", "ann", true)
	enter("ann", "milk", unroll.AgendaBounds{Topics: 2, Each: 1, Waiting: 1}, nil)
	f.Advance(time.Hour)
	enter("ann", "water", unroll.AgendaBounds{Topics: 3, Each: 1, Waiting: 1}, nil)
	for _, keep := range []time.Duration{0, -time.Second} {
		if _, err := f.Store.Enter(f.Context(), waits("ann", "tea"), 0, keep, roomy); err == nil {
			f.Errorf("Enter kept for %s", keep)
		}
	}
}

// agendaConcurrently lets many processes look for what is due at once.
func agendaConcurrently(f *fixture) {
	const topics = 30
	for i := range topics {
		f.enters(waits("ann", fmt.Sprint(i)), 0, time.Hour, true)
	}
	var mu sync.Mutex
	got := map[string]int{}
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			for {
				found, err := f.Store.Due(f.Context(), "chat", 3, 30*time.Minute)
				if err != nil {
					f.Error(err)
				}
				if len(found) == 0 {
					return
				}
				mu.Lock()
				for _, t := range found {
					got[t.Name]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for name, n := range got {
		if n != 1 {
			f.Errorf("topic %s was given %d times", name, n)
		}
	}
	if len(got) != topics {
		f.Errorf("%d of %d topics were given", len(got), topics)
	}
}

func agendaOddNames(f *fixture) {
	names := []string{"", "a", "a\x00b", "\x00", "a:b", "}{", "тред", "\xff", strings.Repeat("n", 300)}
	for _, name := range names {
		f.enters(waits(name, name), 0, time.Hour, true)
	}
	for _, name := range names {
		f.entered(name, name)
	}
	for _, name := range names {
		f.leaves(name, name, true)
	}
	f.due("chat", 100, time.Minute)
}

func agendaDamage(f *fixture) {
	f.enters(waits("ann", "tea"), 0, time.Hour, true)
	f.Damage()
	f.due("chat", 10, time.Minute)
}
