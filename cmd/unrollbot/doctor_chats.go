package main

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// telegram asks who the bot is, and how its webhook does.
func (d *doctor) telegram(ctx context.Context) finding {
	if d.cfg.TelegramToken == "" {
		return off("set UNROLL_TELEGRAM_TOKEN to the token that @BotFather gives out")
	}
	base := strings.TrimSuffix(d.cfg.TelegramAPIURL, "/")
	ask := func(method string, out any) (int, error) {
		return d.http.do(ctx, probeCall{method: http.MethodPost, url: base + "/bot" + d.cfg.TelegramToken.Reveal() + "/" + method, body: struct{}{}}, out)
	}
	var me struct {
		Result struct {
			Username string `json:"username"`
			Reads    bool   `json:"can_read_all_group_messages"`
		} `json:"result"`
	}
	switch status, err := ask("getMe", &me); {
	case err != nil:
		return noAnswer(base, err)
	case status == http.StatusUnauthorized, status == http.StatusNotFound: // its answer to what is no token at all
		return problem("ask @BotFather for /token and set UNROLL_TELEGRAM_TOKEN anew", "Telegram refuses the token")
	case status != http.StatusOK || me.Result.Username == "":
		return problem("try again later; is UNROLL_TELEGRAM_API_URL right?", "%s answers %d", base, status)
	}
	var hook struct {
		Result struct {
			URL       string `json:"url"`
			Pending   int    `json:"pending_update_count"`
			ErrorAt   int64  `json:"last_error_date"`
			ErrorText string `json:"last_error_message"`
		} `json:"result"`
	}
	how := "by long polling"
	if d.cfg.TelegramWebhookURL != "" {
		how = "by webhook"
		if _, err := ask("getWebhookInfo", &hook); err != nil {
			return noAnswer(base, err)
		}
		if at := time.Unix(hook.Result.ErrorAt, 0); hook.Result.ErrorText != "" && time.Since(at) < time.Hour {
			return problem("Telegram must reach UNROLL_TELEGRAM_WEBHOOK_URL over https on port 443, 80, 88 or 8443, with a valid certificate",
				"@%s: the last update could not be delivered at %s: %s", me.Result.Username, at.UTC().Format(time.TimeOnly), hook.Result.ErrorText)
		}
	}
	f := fine("@%s, %s", me.Result.Username, how)
	if !me.Result.Reads {
		return f.advise("in groups it sees commands and replies to itself only; for the bare keyword as a reply, turn privacy off with /setprivacy at @BotFather, or make it an admin")
	}
	return f
}

// Flags of an application that tell that it may read messages: for bots in
// many servers, and for those in few (Discord, "Application Flags").
const (
	discordContent        = 1 << 18
	discordContentLimited = 1 << 19
)

// discord asks which application the token belongs to, and holds the settings
// of the portal against ours.
func (d *doctor) discord(ctx context.Context) finding {
	if d.cfg.DiscordToken == "" {
		return off("set UNROLL_DISCORD_TOKEN to the bot's token from discord.com/developers")
	}
	base := strings.TrimSuffix(d.cfg.DiscordAPIURL, "/")
	ask := func(path string, out any) (int, error) {
		return d.http.do(ctx, probeCall{
			method: http.MethodGet, url: base + path, authorization: "Bot " + d.cfg.DiscordToken.Reveal(),
			agent: "DiscordBot (" + d.cfg.PublicURL + ", " + version + ")", // as Discord asks for (API reference, "User Agent")
		}, out)
	}
	var app struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		Flags     int    `json:"flags"`
		VerifyKey string `json:"verify_key"`
		Endpoint  string `json:"interactions_endpoint_url"`
	}
	switch status, err := ask("/applications/@me", &app); {
	case err != nil:
		return noAnswer(base, err)
	case status == http.StatusUnauthorized:
		return problem("take a new token under Bot in the developer portal (not the client secret) and set UNROLL_DISCORD_TOKEN", "Discord refuses the token")
	case status != http.StatusOK || app.ID == "":
		return problem("try again later; is UNROLL_DISCORD_API_URL right?", "%s answers %d", base, status)
	}
	switch key := d.cfg.DiscordPublicKey; {
	case key != "" && app.VerifyKey != "" && !strings.EqualFold(key, app.VerifyKey):
		return problem("take the public key from the portal's General Information page", "UNROLL_DISCORD_PUBLIC_KEY is not this application's")
	case key == "" && app.Endpoint != "":
		return problem("set UNROLL_DISCORD_PUBLIC_KEY, or clear the Interactions Endpoint URL in the portal",
			"Discord sends commands to %s, where nobody can check them without the public key", app.Endpoint)
	}
	var gateway struct {
		Shards int `json:"shards"`
		Start  struct {
			Remaining int `json:"remaining"`
			Reset     int `json:"reset_after"` // milliseconds
		} `json:"session_start_limit"`
	}
	if status, err := ask("/gateway/bot", &gateway); err != nil {
		return noAnswer(base, err)
	} else if status == http.StatusOK && gateway.Shards > 0 && gateway.Start.Remaining == 0 {
		return problem("wait, and find out why it starts so often", "no session may be started for another %s",
			(time.Duration(gateway.Start.Reset) * time.Millisecond).Round(time.Minute))
	}
	name := app.Name
	if name == "" {
		name = app.ID
	}
	f := fine("application %s", name)
	if app.Flags&(discordContent|discordContentLimited) == 0 {
		return f.advise("the bare keyword as a reply needs the Message Content Intent: switch it on under Bot in the portal; commands work without")
	}
	return f
}
