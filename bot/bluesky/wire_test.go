package bluesky

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"unrollbot/bot/mention"
)

func FuzzNotification(f *testing.F) {
	f.Add([]byte(`{"uri":"at://did:plc:c/app.bsky.feed.post/1","cid":"b","author":{"did":"did:plc:c"},"reason":"mention","indexedAt":"2026-11-01T00:00:00.000Z","record":{"$type":"app.bsky.feed.post","text":"@bot unroll","facets":[{"index":{"byteStart":0,"byteEnd":4},"features":[{"$type":"app.bsky.richtext.facet#mention","did":"did:plc:bot"}]}],"embed":{"$type":"app.bsky.embed.record","record":{"uri":"at://did:plc:d/app.bsky.feed.post/2"}}}}`))
	f.Add([]byte(`{"uri":"at://","record":{"facets":[{"index":{"byteStart":-1,"byteEnd":999}}],"embed":{"$type":"app.bsky.embed.recordWithMedia","record":[]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, ok := decode(data, "did:plc:bot")
		if !ok {
			return
		}
		if m.ID == "" || m.User == "" || m.At.IsZero() || !utf8.ValidString(m.Text) {
			t.Errorf("%+v", m)
		}
		r := compose(m.Post.(*notification), &mention.Answer{Words: "w", Text: "t", Link: "https://e.example", LinkText: "l"}, time.Now())
		if size(r.Text) > maxGraphemes {
			t.Error("too long")
		}
		if k := recordKey(m.ID, "", 0); len(k) != 13 {
			t.Errorf("key %q", k)
		}
	})
}

func TestRecordKey(t *testing.T) {
	keys := map[string]bool{}
	for _, uri := range []string{
		"at://did:plc:a/app.bsky.feed.post/3n2zd4h4kis25", "at://did:plc:b/app.bsky.feed.post/3n2zd4h4kis25",
		"at://did:plc:a/app.bsky.feed.post/3n2zd4h4kis26", "at://did:plc:a/app.bsky.feed.post/self", "at://did:plc:a/app.bsky.feed.post/zzzzzzzzzzzzz",
	} {
		for n := range 3 {
			k := recordKey(uri, "", n)
			if _, ok := parseTID(k); !ok || k != recordKey(uri, "", n) || keys[k] {
				t.Errorf("%s: %q", uri, k)
			}
			keys[k] = true
		}
		if strings.HasSuffix(uri, "3n2zd4h4kis25") && !strings.HasPrefix(recordKey(uri, "", 0), "3n2zd4h") {
			t.Errorf("%s is far from its mention", recordKey(uri, "", 0))
		}
	}
}

func TestComposeIsBounded(t *testing.T) {
	family := "👩‍👩‍👧‍👦" // 25 bytes, one grapheme
	n := &notification{URI: "at://did:plc:c/app.bsky.feed.post/1", CID: "b"}
	for _, words := range []string{strings.Repeat("word ", 100), strings.Repeat(family, 200), strings.Repeat("日本", 300)} {
		r := compose(n, &mention.Answer{Words: words, Text: "2 posts", Link: "https://e.example/x", LinkText: "Read it"}, time.Now())
		if size(r.Text) > maxGraphemes || !utf8.ValidString(r.Text) || !strings.HasSuffix(r.Text, "2 posts\nRead it") {
			t.Errorf("%d: %q", size(r.Text), r.Text)
		}
	}
}

func TestDecodeOddNotifications(t *testing.T) {
	for name, raw := range map[string]string{
		"no JSON": `{`, "null": `null`, "a like": `{"uri":"at://did:plc:c/app.bsky.feed.like/1","cid":"b","author":{"did":"did:plc:c"},"indexedAt":"2026-11-01T00:00:00Z","record":{"$type":"app.bsky.feed.like"}}`,
		"no time":              `{"uri":"at://did:plc:c/app.bsky.feed.post/1","cid":"b","author":{"did":"did:plc:c"},"record":{"$type":"app.bsky.feed.post"}}`,
		"a reply to nothing":   `{"uri":"at://did:plc:c/app.bsky.feed.post/1","cid":"b","author":{"did":"did:plc:c"},"indexedAt":"2026-11-01T00:00:00Z","record":{"$type":"app.bsky.feed.post","reply":{"root":{"uri":"at://x"}}}}`,
		"an endless address":   `{"uri":"at://did:plc:c/app.bsky.feed.post/` + strings.Repeat("1", maxURI) + `","cid":"b","author":{"did":"did:plc:c"},"indexedAt":"2026-11-01T00:00:00Z","record":{"$type":"app.bsky.feed.post"}}`,
		"another's repository": `{"uri":"at://did:plc:d/app.bsky.feed.post/1","cid":"b","author":{"did":"did:plc:c"},"indexedAt":"2026-11-01T00:00:00Z","record":{"$type":"app.bsky.feed.post"}}`,
	} {
		if m, ok := decode(json.RawMessage(raw), "did:plc:bot"); ok {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
