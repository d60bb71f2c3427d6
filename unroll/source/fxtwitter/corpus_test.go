package fxtwitter

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/sourcetest"
)

// TestCorpus decodes recorded answers and tells, per file, what is in them
// and what we kept.
func TestCorpus(t *testing.T) {
	t.Parallel()
	for _, r := range sourcetest.Corpus(t, "fxtwitter/fx-2-*.json", "live/fxembed/*.json") {
		var env envelope
		if strings.HasPrefix(r.Name, "bsky-") {
			t.Logf("%-45s another network's", r.Name)
			continue
		}
		if err := json.Unmarshal(r.Raw, &env); err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		if env.Status == nil {
			t.Logf("%-45s no status, code %d", r.Name, env.Code)
			continue
		}
		compare(t, r.Name, &env)
	}
}

func compare(t *testing.T, name string, env *envelope) {
	t.Helper()
	w := newWalk(env)
	conv := w.finish()
	if !w.has(conv.Asked) {
		t.Errorf("%s: nothing kept", name)
		return
	}
	sourcetest.CheckConversation(t, conv)
	var have, kept struct{ posts, gaps, runes, links, tags, media, quotes, polls, cards int }
	done := map[string]bool{}
	for _, s := range append([]*status{env.Status}, env.Thread...) {
		if done[s.ID] {
			continue
		}
		done[s.ID] = true
		if s.isGap() {
			have.gaps++
			continue
		}
		have.posts++
		have.media += len(s.Media.All)
		for _, f := range s.RawText.Facets {
			switch f.Type {
			case "url":
				have.links++
			case "mention", "hashtag", "symbol":
				have.tags++
			}
		}
		have.quotes += count(s.Quote != nil)
		have.polls += count(s.Poll != nil)
		have.cards += count(s.Card != nil)
		have.runes += len([]rune(s.Text))
		p, ok := w.post(s.ID)
		if !ok {
			t.Errorf("%s: post %s is lost", name, s.ID)
			continue
		}
		if got, want := expanded(p), strings.TrimSpace(s.Text); got != want {
			t.Errorf("%s: post %s reads %q, the service says %q", name, s.ID, got, want)
		}
	}
	for i := range conv.Posts {
		p := &conv.Posts[i]
		kept.posts += count(p.Gap == nil)
		kept.gaps += count(p.Gap != nil)
		kept.runes += len([]rune(expanded(p)))
		kept.media += len(p.Media)
		kept.quotes += count(p.Quote != nil)
		kept.polls += count(p.Poll != nil)
		kept.cards += count(p.Card != nil)
		for _, f := range p.Facets {
			kept.links += count(f.Kind == unroll.FacetLink)
			kept.tags += count(f.Kind == unroll.FacetMention || f.Kind == unroll.FacetTag)
		}
	}
	t.Logf("%-45s has  %+v", name, have)
	t.Logf("%-45s kept %+v", "", kept)
	have.runes, kept.runes = 0, 0 // compared above, but for space at the ends
	if have != kept {
		t.Errorf("%s: something is lost", name)
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// expanded is a post's text with the links' addresses in place of what they
// show, as the service gives it.
func expanded(p *unroll.Post) string {
	text := p.Text
	for _, f := range slices.Backward(p.Facets) {
		if f.Kind == unroll.FacetLink {
			text = text[:f.Start] + link.Clean(f.URL) + text[f.End:]
		}
	}
	return text
}
