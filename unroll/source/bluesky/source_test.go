package bluesky_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

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

func TestFetch(t *testing.T) {
	tests := []struct {
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
	}{
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
			name: "an AppView that stops after ten levels is asked again",
			build: func(a *appview) string {
				a.levels = 10
				return a.thread(ann, "", "post", 31)[0]
			},
			calls: times(3, thread), posts: lines("post", 1, 31), state: unroll.Complete,
		},
		{
			name: "and from the middle, above and below",
			build: func(a *appview) string {
				a.levels, a.above = 10, 10
				return a.thread(ann, "", "post", 40)[24]
			},
			calls: times(4, thread), posts: lines("post", 1, 40), state: unroll.Complete,
		},
		{
			name: "a long new thread is completed from the author's feed",
			build: func(a *appview) string {
				a.levels = 10
				ids := a.thread(ann, "", "post", 100)
				for _, id := range ids {
					a.say(bob, id, "yes")
				}
				return ids[0]
			},
			calls: append(times(3, thread), feed), posts: lines("post", 1, 100), state: unroll.Complete,
		},
		{
			name: "or, if it is too long for that, from above its newest posts",
			cfg:  bluesky.Config{FeedPages: 1},
			build: func(a *appview) string {
				a.levels = 10
				return a.thread(ann, "", "post", 500)[0]
			},
			calls: append(times(3, thread), feed, thread), posts: lines("post", 1, 500), state: unroll.Complete,
		},
		{
			name: "a feed that fails leaves the slow way down",
			build: func(a *appview) string {
				a.levels = 10
				a.broken = func(_ int, method string) error {
					if method == "app.bsky.feed.getAuthorFeed" {
						return &unroll.Error{Kind: unroll.KindUpstream, Op: "test"}
					}
					return nil
				}
				return a.thread(ann, "", "post", 50)[0]
			},
			calls: append(times(3, thread), feed, thread, thread), posts: lines("post", 1, 50), state: unroll.Complete,
		},
		{
			name: "a first post that could not be reached is a gap",
			build: func(a *appview) string {
				a.above = 5
				a.broken = func(call int, _ string) error {
					if call == 1 {
						return nil
					}
					return &unroll.Error{Kind: unroll.KindTimeout, Op: "test"}
				}
				return a.thread(ann, "", "post", 10)[9]
			},
			calls: times(2, thread), posts: append([]string{"[unknown]"}, lines("post", 5, 10)...), state: unroll.Partial,
			cuts: []unroll.CutReason{unroll.CutFailed},
		},
		{
			name: "two numbers and a slash are no sign",
			build: func(a *appview) string {
				return a.say(ann, "", "9/11 was a Tuesday")
			},
			calls: times(1, thread), posts: []string{"9/11 was a Tuesday"}, state: unroll.Complete,
		},
		{
			name: "a long old thread is not",
			build: func(a *appview) string {
				a.levels = 10
				ids := a.thread(ann, "", "post", 60)
				a.later(39*24*time.Hour, a.thread(ann, "", "chatter", 600))
				return ids[0]
			},
			calls: append(times(3, thread), append([]string{feed}, times(3, thread)...)...),
			posts: lines("post", 1, 60), state: unroll.Complete,
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
			name: "1,200 posts in one chain",
			build: func(a *appview) string {
				return a.thread(ann, "", "post", 1200)[0]
			},
			calls: times(2, thread), posts: lines("post", 1, 1200), state: unroll.Complete,
		},
		{
			name: "1,200 posts from the last one",
			build: func(a *appview) string {
				return a.thread(ann, "", "post", 1200)[1199]
			},
			calls: times(2, thread), posts: lines("post", 1, 1200), state: unroll.Complete,
		},
		{
			name: "the budget of calls ends in a cut",
			cfg:  bluesky.Config{MaxCalls: 2},
			build: func(a *appview) string {
				a.levels = 10
				return a.thread(ann, "", "post", 40)[0]
			},
			calls: times(2, thread), posts: lines("post", 1, 21), state: unroll.Partial,
			cuts: []unroll.CutReason{unroll.CutBudget},
		},
		{
			name: "the budget of posts ends in a cut",
			cfg:  bluesky.Config{MaxPosts: 20},
			build: func(a *appview) string {
				return a.thread(ann, "", "post", 40)[0]
			},
			calls: times(1, thread), posts: lines("post", 1, 20), state: unroll.Partial,
			cuts: []unroll.CutReason{unroll.CutBudget},
		},
		{
			name: "a call that fails later ends in a cut",
			build: func(a *appview) string {
				a.levels = 10
				a.broken = func(call int, _ string) error {
					if call < 3 {
						return nil
					}
					return &unroll.Error{Kind: unroll.KindRateLimited, Op: "test", RetryAfter: time.Minute}
				}
				return a.thread(ann, "", "post", 40)[0]
			},
			calls: times(3, thread), posts: lines("post", 1, 21), state: unroll.Partial,
			cuts: []unroll.CutReason{unroll.CutFailed},
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
		{
			name: "from below a deleted post both halves come",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 10)
				a.posts[ids[4]].deleted = true
				return ids[9]
			},
			calls: append(times(2, thread), count),
			posts: append(append(lines("post", 1, 4), "[deleted]"), lines("post", 6, 10)...),
			state: unroll.Partial, count: 10,
		},
		{
			name: "from below two deleted posts the piece between them comes from the feed",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 10)
				a.posts[ids[2]].deleted, a.posts[ids[6]].deleted = true, true
				return ids[9]
			},
			calls: append(times(2, thread), count, feed),
			posts: []string{
				"post 1", "post 2", "[deleted]", "post 4", "post 5", "post 6", "[deleted]", "post 8", "post 9", "post 10",
			},
			state: unroll.Partial, count: 10,
		},
		{
			name: "from the root a deleted post shows in the numbering",
			build: func(a *appview) string {
				var ids []string
				for i := range 8 {
					up := ""
					if i > 0 {
						up = ids[i-1]
					}
					ids = append(ids, a.say(ann, up, fmt.Sprintf("%d/8 words", i+1)))
				}
				a.posts[ids[3]].deleted = true
				return ids[0]
			},
			calls: []string{thread, count, feed},
			posts: []string{"1/8 words", "2/8 words", "3/8 words", "[deleted]", "5/8 words", "6/8 words", "7/8 words", "8/8 words"},
			state: unroll.Partial, count: 8,
		},
		{
			name: "and with no count to be had",
			build: func(a *appview) string {
				a.uncounted = true
				first := a.say(ann, "", "A thread 🧵")
				second := a.say(ann, first, "soon gone")
				a.thread(ann, second, "post", 3)
				a.posts[second].deleted = true
				return first
			},
			calls: []string{thread, count, feed},
			posts: []string{"A thread 🧵", "[deleted]", "post 1", "post 2", "post 3"},
			state: unroll.Partial,
		},
		{
			name: "and with no sign at all when counting is set",
			cfg:  bluesky.Config{Count: true},
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 6)
				a.posts[ids[3]].deleted = true
				return ids[0]
			},
			calls: []string{thread, count, feed},
			posts: []string{"post 1", "post 2", "post 3", "[deleted]", "post 5", "post 6"},
			state: unroll.Partial, count: 6,
		},
		{
			name: "a sign that the count proves wrong costs no feed",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 2)
				a.say(ann, ids[1], "To be continued…")
				return ids[0]
			},
			calls: []string{thread, count},
			posts: []string{"post 1", "post 2", "To be continued…"}, state: unroll.Complete, count: 3,
		},
		{
			name: "what hangs below an answer to others stays out when the feed is read",
			build: func(a *appview) string {
				a.uncounted = true
				ids := a.thread(ann, "", "post", 2)
				r := a.say(bob, ids[0], "a question")
				answer := a.say(ann, r, "an answer")
				a.say(ann, answer, "more of the answer")
				a.say(ann, ids[1], "and so on…")
				return ids[0]
			},
			calls: []string{thread, count, feed},
			posts: []string{"post 1", "post 2", "and so on…"}, state: unroll.Complete,
		},
		{
			name: "a deleted root from below",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 4)
				a.posts[ids[0]].deleted = true
				return ids[3]
			},
			calls: []string{thread, count, feed},
			posts: []string{"[deleted]", "post 2", "post 3", "post 4"}, state: unroll.Partial,
		},
		{
			name: "a deleted root and a deleted post further down",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 6)
				a.posts[ids[0]].deleted, a.posts[ids[3]].deleted = true, true
				return ids[5]
			},
			calls: []string{thread, thread, count, feed},
			posts: []string{"[deleted]", "post 2", "post 3", "[deleted]", "post 5", "post 6"}, state: unroll.Partial,
		},
		{
			name: "an old thread of a busy author: the feed is entered near it",
			cfg:  bluesky.Config{FeedPages: 3},
			build: func(a *appview) string {
				first := a.say(ann, "", "1/3 long ago")
				second := a.say(ann, first, "2/3 long ago")
				a.say(ann, second, "3/3 long ago")
				a.posts[second].deleted = true
				a.later(30*24*time.Hour, a.thread(ann, "", "chatter", 900))
				return first
			},
			calls: []string{thread, count, feed, feed, thread},
			posts: []string{"1/3 long ago", "[deleted]", "3/3 long ago"}, state: unroll.Partial, count: 3,
		},
		{
			name: "a feed too long to be read ends in a cut",
			cfg:  bluesky.Config{FeedPages: 2},
			build: func(a *appview) string {
				first := a.say(ann, "", "1/3 long ago")
				second := a.say(ann, first, "2/3 long ago")
				a.say(ann, second, "3/3 long ago")
				a.posts[second].deleted = true
				a.thread(ann, "", "chatter", 400)
				return first
			},
			calls: []string{thread, count, feed, feed},
			posts: []string{"1/3 long ago"}, state: unroll.Partial, count: 3,
			cuts: []unroll.CutReason{unroll.CutBudget},
		},
		{
			name: "a conversation too large at once is read from the author's feed",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 6)
				a.say(bob, ids[5], "me too")
				a.broken = func(call int, method string) error {
					if call == 1 {
						return &unroll.Error{Kind: unroll.KindTooLarge, Op: "test"}
					}
					return nil
				}
				return ids[0]
			},
			calls: []string{thread, thread, count, feed},
			posts: lines("post", 1, 6), state: unroll.Complete, count: 6,
		},
	}
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

