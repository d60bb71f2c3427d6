package storetest

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
)

//go:embed prose.txt
var prose string

// Prose returns the texts of a thread of 30 posts, about 260 bytes each: what
// a store has to keep at the very least.
func Prose() []string { return strings.Split(strings.TrimSpace(prose), "\n") }

// Thread makes a thread of n posts in plain prose, with the ids, addresses and
// times that such a thread has on X. Equal arguments give equal threads.
func Thread(id uint64, n int) unroll.Thread {
	texts := Prose()
	rnd := rand.New(rand.NewPCG(id, 1)) //nolint:gosec // a fixture, not a secret
	const handle = "tower_keeper"
	address := func(id string) string { return "https://x.com/" + handle + "/status/" + id }

	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(id%100_000) * time.Minute)
	next := 1_900_000_000_000_000_000 + id<<32
	root := strconv.FormatUint(next, 10)
	t := unroll.Thread{
		Schema: unroll.SchemaVersion,
		Ref:    unroll.Ref{Network: unroll.X, ID: root},
		Author: unroll.Author{
			ID: "1480220042", Handle: handle, Name: "The Tower Keeper",
			URL: "https://x.com/" + handle, Avatar: "https://pbs.twimg.com/profile_images/1480220042/rope_400x400.jpg",
		},
		Verdict: unroll.Verdict{
			State:    unroll.Complete,
			Evidence: []unroll.Evidence{{Rule: unroll.RuleCounter, State: unroll.Complete, Have: n, Want: n}},
		},
		Source:    "fxtwitter",
		FetchedAt: at.Add(3*time.Hour + 1234567*time.Nanosecond),
	}
	for i := range n {
		p := unroll.Post{
			ID: strconv.FormatUint(next, 10), RootID: root, At: at, Lang: "en",
			Text: texts[i%len(texts)],
		}
		p.URL = address(p.ID)
		if i > 0 {
			p.ParentID, p.ParentAuthorID = t.Posts[i-1].ID, t.Author.ID
		}
		if i >= len(texts) {
			p.Text = fmt.Sprintf("%d. %s", i/len(texts), p.Text)
		}
		t.Posts = append(t.Posts, p)
		wait := 20 + rnd.Int64N(90) // seconds
		at = at.Add(time.Duration(wait) * time.Second)
		next += uint64(wait)*1000<<22 + rnd.Uint64N(1<<22) //nolint:gosec // wait is positive
	}
	return t
}

// Refs lists the refs of all of t's posts, the root's too.
func Refs(t *unroll.Thread) []unroll.Ref {
	var refs []unroll.Ref
	for p := range t.All {
		refs = append(refs, t.RefOf(p))
	}
	return refs
}

