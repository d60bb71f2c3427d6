package bluesky

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot/bottest"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

func TestAnswer(t *testing.T) {
	inBubble(t, func(r *rig) {
		asked := r.ask()
		r.Live()
		r.Want(1)
		got := r.answers()[0]
		page := mentiontest.PublicURL + threadRef.Path()
		text := "“How looms work, with thanks to @carol and loom.example #weaving”\n2 posts · 3 minutes to read\nRead the thread on one page"
		if d := cmp.Diff(text, got.Text); d != "" {
			t.Error(d)
		}
		if r := got.Reply; r.Root.URI != root || r.Parent.URI != asked {
			t.Errorf("replies to %+v", r)
		}
		if len(got.Facets) != 1 || got.Facets[0].Features[0].URI != page || got.Text[got.Facets[0].Index.Start:] != "Read the thread on one page" {
			t.Errorf("facets %+v", got.Facets)
		}
		if e := got.Embed; e == nil || e.External.URI != page || !strings.HasPrefix(e.External.Title, "How looms work") {
			t.Errorf("card %+v", e)
		}
		if d := cmp.Diff([]unroll.Ref{{Network: unroll.Bluesky, Author: "did:plc:ada", ID: "3n2zd4h4kbb22"}}, r.Threads.Asked()); d != "" {
			t.Errorf("the post replied to is meant: %s", d)
		}
		if r.Threads.Published() != 1 {
			t.Error("a public request is not listed")
		}
		if r.net.Seen() == "" {
			t.Error("the notification is not marked as read")
		}
	})
}

func TestWhatIsMeant(t *testing.T) {
	quoted := "at://did:plc:bob/app.bsky.feed.post/3n2zd4h4kcc22"
	for name, tt := range map[string]struct {
		post bottest.BlueskyPost
		want string // path of the ref asked for, "" for none
	}{
		"under a post":                  {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Parent: last, Root: root}, "/bluesky/did:plc:ada/3n2zd4h4kbb22"},
		"with manners":                  {bottest.BlueskyPost{Text: "Hey @bot, please unroll this thread!", Mentions: true, Parent: last}, "/bluesky/did:plc:ada/3n2zd4h4kbb22"},
		"a quote":                       {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Quote: quoted}, "/bluesky/did:plc:bob/3n2zd4h4kcc22"},
		"a quote beats a reply":         {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Quote: quoted, Parent: last}, "/bluesky/did:plc:bob/3n2zd4h4kcc22"},
		"a cut link":                    {bottest.BlueskyPost{Text: "@bot unroll x.com/ada/sta…", Mentions: true, Links: map[string]string{"x.com/ada/sta…": "https://x.com/ada/status/20"}, Parent: last}, "/x/20"},
		"a plain link":                  {bottest.BlueskyPost{Text: "@bot unroll https://x.com/ada/status/20", Mentions: true}, "/x/20"},
		"no mention":                    {bottest.BlueskyPost{Text: "@bot unroll", Parent: last, Reason: "reply"}, ""},
		"a reply to the bot":            {bottest.BlueskyPost{Text: "unroll", Parent: own, Root: root, Reason: "reply"}, ""},
		"a reply to the bot, naming it": {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Parent: own, Root: root}, "/bluesky/did:plc:bot/3n2zd4h4kdd22"},
		"a tale":                        {bottest.BlueskyPost{Text: "@bot yesterday I had to unroll a carpet all alone", Mentions: true, Parent: last}, ""},
		"another word":                  {bottest.BlueskyPost{Text: "@bot thanks", Mentions: true, Parent: last}, ""},
		"the bot's own":                 {bottest.BlueskyPost{Author: "did:plc:bot", Text: "@bot unroll", Mentions: true, Parent: last}, ""},
		"another bot":                   {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Parent: last, Labels: []string{"bot"}}, ""},
		"a muted account":               {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Parent: last, Viewer: map[string]any{"muted": true}}, ""},
		"a blocked account":             {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Parent: last, Viewer: map[string]any{"blocking": "at://x"}}, ""},
		"on a muted list":               {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Parent: last, Viewer: map[string]any{"mutedByList": map[string]any{"uri": "at://x"}}}, ""},
		"too long ago":                  {bottest.BlueskyPost{Text: "@bot unroll", Mentions: true, Parent: last, At: time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				if tt.post.Author == "" {
					tt.post.Author = "did:plc:carol"
				}
				r.net.Write(tt.post)
				r.Means(tt.want)
			})
		})
	}
}

func TestOnceWhateverBreaks(t *testing.T) {
	mentiontest.Once(t, shared)
	for name, story := range map[string]func(r *rig){
		"the token ends": func(r *rig) {
			r.Live(func() { r.net.Expire(false) })
			if r.net.Logins() != 1 {
				r.Errorf("%d logins for a token that could be refreshed", r.net.Logins())
			}
		},
		"the session ends": func(r *rig) { r.Live(func() { r.net.Expire(true) }) },
		"the cursor is damaged": func(r *rig) {
			r.Values.Set("mention:bluesky:cursor", "nonsense")
			r.Live()
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.ask()
				story(r)
				r.Want(1)
			})
		})
	}
}

