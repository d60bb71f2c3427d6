package fakenet_test

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// startX serves w as X's API does, for the time of a test.
func startX(t *testing.T, w fakenet.World, cfg fakenet.XAPIConfig) (*fakenet.XAPI, string) {
	t.Helper()
	x := fakenet.NewXAPI(w, cfg)
	srv := httptest.NewServer(x)
	t.Cleanup(srv.Close)
	return x, srv.URL
}

// ask gets a path with a token and parameters.
func ask(t *testing.T, base, path string, params ...string) (int, value) {
	t.Helper()
	q := url.Values{}
	for i := 0; i+1 < len(params); i += 2 {
		q.Set(params[i], params[i+1])
	}
	return get(t, base+path+"?"+q.Encode(), "Authorization", "Bearer T")
}

func TestXAPISearch(t *testing.T) {
	w := gapped(unroll.GapDeleted)
	now := time.Date(2026, time.March, 3, 9, 0, 0, 0, time.UTC) // an hour after the World begins
	x, base := startX(t, w, fakenet.XAPIConfig{Token: "T", FullArchive: true, Now: func() time.Time { return now }})
	_, p := ask(t, base, "/2/tweets", "ids", "101", "tweet.fields", "author_id,conversation_id")
	ada := p.at("data", 0, "author_id").str()

	const recent, all = "/2/tweets/search/recent", "/2/tweets/search/all"
	for _, tt := range []struct {
		name, path, query string
		want              []string
	}{
		{"an author's replies, newest first", recent, "conversation_id:101 from:" + ada, []string{"302", "301", "108", "107", "106", "105", "103", "102"}},
		{"by name", all, "conversation_id:101 from:ada", []string{"302", "301", "108", "107", "106", "105", "103", "102"}},
		{"everybody's", all, "conversation_id:101", []string{"302", "301", "201", "108", "107", "106", "105", "103", "102"}},
		{"another conversation's", all, "conversation_id:102 from:" + ada, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := ask(t, base, tt.path, "query", tt.query, "max_results", "100")
			if diff := cmp.Diff(tt.want, body.at("data").ids("id")); status != 200 || diff != "" {
				t.Errorf("status %d (-want +got):\n%s", status, diff)
			}
		})
	}
	if n := x.Posts(); n != 1+8+8+9 {
		t.Errorf("%d posts in answers", n)
	}
	now = now.Add(7*24*time.Hour - 54*time.Minute) // so that seven days ago was 08:06
	if _, body := ask(t, base, recent, "query", "conversation_id:101 from:"+ada, "max_results", "100"); !cmp.Equal(body.at("data").ids("id"), []string{"302", "108", "107", "106", "105"}) {
		t.Errorf("seven days later: %q", body.at("data").ids("id"))
	}
}

func TestXAPIPages(t *testing.T) {
	_, base := startX(t, fakenet.Chain(25), fakenet.XAPIConfig{FullArchive: true})
	var got []string
	for token, pages := "", 1; ; pages++ {
		params := []string{"query", "conversation_id:1000001", "max_results", "10"}
		if token != "" {
			params = append(params, "next_token", token)
		}
		_, body := ask(t, base, "/2/tweets/search/all", params...)
		got = append(got, body.at("data").ids("id")...)
		if token = body.at("meta", "next_token").str(); token == "" {
			if pages != 3 || len(got) != 24 || got[0] != "1000025" || got[23] != "1000002" {
				t.Errorf("%d pages: %q", pages, got)
			}
			break
		}
	}
	_, body := ask(t, base, "/2/tweets", "ids", "1000001", "tweet.fields", "author_id")
	path := "/2/users/" + body.at("data", 0, "author_id").str() + "/tweets"
	_, body = ask(t, base, path, "since_id", "1000003", "until_id", "1000006", "max_results", "5")
	if diff := cmp.Diff([]string{"1000005", "1000004"}, body.at("data").ids("id")); diff != "" {
		t.Errorf("timeline: %s", diff)
	}
	if _, body = ask(t, base, path, "exclude", "replies"); !cmp.Equal(body.at("data").ids("id"), []string{"1000001"}) {
		t.Errorf("timeline without replies: %q", body.at("data").ids("id"))
	}
}

