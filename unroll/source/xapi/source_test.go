package xapi

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/fakenet"
	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

const token = "AAAAsecretAAAA%2Fbearer"

// now is when tests run; clock tells it.
var now = time.Date(2026, time.November, 20, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

func ref(id string) unroll.Ref { return unroll.Ref{Network: unroll.X, ID: id} }

// start serves w with an API of its kind and makes a source that reads it.
func start(t testing.TB, w fakenet.World, api fakenet.XAPIConfig, cfg Config, l Ledger) (*fakenet.XAPI, *Source) {
	t.Helper()
	api.Token = token
	if api.Now == nil {
		api.Now = clock
	}
	x := fakenet.NewXAPI(w, api)
	base, d := sourcetest.Serve(t, x)
	cfg.BaseURL, cfg.Token = base+"/", token
	if cfg.Now == nil {
		cfg.Now = api.Now
	}
	s, err := New(cfg, d, l)
	if err != nil {
		t.Fatal(err)
	}
	return x, s
}

// fetch reads a conversation and checks it.
func fetch(t testing.TB, s *Source, id string) unroll.Conversation {
	t.Helper()
	c, err := s.Fetch(t.Context(), ref(id))
	if err != nil {
		t.Fatal(err)
	}
	sourcetest.CheckConversation(t, c)
	return c
}

// world reads lines "ID author [parent] [options]": posts of few words. A
// number stands for a post written that many minutes after the first.
// Options: gap=REASON, quotes=ID, reposts=ID.
func world(begin time.Time, lines ...string) fakenet.World {
	w := fakenet.World{Authors: []fakenet.Author{{ID: "ada", Name: "Ada"}, {ID: "bob"}, {ID: "cyd"}}}
	id := func(n string) string {
		if n == "-" {
			return ""
		}
		minutes, err := strconv.Atoi(n)
		if err != nil {
			panic(n)
		}
		return idOf(begin, minutes)
	}
	for _, line := range lines {
		f := strings.Fields(line)
		p := fakenet.Post{Post: unroll.Post{ID: id(f[0]), AuthorID: f[1], ParentID: id(f[2]), Text: "post " + f[0]}}
		for _, option := range f[3:] {
			switch name, value, _ := strings.Cut(option, "="); name {
			case "gap":
				p.Gap = &unroll.Gap{Reason: unroll.GapReason(value)}
			case "quotes":
				p.Quotes = id(value)
			case "reposts":
				p.Reposts = id(value)
			case "text":
				p.Text = value
			default:
				panic(option)
			}
		}
		w.Posts = append(w.Posts, p)
	}
	return w
}

// idOf is the ID of a post written some minutes after a time.
func idOf(begin time.Time, minutes int) string {
	return idAt(begin.Add(time.Duration(minutes) * time.Minute))
}

// short writes a conversation as the world's lines do: posts by their minutes,
// gaps with "!", what is proven to have no more of the author below with ".".
func short(begin time.Time, c unroll.Conversation) (posts, cuts string) {
	name := func(id string) string {
		return strconv.Itoa(int(idTime(id).Sub(begin).Round(time.Minute) / time.Minute))
	}
	var all []string
	for _, p := range c.Posts {
		s := name(p.ID)
		if p.Gap != nil {
			s = "!" + s + "=" + string(p.Gap.Reason)
		} else if c.Seen[p.ID] {
			s += "."
		}
		all = append(all, s)
	}
	for _, cut := range c.Cuts {
		cuts += fmt.Sprintf("%s %s", cut.Reason, name(cut.After))
	}
	return strings.Join(all, " "), cuts
}

func TestContract(t *testing.T) {
	t.Parallel()
	w := world(now.Add(-time.Hour), "0 ada -", "1 bob 0", "2 ada 0 quotes=1", "3 ada 2", "4 ada 3")
	w.Posts[2].Media = []unroll.Media{{Kind: unroll.MediaImage, URL: "https://img.example/1.png", Alt: "wool"}}
	w.Posts[3].Poll = &unroll.Poll{Options: []unroll.PollOption{{Label: "a", Votes: 1}, {Label: "b", Votes: 2}}, EndsAt: now}
	w.Posts[4].Text, w.Posts[4].Facets = w.Rich("salt & <pepper> 👩‍🔬 #taste with @bob at https://example.org/?x=1")
	sourcetest.Run(t, sourcetest.Harness{
		New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
			s, err := New(Config{BaseURL: base, Token: token, Now: clock}, d, nil)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Ref:      func(string) unroll.Ref { return ref(w.Posts[3].ID) },
		Good:     fakenet.NewXAPI(w, fakenet.XAPIConfig{Token: token, Now: clock}),
		Requests: 3,
		Secret:   token,
		Kinds: map[int]unroll.Kind{
			// Without X's words these say nothing about the post.
			401: unroll.KindUpstream, 403: unroll.KindUpstream, 404: unroll.KindUpstream, 410: unroll.KindUpstream,
		},
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg  Config
		want string // in the error; "" for none
	}{
		"a token is enough": {Config{Token: token}, ""},
		"no token":          {Config{}, "no bearer token"},
		"with its name":     {Config{Token: "Bearer AAAA"}, `without "Bearer"`},
		"with a line end":   {Config{Token: "AAAA\n"}, "copy it again"},
		"no address":        {Config{Token: token, BaseURL: "api.x.com"}, "base address"},
		"negative budget":   {Config{Token: token, BudgetUSD: -1}, "budget of $-1"},
		"no number":         {Config{Token: token, BudgetUSD: math.NaN()}, "budget of $NaN"},
		"negative posts":    {Config{Token: token, BudgetPosts: -1}, "-1 posts"},
		"negative price":    {Config{Token: token, PostMicros: -1}, "prices of -1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(tc.cfg, nil, nil)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "AAAA") {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

// TestWays checks what is found on every way into a thread, and at what price.
func TestWays(t *testing.T) {
	t.Parallel()
	const day = 24 * 60
	yesterday, month := now.Add(-24*time.Hour), now.Add(-30*24*time.Hour)
	thread := []string{"0 ada -", "1 bob 0", "2 ada 0", "3 ada 2", "4 cyd 3", "5 ada 4", "6 ada 3", "7 ada 2"}
	all := fakenet.XAPIConfig{FullArchive: true}
	tests := []struct {
		name  string
		begin time.Time
		world []string
		api   fakenet.XAPIConfig
		cfg   Config
		ask   int
		posts string
		cuts  string
		calls string // first letters: lookup, all, recent, timeline
		read  int    // posts
	}{
		{name: "by its first post", begin: yesterday, world: thread, ask: 0, posts: "0. 2. 3. 5. 6. 7.", calls: "lr", read: 6},
		{name: "by its last post", begin: yesterday, world: thread, ask: 6, posts: "0. 2. 3. 5. 6. 7.", calls: "lrl", read: 7},
		{
			name: "by its last post, where search finds the first", begin: yesterday, world: thread,
			api: fakenet.XAPIConfig{FirstFound: true}, ask: 6, posts: "0. 2. 3. 5. 6. 7.", calls: "lr", read: 7,
		},
		{name: "a lone post", begin: yesterday, world: []string{"0 ada -"}, ask: 0, posts: "0.", calls: "lr", read: 1},
		{
			name: "a stranger's answer", begin: yesterday, world: append(thread, "9 bob 6"), ask: 9,
			posts: "0. 2. 3. 5. 6. 7. 9", calls: "lrl", read: 7,
		},
		{
			name: "a stranger's answer to the first post", begin: yesterday, world: append(thread, "9 bob 0"), ask: 9,
			posts: "0. 2. 3. 5. 6. 7. 9", calls: "lrl", read: 7,
		},
		{
			name: "a stranger's thread below somebody's post", begin: yesterday,
			world: append(thread, "9 bob 2", "10 bob 9", "11 bob 10"), ask: 9,
			posts: "1. 2 9. 10. 11.", calls: "lrl", read: 6,
		},
		{
			name: "a stranger's answer that others answered", begin: yesterday,
			world: append(thread, "9 bob 2", "10 cyd 9"), ask: 9,
			posts: "0. 1. 2. 3. 5. 6. 7. 9.", calls: "lrrl", read: 9,
		},
		{
			name: "an answer to an answer", begin: yesterday, world: []string{"0 ada -", "1 ada 0", "2 bob 1", "3 cyd 2"}, ask: 3,
			posts: "0. 1. 2. 3", calls: "lrrl", read: 4,
		},
		{
			name: "a deleted post in the middle", begin: yesterday,
			world: []string{"0 ada -", "1 ada 0", "2 ada 1 gap=deleted", "3 ada 2", "4 ada 3"}, ask: 0,
			posts: "0. 1. !2=deleted 3. 4.", calls: "lrl", read: 4,
		},
		{
			name: "a deleted first post", begin: yesterday,
			world: []string{"0 ada - gap=deleted", "1 ada 0", "2 ada 1"}, ask: 2,
			posts: "!0=deleted 1. 2.", calls: "lrl", read: 3,
		},
		{
			name: "an answer to somebody suspended", begin: yesterday,
			world: []string{"0 bob - gap=suspended", "1 ada 0"}, ask: 1,
			posts: "!0=suspended 1", calls: "lrl", read: 1,
		},
		{
			name: "an answer to somebody protected, that goes on", begin: yesterday,
			world: []string{"0 bob - gap=private", "1 ada 0", "2 ada 1"}, ask: 1,
			posts: "!0=private 1. 2.", calls: "lrl", read: 3,
		},
		{
			name: "a post withheld by law", begin: yesterday,
			world: []string{"0 ada -", "1 ada 0 gap=withheld", "2 ada 1"}, ask: 0,
			posts: "0. !1=withheld 2.", calls: "lr", read: 3,
		},
		{
			name: "a repost", begin: yesterday, world: []string{"0 ada -", "1 ada 0", "5 bob - reposts=0"}, ask: 5,
			posts: "0. 1.", calls: "llr", read: 3,
		},
		{
			name: "many pages", begin: yesterday, world: append(thread, "8 ada 7", "9 ada 8"), api: fakenet.XAPIConfig{Page: 3}, ask: 0,
			posts: "0. 2. 3. 5. 6. 7. 8. 9.", calls: "lrrr", read: 8,
		},
		{
			name: "more posts than a thread may cost", begin: yesterday, world: append(thread, "8 ada 7", "9 ada 8"),
			api: fakenet.XAPIConfig{Page: 3}, cfg: Config{MaxPosts: 4}, ask: 0,
			posts: "0 7 8 9", cuts: "budget 0", calls: "lr", read: 4,
		},
		{
			name: "more calls than a thread may cost", begin: yesterday, world: thread, cfg: Config{MaxCalls: 2}, ask: 6,
			posts: "2. 3. 5. 6. 7.", cuts: "budget 7", calls: "lr", read: 6,
		},
		{name: "an old one, with the archive", begin: month, world: thread, api: all, ask: 0, posts: "0. 2. 3. 5. 6. 7.", calls: "la", read: 6},
		{
			name: "an old one that went on for weeks, with the archive", begin: month,
			world: append(thread, strconv.Itoa(20*day)+" ada 7"), api: all, ask: 20 * day,
			posts: "0. 2. 3. 5. 6. 7. 28800.", calls: "lal", read: 8,
		},
		{
			name: "an old one, without", begin: month, world: append(thread, "8 ada -", "800 ada -"), ask: 0,
			posts: "0 2 3 5 6 7", cuts: "limit 7", calls: "lart", read: 7,
		},
		{
			name: "an old one by its last post, without", begin: month, world: thread, ask: 6,
			posts: "0 2 3 5 6 7", cuts: "limit 7", calls: "lartl", read: 7,
		},
		{
			name: "an old one that went on for hours, without", begin: month,
			world: append(thread, "300 ada 7", "600 ada 300", "2000 ada 600"), ask: 0,
			posts: "0 2 3 5 6 7 300 600", cuts: "limit 600", calls: "larttt", read: 8,
		},
		{
			name: "an old one that went on for weeks, by its newest post, without", begin: month,
			world: append(thread, strconv.Itoa(15*day)+" ada 7", strconv.Itoa(15*day+1)+" ada 21600"), ask: 15 * day,
			posts: "0 2 3 5 6 7 21600 21601", cuts: "limit 21601", calls: "larttl", read: 8,
		},
		{
			name: "an old one among reposts, without", begin: month,
			world: append(thread, "10 bob -", "11 ada - reposts=10", "12 ada - reposts=10"), ask: 0,
			posts: "0 2 3 5 6 7", cuts: "limit 7", calls: "lart", read: 6,
		},
		{
			name: "an old one, without, and little of the timeline: up post by post", begin: month,
			world: append(thread, "10 ada -", "11 ada -", "12 ada -", "13 ada -", "14 ada -"), cfg: Config{MaxTimeline: 5}, ask: 6,
			posts: "0 2 3 6", cuts: "limit 6", calls: "lartlll", read: 9,
		},
		{
			name: "a post withheld by law, which no search finds", begin: yesterday,
			world: []string{"0 ada -", "1 ada 0 gap=withheld", "2 ada 1"}, ask: 0,
			api:   fakenet.XAPIConfig{Unindexed: map[string]bool{idOf(yesterday, 1): true}},
			posts: "0. !1=withheld 2.", calls: "lrl", read: 3,
		},
		{
			name: "an old one that lately went on, without", begin: month,
			world: append(thread, strconv.Itoa(29*day)+" ada 7"), ask: 0,
			posts: "0 2 3 5 6 7 41760", cuts: "limit 41760", calls: "lart", read: 7,
		},
		{
			name: "an old one, without, and no timeline: up post by post", begin: month, world: thread,
			cfg: Config{MaxTimeline: -1}, ask: 6,
			posts: "0 2 3 6", cuts: "limit 6", calls: "larlll", read: 4,
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			posts, micros := 0, int64(0)
			tc.cfg.Observe = func(_ string, n int, m int64) { posts += n; micros += m }
			x, s := start(t, world(tc.begin, tc.world...), tc.api, tc.cfg, nil)
			c := fetch(t, s, idOf(tc.begin, tc.ask))
			got, cuts := short(tc.begin, c)
			if diff := cmp.Diff(tc.posts, got); diff != "" {
				t.Error(diff)
			}
			if cuts != tc.cuts {
				t.Errorf("cuts %q, want %q", cuts, tc.cuts)
			}
			if got := calls(x); got != tc.calls {
				t.Errorf("calls %q, want %q", got, tc.calls)
			}
			if x.Posts() != tc.read {
				t.Errorf("%d posts in answers, want %d", x.Posts(), tc.read)
			}
			if posts > x.Posts() || micros < int64(posts)*5000 {
				t.Errorf("told %d posts at %d micros, answers had %d", posts, micros, x.Posts())
			}
			if x.Calls("search") != x.Calls("from%3A") {
				t.Errorf("a search without an author: %q", x.Log())
			}
		})
	}
}

// calls writes the calls of a fake as their endpoints' first letters.
func calls(x *fakenet.XAPI) string {
	out := ""
	for _, uri := range x.Log() {
		path, _, _ := strings.Cut(uri, "?")
		switch {
		case path == "/2/tweets":
			out += "l"
		case strings.HasSuffix(path, "/all"):
			out += "a"
		case strings.HasSuffix(path, "/recent"):
			out += "r"
		default:
			out += "t"
		}
	}
	return out
}
