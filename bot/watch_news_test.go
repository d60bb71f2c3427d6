package bot

import (
	"testing"

	"unrollbot/unroll"
)

func TestWatching(t *testing.T) {
	for text, want := range map[string]Intent{
		"watch": IntentWatch, "Watch this thread, please!": IntentWatch, "🔔 WATCH": IntentWatch, "следить": IntentWatch,
		"unwatch": IntentUnwatch, "please unwatch": IntentUnwatch,
		"watch this video": "", "nice watch": "", "watching": "", "": "", "watch unwatch": "",
	} {
		if got := Watching(wordsOf(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestToldIsBounded(t *testing.T) {
	var th unroll.Thread
	for i := range 5 * maxTold {
		th.Posts = append(th.Posts, unroll.Post{ID: string(rune('a' + i))})
	}
	w := watch{Told: told(nil, &th)}
	if len(w.Told) != maxTold*digestSize || len(w.news(&th)) != 0 {
		t.Errorf("%d bytes, %d news", len(w.Told), len(w.news(&th)))
	}
	th.Posts = append(th.Posts, unroll.Post{ID: "new"})
	if n := w.news(&th); len(n) != 1 || n[0].ID != "new" {
		t.Errorf("%v", n)
	}
}

// A side branch that becomes the main chain is no news, but for what it grew by.
func TestNewsOfABranch(t *testing.T) {
	post := func(ids ...string) (out []unroll.Post) {
		for _, id := range ids {
			out = append(out, unroll.Post{ID: id})
		}
		return out
	}
	w := watch{Told: told(nil, &unroll.Thread{Posts: post("1", "2", "3", "4"), Branches: []unroll.Branch{{After: "2", Posts: post("b1", "b2")}}})}
	grown := &unroll.Thread{Posts: post("1", "2", "b1", "b2", "b3"), Branches: []unroll.Branch{{After: "2", Posts: post("3", "4")}}}
	if n := w.news(grown); len(n) != 1 || n[0].ID != "b3" {
		t.Errorf("%v", n)
	}
	grown.Posts = append(grown.Posts, unroll.Post{ID: "b4", Gap: &unroll.Gap{}})
	if n := w.news(grown); len(n) != 1 {
		t.Errorf("a gap is news: %v", n)
	}
}

// What was begun is told as it was begun: what came meanwhile comes next.
func TestNewsBegun(t *testing.T) {
	th := &unroll.Thread{Posts: []unroll.Post{{ID: "1"}, {ID: "2"}, {ID: "3"}, {ID: "4"}}, Branches: []unroll.Branch{{After: "1"}, {After: "4"}}}
	w := watch{Told: told(nil, &unroll.Thread{Posts: th.Posts[:1]}), Sending: told(nil, &unroll.Thread{Posts: th.Posts[1:3]})}
	n := w.news(th)
	if len(n) != 2 || n[0].ID != "2" || n[1].ID != "3" {
		t.Errorf("%v", n)
	}
	if cut := upTo(th, "3"); len(cut.Posts) != 3 || len(cut.Branches) != 1 || len(th.Posts) != 4 {
		t.Errorf("%+v", cut)
	}
	w.Sending = told(nil, &unroll.Thread{Posts: []unroll.Post{{ID: "deleted since"}}})
	if n := w.news(th); len(n) != 3 {
		t.Errorf("%v", n)
	}
}
