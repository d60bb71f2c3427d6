package unroll_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

const (
	did  = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
	rkey = "3l6oveex3ii2l"
	uuid = "9f8b1d2c-3e4f-4a5b-8c6d-7e8f9a0b1c2d"
	ulid = "01HG2WPPYSTFKQTWN8NRBVTSAZ"
)

// linkForms has a line for each way in which a post is linked to, and the path
// of the ref it stands for.
var linkForms = []struct{ link, path string }{
	// X, its hosts and paths.
	{"https://x.com/gopher/status/1841206275088290279", "/x/1841206275088290279"},
	{"https://twitter.com/gopher/status/20", "/x/20"},
	{"http://www.twitter.com/gopher/status/20", "/x/20"},
	{"https://mobile.twitter.com/gopher/status/20", "/x/20"},
	{"https://m.x.com/gopher/status/20", "/x/20"},
	{"HTTPS://X.COM/Gopher/Status/20", "/x/20"},
	{"https://x.com:443/gopher/status/20", "/x/20"},
	{"http://x.com:80/gopher/status/20", "/x/20"},
	{"https://x.com./gopher/status/20", "/x/20"},
	{"x.com/gopher/status/20", "/x/20"},
	{"www.x.com/gopher/status/20", "/x/20"},
	{"//x.com/gopher/status/20", "/x/20"},
	{"https://x.com/gopher/statuses/20", "/x/20"},
	{"https://x.com/gopher/article/20", "/x/20"},
	{"https://x.com/status/20", "/x/20"},
	{"https://x.com/i/status/20", "/x/20"},
	{"https://x.com/i/web/status/20", "/x/20"},
	{"https://x.com/status/status/20", "/x/20"},
	{"https://x.com/gopher/status/20/photo/1", "/x/20"},
	{"https://x.com/gopher/status/20/video/2", "/x/20"},
	{"https://x.com/gopher/status/20/analytics", "/x/20"},
	{"https://x.com/gopher/status/20/likes", "/x/20"},
	{"https://x.com/gopher/status/20/quotes", "/x/20"},
	{"https://x.com/gopher/status/20/retweets/with_comments", "/x/20"},
	{"https://x.com/gopher/status/20/", "/x/20"},
	{"https://x.com//gopher//status//20", "/x/20"},
	{"https://x.com/gopher/status/20?s=20&t=AbC_d-1", "/x/20"},
	{"https://x.com/gopher/status/20#m", "/x/20"},
	{"https://x.com/gopher/status/20.mp4", "/x/20"},
	{"https://x.com/gopher/status/20:orig", "/x/20"},
	{"https://x.com/gopher/status/%32%30", "/x/20"},
	{"https://x.com/%67opher/status/20", "/x/20"},
	{"https://x.com/gopher/status/0020", "/x/20"},
	{"https://x.com/gopher/status/18446744073709551615", "/x/18446744073709551615"},
	{"https://twitter.com/#!/gopher/status/20", "/x/20"},
	{"https://platform.twitter.com/embed/Tweet.html?dnt=true&id=20", "/x/20"},
	{"https://publish.twitter.com/?url=https%3A%2F%2Ftwitter.com%2Fgopher%2Fstatus%2F20", "/x/20"},
	{"https://publish.x.com/?query=1&url=https://x.com/gopher/status/20", "/x/20"},
	{"20", "/x/20"},
	{" 1841206275088290279\n", "/x/1841206275088290279"},

	// Mirrors of X.
	{"https://fxtwitter.com/gopher/status/20", "/x/20"},
	{"https://fxtwitter.com/gopher/status/20/de", "/x/20"},
	{"https://d.fxtwitter.com/gopher/status/20", "/x/20"},
	{"https://dl.fxtwitter.com/gopher/status/20.mp4", "/x/20"},
	{"https://t.fixupx.com/gopher/status/20", "/x/20"},
	{"https://i.fixupx.com/gopher/status/20", "/x/20"},
	{"https://g.fixupx.com/gopher/status/20", "/x/20"},
	{"https://m.fixupx.com/gopher/status/20", "/x/20"},
	{"https://o.fixupx.com/gopher/status/20", "/x/20"},
	{"https://pt-br.fixupx.com/gopher/status/20", "/x/20"},
	{"https://xfixup.com/gopher/status/20", "/x/20"},
	{"https://twittpr.com/gopher/status/20", "/x/20"},
	{"https://vxtwitter.com/gopher/status/20", "/x/20"},
	{"https://c.vxtwitter.com/gopher/status/20", "/x/20"},
	{"https://fixvx.com/gopher/status/20", "/x/20"},
	{"https://nitter.net/gopher/status/20#m", "/x/20"},
	{"https://nitter.poast.org/gopher/status/20", "/x/20"},
	{"https://nitter.privacyredirect.com/gopher/status/20", "/x/20"},
	{"https://nitter.space/gopher/status/20", "/x/20"},
	{"https://nitter.tiekoetter.com/gopher/status/20", "/x/20"},
	{"https://nitter.somewhere.example/gopher/status/20", "/x/20"},
	{"https://xcancel.com/gopher/status/20", "/x/20"},
	{"https://lightbrd.com/gopher/status/20", "/x/20"},
	{"https://threadreaderapp.com/thread/20", "/x/20"},
	{"https://threadreaderapp.com/thread/20.html", "/x/20"},
	{"https://unrollnow.com/status/20", "/x/20"},
	{"https://www.pingthread.com/thread/20", "/x/20"},
	{"https://twtext.com/article/20", "/x/20"},
	{"https://en.rattibha.com/thread/20", "/x/20"},
	{"https://web.archive.org/web/20250514150052/https://twitter.com/gopher/status/20", "/x/20"},

	// Bluesky.
	{"https://bsky.app/profile/gopher.bsky.social/post/" + rkey, "/bluesky/gopher.bsky.social/" + rkey},
	{"https://bsky.app/profile/" + did + "/post/" + rkey, "/bluesky/" + did + "/" + rkey},
	{"https://bsky.app/profile/did%3Aplc%3Aewvi7nxzyoun6zhxrhs64oiz/post/" + rkey, "/bluesky/" + did + "/" + rkey},
	{"https://bsky.app/profile/did:web:gopher.example/post/" + rkey, "/bluesky/did:web:gopher.example/" + rkey},
	{"https://bsky.app/profile/Gopher.BSKY.social/post/" + rkey, "/bluesky/gopher.bsky.social/" + rkey},
	{"https://bsky.app/profile/@gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://bsky.app/profile/gopher.example/post/self-made_key~1", "/bluesky/gopher.example/self-made_key~1"},
	{"https://bsky.app/profile/gopher.example/post/" + rkey + "/liked-by", "/bluesky/gopher.example/" + rkey},
	{"https://bsky.app/profile/gopher.example/post/" + rkey + "?ref_src=embed", "/bluesky/gopher.example/" + rkey},
	{"https://bsky.app/profile/b%C3%BCcher.example/post/" + rkey, "/bluesky/xn--bcher-kva.example/" + rkey},
	{"bsky.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://main.bsky.dev/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://staging.bsky.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://deer.social/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://blacksky.community/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://client.nobody.knows.example/profile/" + did + "/post/" + rkey, "/bluesky/" + did + "/" + rkey},
	{"https://fxbsky.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://d.fxbsky.app/profile/gopher.example/post/" + rkey + "/en", "/bluesky/gopher.example/" + rkey},
	{"https://vxbsky.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://bskx.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://bskye.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://bsyy.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://cbsky.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://embed.bsky.app/embed/" + did + "/app.bsky.feed.post/" + rkey + "?id=1", "/bluesky/" + did + "/" + rkey},
	{"https://pdsls.dev/at://" + did + "/app.bsky.feed.post/" + rkey, "/bluesky/" + did + "/" + rkey},
	{"https://skyview.social/?url=https%3A%2F%2Fbsky.app%2Fprofile%2Fgopher.example%2Fpost%2F" + rkey + "&viewtype=unroll", "/bluesky/gopher.example/" + rkey},
	{"https://skyview.social/?url=bsky.app/profile/gopher.example/post/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://skyview.social/?url=at://" + did + "/app.bsky.feed.post/" + rkey, "/bluesky/" + did + "/" + rkey},
	{"https://go.bsky.app/redirect?u=https%3A%2F%2Fx.com%2Fgopher%2Fstatus%2F20", "/x/20"},
	{"https://skywriter.blue/pages/" + did + "/post/" + rkey, "/bluesky/" + did + "/" + rkey},
	{"https://skywriter.blue/@gopher.example/" + rkey, "/bluesky/gopher.example/" + rkey},
	{"https://blue.mackuba.eu/skythread/?author=gopher.example&post=" + rkey, "/bluesky/gopher.example/" + rkey},
	{"at://" + did + "/app.bsky.feed.post/" + rkey, "/bluesky/" + did + "/" + rkey},
	{"at://gopher.example/app.bsky.feed.post/" + rkey, "/bluesky/gopher.example/" + rkey},

	// Fediverse.
	{"https://social.example/@gopher/109352833938978373", "/mastodon/social.example/109352833938978373"},
	{"https://social.example/@gopher/1", "/mastodon/social.example/1"},
	{"https://social.example/@gopher@other.example/109352833938978373", "/mastodon/social.example/109352833938978373"},
	{"https://social.example/%40gopher/12345", "/mastodon/social.example/12345"},
	{"https://social.example/@gopher/12345/embed", "/mastodon/social.example/12345"},
	{"https://social.example/@gopher/12345/media/2", "/mastodon/social.example/12345"},
	{"https://social.example/@gopher/12345?kjy=spring#top", "/mastodon/social.example/12345"},
	{"social.example/@gopher/12345", "/mastodon/social.example/12345"},
	{"https://Social.Example:443/@gopher/12345", "/mastodon/social.example/12345"},
	{"https://social.example:8443/@gopher/12345", "/mastodon/social.example:8443/12345"},
	{"https://bücher.example/@gopher/12345", "/mastodon/xn--bcher-kva.example/12345"},
	{"https://xn--bcher-kva.example/@gopher/12345", "/mastodon/xn--bcher-kva.example/12345"},
	{"http://localhost:3000/@gopher/12345", "/mastodon/localhost:3000/12345"},
	{"http://127.0.0.1:3000/@gopher/12345", "/mastodon/127.0.0.1:3000/12345"},
	{"https://social.example/users/gopher/statuses/12345", "/mastodon/social.example/12345"},
	{"https://social.example/users/gopher/statuses/12345/activity", "/mastodon/social.example/12345"},
	{"https://social.example/ap/users/117020565966271181/statuses/12345", "/mastodon/social.example/12345"},
	{"https://social.example/web/@gopher/12345", "/mastodon/social.example/12345"},
	{"https://social.example/web/@gopher@other.example/12345", "/mastodon/social.example/12345"},
	{"https://social.example/web/statuses/12345", "/mastodon/social.example/12345"},
	{"https://social.example/deck/@gopher/12345", "/mastodon/social.example/12345"},
	{"https://social.example/statuses/12345", "/mastodon/social.example/12345"},
	{"https://gts.example/@gopher/statuses/" + ulid, "/mastodon/gts.example/" + ulid},
	{"https://gts.example/users/gopher/statuses/" + ulid, "/mastodon/gts.example/" + ulid},
	{"https://pleroma.example/notice/AiBc9wOWmSXHrBKcTU", "/mastodon/pleroma.example/AiBc9wOWmSXHrBKcTU"},
	{"https://pleroma.example/objects/" + strings.ToUpper(uuid), "/mastodon/pleroma.example/" + uuid},
	{"https://soapbox.example/@gopher/posts/AiBc9wOWmSXHrBKcTU", "/mastodon/soapbox.example/AiBc9wOWmSXHrBKcTU"},
	{"https://misskey.example/notes/9c6hbmg4ks", "/mastodon/misskey.example/9c6hbmg4ks"},
	{"https://misskey.example/notes/9xk1x2y3z4a50001", "/mastodon/misskey.example/9xk1x2y3z4a50001"},
	{"https://pixelfed.example/p/gopher/654321", "/mastodon/pixelfed.example/654321"},
	{"https://snac.example/gopher/p/1795479460.303517", "/mastodon/snac.example/gopher:1795479460.303517"},
	{"https://elk.zone/social.example/@gopher@other.example/12345", "/mastodon/social.example/12345"},
	{"https://main.elk.zone/social.example/@gopher/12345", "/mastodon/social.example/12345"},
	{"https://phanpy.social/#/social.example/s/12345", "/mastodon/social.example/12345"},

	// Short links.
	{"https://t.co/AbCdEf1234", "/short/t.co/AbCdEf1234"},
	{"t.co/AbCdEf1234", "/short/t.co/AbCdEf1234"},
	{"https://bit.ly/3Xy_z-1?utm=1", "/short/bit.ly/3Xy_z-1"},
	{"https://lnkd.in/feed/abc", "/short/lnkd.in/feed/abc"},

	// What stands around a link.
	{"<https://x.com/gopher/status/20>", "/x/20"},
	{"$https://x.com/gopher/status/20", "/x/20"},
	{"||https://x.com/gopher/status/20||", "/x/20"},
	{"(https://x.com/gopher/status/20)", "/x/20"},
	{"https://x.com/gopher/status/20.", "/x/20"},
	{"https://x.com/gopher/status/20),", "/x/20"},
	{"https://x.com/gopher/status/20?!", "/x/20"},
	{"“https://x.com/gopher/status/20”", "/x/20"},
	{"**https://x.com/gopher/status/20**", "/x/20"},
	{"_https://social.example/@gopher/12345_", "/mastodon/social.example/12345"},
	{"`https://x.com/gopher/status/20`", "/x/20"},
	{"[a thread](https://x.com/gopher/status/20)", "/x/20"},
	{"[a thread](<https://x.com/gopher/status/20>)", "/x/20"},
	{"https://x.com/gopher/\u200bstatus/\u206020\ufeff", "/x/20"},
	{"\u2068https://x.com/gopher/status/20\u2069", "/x/20"},
	{"看看https://x.com/gopher/status/20谢谢", "/x/20"},
	{"look at https://example.com/ and https://x.com/gopher/status/20", "/x/20"},
}