// Rich makes a short thread with all that may hang on a post, and with what
// disturbs regularities: gaps, branches, posts of one second, ids that are no
// numbers.
func Rich(n unroll.Network) unroll.Thread {
	author := unroll.Author{ID: "1480220042", Handle: "keeper", Name: "Köster 🔔", URL: "https://x.com/keeper"}
	ref := unroll.Ref{Network: n, ID: "1900000000000000001"}
	ids := []string{"1900000000000000001", "1900000000000000005", "1900000000000000004", "1900000000000000100", "18446744073709551615", "007", "1"}
	switch n {
	case unroll.X, unroll.Short:
	case unroll.Bluesky:
		author.ID = "did:plc:keeperkeeperkeeperkeeper"
		ref = unroll.Ref{Network: n, Author: author.ID, ID: "3mkeeper2222a"}
		ids = []string{"3mkeeper2222a", "3mkeeper2222b", "3mkeeper2222c", "3mkeeper2222d", "3mkeeper2222e", "3mkeeper2222f", "self"}
		for i := range ids {
			ids[i] = author.ID + "/" + ids[i]
		}
	case unroll.Mastodon:
		author.ID = "https://social.example/users/keeper"
		ref.Host = "social.example"
	}
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	post := func(i int, text string) unroll.Post {
		p := unroll.Post{ID: ids[i], At: at.Add(time.Duration(i*i) * time.Minute), Text: text, RootID: ids[0], Lang: "de"}
		p.URL = "https://social.example/@keeper/" + ids[i]
		if i > 0 {
			p.ParentID, p.ParentAuthorID = ids[i-1], author.ID
		}
		return p
	}
	image := unroll.Media{Kind: unroll.MediaImage, URL: "https://pics.example/1.jpg", Preview: "https://pics.example/1s.jpg", Alt: "Ein \"Turm\" <b>&amp;", Width: 1200, Height: 800}
	video := unroll.Media{
		Kind: unroll.MediaVideo, URL: "https://pics.example/2.mp4", Duration: 12345 * time.Millisecond,
		Variants: []unroll.Variant{{URL: "https://pics.example/2.m3u8", Type: "application/x-mpegURL"}, {URL: "https://pics.example/2.mp4", Type: "video/mp4", Bitrate: 2_176_000}},
	}

	first := post(0, "Zeile eins\nZeile zwei\t<script>& “quoted” \u2028 שלום")
	first.Facets = []unroll.Facet{{Start: 0, End: 5, Kind: unroll.FacetBold}, {Start: 6, End: 10, Kind: unroll.FacetLink, URL: "https://a.example/?b=1&c=2"}}
	first.Media = []unroll.Media{image, video}
	first.Warning, first.Sensitive = "spiders", true
	first.EditedAt = at.Add(90*time.Second + 5*time.Millisecond)
	second := post(1, "")
	second.Poll = &unroll.Poll{Options: []unroll.PollOption{{Label: "ja", Votes: 3}, {Label: "nein", Votes: -1}}, Votes: 3, EndsAt: at.Add(time.Hour), Multiple: true}
	second.At = first.At // within the same second
	third := unroll.Post{ID: ids[2], ParentID: ids[1], Gap: &unroll.Gap{Reason: unroll.GapDeleted}}
	fourth := post(3, "after the gap")
	fourth.At = fourth.At.Add(123 * time.Millisecond)
	fourth.Quote = &unroll.Quote{
		URL: "https://x.com/i/status/20", Author: unroll.Author{ID: "12", Handle: "jack"}, Text: "just", Facets: []unroll.Facet{{Start: 0, End: 4, Kind: unroll.FacetCode}},
		Media: []unroll.Media{image}, At: at.Add(-time.Hour), Warning: "w", Sensitive: true,
	}
	fifth := post(4, "cut here")
	fifth.Cut, fifth.Lang, fifth.RootID, fifth.URL = true, "", "", "https://elsewhere.example/4"
	fifth.Card = &unroll.Card{URL: "https://c.example", Title: "T", Description: "D", Image: "https://c.example/i.png", ImageAlt: "A"}
	branch := post(5, "a side branch")
	branch.ParentID = ids[1]
	last := post(6, "its end")
	last.Quote = &unroll.Quote{URL: "https://x.com/i/status/21", Gap: &unroll.Gap{Reason: unroll.GapPrivate}}

	return unroll.Thread{
		Schema: unroll.SchemaVersion, Ref: ref, Author: author,
		Posts:    []unroll.Post{first, second, third, fourth, fifth},
		Branches: []unroll.Branch{{After: ids[1], Posts: []unroll.Post{branch, last}}},
		ReplyTo:  &unroll.Quote{URL: "https://x.com/i/status/19", Text: "why?"},
		Verdict: unroll.Verdict{State: unroll.Partial, Evidence: []unroll.Evidence{
			{Rule: unroll.RuleGap, State: unroll.Partial, Post: ids[2]}, {Rule: unroll.RuleNumbering, State: unroll.Complete, Have: 4, Want: 5},
		}},
		Source: "fxtwitter", FetchedAt: at.Add(1234567 * time.Microsecond),
	}
}
