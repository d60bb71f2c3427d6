package render_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"unrollbot/unroll/render"
	"unrollbot/unroll/render/rendertest"
)

type feed struct {
	ID      string `xml:"id"`
	Title   string `xml:"title"`
	Updated string `xml:"updated"`
	Author  struct {
		Name string `xml:"name"`
	} `xml:"author"`
	Entries []struct {
		ID      string `xml:"id"`
		Title   string `xml:"title"`
		Updated string `xml:"updated"`
		Content string `xml:"content"`
	} `xml:"entry"`
}

func parseFeed(t *testing.T, text string) feed {
	t.Helper()
	var f feed
	if err := xml.Unmarshal([]byte(text), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestAtomGolden(t *testing.T) {
	o := render.Options{PageURL: "https://unroll.example/mastodon/tidewater.example/1100"}
	golden(t, "thread.atom", rendered(t, o.Atom, rendertest.Thread("https://media.example")))
}

// TestAtomIsValid checks what RFC 4287, 4.1, asks for.
func TestAtomIsValid(t *testing.T) {
	for name, o := range map[string]render.Options{"with a page": {PageURL: "https://unroll.example/x/1"}, "without": {}} {
		t.Run(name, func(t *testing.T) {
			f := parseFeed(t, rendered(t, o.Atom, rendertest.Thread("https://media.example")))
			if len(f.Entries) != 22 || f.Author.Name != "Mara Lindqvist" {
				t.Errorf("%d entries by %q", len(f.Entries), f.Author.Name)
			}
			ids := map[string]bool{f.ID: true}
			newest := ""
			for i, e := range f.Entries {
				if ids[e.ID] || e.ID == "" || e.Title == "" || e.Content == "" {
					t.Errorf("entry %d: %+v", i, e)
				}
				ids[e.ID] = true
				if _, err := time.Parse(time.RFC3339, e.Updated); err != nil {
					t.Errorf("entry %d: %v", i, err)
				}
				newest = max(newest, e.Updated)
			}
			if !strings.HasSuffix(f.Entries[0].ID, "#p-1122") {
				t.Errorf("the first entry is %s, not the newest post", f.Entries[0].ID)
			}
			if f.Updated != newest {
				t.Errorf("updated %s, the newest entry %s", f.Updated, newest)
			}
		})
	}
}

func TestAtomIsBounded(t *testing.T) {
	f := parseFeed(t, rendered(t, render.Atom, rendertest.Long(200)))
	if len(f.Entries) != 50 || !strings.Contains(f.Entries[0].Title, fmt.Sprint(200)) {
		t.Errorf("%d entries, the first is %q", len(f.Entries), f.Entries[0].Title)
	}
}

func TestAtomHoldsHostileTexts(t *testing.T) {
	for _, trick := range append(tricks, "\uffff\x00\x0b") {
		wellFormed(t, rendered(t, render.Options{PageURL: "https://unroll.example/x/1"}.Atom, hostile(trick, "a")))
	}
}