func TestParseRefForms(t *testing.T) {
	for _, tt := range linkForms {
		t.Run(tt.link, func(t *testing.T) {
			r, err := unroll.ParseRef(tt.link)
			if err != nil {
				t.Fatal(err)
			}
			if r.Path() != tt.path {
				t.Fatalf("got %s, want %s", r, tt.path)
			}
			if back, err := unroll.ParsePath(r.Path()); err != nil || back != r {
				t.Errorf("ParsePath(%q) = %v, %v", r.Path(), back, err)
			}
		})
	}
}

func TestParseRefRefuses(t *testing.T) {
	tests := []struct {
		text string
		kind unroll.Kind
		hint string // a word of it
	}{
		{"", unroll.KindInvalidRef, "no link"},
		{"hello", unroll.KindInvalidRef, "no link"},
		{"0", unroll.KindInvalidRef, "no link"},
		{"18446744073709551616", unroll.KindInvalidRef, "no link"},
		{"https://example.com/", unroll.KindInvalidRef, "not a link to a post"},
		{"https://", unroll.KindInvalidRef, "not a web address"},
		{"ftp://x.com/gopher/status/20", unroll.KindInvalidRef, ""},
		{"https://x.com/i/spaces/1abc", unroll.KindUnsupported, "space"},
		{"https://x.com/i/broadcasts/1abc", unroll.KindUnsupported, "broadcast"},
		{"https://x.com/i/article/1841206275088290279", unroll.KindUnsupported, "article"},
		{"https://x.com/i/lists/20", unroll.KindUnsupported, "list"},
		{"https://x.com/gopher", unroll.KindInvalidRef, "profile"},
		{"https://x.com/", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/abc", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/20abc", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/-20", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/0", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/18446744073709551616", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/@gopher/12345", unroll.KindInvalidRef, "/status/"},
		{"https://fxtwitter.com/users/gopher/statuses", unroll.KindInvalidRef, "/status/"},
		{"https://x.com:8080/gopher/status/20", unroll.KindInvalidRef, "odd port"},
		{"https://x.com:8080/@gopher/12345", unroll.KindInvalidRef, "odd port"},
		{"https://gopher:secret@x.com/gopher/status/20", unroll.KindInvalidRef, "user name"},
		{"https://evil.example@x.com/gopher/status/20", unroll.KindInvalidRef, "user name"},
		{"https://bsky.app/profile/gopher.example", unroll.KindInvalidRef, "profile"},
		{"https://bsky.app/profile/gopher.example/feed/abc", unroll.KindUnsupported, "feed"},
		{"https://bsky.app/profile/handle.invalid/post/" + rkey, unroll.KindInvalidRef, "DID"},
		{"https://bsky.app/profile/gopher/post/" + rkey, unroll.KindInvalidRef, "/profile/"},
		{"https://bsky.app/profile/gopher.example/post/..", unroll.KindInvalidRef, "/profile/"},
		{"at://" + did + "/app.bsky.graph.list/" + rkey, unroll.KindUnsupported, "record"},
		{"at://" + did, unroll.KindInvalidRef, "at://"},
		{"https://unknown.example/profile/gopher.example/post/hello", unroll.KindInvalidRef, "not a link to a post"},
		{"https://skyview.social/", unroll.KindInvalidRef, "inside"},
		{"https://skyview.social/?url=https%3A%2F%2Fskyview.social%2F%3Furl%3Dx.com/gopher/status/20", unroll.KindInvalidRef, "inside"},
		{"https://social.example/@gopher", unroll.KindInvalidRef, "profile"},
		{"https://social.example/@gopher@other.example", unroll.KindInvalidRef, "profile"},
		{"https://social.example/@gopher/a-story-of-2023", unroll.KindInvalidRef, ""},
		{"https://social.example/@gopher/2023/03", unroll.KindInvalidRef, ""},
		{"https://social.example/notes/javascript", unroll.KindInvalidRef, ""},
		{"https://social.example/notes/2023", unroll.KindInvalidRef, ""},
		{"https://social.example/objects/9f8b1d2c", unroll.KindInvalidRef, ""},
		{"https://www.youtube.com/@gopher/12345", unroll.KindUnsupported, "do not read"},
		{"https://medium.com/@gopher/12345", unroll.KindUnsupported, "do not read"},
		{"https://www.tiktok.com/@gopher/video/12345", unroll.KindUnsupported, "do not read"},
		{"https://localhost/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://127.0.0.1/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://2130706433:80/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://0x7f.1:80/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://social.example:0/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://social.example:70000/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://social_1.example/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://-social.example/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://elk.zone/x.com/@gopher/12345", unroll.KindInvalidRef, "own address"},
		{"https://t.co/", unroll.KindInvalidRef, "short link"},
		{"https://t.co/../../etc", unroll.KindInvalidRef, "short link"},
		{"https://x.com/gopher/status/20" + strings.Repeat("x", 3000), unroll.KindInvalidRef, "no link"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			r, err := unroll.ParseRef(tt.text)
			if unroll.KindOf(err) != tt.kind {
				t.Fatalf("got %v, %v; want %s", r, err, tt.kind)
			}
			if !r.IsZero() {
				t.Errorf("got %v beside an error", r)
			}
			var e *unroll.Error
			if !errors.As(err, &e) || e.Op == "" || !strings.Contains(e.Error(), tt.hint) {
				t.Errorf("got %v, want an error with %q", err, tt.hint)
			}
		})
	}
}

