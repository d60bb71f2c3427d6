package fakenet_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

func TestFxTwitterThread(t *testing.T) {
	stranger := gapped(unroll.GapDeleted)
	stranger.Posts[0].AuthorID = "bob"
	mainFirst := gapped(unroll.GapDeleted)
	mainFirst.Posts[5].ID, mainFirst.Posts[6].ParentID = "303", "303" // 301 becomes 303, still listed first

	tests := []struct {
		name  string
		world fakenet.World
		cfg   fakenet.FxTwitterConfig
		ask   string
		want  []string
	}{
		{"chain from the first", fakenet.Chain(4), fakenet.FxTwitterConfig{}, "1000001", []string{"1000001", "1000002", "1000003", "1000004"}},
		{"chain from the last", fakenet.Chain(4), fakenet.FxTwitterConfig{}, "1000004", []string{"1000001", "1000002", "1000003", "1000004"}},
		{"one branch only", gapped(unroll.GapDeleted), fakenet.FxTwitterConfig{}, "101", []string{"101", "102", "103", "301", "302"}},
		{"below a gap: first post, tombstone, the rest", gapped(unroll.GapDeleted), fakenet.FxTwitterConfig{}, "106", []string{"101", "104", "105", "106", "107", "108"}},
		{"a stranger's first post is not added", stranger, fakenet.FxTwitterConfig{}, "106", []string{"104", "105", "106", "107", "108"}},
		{"parents by others are listed", gapped(unroll.GapDeleted), fakenet.FxTwitterConfig{}, "201", []string{"101", "102", "201"}},
		{"the branch listed first, whatever its id", mainFirst, fakenet.FxTwitterConfig{}, "101", []string{"101", "102", "103", "303", "302"}},
		{"cut below", fakenet.Chain(9), fakenet.FxTwitterConfig{Below: 2}, "1000003", []string{"1000001", "1000002", "1000003", "1000004", "1000005"}},
		{"twice", fakenet.Chain(2), fakenet.FxTwitterConfig{Duplicates: true}, "1000001", []string{"1000001", "1000002", "1000001", "1000002"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := start(t, tt.world, fakenet.Config{FxTwitter: tt.cfg})
			status, body := get(t, n.FxTwitterURL+"/2/thread/"+tt.ask)
			if status != 200 || body.at("status", "id").str() != tt.ask {
				t.Fatalf("status %d for post %q", status, body.at("status", "id").str())
			}
			if diff := cmp.Diff(tt.want, body.at("thread").ids("id")); diff != "" {
				t.Errorf("thread (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFxTwitterRefusals(t *testing.T) {
	w := gapped(unroll.GapSuspended)
	w.Authors = append(w.Authors, fakenet.Author{ID: "shy", Gap: unroll.GapPrivate})
	repost := post("500", "bob", "")
	repost.Reposts = "102"
	w.Posts = append(w.Posts, post("400", "shy", ""), hidden(post("401", "ada", ""), unroll.GapDeleted), repost)
	n := start(t, w, fakenet.Config{FxTwitter: fakenet.FxTwitterConfig{NoThread: true}})

	for _, tt := range []struct {
		path   string
		status int
		code   float64
		of     string // status.type
	}{
		{"/2/thread/999", 404, 404, ""},
		{"/2/thread/401", 404, 404, ""},
		{"/2/thread/104", 404, 404, "tombstone"},
		{"/2/thread/400", 401, 401, ""},
		{"/2/thread/abc", 400, 400, ""},
		{"/nosuch/route", 404, 404, ""},
		{"/2/thread/101", 200, 200, "status"},
		{"/2/status/101", 200, 200, "status"},
	} {
		status, body := get(t, n.FxTwitterURL+tt.path)
		if status != tt.status || body.at("code").v != tt.code || body.at("status", "type").str() != tt.of {
			t.Errorf("%s: %d %v", tt.path, status, body.v)
		}
		if body.has("thread") && body.at("thread").v != nil {
			t.Errorf("%s: a thread where none was to be shown", tt.path)
		}
	}
	if status, body := get(t, n.FxTwitterURL+"/2/status/101", "User-Agent", ""); status != 401 || !body.has("error") {
		t.Errorf("without a user agent: %d %v", status, body.v)
	}
	if _, body := get(t, n.FxTwitterURL+"/2/status/500"); body.at("status", "id").str() != "102" || body.at("status", "reposted_by", "screen_name").str() != "bob" {
		t.Errorf("repost: %v", body.at("status").v)
	}
}

func TestFxTwitterText(t *testing.T) {
	w := fakenet.World{Authors: []fakenet.Author{{ID: "ada"}, {ID: "bob"}}}
	p := post("10", "ada", "9")
	p.Text, p.Facets = w.Rich("👩‍🔬 salt & <pepper> #taste with @bob at https://example.org/a/very/long/path/to?x=1&y=2 now")
	p.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://img.example/1.png", Alt: "salt"}}
	note := post("11", "ada", "")
	note.Note = true
	note.Text, note.Facets = w.Rich("🧵 a **bold** note")
	note.Media = p.Media
	w.Posts = []fakenet.Post{post("9", "bob", ""), p, note}
	n := start(t, w, fakenet.Config{})

	_, body := get(t, n.FxTwitterURL+"/2/status/10")
	s := body.at("status")
	if want := "@bob 👩‍🔬 salt & <pepper> #taste with @bob at https://example.org/a/very/long/path/to?x=1&y=2 now"; s.at("text").str() != want {
		t.Errorf("text %q", s.at("text").str())
	}
	raw := []rune(s.at("raw_text", "text").str())
	var got []string
	for _, f := range s.at("raw_text", "facets").list() {
		a, z := int(f.at("indices", 0).v.(float64)), int(f.at("indices", 1).v.(float64))
		got = append(got, f.at("type").str()+" "+string(raw[a:z]))
		if o := f.at("original").str(); !strings.HasSuffix(string(raw[a:z]), o) {
			t.Errorf("%s covers %q, not %q", f.at("type").str(), string(raw[a:z]), o)
		}
	}
	link, media := s.at("raw_text", "facets", 1, "original").str(), s.at("raw_text", "facets", 4, "original").str()
	want := []string{"hashtag #taste", "url " + link, "mention @bob", "mention @bob", "media " + media}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("facets (-want +got):\n%s", diff)
	}
	if want := "@bob 👩‍🔬 salt &amp; &lt;pepper&gt; #taste with @bob at " + link + " now " + media; string(raw) != want {
		t.Errorf("raw text %q", string(raw))
	}
	if diff := cmp.Diff([]any{5.0, float64(len(raw) - len(" "+media))}, s.at("raw_text", "display_text_range").v); diff != "" {
		t.Errorf("display range (-want +got):\n%s", diff)
	}
	if d := s.at("raw_text", "facets", 1, "display").str(); d != "example.org/a/very/long/pat…" {
		t.Errorf("display %q", d)
	}

	_, body = get(t, n.FxTwitterURL+"/2/status/11")
	text := body.at("status", "raw_text", "text").str()
	if text != "🧵 a bold note" || body.at("status", "raw_text", "display_text_range", 1).v != float64(len(utf16.Encode([]rune(text)))) {
		t.Errorf("note: %v", body.at("status", "raw_text").v)
	}
	if diff := cmp.Diff([]any{4.0, 8.0}, body.at("status", "raw_text", "facets", 0, "indices").v); diff != "" {
		t.Errorf("bold (-want +got):\n%s", diff)
	}
}
