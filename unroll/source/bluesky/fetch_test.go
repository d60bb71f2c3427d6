package bluesky_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
)

const (
	thread = "getPostThread"
	count  = "unspecced.getPostThreadV2"
	feed   = "getAuthorFeed"
)

// lines gives the texts of a thread's posts: "post 1" to "post n".
func lines(text string, from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("%s %d", text, i))
	}
	return out
}

func times(n int, call string) []string {
	return strings.Split(strings.TrimSuffix(strings.Repeat(call+" ", n), " "), " ")
}

// fetchCase is a thread that an AppView has, and what comes of a Fetch.
type fetchCase struct {
	name  string
	cfg   bluesky.Config
	build func(a *appview) (asked string)

	calls    []string
	posts    []string
	branches [][]string
	replyTo  string
	state    unroll.State
	cuts     []unroll.CutReason
	count    int
}

func runFetch(t *testing.T, tests []fetchCase) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAppview()
			c, th := a.fetch(t, tt.cfg, tt.build(a))
			var branches [][]string
			for _, b := range th.Branches {
				branches = append(branches, texts(b.Posts))
			}
			var cuts []unroll.CutReason
			for _, cut := range c.Cuts {
				cuts = append(cuts, cut.Reason)
			}
			replyTo := ""
			if th.ReplyTo != nil {
				replyTo = th.ReplyTo.Text
			}
			for _, check := range []struct {
				what      string
				got, want any
			}{
				{"calls", a.calls, tt.calls},
				{"posts", texts(th.Posts), tt.posts},
				{"branches", branches, tt.branches},
				{"replyTo", replyTo, tt.replyTo},
				{"cuts", cuts, tt.cuts},
				{"count", c.Count, tt.count},
				{"state", th.Verdict.State, tt.state},
			} {
				if diff := cmp.Diff(check.want, check.got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", check.what, diff)
				}
			}
			if t.Failed() {
				t.Logf("verdict: %+v", th.Verdict)
			}
		})
	}
}

func TestFetch(t *testing.T) {
	runFetch(t, []fetchCase{
		{
			name:  "a plain thread by its root costs one call",
			build: func(a *appview) string { return a.thread(ann, "", "post", 30)[0] },
			calls: times(1, thread), posts: lines("post", 1, 30), state: unroll.Complete,
		},
		{
			name: "replies by others cost nothing",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 3)
				r := a.say(bob, ids[1], "what about me?")
				a.say(ann, r, "an answer is no part of the thread")
				a.say(cyd, ids[2], "first!")
				return ids[0]
			},
			calls: times(1, thread), posts: lines("post", 1, 3), state: unroll.Complete,
		},
		{
			name:  "the last post of a thread that nobody answered costs one call",
			build: func(a *appview) string { return a.thread(ann, "", "post", 30)[29] },
			calls: times(1, thread), posts: lines("post", 1, 30), state: unroll.Complete,
		},
		{
			name: "a post in the middle costs two calls",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 30)
				a.say(bob, ids[0], "hello")
				a.say(cyd, ids[4], "hello")
				return ids[14]
			},
			calls: times(2, thread), posts: lines("post", 1, 30), state: unroll.Complete,
		},
		{
			name: "side branches are found from the middle",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 9)
				a.thread(ann, ids[3], "aside", 2)
				return ids[6]
			},
			calls: times(2, thread), posts: lines("post", 1, 9),
			branches: [][]string{lines("aside", 1, 2)}, state: unroll.Complete,
		},
		{
			name: "the newest reply comes first and is not the chain",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 30)
				a.say(ann, ids[14], "aside 1")
				return ids[0]
			},
			calls: times(1, thread), posts: lines("post", 1, 30),
			branches: [][]string{{"aside 1"}}, state: unroll.Complete,
		},
		{
			name: "two numbers and a slash are no sign",
			build: func(a *appview) string {
				return a.say(ann, "", "9/11 was a Tuesday")
			},
			calls: times(1, thread), posts: []string{"9/11 was a Tuesday"}, state: unroll.Complete,
		},
		{
			name: "below strangers it is not asked again",
			build: func(a *appview) string {
				a.levels = 3
				ids := a.thread(ann, "", "post", 3)
				r := a.say(bob, ids[0], "a debate")
				a.thread(bob, r, "more of it", 8)
				return ids[0]
			},
			calls: times(1, thread), posts: lines("post", 1, 3), state: unroll.Complete,
		},
		{
			name: "a stranger's reply leads to the thread it answers",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 12)
				a.say(cyd, ids[0], "nice")
				return a.say(bob, ids[11], "@bot unroll")
			},
			calls: times(2, thread), posts: lines("post", 1, 12), state: unroll.Complete,
		},
		{
			name: "a stranger's answer to a stranger, too",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 12)
				return a.say(cyd, a.say(bob, ids[11], "nice"), "unroll")
			},
			calls: times(1, thread), posts: lines("post", 1, 12), state: unroll.Complete,
		},
		{
			name: "a reply that the author has hidden",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 5)
				r := a.say(bob, ids[2], "unroll this rubbish")
				a.posts[r].gated = true
				return r
			},
			calls: times(2, thread), posts: lines("post", 1, 5), state: unroll.Complete,
		},
		{
			name: "a thread under another's post",
			build: func(a *appview) string {
				root := a.say(bob, "", "What do you think?")
				ids := a.thread(ann, root, "post", 5)
				a.say(cyd, root, "nothing")
				return ids[0]
			},
			calls: times(1, thread), posts: lines("post", 1, 5), replyTo: "What do you think?", state: unroll.Complete,
		},
	})
}
