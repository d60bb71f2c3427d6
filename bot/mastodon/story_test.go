package mastodon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot/bottest"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

func TestAnswer(t *testing.T) {
	for visibility, want := range map[string]struct {
		visibility string
		published  int
	}{"public": {"unlisted", 1}, "unlisted": {"unlisted", 1}, "private": {"direct", 0}, "direct": {"direct", 0}} {
		t.Run(visibility, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				id := r.net.Mention(bottest.MastodonMention{Author: "carol", InReplyTo: r.parent, Visibility: visibility})
				r.Live()
				got := r.wantPosts(1)[0]
				text := "@carol@social.example “How looms work, with thanks to @\u2060carol and loom.\u2060example #\u2060weaving”\n2 posts · 3 minutes to read\n" +
					mentiontest.PublicURL + threadRef.Path()
				if d := cmp.Diff(bottest.MastodonPost{ID: got.ID, Status: text, InReplyTo: id, Visibility: want.visibility}, got); d != "" {
					t.Error(d)
				}
				if n := r.Threads.Published(); n != want.published {
					t.Errorf("listed %d times", n)
				}
				if d := cmp.Diff([]unroll.Ref{{Network: unroll.Mastodon, Host: "social.example", ID: "21"}}, r.Threads.Asked()); d != "" {
					t.Errorf("the post replied to is meant: %s", d)
				}
			})
		})
	}
}

func TestWhatIsMeant(t *testing.T) {
	me := bottest.MastodonBot
	ada := `<a href="https://social.example/@ada" class="u-url mention">@<span>ada</span></a>`
	link := `<a href="https://other.example/@bob/7"><span class="invisible">https://</span><span class="ellipsis">other.exa</span></a>`
	for name, tt := range map[string]struct {
		mention bottest.MastodonMention
		alone   bool // replies to nothing
		want    string
	}{
		"under a post":             {bottest.MastodonMention{}, false, "/mastodon/social.example/21"},
		"among other names":        {bottest.MastodonMention{Content: "<p>" + ada + " " + me + " unroll please!</p>"}, false, "/mastodon/social.example/21"},
		"a link":                   {bottest.MastodonMention{Content: "<p>" + me + " unroll " + link + "</p>"}, false, "/mastodon/other.example/7"},
		"a quote":                  {bottest.MastodonMention{Quote: map[string]any{"state": "accepted", "quoted_status": map[string]any{"url": "https://other.example/@bob/8"}}}, false, "/mastodon/other.example/8"},
		"a quote that was refused": {bottest.MastodonMention{Quote: map[string]any{"state": "rejected", "quoted_status": map[string]any{"url": "https://other.example/@bob/8"}}}, false, "/mastodon/social.example/21"},
		"the name came along":      {bottest.MastodonMention{ToBot: true}, false, ""},
		"the name was written":     {bottest.MastodonMention{ToBot: true, Content: "<p>Unroll " + me + "</p>"}, false, "/mastodon/social.example/21"},
		"an aside":                 {bottest.MastodonMention{Content: "<p>" + me + " thanks, nice</p>"}, false, ""},
		"a hashtag is a word":      {bottest.MastodonMention{Content: "<p>" + me + ` <a href="https://social.example/tags/unroll" class="mention hashtag">#<span>unroll</span></a></p>`}, false, "/mastodon/social.example/21"},
		"another bot":              {bottest.MastodonMention{Bot: true}, false, ""},
		"the bot's own":            {bottest.MastodonMention{Author: "me"}, false, ""},
		"too long ago":             {bottest.MastodonMention{At: time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)}, false, ""},
		"a name the markup hides":  {bottest.MastodonMention{Content: "@unroll unroll"}, false, "/mastodon/social.example/21"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				if tt.mention.Author == "" {
					tt.mention.Author = "carol"
				}
				tt.mention.InReplyTo = r.parent
				r.net.Mention(tt.mention)
				r.Means(tt.want)
			})
		})
	}
}

func TestOnceWhateverBreaks(t *testing.T) {
	servers(t, mentiontest.Once)
	for name, story := range map[string]func(r *rig){
		"a new life without a store": func(r *rig) {
			r.Live()
			r.Values = &mentiontest.Values{}
			r.Live()
		},
		"the limit ends at a time": func(r *rig) {
			r.net.Fail(bottest.Fault{Path: r.Post, Status: 429, Header: map[string]string{"X-RateLimit-Reset": "2000-01-01T00:05:00.000Z"}})
			r.Live()
		},
		"the parent cannot be read for a while": func(r *rig) {
			r.net.Fail(bottest.Fault{Path: "statuses/" + r.parent, Status: 503, Times: 2})
			r.Live()
		},
		"the stream hangs": func(r *rig) { r.Live(r.net.Hang) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ask()
				story(r)
				r.wantPosts(1)
			})
		})
	}
}

func TestManners(t *testing.T) { servers(t, mentiontest.Manners) }

func TestWatching(t *testing.T) { servers(t, mentiontest.Watching) }

// A first start answers the last hour; what comes while the bot is away
// later is answered however much it is.
func TestNothingIsMissed(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.net.Mention(bottest.MastodonMention{Author: "carol", InReplyTo: r.parent, At: time.Now().Add(-2 * time.Hour)})
		r.Live()
		r.wantPosts(0)
		for i := range 5 {
			r.net.Mention(bottest.MastodonMention{Author: fmt.Sprint("dave", i), InReplyTo: r.net.Post(fmt.Sprint("https://social.example/@ada/3", i))})
			time.Sleep(time.Hour)
		}
		r.Live()
		r.wantPosts(5)
	})
}

func TestStreamIsFaster(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Interval = time.Hour
		l := r.Begin()
		time.Sleep(time.Second)
		r.ask()
		time.Sleep(time.Second)
		r.wantPosts(1)
		r.net.Hang()
		time.Sleep(10 * time.Second)
		r.ask()
		time.Sleep(time.Second)
		r.wantPosts(2)
		l.End()
	})
}

func TestPollingWithoutStream(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.net.GoToSocial = true
		r.Live(func() { r.ask() })
		r.wantPosts(1)
		if n := r.net.Calls("GET /api/v1/streaming"); n != 1 {
			t.Errorf("asked %d times for a stream that is not there", n)
		}
	})
}

func TestSilentStreamIsLeft(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.Live()
		if n := r.net.Calls("GET /api/v1/streaming"); n < 2 {
			t.Errorf("%d streams in ten minutes of silence", n)
		}
	})
}

func TestLimitsOfTheServer(t *testing.T) {
	for name, old := range map[string]bool{"v2": false, "v1": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.net.MaxChars, r.net.Old = 120, old
				r.ask()
				r.Live()
				if got := r.wantPosts(1)[0].Status; !strings.HasSuffix(got, "\n"+mentiontest.PublicURL+threadRef.Path()) {
					t.Errorf("the link was cut: %q", got)
				}
			})
		})
	}
}

func TestDeletedMention(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.net.Delete(r.ask())
		r.Live(func() {})
		r.wantPosts(0)
		if n := r.net.Calls("POST /api/v1/statuses"); n > 1 {
			t.Errorf("tried %d times", n)
		}
	})
}

func TestRefusedToken(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Token = "another-secret"
		r.Secrets = append(r.Secrets, "another-secret")
		l := r.Begin()
		r.Rest()
		l.End()
		if l.Err == nil || !strings.Contains(l.Err.Error(), "Development") || strings.Contains(l.Err.Error(), "another-secret") {
			t.Errorf("Run: %v", l.Err)
		}
	})
}
