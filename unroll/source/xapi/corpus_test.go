package xapi

import (
	"encoding/json"
	"html"
	"slices"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
	"unrollbot/unroll/source/xpost"
)

// TestCorpus decodes recorded answers and tells, per file, what is in them
// and what we kept.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, r := range sourcetest.Corpus(t, "x-v2/*.json", "live/xplayground/*.json") {
		switch r.Name {
		case "index.json", "seed.json", "me.json", "user_by_username.json":
			continue // not of posts
		}
		answers := []json.RawMessage{r.Raw}
		if r.Raw[0] == '[' {
			if err := json.Unmarshal(r.Raw, &answers); err != nil {
				t.Fatal(err)
			}
		}
		var has, kept tallies
		for _, one := range answers {
			compare(t, r.Name, one, &has, &kept)
		}
		t.Logf("%-50s has  %+v", r.Name, has)
		t.Logf("%-50s kept %+v", "", kept)
		if has != kept {
			t.Errorf("%s: something is lost", r.Name)
		}
	}
}

type tallies struct{ posts, problems, links, tags, media, polls, cards, quotes, replies, texts int }

// count adds one to a tally.
func (*tallies) count(yes bool, of *int) {
	if yes {
		*of++
	}
}

func compare(t *testing.T, name string, raw []byte, has, kept *tallies) {
	t.Helper()
	var a answer
	if err := json.Unmarshal(raw, &a); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	s, err := New(Config{Token: token, Now: clock}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWalk(s, "1")
	w.take(&a)
	with := newParts(&a.Includes)
	for i := range a.Errors {
		e := &a.Errors[i]
		has.count(e.about() != "", &has.problems)
		_, ok := w.gone[e.about()]
		kept.count(ok, &kept.problems)
	}
	for _, in := range slices.Concat(a.Data, a.Includes.Tweets) {
		if in.AuthorID == "" {
			in.AuthorID = "1" // recorded without: we ask for it
		}
		has.posts++
		w.put(in, with, true)
		h := w.get(in.ID)
		if h == nil {
			continue
		}
		kept.posts++
		p := &h.post
		sourcetest.CheckFacets(t, p.Text, p.Facets)
		expect(in, has)
		for _, f := range p.Facets {
			kept.count(f.Kind == unroll.FacetLink && !strings.HasPrefix(f.URL, "https://t.co/"), &kept.links)
			kept.count(f.Kind == unroll.FacetMention || f.Kind == unroll.FacetTag, &kept.tags)
		}
		kept.media += len(p.Media)
		kept.count(p.Poll != nil, &kept.polls)
		kept.count(h.quotes != "", &kept.quotes)
		kept.count(p.ParentID != "", &kept.replies)
		kept.count(p.Card != nil, &kept.cards)
		kept.count(strings.Contains(p.Text, words(in)), &kept.texts)
		if !strings.Contains(p.Text, words(in)) {
			t.Errorf("%s: post %s reads %q, X says %q", name, in.ID, p.Text, words(in))
		}
	}
}

// expect counts what a post has that a reader should see.
func expect(in *post, has *tallies) {
	e := in.Entities
	shown := func(start int) bool { return start >= leading(in) }
	for _, u := range e.URLs {
		own := xpost.StatusID(u.Expanded)
		rest := strings.TrimSpace(string([]rune(in.Text)[u.End:]))
		trailing := (rest == "" || strings.HasPrefix(rest, "https://t.co/")) && own != "" && own == in.refers("quoted")
		has.count(u.MediaKey == "" && own != in.ID && !trailing, &has.links)
	}
	for _, tags := range [][]tag{e.Mentions, e.Hashtags, e.Cashtags} {
		for _, g := range tags {
			has.count(shown(g.Start), &has.tags)
		}
	}
	has.media += len(in.Attachments.MediaKeys)
	has.polls += len(in.Attachments.PollIDs)
	has.count(in.refers("quoted") != "", &has.quotes)
	has.count(in.refers("replied_to") != "", &has.replies)
	has.count(slices.ContainsFunc(e.URLs, func(u urlEntity) bool {
		return u.Title != "" && xpost.StatusID(u.Expanded) == ""
	}) && len(in.Attachments.MediaKeys) == 0, &has.cards)
	has.texts++
}

func leading(in *post) int {
	if len(in.DisplayRange) == 2 {
		return in.DisplayRange[0]
	}
	return 0
}

// words is a post's text up to its first short link, without escapes.
func words(in *post) string {
	text := string([]rune(in.Text)[leading(in):])
	if in.InReplyTo != "" && strings.HasPrefix(text, "@") && len(in.DisplayRange) == 0 {
		_, text, _ = strings.Cut(text, " ")
	}
	text, _, _ = strings.Cut(text, "https://t.co/")
	return strings.TrimSpace(html.UnescapeString(text))
}
