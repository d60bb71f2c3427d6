package discord

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"sync"

	"unrollbot/unroll"
)

// Bounds of what is remembered for suggestions. It is kept in memory only,
// and nobody is offered another's links but threads shown in the channel.
const (
	maxSuggesters  = 5_000 // users and channels
	maxSuggestions = 10    // for each
	maxChoice      = 100   // UTF-16 units of a choice's name and value (Discord, "Application Commands", November 2026)
	maxChoices     = 25
)

// choice is offered while the link is being typed.
type choice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// suggestions remembers links that somebody may want to unroll next.
type suggestions struct {
	mu   sync.Mutex
	byID map[string][]choice // newest first, by user or channel
}

func newSuggestions() *suggestions { return &suggestions{byID: make(map[string][]choice)} }

// saw remembers the links to posts in what a user wrote.
func (s *suggestions) saw(user, text string) {
	for _, address := range addresses(text) {
		if _, err := unroll.ParseRef(address); err == nil {
			s.add(user, choice{Name: clip(strings.TrimPrefix(address, "https://"), maxChoice), Value: address})
		}
	}
}

// showed remembers a thread that a channel was shown.
func (s *suggestions) showed(channel, title, address string) {
	s.add(channel, choice{Name: clip(title, maxChoice), Value: address})
}

func (s *suggestions) add(id string, c choice) {
	if id == "" || c.Name == "" || c.Value == "" || units(c.Value) > maxChoice {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for other := range s.byID {
		if len(s.byID) < maxSuggesters {
			break
		}
		delete(s.byID, other) // any: it is a convenience
	}
	old := slices.DeleteFunc(s.byID[id], func(o choice) bool { return o.Value == c.Value })
	s.byID[id] = append([]choice{c}, old[:min(len(old), maxSuggestions-1)]...)
}

// matching gives what fits the text typed so far, the user's own first.
func (s *suggestions) matching(user, channel, typed string) []choice {
	s.mu.Lock()
	all := slices.Concat(s.byID[user], s.byID[channel])
	s.mu.Unlock()
	typed = strings.ToLower(strings.TrimSpace(typed))
	out := []choice{}
	for _, c := range all {
		fits := strings.Contains(strings.ToLower(c.Name), typed) || strings.Contains(strings.ToLower(c.Value), typed)
		known := slices.ContainsFunc(out, func(o choice) bool { return o.Value == c.Value })
		if fits && !known && len(out) < maxChoices {
			out = append(out, c)
		}
	}
	return out
}

// planSuggest answers while somebody types.
func (a *Adapter) planSuggest(i *interaction) (plan, error) {
	c, err := decodeCommand(i.Data)
	if err != nil {
		return plan{}, err
	}
	typed := ""
	for _, o := range c.Options {
		if o.Focused && o.Name == optionLink {
			_ = json.Unmarshal(o.Value, &typed) // what is no text matches everything
		}
	}
	found := a.suggestions.matching(i.asker().ID, i.ChannelID, typed)
	return plan{answer: callback{Type: answerChoices, Data: map[string][]choice{"choices": found}}}, nil
}

// sourceLink is the address of a thread at its network, or else its page's.
func sourceLink(t *unroll.Thread, pageURL string) string {
	if len(t.Posts) > 0 {
		return cmp.Or(t.Posts[0].URL, pageURL)
	}
	return pageURL
}
