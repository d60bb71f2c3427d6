package discord

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"

	"unrollbot/bot"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

var update = flag.Bool("update", false, "rewrite golden files")

// rich is a thread with everything in it.
func rich() *unroll.Thread {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	t := &unroll.Thread{
		Schema: unroll.SchemaVersion, Ref: unroll.Ref{Network: unroll.Mastodon, Host: "m.example", ID: "112"}, Source: "mastodon",
		Author: unroll.Author{
			ID: "https://m.example/users/ada", Handle: "ada@m.example", Name: "Ada 🦋", URL: "https://m.example/@ada",
			Avatar: "https://m.example/a.png",
		},
		FetchedAt: at,
		ReplyTo: &unroll.Quote{
			URL: "https://m.example/@bob/1", Author: unroll.Author{Handle: "bob@m.example"}, Text: "Does it *work*?",
		},
		Verdict: unroll.Verdict{State: unroll.Partial, Evidence: []unroll.Evidence{{Rule: unroll.RuleGap, State: unroll.Partial, Post: "113"}}},
		Posts: []unroll.Post{
			{
				ID: "112", Text: "# It does, @bob, see m.example/docs…\n1. first", Media: []unroll.Media{
					{Kind: unroll.MediaImage, URL: "https://m.example/1.png", Alt: "A brass wheel"},
					{Kind: unroll.MediaVideo, URL: "https://m.example/2.m3u8", Variants: []unroll.Variant{{URL: "https://m.example/2.mp4", Type: "video/mp4"}}},
				},
				Facets: []unroll.Facet{
					{Start: 11, End: 15, Kind: unroll.FacetMention, URL: "https://m.example/@bob"},
					{Start: 21, End: 38, Kind: unroll.FacetLink, URL: "https://m.example/docs/engine_(1)"},
				},
			},
			{ID: "113", URL: "https://m.example/@ada/113", Gap: &unroll.Gap{Reason: unroll.GapDeleted}},
			{
				ID: "114", Warning: "spoilers", Sensitive: true, Text: "The engine ||wins||",
				Media: []unroll.Media{{Kind: unroll.MediaVideo, URL: "https://m.example/3.m3u8", Preview: "https://m.example/3.jpg"}},
			},
			{
				ID: "115", Text: "Vote!", Poll: &unroll.Poll{Options: []unroll.PollOption{{Label: "yes", Votes: 3}, {Label: "no", Votes: 1}}, Votes: 4, EndsAt: at},
				Card:  &unroll.Card{URL: "https://n.example/x", Title: "News [1]"},
				Media: []unroll.Media{{Kind: unroll.MediaAudio, URL: "https://m.example/4.mp3", Duration: 90 * time.Second}},
			},
		},
		Branches: []unroll.Branch{{After: "112", Posts: []unroll.Post{{ID: "120", Text: "aside"}}}},
	}
	return t
}

