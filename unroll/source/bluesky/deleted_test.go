package bluesky_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
)

// TestFetchPastDeleted looks for what hangs below posts that are gone.
func TestFetchPastDeleted(t *testing.T) {
	runFetch(t, []fetchCase{
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
