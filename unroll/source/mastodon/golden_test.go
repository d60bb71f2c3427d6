package mastodon_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/mastodon"
	"unrollbot/unroll/source/sourcetest"
)

var update = flag.Bool("update", false, "write the golden files")

// TestGolden reads a thread that has everything a post can have, as
// testdata/thread.json holds it: a list of statuses.
func TestGolden(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("testdata", "thread.json"))
	if err != nil {
		t.Fatal(err)
	}
	var posts []object
	if err := json.Unmarshal(raw, &posts); err != nil {
		t.Fatal(err)
	}
	f := newFake()
	for _, p := range posts {
		f.posts[p["id"].(string)] = p
	}
	src := f.serve(t, mastodon.Config{Now: func() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }})
	conv, err := src.Fetch(t.Context(), f.ref("1001"))
	if err != nil {
		t.Fatal(err)
	}
	sourcetest.CheckConversation(t, conv)
	th, err := unroll.Assemble(conv)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(th, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(got), f.host, "social.example") + "\n"
	golden := filepath.Join("testdata", "thread.golden.json")
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
