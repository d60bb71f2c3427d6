package web_test

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
	"unrollbot/web"
)

// network is a source whose one author writes what the test says.
type network struct{ text string }

func (*network) Name() string              { return "network" }
func (*network) Match(ref unroll.Ref) bool { return ref.Network == unroll.X }
func (n *network) Fetch(_ context.Context, ref unroll.Ref) (unroll.Conversation, error) {
	return unroll.Conversation{
		Asked: "1", Ref: unroll.Ref{Network: unroll.X, ID: "1"}, Source: "network",
		Posts:   []unroll.Post{{ID: "1", AuthorID: "100", Text: n.text, At: time.Unix(1e9, 0)}},
		Authors: map[string]unroll.Author{"100": {ID: "100", Handle: "ada"}},
	}, nil
}

// TestOptingOutHoldsEverywhere goes the whole way, with a real service on a
// real store.
func TestOptingOutHoldsEverywhere(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	store, err := boltstore.Open(boltstore.Config{Path: filepath.Join(t.TempDir(), "db")})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	source := &network{text: "A thread of mine."}
	service, err := unroll.New(unroll.Config{Now: clock}, []unroll.Source{source}, store)
	if err != nil {
		t.Fatal(err)
	}
	s, err := web.New(web.Config{Now: clock}, service, store)
	if err != nil {
		t.Fatal(err)
	}
	if r := get(t, s, "/?url="+url.QueryEscape(adas)); r.StatusCode != http.StatusSeeOther {
		t.Fatalf("status %d", r.StatusCode)
	}
	if found, _ := listed(t, s, "/search?q=mine"); len(found) != 1 {
		t.Errorf("found %v", found)
	}
	source.text += " " + codeFor(t, s, adas)
	if r := check(t, s, adas); r.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("read again within a minute: %d", r.StatusCode)
	}
	now = now.Add(2 * time.Minute)
	if r := check(t, s, adas); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "Done.") {
		t.Fatalf("status %d", r.StatusCode)
	}
	for _, path := range []string{"/x/1", "/x/1.json", "/?url=" + url.QueryEscape(adas)} {
		if r := get(t, s, path); r.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	for _, path := range []string{"/latest", "/search?q=mine", "/x/@ada"} {
		if found, _ := listed(t, s, path); len(found) != 0 {
			t.Errorf("%s lists %v", path, found)
		}
	}
}
