package demo

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"

	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// weight is a text's length as X counts it: 23 for an address, 2 for what is
// wide, 1 for the rest (X developer docs, "Counting characters").
func weight(p fakenet.Post) int {
	n, at := 0, 0
	count := func(s string) {
		for g := graphemes.FromString(s); g.Next(); {
			if r, _ := utf8.DecodeRuneInString(g.Value()); r > 0x10ff && !unicode.Is(unicode.Arabic, r) && !unicode.IsPunct(r) || len(g.Value()) > utf8.UTFMax {
				n++
			}
			n++
		}
	}
	for _, f := range p.Facets {
		if f.Kind == unroll.FacetLink {
			count(p.Text[at:f.Start])
			n, at = n+23, f.End
		}
	}
	count(p.Text[at:])
	return n
}

// What stands in the files could have been posted.
func TestPostsFitTheirNetworks(t *testing.T) {
	graphemesIn := func(p fakenet.Post) int {
		n := 0
		for g := graphemes.FromString(p.Text); g.Next(); {
			n++
		}
		return n
	}
	for name, tt := range map[string]struct {
		limit  int
		length func(fakenet.Post) int
		id     func(string) string
	}{
		"x":        {280, weight, xID},
		"bluesky":  {300, graphemesIn, blueskyID},
		"mastodon": {500, graphemesIn, mastodonID},
	} {
		w, err := world(name, "http://demo.test", tt.id)
		if err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, a := range w.Authors {
			known[a.ID] = true
		}
		var ids, chain []string
		for _, p := range w.Posts {
			if n := tt.length(p); n > tt.limit && !p.Note {
				t.Errorf("%s: %d is too long: %q", name, n, p.Text)
			}
			if !known[p.AuthorID] {
				t.Errorf("%s: post by nobody: %q", name, p.AuthorID)
			}
			if p.ParentID != "" && !slices.Contains(ids, p.ParentID) || p.Quotes != "" && !slices.Contains(ids, p.Quotes) {
				t.Errorf("%s: %q replies to or quotes what was not there yet", name, p.Text)
			}
			if slices.Contains(ids, p.ID) {
				t.Errorf("%s: ID %s twice", name, p.ID)
			}
			ids = append(ids, p.ID)
			if n := len(chain); p.AuthorID == w.Authors[0].ID && (n == 0 && p.ParentID == "" || n > 0 && p.ParentID == chain[n-1]) {
				chain = append(chain, p.ID)
			}
		}
		if len(chain) < 15 || len(chain) > 30 {
			t.Errorf("%s: a thread of %d", name, len(chain))
		}
		if !slices.IsSorted(chain) {
			t.Errorf("%s: IDs do not follow each other: %s", name, strings.Join(chain, " "))
		}
	}
}
