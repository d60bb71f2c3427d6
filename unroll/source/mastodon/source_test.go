package mastodon_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/mastodon"
	"unrollbot/unroll/source/sourcetest"
)

func TestContract(t *testing.T) {
	f := newFake()
	last := f.chain("ann", "", 101, 6)
	f.post("108", "bob", "103", "<p>Nice!</p>")
	f.post("109", "ann", last, `<p>And <a href="{base}/x?utm_source=1">more</a> :blob: <b>now</b></p>`, object{
		"emojis":            []any{object{"shortcode": "blob", "url": "{base}/blob.png"}},
		"media_attachments": []any{object{"type": "image", "url": "{base}/1.png", "description": "a dot", "meta": object{"original": object{"width": 3, "height": 4}}}},
		"poll":              object{"options": []any{object{"title": "yes", "votes_count": 2}, object{"title": "no", "votes_count": nil}}, "votes_count": 2},
		"card":              object{"url": "{base}/x", "title": "X"},
		"quote": object{"state": "accepted", "quoted_status": object{
			"id": "77", "url": "{base}/@bob/77", "visibility": "public", "content": "<p>Said.</p>",
			"account": object{"id": "1bob", "acct": "bob", "url": "{base}/@bob"},
		}},
	})
	sourcetest.Run(t, sourcetest.Harness{
		New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.host = strings.TrimPrefix(base, "http://")
			for _, p := range f.posts {
				f.settle(p)
			}
			src, err := mastodon.New(mastodon.Config{Trusted: []string{f.host}, Tokens: map[string]string{f.host: "s3cret-token"}}, d)
			if err != nil {
				t.Fatal(err)
			}
			return src
		},
		Ref: func(base string) unroll.Ref {
			return unroll.Ref{Network: unroll.Mastodon, Host: strings.TrimPrefix(base, "http://"), ID: "101"}
		},
		Good:     f,
		Requests: 2,
		Secret:   "s3cret-token",
	})
}

// thread reads and assembles a thread, and checks the number of calls.
func thread(t *testing.T, src *mastodon.Source, f *fake, id string, calls int) unroll.Thread {
	t.Helper()
	f.calls = nil
	th := sourcetest.Unroll(t, src, f.ref(id))
	if len(f.calls) != calls {
		t.Errorf("%d calls, want %d:\n%s", len(f.calls), calls, strings.Join(f.calls, "\n"))
	}
	return th
}

// shape writes a thread's posts as ids: gaps in parentheses, branches behind
// the post they fork from.
func shape(th *unroll.Thread) string {
	var b strings.Builder
	chain := func(posts []unroll.Post) {
		for _, p := range posts {
			if p.Gap != nil {
				fmt.Fprintf(&b, " (%s %s)", p.ID, p.Gap.Reason)
			} else {
				b.WriteString(" " + p.ID)
			}
		}
	}
	chain(th.Posts)
	for _, br := range th.Branches {
		b.WriteString(" / " + br.After + ":")
		chain(br.Posts)
	}
	return strings.TrimSpace(b.String()) + " " + string(th.Verdict.State)
}

func numbers(first, n int) string {
	var b strings.Builder
	for i := first; i < first+n; i++ {
		b.WriteString(strconv.Itoa(i) + " ")
	}
	return b.String()
}

