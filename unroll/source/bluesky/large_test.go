package bluesky_test

import (
	"testing"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
)

// TestFetchLarge reads what does not come in one answer.
func TestFetchLarge(t *testing.T) {
	runFetch(t, []fetchCase{
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
	})
}
