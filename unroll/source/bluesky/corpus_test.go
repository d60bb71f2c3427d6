package bluesky_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/source/bluesky"
	"unrollbot/unroll/source/sourcetest"
)

// TestCorpus decodes every post of recorded answers, one by one, and tells
// what each file has and what was kept of it.
func TestCorpus(t *testing.T) {
	for _, r := range sourcetest.Corpus(t, "bluesky/*.json", "live/bluesky/*.json") {
		t.Run(r.Name, func(t *testing.T) {
			var doc any
			if err := json.Unmarshal(r.Raw, &doc); err != nil {
				t.Fatal(err)
			}
			doc = named(doc)
			has, kept := tally{}, tally{}
			for _, view := range views(doc) {
				expect(view).addTo(has)
				keep(t, view).addTo(kept)
			}
			if len(has) == 0 {
				t.Log("no posts")
				return
			}
			for _, what := range slices.Sorted(maps.Keys(has)) {
				t.Logf("%-9s %5d there %5d kept", what, has[what], kept[what])
				if kept[what] != has[what] {
					t.Errorf("%s: %d lost", what, has[what]-kept[what])
				}
			}
			whole(t, doc)
		})
	}
}

// tally counts what a post has, by kind. Text is in bytes.
type tally map[string]int

func (t tally) addTo(sum tally) {
	for k, n := range t {
		sum[k] += n
	}
}

// named gives the placeholders of snapshots the form of real names: user(1),
// and record(2) by whoever its author is.
func named(doc any) any {
	owner := map[string]string{}
	walk(doc, func(o map[string]any) {
		uri, _ := o["uri"].(string)
		a, _ := o["author"].(map[string]any)
		if did, _ := a["did"].(string); strings.HasPrefix(uri, "record(") && did != "" {
			owner[uri] = did
		}
	})
	raw, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	text := regexp.MustCompile(`record\(\d+\)`).ReplaceAllStringFunc(string(raw), func(s string) string {
		did := owner[s]
		if did == "" {
			did = "user(x)"
		}
		return "at://" + did + "/app.bsky.feed.post/" + regexp.MustCompile(`\d+`).FindString(s)
	})
	text = regexp.MustCompile(`(user|cids)\((\w+)\)`).ReplaceAllString(text, "did:plc:$1$2")
	var out any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		panic(err)
	}
	return out
}

func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		visit(v)
		for _, k := range slices.Sorted(maps.Keys(v)) {
			walk(v[k], visit)
		}
	case []any:
		for _, e := range v {
			walk(e, visit)
		}
	}
}

// views finds the post views in a document: an author beside a post record.
func views(doc any) []map[string]any {
	var out []map[string]any
	walk(doc, func(o map[string]any) {
		rec, _ := o["record"].(map[string]any)
		if _, ok := o["author"].(map[string]any); ok && rec["$type"] == "app.bsky.feed.post" {
			out = append(out, o)
		}
	})
	return out
}

// expect counts what a view has, by its JSON alone.
func expect(view map[string]any) tally {
	n := tally{"posts": 1}
	content := func(rec map[string]any) {
		s, _ := rec["text"].(string)
		n["text"] += len(s)
		walk(rec["facets"], func(o map[string]any) {
			switch o["$type"] {
			case "app.bsky.richtext.facet#link", "app.bsky.richtext.facet#mention", "app.bsky.richtext.facet#tag":
				n["facets"]++
			}
		})
	}
	rec, _ := view["record"].(map[string]any)
	content(rec)
	if _, ok := rec["reply"]; ok {
		n["parents"]++
	}
	var embeds func(e any, quoted bool)
	embeds = func(e any, quoted bool) {
		o, _ := e.(map[string]any)
		for _, key := range []string{"images", "items"} {
			list, _ := o[key].([]any)
			n["media"] += len(list)
			for _, i := range list {
				i, _ := i.(map[string]any)
				s, _ := i["alt"].(string)
				n["alt"] += len(s)
			}
		}
		if o["playlist"] != nil {
			n["media"]++
			s, _ := o["alt"].(string)
			n["alt"] += len(s)
		}
		if o["external"] != nil {
			n["cards"]++
		}
		if o["media"] != nil {
			embeds(o["media"], quoted)
		}
		q, _ := o["record"].(map[string]any)
		if inner, ok := q["record"].(map[string]any); ok && q["uri"] == nil {
			q = inner
		}
		if q == nil || quoted { // one level
			return
		}
		n["quotes"]++
		if v, ok := q["value"].(map[string]any); ok {
			content(v)
		}
		list, _ := q["embeds"].([]any)
		for _, e := range list {
			embeds(e, true)
		}
	}
	embeds(view["embed"], false)
	return n
}

// keep reads a view as the post of a thread and counts what came through.
func keep(t *testing.T, view map[string]any) tally {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"thread": map[string]any{"post": view, "replies": []any{}}})
	if err != nil {
		t.Fatal(err)
	}
	uri, _ := view["uri"].(string)
	did, rest, _ := strings.Cut(strings.TrimPrefix(uri, "at://"), "/app.bsky.feed.post/")
	c, err := newSource(t, bluesky.Config{MaxCalls: 1}, &refuser{body: string(raw)}).Fetch(t.Context(), refOf(did+"/"+rest))
	switch {
	case unroll.KindOf(err) == unroll.KindLoginRequired:
		t.Logf("%s: left out on its author's wish", uri)
		return expect(view)
	case err != nil:
		t.Errorf("%s: %v", uri, err)
		return nil
	}
	sourcetest.CheckConversation(t, c)
	n := tally{"posts": 1}
	p := c.Posts[0]
	count := func(text string, facets []unroll.Facet, media []unroll.Media) {
		n["text"] += len(text)
		n["facets"] += len(facets)
		n["media"] += len(media)
		for _, m := range media {
			n["alt"] += len(m.Alt)
		}
	}
	count(p.Text, p.Facets, p.Media)
	if p.ParentID != "" {
		n["parents"]++
	}
	if p.Card != nil {
		n["cards"]++
	}
	if p.Quote != nil {
		n["quotes"]++
		if p.Quote.Card != nil {
			n["cards"]++
		}
		count(p.Quote.Text, p.Quote.Facets, p.Quote.Media)
	}
	return n
}

// whole assembles an answer of getPostThread, and says what came of it.
func whole(t *testing.T, doc any) {
	t.Helper()
	o, _ := doc.(map[string]any)
	thread, ok := o["thread"].(map[string]any)
	post, _ := thread["post"].(map[string]any)
	if !ok || post == nil {
		return
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	uri, _ := post["uri"].(string)
	did, key, _ := strings.Cut(strings.TrimPrefix(uri, "at://"), "/app.bsky.feed.post/")
	c, err := newSource(t, bluesky.Config{MaxCalls: 1}, &refuser{body: string(raw)}).Fetch(t.Context(), refOf(did+"/"+key))
	if err != nil {
		t.Logf("thread: %v", err)
		return
	}
	sourcetest.CheckConversation(t, c)
	th, err := unroll.Assemble(c)
	if err != nil {
		t.Fatal(err)
	}
	summary := fmt.Sprintf("thread: %d posts", len(th.Posts))
	for _, b := range th.Branches {
		summary += fmt.Sprintf(" + %d", len(b.Posts))
	}
	t.Logf("%s, %s %+v", summary, th.Verdict.State, th.Verdict.Evidence)
}