func TestFetchByHandle(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 3)
	ref := refOf(ids[1])
	ref.Author = "ann.example"
	c, err := newSource(t, bluesky.Config{}, a).Fetch(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	if c.Ref != refOf(ids[1]) || c.Asked != ids[1] {
		t.Errorf("ref %v, asked %s; want the DID in both", c.Ref, c.Asked)
	}
	if got := c.Authors[ann].Handle; got != "ann.example" {
		t.Errorf("handle %q", got)
	}
}

func TestLinksAreKnown(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 2)
	c, _ := a.fetch(t, bluesky.Config{}, ids[0])
	for _, p := range c.Posts {
		if p.ID == ids[0] && (p.RootID != ids[0] || p.ParentID != "") {
			t.Errorf("root: %+v", p)
		}
		if p.ID == ids[1] && (p.RootID != ids[0] || p.ParentID != ids[0] || p.ParentAuthorID != ann) {
			t.Errorf("reply: %+v", p)
		}
	}
	if want := map[string]int{ids[0]: 1, ids[1]: 0}; !cmp.Equal(want, c.Replies) {
		t.Errorf("replies %v, want %v", c.Replies, want)
	}
}

func TestOthersPostsAreLeftOut(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 3)
	for i := range 100 {
		a.say(fmt.Sprintf("did:plc:reader%d", i), ids[i%3], "reply")
	}
	if c, _ := a.fetch(t, bluesky.Config{}, ids[0]); len(c.Posts) != 3 || len(c.Authors) != 1 {
		t.Errorf("%d posts by %d authors held, want 3 by 1", len(c.Posts), len(c.Authors))
	}
}

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

