package fakenet_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

func at(author, id string) string {
	return url.QueryEscape("at://" + fakenet.DID(author) + "/app.bsky.feed.post/" + id)
}

func xrpc(t *testing.T, n *fakenet.Net, call string) (int, value) {
	t.Helper()
	return get(t, n.AppViewURL+"/xrpc/"+call)
}

// rkey cuts the record key off an at:// address.
func rkey(v value) string {
	uri := v.at("uri").str()
	return uri[strings.LastIndex(uri, "/")+1:]
}

// shape writes a thread as text: parents up, the post, replies in brackets;
// "?" is a post not found, "!" a blocked one, "…" replies that were cut off.
func shape(v value) string {
	switch v.at("$type").str() {
	case "app.bsky.feed.defs#notFoundPost":
		return "?" + rkey(v)
	case "app.bsky.feed.defs#blockedPost":
		return "!" + rkey(v)
	}
	s := rkey(v.at("post"))
	if v.has("parent") {
		s = shape(v.at("parent")) + "<" + s
		return s + below(v)
	}
	return s + below(v)
}

func below(v value) string {
	if !v.has("replies") {
		if v.at("post", "replyCount").v != 0.0 {
			return "…"
		}
		return ""
	}
	var out []string
	for _, r := range v.at("replies").list() {
		out = append(out, shape(r))
	}
	return "[" + strings.Join(out, " ") + "]"
}

func TestAppViewThread(t *testing.T) {
	tests := []struct {
		name  string
		world fakenet.World
		cfg   fakenet.AppViewConfig
		query string
		want  string
	}{
		{"newest replies first", gapped(unroll.GapPrivate), fakenet.AppViewConfig{}, at("ada", "102") + "&depth=1", "101…<102[103… 201]"},
		{"oldest first", gapped(unroll.GapDeleted), fakenet.AppViewConfig{OldestFirst: true}, at("ada", "102") + "&depth=1", "101…<102[201 103…]"},
		{"nothing tells of a deleted reply", gapped(unroll.GapDeleted), fakenet.AppViewConfig{}, at("ada", "103") + "&parentHeight=0", "103[301[302[]]]"},
		{"a deleted parent", gapped(unroll.GapDeleted), fakenet.AppViewConfig{}, at("ada", "106") + "&depth=0", "?104<105…<106…"},
		{"a blocked parent", gapped(unroll.GapBlocked), fakenet.AppViewConfig{}, at("ada", "106") + "&depth=0", "!104<105…<106…"},
		{"a blocked post", gapped(unroll.GapBlocked), fakenet.AppViewConfig{}, at("ada", "104"), "!104"},
		{"default depth", fakenet.Chain(9), fakenet.AppViewConfig{}, at("ada", "1000001"), "1000001[1000002[1000003[1000004[1000005[1000006[1000007…]]]]]]"},
		{"capped depth", fakenet.Chain(9), fakenet.AppViewConfig{MaxDepth: 1}, at("ada", "1000001") + "&depth=1000", "1000001[1000002…]"},
		{"parent height", fakenet.Chain(9), fakenet.AppViewConfig{}, at("ada", "1000009") + "&parentHeight=2", "1000007…<1000008…<1000009[]"},
		{"by handle", fakenet.Chain(1), fakenet.AppViewConfig{}, url.QueryEscape("at://ada.test/app.bsky.feed.post/1000001"), "1000001[]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := start(t, tt.world, fakenet.Config{AppView: tt.cfg})
			status, body := xrpc(t, n, "app.bsky.feed.getPostThread?uri="+tt.query)
			if got := shape(body.at("thread")); status != 200 || got != tt.want {
				t.Errorf("status %d, thread %s, want %s", status, got, tt.want)
			}
		})
	}
}

func TestAppViewRefusals(t *testing.T) {
	w := gapped(unroll.GapDeleted)
	w.Authors = append(w.Authors, fakenet.Author{ID: "left", Gap: unroll.GapDeleted})
	w.Posts = append(w.Posts, post("900", "left", ""))
	n := start(t, w, fakenet.Config{})
	for call, want := range map[string]string{
		"app.bsky.feed.getPostThread?uri=" + at("ada", "104"):                        "NotFound Post not found: at://" + fakenet.DID("ada") + "/app.bsky.feed.post/104",
		"app.bsky.feed.getPostThread?uri=" + at("bob", "101"):                        "NotFound Post not found: at://" + fakenet.DID("bob") + "/app.bsky.feed.post/101",
		"app.bsky.feed.getPostThread?uri=" + at("left", "900"):                       "NotFound Post not found: at://" + fakenet.DID("left") + "/app.bsky.feed.post/900",
		"app.bsky.feed.getPostThread?uri=not-a-uri":                                  `InvalidRequest Invalid app.bsky.feed.getPostThread params: Invalid at-uri (got "not-a-uri")`,
		"app.bsky.feed.getPostThread?depth=1001&uri=" + at("ada", "101"):             "InvalidRequest Invalid app.bsky.feed.getPostThread params: integer too big (maximum 1000, got 1001)",
		"app.bsky.feed.getPosts?" + strings.Repeat("uris="+at("ada", "101")+"&", 26): "InvalidRequest Invalid app.bsky.feed.getPosts params: array too big (maximum 25, got 26)",
		"com.atproto.identity.resolveHandle?handle=nobody.test":                      "InvalidRequest Unable to resolve handle",
		"app.bsky.actor.getProfile?actor=nobody.test":                                "InvalidRequest Profile not found",
		"app.bsky.actor.getProfile?actor=left.test":                                  "AccountDeactivated Account is deactivated",
	} {
		status, body := xrpc(t, n, call)
		if got := body.at("error").str() + " " + body.at("message").str(); status != 400 || got != want {
			t.Errorf("%s:\n got %d %s\nwant 400 %s", call, status, got, want)
		}
	}
	if status, body := xrpc(t, n, "app.bsky.feed.nosuch"); status != 501 || body.at("error").str() != "MethodNotImplemented" {
		t.Errorf("unknown method: %d %v", status, body.v)
	}
}