func TestFetchThreads(t *testing.T) {
	tests := []struct {
		name  string
		build func(f *fake)
		asked string
		calls int
		want  string
	}{
		{"plain from the root", func(f *fake) { f.chain("ann", "", 101, 5) }, "101", 2, numbers(101, 5) + "complete"},
		{"plain from the middle", func(f *fake) { f.chain("ann", "", 101, 5) }, "103", 2, numbers(101, 5) + "complete"},
		{"plain from the end", func(f *fake) { f.chain("ann", "", 101, 20) }, "120", 2, numbers(101, 20) + "complete"},
		{"one post", func(f *fake) { f.chain("ann", "", 101, 1) }, "101", 2, "101 complete"},
		{"deeper than 20", func(f *fake) { f.chain("ann", "", 101, 30) }, "101", 3, numbers(101, 30) + "complete"},
		{"200 from the end", func(f *fake) { f.chain("ann", "", 101, 200) }, "300", 6, numbers(101, 200) + "complete"},
		{"200 from the root", func(f *fake) { f.chain("ann", "", 101, 200) }, "101", 11, numbers(101, 200) + "complete"},
		{"strangers' replies", func(f *fake) {
			f.chain("ann", "", 101, 5)
			f.post("201", "bob", "102", "<p>Hm.</p>")
			f.post("202", "cat", "201", "<p>Hm?</p>")
		}, "101", 2, numbers(101, 5) + "complete"},
		{"strangers' replies above", func(f *fake) {
			f.chain("ann", "", 101, 5)
			f.post("201", "bob", "102", "<p>Hm.</p>")
		}, "105", 3, numbers(101, 5) + "complete"},
		{"branch", func(f *fake) {
			f.chain("ann", "", 101, 5)
			f.chain("ann", "103", 201, 2)
			f.post("301", "bob", "101", "<p>Hm.</p>")
			f.post("302", "ann", "301", "<p>Thanks</p>")
		}, "105", 3, "101 102 103 104 105 / 103: 201 202 complete"},
		{"asked by a stranger's reply", func(f *fake) {
			f.chain("ann", "", 101, 5)
			f.post("201", "bob", "103", "<p>@bot unroll</p>")
		}, "201", 3, numbers(101, 5) + "complete"},
		{"thread below a stranger's post", func(f *fake) {
			f.post("50", "bob", "", "<p>Who knows?</p>")
			f.chain("ann", "50", 101, 3)
		}, "102", 2, numbers(101, 3) + "complete"},
		{"60 eaten by others", func(f *fake) {
			f.chain("ann", "", 101, 2)
			for i := range 100 {
				f.post(strconv.Itoa(1000+i), "bob", "101", "<p>!</p>")
			}
			f.chain("ann", "102", 2000, 10)
		}, "101", 3, "101 102 " + numbers(2000, 10) + "complete"},
		{"own reply behind 100 others", func(f *fake) {
			f.chain("ann", "", 101, 1)
			for i := range 100 {
				f.post(strconv.Itoa(1000+i), "bob", "101", "<p>!</p>")
			}
			f.chain("ann", "101", 2000, 10)
		}, "101", 3, "101 " + numbers(2000, 10) + "complete"},
		{"deleted in the middle, parent kept", func(f *fake) {
			f.chain("ann", "", 101, 9)
			f.gone("105", false)
		}, "109", 3, "(105 unknown) 106 107 108 109 partial"},
		{"deleted in the middle, no ancestors", func(f *fake) {
			f.chain("ann", "", 101, 9)
			f.gone("105", false)
			f.stops = true
		}, "109", 3, "(105 unknown) 106 107 108 109 partial"},
		{"deleted far above, no ancestors", func(f *fake) {
			f.chain("ann", "", 101, 90)
			f.gone("105", false)
			f.stops = true
		}, "190", 5, "(105 unknown) " + numbers(106, 85) + "partial"},
		{"deleted in the middle, parent forgotten", func(f *fake) {
			f.chain("ann", "", 101, 9)
			f.gone("105", true)
		}, "109", 2, "(106~parent deleted) 106 107 108 109 partial"},
		{"hidden in the middle", func(f *fake) {
			f.chain("ann", "", 101, 6)
			f.posts["103"]["visibility"] = "private"
		}, "106", 2, "101 102 (103 unknown) 104 105 106 partial"},
		{"hidden in the middle, from the root", func(f *fake) {
			f.chain("ann", "", 101, 6)
			f.posts["103"]["visibility"] = "private"
		}, "101", 3, "101 102 (103 unknown) 104 105 106 partial"},
		{"two hidden in a row, from the root", func(f *fake) {
			f.chain("ann", "", 101, 6)
			f.posts["103"]["visibility"], f.posts["104"]["visibility"] = "private", "private"
		}, "101", 3, "101 102 (104 unknown) 105 106 partial"},
		{"hidden far down a long thread", func(f *fake) {
			f.chain("ann", "", 101, 40)
			f.posts["130"]["visibility"] = "private"
		}, "101", 4, numbers(101, 29) + "(130 unknown) " + numbers(131, 10) + "partial"},
		{"below another's hidden answer it is no thread", func(f *fake) {
			f.chain("ann", "", 101, 2)
			f.post("150", "bob", "102", "<p>Why?</p>", object{"visibility": "private"})
			f.post("151", "ann", "150", "<p>Because.</p>")
		}, "101", 3, "101 102 complete"},
		{"root gone, by another", func(f *fake) {
			f.post("50", "bob", "", "<p>Who knows?</p>")
			f.chain("ann", "50", 101, 3)
			f.gone("50", false)
		}, "103", 3, numbers(101, 3) + "complete"},
		{"repost", func(f *fake) {
			f.chain("ann", "", 101, 2)
			f.post("900", "bob", "", "", object{"reblog": f.posts["101"]})
		}, "900", 2, "101 102 complete"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			tt.build(f)
			src := f.serve(t, mastodon.Config{})
			th := thread(t, src, f, tt.asked, tt.calls)
			if got := shape(&th); got != tt.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, tt.want, th.Verdict.Evidence)
			}
		})
	}
}

