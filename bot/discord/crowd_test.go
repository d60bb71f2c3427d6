package discord

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
)

// TestCrowd turns interactions away with their acknowledgement, by whichever
// way they come, and takes them again afterwards.
func TestCrowd(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	sign := signer(t, r.adapter)
	command := bottest.DiscordInteraction{Command: "unroll", Options: map[string]any{"link": link}}
	post := func() *httptest.ResponseRecorder {
		_, event := r.Event(command)
		body, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		r.adapter.Interactions().ServeHTTP(w, sign(string(body), time.Now()))
		return w
	}
	for name, crowd := range map[string]func() (over func()){
		"the queue is full": func() func() {
			for range crowdedAfter {
				r.adapter.tasks.refused(bot.ErrBusy, time.Now().Add(time.Hour))
			}
			return func() { r.adapter.tasks.crowd = crowd{} }
		},
		"too many are under way": func() func() {
			wait := make(chan struct{})
			for range crowdedTasks {
				r.adapter.tasks.start(func() { <-wait })
			}
			return func() {
				close(wait)
				for r.adapter.tasks.crowded(time.Now()) {
					time.Sleep(time.Millisecond)
				}
			}
		},
	} {
		over := crowd()
		var answer struct {
			Type int
			Data struct {
				Components []struct{ Content string }
				Flags      int
			}
		}
		w := post()
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusOK {
			t.Fatalf("%s: %d %q: %v", name, w.Code, w.Body, err)
		}
		if answer.Type != answerMessage || answer.Data.Flags&64 == 0 || answer.Data.Components[0].Content != "{busy}" {
			t.Errorf("%s: by HTTP: %+v", name, answer)
		}
		id := r.Interact(command)
		if m := r.Answered(id); !strings.Contains(m.Text(), "busy") {
			t.Errorf("%s: by the gateway: %q", name, m.Text())
		}
		over()
		if w := post(); w.Code != http.StatusAccepted {
			t.Errorf("%s: afterwards: %d %q", name, w.Code, w.Body)
		}
	}
}

// TestAFullQueueIsACrowd tells a single refusal from many at once.
func TestAFullQueueIsACrowd(t *testing.T) {
	t.Parallel()
	tasks, now := newTasks(), time.Now()
	for range crowdedAfter {
		tasks.refused(bot.ErrClosed, now)
	}
	for n := range 2 * crowdedAfter { // one now and then
		tasks.refused(bot.ErrBusy, now.Add(time.Duration(n)*crowdedFor))
	}
	if now = now.Add(time.Hour); tasks.crowded(now) {
		t.Error("a crowd of a few")
	}
	for range crowdedAfter {
		tasks.refused(bot.ErrBusy, now)
	}
	if !tasks.crowded(now.Add(crowdedFor-1)) || tasks.crowded(now.Add(crowdedFor)) {
		t.Errorf("until %s", tasks.crowd.until.Sub(now))
	}
}

// TestAStandingCrowd tells a burst from more than there is time for.
func TestAStandingCrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tasks, wait := newTasks(), make(chan struct{})
		begin := func(n int) {
			for range n {
				tasks.start(func() { <-wait })
			}
		}
		end := func(n int) {
			for range n {
				wait <- struct{}{}
			}
			synctest.Wait()
		}
		begin(standingTasks)
		if tasks.crowded(time.Now()) {
			t.Error("a burst is turned away")
		}
		time.Sleep(standingFor + 1)
		if !tasks.crowded(time.Now()) {
			t.Error("a standing crowd is let in")
		}
		end(1)
		begin(1)
		if tasks.crowded(time.Now()) {
			t.Error("the crowd was over for a moment, and is turned away")
		}
		end(standingTasks)
	})
}
