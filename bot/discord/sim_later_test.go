package discord

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
	"unrollbot/unroll"
)

func simViews(t *testing.T, s *sim) {
	th := thread(60)
	th.Branches = []unroll.Branch{{After: "20", Posts: []unroll.Post{{ID: "90", Text: "aside"}}}}
	for i := range 12 {
		th.Posts[0].Media = append(th.Posts[0].Media, unroll.Media{Kind: unroll.MediaImage, URL: "https://m.example/1.png", Alt: strings.Repeat("a", i*200)})
	}
	th.Posts[59].At = time.Now()
	s.run(true, always(th))
	ask := func(view string) simInteraction {
		return s.done(s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link, "view": view}}))
	}
	press := func(m simMessage, label string) simInteraction {
		return s.done(s.interact(map[string]any{"kind": "button", "message_id": m.ID, "label": label}))
	}
	m := s.slash()
	if shown := press(m, "Media"); len(shown.Messages) != 1 || !shown.Messages[0].says("m.example/1.png") {
		t.Errorf("media: %+v", shown)
	}
	asked := s.interact(map[string]any{"kind": "button", "message_id": m.ID, "label": "As file"})
	file := s.done(asked).Messages[0]
	for _, f := range forms() {
		s.interact(map[string]any{"kind": "select", "custom_id": "o||/x/20", "values": []string{f.ext}, "message_id": file.ID})
		s.until("the file", func() bool {
			var i simInteraction
			s.get("/interaction", url.Values{"id": {asked}}, &i)
			return i.Messages[0].says("x-20." + f.ext)
		})
	}
	if got := ask("branches"); len(got.Messages) != 1 || !got.Messages[0].says("aside") {
		t.Errorf("branches: %+v", got)
	}
	in := ask("thread")
	s.until("the Discord thread to be full", func() bool { return len(s.messages(in.Messages[0].ID)) >= 4 })
	said := s.say(map[string]any{"content": link, "author": map[string]any{"id": "900000000000000888"}})
	menu := s.done(s.interact(map[string]any{"kind": "message", "name": "Unroll thread", "message_id": said.ID}))
	if told := press(menu.Messages[0], "In a thread"); !told.Messages[0].says("<#") {
		t.Errorf("thread: %+v", told)
	}
}

// simLater takes answers up that another process left, and tells news.
func simLater(t *testing.T, s *sim) {
	s.run(true, whole(1))
	p := &parked{taken: make(chan struct{})}
	s.adapter.dispatch = p
	id := s.interact(map[string]any{"kind": "slash", "name": "watch", "options": map[string]any{"link": link}})
	<-p.taken
	for range 2 {
		if err := p.answer(t, s.adapter, bot.Reply{Text: "I watch it."}); err != nil {
			t.Fatal(err)
		}
	}
	if i := s.done(id); len(i.Messages) != 1 {
		t.Errorf("%+v", i)
	}
	before := len(s.messages(simChannel))
	late := p.with(t, map[string]any{"end": time.Now().Add(-time.Hour)})
	for range 2 {
		if err := late.answer(t, s.adapter, newsOf(9, 7)); err != nil {
			t.Fatal(err)
		}
	}
	all := s.messages(simChannel)
	if len(all) != before+1 {
		t.Fatalf("%d messages of one piece of news", len(all)-before)
	}
	news := all[0]
	for _, m := range all {
		if m.says("new posts by") {
			news = m
		}
	}
	p.taken = make(chan struct{})
	s.interact(map[string]any{"kind": "button", "message_id": news.ID, "label": "Stop watching"})
	<-p.taken
	if p.req.Command != "unwatch" {
		t.Errorf("asked %+v", p.req)
	}
	if err := p.answer(t, s.adapter, bot.Reply{Text: "I no longer do."}); err != nil {
		t.Fatal(err)
	}
}

// simHandOver serves one shard by one process after the other while people
// ask.
func simHandOver(t *testing.T, s *sim) {
	values := &memory{}
	share := func(a *Adapter) {
		a.values, a.refs.values = values, values
		a.sharing = sharing{lease: 600 * time.Millisecond, look: 50 * time.Millisecond, rest: 200 * time.Millisecond}
	}
	end := s.serve(true, whole(1), share)
	s.live(1)
	s.wait(`^PUT /applications/.*/commands`, 1)
	var ids []string
	for range 3 {
		next := s.serve(true, whole(1), share)
		for n := range 40 {
			ids = append(ids, s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}}))
			if n == 20 {
				go end()
			}
		}
		for _, id := range ids {
			if i := s.done(id); len(i.Messages) != 1 {
				t.Errorf("%d messages", len(i.Messages))
			}
		}
		end()
		end = next
	}
	var state struct {
		Sessions []struct{ Dead bool } `json:"sessions"`
	}
	s.get("/state", nil, &state)
	if len(state.Sessions) != 1 {
		t.Errorf("%d sessions, all but one begun in vain", len(state.Sessions))
	}
}

// simChaos has much asked while much goes wrong. Everything is answered once.
func simChaos(t *testing.T, s *sim) {
	s.run(true, whole(1))
	const n, every = 300, 50 // interactions, and a message after so many: a channel takes one a second
	faults := func(half int) {
		for _, action := range []string{"http500", "http502", "http503", "drop", "429", "apply_then_drop", "garbage"} {
			s.post("/faults", []any{map[string]any{"match": "PATCH /webhooks", "action": action, "times": 3, "retry_after": 0.2}}, nil)
		}
		for _, action := range []string{"http502", "drop", "429", "apply_then_drop"} {
			if half > 0 {
				break // all of them may meet one message, which is not tried without end
			}
			s.post("/faults", []any{map[string]any{"match": "POST /channels/.*/messages", "action": action, "times": 1, "retry_after": 0.2}}, nil)
		}
		s.post("/faults", []any{map[string]any{"match": "POST /interactions", "action": "http502", "times": 5}}, nil)
	}
	before := len(s.messages(simChannel))
	ids := make([]string, n)
	for half := range 2 {
		faults(half)
		var wg sync.WaitGroup
		for w := range 10 {
			wg.Go(func() {
				for i := half*n/2 + w; i < (half+1)*n/2; i += 10 {
					ids[i] = s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}})
					if i%every == 0 {
						s.say(map[string]any{"content": "<@900000000000000500> unroll " + link})
					}
				}
			})
		}
		wg.Wait()
		if half == 0 {
			s.post("/gateway", map[string]any{"action": "op7"}, nil)
			s.again()
			before += 1
		}
	}
	slowest := 0
	for _, id := range ids {
		i := s.done(id)
		slowest = max(slowest, i.AckMs)
		if len(i.Messages) != 1 {
			t.Errorf("%d messages", len(i.Messages))
		}
	}
	want := before + n + 2*n/every
	s.until("all replies", func() bool { return len(s.messages(simChannel)) >= want })
	if got := len(s.messages(simChannel)); got != want {
		t.Errorf("%d messages in the channel, want %d", got, want)
	}
	t.Logf("slowest acknowledgement: %d ms", slowest)
}
