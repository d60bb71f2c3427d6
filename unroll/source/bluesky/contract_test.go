package bluesky_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
	"unrollbot/unroll/source/sourcetest"
)

// ServeHTTP answers what an AppView would on the wire.
func (a *appview) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := a.answer(strings.TrimPrefix(r.URL.Path, "/xrpc/"), r.URL.Query())
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = json.NewEncoder(w).Encode(body)
}

// TestContract runs the suite of all sources over a thread that needs every
// kind of call: two deleted posts, asked for from below.
func TestContract(t *testing.T) {
	a := newAppview()
	ids := a.thread(ann, "", "post", 10)
	a.say(bob, ids[8], "a word in between")
	a.posts[ids[2]].deleted, a.posts[ids[6]].deleted = true, true
	a.posts[ids[4]].embed = map[string]any{
		"$type":  "app.bsky.embed.images#view",
		"images": []any{map[string]any{"thumb": "https://cdn.example/t.jpg", "fullsize": "https://cdn.example/f.jpg", "alt": "a picture"}},
	}
	a.posts[ids[0]].record = map[string]any{"facets": []any{map[string]any{
		"index":    map[string]any{"byteStart": 0, "byteEnd": 4},
		"features": []any{map[string]any{"$type": "app.bsky.richtext.facet#link", "uri": "https://word.example/"}},
	}}}
	sourcetest.Run(t, sourcetest.Harness{
		New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
			return newSource(t, bluesky.Config{BaseURL: base}, d)
		},
		Ref:      func(string) unroll.Ref { return refOf(ids[9]) },
		Good:     a,
		Requests: 5,
	})
}
