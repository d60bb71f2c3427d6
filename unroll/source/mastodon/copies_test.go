package mastodon_test

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/mastodon"
	"unrollbot/unroll/source/sourcetest"
)

func TestFetchCopies(t *testing.T) {
	// A copy of ann's thread, its second half never came over.
	build := func() (home, away *fake) {
		home, away = newFake(), newFake()
		home.chain("ann", "", 101, 4)
		home.host = "home.invalid"
		away.chain("ann@home", "", 501, 2)
		return home, away
	}
	link := func(home, away *fake) {
		for i, id := range []string{"501", "502"} {
			p := away.posts[id]
			p["url"] = "http://" + home.host + "/@ann/10" + strconv.Itoa(i+1)
			p["uri"] = "http://" + home.host + "/users/ann/statuses/10" + strconv.Itoa(i+1)
			p["account"].(map[string]any)["url"] = "http://" + home.host + "/@ann"
		}
	}
	t.Run("read at home", func(t *testing.T) {
		home, away := build()
		src := away.serve(t, mastodon.Config{}, home)
		link(home, away)
		conv, err := src.Fetch(t.Context(), away.ref("502"))
		if err != nil {
			t.Fatal(err)
		}
		if conv.Ref != home.ref("102") || len(conv.Posts) != 4 || len(away.calls) != 1 || len(home.calls) != 2 {
			t.Errorf("ref %s, %d posts, calls %q and %q", conv.Ref, len(conv.Posts), away.calls, home.calls)
		}
	})
	for code, want := range map[int]unroll.Kind{401: "", 500: "", 404: unroll.KindDeleted} {
		t.Run("home answers "+strconv.Itoa(code), func(t *testing.T) {
			home, away := build()
			home.fail["/api/v1/statuses/102"] = code
			src := away.serve(t, mastodon.Config{}, home)
			link(home, away)
			conv, err := src.Fetch(t.Context(), away.ref("502"))
			if unroll.KindOf(err) != want {
				t.Fatal(err)
			}
			if want != "" {
				return
			}
			sourcetest.CheckConversation(t, conv)
			if conv.Ref != away.ref("502") || len(conv.Posts) != 2 || len(conv.Seen) != 0 {
				t.Errorf("ref %s, %d posts, seen %v", conv.Ref, len(conv.Posts), conv.Seen)
			}
			if id := conv.Posts[0].AuthorID; id != "http://"+home.host+"/@ann" {
				t.Errorf("author %q", id)
			}
		})
	}
	t.Run("home says no", func(t *testing.T) {
		home, away := build()
		for _, p := range home.posts {
			p["account"].(object)["note"] = "<p>#nobot</p>"
		}
		src := away.serve(t, mastodon.Config{}, home)
		link(home, away)
		_, err := src.Fetch(t.Context(), away.ref("502"))
		if unroll.KindOf(err) != unroll.KindOptedOut {
			t.Fatal(err)
		}
	})
}

func TestFetchWaitsForCopies(t *testing.T) {
	home, away := newFake(), newFake()
	away.chain("ann@home", "", 501, 2)
	later := away.post("503", "ann@home", "502", "<p>Late.</p>")
	delete(away.posts, "503")
	away.refresh = `id="abc", retry=60, result_count=1`
	away.later = []object{later}
	home.fail["/api/v1/statuses/101"] = 401
	var waited []time.Duration
	src := away.serve(t, mastodon.Config{Wait: func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		return nil
	}}, home)
	away.settle(later)
	for _, p := range away.posts {
		p["url"] = "http://" + home.host + "/@ann/101"
	}
	conv, err := src.Fetch(t.Context(), away.ref("501"))
	if err != nil {
		t.Fatal(err)
	}
	if len(conv.Posts) != 3 || !cmp.Equal(waited, []time.Duration{3 * time.Second}) {
		t.Errorf("%d posts after waits of %v", len(conv.Posts), waited)
	}
}

// TestFetchThreadsOfOthers: bob, of another server, answers ann's thread, of
// which his server has copies of the first half.
func TestFetchThreadsOfOthers(t *testing.T) {
	build := func(t *testing.T) (home, away *fake, src *mastodon.Source) {
		home, away = newFake(), newFake()
		home.chain("ann", "", 101, 4)
		away.chain("ann@home", "", 501, 2)
		away.post("503", "bob", "502", "<p>Unroll!</p>")
		src = away.serve(t, mastodon.Config{}, home)
		for i, id := range []string{"501", "502"} {
			p := away.posts[id]
			p["url"] = "http://" + home.host + "/@ann/10" + strconv.Itoa(i+1)
			p["uri"] = p["url"]
			p["account"].(map[string]any)["url"] = "http://" + home.host + "/@ann"
		}
		return home, away, src
	}
	t.Run("are read at home", func(t *testing.T) {
		home, away, src := build(t)
		conv, err := src.Fetch(t.Context(), away.ref("503"))
		if err != nil {
			t.Fatal(err)
		}
		th, err := unroll.Assemble(conv)
		if err != nil || th.Ref != home.ref("101") || shape(&th) != "101 102 103 104 complete" {
			t.Errorf("%s at %s, %v", shape(&th), th.Ref, err)
		}
		if len(away.calls) != 2 || len(home.calls) != 2 {
			t.Errorf("calls %q and %q", away.calls, home.calls)
		}
	})
	t.Run("home is away", func(t *testing.T) {
		home, away, src := build(t)
		home.fail["/api/v1/statuses/101"] = http.StatusInternalServerError
		conv, err := src.Fetch(t.Context(), away.ref("503"))
		if err != nil {
			t.Fatal(err)
		}
		th, err := unroll.Assemble(conv)
		if err != nil || th.Ref != away.ref("501") || shape(&th) != "501 502 unknown" || len(conv.Seen) != 0 {
			t.Errorf("%s at %s, seen %v, %v", shape(&th), th.Ref, conv.Seen, err)
		}
	})
	t.Run("home says no", func(t *testing.T) {
		home, away, src := build(t)
		for _, p := range home.posts {
			p["account"].(map[string]any)["note"] = "<p>#nobot</p>"
		}
		if _, err := src.Fetch(t.Context(), away.ref("503")); unroll.KindOf(err) != unroll.KindOptedOut {
			t.Error(err)
		}
	})
}

// TestFetchBelievesServersOfTheirOwnOnly: no server speaks for another's users.
func TestFetchBelievesServersOfTheirOwnOnly(t *testing.T) {
	for page, want := range map[string]unroll.Kind{
		"https://good.example/@ann": unroll.KindUpstream, "{base}/@ann": "", "": "", "not an address": "",
	} {
		f := newFake()
		f.chain("ann", "", 101, 2)
		for _, p := range f.posts {
			p["account"].(object)["url"] = page
		}
		_, err := f.serve(t, mastodon.Config{}).Fetch(t.Context(), f.ref("102"))
		if unroll.KindOf(err) != want {
			t.Errorf("an account at %q: %v", page, err)
		}
	}
}
