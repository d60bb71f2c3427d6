package fakenet_test

import (
	"fmt"
	"strings"
	"testing"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// shapeV2 writes the items of an answer as depth:post, with place/count in the
// author's thread, "?" for what is not there, "-" for who wants a login, "!" for
// blocked, and "+n" for replies that are not shown.
func shapeV2(body value) string {
	var out []string
	for _, item := range body.at("thread").list() {
		s := fmt.Sprintf("%v:%s", item.at("depth").v, rkey(item))
		v := item.at("value")
		switch strings.TrimPrefix(v.at("$type").str(), "app.bsky.unspecced.defs#threadItem") {
		case "NotFound":
			s += "?"
		case "NoUnauthenticated":
			s += "-"
		case "Blocked":
			s += "!"
		}
		if v.at("opThread").v == true {
			s += fmt.Sprintf(" %v/%v", v.at("opThreadPostIndex").v, v.at("opThreadPostCount").v)
		}
		if n := v.at("moreReplies").v; n != nil && n != 0.0 {
			s += fmt.Sprintf(" +%v", n)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestAppViewThreadV2(t *testing.T) {
	w := gapped(unroll.GapDeleted)
	w.Authors = append(w.Authors, fakenet.Author{ID: "shy", LoginOnly: true})
	w.Posts = append(w.Posts, post("900", "shy", ""))
	n := start(t, w, fakenet.Config{})
	for query, want := range map[string]string{
		at("ada", "101") + "&above=false&below=0": "0:101 1/8 +1",
		at("ada", "103") + "&above=false&below=1": "0:103 3/8, 1:301 +1",
		at("ada", "103") + "&above=false&below=9": "0:103 3/8, 1:301, 2:302",
		at("ada", "102") + "&below=1":             "-1:101 1/8, 0:102 2/8, 1:103 3/8 +1, 1:201",
		at("ada", "102") + "&below=1&sort=oldest": "-1:101 1/8, 0:102 2/8, 1:201, 1:103 3/8 +1",
		at("ada", "102") + "&branchingFactor=1":   "-1:101 1/8, 0:102 2/8 +1, 1:103 3/8, 2:301, 3:302",
		at("ada", "106") + "&below=0":             "-2:104?, -1:105 5/8, 0:106 6/8 +1",
		at("ada", "104"):                          "0:104?",
		at("shy", "900"):                          "0:900-",
	} {
		status, body := xrpc(t, n, "app.bsky.unspecced.getPostThreadV2?anchor="+query)
		if got := shapeV2(body); status != 200 || got != want {
			t.Errorf("%s:\n got %s (%d)\nwant %s", query, got, status, want)
		}
	}
	blocked := start(t, gapped(unroll.GapBlocked), fakenet.Config{})
	if _, body := xrpc(t, blocked, "app.bsky.unspecced.getPostThreadV2?anchor="+at("ada", "104")); shapeV2(body) != "0:104!" {
		t.Errorf("blocked: %s", shapeV2(body))
	}
	if status, body := xrpc(t, n, "app.bsky.unspecced.getPostThreadV2?below=21&anchor="+at("ada", "101")); status != 400 || !strings.HasSuffix(body.at("message").str(), "integer too big (maximum 20, got 21)") {
		t.Errorf("below=21: %d %v", status, body.v)
	}
}