func TestManners(t *testing.T) { mentiontest.Manners(t, shared) }

func TestWatching(t *testing.T) { mentiontest.Watching(t, shared) }

func TestTwoProcesses(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ask()
		one, two := r.Begin(), r.Begin()
		r.Rest()
		one.End()
		two.End()
		r.Want(1)
	})
}

// A mention that comes while the bot is away is answered, and so is one
// whose author's clock is late.
func TestNothingIsMissed(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.Live()
		for i := range 7 { // three pages
			r.net.Write(bottest.BlueskyPost{
				Author: "did:plc:carol", Text: "@bot unroll", Mentions: true,
				Parent: strings.Replace(last, "bb22", string(rune('a'+i))+"z22", 1),
			})
		}
		time.Sleep(5 * time.Hour)
		r.Live(func() {
			r.net.Write(bottest.BlueskyPost{
				Author: "did:plc:dave", Text: "@bot unroll", Mentions: true, Parent: root, At: time.Now().Add(-40 * time.Minute),
			})
		})
		r.Want(8)
	})
}

// What waits holds the cursor back, whatever is answered after it.
func TestCursorWaits(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Unlabelled = true
		r.ask()
		r.net.Fail(bottest.Fault{Path: "putRecord", Status: 429, Header: map[string]string{"Retry-After": "9000"}})
		r.Live(func() {
			time.Sleep(2 * time.Hour)
			r.net.Write(bottest.BlueskyPost{Author: "did:plc:dave", Text: "@bot unroll", Mentions: true, Parent: root})
		})
		r.Want(1)
		time.Sleep(5 * time.Hour)
		r.Live()
		r.Want(2)
	})
}

func TestNoThread(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.net.Write(bottest.BlueskyPost{Author: "did:plc:carol", Text: "@bot unroll", Mentions: true})
		r.Live()
		if text := r.Want(1)[0]; !strings.HasPrefix(text, "I see no thread here.") {
			t.Errorf("said %q", text)
		}
	})
}

func TestBrake(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Operators = []string{"did:plc:boss"}
		boss := func(text string) {
			r.net.Write(bottest.BlueskyPost{Author: "did:plc:boss", Text: text, Mentions: true})
		}
		r.net.Write(bottest.BlueskyPost{Author: "did:plc:carol", Text: "@bot brake", Mentions: true})
		r.Live(func() { boss("@bot brake") }, func() { r.ask() })
		r.Want(0)
		r.Live(func() { boss("@bot release") })
		r.Want(1)
	})
}

func TestThreadgate(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.ask()
		r.net.Gate(root)
		r.Live(func() {}, func() {})
		r.Want(0)
		if n := len(r.Threads.Asked()); n != 1 {
			t.Errorf("tried %d times", n)
		}
	})
}

func TestLabel(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.net.Put(profileType, "self", map[string]any{"$type": profileType, "displayName": "Unroll"})
		r.Live()
		r.Live()
		got := r.net.Records(profileType)
		if len(got) != 1 || got[0].Writes != 2 || !strings.Contains(string(got[0].Value), `"bot"`) || !strings.Contains(string(got[0].Value), "Unroll") {
			t.Errorf("%+v", got)
		}
	})
}

func TestRefusedPassword(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.AppPassword = "another-secret"
		r.Secrets = append(r.Secrets, "another-secret")
		l := r.Begin()
		r.Rest()
		l.End()
		if l.Err == nil || !strings.Contains(l.Err.Error(), "app password") || strings.Contains(l.Err.Error(), "another-secret") {
			t.Errorf("Run: %v", l.Err)
		}
	})
}

// A key that somebody else's mention has taken is passed over.
func TestTakenKey(t *testing.T) {
	inBubble(t, func(r *rig) {
		asked := r.ask()
		r.net.Put(postType, recordKey(asked, "", 0), record{Type: postType, Reply: reply{Parent: strong{URI: "at://did:plc:eve/app.bsky.feed.post/3n2zd4h4kee22"}}})
		r.Live()
		r.Want(2)
	})
}

func TestLimits(t *testing.T) {
	inBubble(t, func(r *rig) {
		for i := range 30 {
			r.net.Write(bottest.BlueskyPost{
				URI:    "at://did:plc:carol/app.bsky.feed.post/3n2zd4h4k" + string("234567abcdefghijklmnopqrstuvwxyz"[i]) + "333",
				Author: "did:plc:carol", Text: "@bot unroll", Mentions: true,
				Parent: "at://did:plc:ada/app.bsky.feed.post/3n2zd4h4k" + string("234567abcdefghijklmnopqrstuvwxyz"[i]) + "222",
			})
		}
		r.Live()
		if n := len(r.answers()); n < 10 || n > 12 {
			t.Errorf("%d answers to a flood: the limit's burst and one word about it are meant", n)
		}
	})
}

func TestEnd(t *testing.T) {
	inBubble(t, func(r *rig) {
		l := r.Begin()
		l.End()
		if l.Err != nil {
			t.Error(l.Err)
		}
	})
}
