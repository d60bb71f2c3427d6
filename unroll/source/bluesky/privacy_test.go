package bluesky_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
)

func TestLoginOnly(t *testing.T) {
	shy := []string{"!no-unauthenticated"}
	t.Run("the author", func(t *testing.T) {
		a := newAppview()
		a.labels[ann] = shy
		ids := a.thread(ann, "", "post", 3)
		for _, asked := range []string{ids[0], ids[2], a.say(bob, ids[2], "unroll")} {
			_, err := newSource(t, bluesky.Config{}, a).Fetch(t.Context(), refOf(asked))
			if got := unroll.KindOf(err); got != unroll.KindLoginRequired {
				t.Errorf("%s: kind %q, want login_required", asked, got)
			}
		}
	})
	t.Run("the author, above whose post nothing could be read", func(t *testing.T) {
		a := newAppview()
		a.labels[ann], a.above = shy, 1
		ids := a.thread(ann, "", "post", 3)
		_, err := newSource(t, bluesky.Config{MaxCalls: 1}, a).Fetch(t.Context(), refOf(ids[2]))
		if got := unroll.KindOf(err); got != unroll.KindLoginRequired {
			t.Errorf("kind %q, want login_required", got)
		}
	})
	t.Run("the one who asks", func(t *testing.T) {
		a := newAppview()
		a.labels[bob] = shy
		ids := a.thread(ann, "", "post", 3)
		c, th := a.fetch(t, bluesky.Config{}, a.say(bob, ids[2], "private words"))
		if diff := cmp.Diff(lines("post", 1, 3), texts(th.Posts)); diff != "" {
			t.Error(diff)
		}
		if strings.Contains(fmt.Sprint(c), "private words") {
			t.Error("words of somebody who asks not to be shown")
		}
	})
	t.Run("the one who is answered", func(t *testing.T) {
		a := newAppview()
		a.labels[bob] = shy
		ids := a.thread(ann, a.say(bob, "", "private words"), "post", 3)
		c, th := a.fetch(t, bluesky.Config{}, ids[0])
		if th.ReplyTo == nil || th.ReplyTo.Gap == nil || th.ReplyTo.Gap.Reason != unroll.GapRestricted {
			t.Errorf("reply to %+v, want a restricted gap", th.ReplyTo)
		}
		if strings.Contains(fmt.Sprint(c), "private words") {
			t.Error("words of somebody who asks not to be shown")
		}
	})
}

func TestHiddenPosts(t *testing.T) {
	for label, want := range map[string]string{"!hide": "[withheld]", "!takedown": "[withheld]", "!warn": "post 2", "porn": "post 2"} {
		t.Run(label, func(t *testing.T) {
			a := newAppview()
			ids := a.thread(ann, "", "post", 3)
			a.posts[ids[1]].labels = []string{label}
			_, th := a.fetch(t, bluesky.Config{}, ids[0])
			if diff := cmp.Diff([]string{"post 1", want, "post 3"}, texts(th.Posts)); diff != "" {
				t.Error(diff)
			}
			if covered := th.Posts[1].Gap == nil; th.Posts[1].Sensitive != covered {
				t.Errorf("sensitive: %v", th.Posts[1].Sensitive)
			}
		})
	}
	t.Run("a whole account", func(t *testing.T) {
		a := newAppview()
		a.labels[ann] = []string{"!hide"}
		_, err := newSource(t, bluesky.Config{}, a).Fetch(t.Context(), refOf(a.say(ann, "", "post")))
		if got := unroll.KindOf(err); got != unroll.KindBlocked {
			t.Errorf("kind %q, want blocked", got)
		}
	})
}
