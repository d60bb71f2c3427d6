package render_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// dump writes blocks for people: one per paragraph, facets in the text.
func dump(blocks []render.Block) string {
	var b strings.Builder
	for _, block := range blocks {
		fmt.Fprintf(&b, "[%s %s]", block.Kind, block.PostID)
		if block.Spoiler {
			b.WriteString(" spoiler")
		}
		if n := len(block.Media); n > 0 {
			fmt.Fprintf(&b, " media=%d", n)
		}
		fmt.Fprintf(&b, "\n%s\n", block.Text)
		for _, f := range block.Facets {
			fmt.Fprintf(&b, "  %s %q %s\n", f.Kind, block.Text[f.Start:f.End], f.URL)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestBlocksGolden(t *testing.T) {
	thread := rendertest.Thread("https://media.example")
	blocks := render.Blocks(&thread, render.Options{PageURL: "https://unroll.example/mastodon/tidewater.example/1100"})
	golden(t, "thread.blocks", dump(blocks))
}

func TestBlocks(t *testing.T) {
	author := unroll.Author{Handle: "ada", Name: "Ada"}
	complete := unroll.Verdict{State: unroll.Complete}
	one := func(p unroll.Post) unroll.Thread {
		p.ID = "7"
		return unroll.Thread{Ref: unroll.Ref{Network: unroll.X, ID: "7"}, Author: author, Posts: []unroll.Post{p}, Verdict: complete}
	}
	tests := []struct {
		name   string
		thread unroll.Thread
		want   string
	}{
		{"nothing at all", unroll.Thread{}, `
[title ]
0 posts · perhaps not complete

[footer ]
Perhaps not complete.
`},
		{"one post", one(unroll.Post{Text: "Hello"}), `
[title ]
Ada · @ada · 1 post
  bold "Ada" 

[text 7]
Hello

[footer ]
Complete.
`},
		{"a warning covers what follows", one(unroll.Post{Text: "Hello", Warning: "big\nspiders"}), `
[title ]
Ada · @ada · 1 post
  bold "Ada" 

[warning 7]
Content warning: big spiders

[text 7] spoiler
Hello

[footer ]
Complete.
`},
		{"sensitive covers media only", one(unroll.Post{Text: "Hello", Sensitive: true, Media: []unroll.Media{{URL: "https://m.example/1", Alt: "one\ntwo"}}}), `
[title ]
Ada · @ada · 1 post
  bold "Ada" 

[text 7]
Hello

[media 7] spoiler media=1
Picture: one two
  link "Picture" https://m.example/1

[footer ]
Complete.
`},
		{"controls and foreign schemes go", one(unroll.Post{
			Text: "a\x00b\r\nc\x1b[31m d", Facets: []unroll.Facet{
				{Start: 0, End: 3, Kind: unroll.FacetLink, URL: "javascript:alert(1)"},
				{Start: 0, End: 6, Kind: unroll.FacetBold},
				{Start: 5, End: 40, Kind: unroll.FacetItalic},
				{Start: 1, End: 2, Kind: unroll.FacetItalic},
				{Start: 12, End: 13, Kind: unroll.FacetTag, URL: "data:text/html,x"},
			},
		}), `
[title ]
Ada · @ada · 1 post
  bold "Ada" 

[text 7]
ab
c[31m d
  bold "ab\nc" 
  tag "d" 

[footer ]
Complete.
`},
		{"a hidden poll", one(unroll.Post{Poll: &unroll.Poll{Options: []unroll.PollOption{{Label: "yes", Votes: -1}, {Label: "no", Votes: -1}}}}), `
[title ]
Ada · @ada · 1 post
  bold "Ada" 

[poll 7]
Poll
• yes
• no
  bold "Poll" 

[footer ]
Complete.
`},
		{"a name from right to left is isolated", unroll.Thread{
			Author: unroll.Author{Name: "\u202eהדר", Handle: "hadar"}, Verdict: complete,
			Source: "fxtwitter", FetchedAt: time.Date(2026, 11, 24, 9, 30, 0, 0, time.FixedZone("", 3600)),
		}, `
[title ]
` + "\u2068הדר\u2069" + ` · @hadar · 0 posts
  bold "` + "\\u2068הדר\\u2069" + `" 

[footer ]
Read from FxTwitter on 24 November 2026, 08:30 UTC. Complete.
`},
		{"a branch that hangs nowhere is still told", unroll.Thread{
			Author: author, Verdict: complete, Posts: []unroll.Post{{ID: "7", Text: "Hello"}},
			Branches: []unroll.Branch{{After: "8", Posts: []unroll.Post{{ID: "9", Text: "lost"}}}},
		}, `
[title ]
Ada · @ada · 2 posts
  bold "Ada" 

[text 7]
Hello

[branch 8]
Side branch: 1 post

[footer ]
Complete.
`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := dump(render.Blocks(&tt.thread, render.Options{}))
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n")+"\n", got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTitle(t *testing.T) {
	post := func(texts ...string) unroll.Thread {
		th := unroll.Thread{Author: unroll.Author{Name: "Ada", Handle: "ada"}}
		for _, s := range texts {
			th.Posts = append(th.Posts, unroll.Post{Text: s})
		}
		return th
	}
	covered := post("Hello, spiders of the world")
	covered.Posts[0].Warning = "big\nspiders"
	gap := post("", "Second")
	gap.Posts[0].Gap = &unroll.Gap{}
	tests := []struct {
		name   string
		thread unroll.Thread
		want   string
	}{
		{"first line", post("How lights speak 🧵\n\nBefore radio, a light"), "How lights speak 🧵"},
		{"a first line too short", post("🧵 1/9\n\nBefore radio"), "🧵 1/9 Before radio"},
		{"cut at a word", post(strings.Repeat("lamp ", 40)), strings.TrimSpace(strings.Repeat("lamp ", 15)) + " lamp…"},
		{"no spaces", post(strings.Repeat("灯", 200)), strings.Repeat("灯", 79) + "…"},
		{"eighty graphemes stay", post(strings.Repeat("👩🏽‍🔧", 80)), strings.Repeat("👩🏽‍🔧", 80)},
		{"the first post is missing", gap, "Second"},
		{"covered", covered, "Content warning: big spiders"},
		{"no words", post("", "Second"), "Thread by Ada (@ada)"},
		{"no posts", unroll.Thread{}, "Thread by"},
		{"reordering goes", post("\u202eevil title here\u2069"), "evil title here"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, strings.TrimSpace(render.Title(&tt.thread))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestStrongest(t *testing.T) {
	got := render.Strongest(unroll.Verdict{State: unroll.Partial, Evidence: []unroll.Evidence{
		{Rule: unroll.RuleGap, State: unroll.Unknown}, // stronger, but of another opinion
		{Rule: unroll.RuleEnd, State: unroll.Complete},
		{Rule: unroll.RuleCut, State: unroll.Partial},
		{Rule: unroll.RuleCounter, State: unroll.Partial, Have: 3, Want: 5},
		{Rule: "new rule", State: unroll.Partial},
	}})
	if got.Rule != unroll.RuleCounter {
		t.Errorf("got %q, want the counter", got.Rule)
	}
}

func TestSummaryAndFileName(t *testing.T) {
	thread := func(handle, text string) *unroll.Thread {
		return &unroll.Thread{Author: unroll.Author{Handle: handle}, Posts: []unroll.Post{{Text: text}, {Text: "And more."}}}
	}
	tests := []struct {
		name     string
		thread   *unroll.Thread
		summary  string
		fileName string
	}{
		{"a heading", thread("ada@host.example", "How lights speak\n\nBefore radio"), "Before radio And more.", "ada-how-lights-speak.md"},
		{"cut", thread("ada", strings.Repeat("lamp ", 40)), "lamp lamp lamp lamp lamp lamp lamp lamp…", "ada" + strings.Repeat("-lamp", 15) + ".md"},
		{"paths and signs", thread("../a", "../../etc/passwd: \"x\" \u202e…\x00"), "../../etc/passwd: \"x\" … And more.", "a-etc-passwd-x.md"},
		{"other scripts", thread("", "Привет, мир! 你好"), "Привет, мир! 你好 And more.", "привет-мир-你好.md"},
		{"covered", &unroll.Thread{Posts: []unroll.Post{{Text: "Open."}, {Text: "Hidden.", Warning: "w"}}}, "Open.", "open.md"},
		{"nothing", &unroll.Thread{}, "", "thread-by.md"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.summary, render.Summary(tt.thread, 40)); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.fileName, render.FileName(tt.thread, ".md")); diff != "" {
				t.Errorf("file name (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBlocksLeadToTheWebOnly(t *testing.T) {
	for address, want := range map[string]string{
		"https://example.org/a?b=c#d":      "https://example.org/a?b=c#d",
		"http://example.org":               "http://example.org",
		"https://example.org/ü?q=ü \"<>":   "https://example.org/%C3%BC?q=%C3%BC%20%22%3C%3E",
		"https://example.org/?q=\xd1":      "https://example.org/?q=%D1",
		"https://example.org/a%2Fb%20c":    "https://example.org/a%2Fb%20c",
		"HTTPS://example.org/":             "https://example.org/",
		"https://bücher.example:8443/":     "https://xn--bcher-kva.example:8443/",
		"https://a_b.example/":             "https://a_b.example/",
		"http://[::1]:8080/":               "http://[::1]:8080/",
		"https://e.\x9e>\xbd/":             "",
		"https://a<b>.example/":            "",
		"javascript:alert(1)":              "",
		"data:text/html,x":                 "",
		"//example.org/":                   "",
		"/path":                            "",
		"mailto:a@example.org":             "",
		"https:example.org":                "",
		"https://":                         "",
		" https://example.org":             "",
		"https://exa mple.org":             "",
		"https://example.org/\nSet-Cookie": "",
	} {
		thread := unroll.Thread{Posts: []unroll.Post{{ID: "1", Text: "link", Facets: []unroll.Facet{{Start: 0, End: 4, Kind: unroll.FacetLink, URL: address}}}}}
		got := ""
		for _, b := range render.Blocks(&thread, render.Options{}) {
			for _, f := range b.Facets {
				got = f.URL
			}
		}
		if got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