// Links may hold what was said in private; errors go to logs.
func TestParseRefErrorsKeepSecrets(t *testing.T) {
	for _, text := range []string{
		"https://gopher:secret@x.com/gopher/status/20",
		"https://x.com/secret/status?token=secret",
		"https://skyview.social/?url=https://example.com/secret",
		"https://secret:secret/secret",
		"tell nobody: secret",
	} {
		if _, err := unroll.ParseRef(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseRef(%q): %v", text, err)
		}
	}
}

func TestFindRefs(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"none", "unroll this please", nil},
		{"one", "unroll https://x.com/gopher/status/20 please", []string{"/x/20"}},
		{"in order, each once", "x.com/a/status/2 x.com/b/status/1 https://fxtwitter.com/c/status/2", []string{"/x/2", "/x/1"}},
		{"several networks", "https://bsky.app/profile/a.example/post/" + rkey + "\nhttps://social.example/@a/1", []string{"/bluesky/a.example/" + rkey, "/mastodon/social.example/1"}},
		{"short", "https://t.co/AbCdEf1234", []string{"/short/t.co/AbCdEf1234"}},
		{"left alone", "<https://x.com/a/status/1> $https://x.com/a/status/2 <x.com/a/status/3> $x.com/a/status/4 https://x.com/a/status/5", []string{"/x/5"}},
		{"left alone in Markdown", "[a](<https://x.com/a/status/1>) [b](https://x.com/a/status/2)", []string{"/x/2"}},
		{"left alone with a comma inside", "<https://x.com/a/status/1?s=1,2>", nil},
		{"opened and not closed", "a < https://x.com/a/status/1 and <https://x.com/a/status/2 b>", []string{"/x/1", "/x/2"}},
		{"spoiler", "||https://x.com/a/status/1||", []string{"/x/1"}},
		{"address as its own name", "[https://x.com/a/status/1](https://x.com/a/status/1)", []string{"/x/1"}},
		{"lists", "x.com/a/status/1,x.com/a/status/2;x.com/a/status/3", []string{"/x/1", "/x/2", "/x/3"}},
		{"without spaces", "看https://x.com/a/status/1，https://x.com/a/status/2。x.com/a/status/3！", []string{"/x/1", "/x/2", "/x/3"}},
		{"numbers and at:// are talk", "20 at://" + did + "/app.bsky.feed.post/" + rkey, nil},
		{"no posts", "https://x.com/gopher https://youtube.com/watch?v=1 https://example.com/a/b and/or e.g./x", nil},
		{"mail", "gopher@x.com/a/status/1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, r := range unroll.FindRefs(tt.text) {
				got = append(got, r.Path())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "/", "x/20", "/x", "/x/", "/x/0", "/x/020", "/x/abc", "/x/20/", "/x/20/1", "/x/18446744073709551616", "/X/20", "//x/20",
		"/bluesky/" + rkey, "/bluesky/gopher/" + rkey, "/bluesky/Gopher.example/" + rkey, "/bluesky/a.example/..", "/bluesky/a.example/a/b",
		"/bluesky/did:plc/" + rkey, "/bluesky/did:plc:/" + rkey, "/bluesky/did:plc:a%3A/" + rkey, "/bluesky/handle.invalid/" + rkey, "/bluesky/a.example/" + strings.Repeat("a", 513),
		"/mastodon/social.example", "/mastodon/social.example/", "/mastodon/social.example/.", "/mastodon/social.example/..", "/mastodon/social.example/1/2",
		"/mastodon/Social.example/1", "/mastodon/social.example:443/1", "/mastodon/social.example:080/1", "/mastodon/social.example:/1", "/mastodon/localhost/1",
		"/mastodon/127.0.0.1/1", "/mastodon/[::1]:80/1", "/mastodon/x.com/1", "/mastodon/nitter.net/1", "/mastodon/a@social.example/1", "/mastodon/social.example/a b",
		"/mastodon/social.example/1?a", "/mastodon/social.example/" + strings.Repeat("1", 129), "/mastodon/" + strings.Repeat("a.", 200) + "example/1",
		"/short/example.com/a", "/short/t.co/", "/short/t.co/a//b", "/short/t.co/a/", "/short/t.co/../a", "/short/t.co:8080/a", "/myspace/1", "/short/t.co",
	} {
		if r, err := unroll.ParsePath(path); unroll.KindOf(err) != unroll.KindInvalidRef {
			t.Errorf("ParsePath(%q) = %+v, %v", path, r, err)
		}
	}
}

