package x

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot/bottest"
	"unrollbot/bot/mention"
)

// onAir runs a story with the stream open, and polls an hour apart, so that
// what is answered soon was heard.
func onAir(t *testing.T, story func(r *rig)) {
	t.Helper()
	inBubble(t, func(r *rig) {
		noon()
		r.cfg.BearerToken = r.net.Bearer
		r.cfg.Interval = time.Hour
		l := r.Begin()
		connected()
		story(r)
		l.End()
		if l.Err != nil {
			r.Errorf("Run: %v", l.Err)
		}
	})
}

// connected lets a stream be opened, which takes until its first sign of life.
func connected() { pass(25 * time.Second) }

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestStreamAnswersAtOnce(t *testing.T) {
	onAir(t, func(r *rig) {
		r.net.MentionLag = time.Minute
		r.ask()
		pass(time.Second)
		r.Want(1)
		if got := r.spent(); got != priceEvent+priceLink {
			t.Errorf("%d were counted, want the event and the answer", got)
		}
		pass(2 * time.Hour) // the list has it, too
		r.Want(1)
		if got := r.spent(); got != priceEvent+priceLink {
			t.Errorf("%d were counted: X takes nothing for what it charged today", got)
		}
		if n := r.net.Calls("POST /2/activity/subscriptions"); n != 1 {
			t.Errorf("subscribed %d times", n)
		}
	})
}

func TestSubscriptionOutlivesTheProgram(t *testing.T) {
	onAir(t, func(r *rig) {
		r.net.Hang()
		connected()
		l := r.Begin()
		connected()
		l.End()
		if n := r.net.Calls("POST /2/activity/subscriptions"); n != 1 {
			t.Errorf("subscribed %d times", n)
		}
	})
}

// What comes while the stream is away is found by the poll at its return.
func TestStreamGap(t *testing.T) {
	for name, away := range map[string]func(r *rig){
		"it ends":             func(r *rig) { r.net.Hang() },
		"it falls silent":     func(r *rig) { r.net.Mute() },
		"X tells of the end":  func(r *rig) { r.net.Tell(`{"errors":[{"title":"operational-disconnect"}]}`); r.net.Hang() },
		"the way back is cut": func(r *rig) { r.net.Fail(bottest.Fault{Path: "/stream", Times: 3}); r.net.Hang() },
		"a gateway is in its place": func(r *rig) {
			r.net.Fail(bottest.Fault{Path: "/stream", Status: 503, Body: "<html>", Times: 2})
			r.net.Hang()
		},
	} {
		t.Run(name, func(t *testing.T) {
			onAir(t, func(r *rig) {
				away(r)
				r.ask()
				pass(silence + beat + 20*time.Second)
				r.Want(1)
				if r.net.Streams() != 1 {
					t.Errorf("%d streams", r.net.Streams())
				}
			})
		})
	}
}

// A mention that was heard says nothing of older ones: the next life finds
// them.
func TestHearingDoesNotMoveTheCursor(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.Live()
		r.net.MentionLag = 3 * time.Minute
		r.net.Mention(bottest.XMention{Author: "7", Parent: "30"})
		r.cfg.BearerToken = r.net.Bearer
		l := r.Begin()
		connected()
		r.net.Mention(bottest.XMention{Author: "8", Parent: "31"})
		pass(time.Second)
		l.End()
		r.Want(1)
		r.Live()
		r.Want(2)
	})
}

func TestStreamOnce(t *testing.T) {
	for name, story := range map[string]func(r *rig){
		"told again and again": func(r *rig) {
			for range 3 {
				r.net.Repeat(r.ask())
				pass(time.Minute)
			}
		},
		"killed between post and mark": func(r *rig) {
			r.net.OnPost(r.Values.Kill)
			r.ask()
			pass(time.Second)
			r.net.OnPost(nil)
		},
		"listed while it is answered": func(r *rig) {
			r.net.Fail(bottest.Fault{Path: "POST /2/tweets", Status: 503, Times: 3})
			r.ask()
			pass(time.Second)
			r.net.Hang()
			connected()
		},
	} {
		t.Run(name, func(t *testing.T) {
			onAir(t, func(r *rig) {
				story(r)
				r.cfg.Interval = 0
				r.Live()
				posts := map[string]int{}
				for _, p := range r.net.Posts() {
					posts[p.InReplyTo]++
					if posts[p.InReplyTo] > 1 {
						t.Errorf("answered twice: %+v", r.net.Posts())
					}
				}
				if len(posts) == 0 {
					t.Errorf("no answer\n%s", r.Log())
				}
			})
		})
	}
}

