package x

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/bot/bottest"
	"unrollbot/bot/mention"
	"unrollbot/bot/mention/mentiontest"
	"unrollbot/unroll"
)

func TestAnswer(t *testing.T) {
	words := "“How looms work, with thanks to @\u2060carol and loom.\u2060example #\u2060weaving”\n2 posts · 3 minutes to read\n"
	for name, tt := range map[string]struct {
		noLink bool
		tail   string
	}{
		"with the link":    {false, mentiontest.PublicURL + "/x/20"},
		"without the link": {true, "The whole thread is at /x/20 on the site that my profile links to."},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				r.cfg.NoLink = tt.noLink
				id := r.ask()
				r.Live()
				r.Want(1)
				got := r.net.Posts()[0]
				if d := cmp.Diff(bottest.XPost{ID: got.ID, Text: words + tt.tail, InReplyTo: id, At: got.At}, got); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff([]unroll.Ref{{Network: unroll.X, ID: "21"}}, r.Threads.Asked()); d != "" {
					t.Errorf("the post replied to is meant: %s", d)
				}
			})
		})
	}
}

func TestWhatIsMeant(t *testing.T) {
	for name, tt := range map[string]struct {
		mention bottest.XMention
		want    string
	}{
		"under a post":           {bottest.XMention{Parent: "21"}, "/x/21"},
		"a quote beats a reply":  {bottest.XMention{Parent: "21", Quote: "22"}, "/x/22"},
		"a link":                 {bottest.XMention{Parent: "21", Text: "@bot unroll https://t.co/abc", Links: map[string]string{"https://t.co/abc": "https://twitter.com/bob/status/23"}}, "/x/23"},
		"an emoji and an escape": {bottest.XMention{Parent: "21", Text: "🧵 &amp; @bot unroll"}, "/x/21"},
		"the name came along":    {bottest.XMention{Parent: "24", ToBot: true, Text: "@bot unroll", Shown: 5}, ""},
		"the name was written":   {bottest.XMention{Parent: "24", ToBot: true, Text: "@ada @bot unroll", Shown: 5}, "/x/24"},
		"no range, to the bot":   {bottest.XMention{Parent: "24", ToBot: true, Text: "@bot unroll", Unranged: true}, ""},
		"no range, named later":  {bottest.XMention{Parent: "24", ToBot: true, Text: "@ada unroll @bot", Unranged: true}, "/x/24"},
		"no range, to somebody":  {bottest.XMention{Parent: "21", Text: "@ada @bot unroll", Unranged: true}, "/x/21"},
		"a tale":                 {bottest.XMention{Parent: "21", Text: "@bot you did not unroll what I asked for yesterday"}, ""},
		"the bot's own":          {bottest.XMention{Author: "4242", Parent: "21"}, ""},
		"too long ago":           {bottest.XMention{Parent: "21", At: time.Date(2012, 12, 31, 0, 0, 0, 0, time.UTC)}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				if tt.mention.Author == "" {
					tt.mention.Author = "7"
				}
				r.net.Mention(tt.mention)
				r.Live()
				got, answers := "", 0
				for _, ref := range r.Threads.Asked() {
					got, answers = got+ref.Path(), 1
				}
				if got != tt.want {
					t.Errorf("asked for %q, want %q", got, tt.want)
				}
				r.Want(answers)
			})
		})
	}
}

func TestOnceWhateverBreaks(t *testing.T) {
	t.Run("old names", func(t *testing.T) { mentiontest.Once(t, shared) })
	t.Run("new names", func(t *testing.T) {
		mentiontest.Once(t, func(t *testing.T) *mentiontest.Rig {
			r := newRig(t)
			r.net.Renamed = true
			return r.Rig
		})
	})
	for name, story := range map[string]func(r *rig){
		"killed between post and mark, and X's lists lag": func(r *rig) {
			r.net.Lag = 45 * time.Second
			r.net.OnPost(r.Values.Kill)
			l := r.Begin()
			time.Sleep(time.Second)
			l.End()
			r.net.OnPost(nil)
			r.Live()
		},
		"killed between claim and post": func(r *rig) {
			r.net.Fail(bottest.Fault{Path: r.Post, Times: 1000})
			l := r.Begin()
			time.Sleep(time.Second)
			r.Values.Kill()
			l.End()
			if len(r.Values.Keys("mention:x:claim:")) == 0 {
				r.Error("the kill came too early for this test")
			}
			r.net.Mend()
			r.Live()
		},
		"the answer to the post is lost, and X's lists lag": func(r *rig) {
			r.net.Lag = 45 * time.Second
			r.net.Fail(bottest.Fault{Path: r.Post, After: true})
			r.Live()
		},
		"too many posts, by X's own header": func(r *rig) {
			r.net.Fail(bottest.Fault{Path: r.Post, Status: 429, Header: map[string]string{"x-rate-limit-reset": fmt.Sprint(time.Now().Unix() + 300)}})
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
	t.Run("killed in the midst of the claim", func(t *testing.T) {
		inBubble(t, func(r *rig) {
			r.Values.Set("mention:x:claim:"+r.ask(), "1")
			r.Live()
			r.Want(1)
		})
	})
}

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

func TestNothingIsMissed(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.Live()
		for i := range 5 { // three pages
			r.net.Mention(bottest.XMention{Author: "7", Parent: fmt.Sprint(30 + i)})
			time.Sleep(time.Minute)
		}
		time.Sleep(5 * time.Hour)
		r.Live()
		r.Want(5)
	})
}

