package bluesky_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"unrollbot/unroll/source/bluesky"
)

// node is a post view in the AppView's shape, and the beginning of the list
// of its replies.
const node = `{"$type":"app.bsky.feed.defs#threadViewPost","post":{"uri":"at://%[1]s/app.bsky.feed.post/3l%[2]d","cid":"bafyreiabc",` +
	`"author":{"did":"%[1]s","handle":"somebody.example","displayName":"Some Body","avatar":"https://cdn.example/img/avatar/%[1]s.jpg",` +
	`"associated":{"activitySubscription":{"allowSubscriptions":"followers"}},"labels":[],"createdAt":"2026-01-01T00:00:00.000Z"},` +
	`"record":{"$type":"app.bsky.feed.post","text":"Number %[2]d: some words, as many as it takes to look like a post of the usual size.",` +
	`"createdAt":"2026-03-01T12:00:00.000Z","langs":["en"],"reply":{"root":{"cid":"bafyreiabc","uri":"at://did:plc:ann/app.bsky.feed.post/3l0"},` +
	`"parent":{"cid":"bafyreiabc","uri":"at://did:plc:ann/app.bsky.feed.post/3l%[3]d"}}},"bookmarkCount":0,"replyCount":%[4]d,"repostCount":0,` +
	`"likeCount":3,"quoteCount":0,"indexedAt":"2026-03-01T12:00:01.000Z","labels":[]},"threadContext":{},"replies":[`

// answer is that for a thread of n posts by one author, each with r replies
// by others.
func answer(n, r int) string {
	var out strings.Builder
	out.WriteString(`{"thread":`)
	for i := range n {
		fmt.Fprintf(&out, node, "did:plc:ann", i, max(i-1, 0), r+1)
		for j := range r {
			fmt.Fprintf(&out, node+"]},", fmt.Sprintf("did:plc:reader%dx%d", i, j), j, i, 0)
		}
		if i == n-1 {
			out.WriteString("null") // where the author's next post stands
		}
	}
	out.WriteString(strings.Repeat("]}", n))
	out.WriteString("}")
	return out.String()
}

// BenchmarkFetch decodes and reads one answer. The sizes are posts of the
// thread and replies by others to each.
func BenchmarkFetch(b *testing.B) {
	for _, size := range [][2]int{{10, 0}, {43, 0}, {100, 0}, {1000, 0}, {10, 1000}, {10, 10000}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			text := answer(size[0], size[1])
			s := newSource(b, bluesky.Config{}, &refuser{body: text})
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				c, err := s.Fetch(b.Context(), refOf("did:plc:ann/3l0"))
				if err != nil || len(c.Posts) != size[0] {
					b.Fatal(len(c.Posts), err)
				}
			}
		})
	}
}

// TestManyReplies holds a conversation with 20,000 replies by others to a
// small multiple of the answer's size.
func TestManyReplies(t *testing.T) {
	text := answer(10, 2_000)
	s := newSource(t, bluesky.Config{}, &refuser{body: text})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c, err := s.Fetch(t.Context(), refOf("did:plc:ann/3l0"))
	runtime.ReadMemStats(&after)
	if err != nil || len(c.Posts) != 10 {
		t.Fatal(len(c.Posts), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > uint64(6*len(text)) {
		t.Errorf("%d bytes for an answer of %d", used, len(text))
	}
}
