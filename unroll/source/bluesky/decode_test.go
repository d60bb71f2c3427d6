package bluesky_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
	"unrollbot/unroll/source/sourcetest"
)

// TestGolden decodes answers in the AppView's shape and compares the whole
// conversation.
func TestGolden(t *testing.T) {
	for name, id := range map[string]string{"rich": "did:plc:gardener/3a", "gone": "did:plc:baker/3e"} {
		t.Run(name, func(t *testing.T) {
			c, err := newSource(t, bluesky.Config{}, &refuser{body: string(sourcetest.Fixture(t, name+".json"))}).Fetch(t.Context(), refOf(id))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.Golden(t, name+".golden", c)
		})
	}
}

// TestFacetsCutWords names the ranges of the golden thread's first post.
func TestFacetsCutWords(t *testing.T) {
	body, err := os.ReadFile("testdata/rich.json")
	if err != nil {
		t.Fatal(err)
	}
	c, err := newSource(t, bluesky.Config{}, &refuser{body: string(body)}).Fetch(t.Context(), refOf("did:plc:gardener/3a"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range c.Posts[0].Facets {
		got = append(got, fmt.Sprintf("%s %q %s", f.Kind, c.Posts[0].Text[f.Start:f.End], f.URL))
	}
	want := []string{
		`link "garden.example/beans…" https://garden.example/beans/climbing?kind=runner#top`,
		`mention "@neighbour" https://bsky.app/profile/did:plc:neighbour`,
		`tag "#Bohnen" https://bsky.app/hashtag/Bohnen`,
		`tag "#豆" https://bsky.app/hashtag/%E8%B1%86`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzFetch feeds anything as every answer: no panic, no endless reading, and
// what comes out is sound.
func FuzzFetch(f *testing.F) {
	for _, name := range []string{"rich", "gone"} {
		body, err := os.ReadFile(filepath.Join("testdata", name+".json"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(body))
	}
	const post = `{"post":{"uri":"at://did:plc:a/app.bsky.feed.post/%s","author":{"did":"did:plc:a"},"replyCount":%d,"record":{"text":"%s","reply":{"root":{"uri":"at://did:plc:a/app.bsky.feed.post/%s"},"parent":{"uri":"at://did:plc:a/app.bsky.feed.post/%s"}}}}`
	f.Add(`{"thread":` + fmt.Sprintf(post, "b", 3, "1/9", "b", "b") + `}}`)                                                           // its own parent
	f.Add(`{"thread":` + fmt.Sprintf(post, "b", 3, "1/9", "a", "c") + `,"parent":` + fmt.Sprintf(post, "c", 1, "", "a", "b") + `}}}`) // a cycle
	f.Add(`{"thread":` + fmt.Sprintf(post, "b", 3, "🧵", "b", "") + `,"replies":[null,{},` + fmt.Sprintf(post, "b", 9, "", "b", "b") + `}]},"cursor":"1234567890123__x","feed":[{},` + fmt.Sprintf(post, "d", 1, "", "b", "c") + `}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		d := &refuser{body: body}
		c, err := newSource(t, bluesky.Config{Count: true, MaxPosts: 50}, d).Fetch(t.Context(), refOf("did:plc:a/b"))
		if d.asked > 33 {
			t.Fatalf("%d calls", d.asked)
		}
		if err != nil {
			if unroll.KindOf(err) == unroll.KindInternal {
				t.Fatalf("an error without a kind: %v", err)
			}
			return
		}
		sourcetest.CheckConversation(t, c)
		for _, p := range c.Posts {
			if p.ID != c.Asked || p.Gap != nil {
				continue // a thread of which nothing may be shown is an error there
			}
			if _, err := unroll.Assemble(c); err != nil {
				t.Fatalf("assemble: %v", err)
			}
		}
	})
}
