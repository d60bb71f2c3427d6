package fakenet_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// crowded is a chain of 30 by ada; 50 others answer its first post with IDs
// that come before the second's.
func crowded() fakenet.World {
	w := fakenet.Chain(30)
	w.Posts[0].ID, w.Posts[1].ParentID = "900", "900"
	for i := range 50 {
		w.Posts = append(w.Posts, post(strconv.Itoa(1000+i), "bob", "900"))
	}
	return w
}

func ids(first, n int) []string {
	var out []string
	for i := range n {
		out = append(out, strconv.Itoa(first+i))
	}
	return out
}

func TestMastodonContext(t *testing.T) {
	token := fakenet.MastodonConfig{Token: "secret"}
	gts := fakenet.MastodonConfig{Token: "secret", GoToSocial: true}
	tests := []struct {
		name      string
		world     fakenet.World
		cfg       fakenet.MastodonConfig
		ask       string
		auth      string
		ancestors []string
		below     []string
	}{
		{"self-replies first", gapped(unroll.GapPrivate), fakenet.MastodonConfig{}, "101", "", nil, []string{"102", "103", "105", "106", "107", "108", "301", "302", "201"}},
		{"private posts for those who may", gapped(unroll.GapPrivate), token, "103", "secret", []string{"101", "102"}, []string{"104", "105", "106", "107", "108", "301", "302"}},
		{"above a private post", gapped(unroll.GapPrivate), fakenet.MastodonConfig{}, "106", "", []string{"101", "102", "103", "105"}, []string{"107", "108"}},
		{"a deleted post parts the thread", gapped(unroll.GapDeleted), fakenet.MastodonConfig{}, "103", "", []string{"101", "102"}, []string{"301", "302"}},
		{"below the deleted post", gapped(unroll.GapDeleted), fakenet.MastodonConfig{}, "106", "", []string{"105"}, []string{"107", "108"}},
		{"GoToSocial shows nothing above it", gapped(unroll.GapDeleted), gts, "106", "secret", nil, []string{"107", "108"}},
		{"depth 20, none beyond", fakenet.Chain(50), fakenet.MastodonConfig{}, "1000001", "", nil, ids(1000002, 20)},
		{"40 ancestors, the nearest", fakenet.Chain(50), fakenet.MastodonConfig{}, "1000050", "", ids(1000010, 40), nil},
		{"all with a token", fakenet.Chain(90), token, "1000045", "secret", ids(1000001, 44), ids(1000046, 45)},
		{"60 of anybody's, then the author's first", crowded(), fakenet.MastodonConfig{}, "900", "", nil, append(ids(1000002, 10), ids(1000, 50)...)},
		{"own limits", fakenet.Chain(50), fakenet.MastodonConfig{Ancestors: 1, Descendants: 2, Depth: 3}, "1000010", "", ids(1000009, 1), ids(1000011, 2)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := start(t, tt.world, fakenet.Config{Mastodon: tt.cfg})
			var header []string
			if tt.auth != "" {
				header = []string{"Authorization", "Bearer " + tt.auth}
			}
			status, body := get(t, "http://"+n.MastodonHost+"/api/v1/statuses/"+tt.ask+"/context", header...)
			if status != 200 {
				t.Fatalf("status %d: %v", status, body.v)
			}
			if diff := cmp.Diff(tt.ancestors, body.at("ancestors").ids("id")); diff != "" {
				t.Errorf("ancestors (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.below, body.at("descendants").ids("id")); diff != "" {
				t.Errorf("descendants (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMastodonRefusals(t *testing.T) {
	w := gapped(unroll.GapPrivate)
	const status = "/api/v1/statuses/"
	for _, tt := range []struct {
		name, path, auth string
		cfg              fakenet.MastodonConfig
		want             int
		message          string
	}{
		{"missing", status + "999", "", fakenet.MastodonConfig{}, 404, "Record not found"},
		{"private", status + "104/context", "", fakenet.MastodonConfig{}, 404, "Record not found"},
		{"login wanted", status + "101", "", fakenet.MastodonConfig{LoginOnly: true, Token: "x"}, 401, "This method requires an authenticated user"},
		{"wrong token", status + "101", "y", fakenet.MastodonConfig{Token: "x"}, 401, "The access token is invalid"},
		{"right token", status + "104", "x", fakenet.MastodonConfig{LoginOnly: true, Token: "x"}, 200, ""},
		{"GoToSocial without token", status + "101/context", "", fakenet.MastodonConfig{GoToSocial: true}, 401, "Unauthorized: token not supplied"},
		{"GoToSocial, missing", status + "999", "x", fakenet.MastodonConfig{GoToSocial: true, Token: "x"}, 404, "Not Found: target status not found"},
		{"instance is open", "/api/v2/instance", "", fakenet.MastodonConfig{LoginOnly: true}, 200, ""},
		{"unknown route", "/api/v9", "", fakenet.MastodonConfig{}, 404, "Not Found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := start(t, w, fakenet.Config{Mastodon: tt.cfg})
			var header []string
			if tt.auth != "" {
				header = []string{"Authorization", "Bearer " + tt.auth}
			}
			got, body := get(t, "http://"+n.MastodonHost+tt.path, header...)
			if got != tt.want || body.at("error").str() != tt.message {
				t.Errorf("%d %v", got, body.v)
			}
		})
	}
}

func TestMastodonReplyIDs(t *testing.T) {
	w := gapped(unroll.GapDeleted)
	for _, tt := range []struct {
		name string
		cfg  fakenet.MastodonConfig
		want any
	}{
		{"Mastodon forgets a deleted parent", fakenet.MastodonConfig{Token: "x"}, nil},
		{"GoToSocial does not", fakenet.MastodonConfig{Token: "x", GoToSocial: true}, "104"},
	} {
		n := start(t, w, fakenet.Config{Mastodon: tt.cfg})
		_, body := get(t, "http://"+n.MastodonHost+"/api/v1/statuses/105", "Authorization", "Bearer x")
		if body.at("in_reply_to_id").v != tt.want || body.at("in_reply_to_account_id").v != body.at("account", "id").v {
			t.Errorf("%s: %v by %v", tt.name, body.at("in_reply_to_id").v, body.at("in_reply_to_account_id").v)
		}
	}
}

func TestMastodonAccountStatuses(t *testing.T) {
	n := start(t, crowded(), fakenet.Config{})
	base := "http://" + n.MastodonHost
	_, who := get(t, base+"/api/v1/accounts/lookup?acct=@ada@"+n.MastodonHost)
	path := base + "/api/v1/accounts/" + who.at("id").str() + "/statuses?exclude_reblogs=true"
	_, newest := get(t, path)
	if diff := cmp.Diff(backwards(ids(1000011, 20)), newest.ids("id")); diff != "" {
		t.Errorf("newest (-want +got):\n%s", diff)
	}
	_, older := get(t, path+"&limit=99&max_id=1000011")
	if diff := cmp.Diff(append(backwards(ids(1000002, 9)), "900"), older.ids("id")); diff != "" {
		t.Errorf("older (-want +got):\n%s", diff)
	}
	_, after := get(t, path+"&limit=2&min_id=900")
	if diff := cmp.Diff([]string{"1000003", "1000002"}, after.ids("id")); diff != "" {
		t.Errorf("after the first (-want +got):\n%s", diff)
	}
	if status, _ := get(t, base+"/api/v1/accounts/1/statuses"); status != 404 {
		t.Errorf("unknown account: %d", status)
	}
}

func backwards(s []string) []string {
	slices.Reverse(s)
	return s
}

func TestMastodonContent(t *testing.T) {
	w := fakenet.World{
		Authors: []fakenet.Author{{ID: "ada"}, {ID: "bob"}},
		Emoji:   map[string]string{"bun": "https://img.example/bun.png"},
	}
	toot := func(id, text string) fakenet.Post {
		p := post(id, "ada", "")
		p.Text, p.Facets = w.Rich(text)
		return p
	}
	quoting := toot("6", "Look.")
	quoting.Quotes = "1"
	withdrawn := toot("7", "Look.")
	withdrawn.Quotes, withdrawn.QuoteGap = "1", unroll.GapWithheld
	covered := toot("8", "secret :bun:")
	covered.Warning, covered.Poll = "food", &unroll.Poll{Options: []unroll.PollOption{{Label: "yes", Votes: -1}}, Votes: 3}
	w.Posts = []fakenet.Post{
		toot("1", `"salt" & <b>`), toot("2", "one\ntwo\n\n\nthree"), toot("3", "@bob: #Brot_2!"),
		toot("4", "https://www.example.org/an/address/of/more/than/thirty/characters."), toot("5", "**bold** and @nobody"),
		quoting, withdrawn, covered,
	}
	n := start(t, w, fakenet.Config{Mastodon: fakenet.MastodonConfig{Base: "https://toots.test"}})
	link := func(href, prefix, class, shown, rest string) string {
		return `<a href="` + href + `" target="_blank" rel="nofollow noopener" translate="no"><span class="invisible">` + prefix +
			`</span><span class="` + class + `">` + shown + `</span><span class="invisible">` + rest + `</span></a>`
	}
	re := `<p class="quote-inline">RE: ` + link("https://toots.test/@ada/1", "https://", "", "toots.test/@ada/1", "") + `</p>`
	for id, want := range map[string]string{
		"1": `<p>&quot;salt&quot; &amp; &lt;b&gt;</p>`,
		"2": `<p>one<br />two</p><p>three</p>`,
		"3": `<p><span class="h-card" translate="no"><a href="https://toots.test/@bob" class="u-url mention">@<span>bob</span></a></span>: ` +
			`<a href="https://toots.test/tags/brot_2" class="mention hashtag" rel="tag">#<span>Brot_2</span></a>!</p>`,
		"4": `<p>` + link("https://www.example.org/an/address/of/more/than/thirty/characters", "https://www.", "ellipsis",
			"example.org/an/address/of/more", "/than/thirty/characters") + `.</p>`,
		"5": `<p><strong>bold</strong> and @nobody</p>`,
		"6": re + `<p>Look.</p>`,
		"7": re + `<p>Look.</p>`,
		"8": `<p>secret :bun:</p>`,
	} {
		_, body := get(t, "http://"+n.MastodonHost+"/api/v1/statuses/"+id)
		if diff := cmp.Diff(want, body.at("content").str()); diff != "" {
			t.Errorf("content of %s (-want +got):\n%s", id, strings.TrimSpace(diff))
		}
		switch id {
		case "6":
			if body.at("quote", "state").str() != "accepted" || body.at("quote", "quoted_status", "id").str() != "1" {
				t.Errorf("quote: %v", body.at("quote").v)
			}
		case "7":
			if body.at("quote", "state").str() != "revoked" || body.at("quote", "quoted_status").v != nil {
				t.Errorf("withdrawn quote: %v", body.at("quote").v)
			}
		case "8":
			if body.at("spoiler_text").str() != "food" || body.at("sensitive").v != true || body.at("emojis", 0, "shortcode").str() != "bun" {
				t.Errorf("covered: %v", body.v)
			}
			if o := body.at("poll", "options", 0); !o.has("votes_count") || o.at("votes_count").v != nil {
				t.Errorf("hidden votes: %v", o.v)
			}
		}
	}
}
