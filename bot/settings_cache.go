package bot

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// settingsFresh is how long settings that were read are used. A change
	// made through the same cache counts at once, one made through another
	// replica after that.
	settingsFresh = time.Minute
	// settingsWithin bounds how long a request waits for its settings.
	settingsWithin = 2 * time.Second
	// maxCached bounds how many chats' settings are held.
	maxCached = 10_000
)

// SettingsCache keeps the settings of one platform's chats in reach: every
// message that may be a request needs the keywords. Calls may run at the same
// time.
type SettingsCache struct {
	platform string
	store    *SettingsStore
	chats    *lru.Cache[string, cachedSettings]
}

type cachedSettings struct {
	settings Settings
	until    time.Time
}

// NewSettingsCache puts a cache before a store.
func NewSettingsCache(platform string, s *SettingsStore) *SettingsCache {
	chats, _ := lru.New[string, cachedSettings](maxCached) // fails for no size only
	return &SettingsCache{platform: platform, store: s, chats: chats}
}

// Known gives what was read last, and whether Settings would give it without
// asking the store.
func (c *SettingsCache) Known(chat string) (s Settings, fresh bool) {
	known, _ := c.chats.Get(chat)
	return known.settings, time.Now().Before(known.until)
}

// Settings gives a chat's settings. With an error they are the last that are
// known, for a while: a store that is away costs one wait, not one a message.
func (c *SettingsCache) Settings(ctx context.Context, chat string) (Settings, error) {
	known, fresh := c.Known(chat)
	if fresh {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, settingsWithin)
	defer cancel()
	s, err := c.store.Settings(ctx, c.platform, chat)
	if err != nil {
		s = known
	}
	c.keep(chat, s)
	return s, err
}

// Change replaces a chat's settings, as [SettingsStore.Change].
func (c *SettingsCache) Change(ctx context.Context, chat string, to Settings) error {
	if err := c.store.Change(ctx, c.platform, chat, to); err != nil {
		return err
	}
	c.keep(chat, to)
	return nil
}

func (c *SettingsCache) keep(chat string, s Settings) {
	c.chats.Add(chat, cachedSettings{s, time.Now().Add(settingsFresh)})
}

// Update changes a chat's settings from what the store has now, and gives
// them. Without a change it only reads.
func (c *SettingsCache) Update(ctx context.Context, chat string, change func(*Settings)) (Settings, error) {
	s, err := c.store.Settings(ctx, c.platform, chat)
	if err != nil {
		return Settings{}, err
	}
	if change == nil {
		c.keep(chat, s)
		return s, nil
	}
	change(&s)
	return s, c.Change(ctx, chat, s)
}