func TestAppViewAuthorFeed(t *testing.T) {
	n := start(t, gapped(unroll.GapDeleted), fakenet.Config{})
	feed := func(query string) ([]string, value) {
		_, body := xrpc(t, n, "app.bsky.feed.getAuthorFeed?actor=ada.test"+query)
		var ids []string
		for _, e := range body.at("feed").list() {
			ids = append(ids, rkey(e.at("post")))
		}
		return ids, body
	}
	all, body := feed("")
	if diff := cmp.Diff([]string{"108", "107", "106", "105", "302", "301", "103", "102", "101"}, all); diff != "" {
		t.Errorf("whole feed (-want +got):\n%s", diff)
	}
	if got := rkey(body.at("feed", 3, "post", "record", "reply", "parent")); got != "104" {
		t.Errorf("the record of 105 replies to %q", got)
	}
	threads, _ := feed("&filter=posts_and_author_threads")
	if diff := cmp.Diff([]string{"302", "301", "103", "102", "101"}, threads); diff != "" {
		t.Errorf("author threads (-want +got):\n%s", diff)
	}
	var paged []string
	for cursor := ""; ; {
		ids, body := feed("&limit=4&cursor=" + url.QueryEscape(cursor))
		paged = append(paged, ids...)
		if cursor = body.at("cursor").str(); cursor == "" {
			break
		}
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("page by page (-whole +paged):\n%s", diff)
	}
}

func TestAppViewPosts(t *testing.T) {
	w := fakenet.World{Authors: []fakenet.Author{{ID: "ada", LoginOnly: true}, {ID: "bob", Handle: "bob.example.test"}}}
	p := post("10", "ada", "")
	p.Text, p.Facets = w.Rich("🧵 see https://example.org/a/very/long/path @bob #wool")
	p.Quotes, p.Warning = "11", "needles"
	p.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://img.example/1.png", Width: 4, Height: 3}}
	detached := post("12", "bob", "")
	detached.Quotes, detached.QuoteGap = "10", unroll.GapWithheld
	w.Posts = []fakenet.Post{p, post("11", "bob", ""), detached, hidden(post("13", "bob", ""), unroll.GapDeleted)}
	n := start(t, w, fakenet.Config{})

	query := ""
	for i := 10; i < 14; i++ {
		query += "&uris=" + at([]string{"ada", "bob", "bob", "bob"}[i-10], strconv.Itoa(i))
	}
	_, body := xrpc(t, n, "app.bsky.feed.getPosts?"+query[1:])
	var ids []string
	for _, e := range body.at("posts").list() {
		ids = append(ids, rkey(e))
	}
	if diff := cmp.Diff([]string{"10", "11", "12"}, ids); diff != "" {
		t.Fatalf("posts (-want +got):\n%s", diff)
	}
	first := body.at("posts", 0)
	text := first.at("record", "text").str()
	var got []string
	for _, f := range first.at("record", "facets").list() {
		a, z := int(f.at("index", "byteStart").v.(float64)), int(f.at("index", "byteEnd").v.(float64))
		got = append(got, text[a:z])
	}
	if diff := cmp.Diff([]string{"example.org/a/very/long/...", "@bob", "#wool"}, got); diff != "" {
		t.Errorf("facets (-want +got):\n%s", diff)
	}
	for _, tt := range [][2]string{
		{first.at("embed", "$type").str(), "app.bsky.embed.recordWithMedia#view"},
		{first.at("embed", "record", "record", "$type").str(), "app.bsky.embed.record#viewRecord"},
		{first.at("author", "labels", 0, "val").str(), "!no-unauthenticated"},
		{first.at("labels", 0, "val").str(), "graphic-media"},
		{body.at("posts", 2, "embed", "record", "$type").str(), "app.bsky.embed.record#viewDetached"},
		{body.at("posts", 1, "author", "handle").str(), "bob.example.test"},
		{first.at("record", "facets", 1, "features", 0, "did").str(), fakenet.DID("bob")},
	} {
		if tt[0] != tt[1] {
			t.Errorf("got %q, want %q", tt[0], tt[1])
		}
	}
	if _, body := xrpc(t, n, "com.atproto.identity.resolveHandle?handle=BOB.example.test"); body.at("did").str() != fakenet.DID("bob") {
		t.Errorf("resolveHandle: %v", body.v)
	}
}
