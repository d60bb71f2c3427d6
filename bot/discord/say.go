package discord

import (
	"unrollbot/bot"
	"unrollbot/unroll/render"
)

// speaker gives the sentences of this package in one user's language.
type speaker struct {
	phrases bot.Phrases
	locale  string
}

// say gives the sentence with this id. An id that the messages lack comes
// back as it is; then the English given here stands in.
func (s speaker) say(id, english string, args map[string]any) string {
	if text := s.phrases.Text(s.locale, id, args); text != "" && text != id {
		return text
	}
	return english
}

// words are the phrases around a thread.
func (s speaker) words() render.Options { return render.Options{Words: s.phrases.Words(s.locale)} }

// label is a sentence short enough for a button.
func (s speaker) label(id, english string, args map[string]any) string {
	return clip(s.say(id, english, args), maxLabel)
}
