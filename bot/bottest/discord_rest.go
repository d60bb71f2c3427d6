package bottest

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"
)

type discordRoute struct {
	method string
	path   *regexp.Regexp
	handle func(d *Discord, p []string, c *DiscordCall) (int, any)
}

func route(method, path string, handle func(*Discord, []string, *DiscordCall) (int, any)) discordRoute {
	return discordRoute{method, regexp.MustCompile("^" + strings.ReplaceAll(path, "*", "([^/]+)") + "$"), handle}
}

func discordRoutes() []discordRoute {
	return []discordRoute{
		route("GET", "/applications/@me", (*Discord).getApplication),
		route("GET", "/gateway/bot", (*Discord).getGateway),
		route("GET", "/applications/*/commands", (*Discord).getCommands),
		route("PUT", "/applications/*/commands", (*Discord).putCommands),
		route("POST", "/interactions/*/*/callback", (*Discord).postCallback),
		route("POST", "/webhooks/*/*", (*Discord).postFollowUp),
		route("PATCH", "/webhooks/*/*/messages/@original", (*Discord).patchOriginal),
		route("DELETE", "/webhooks/*/*/messages/@original", (*Discord).deleteOriginal),
		route("GET", "/guilds/*", (*Discord).getGuild),
		route("GET", "/channels/*", (*Discord).getChannel),
		route("GET", "/channels/*/messages/*", (*Discord).getMessage),
		route("POST", "/channels/*/messages", (*Discord).postMessage),
		route("POST", "/channels/*/typing", func(*Discord, []string, *DiscordCall) (int, any) { return http.StatusNoContent, nil }),
		route("POST", "/channels/*/messages/*/threads", (*Discord).postThread),
		route("POST", "/users/@me/channels", (*Discord).postChannel),
	}
}

func (d *Discord) handle(r *http.Request, c *DiscordCall) (int, any) {
	open := strings.HasPrefix(c.Path, "/interactions/") || strings.HasPrefix(c.Path, "/webhooks/")
	if !open && r.Header.Get("Authorization") != "Bot "+d.cfg.Token {
		return http.StatusUnauthorized, refused{message: "401: Unauthorized"}.body()
	}
	if !strings.HasPrefix(c.Agent, "DiscordBot (") {
		d.violation("User-Agent %q", c.Agent)
	}
	for _, route := range discordRoutes() {
		if p := route.path.FindStringSubmatch(c.Path); p != nil && route.method == c.Method {
			return route.handle(d, p[1:], c)
		}
	}
	return http.StatusNotFound, refused{message: "404: Not Found"}.body()
}

func (r refused) answer() (int, any) { return r.status, r.body() }

func (d *Discord) getApplication([]string, *DiscordCall) (int, any) {
	flags := 0
	if d.cfg.MessageContent {
		flags = 1 << 18
	}
	return http.StatusOK, map[string]any{"id": DiscordApp, "bot": map[string]any{"id": DiscordApp, "bot": true}, "flags": flags}
}

func (d *Discord) getGateway([]string, *DiscordCall) (int, any) {
	return http.StatusOK, map[string]any{
		"url":    "ws" + strings.TrimPrefix(d.server.URL, "http") + "/gateway/ws",
		"shards": max(d.cfg.Shards, 1),
		"session_start_limit": map[string]any{
			"total": 1000, "remaining": 999, "reset_after": 1000, "max_concurrency": max(d.cfg.Concurrency, 1),
		},
	}
}

func (d *Discord) getCommands([]string, *DiscordCall) (int, any) {
	if d.state.Commands == nil {
		return http.StatusOK, []any{}
	}
	return http.StatusOK, d.state.Commands
}

func (d *Discord) putCommands(_ []string, c *DiscordCall) (int, any) {
	var commands []map[string]any
	if err := json.Unmarshal(c.Body, &commands); err != nil {
		return invalidForm("the commands are no list").answer()
	}
	if r, bad := checkCommands(commands); bad {
		return r.answer()
	}
	for _, cmd := range commands { // Discord answers with more than it was told
		cmd["id"], cmd["application_id"], cmd["version"], cmd["nsfw"] = d.id(), DiscordApp, d.id(), false
	}
	d.state.Commands, _ = json.Marshal(commands)
	return http.StatusOK, d.state.Commands
}

