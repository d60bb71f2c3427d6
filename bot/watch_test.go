package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"unrollbot/unroll"
)

func TestWatch(t *testing.T) {
	for name, story := range map[string]func(w *town){
		"grows twice": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.rest(time.Hour)
			w.wants()
			w.author.write(1)
			w.rest(30 * time.Minute)
			w.wants("room: 1 new from 22")
			w.author.write(2)
			w.rest(30 * time.Minute)
			w.wants("room: 1 new from 22", "room: 2 new from 23")
			if got := p.say("room", "unwatch", link); !strings.Contains(got, "no longer watch that") {
				w.Error(got)
			}
			w.author.write(1)
			w.rest(time.Hour)
			w.wants("room: 1 new from 22", "room: 2 new from 23")
		},
		"a restart between": func(w *town) {
			p := w.start()
			p.watch("room")
			p.end()
			w.author.write(1)
			w.rest(time.Hour)
			w.wants()
			p = w.start()
			w.rest(10 * time.Minute)
			w.wants("room: 1 new from 22")
			p.end()
			p = w.start()
			defer p.end()
			w.rest(time.Hour)
			w.wants("room: 1 new from 22")
		},
		"killed between send and mark": func(w *town) {
			w.platform.change(func() { w.platform.knows = map[string]bool{} })
			p := w.start()
			p.watch("room")
			w.author.write(1)
			w.platform.change(func() { w.platform.then = p.kill })
			w.rest(30 * time.Minute)
			w.wants("room: 1 new from 22")
			p.done.Wait()
			w.platform.change(func() { w.platform.then = nil })
			w.author.write(2)
			p = w.start()
			defer p.end()
			w.rest(time.Hour) // the same is sent again, and not shown; then what came meanwhile
			w.wants("room: 1 new from 22", "room: 2 new from 23")
		},
		"killed between send and mark, where messages have no names": func(w *town) {
			p := w.start()
			p.watch("room")
			w.author.write(1)
			w.platform.change(func() { w.platform.then = p.kill })
			w.rest(30 * time.Minute)
			p.done.Wait()
			w.platform.change(func() { w.platform.then = nil })
			p = w.start()
			defer p.end()
			w.rest(time.Hour)
			w.wants("room: 1 new from 22", "room: 1 new from 22") // rather twice than never
		},
		"the store is gone between send and mark": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.author.write(1)
			w.platform.change(func() { w.platform.then = func() { p.store.fail(errors.New("gone")) } })
			w.rest(30 * time.Minute)
			w.wants("room: 1 new from 22")
			w.platform.change(func() { w.platform.then = nil })
			p.store.fail(nil)
			w.rest(time.Hour) // this process knows that it is out
			w.wants("room: 1 new from 22")
			w.author.write(1)
			w.rest(time.Hour)
			w.wants("room: 1 new from 22", "room: 1 new from 23")
		},
		"the store is gone for a while": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			p.store.fail(errors.New("gone"))
			w.author.write(1)
			w.rest(3 * time.Hour)
			w.wants()
			p.store.fail(nil)
			w.rest(10 * time.Minute)
			w.wants("room: 1 new from 22")
		},
		"two replicas, one store": func(w *town) {
			a, b := w.start(), w.start()
			defer a.end()
			defer b.end()
			a.watch("room")
			b.watch("den")
			looks := w.author.looked()
			w.author.write(1)
			w.rest(time.Hour)
			if n := w.author.looked() - looks; n > 25 { // one each 3 minutes, at first
				w.Errorf("%d looks in an hour", n)
			}
			w.wants("den: 1 new from 22", "room: 1 new from 22")
		},
		"an adapter that runs on another replica": func(w *town) {
			a, b := w.start(), w.start()
			defer a.end()
			defer b.end()
			a.phone.away.Store(true)
			a.watch("room")
			w.author.write(1)
			w.rest(30 * time.Minute)
			w.wants("room: 1 new from 22")
		},
		"somebody else's address on the same thread": func(w *town) {
			p := w.start()
			defer p.end()
			p.phone.alien = "annex"
			p.watch("annex")
			p.watch("room")
			w.author.write(1)
			w.rest(30 * time.Minute)
			w.wants("room: 1 new from 22")
		},
		"nobody runs the adapter": func(w *town) {
			p := w.start()
			p.watch("room")
			looks := w.author.looked()
			p.phone.away.Store(true)
			w.rest(3 * time.Hour)
			if n := w.author.looked() - looks; n > 0 {
				w.Errorf("%d looks for nobody", n)
			}
			p.end()
		},
		"a day without news": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.rest(23 * time.Hour)
			w.author.write(1)
			w.rest(time.Hour + time.Minute)
			w.wants("room: 1 new from 22")
			w.rest(23 * time.Hour) // a day from the first news on
			looks := w.author.looked()
			w.rest(24 * time.Hour)
			w.author.write(1)
			w.rest(24 * time.Hour)
			w.wants("room: 1 new from 22")
			if n := w.author.looked() - looks; n > 1 {
				w.Errorf("%d looks after the end", n)
			}
			if got := p.say("room", "unwatch", ""); !strings.Contains(got, "do not watch that") {
				w.Error(got)
			}
		},
		"looks get rarer": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			p.watch("den")
			looks := w.author.looked()
			w.rest(24 * time.Hour)
			if n := w.author.looked() - looks; n < 40 || n > 70 {
				w.Errorf("%d looks in a day", n)
			}
		},
		"what is being written is told in few messages": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			for range 30 {
				w.author.write(1)
				w.rest(time.Minute)
			}
			w.rest(time.Hour)
			told := 0
			for _, line := range w.platform.shown {
				var n int
				if _, err := fmt.Sscanf(line, "room: %d new", &n); err != nil {
					w.Fatal(line)
				}
				told += n
			}
			if n := len(w.platform.shown); n < 2 || n > 5 || told != 30 {
				w.Errorf("%d posts in %d messages: %q", told, n, w.platform.shown)
			}
		},
		"a deleted post is no news": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.author.erase("21")
			w.rest(time.Hour)
			w.wants()
			w.author.write(1) // as many posts as before
			w.rest(time.Hour)
			w.wants("room: 1 new from 22")
		},
		"the thread is deleted": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.author.erase("20")
			w.author.erase("21")
			w.rest(time.Hour)
			looks := w.author.looked()
			w.rest(10 * time.Hour)
			w.wants()
			if n := w.author.looked() - looks; n > 0 {
				w.Errorf("%d looks at what is gone", n)
			}
		},
		"the author opts out": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			if _, err := p.service.OptOut(context.Background(), unroll.X, "ada"); err != nil {
				w.Fatal(err)
			}
			w.author.write(1)
			w.rest(time.Hour)
			if err := w.store.SetOptedOut(context.Background(), unroll.X, "ada", false); err != nil {
				w.Fatal(err)
			}
			w.rest(24 * time.Hour)
			w.wants()
		},
		"who asked is banned": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			if err := p.bans.Add(context.Background(), Ban{Platform: "chat", User: "who in room"}); err != nil {
				w.Fatal(err)
			}
			w.author.write(1)
			w.rest(time.Hour)
			w.wants()
		},
		"the room is closed": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.platform.change(func() { w.platform.gone = true })
			w.author.write(1)
			w.rest(time.Hour)
			w.platform.change(func() { w.platform.gone = false })
			w.rest(10 * time.Hour)
			w.wants()
		},
		"the platform is down for two hours": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.platform.change(func() { w.platform.err = errors.New("no line") })
			w.author.write(1)
			w.rest(2 * time.Hour)
			w.platform.change(func() { w.platform.err = nil })
			w.rest(2 * time.Hour)
			w.wants("room: 1 new from 22")
		},
		"the platform never takes it": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			var tries atomic.Int64
			w.platform.change(func() { w.platform.err, w.platform.then = errors.New("no line"), func() { tries.Add(1) } })
			w.author.write(1)
			w.rest(20 * time.Hour)
			if n := tries.Load(); n != maxAttempts {
				w.Errorf("tried %d times", n)
			}
		},
		"the platform's part of us panics": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.platform.change(func() {
				w.platform.then = func() {
					w.platform.change(func() { w.platform.then = nil })
					panic("a fault of our own")
				}
			})
			w.platform.change(func() { w.platform.knows = map[string]bool{} })
			w.author.write(1)
			w.rest(time.Hour)
			w.wants("room: 1 new from 22")
		},
		"the source fails for a while": func(w *town) {
			p := w.start()
			defer p.end()
			p.watch("room")
			w.author.fail(&unroll.Error{Kind: unroll.KindUpstream, Op: "fetch"})
			w.author.write(1)
			w.rest(2 * time.Hour)
			w.wants()
			w.author.fail(nil)
			w.rest(time.Hour)
			w.wants("room: 1 new from 22")
		},
	} {
		t.Run(name, func(t *testing.T) { inTown(t, story) })
	}
}
