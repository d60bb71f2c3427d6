package web_test

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/web"
)

// withList is a fake with threads of two authors on the list, newest first.
func withList() *fake {
	f := newFake()
	at := time.Date(2026, time.March, 9, 9, 0, 0, 0, time.UTC)
	ada := unroll.Author{Handle: "Ada", Name: "Ada L."}
	f.list = append([]unroll.Listing{
		{Ref: unroll.Ref{Network: unroll.X, ID: "3"}, Title: "Third", Author: ada, Posts: 3, At: at},
		{Ref: unroll.Ref{Network: unroll.Bluesky, Author: "did:plc:abc", ID: "2"}, Title: "Elsewhere", Author: ada, Posts: 2, At: at.Add(-time.Hour)},
		{Ref: unroll.Ref{Network: unroll.X, ID: "1"}, Title: "First <b>", Author: ada, Posts: 1, At: at.Add(-2 * time.Hour)},
	}, f.list...)
	return f
}

func TestAuthorPages(t *testing.T) {
	s := newServer(t, withList(), web.Config{})
	tests := []struct {
		path string
		want []string // threads listed
	}{
		{"/x/@ada", []string{"/x/3", "/x/1"}},
		{"/x/@ADA", []string{"/x/3", "/x/1"}},
		{"/bluesky/@ada", []string{"/bluesky/did:plc:abc/2"}},
		{"/mastodon/@mara@tidewater.example", []string{root}},
		{"/x/@nobody", nil},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			r := get(t, s, tt.path)
			if r.StatusCode != http.StatusOK {
				t.Fatalf("status %d", r.StatusCode)
			}
			var got []string
			for _, n := range nodes(t, r.Body) {
				if dir, _ := attr(n, "dir"); n.Data == "a" && dir == "auto" {
					href, _ := attr(n, "href")
					got = append(got, href)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, path := range []string{"/x/@ada.md", "/x/@ada.epub", "/bluesky/ada", "/mastodon/ada"} {
		if r := get(t, s, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

func TestFeeds(t *testing.T) {
	s := newServer(t, withList(), web.Config{})
	tests := []struct {
		path  string
		title string
		ids   []string
	}{
		{"/latest.atom", "Latest threads unrolled · unrollbot", []string{"/x/3", "/bluesky/did:plc:abc/2", "/x/1", root}},
		{"/x/@ada.atom", "Threads by Ada L. · unrollbot", []string{"/x/3", "/x/1"}},
		{"/x/@nobody.atom", "Threads by @nobody · unrollbot", nil},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			r := get(t, s, tt.path)
			if got := r.Header.Get("Content-Type"); r.StatusCode != http.StatusOK || got != "application/atom+xml; charset=utf-8" {
				t.Fatalf("%d, %s", r.StatusCode, got)
			}
			var feed struct {
				Title   string `xml:"title"`
				Updated string `xml:"updated"`
				Links   []struct {
					Rel  string `xml:"rel,attr"`
					Href string `xml:"href,attr"`
				} `xml:"link"`
				Entries []struct {
					ID string `xml:"id"`
				} `xml:"entry"`
			}
			if err := xml.Unmarshal([]byte(r.Body), &feed); err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, e := range feed.Entries {
				ids = append(ids, strings.TrimPrefix(e.ID, "https://unroll.example"))
			}
			if diff := cmp.Diff(tt.ids, ids); diff != "" || feed.Title != tt.title || feed.Updated == "" {
				t.Errorf("%s, %s (-want +got):\n%s", feed.Title, feed.Updated, diff)
			}
			if len(feed.Links) != 2 || feed.Links[1].Href != "https://unroll.example"+tt.path {
				t.Errorf("links: %v", feed.Links)
			}
		})
	}
}

func TestOEmbed(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	ask := func(page, format string) reply {
		return get(t, s, "/oembed?"+url.Values{"url": {page}, "format": {format}}.Encode())
	}
	r := ask("https://unroll.example"+root+"#p-1105", "json")
	var got map[string]any
	if err := json.Unmarshal([]byte(r.Body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"version": "1.0", "type": "link", "title": "How lighthouses learned to speak 🧵", "author_name": "Mara Lindqvist",
		"author_url": "https://tidewater.example/@mara", "provider_name": "unrollbot", "provider_url": "https://unroll.example/", "cache_age": 3600.0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ask("https://unroll.example"+root+"#p-1105", "json")
	if len(f.asked) != 1 {
		t.Errorf("asked %v", f.asked)
	}
	for _, tt := range []struct {
		page, format string
		status       int
	}{
		{"https://elsewhere.example" + root, "json", 404},
		{"https://unroll.example/latest", "", 404},
		{"https://unroll.example/x/1", "", 404},
		{"", "", 404},
		{"https://unroll.example" + root, "xml", 501},
	} {
		if r := ask(tt.page, tt.format); r.StatusCode != tt.status {
			t.Errorf("%s as %s: %d, want %d", tt.page, tt.format, r.StatusCode, tt.status)
		}
	}
}