// What the budget does not bear waits for the next day.
func TestBudget(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Budget = 0.45 // two answers with a link
		noon()
		for i := range 3 {
			r.net.Mention(bottest.XMention{Author: "7", Parent: fmt.Sprint(30 + i)})
		}
		r.Live(func() {}, func() {
			r.Want(2)
			time.Sleep(13 * time.Hour)
		})
		r.Want(3)
	})
}

func TestAgainIsNeverALike(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.Again = mention.AgainLike
		r.ask()
		r.Live(func() { r.ask() })
		r.Want(1)
	})
}

func TestStopAndStart(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.Live(func() { r.Say("STOP") }, func() { r.ask() })
		r.Want(0)
		r.Live(func() { r.Say("start") }, func() { r.ask() })
		r.Want(2) // that it is back, and the thread
	})
}

// X allows one reply to a mention: there is none left for news. The sentence
// that says so holds a link, which is paid for or made none.
func TestNoWatching(t *testing.T) {
	for noLink, want := range map[bool]struct {
		price money
		link  string
	}{false: {priceLink, "https://unroll.example/x/21"}, true: {priceReply, "https:\u2060//unroll.\u2060example/x/21"}} {
		t.Run(fmt.Sprint("no link: ", noLink), func(t *testing.T) {
			inBubble(t, func(r *rig) {
				noon()
				r.cfg.NoLink = noLink
				r.Watch()
				r.Live(func() { r.Threads.Grow(1) }, func() {})
				if got := r.Want(1)[0]; !strings.Contains(got, "cannot") || !strings.Contains(got, want.link) {
					t.Errorf("%q", got)
				}
				if got := r.spent(); got != priceRead+want.price {
					t.Errorf("%d were counted", got)
				}
			})
		})
	}
}

func TestDeletedMention(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.net.Delete(r.ask())
		r.Live(func() {})
		r.Want(0)
	})
}

func TestRefusedReplyIsNotRetried(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.net.Fail(bottest.Fault{Path: "POST /2/tweets", Status: 403, Body: `{"title":"Forbidden","detail":"not allowed"}`})
		r.ask()
		r.Live(func() {})
		r.Want(0)
		if n := r.net.Calls("POST /2/tweets"); n != 1 {
			t.Errorf("tried %d times", n)
		}
	})
}

func TestRefusedKeys(t *testing.T) {
	inBubble(t, func(r *rig) {
		r.cfg.AccessSecret = "another-secret"
		r.Secrets = append(r.Secrets, "another-secret")
		l := r.Begin()
		r.Rest()
		l.End()
		if l.Err == nil || !strings.Contains(l.Err.Error(), "clock") || strings.Contains(l.Err.Error(), "another-secret") {
			t.Errorf("Run: %v", l.Err)
		}
	})
}

// X refuses a text that it was given before, whomever it answers.
func TestTwins(t *testing.T) {
	for name, tt := range map[string]struct {
		story func(r *rig)
		want  []string // a part of each answer
	}{
		"pointers": {func(r *rig) {
			r.Live(func() { r.ask() }, func() { r.ask() }, func() { r.ask() })
		}, []string{"”\n2 posts", "I have unrolled", "2019-12-28 12:30:00 UTC · I have unrolled"}},
		"help": {func(r *rig) {
			for _, who := range []string{"7", "8"} {
				r.net.Mention(bottest.XMention{Author: who, Text: "@bot help"})
				r.Live()
			}
		}, []string{"Name me", "2019-12-28 12:10:00 UTC · Name me"}},
		"said in an earlier life of the store": {func(r *rig) {
			r.ask()
			r.Live()
			for _, key := range r.Values.Keys("mention:x:said:") {
				_ = r.store.DeleteValue(r.Context(), key) // in memory
			}
			for _, key := range r.Values.Keys("mention:x:shown:") {
				_ = r.store.DeleteValue(r.Context(), key)
			}
			r.ask()
			r.Live()
		}, []string{"”\n2 posts", "”\n2019-12-28 12:10:00 UTC · 2 posts"}},
		"the twin is this very answer, and X's lists lag": {func(r *rig) {
			r.net.Lag = settled + settled/2
			r.net.Fail(bottest.Fault{Path: "POST /2/tweets", After: true})
			r.ask()
			r.Live()
		}, []string{"”\n2 posts"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(r *rig) {
				noon()
				tt.story(r)
				posts := r.Want(len(tt.want))
				for i, want := range tt.want {
					if !strings.Contains(posts[i], want) {
						t.Errorf("%q\nlacks %q", posts[i], want)
					}
				}
			})
		})
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	good := Config{UserID: "1", APIKey: "k", APISecret: "s", AccessToken: "t", AccessSecret: "u", BearerToken: "b"}
	for want, spoil := range map[string]func(c *Config){
		"":               func(*Config) {},
		"account":        func(c *Config) { c.UserID = "@bot" },
		"secret":         func(c *Config) { c.AccessSecret = "" },
		"bearer token":   func(c *Config) { c.BearerToken = "AAAA\n" },
		"like or silent": func(c *Config) { c.Again = "twice" },
		"address":        func(c *Config) { c.APIURL = "api.x.com" },
	} {
		t.Run(want, func(t *testing.T) {
			cfg := good
			spoil(&cfg)
			_, err := New(cfg, nil, nil, nil)
			if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
				t.Errorf("got %v", err)
			}
		})
	}
}