// TestRestoredPost: what was missing in one answer and is there in the next is
// a post, not a gap.
func TestRestoredPost(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 3)
	a.posts[ids[1]].deleted = true
	a.broken = func(call int, _ string) error {
		a.posts[ids[1]].deleted = call == 1
		return nil
	}
	_, th := a.fetch(t, bluesky.Config{}, ids[2])
	if diff := cmp.Diff(lines("post", 1, 3), texts(th.Posts)); diff != "" {
		t.Error(diff)
	}
}

func TestFetchFails(t *testing.T) {
	upstream := &unroll.Error{Kind: unroll.KindUpstream, Op: "test", Err: errors.New("status 400")}
	tests := []struct {
		name string
		body string
		err  error
		want unroll.Kind
	}{
		{"no such post", `{"error":"NotFound","message":"Post not found: at://x"}`, upstream, unroll.KindNotFound},
		{"no such handle", `{"error":"InvalidRequest","message":"Unable to resolve handle"}`, upstream, unroll.KindNotFound},
		{"not an address", `{"error":"InvalidRequest","message":"Invalid at-uri"}`, upstream, unroll.KindInvalidRef},
		{"deactivated", `{"error":"AccountDeactivated"}`, upstream, unroll.KindBlocked},
		{"taken down", `{"error":"AccountTakedown"}`, upstream, unroll.KindBlocked},
		{"not found, said with 200", `{"thread":{"uri":"at://did:plc:a/app.bsky.feed.post/b","notFound":true}}`, nil, unroll.KindNotFound},
		{"blocked, said with 200", `{"thread":{"uri":"at://did:plc:a/app.bsky.feed.post/b","blocked":true}}`, nil, unroll.KindBlocked},
		{"rate limited", `{}`, &unroll.Error{Kind: unroll.KindRateLimited, RetryAfter: time.Minute}, unroll.KindRateLimited},
		{"out of order", `{}`, &unroll.Error{Kind: unroll.KindUpstream}, unroll.KindUpstream},
		{"nothing", `{}`, nil, unroll.KindUpstream},
		{"null", `{"thread":null}`, nil, unroll.KindUpstream},
		{"no post", `{"thread":{"replies":[]}}`, nil, unroll.KindUpstream},
		{"a post without a name", `{"thread":{"post":{"record":{}}}}`, nil, unroll.KindUpstream},
		{"no record", `{"thread":{"post":{"uri":"at://did:plc:a/app.bsky.feed.post/b","author":{"did":"did:plc:a"}}}}`, nil, unroll.KindUpstream},
		{"another account's post", `{"thread":{"post":{"uri":"at://did:plc:a/app.bsky.feed.post/b","author":{"did":"did:plc:z"},"record":{}}}}`, nil, unroll.KindUpstream},
		{"types all wrong", `{"thread":{"post":{"uri":7,"author":[],"record":"x"},"replies":{}}}`, nil, unroll.KindUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newSource(t, bluesky.Config{}, &refuser{body: tt.body, err: tt.err}).Fetch(t.Context(), refOf("did:plc:a/b"))
			var e *unroll.Error
			if !errors.As(err, &e) || e.Kind != tt.want {
				t.Fatalf("error %v, want kind %s", err, tt.want)
			}
			if tt.want == unroll.KindRateLimited && e.RetryAfter != time.Minute {
				t.Errorf("retry after %v", e.RetryAfter)
			}
		})
	}
}

