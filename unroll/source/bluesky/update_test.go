package bluesky_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
)

// TestUpdate reads threads a second time.
func TestUpdate(t *testing.T) {
	tests := []struct {
		name   string
		cfg    bluesky.Config
		build  func(a *appview) (asked string)
		change func(a *appview) // between the first time and the second
		posts  []string
		calls  []string
		count  int
	}{
		{
			name:  "a plain thread costs its last post and a count",
			build: func(a *appview) string { return a.thread(ann, "", "post", 30)[0] },
			posts: lines("post", 1, 30), calls: []string{thread, count}, count: 30,
		},
		{
			name:  "one that goes on is topped up",
			build: func(a *appview) string { return a.thread(ann, "", "post", 30)[0] },
			change: func(a *appview) {
				a.thread(ann, a.order[29], "more", 3)
			},
			posts: append(lines("post", 1, 30), lines("more", 1, 3)...), calls: []string{thread, count}, count: 33,
		},
		{
			name: "what a deleted post hid from the root is found",
			build: func(a *appview) string {
				ids := a.thread(ann, "", "post", 12)
				a.posts[ids[4]].deleted = true
				return ids[0]
			},
			posts: append(append(lines("post", 1, 4), "[deleted]"), lines("post", 6, 12)...),
			calls: []string{thread, count, feed}, count: 12,
		},
		{
			name: "also where the AppView counts no more",
			build: func(a *appview) string {
				a.countless = true
				ids := a.thread(ann, "", "post", 12)
				a.posts[ids[4]].deleted = true
				return ids[0]
			},
			posts: append(append(lines("post", 1, 4), "[deleted]"), lines("post", 6, 12)...),
			calls: []string{thread, count, feed},
		},
		{
			name: "but not if the author has written too much since",
			build: func(a *appview) string {
				a.countless = true
				ids := a.thread(ann, "", "post", 3)
				a.later(39*24*time.Hour, a.thread(ann, "", "other", 150))
				return ids[0]
			},
			posts: lines("post", 1, 3), calls: []string{thread, count, feed},
		},
		{
			name:   "a post that was deleted since shows from below",
			build:  func(a *appview) string { return a.thread(ann, "", "post", 12)[0] },
			change: func(a *appview) { a.posts[a.order[4]].deleted = true },
			posts:  append(append(lines("post", 1, 4), "[deleted]"), lines("post", 6, 12)...),
			calls:  []string{thread, thread, count}, count: 12,
		},
		{
			name:   "from the root when the last post is gone",
			build:  func(a *appview) string { return a.thread(ann, "", "post", 12)[0] },
			change: func(a *appview) { a.posts[a.order[11]].deleted = true },
			posts:  lines("post", 1, 11), calls: []string{thread, thread, count}, count: 11,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := newAppview()
			_, held := a.fetch(t, tt.cfg, tt.build(a))
			if len(a.calls) != 1 {
				t.Errorf("the first time cost %q", a.calls)
			}
			if tt.change != nil {
				tt.change(a)
			}
			a.calls = nil
			c, err := newSource(t, tt.cfg, a).Update(t.Context(), &held)
			if err != nil {
				t.Fatal(err)
			}
			got, err := unroll.Assemble(c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.posts, texts(got.Posts)); diff != "" {
				t.Errorf("posts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.calls, a.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if (got.Verdict.State == unroll.Complete) != !slices.Contains(tt.posts, "[deleted]") {
				t.Errorf("%s", got.Verdict.State)
			}
			if c.Count != tt.count {
				t.Errorf("count %d, want %d", c.Count, tt.count)
			}
		})
	}
	t.Run("a thread that is gone is not found", func(t *testing.T) {
		a := newAppview()
		_, held := a.fetch(t, bluesky.Config{}, a.thread(ann, "", "post", 3)[0])
		for _, p := range a.posts {
			p.deleted = true
		}
		if _, err := newSource(t, bluesky.Config{}, a).Update(t.Context(), &held); unroll.KindOf(err) != unroll.KindNotFound {
			t.Errorf("got %v", err)
		}
	})
}
