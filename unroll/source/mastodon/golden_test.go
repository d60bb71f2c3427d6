package mastodon_test

import (
	"encoding/json"
	"testing"
	"time"

	"unrollbot/unroll/source/mastodon"
	"unrollbot/unroll/source/sourcetest"
)

// TestGolden reads a thread that has everything a post can have, as
// testdata/thread.json holds it: a list of statuses.
func TestGolden(t *testing.T) {
	var posts []object
	if err := json.Unmarshal(sourcetest.Fixture(t, "thread.json"), &posts); err != nil {
		t.Fatal(err)
	}
	f := newFake()
	for _, p := range posts {
		f.posts[p["id"].(string)] = p
	}
	src := f.serve(t, mastodon.Config{Now: func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }})
	th := sourcetest.Unroll(t, src, f.ref("1001"))
	sourcetest.Golden(t, "thread.golden.json", th, f.host, "social.example")
}
