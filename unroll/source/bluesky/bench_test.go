package bluesky_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"testing"

	"unrollbot/unroll/source/bluesky"
)

// body is the answer for a thread of n posts by one author, each with r
// replies by others.
func body(tb testing.TB, n, r int) (asked, answer string) {
	tb.Helper()
	a := newAppview()
	ids := a.thread(ann, "", "Some words that fill about as much as a post does,", n)
	tree := a.below(ids[0], 1000)
	node := tree
	for i := range n {
		replies, _ := node["replies"].([]any)
		var next map[string]any
		if len(replies) > 0 {
			next, _ = replies[0].(map[string]any)
		}
		for j := range r {
			id := fmt.Sprintf("did:plc:reader%dx%d/3l", i, j)
			a.posts[id] = &skeet{id: id, parent: ids[i], root: ids[0], text: "Some other words, by somebody else", at: epoch}
			replies = append(replies, a.below(id, 1))
		}
		node["replies"] = replies
		node = next
	}
	raw, err := json.Marshal(map[string]any{"thread": tree})
	if err != nil {
		tb.Fatal(err)
	}
	return ids[0], string(raw)
}

// BenchmarkFetch decodes and reads one answer. The sizes are posts of the
// thread and replies by others to each.
func BenchmarkFetch(b *testing.B) {
	for _, size := range [][2]int{{10, 0}, {43, 0}, {100, 0}, {1000, 0}, {10, 1000}, {10, 10000}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			asked, text := body(b, size[0], size[1])
			s := newSource(b, bluesky.Config{}, &refuser{body: text})
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				c, err := s.Fetch(b.Context(), refOf(asked))
				if err != nil || len(c.Posts) != size[0] {
					b.Fatal(len(c.Posts), err)
				}
			}
		})
	}
}

// TestManyReplies holds a conversation with 100,000 replies by others to a
// small multiple of the answer's size.
func TestManyReplies(t *testing.T) {
	asked, text := body(t, 10, 10_000)
	s := newSource(t, bluesky.Config{}, &refuser{body: text})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := s.Fetch(t.Context(), refOf(asked))
	runtime.ReadMemStats(&after)
	if err != nil || len(c.Posts) != 10 {
		t.Fatal(len(c.Posts), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(6*len(text)) {
		t.Errorf("%d bytes for an answer of %d", used, len(text))
	}
}
