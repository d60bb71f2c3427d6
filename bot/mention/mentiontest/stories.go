package mentiontest

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"unrollbot/bot/bottest"
	"unrollbot/bot/mention"
	"unrollbot/unroll"
)

// Rig is a network's fake, and an adapter to live there. Not every story
// needs every field.
type Rig struct {
	*Net
	Config *mention.Config // the adapter's, for its next life
	Fake   Fake

	Ask     func() string     // carol asks for the thread under its last post; it gives the mention's id
	Watch   func() string     // she asks to watch it, there, too
	Say     func(text string) // carol says something to the bot, in a reply to it that names it
	Answers func() []string   // what the bot posted
	Likes   func() int

	Post, List string // ends of the paths of the calls that post, and that give mentions
}

// Fake is what the fakes of the networks share.
type Fake interface {
	Fail(bottest.Fault)
	Mend()
	OnPost(func())
	Delete(id string)
}

// InBubble runs a story in a time of its own.
func InBubble[R any](t *testing.T, open func(t *testing.T) R, story func(r R)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { story(open(t)) })
}

// Want checks how many answers there are, and gives them.
func (r *Rig) Want(n int) []string {
	r.Helper()
	got := r.Answers()
	if len(got) != n {
		r.Fatalf("%d answers, want %d: %q\n%s", len(got), n, got, r.Log())
	}
	return got
}

// Means lets the program live, and checks which post it took to be meant: its
// path, "" for none. What is meant is answered once.
func (r *Rig) Means(path string) {
	r.Helper()
	r.Live()
	got, answers := "", 0
	for _, ref := range r.Threads.Asked() {
		got, answers = got+ref.Path(), 1
	}
	if got != path {
		r.Errorf("asked for %q, want %q", got, path)
	}
	r.Want(answers)
}