func TestRefValid(t *testing.T) {
	for _, r := range []unroll.Ref{
		{},
		{Network: unroll.X, ID: "20", Host: "x.com"},
		{Network: unroll.X, ID: "20", Author: "a.example"},
		{Network: unroll.Bluesky, Host: "bsky.app", Author: "a.example", ID: rkey},
		{Network: unroll.Mastodon, Host: "social.example", Author: "a.example", ID: "1"},
		{Network: unroll.Mastodon, ID: "1"},
		{Network: unroll.Short, Host: "t.co", Author: "a", ID: "1"},
	} {
		if r.Valid() {
			t.Errorf("%+v is valid", r)
		}
	}
}

// Reading a message is linear in its length, whatever it holds.
func TestFindRefsHostile(t *testing.T) {
	for name, unit := range map[string]string{
		"schemes":  "http://",
		"opened":   "<http://x.com/a,",
		"slashes":  "https://a.b/" + strings.Repeat("/", 100),
		"percents": "https://a.b/%%%%%%%%%",
		"dots":     "a.b/.",
		"wrapped":  "https://skyview.social/?url=",
		"colons":   "://",
		"labels":   "https://" + strings.Repeat("a.", 900) + "/ ",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(unit, 1<<20/len(unit))
			start := time.Now()
			if refs := unroll.FindRefs(text); refs != nil {
				t.Errorf("got %v", refs)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("1 MiB took %v", took)
			}
		})
	}
}

