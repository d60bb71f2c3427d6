package mastodon_test

import (
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/source/mastodon"
)

func TestFetchErrors(t *testing.T) {
	tests := []struct {
		name  string
		build func(f *fake)
		asked string
		kind  unroll.Kind
		calls int
	}{
		{"no such post", func(*fake) {}, "102", unroll.KindNotFound, 1},
		{"for followers", func(f *fake) { f.token = "t0ken-of-ours"; f.posts["101"]["visibility"] = "private" }, "101", unroll.KindPrivate, 1},
		{"direct", func(f *fake) { f.token = "t0ken-of-ours"; f.posts["101"]["visibility"] = "direct" }, "101", unroll.KindPrivate, 1},
		{"visible to we know not whom", func(f *fake) { f.token = "t0ken-of-ours"; f.posts["101"]["visibility"] = "local" }, "101", unroll.KindPrivate, 1},
		{"opted out", func(f *fake) {
			f.posts["101"]["account"].(object)["note"] = `<p>Hi. <a href="{base}/tags/NoBot" class="mention hashtag" rel="tag">#<span>NoBot</span></a></p>`
		}, "101", unroll.KindOptedOut, 1},
		{"opted out of unrolling", func(f *fake) { f.posts["101"]["account"].(object)["note"] = "<p>#nounroll, please</p>" }, "101", unroll.KindOptedOut, 1},
		{"asked by a stranger's reply, opted out", func(f *fake) {
			f.posts["101"]["account"].(object)["note"] = "#nobot"
			f.post("102", "bob", "101", "<p>unroll</p>")
		}, "102", unroll.KindOptedOut, 2},
		{"not a status", func(f *fake) { f.posts["101"] = object{"error": "?", "visibility": "public"} }, "101", unroll.KindUpstream, 1},
		{"snac link without a token", func(*fake) {}, "ann:1795479460.303517", unroll.KindLoginRequired, 0},
		{"object that leads nowhere", func(*fake) {}, "9f8b1d2c-3e4f-4a5b-8c6d-7e8f9a0b1c2d", unroll.KindNotFound, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.post("101", "ann", "", "<p>Hello.</p>")
			tt.build(f)
			src := f.serve(t, mastodon.Config{})
			_, err := src.Fetch(t.Context(), f.ref(tt.asked))
			if unroll.KindOf(err) != tt.kind || len(f.calls) != tt.calls {
				t.Errorf("got %v after %d calls, want %s after %d", err, len(f.calls), tt.kind, tt.calls)
			}
			if err != nil && strings.Contains(err.Error(), "t0ken") {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestFetchLoginRequired(t *testing.T) {
	f := newFake()
	f.post("101", "ann", "", "<p>Hello.</p>")
	f.token = "s3cret-token"
	src := f.serve(t, mastodon.Config{Tokens: map[string]string{"other.example": "x"}})
	if _, err := src.Fetch(t.Context(), f.ref("101")); unroll.KindOf(err) != unroll.KindLoginRequired {
		t.Errorf("got %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	for host, token := range map[string]string{"": "x", "not a host": "x", "https://social.example": "x", "social.example": " "} {
		if _, err := mastodon.New(mastodon.Config{Tokens: map[string]string{host: token}}, nil); err == nil {
			t.Errorf("took %q=%q", host, token)
		}
	}
	if _, err := mastodon.New(mastodon.Config{}, nil); err != nil {
		t.Error(err)
	}
}
