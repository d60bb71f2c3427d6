package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/web"
)

// shelf is a fake with n listed threads, newest first, a minute apart.
func shelf(n int) *fake {
	f := newFake()
	f.list = nil
	at := time.Date(2026, time.March, 9, 9, 0, 0, 0, time.UTC)
	for i := range n {
		ref := unroll.Ref{Network: unroll.X, ID: fmt.Sprint(i + 1)}
		f.list = append(f.list, unroll.Listing{Ref: ref, Title: fmt.Sprint("Thread ", i+1), Author: unroll.Author{Handle: "ada"}, At: at.Add(time.Duration(-i) * time.Minute)})
		f.threads[ref] = unroll.Thread{Ref: ref, Posts: []unroll.Post{{ID: ref.ID, Text: "Some words."}}}
	}
	return f
}

// listed are the paths of the threads on a list, and where the next page is.
func listed(t *testing.T, h http.Handler, path string) (paths []string, next string) {
	t.Helper()
	r := get(t, h, path)
	if r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d", path, r.StatusCode)
	}
	for _, n := range nodes(t, r.Body) {
		href, _ := attr(n, "href")
		if dir, _ := attr(n, "dir"); n.Data == "a" && dir == "auto" {
			paths = append(paths, href)
		}
		if rel, _ := attr(n, "rel"); rel == "next" {
			next = href
		}
	}
	return paths, next
}

func TestListsArePaged(t *testing.T) {
	for _, path := range []string{"/latest", "/x/@ada", "/search?q=words"} {
		t.Run(path, func(t *testing.T) {
			f := shelf(130)
			s := newServer(t, f, web.Config{})
			var got []string
			pages := 0
			for next := path; next != ""; pages++ {
				var part []string
				part, next = listed(t, s, next)
				got = append(got, part...)
				newer := unroll.Listing{Ref: unroll.Ref{Network: unroll.X, ID: "999"}, Title: "words", At: f.list[0].At.Add(time.Hour)}
				f.list = append([]unroll.Listing{newer}, f.list...) // moves nothing
			}
			var want []string
			for i := range 130 {
				want = append(want, fmt.Sprint("/x/", i+1))
			}
			if diff := cmp.Diff(want, got); diff != "" || pages != 3 {
				t.Errorf("%d pages (-want +got):\n%s", pages, diff)
			}
		})
	}
}

func TestThreadsOfOneMomentStayTogether(t *testing.T) {
	f := shelf(60)
	for i := 45; i < 55; i++ {
		f.list[i].At = f.list[45].At
	}
	first, next := listed(t, newServer(t, f, web.Config{}), "/latest")
	rest, _ := listed(t, newServer(t, f, web.Config{}), next)
	if len(first) != 55 || len(rest) != 5 {
		t.Errorf("%d and %d", len(first), len(rest))
	}
}

func TestPagesOfNothing(t *testing.T) {
	s := newServer(t, shelf(3), web.Config{})
	for query, want := range map[string]int{"": 3, "?before=": 3, "?before=hello": 3, "?before=-5": 0, "?before=99999999999999999999": 3} {
		if got, next := listed(t, s, "/latest"+query); len(got) != want || next != "" {
			t.Errorf("%q: %d, next %q", query, len(got), next)
		}
	}
}

func TestSearch(t *testing.T) {
	f := withList()
	ref := unroll.Ref{Network: unroll.X, ID: "3"}
	f.threads[ref] = unroll.Thread{Ref: ref, Posts: []unroll.Post{
		{ID: "3", Text: "Ein Straßenfest im Café"},
		{ID: "4", Text: "東京の路地", Media: []unroll.Media{{Alt: "A red lantern"}}},
	}}
	s := newServer(t, f, web.Config{})
	tests := []struct {
		query string
		want  []string
	}{
		{"third", []string{"/x/3"}},
		{"FIRST", []string{"/x/1", root}},
		{"ada l.", []string{"/x/3", "/bluesky/did:plc:abc/2", "/x/1"}},
		{"mara@tidewater", []string{root}},
		{"cafe", []string{"/x/3"}},
		{"STRASSENFEST", []string{"/x/3"}},
		{"東京", []string{"/x/3"}},
		{"lantern café third", []string{"/x/3"}},
		{"lantern lighthouse", nil},
		{"<b>", []string{"/x/1"}},
		{"xylophone", nil},
		{"", nil},
		{"  ", nil},
		{strings.Repeat("é", 300), nil},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			got, _ := listed(t, s, "/search?q="+url.QueryEscape(tt.query))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if f.loaded != len(f.list) {
		t.Errorf("%d threads loaded for %d listed", f.loaded, len(f.list))
	}
}

// TestOnlyTheListIsSearched: what is stored because a chat asked for it, and
// what was taken off the list, is not found.
func TestOnlyTheListIsSearched(t *testing.T) {
	f := shelf(2)
	hidden := unroll.Ref{Network: unroll.X, ID: "50"}
	f.threads[hidden] = unroll.Thread{Ref: hidden, Posts: []unroll.Post{{Text: "Some words."}}}
	s := newServer(t, f, web.Config{})
	if got, _ := listed(t, s, "/search?q=words"); len(got) != 2 {
		t.Errorf("got %v", got)
	}
	f.list = f.list[1:]
	if got, _ := listed(t, s, "/search?q=words"); len(got) != 1 {
		t.Errorf("after one was dropped: %v", got)
	}
}

func TestSearchReadsAgainWhatIsListedAgain(t *testing.T) {
	f := shelf(1)
	s := newServer(t, f, web.Config{})
	listed(t, s, "/search?q=words")
	th := f.threads[f.list[0].Ref]
	th.Posts = []unroll.Post{{Text: "A lamp."}}
	f.threads[f.list[0].Ref] = th
	f.list[0].At = f.list[0].At.Add(time.Hour)
	if got, _ := listed(t, s, "/search?q=lamp"); len(got) != 1 {
		t.Error("not found")
	}
}

func TestSearchWithoutAStore(t *testing.T) {
	f := shelf(2)
	f.listErr = errors.New("redis is down")
	s := newServer(t, f, web.Config{})
	if got, _ := listed(t, s, "/search?q=thread"); len(got) != 2 {
		t.Errorf("by title: %v", got)
	}
	f.listErr = nil
	if got, _ := listed(t, s, "/search?q=words"); len(got) != 2 {
		t.Errorf("by text, when the store is back: %v", got)
	}
}

func TestSearchIsLimited(t *testing.T) {
	f := shelf(1)
	f.wait = time.Minute
	if r := get(t, newServer(t, f, web.Config{}), "/search?q=words"); r.StatusCode != http.StatusTooManyRequests {
		t.Errorf("status %d", r.StatusCode)
	}
}

// BenchmarkSearch searches a full list whose texts are known.
func BenchmarkSearch(b *testing.B) {
	f := shelf(500)
	for ref, th := range f.threads {
		th.Posts = []unroll.Post{{Text: strings.Repeat("Some words about lamps. ", 250)}} // 6 KB
		f.threads[ref] = th
	}
	s := newServer(b, f, web.Config{})
	get(b, s, "/search?q=nowhere")
	b.ReportAllocs()
	for b.Loop() {
		get(b, s, "/search?q=nowhere")
	}
}