func TestFetchCanceled(t *testing.T) {
	a := newAppview()
	id := a.say(ann, "", "post")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := newSource(t, bluesky.Config{}, a).Fetch(ctx, refOf(id))
	if got := unroll.KindOf(err); got != unroll.KindCanceled {
		t.Errorf("kind %q, want canceled", got)
	}
}

func TestNew(t *testing.T) {
	for _, base := range []string{"public.api.bsky.app", "ftp://x.example", "https://", "https://u:p@x.example", "https://x.example?a=b"} {
		if _, err := bluesky.New(bluesky.Config{BaseURL: base}, newAppview()); err == nil || !strings.Contains(err.Error(), "https://public.api.bsky.app") {
			t.Errorf("%q: error %v, want one that shows how it should look", base, err)
		}
	}
	if _, err := bluesky.New(bluesky.Config{}, nil); err == nil {
		t.Error("no client: no error")
	}
}

func TestMatch(t *testing.T) {
	s := newSource(t, bluesky.Config{}, newAppview())
	for ref, want := range map[unroll.Ref]bool{
		{Network: unroll.Bluesky, Author: ann, ID: "x"}:              true,
		{Network: unroll.Bluesky, Author: "ann.example", ID: "x"}:    true,
		{Network: unroll.Bluesky, ID: "x"}:                           false,
		{Network: unroll.X, ID: "20"}:                                false,
		{Network: unroll.Mastodon, Host: "social.example", ID: "20"}: false,
	} {
		if got := s.Match(ref); got != want {
			t.Errorf("Match(%v) = %v", ref, got)
		}
	}
}
