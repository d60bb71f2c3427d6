package fakenet_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// keysOf notes, for every place in a body, the keys of the objects that stand
// there: how often each was seen, and how many objects there were.
type keysOf map[string]map[string]int

func (k keysOf) add(place string, v any) {
	switch v := v.(type) {
	case map[string]any:
		if kind, ok := v["$type"].(string); ok { // Bluesky's unions
			place = kind
		} else if kind, ok := v["type"].(string); ok && strings.Contains(place, "facet") {
			place += ":" + kind
		}
		if k[place] == nil {
			k[place] = map[string]int{}
		}
		k[place][""]++
		for key, inner := range v {
			k[place][key]++
			next := place + "." + key
			switch key { // the same shape wherever it stands
			case "parent", "replies", "author", "account", "thread", "status", "quote", "quoted_status", "ancestors", "descendants":
				next = key
				if key == "parent" && strings.HasSuffix(place, "reply") {
					next = "strong"
				}
				if key == "thread" {
					next = "status"
				}
			}
			k.add(next, inner)
		}
	case []any:
		for _, inner := range v {
			k.add(place, inner)
		}
	}
}

// notForGuests are keys that Mastodon adds for callers with an account, and
// that recordings, made with one, therefore hold.
var notForGuests = map[string]bool{
	"favourited": true, "reblogged": true, "muted": true, "bookmarked": true, "pinned": true, "filtered": true,
	"application": true, "voted": true, "own_votes": true, "show_media": true, "show_media_replies": true,
	"show_featured": true, "feature_approval": true, "focus": true, "source": true, "role": true, "text": true,
}

// TestRealShapes compares the keys of our answers with recorded ones, where a
// folder of such is at hand: we send no key that the service does not, and
// leave none out that it always sends.
func TestRealShapes(t *testing.T) {
	dir := os.Getenv("UNROLL_CORPUS")
	if dir == "" {
		t.Skip("UNROLL_CORPUS names no folder of recorded answers")
	}
	w := fakenet.World{Authors: []fakenet.Author{{ID: "ada", Avatar: "https://img.example/a.png"}, {ID: "bob"}}}
	rich := post("102", "ada", "101")
	rich.Text, rich.Facets = w.Rich("see https://example.org/ @bob #wool")
	rich.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://img.example/1.png", Alt: "x", Width: 4, Height: 3}}
	rich.Lang, rich.Quotes = "en", "201"
	poll := post("103", "ada", "102")
	poll.Poll = &unroll.Poll{Options: []unroll.PollOption{{Label: "a", Votes: 1}, {Label: "b", Votes: 2}}, Votes: 3}
	card := post("104", "ada", "103")
	card.Card = &unroll.Card{URL: "https://example.org/", Title: "T", Description: "D", Image: "https://img.example/1.png"}
	gone := hidden(post("105", "ada", "104"), unroll.GapDeleted)
	quoting := post("106", "ada", "105")
	quoting.Quotes = "105"
	w.Posts = []fakenet.Post{post("101", "ada", ""), post("201", "bob", "101"), rich, poll, card, gone, quoting}
	n := start(t, w, fakenet.Config{})
	toots := "http://" + n.MastodonHost + "/api/v1/statuses/"

	// The recorded accounts have no pictures, and all wrote in a language.
	accounts := map[string]bool{"avatar": true, "langs": true}
	for _, tt := range []struct {
		name  string
		files []string
		urls  []string
		skip  map[string]bool
	}{
		{
			"fxtwitter",
			[]string{"fxtwitter/fx-2-thread-*.json", "fxtwitter/fx-2-status-*.json", "live/fxembed/thread-*.json", "live/fxembed/status-*.json"},
			[]string{n.FxTwitterURL + "/2/thread/101", n.FxTwitterURL + "/2/thread/106", n.FxTwitterURL + "/2/status/103"},
			map[string]bool{"altText": true, "possibly_sensitive": true}, // documented, and in few recordings
		},
		{
			"bluesky thread",
			[]string{"live/bluesky/getPostThread_*.json"},
			[]string{n.AppViewURL + "/xrpc/app.bsky.feed.getPostThread?depth=1000&uri=" + at("ada", "101"), n.AppViewURL + "/xrpc/app.bsky.feed.getPostThread?uri=" + at("ada", "106")},
			accounts,
		},
		{
			"bluesky thread v2",
			[]string{"live/bluesky/getPostThreadV2_*.json"},
			[]string{n.AppViewURL + "/xrpc/app.bsky.unspecced.getPostThreadV2?anchor=" + at("ada", "101"), n.AppViewURL + "/xrpc/app.bsky.unspecced.getPostThreadV2?anchor=" + at("ada", "106")},
			map[string]bool{"avatar": true, "langs": true, "opThreadPostIndex": true, "opThreadPostCount": true}, // of the author's thread only
		},
		{"bluesky profile", []string{"live/bluesky/getProfile.json"}, []string{n.AppViewURL + "/xrpc/app.bsky.actor.getProfile?actor=ada.test"}, accounts},
		{"bluesky feed", []string{"live/bluesky/getAuthorFeed_author_threads.json", "live/bluesky/getPostThread_*.json"}, []string{n.AppViewURL + "/xrpc/app.bsky.feed.getAuthorFeed?actor=ada.test"}, accounts},
		{"mastodon status", []string{"mastodon/mastodonpy-status-1.json", "mastodon/*status_card-1.json", "mastodon/*with_quote-2.json", "mastodon/*media_post_multiple-3.json"}, []string{toots + "101", toots + "102", toots + "104"}, nil},
		{"mastodon poll", []string{"mastodon/mastodonpy-polls-1.json"}, []string{toots + "103"}, nil},
		{"mastodon context", []string{"mastodon/*status_context-1.json"}, []string{toots + "101/context"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			real, ours := keysOf{}, keysOf{}
			for _, pattern := range tt.files {
				files, err := filepath.Glob(filepath.Join(dir, pattern))
				if err != nil || files == nil {
					t.Fatalf("%s: %v", pattern, err)
				}
				for _, file := range files {
					data, err := os.ReadFile(file)
					if err != nil {
						t.Fatal(err)
					}
					var v any
					if err := json.Unmarshal(data, &v); err != nil {
						t.Fatal(err)
					}
					real.add("", v)
				}
			}
			for _, u := range tt.urls {
				_, body := get(t, u)
				v := body.v
				if tt.name == "mastodon poll" {
					v = body.at("poll").v
				}
				ours.add("", v)
			}
			for _, line := range differences(real, ours, tt.skip) {
				t.Error(line)
			}
		})
	}
}

func differences(real, ours keysOf, skip map[string]bool) []string {
	var out []string
	for place, keys := range ours {
		theirs := real[place]
		if theirs == nil {
			continue
		}
		for key := range keys {
			if theirs[key] == 0 && !skip[key] {
				out = append(out, fmt.Sprintf("%s: nobody sends %q", place, key))
			}
		}
		for key, n := range theirs {
			if n == theirs[""] && keys[key] < keys[""] && !notForGuests[key] && !skip[key] {
				out = append(out, fmt.Sprintf("%s: %q is always sent", place, key))
			}
		}
	}
	sort.Strings(out)
	return out
}
