package xapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// converted decodes an answer with one post and converts it.
func converted(t *testing.T, body string) unroll.Post {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		t.Fatal(err)
	}
	p := newParts(&a.Includes).convert(a.Data[0], a.Data[0].ID)
	sourcetest.CheckFacets(t, p.Text, p.Facets)
	return p
}

func TestText(t *testing.T) {
	t.Parallel()
	const link = `"url":"https://t.co/aaaaaaaaaa"`
	for name, tc := range map[string]struct {
		post string
		text string
		cut  bool
		gap  unroll.GapReason
	}{
		"escaped": {`"text":"1 &lt; 2 &amp;amp; 3"`, "1 < 2 &amp; 3", false, ""},
		"name of whom it answers, without a range": {
			`"text":"@ada @bob yes","in_reply_to_user_id":"5","referenced_tweets":[{"type":"replied_to","id":"8"}],
			"entities":{"mentions":[{"start":0,"end":4,"username":"ada","id":"5"},{"start":5,"end":9,"username":"bob","id":"6"}]}`,
			"@bob yes", false, "",
		},
		"name of somebody else, without a range": {
			`"text":"@ada yes","in_reply_to_user_id":"6","referenced_tweets":[{"type":"replied_to","id":"8"}],
			"entities":{"mentions":[{"start":0,"end":4,"username":"ada","id":"5"}]}`,
			"@ada yes", false, "",
		},
		"names before a note": {
			`"text":"@ada short… https://t.co/aaaaaaaaaa","display_text_range":[5,30],
			"note_tweet":{"text":"@ada long","entities":{"mentions":[{"start":0,"end":4,"username":"ada","id":"5"}]}}`,
			"long", false, "",
		},
		"cut short, the rest not there": {
			`"text":"much… https://t.co/aaaaaaaaaa","entities":{"urls":[{"start":6,"end":29,` + link + `,"expanded_url":"https://twitter.com/i/web/status/7"}]}`,
			"much…", true, "",
		},
		"its own picture, without a key": {
			`"text":"look https://t.co/aaaaaaaaaa","entities":{"urls":[{"start":5,"end":28,` + link + `,"expanded_url":"https://x.com/a/status/7/photo/1"}]}`,
			"look", false, "",
		},
		"a quote that is not there keeps no link": {
			`"text":"see https://t.co/aaaaaaaaaa","referenced_posts":[{"type":"quoted","id":"9"}],
			"entities":{"urls":[{"start":4,"end":27,` + link + `,"expanded_url":"https://x.com/a/status/9"}]}`,
			"see", false, "",
		},
		"another post's link stays": {
			`"text":"see https://t.co/aaaaaaaaaa","entities":{"urls":[{"start":4,"end":27,` + link + `,"display_url":"x.com/a/status/9","expanded_url":"https://x.com/a/status/9"}]}`,
			"see x.com/a/status/9", false, "",
		},
		"withheld":                {`"text":"@a's account has been withheld in Freedonia in response to a legal demand.","withheld":{"country_codes":["XX"]}`, "", false, unroll.GapWithheld},
		"withheld elsewhere":      {`"text":"still here","withheld":{"country_codes":["XX"]}`, "still here", false, ""},
		"words about withholding": {`"text":"it was withheld in Freedonia"`, "it was withheld in Freedonia", false, ""},
		"against the media policy": {
			`"text":"This is temporarily unavailable because it violates the Media Policy. Learn more.",
			"entities":{"urls":[{"start":69,"end":79,"url":"https://support.example/policy","expanded_url":"https://support.example/policy"}]}`,
			"", false, unroll.GapWithheld,
		},
		"article without its body": {
			`"text":"https://t.co/aaaaaaaaaa","article":{"title":"T","preview_text":"P"},
			"entities":{"urls":[{"start":0,"end":23,` + link + `,"expanded_url":"https://x.com/i/article/3"}]}`,
			"", true, "",
		},
		"article whose title is the text": {`"text":"T","article":{"title":"T","plain_text":"One.\nTwo."}`, "T\n\nOne.\n\nTwo.", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := converted(t, `{"data":{"id":"7","author_id":"4",`+tc.post+`}}`)
			gap := unroll.GapReason("")
			if p.Gap != nil {
				gap = p.Gap.Reason
			}
			if p.Text != tc.text || p.Cut != tc.cut || gap != tc.gap {
				t.Errorf("text %q, cut %v, gap %q", p.Text, p.Cut, gap)
			}
		})
	}
}

