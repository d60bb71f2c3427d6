package main

import (
	"net/http"

	"unrollbot/bot"
	bskybot "unrollbot/bot/bluesky"
	"unrollbot/bot/console"
	"unrollbot/bot/discord"
	mastobot "unrollbot/bot/mastodon"
	"unrollbot/bot/mention"
	"unrollbot/bot/telegram"
	xbot "unrollbot/bot/x"
)

// newAdapters makes the adapters whose settings are there. What platforms
// send over HTTP is taken on mux.
func (a *app) newAdapters(mux *http.ServeMux) error {
	for _, part := range []struct {
		on   bool
		make func(*http.ServeMux) (bot.Adapter, error)
	}{
		{a.cfg.TelegramToken != "", a.newTelegram},
		{a.cfg.DiscordToken != "", a.newDiscord},
		{a.cfg.BlueskyIdentifier != "", a.newBluesky},
		{a.cfg.MastodonToken != "", a.newMastodon},
		{a.cfg.XUserID != "", a.newX},
	} {
		if !part.on {
			continue
		}
		adapter, err := part.make(mux)
		if err != nil {
			return err
		}
		a.adapters = append(a.adapters, adapter)
	}
	return nil
}

// newTelegram takes updates by webhook on every replica, or polls on one: the
// Bot API itself ends the poll of one of two, so that polling may insist.
func (a *app) newTelegram(mux *http.ServeMux) (bot.Adapter, error) {
	cfg := telegram.Config{
		Token: a.cfg.TelegramToken.Reveal(), APIURL: a.cfg.TelegramAPIURL,
		WebhookURL: a.cfg.TelegramWebhookURL, WebhookSecret: a.cfg.TelegramWebhookSecret.Reveal(),
		Classic: !a.cfg.TelegramRich, Languages: a.phrases.Languages(), Pictures: a.pictures(0), Log: a.log,
	}
	if cfg.WebhookURL == "" {
		return a.alone(true, func() (bot.Adapter, error) { return telegram.New(cfg, a.dispatcher, a.phrases, a.store) })
	}
	t, err := telegram.New(cfg, a.dispatcher, a.phrases, a.store)
	if err != nil {
		return nil, err
	}
	path, h := t.Webhook()
	mux.Handle("POST "+path, h)
	return t, nil
}

// discordPictures bounds the pictures of a file, in bytes. It is at most 10 MiB
// large (Discord, "Uploading Files", November 2026), and HTML takes 4 bytes for
// 3 of a picture.
const discordPictures = 6 << 20

func (a *app) newDiscord(mux *http.ServeMux) (bot.Adapter, error) {
	d, err := discord.New(discord.Config{
		Token: a.cfg.DiscordToken.Reveal(), APIURL: a.cfg.DiscordAPIURL, PublicKey: a.cfg.DiscordPublicKey,
		PublicURL: a.cfg.PublicURL, Version: version, Pictures: a.pictures(discordPictures), Log: a.log,
		Shared: a.cfg.RedisURL != "" && a.demo == nil, // the local file has one process
	}, a.dispatcher, a.phrases, a.store)
	if err != nil {
		return nil, err
	}
	if a.cfg.DiscordPublicKey != "" {
		mux.Handle("POST /discord/interactions", d.Interactions())
	}
	return d, nil
}

// Mentions are answered by one replica at a time, and by none while Redis is
// gone: a mention keeps, and an answer must not be given twice.

func (a *app) newBluesky(*http.ServeMux) (bot.Adapter, error) {
	return a.alone(false, func() (bot.Adapter, error) {
		return bskybot.New(bskybot.Config{
			Config: a.mentions(bskybot.Name), PDSURL: a.cfg.BlueskyPDSURL, Identifier: a.cfg.BlueskyIdentifier,
			AppPassword: a.cfg.BlueskyAppPassword.Reveal(), UserAgent: a.userAgent(),
		}, a.dispatcher, a.phrases, a.store)
	})
}

func (a *app) newMastodon(*http.ServeMux) (bot.Adapter, error) {
	return a.alone(false, func() (bot.Adapter, error) {
		return mastobot.New(mastobot.Config{
			Config: a.mentions(mastobot.Name), URL: a.cfg.MastodonURL, Token: a.cfg.MastodonToken.Reveal(), UserAgent: a.userAgent(),
		}, a.dispatcher, a.phrases, a.store)
	})
}

func (a *app) newX(*http.ServeMux) (bot.Adapter, error) {
	return a.alone(false, func() (bot.Adapter, error) {
		return xbot.New(xbot.Config{
			Config: a.mentions(xbot.Name), APIURL: a.cfg.XAPIURL, UserID: a.cfg.XUserID,
			APIKey: a.cfg.XAPIKey.Reveal(), APISecret: a.cfg.XAPISecret.Reveal(),
			AccessToken: a.cfg.XAccessToken.Reveal(), AccessSecret: a.cfg.XAccessSecret.Reveal(),
			BearerToken: a.cfg.XBearerToken.Reveal(),
			NoLink:      !a.cfg.XLink, Budget: a.cfg.XMentionBudgetUSD, UserAgent: a.userAgent(),
		}, a.dispatcher, a.phrases, a.store)
	})
}

// mentions are the settings that all networks share.
func (a *app) mentions(network string) mention.Config {
	return mention.Config{
		Keywords: a.cfg.Keywords, Again: mention.Again(a.cfg.MentionAgain), SilentErrors: a.cfg.MentionSilentErrors,
		Operators: mention.Operators(a.cfg.Operators, network), Log: a.log,
	}
}

func (a *app) userAgent() string { return "unrollbot/" + version + " (+" + a.cfg.PublicURL + ")" }

// console is the bot in a terminal, over the same dispatcher as any chat.
func (a *app) console(sys system) (*console.Adapter, error) {
	cfg := console.Config{In: sys.in, Out: sys.out}
	if a.demo != nil {
		for _, said := range a.demo.Chat {
			cfg.Messages = append(cfg.Messages, console.Message(said))
		}
	}
	return console.New(cfg, a.dispatcher, a.phrases)
}