func TestXAPIRefusals(t *testing.T) {
	w := gapped(unroll.GapSuspended)
	w.Authors = append(w.Authors, fakenet.Author{ID: "shy", Gap: unroll.GapPrivate})
	w.Posts = append(w.Posts, post("400", "shy", ""), hidden(post("401", "ada", ""), unroll.GapWithheld))
	_, base := startX(t, w, fakenet.XAPIConfig{Token: "T"})
	for _, tt := range []struct {
		name, path string
		params     []string
		status     int
		kind       string // the last part of type
	}{
		{"an operator that it does not know", "/2/tweets/search/recent", []string{"query", "conversation_id:1 has:links"}, 400, "invalid-request"},
		{"too few results", "/2/tweets/search/recent", []string{"query", "from:1", "max_results", "9"}, 400, "invalid-request"},
		{"too many", "/2/tweets/search/recent", []string{"query", "from:1", "max_results", "101"}, 400, "invalid-request"},
		{"another page's token", "/2/tweets/search/recent", []string{"query", "from:1", "next_token", "x"}, 400, "invalid-request"},
		{"the whole archive", "/2/tweets/search/all", []string{"query", "from:1"}, 403, "client-forbidden"},
		{"no number", "/2/tweets", []string{"ids", "1,a"}, 400, "invalid-request"},
		{"too many posts", "/2/tweets", []string{"ids", strings.Repeat("1,", 100) + "1"}, 400, "invalid-request"},
		{"the new names", "/2/tweets", []string{"ids", "101", "post.fields", "note_post"}, 400, "invalid-request"},
		{"an unknown expansion", "/2/tweets", []string{"ids", "101", "expansions", "referenced_posts"}, 400, "invalid-request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := ask(t, base, tt.path, tt.params...)
			if kind := body.at("type").str(); status != tt.status || !strings.HasSuffix(kind, "/problems/"+tt.kind) {
				t.Errorf("%d %v", status, body.v)
			}
		})
	}
	if status, body := get(t, base+"/2/tweets?ids=101"); status != 401 || body.at("title").str() != "Unauthorized" {
		t.Errorf("without a token: %d %v", status, body.v)
	}
	status, body := ask(t, base, "/2/tweets", "ids", "104,400,999,401,101", "tweet.fields", "withheld")
	if got := body.at("data").ids("id"); status != 200 || !cmp.Equal(got, []string{"401", "101"}) || !body.at("data", 0).has("withheld") {
		t.Errorf("%d %v", status, body.v)
	}
	var got []string
	for _, e := range body.at("errors").list() {
		kind := e.at("type").str()
		got = append(got, e.at("resource_id").str()+" "+e.at("title").str()+" "+kind[strings.LastIndex(kind, "/")+1:])
	}
	want := []string{"104 Forbidden resource-not-found", "400 Authorization Error not-authorized-for-resource", "999 Not Found Error resource-not-found"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestXAPIRates(t *testing.T) {
	_, base := startX(t, fakenet.Chain(1), fakenet.XAPIConfig{Limit: 1})
	if status, _ := ask(t, base, "/2/tweets", "ids", "1000001"); status != 200 {
		t.Errorf("first: %d", status)
	}
	if status, _ := ask(t, base, "/2/tweets", "ids", "1000001"); status != 429 {
		t.Errorf("second: %d", status)
	}
	if status, _ := ask(t, base, "/2/tweets/search/recent", "query", "from:1"); status != 200 {
		t.Errorf("another endpoint: %d", status)
	}
}

// TestXAPIShapes: only the fields that were asked for come, under the names of
// the language that is spoken, and ranges count code points of what is
// escaped.
func TestXAPIShapes(t *testing.T) {
	w := fakenet.World{Authors: []fakenet.Author{{ID: "ada"}, {ID: "bob"}}}
	p := post("10", "ada", "9")
	p.Text, p.Facets = w.Rich("👩‍🔬 salt & <pepper> #taste with @bob at https://example.org/a?x=1&y=2 now")
	p.Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://img.example/1.png"}, {Kind: unroll.MediaImage, URL: "https://img.example/2.png"}}
	p.Quotes = "9"
	note := post("11", "ada", "")
	note.Note, note.Text = true, strings.Repeat("long ", 100)
	w.Posts = []fakenet.Post{post("9", "bob", ""), p, note}
	for _, tt := range []struct {
		name                       string
		cfg                        fakenet.XAPIConfig
		param, refs, note, history string
	}{
		{"classic", fakenet.XAPIConfig{}, "tweet.fields", "referenced_tweets", "note_tweet", "edit_history_tweet_ids"},
		{"new", fakenet.XAPIConfig{NewNames: true}, "post.fields", "referenced_posts", "note_post", "edit_history_post_ids"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, base := startX(t, w, tt.cfg)
			_, body := ask(t, base, "/2/tweets", "ids", "10,11", "expansions", "author_id,attachments.media_keys",
				tt.param, "entities,attachments,"+strings.Join([]string{tt.refs, tt.note, tt.history}, ","))
			o := body.at("data", 0)
			if o.has("author_id") || !o.has(tt.refs) || !o.has(tt.history) || !body.at("data", 1).has(tt.note) {
				t.Errorf("%v", body.v)
			}
			text := []rune(o.at("text").str())
			for kind, key := range map[string]string{"urls": "url", "mentions": "username", "hashtags": "tag"} {
				list := o.at("entities", kind).list()
				if len(list) == 0 {
					t.Errorf("no %s", kind)
				}
				for _, e := range list {
					a, z := int(e.at("start").v.(float64)), int(e.at("end").v.(float64))
					if got := string(text[a:z]); !strings.HasSuffix(got, e.at(key).str()) {
						t.Errorf("%s: %q is %q", kind, e.at(key).str(), got)
					}
				}
			}
			if n := len(o.at("entities", "urls").list()); n != 4 { // the link, the quote, and one for each picture
				t.Errorf("%d links", n)
			}
			if len(body.at("includes", "media").list()) != 2 || len(body.at("includes", "users").list()) != 1 {
				t.Errorf("%v", body.at("includes").v)
			}
		})
	}
}