func TestArticleCard(t *testing.T) {
	t.Parallel()
	p := converted(t, `{"data":[{"id":"7","author_id":"4","text":"","article":{"title":"T","preview_text":"P","cover_media":"3_1"}}],
		"includes":{"media":[{"media_key":"3_1","type":"photo","url":"https://img.example/c.jpg","alt_text":"A"}]}}`)
	want := &unroll.Card{URL: "https://x.com/i/status/7", Title: "T", Description: "P", Image: "https://img.example/c.jpg", ImageAlt: "A"}
	if diff := cmp.Diff(want, p.Card); diff != "" {
		t.Error(diff)
	}
}

func TestCard(t *testing.T) {
	t.Parallel()
	const page = `"text":"see https://t.co/aaaaaaaaaa","entities":{"urls":[{"start":4,"end":27,"url":"https://t.co/aaaaaaaaaa",
		"expanded_url":"https://a.example/?utm_source=x","title":"A","description":"B",
		"images":[{"url":"https://a.example/s.png","width":150},{"url":"https://a.example/l.png","width":800}]}]}`
	for name, tc := range map[string]struct {
		post string
		want *unroll.Card
	}{
		"a page": {page, &unroll.Card{URL: "https://a.example/", Title: "A", Description: "B", Image: "https://a.example/l.png"}},
		"a page beside a picture, which hides it": {page + `,"attachments":{"media_keys":["1"]}`, nil},
		"a page before an article":                {page + `,"article":{"title":"T","plain_text":"One."}`, nil},
		"a post":                                  {strings.ReplaceAll(page, "https://a.example/?", "https://x.com/b/status/9?"), nil},
		"no page that X knows":                    {strings.ReplaceAll(page, `"title":"A",`, ""), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := converted(t, `{"data":{"id":"7","author_id":"4",`+tc.post+`},"includes":{"media":[{"media_key":"1","type":"photo","url":"https://img.example/1.jpg"}]}}`)
			if diff := cmp.Diff(tc.want, p.Card); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestTake: of several answers about a post the newest version counts, then
// the one that was asked for; what is said of accounts is not said of posts.
func TestTake(t *testing.T) {
	t.Parallel()
	const (
		first   = `{"data":[{"id":"7","author_id":"4","text":"first","edit_history_tweet_ids":["7"]}]}`
		old     = `{"data":[{"id":"7","author_id":"4","text":"first","edit_history_tweet_ids":["7","8"]}]}`
		current = `{"data":[{"id":"8","author_id":"4","text":"current","edit_history_tweet_ids":["7","8"]}]}`
		brought = `{"includes":{"tweets":[{"id":"8","author_id":"4","text":"brought along","edit_history_tweet_ids":["7","8"]}]}}`
	)
	for name, tc := range map[string]struct {
		answers []string
		text    string
		stale   bool
	}{
		"one":                          {[]string{first}, "first", false},
		"old before current":           {[]string{old, current}, "current", false},
		"current before old":           {[]string{current, old}, "current", false},
		"before it was edited":         {[]string{first, current}, "current", false},
		"before it was edited, later":  {[]string{current, first}, "current", false},
		"old alone":                    {[]string{old}, "first", true},
		"brought along":                {[]string{brought}, "brought along", false},
		"brought along, then asked":    {[]string{brought, current}, "current", false},
		"asked, then brought along":    {[]string{current, brought}, "current", false},
		"of an account":                {[]string{`{"errors":[{"resource_type":"user","value":"7","type":"x/resource-not-found"}]}`, current}, "current", false},
		"gone, and yet there":          {[]string{`{"errors":[{"resource_type":"tweet","value":"7","type":"x/resource-not-found"}]}`, first}, "first", false},
		"there, and an error about it": {[]string{first, `{"errors":[{"resource_type":"tweet","value":"7","type":"x/field-hydration-failure"}]}`}, "first", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWalk(&Source{}, "7")
			for _, raw := range tc.answers {
				var a answer
				if err := json.Unmarshal([]byte(raw), &a); err != nil {
					t.Fatal(err)
				}
				w.take(&a)
			}
			h := w.get("7")
			if name == "brought along" {
				h = w.get("8")
			}
			if h == nil || h.post.Text != tc.text || h.stale != tc.stale || len(w.order) != 1 {
				t.Errorf("%+v, posts %q", h, w.order)
			}
			if _, gone := w.gone["7"]; gone {
				t.Errorf("gone: %v", w.gone)
			}
		})
	}
}

func TestMedia(t *testing.T) {
	t.Parallel()
	p := converted(t, `{"data":[{"id":"7","author_id":"4","text":"x","attachments":{"media_keys":["1","1","2","3","4","gone"]}}],
		"includes":{"media":[
			{"media_key":"1","type":"video","preview_image_url":"https://img.example/1.jpg","duration_ms":1500.9},
			{"media_key":"2","type":"hologram","url":"https://img.example/2.jpg"},
			{"media_key":"3","type":"photo","url":"javascript:alert(1)"},
			{"media_key":"4","type":"animated_gif","duration_ms":-1,"variants":[{"bit_rate":0,"content_type":"video/mp4","url":"https://video.example/4.mp4"}]}]}}`)
	want := []unroll.Media{
		{Kind: unroll.MediaImage, URL: "https://img.example/1.jpg", Preview: "https://img.example/1.jpg", Duration: 1500 * time.Millisecond},
		{
			Kind: unroll.MediaGIF, URL: "https://video.example/4.mp4",
			Variants: []unroll.Variant{{URL: "https://video.example/4.mp4", Type: "video/mp4"}},
		},
	}
	if diff := cmp.Diff(want, p.Media); diff != "" {
		t.Error(diff)
	}
}

func TestIDTime(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]time.Time{
		"1212092628029698048":  time.Date(2019, time.December, 31, 19, 26, 16, 771e6, time.UTC),
		"20":                   {},
		"":                     {},
		"x":                    {},
		"18446744073709551615": time.Date(2150, time.March, 18, 9, 18, 5, 760e6, time.UTC),
	} {
		if got := idTime(id); !got.Equal(want) {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
	at := time.Date(2026, time.May, 1, 2, 3, 4, 5e6, time.UTC)
	if got := idTime(idAt(at)); !got.Equal(at) {
		t.Errorf("%v, want %v", got, at)
	}
	if got := idAt(time.Time{}); got != "0" {
		t.Errorf("%s", got)
	}
}

// FuzzAnswer: whatever an answer holds, what is made of it keeps the contract.
func FuzzAnswer(f *testing.F) {
	sc := readScript(f, "rich", strings.NewReplacer())
	for _, raw := range sc.answers {
		f.Add(raw)
	}
	f.Add([]byte(`{"data":{"id":"7","author_id":"4","edit_history_tweet_ids":["7","8"]},"includes":{"posts":[{"id":"8","author_id":"4","edit_history_post_ids":["8","7"]}]}}`))
	f.Add([]byte(`{"errors":[{"value":7,"resource_id":"7","title":"Forbidden","detail":"suspended"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var a answer
		if json.Unmarshal(raw, &a) != nil {
			return
		}
		s, err := New(Config{Token: token, Now: clock}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		w := newWalk(s, "7")
		w.take(&a)
		w.take(&a)
		for _, id := range w.order {
			h := w.posts[id]
			w.asked, w.root, w.author = id, h.post.RootID, h.post.AuthorID
			_ = w.wanted(id, "")
			if c, err := w.finish(); err == nil {
				sourcetest.CheckConversation(t, c)
				if _, err := unroll.Assemble(c); err != nil && unroll.KindOf(err) == unroll.KindInternal {
					t.Error(err)
				}
			}
		}
	})
}