func ExampleParseRef() {
	r, err := unroll.ParseRef("||https://d.fxtwitter.com/gopher/status/1841206275088290279?s=20||")
	fmt.Println(r, err)

	_, err = unroll.ParseRef("https://x.com/i/spaces/1abc")
	fmt.Println(unroll.KindOf(err))
	// Output:
	// /x/1841206275088290279 <nil>
	// unsupported
}

func ExampleFindRefs() {
	for _, r := range unroll.FindRefs("This (x.com/gopher/status/20) but not <https://x.com/gopher/status/21>, and https://social.example/@gopher/12345.") {
		fmt.Println(r)
	}
	// Output:
	// /x/20
	// /mastodon/social.example/12345
}

func BenchmarkFindRefs(b *testing.B) {
	text := strings.Repeat("some words, a link: https://x.com/gopher/status/1841206275088290279?s=20 and more. ", 20)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		unroll.FindRefs(text)
	}
}

// seedLinks are the forms of the tables above.
func seedLinks(f *testing.F) {
	for _, tt := range linkForms {
		f.Add(tt.link)
	}
}

// checkRef fails unless r is valid and its path leads back to it.
func checkRef(t *testing.T, r unroll.Ref) {
	t.Helper()
	if !r.Valid() {
		t.Fatalf("%+v is not valid", r)
	}
	if back, err := unroll.ParsePath(r.Path()); err != nil || back != r {
		t.Fatalf("ParsePath(%q) = %+v, %v", r.Path(), back, err)
	}
}

func FuzzParseRef(f *testing.F) {
	seedLinks(f)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := unroll.ParseRef(text)
		if err != nil {
			if k := unroll.KindOf(err); k != unroll.KindInvalidRef && k != unroll.KindUnsupported {
				t.Fatalf("kind %q", k)
			}
			return
		}
		checkRef(t, r)
	})
}

func FuzzFindRefs(f *testing.F) {
	seedLinks(f)
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[unroll.Ref]bool{}
		for _, r := range unroll.FindRefs(text) {
			checkRef(t, r)
			if seen[r] {
				t.Fatalf("%v twice", r)
			}
			seen[r] = true
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, tt := range linkForms {
		f.Add(tt.path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := unroll.ParsePath(path)
		if err != nil {
			return
		}
		if !r.Valid() || r.Path() != path {
			t.Fatalf("%q became %+v", path, r)
		}
	})
}