func (d *Discord) postCallback(p []string, c *DiscordCall) (int, any) {
	a := d.state.Answers[p[0]]
	if a == nil || a.Token != p[1] {
		return refused{http.StatusNotFound, 10062, "Unknown interaction"}.answer()
	}
	if a.Type != 0 {
		return refused{http.StatusBadRequest, 40060, "Interaction has already been acknowledged."}.answer()
	}
	if a.Took = time.Since(a.at); a.Took > d.cfg.AckWithin {
		return refused{http.StatusNotFound, 10062, "Unknown interaction"}.answer()
	}
	var body struct {
		Type int             `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(c.Body, &body); err != nil {
		return invalidForm("the callback is no object").answer()
	}
	data := jsonObject(body.Data)
	onButton := a.Original != ""
	switch body.Type {
	case 4:
		m, r, bad := d.newMessage(data, c.Files, a.channel, p[0])
		if bad {
			return r.answer()
		}
		a.Original, a.Done = m.ID, true
	case 5:
		if f := flagsOf(data); f&^flagEphemeral != 0 {
			d.violation("a deferred answer with the flags %d", f)
		}
		m := d.store(&DiscordMessage{Channel: a.channel, Author: DiscordApp, Flags: flagLoading | flagsOf(data), Interaction: p[0]})
		a.Original = m.ID
	case 6:
		if !onButton {
			return invalidForm("type 6 is for components").answer()
		}
	case 8:
	default:
		return invalidForm("unknown type").answer()
	}
	a.Type, a.Body = body.Type, body.Data
	return http.StatusNoContent, nil
}

// hook finds the answer behind a webhook's token.
func (d *Discord) hook(token string) (string, *DiscordAnswer) {
	for id, a := range d.state.Answers {
		if a.Token == token && a.Type != 0 {
			return id, a
		}
	}
	return "", nil
}

var unknownWebhook = refused{http.StatusNotFound, 10015, "Unknown Webhook"}

func (d *Discord) postFollowUp(p []string, c *DiscordCall) (int, any) {
	id, a := d.hook(p[1])
	if a == nil {
		return unknownWebhook.answer()
	}
	if !a.Done && a.Type == 5 {
		d.violation("a follow-up while the promised message is due")
	}
	m, r, bad := d.newMessage(jsonObject(c.Body), c.Files, a.channel, id)
	if bad {
		return r.answer()
	}
	a.FollowUps = append(a.FollowUps, m.ID)
	return http.StatusOK, map[string]any{"id": m.ID}
}

func (d *Discord) patchOriginal(p []string, c *DiscordCall) (int, any) {
	_, a := d.hook(p[1])
	if a == nil {
		return unknownWebhook.answer()
	}
	m := d.state.Messages[a.Original]
	if m == nil || m.Deleted {
		return refused{http.StatusNotFound, 10008, "Unknown Message"}.answer()
	}
	body := jsonObject(c.Body)
	if r, bad := d.checkMessage(body, c.Files, m.Flags, DiscordUser); bad {
		return r.answer()
	}
	m.Body, m.Files = body, c.Files
	m.Flags = m.Flags&^flagLoading | flagsOf(body)
	m.edited++
	a.Done = true
	return http.StatusOK, map[string]any{"id": m.ID}
}

func (d *Discord) deleteOriginal(p []string, _ *DiscordCall) (int, any) {
	_, a := d.hook(p[1])
	if a == nil {
		return unknownWebhook.answer()
	}
	m := d.state.Messages[a.Original]
	if m == nil || m.Deleted {
		return refused{http.StatusNotFound, 10008, "Unknown Message"}.answer()
	}
	m.Deleted = true
	return http.StatusNoContent, nil
}

func (d *Discord) postMessage(p []string, c *DiscordCall) (int, any) {
	body := jsonObject(c.Body)
	if nonce, ok := body["nonce"].(string); ok {
		if len(nonce) > 25 {
			return invalidForm("nonce").answer()
		}
		for _, m := range d.state.Messages {
			if body["enforce_nonce"] == true && m.Channel == p[0] && m.Author == DiscordApp && m.Body["nonce"] == nonce {
				return http.StatusOK, map[string]any{"id": m.ID}
			}
		}
	}
	m, r, bad := d.newMessage(body, c.Files, p[0], "")
	if bad {
		return r.answer()
	}
	return http.StatusOK, map[string]any{"id": m.ID}
}

// getGuild tells of a server where one role manages messages.
func (d *Discord) getGuild(p []string, _ *DiscordCall) (int, any) {
	return http.StatusOK, map[string]any{"id": p[0], "owner_id": DiscordOwner, "roles": []any{
		map[string]any{"id": p[0], "permissions": memberPermissions},
		map[string]any{"id": DiscordModerators, "permissions": "8192"},
	}}
}

func (d *Discord) getChannel(p []string, _ *DiscordCall) (int, any) {
	for _, t := range d.state.Threads {
		if t.ID == p[0] {
			return http.StatusOK, map[string]any{"id": t.ID, "type": 11, "parent_id": t.Parent}
		}
	}
	if p[0] == DiscordWithin {
		return http.StatusOK, map[string]any{"id": p[0], "type": 11, "parent_id": DiscordGated}
	}
	return http.StatusOK, map[string]any{"id": p[0], "type": 0, "parent_id": nil, "nsfw": p[0] == DiscordGated}
}

func (d *Discord) getMessage(p []string, _ *DiscordCall) (int, any) {
	m := d.state.Messages[p[1]]
	if m == nil || m.Deleted || m.Channel != p[0] {
		return refused{http.StatusNotFound, 10008, "Unknown Message"}.answer()
	}
	return http.StatusOK, map[string]any{"id": m.ID, "channel_id": m.Channel}
}

func (d *Discord) postThread(p []string, c *DiscordCall) (int, any) {
	name, _ := jsonObject(c.Body)["name"].(string)
	if n := len([]rune(name)); n < 1 || n > 100 {
		return invalidForm("name").answer()
	}
	if m := d.state.Messages[p[1]]; m == nil || m.Deleted {
		return refused{http.StatusNotFound, 10008, "Unknown Message"}.answer()
	}
	for _, t := range d.state.Threads {
		if t.ID == p[1] {
			return refused{http.StatusBadRequest, 160004, "A thread has already been created for this message"}.answer()
		}
	}
	d.state.Threads = append(d.state.Threads, DiscordThread{ID: p[1], Parent: p[0], Name: name})
	return http.StatusCreated, map[string]any{"id": p[1]}
}

func (d *Discord) postChannel(_ []string, c *DiscordCall) (int, any) {
	user, _ := jsonObject(c.Body)["recipient_id"].(string)
	return http.StatusOK, map[string]any{"id": "9" + user}
}

// newMessage checks and stores a message of the bot's.
func (d *Discord) newMessage(body map[string]any, files map[string]string, channel, interaction string) (*DiscordMessage, refused, bool) {
	m := &DiscordMessage{Channel: channel, Author: DiscordApp, Body: body, Flags: flagsOf(body), Files: files, Interaction: interaction}
	asker := DiscordUser
	if a := d.state.Answers[interaction]; a != nil {
		asker = a.User
	}
	if ref, ok := body["message_reference"].(map[string]any); ok {
		m.ReplyTo, _ = ref["message_id"].(string)
		to := d.state.Messages[m.ReplyTo]
		switch {
		case to != nil:
			asker = to.Author
		case ref["fail_if_not_exists"] != false:
			return nil, invalidForm("message_reference: Unknown message"), true
		}
	}
	if r, bad := d.checkMessage(body, files, 0, asker); bad {
		return nil, r, true
	}
	return d.store(m), refused{}, false
}

func (d *Discord) store(m *DiscordMessage) *DiscordMessage {
	m.ID = d.id()
	d.state.Messages[m.ID] = m
	d.state.Order = append(d.state.Order, m.ID)
	return m
}