func testAdapter(t testing.TB) *Adapter {
	t.Helper()
	a, err := New(Config{Token: "t"}, nil, words{}, &memory{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func pageOf(t testing.TB, a *Adapter, r *bot.Reply, st stage) outgoing {
	t.Helper()
	o := output{a: a, speaker: a.speaker("en"), stage: st}
	return o.page(t.Context(), o.book(t.Context(), r), r)
}

func TestPageGolden(t *testing.T) {
	t.Parallel()
	a := testAdapter(t)
	for name, tc := range map[string]struct {
		reply bot.Reply
		stage stage
	}{
		"rich":      {bot.Reply{Thread: rich(), Asked: rich().Ref, PageURL: "https://unroll.example/mastodon/m.example/112", Page: 1}, stage{threads: true}},
		"private":   {bot.Reply{Thread: thread(60), Asked: thread(60).Ref, PageURL: "https://unroll.example/x/20", Page: 2}, stage{private: true}},
		"localhost": {bot.Reply{Thread: thread(1), Asked: thread(1).Ref, PageURL: "http://localhost:8080/x/20"}, stage{}},
	} {
		t.Run(name, func(t *testing.T) {
			m := pageOf(t, a, &tc.reply, tc.stage)
			golden(t, name+".json", m)
			golden(t, name+".plain.json", m.fallback())
		})
	}
}

func golden(t *testing.T, name string, v any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}

// TestLimits lays threads out that are hard to fit, and counts.
func TestLimits(t *testing.T) {
	t.Parallel()
	a := testAdapter(t)
	random := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"word ", "*", "_", "\n", "\n\n", "👍", "https://x.example/a_b", "漢字。", strings.Repeat("long", 300), "- ", "```"}
	for i := range 150 {
		th := thread(0)
		if i%2 == 0 {
			th.Author.Avatar = "https://x.example/a.png"
		}
		if i%5 == 0 {
			th.Author.Name = strings.Repeat("*name* ", 1+random.IntN(2000))
		}
		for n := range 1 + random.IntN(60) {
			p := unroll.Post{ID: strconv.Itoa(20 + n), Sensitive: random.IntN(4) == 0}
			for range random.IntN(40) {
				p.Text += pieces[random.IntN(len(pieces))]
			}
			if i%3 == 0 {
				p.Text = p.Text[:min(len(p.Text), 5)]
				p.Text = strings.ToValidUTF8(p.Text, "")
			}
			for range random.IntN(14) {
				p.Media = append(p.Media, unroll.Media{Kind: unroll.MediaImage, URL: "https://x.example/p.png", Alt: strings.Repeat("alt 👍", random.IntN(400))})
			}
			th.Posts = append(th.Posts, p)
		}
		th.Branches = []unroll.Branch{{After: "20", Posts: []unroll.Post{{ID: "900", Text: "aside"}}}}
		th.Posts[0].At = time.Now()
		b := newBook(th, render.Options{PageURL: "https://unroll.example/x/20"}, bareNone)
		for n := range b.pages {
			r := bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20", Page: n + 1}
			m := (&output{a: a, speaker: a.speaker("en"), stage: stage{threads: true, open: true, lasting: true}}).page(t.Context(), b, &r)
			m = m.naming(strings.Repeat("9", 20))
			components, text := count(m.Components)
			if components > maxComponents || text > maxText {
				t.Fatalf("thread %d, page %d of %d: %d components, %d units", i, n+1, len(b.pages), components, text)
			}
		}
	}
}

// count counts components and units of text.
func count(components []discordgo.MessageComponent) (n, text int) {
	add := func(c ...discordgo.MessageComponent) {
		m, u := count(c)
		n, text = n+m, text+u
	}
	for _, c := range components {
		n++
		switch c := c.(type) {
		case discordgo.Container:
			add(c.Components...)
		case discordgo.ActionsRow:
			add(c.Components...)
		case discordgo.Section:
			add(c.Components...)
			add(c.Accessory)
		case discordgo.TextDisplay:
			text += units(c.Content)
		}
	}
	return n, text
}

func TestMenu(t *testing.T) {
	t.Parallel()
	a := testAdapter(t)
	for _, pages := range []int{3, 25, 26, 27, 60, 999} {
		for _, n := range []int{1, 2, pages / 2, pages} {
			k := a.keys(t.Context(), unroll.Ref{Network: unroll.X, ID: "20"})
			m := k.menu(a.speaker("en"), place{n: n, pages: pages})
			chosen, last := "", ""
			for _, o := range m.Options {
				if o.Default {
					chosen = o.Value
				}
				last = o.Value
			}
			if len(m.Options) > maxMenu || chosen != strconv.Itoa(n) || last != strconv.Itoa(pages) || (pages <= maxMenu && len(m.Options) != pages) {
				t.Errorf("page %d of %d: %d options, chosen %q, last %q", n, pages, len(m.Options), chosen, last)
			}
		}
	}
}

func TestNoButtonsWithoutStore(t *testing.T) {
	t.Parallel()
	a := testAdapter(t)
	a.refs = refs{}
	th := thread(40)
	th.Ref = unroll.Ref{Network: unroll.Bluesky, Author: "did:web:" + strings.Repeat("a", 200) + ".example", ID: "3kabc"}
	r := bot.Reply{Thread: th, Asked: th.Ref, PageURL: "https://unroll.example/x/20"}
	m := pageOf(t, a, &r, stage{})
	if len(m.Components) != 2 {
		t.Errorf("%d components beside the container, want the one row with the page", len(m.Components)-1)
	}
}

func TestSentence(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a *b* c":                          `a \*b\* c`,
		"see https://a.example/x_y.":       "see <https://a.example/x_y>.",
		"(https://a.example/)":             "(<https://a.example/>)",
		strings.Repeat("x", 5000):          strings.Repeat("x", 3999) + "…",
		"/unroll https://a.example/b?c=d!": "/unroll <https://a.example/b?c=d>!",
	} {
		m := sentence(text)
		if got := m.Components[0].(discordgo.TextDisplay).Content; got != want {
			t.Errorf("%.40q reads %.60q, want %.60q", text, got, want)
		}
	}
}

func TestPlayable(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		media unroll.Media
		want  string
		whole bool
	}{
		"picture":        {unroll.Media{Kind: unroll.MediaImage, URL: "https://a.example/1.png"}, "https://a.example/1.png", true},
		"odd address":    {unroll.Media{Kind: unroll.MediaImage, URL: "https://a.example/é|.png"}, "https://a.example/%C3%A9%7C.png", true},
		"no address":     {unroll.Media{Kind: unroll.MediaImage, URL: "data:image/png;base64,x"}, "", false},
		"localhost":      {unroll.Media{Kind: unroll.MediaImage, URL: "http://localhost/1.png"}, "", false},
		"too long":       {unroll.Media{Kind: unroll.MediaImage, URL: "https://a.example/" + strings.Repeat("x", 2048)}, "", false},
		"GIF":            {unroll.Media{Kind: unroll.MediaGIF, URL: "https://a.example/1.mp4"}, "https://a.example/1.mp4", true},
		"playlist":       {unroll.Media{Kind: unroll.MediaVideo, URL: "https://a.example/1.m3u8?x", Preview: "https://a.example/1.jpg"}, "https://a.example/1.jpg", false},
		"sound":          {unroll.Media{Kind: unroll.MediaAudio, URL: "https://a.example/1.mp3"}, "", false},
		"unknown":        {unroll.Media{Kind: "hologram", URL: "https://a.example/1.holo"}, "", false},
		"best rendition": {unroll.Media{Kind: unroll.MediaVideo, URL: "https://a.example/1.mp4", Variants: []unroll.Variant{{URL: "https://a.example/hls.m3u8", Type: "application/x-mpegURL"}, {URL: "https://a.example/best.mp4", Type: "video/mp4"}, {URL: "https://a.example/small.mp4", Type: "video/mp4"}}}, "https://a.example/best.mp4", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, whole := playable(tc.media); got != tc.want || whole != tc.whole {
				t.Errorf("%q, %v", got, whole)
			}
		})
	}
}

func BenchmarkBook(b *testing.B) {
	for _, posts := range []int{10, 100, 1000} {
		b.Run(strconv.Itoa(posts), func(b *testing.B) {
			t := thread(posts)
			b.ReportAllocs()
			for b.Loop() {
				newBook(t, render.Options{PageURL: "https://unroll.example/x/20"}, bareNone)
			}
		})
	}
}

func TestAccent(t *testing.T) {
	t.Parallel()
	seen := make(map[int]bool)
	for i := range 300 {
		c := accent(strconv.Itoa(i))
		if c < 0 || c > 0xffffff || c != accent(strconv.Itoa(i)) {
			t.Fatalf("colour %x", c)
		}
		seen[c] = true
	}
	if len(seen) < 100 {
		t.Errorf("only %d colours", len(seen))
	}
}
