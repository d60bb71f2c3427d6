package discord

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Settings hold for a whole server: its id is the chat they are kept under.

const (
	// settingsFresh is how long settings that were read are used. A change
	// made here counts at once, one made through another replica after that.
	settingsFresh = time.Minute
	// maxCached bounds how many servers' settings are held.
	maxCached = 10_000
	// settingsWithin bounds how long a request waits for its settings.
	settingsWithin = 2 * time.Second
)

// settingsCache keeps a server's settings in reach, since every message that
// may be a request needs the keywords.
type settingsCache struct {
	store *bot.SettingsStore // nil: nobody can choose anything

	mu   sync.Mutex
	byID map[string]cachedSettings
}

type cachedSettings struct {
	settings bot.Settings
	until    time.Time
}

func newSettingsCache(values unroll.Values) *settingsCache {
	c := &settingsCache{byID: make(map[string]cachedSettings)}
	if values != nil {
		c.store = bot.NewSettingsStore(values)
	}
	return c
}

// of gives a server's settings; direct messages have none. When the store is
// out of reach, the last known ones hold, else none.
func (c *settingsCache) of(ctx context.Context, server string) (bot.Settings, error) {
	known, fresh := c.known(server)
	if fresh {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, settingsWithin)
	defer cancel()
	s, err := c.store.Settings(ctx, "discord", server)
	if err != nil {
		s = known
	}
	c.keep(server, s)
	return s, err
}

// known gives what was read last, and whether it need not be read again.
func (c *settingsCache) known(server string) (s bot.Settings, fresh bool) {
	if server == "" || c.store == nil {
		return bot.Settings{}, true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.byID[server]
	return known.settings, time.Now().Before(known.until)
}

func (c *settingsCache) keep(server string, s bot.Settings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id := range c.byID {
		if len(c.byID) < maxCached {
			break
		}
		delete(c.byID, id) // any: it is read again when needed
	}
	c.byID[server] = cachedSettings{s, time.Now().Add(settingsFresh)}
}

func (c *settingsCache) change(ctx context.Context, server string, to bot.Settings) error {
	if err := c.store.Change(ctx, "discord", server, to); err != nil {
		return err
	}
	c.keep(server, to)
	return nil
}

// settle brings a server's settings into a request and its answer. It returns
// false when the asker may not ask there.
func (a *Adapter) settle(ctx context.Context, server string, manages bool, req *bot.Request, o *output) bool {
	s, err := a.settings.of(ctx, server)
	if err != nil {
		a.log.Warn("settings cannot be read", "err", err)
	}
	req.Settings = s
	if s.Locale != "" {
		req.Locale, o.speaker.locale = s.Locale, s.Locale
	}
	if !o.chosen && o.view == bot.ViewPages {
		o.view = s.View
	}
	o.quiet = s.Quiet
	return manages || !s.AdminsOnly
}

// manages tells whether who asks runs the server.
func (i *interaction) manages() bool {
	return i.GuildID == "" || (i.Member != nil &&
		(has(i.Member.Permissions, discordgo.PermissionManageGuild) || has(i.Member.Permissions, discordgo.PermissionManageMessages)))
}

// Options of the settings command.
const (
	optionLanguage = "language"
	optionKeyword  = "keyword"
	optionQuiet    = "quiet"
	optionAdmins   = "moderators-only"
	optionReset    = "reset"
)

// planSettings changes or shows the settings. Discord offers the command only
// to who may manage the server, and lets servers give it to others.
func (a *Adapter) planSettings(i *interaction, c *command, reply interactionReply) plan {
	s := reply.speaker
	if i.GuildID == "" || a.settings.store == nil {
		return a.refuse(s.say("settings_only_in_server", "Settings are for servers.", nil))
	}
	reply.stage.private = true
	return plan{answer: later(true), then: func(ctx context.Context) error {
		text := a.changeSettings(ctx, i.GuildID, c, s)
		return reply.put(ctx, sentence(text), true)
	}}
}

func (a *Adapter) changeSettings(ctx context.Context, server string, c *command, s speaker) string {
	failed := s.say("settings_failed", "The settings cannot be read or kept just now. Please try again in a minute.", nil)
	now, err := a.settings.of(ctx, server)
	if err != nil {
		a.log.Warn("settings cannot be read", "err", err)
		return failed
	}
	to, changed := chosen(now, c)
	if changed {
		if err := a.settings.change(ctx, server, to); err != nil {
			if unroll.KindOf(err) == unroll.KindTooLarge {
				return s.say("settings_keywords", "At most ten keywords, separated by commas, please; each of at most 64 letters.", nil)
			}
			a.log.Warn("settings cannot be changed", "err", err)
			return failed
		}
	}
	return describe(s, to)
}

// chosen is what a command's options make of the settings.
func chosen(s bot.Settings, c *command) (to bot.Settings, changed bool) {
	to = s
	for _, o := range c.Options {
		changed = true
		switch o.Name {
		case optionReset:
			if c.flag(optionReset) {
				return bot.Settings{}, true
			}
		case optionView:
			to.View = bot.View(strings.TrimPrefix(c.text(optionView), choicePages))
		case optionLanguage:
			to.Locale = strings.TrimPrefix(c.text(optionLanguage), choiceAsker)
		case optionKeyword:
			to.Keywords = nil
			for k := range strings.SplitSeq(c.text(optionKeyword), ",") {
				if k = strings.TrimSpace(k); k != "" {
					to.Keywords = append(to.Keywords, k)
				}
			}
		case optionQuiet:
			to.Quiet = c.flag(optionQuiet)
		case optionAdmins:
			to.AdminsOnly = c.flag(optionAdmins)
		}
	}
	return to, changed
}

// describe tells what is set, a line each.
func describe(s speaker, to bot.Settings) string {
	yes, no := s.say("yes", "yes", nil), s.say("no", "no", nil)
	answer := func(b bool) string {
		if b {
			return yes
		}
		return no
	}
	language := to.Locale
	if language == "" {
		language = s.say("settings_asker", "that of who asks", nil)
	}
	keywords := strings.Join(to.Keywords, ", ")
	if keywords == "" {
		keywords = s.say("settings_default", "the usual", nil)
	}
	id, english := viewName(to.View)
	lines := []string{
		s.say("settings_view", "Form of answers", nil) + ": " + s.say(id, english, nil),
		s.say("settings_language", "Language", nil) + ": " + language,
		s.say("settings_keyword", "Keywords", nil) + ": " + keywords,
		s.say("settings_quiet", "Without pictures", nil) + ": " + answer(to.Quiet),
		s.say("settings_admins", "Only for moderators", nil) + ": " + answer(to.AdminsOnly),
	}
	return strings.Join(lines, "\n")
}
