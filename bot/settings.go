package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"unrollbot/unroll"
)

// Settings are what the people of one chat have chosen. The zero value is how
// the bot behaves where nobody has chosen anything.
type Settings struct {
	// Auto offers to unroll links to threads that nobody asked for.
	Auto bool `json:"auto,omitempty"`
	// AutoPosts is the length from which Auto offers a thread; 0 means
	// [DefaultAutoPosts].
	AutoPosts int `json:"auto_posts,omitempty"`
	// AutoIn and AnswerIn name the parts of the chat (channels of a server)
	// where Auto holds, and where the bot may answer for all to see; empty
	// means everywhere.
	AutoIn   []string `json:"auto_in,omitempty"`
	AnswerIn []string `json:"answer_in,omitempty"`
	// Keywords replace the program's own; empty keeps those.
	Keywords []string `json:"keywords,omitempty"`
	// Locale replaces the language of whoever asks (BCP 47).
	Locale string `json:"locale,omitempty"`
	// View is how threads are shown.
	View View `json:"view,omitempty"`
	// Quiet leaves media out of the answer.
	Quiet bool `json:"quiet,omitempty"`
	// AdminsOnly answers only those who manage the chat.
	AdminsOnly bool `json:"admins_only,omitempty"`
}

// View is a way to show a thread in a chat.
type View string

// Views. ViewPages is the default.
const (
	ViewPages View = ""     // one message with buttons to page
	ViewWhole View = "all"  // as many messages as it takes
	ViewFile  View = "file" // a file
	ViewLink  View = "link" // the first words and the link to the page
)

// DefaultAutoPosts is the length from which a thread is worth an offer.
const DefaultAutoPosts = 3

// MinPosts is the length from which a thread is offered.
func (s Settings) MinPosts() int {
	if s.AutoPosts > 0 {
		return s.AutoPosts
	}
	return DefaultAutoPosts
}

// settingsFor is how long settings outlive their last change.
const settingsFor = 365 * 24 * time.Hour

// These bound what a chat may set; a keyword is counted in bytes.
const (
	maxKeywords = 10
	maxKeyword  = 64
	maxParts    = 200
)

// SettingsStore keeps the settings of chats.
type SettingsStore struct {
	values unroll.Values
}

// NewSettingsStore keeps settings among values.
func NewSettingsStore(v unroll.Values) *SettingsStore { return &SettingsStore{v} }

// Settings gives a chat's settings, the zero value where there are none.
func (s *SettingsStore) Settings(ctx context.Context, platform, chat string) (Settings, error) {
	data, ok, err := s.values.Value(ctx, settingsKey(platform, chat))
	if err != nil || !ok {
		return Settings{}, err
	}
	var out Settings
	if err := json.Unmarshal(data, &out); err != nil {
		return Settings{}, fmt.Errorf("settings of a chat are damaged: %w", err)
	}
	return out, nil
}

// Change replaces a chat's settings. It fails with KindTooLarge when they are
// beyond the bounds.
func (s *SettingsStore) Change(ctx context.Context, platform, chat string, to Settings) error {
	if len(to.Keywords) > maxKeywords || slices.ContainsFunc(to.Keywords, func(k string) bool { return k == "" || len(k) > maxKeyword }) {
		return &unroll.Error{Kind: unroll.KindTooLarge, Op: "settings: keywords"}
	}
	if len(to.AutoIn) > maxParts || len(to.AnswerIn) > maxParts {
		return &unroll.Error{Kind: unroll.KindTooLarge, Op: "settings: parts of a chat"}
	}
	data, err := json.Marshal(to)
	if err != nil {
		return err
	}
	return s.values.SetValue(ctx, settingsKey(platform, chat), data, settingsFor)
}

func settingsKey(platform, chat string) string { return "settings:" + platform + ":" + chat }