// However much the stream tells, X is asked for its list once in an interval.
func TestManyEvents(t *testing.T) {
	onAir(t, func(r *rig) {
		before := r.net.Calls("/mentions")
		for i := range 40 {
			r.net.Mention(bottest.XMention{Author: fmt.Sprint(100 + i), Parent: fmt.Sprint(30 + i), Text: "@bot stop"})
			pass(100 * time.Millisecond)
		}
		if n := r.net.Calls("/mentions") - before; n != 0 {
			t.Errorf("listed %d times", n)
		}
		if n := len(r.Values.Keys("mention:x:stopped:")); n != 40 {
			t.Errorf("%d of 40 said stop", n)
		}
	})
}

func TestStreamTellsOtherThings(t *testing.T) {
	onAir(t, func(r *rig) {
		for _, line := range []string{
			"no JSON", "[]", "{}", `{"data":null}`, `{"data":{"event_type":"post.mention.create"}}`,
			`{"data":{"event_type":"post.mention.create","payload":{"id":"x"}}}`,
			`{"data":{"event_type":"post.create","payload":{"id":"1","author_id":"7","text":"@bot unroll","created_at":"2026-01-01T00:00:00Z"}}}`,
			`{"errors":[{"title":"` + strings.Repeat("x", 5000) + `"}]}`,
		} {
			r.net.Tell(line)
		}
		r.ask()
		pass(time.Second)
		r.Want(1)
		if strings.Contains(r.Log(), strings.Repeat("x", 300)) {
			t.Error("a line of X is logged whole")
		}
	})
}

// Without a stream mentions are polled, and X is left alone.
func TestStreamRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		set   func(r *rig)
		tries int    // of the call in an hour and a half
		call  string // that is tried
	}{
		"the token is refused":     {func(r *rig) { r.cfg.BearerToken = "another" }, 2, "GET /2/activity/subscriptions"},
		"the token of another app": {func(r *rig) { r.net.OtherApp = true }, 1, "POST /2/activity/subscriptions"},
		"no such stream":           {func(r *rig) { r.net.Fail(bottest.Fault{Path: "/stream", Status: 404, Times: 100}) }, 2, "/stream"},
		"the keys may not subscribe": {func(r *rig) {
			r.net.Fail(bottest.Fault{Path: "POST /2/activity/subscriptions", Status: 403, Times: 100})
		}, 2, "POST /2/activity/subscriptions"},
		"too many streams": {func(r *rig) {
			r.net.Fail(bottest.Fault{Path: "/stream", Status: 429, Times: 100})
		}, 9, "/stream"}, // after 0, 1, 3, 7, 15, 31, 47, 63, 79 minutes
		"too many, and until when": {func(r *rig) {
			r.net.Fail(bottest.Fault{Path: "/stream", Status: 429, Header: map[string]string{"x-rate-limit-reset": fmt.Sprint(time.Now().Add(80 * time.Minute).Unix())}})
		}, 2, "/stream"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				noon()
				r.cfg.BearerToken = r.net.Bearer
				tt.set(r)
				l := r.Begin()
				r.ask()
				pass(90 * time.Minute)
				l.End()
				if l.Err != nil {
					t.Error(l.Err)
				}
				r.Want(1)
				if n := r.net.Calls(tt.call); n != tt.tries {
					t.Errorf("%s: tried %d times, want %d\n%s", tt.call, n, tt.tries, r.Log())
				}
			})
		})
	}
}

