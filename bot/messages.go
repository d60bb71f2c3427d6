package bot

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed messages/*.json
var messageFiles embed.FS

// Messages holds every sentence the bot says, by language.
type Messages struct {
	bundle *i18n.Bundle
}

var _ Phrases = (*Messages)(nil)

// NewMessages loads the languages that the program ships.
func NewMessages() (*Messages, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := messageFiles.ReadDir("messages")
	if err != nil {
		return nil, fmt.Errorf("messages: %w", err)
	}
	for _, f := range files {
		if _, err := bundle.LoadMessageFileFS(messageFiles, "messages/"+f.Name()); err != nil {
			return nil, fmt.Errorf("messages: %s: %w", f.Name(), err)
		}
	}
	return &Messages{bundle: bundle}, nil
}

// Text gives the sentence with this id in the language nearest to locale (BCP
// 47), English where there is none. args["PluralCount"] selects the plural
// form. An unknown id gives the id: it is visible, and breaks nothing.
func (m *Messages) Text(locale, id string, args map[string]any) string {
	cfg := &i18n.LocalizeConfig{MessageID: id, TemplateData: args}
	if n, ok := args["PluralCount"]; ok {
		cfg.PluralCount = n
	}
	text, err := i18n.NewLocalizer(m.bundle, locale).Localize(cfg)
	if err != nil && text == "" {
		return id
	}
	return text
}
