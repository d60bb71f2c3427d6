package unroll_test

import (
	"strings"
	"testing"

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