// X is told of no more than the day's budget bears.
func TestStreamBudget(t *testing.T) {
	onAir(t, func(r *rig) {
		key := (&purse{}).key(time.Now())
		r.Values.Set(key, fmt.Sprint(int64(dollars(5)-2*priceEvent)))
		for i := range 3 {
			r.net.Mention(bottest.XMention{Author: fmt.Sprint(100 + i), Parent: "30"})
			pass(time.Second)
		}
		if got := r.spent(); got != dollars(5) || r.net.Streams() != 0 {
			t.Errorf("%d were counted, %d streams are open", got, r.net.Streams())
		}
		pass(11 * time.Hour)
		if r.net.Streams() != 0 {
			t.Error("the stream is open on a day whose budget is spent")
		}
		pass(2 * time.Hour)
		if r.net.Streams() != 1 {
			t.Error("the stream is not open on the next day")
		}
		r.Want(3)
	})
}

// Who says stop on a day whose answers are spent is not answered on the next.
func TestStopIsHeardWhenTheBudgetIsSpent(t *testing.T) {
	for name, streamed := range map[string]bool{"polled": false, "streamed": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				noon()
				r.cfg.Budget, r.cfg.NoLink = 1, true
				if streamed {
					r.cfg.BearerToken = r.net.Bearer
				}
				r.Values.Set((&purse{}).key(time.Now()), fmt.Sprint(int64(dollars(0.98)))) // room for an answer, and not for hearing after it
				r.Live(func() { r.ask() }, func() {
					r.net.Mention(bottest.XMention{Author: "7", Parent: "24", Text: "@bot stop"})
				}, func() {
					if n := len(r.Values.Keys("mention:x:stopped:")); n != 1 {
						t.Error("stop was not heard")
					}
					time.Sleep(13 * time.Hour)
				})
				r.Want(0)
			})
		})
	}
}

// A list takes over what was heard.
func TestListedAfterHeard(t *testing.T) {
	now := time.Now()
	a := &Adapter{heard: make(map[string]heard), cfg: Config{Config: mention.Config{MaxAge: time.Hour}}}
	named := func(id string) *mention.Mention { return &mention.Mention{ID: id, Cursor: id} }
	for _, id := range []string{"12", "14", "12"} {
		a.known(named(id), now)
	}
	a.listed([]*mention.Mention{named("13"), named("12")}, now)
	got := ""
	for _, m := range a.batch("10", now) {
		got += m.ID + " from " + m.Cursor + ", "
	}
	if want := "12 from 12, 13 from 13, 14 from 13, "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := a.batch("13", now.Add(2*time.Hour)); len(got) != 0 {
		t.Errorf("%d mentions are held for ever", len(got))
	}
}

func TestPauses(t *testing.T) {
	limited := &mention.APIError{Status: 429}
	var p pauses
	for i, tt := range []struct {
		lasted time.Duration
		err    error
		want   time.Duration
	}{
		{0, errors.New("no route"), 250 * time.Millisecond},
		{0, errors.New("no route"), 500 * time.Millisecond},
		{time.Second, errSilent, 750 * time.Millisecond},
		{0, &mention.APIError{Status: 503}, 5 * time.Second},
		{0, &mention.APIError{Status: 500}, 10 * time.Second},
		{0, &mention.APIError{Status: 503, Wait: 12 * time.Minute}, 12 * time.Minute},
		{0, limited, time.Minute},
		{0, limited, 2 * time.Minute},
		{0, limited, 4 * time.Minute},
		{0, limited, 8 * time.Minute},
		{0, limited, 16 * time.Minute},
		{0, limited, 16 * time.Minute},
		{0, &mention.APIError{Status: 401}, time.Hour},
		{0, &mention.APIError{Status: 404}, time.Hour},
		{time.Hour, errSilent, 0},
		{0, errors.New("no route"), 250 * time.Millisecond},
	} {
		if got := p.after(tt.lasted, tt.err); got != tt.want {
			t.Errorf("%d: %v after %v, want %v", i, got, tt.err, tt.want)
		}
	}
	for range 200 {
		if got := p.after(0, errors.New("no route")); got > 16*time.Second {
			t.Fatalf("%v for the network", got)
		}
	}
	for range 200 {
		if got := p.after(0, &mention.APIError{Status: 500}); got > 320*time.Second {
			t.Fatalf("%v for a server's error", got)
		}
	}
}