// Once runs the stories in which carol asks, something breaks, and one answer
// is there at the end.
func Once(t *testing.T, open func(t *testing.T) *Rig) {
	for name, story := range map[string]func(r *Rig){
		"listed again and again": func(r *Rig) { r.Live(func() {}, func() {}) },
		"a new life":             func(r *Rig) { r.Live(); r.Live() },
		"killed between post and mark": func(r *Rig) {
			r.Fake.OnPost(r.Values.Kill)
			r.Live()
			if r.Want(1); len(r.Values.KeysWith(":done:")) != 0 {
				r.Error("the kill came too late for this test")
			}
			r.Fake.OnPost(nil)
			r.Live()
		},
		"killed between post and mark, and another text": func(r *Rig) {
			r.Fake.OnPost(r.Values.Kill)
			r.Live()
			r.Fake.OnPost(nil)
			r.Threads.Grow(1)
			r.Live()
		},
		"killed between post and mark, long ago": func(r *Rig) {
			r.Fake.OnPost(r.Values.Kill)
			r.Live()
			r.Fake.OnPost(nil)
			time.Sleep(3 * time.Hour)
			r.Live()
		},
		"killed while the thread is read": func(r *Rig) {
			r.Threads.OnUnroll(func() {
				r.Values.Kill()
				r.Fake.Fail(bottest.Fault{Path: r.Post, Times: 1000})
			})
			r.Live()
			r.Want(0)
			r.Fake.Mend()
			r.Threads.OnUnroll(nil)
			r.Live()
		},
		"the answer to the post is lost": func(r *Rig) {
			r.Fake.Fail(bottest.Fault{Path: r.Post, After: true})
			r.Live()
		},
		"a gateway gave up on the post": func(r *Rig) {
			r.Fake.Fail(bottest.Fault{Path: r.Post, After: true, Status: 504, Body: "<html>"})
			r.Live()
		},
		"the server fails for a while": func(r *Rig) {
			r.Fake.Fail(bottest.Fault{Path: r.Post, Status: 502, Body: "<html>", Times: 3})
			r.Live()
		},
		"too many posts": func(r *Rig) {
			r.Fake.Fail(bottest.Fault{Path: r.Post, Status: 429, Header: map[string]string{"Retry-After": "120"}, Times: 9})
			r.Live(func() {}, func() {})
		},
		"the list fails": func(r *Rig) {
			r.Fake.Fail(bottest.Fault{Path: r.List, Times: 4})
			r.Live()
		},
		"the store fails for a while": func(r *Rig) {
			r.Values.Break(errors.New("no store"))
			r.Live(func() { r.Values.Break(nil) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			InBubble(t, open, func(r *Rig) {
				r.Ask()
				story(r)
				r.Want(1)
			})
		})
	}
}

// Manners runs the stories of what else is answered, and what is not.
func Manners(t *testing.T, open func(t *testing.T) *Rig) {
	for again, want := range map[mention.Again][2]int{mention.AgainPointer: {2, 0}, mention.AgainLike: {1, 1}, mention.AgainSilent: {1, 0}} {
		t.Run("asked again/"+string(again), func(t *testing.T) {
			InBubble(t, open, func(r *Rig) {
				r.Config.Again = again
				r.Ask()
				r.Live(func() { r.Ask() })
				r.Live()
				got := r.Want(want[0])
				if n := r.Likes(); n != want[1] {
					t.Errorf("%d likes", n)
				}
				if again == mention.AgainPointer && !strings.Contains(got[1], "I have unrolled this thread here before.\n") {
					t.Errorf("the second: %q", got[1])
				}
			})
		})
	}
	for name, story := range map[string]func(r *Rig){
		"an error is told once": func(r *Rig) {
			r.Threads.Set(unroll.Thread{}, &unroll.Error{Kind: unroll.KindDeleted, Op: "test"})
			r.Ask()
			r.Live(func() { r.Ask() })
			if got := r.Want(1)[0]; !strings.Contains(got, "That post was deleted") {
				r.Errorf("said %q", got)
			}
		},
		"an error is not told": func(r *Rig) {
			r.Config.SilentErrors = true
			r.Threads.Set(unroll.Thread{}, &unroll.Error{Kind: unroll.KindDeleted, Op: "test"})
			r.Ask()
			r.Live()
			r.Want(0)
		},
		"stop and start": func(r *Rig) {
			r.Live(func() { r.Say("Stop!") }, func() { r.Ask() })
			r.Want(0)
			r.Live(func() { r.Say("start") }, func() { r.Ask() })
			r.Want(2) // that it is back, and the thread
		},
		"a mention that was deleted": func(r *Rig) {
			r.Fake.Delete(r.Ask())
			r.Live(func() {})
			r.Want(0)
		},
	} {
		t.Run(name, func(t *testing.T) { InBubble(t, open, story) })
	}
}

// Watching runs the stories of a thread that carol watches and that grows.
func Watching(t *testing.T, open func(t *testing.T) *Rig) {
	for name, story := range map[string]func(r *Rig){
		"grows twice": func(r *Rig) {
			r.Live(func() { r.Threads.Grow(1) }, func() { r.Threads.Grow(2) }, func() {})
			got := r.Want(3)
			anchor := func(n string) string { return PublicURL + r.Threads.Ref().Path() + "#p-" + n }
			for i, want := range []string{anchor("3"), anchor("4")} {
				if !strings.Contains(got[i+1], want) || !strings.Contains(got[i+1], "More of the loom.") {
					r.Errorf("news %d: %q, want a link to %s", i, got[i+1], want)
				}
			}
			if !strings.Contains(got[1], "🔔 1 new post by Ada") || !strings.Contains(got[2], "🔔 2 new posts by Ada") {
				r.Errorf("%q", got[1:])
			}
			if r.Threads.Published() != 0 {
				r.Error("who watches is no reason to list a thread")
			}
		},
		"a new life between": func(r *Rig) {
			r.Live()
			r.Threads.Grow(1)
			r.Live()
			r.Live()
			r.Want(2)
		},
		"killed between post and mark": func(r *Rig) {
			r.Live()
			r.Threads.Grow(1)
			r.Fake.OnPost(r.Values.Kill)
			r.Live()
			r.Want(2)
			r.Fake.OnPost(nil)
			r.Threads.Grow(1)
			r.Live(func() {}, func() {})
			r.Want(3)
		},
		"the answer to the news is lost": func(r *Rig) {
			r.Live()
			r.Threads.Grow(1)
			r.Fake.Fail(bottest.Fault{Path: r.Post, After: true})
			r.Live(func() {})
			r.Want(2)
		},
		"asked twice": func(r *Rig) {
			r.Live(func() { r.Watch() }, func() { r.Threads.Grow(1) }, func() {})
			if got := r.Want(3); !strings.Contains(got[1], "already") {
				r.Errorf("the second: %q", got[1])
			}
		},
		"unwatch": func(r *Rig) {
			r.Live(func() { r.Say("unwatch") }, func() { r.Threads.Grow(1) })
			if got := r.Want(2); !strings.Contains(got[1], "🔕") {
				r.Errorf("%q", got[1])
			}
		},
		"stop": func(r *Rig) {
			r.Live(func() { r.Say("stop") }, func() { r.Threads.Grow(1) })
			r.Want(1)
		},
		"the brake": func(r *Rig) {
			r.Live()
			r.Threads.Grow(1)
			r.Values.Set("mention:brake", "1")
			r.Live()
			r.Want(1)
			r.Values.Drop("mention:brake")
			r.Live(func() {}, func() {})
			r.Want(2)
		},
	} {
		t.Run(name, func(t *testing.T) {
			InBubble(t, open, func(r *Rig) {
				r.Watch()
				story(r)
			})
		})
	}
	t.Run("the mention is deleted", func(t *testing.T) {
		InBubble(t, open, func(r *Rig) {
			id := r.Watch()
			r.Live()
			r.Want(1)
			r.Fake.Delete(id)
			r.Threads.Grow(1)
			r.Live(func() {}, func() {})
			r.Want(1)
		})
	})
}