func TestFetchKeepsNoStrangers(t *testing.T) {
	f := newFake()
	f.token = "s3cret-token"
	f.chain("ann", "", 101, 3)
	for i := range 3000 {
		f.post(strconv.Itoa(1000+i), "bob", "101", "<p>!</p>")
	}
	src := f.serve(t, mastodon.Config{})
	conv, err := src.Fetch(t.Context(), f.ref("101"))
	if err != nil {
		t.Fatal(err)
	}
	if len(conv.Posts) != 3 || len(conv.Authors) != 1 {
		t.Errorf("kept %d posts by %d authors", len(conv.Posts), len(conv.Authors))
	}
}

// A server need not be waited for where the posts are its own.
func TestFetchDoesNotWaitAtHome(t *testing.T) {
	f := newFake()
	f.chain("ann", "", 101, 2)
	f.refresh = `id="abc", retry=2`
	src := f.serve(t, mastodon.Config{Wait: func(context.Context, time.Duration) error {
		t.Error("waited")
		return nil
	}})
	thread(t, src, f, "101", 2)
}

func TestFetchOddIDs(t *testing.T) {
	f := newFake()
	f.token = "s3cret-token"
	f.post("17954794600000abcdef", "ann", "", "<p>Here.</p>", object{
		"uri": "{base}/ann/p/1795479460.303517", "url": "{base}/ann/p/1795479460.303517",
	})
	f.post("AiBc9wOWmSXHrBKcTU", "ann", "", "<p>There.</p>", object{"uri": "{base}/objects/9f8b1d2c-3e4f-4a5b-8c6d-7e8f9a0b1c2d"})
	src := f.serve(t, mastodon.Config{})
	for id, want := range map[string]string{
		"ann:1795479460.303517":                "17954794600000abcdef",
		"9f8b1d2c-3e4f-4a5b-8c6d-7e8f9a0b1c2d": "AiBc9wOWmSXHrBKcTU",
	} {
		conv, err := src.Fetch(t.Context(), f.ref(id))
		if err != nil || conv.Ref != f.ref(want) {
			t.Errorf("%s: %v, %v", id, conv.Ref, err)
		}
	}
}

// What only our token may see is not for readers.
func TestFetchHidesWhatIsNotPublic(t *testing.T) {
	f := newFake()
	f.token = "s3cret-token"
	f.chain("ann", "", 101, 5)
	f.posts["103"]["visibility"] = "private"
	f.posts["103"]["content"] = "<p>secret</p>"
	src := f.serve(t, mastodon.Config{})
	th := thread(t, src, f, "101", 2)
	if got, want := shape(&th), "101 102 (103 private) 104 105 partial"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for p := range th.All {
		if strings.Contains(p.Text, "secret") {
			t.Error("a private text")
		}
	}
}

// The end of the thread comes before strangers' replies to its beginning.
func TestFetchLooksBelowTheEndFirst(t *testing.T) {
	f := newFake()
	f.chain("ann", "", 101, 40)
	f.post("900", "bob", "101", "<p>Hm.</p>")
	src := f.serve(t, mastodon.Config{Calls: 3})
	th := thread(t, src, f, "105", 3)
	if len(th.Posts) != 40 {
		t.Errorf("%d posts", len(th.Posts))
	}
}

// The author's list holds more than the thread.
func TestFetchKeepsNoOtherThreads(t *testing.T) {
	f := newFake()
	f.chain("ann", "", 101, 2)
	f.posts["101"]["replies_count"] = 7 // some are hidden from us
	f.chain("ann", "", 201, 5)
	src := f.serve(t, mastodon.Config{})
	conv, err := src.Fetch(t.Context(), f.ref("101"))
	if err != nil {
		t.Fatal(err)
	}
	if len(conv.Posts) != 2 || !conv.Seen["101"] || len(f.calls) != 3 {
		t.Errorf("%d posts, seen %v, calls %q", len(conv.Posts), conv.Seen, f.calls)
	}
}

func TestFetchSaysWhereItStopped(t *testing.T) {
	f := newFake()
	f.chain("ann", "", 101, 100)
	src := f.serve(t, mastodon.Config{Calls: 3})
	th := thread(t, src, f, "101", 3)
	if len(th.Posts) != 41 || th.Verdict.State != unroll.Partial {
		t.Errorf("%d posts, %s", len(th.Posts), th.Verdict.State)
	}
	f.fail["/api/v1/statuses/101/context"] = http.StatusInternalServerError
	th = thread(t, f.serve(t, mastodon.Config{}), f, "101", 2)
	if len(th.Posts) != 1 || th.Verdict.State != unroll.Partial {
		t.Errorf("%d posts, %s", len(th.Posts), th.Verdict.State)
	}
}
