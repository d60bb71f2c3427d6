package bot

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"unrollbot/unroll/render"
)

//go:embed messages/*.json
var messageFiles embed.FS

// Messages holds every sentence the bot says, by language.
type Messages struct {
	tags    []language.Tag // English first
	spoken  []speech       // as tags
	words   []render.Words // as tags
	matcher language.Matcher

	mu     sync.RWMutex
	chosen map[string]int // locale -> index of tags
}

// speech is one language's sentences.
type speech struct {
	*i18n.Localizer
	phrases map[string]phrase // those without plural forms
}

// say fills the phrase with this id: names and values by turns.
func (s *speech) say(id string, args ...string) string { return s.phrases[id].fill(args...) }

var _ Phrases = (*Messages)(nil)

// maxLocales bounds how many locales are remembered: they come from users,
// who can claim any.
const maxLocales = 1000

// NewMessages loads the languages that the program ships.
func NewMessages() (*Messages, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := messageFiles.ReadDir("messages")
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	byTag := make(map[language.Tag][]*i18n.Message)
	for _, f := range files {
		file, err := bundle.LoadMessageFileFS(messageFiles, "messages/"+f.Name())
		if err != nil {
			return nil, fmt.Errorf("messages: %s: %w", f.Name(), err)
		}
		byTag[file.Tag] = append(byTag[file.Tag], file.Messages...)
	}
	m := &Messages{tags: bundle.LanguageTags(), chosen: make(map[string]int)}
	m.matcher = language.NewMatcher(m.tags)
	for _, tag := range m.tags {
		s := speech{Localizer: i18n.NewLocalizer(bundle, tag.String()), phrases: make(map[string]phrase)}
		for _, msg := range byTag[tag] {
			if msg.One == "" {
				s.phrases[msg.ID] = newPhrase(msg.Other)
			}
		}
		m.spoken = append(m.spoken, s)
		if tag == language.English {
			m.words = append(m.words, render.English{})
			continue
		}
		w, err := newWords(tag, s)
		if err != nil {
			return nil, fmt.Errorf("messages: %w", err)
		}
		m.words = append(m.words, w)
	}
	return m, nil
}

// Languages are those that the bot speaks besides English, as two letters
// each.
func (m *Messages) Languages() []string {
	var out []string
	for _, tag := range m.tags[1:] {
		out = append(out, tag.String())
	}
	slices.Sort(out)
	return out
}

// Text gives the sentence with this id in the language of locale (BCP 47),
// English where there is none. args["PluralCount"] selects the plural form.
// An unknown id gives the id: it is visible, and breaks nothing.
func (m *Messages) Text(locale, id string, args map[string]any) string {
	s := m.spoken[m.index(locale)]
	if p, ok := s.phrases[id]; ok && len(p.args) == 0 {
		return p.fill()
	}
	cfg := &i18n.LocalizeConfig{MessageID: id, TemplateData: args}
	if n, ok := args["PluralCount"]; ok {
		cfg.PluralCount = n
	}
	text, err := s.Localize(cfg)
	if err != nil && text == "" {
		return id
	}
	return text
}

// Words are the phrases around a thread in the language of locale.
func (m *Messages) Words(locale string) render.Words { return m.words[m.index(locale)] }

// index finds the language for a locale. It must be the same language, be it
// of another country: whoever speaks one that the bot does not is answered in
// English, not in a neighbour's.
func (m *Messages) index(locale string) int {
	if locale == "" {
		return 0
	}
	m.mu.RLock()
	i, ok := m.chosen[locale]
	m.mu.RUnlock()
	if ok {
		return i
	}
	if tag, err := language.Parse(locale); err == nil {
		if _, n, sure := m.matcher.Match(tag); sure >= language.High {
			i = n
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.chosen) >= maxLocales {
		clear(m.chosen)
	}
	m.chosen[strings.Clone(locale)] = i
	return i
}
