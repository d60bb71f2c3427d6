package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// summary tells which parts are on, which are off, and what turns them on.
func (a *app) summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "unrollbot %s\n", version)
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	part := func(name string, on bool, how, otherwise string) {
		state := "on"
		if !on {
			state, how = "off", otherwise
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", name, state, how)
	}
	part("reader", true, fmt.Sprintf("%s (listening on %s)", a.cfg.PublicURL, a.listener.Addr()), "")
	telegram, discord := "by long polling", "over the gateway"
	if a.cfg.TelegramWebhookURL != "" {
		telegram = "by webhook at " + a.cfg.TelegramWebhookURL
	}
	if a.cfg.DiscordPublicKey != "" {
		discord += ", commands over HTTP as well"
	}
	part("telegram", a.cfg.TelegramToken != "", telegram, "set UNROLL_TELEGRAM_TOKEN to the token that @BotFather gives out")
	part("discord", a.cfg.DiscordToken != "", discord, "set UNROLL_DISCORD_TOKEN to the bot's token from discord.com/developers")
	part("mentions", len(a.mentioned()) > 0, "answered on "+strings.Join(a.mentioned(), ", "), "set the account that shall answer on Bluesky, Mastodon or X, see README.md")
	x := "without a key, read at " + a.cfg.FxTwitterURL
	if a.cfg.XBearerToken != "" && a.demo == nil {
		x = "read at " + a.cfg.XAPIURL + ", then at " + a.cfg.FxTwitterURL
	}
	part("x", true, x, "")
	part("bluesky", true, "read at "+a.cfg.BlueskyAppViewURL, "")
	part("mastodon", true, "read at each post's own server", "")
	part("redis", a.cfg.RedisURL != "" && a.demo == nil, "shared by all processes", "a local file is used; set UNROLL_REDIS_URL to share threads and limits between processes")
	_ = w.Flush() // a strings.Builder takes all
	if a.demo != nil {
		b.WriteString("\nDemo: invented threads from this machine, nothing is asked of the internet. Paste one of these links:\n")
		for _, l := range a.demo.Links {
			fmt.Fprintf(&b, "  %s  (%s)\n", l.URL, l.Title)
		}
	}
	return b.String()
}

// mentioned are the networks on which mentions are answered.
func (a *app) mentioned() []string {
	var on []string
	if a.cfg.BlueskyIdentifier != "" {
		on = append(on, "Bluesky")
	}
	if a.cfg.MastodonToken != "" {
		on = append(on, "Mastodon")
	}
	if a.cfg.XUserID != "" {
		on = append(on, "X")
	}
	return on
}
