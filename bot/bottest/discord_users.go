package bottest

import (
	"encoding/json"
	"strings"
	"time"
)

// DiscordInteraction is something a user does with the bot's commands or
// buttons. Exactly one of Command, Menu and Press is set.
type DiscordInteraction struct {
	Command string         // a slash command
	Options map[string]any // by name
	Menu    string         // a message command
	Target  map[string]any // the message it is used on
	Press   string         // custom id of a button or menu
	Values  []string       // chosen in a menu
	On      string         // id of the message with the button
	Typing  string         // an option being typed, with Command

	User        string // DiscordUser if empty
	Direct      bool   // in a direct message with the bot
	Locale      string
	Permissions string // of the user; empty means all of a member's
	Extra       map[string]any
}

// memberPermissions are a plain member's: to see and write, also in threads,
// and to open them.
const memberPermissions = "309237713920"

// allPermissions are those of a bot that may do everything in a channel.
const allPermissions = "2248473465835073"

// Event is the interaction as Discord sends it; it is known from then on.
func (d *Discord) Event(i DiscordInteraction) (id string, event map[string]any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i.User == "" {
		i.User = DiscordUser
	}
	if i.Permissions == "" {
		i.Permissions = memberPermissions
	}
	id = d.id()
	a := &DiscordAnswer{User: i.User, Token: "secret-token-" + id, at: time.Now(), channel: DiscordChannel}
	d.state.Answers[id] = a
	who := map[string]any{"id": i.User, "username": "u" + i.User}
	e := map[string]any{
		"id": id, "application_id": DiscordApp, "token": a.Token, "version": 1, "channel_id": DiscordChannel,
		"locale": i.Locale, "app_permissions": allPermissions,
	}
	if i.Direct {
		e["user"], e["context"] = who, 1
	} else {
		e["member"] = map[string]any{"user": who, "permissions": i.Permissions}
		e["guild_id"], e["context"] = DiscordGuild, 0
		e["authorizing_integration_owners"] = map[string]any{"0": DiscordGuild}
	}
	options := []any{}
	for name, value := range i.Options {
		o := map[string]any{"name": name, "value": value}
		if name == i.Typing {
			o["focused"] = true
		}
		options = append(options, o)
	}
	switch {
	case i.Typing != "":
		e["type"], e["data"] = 4, map[string]any{"name": i.Command, "type": 1, "options": options}
	case i.Command != "":
		e["type"], e["data"] = 2, map[string]any{"name": i.Command, "type": 1, "options": options}
	case i.Menu != "":
		target, _ := i.Target["id"].(string)
		a.target = target
		if d.state.Messages[target] == nil {
			d.state.Messages[target] = &DiscordMessage{ID: target, Channel: DiscordChannel}
		}
		e["type"] = 2
		e["data"] = map[string]any{
			"name": i.Menu, "type": 3, "target_id": target,
			"resolved": map[string]any{"messages": map[string]any{target: i.Target}},
		}
	default:
		e["type"], e["data"] = 3, map[string]any{"custom_id": i.Press, "component_type": 2, "values": i.Values}
		a.Original = i.On
		if m := d.state.Messages[i.On]; m != nil {
			e["message"] = d.messageEvent(m)
		}
	}
	for k, v := range i.Extra {
		e[k] = v
	}
	return id, e
}

// messageEvent is a message of the bot's as it comes with a pressed button.
func (d *Discord) messageEvent(m *DiscordMessage) map[string]any {
	e := map[string]any{
		"id": m.ID, "channel_id": m.Channel, "author": map[string]any{"id": m.Author, "bot": true},
		"flags": m.Flags, "components": m.Body["components"],
	}
	if a := d.state.Answers[m.Interaction]; a != nil {
		metadata := map[string]any{"id": m.Interaction, "user": map[string]any{"id": a.User}}
		if a.target != "" {
			metadata["target_message_id"] = a.target
		}
		e["interaction_metadata"] = metadata
	}
	if to := d.state.Messages[m.ReplyTo]; to != nil {
		e["referenced_message"] = map[string]any{"id": to.ID, "channel_id": to.Channel, "author": map[string]any{"id": to.Author}}
	}
	return e
}

// Interact sends an interaction over the gateway and returns its id.
func (d *Discord) Interact(i DiscordInteraction) string {
	id, e := d.Event(i)
	d.Dispatch("INTERACTION_CREATE", e)
	return id
}

// Answered waits until an interaction's promised message is there and returns
// it.
func (d *Discord) Answered(id string) *DiscordMessage {
	d.t.Helper()
	var m *DiscordMessage
	d.Await("the answer to interaction "+id, func(s *DiscordState) bool {
		if a := s.Answers[id]; a.Done {
			m = s.Messages[a.Original]
		}
		return m != nil
	})
	return m
}

// Say sends a message of a user's over the gateway and returns its id. Fields
// are as Discord's; what is left out is a plain message of [DiscordUser] in
// the guild's channel. Content is withheld by the rules of the message
// content intent.
func (d *Discord) Say(fields map[string]any) string {
	d.mu.Lock()
	m := withDefaults(fields, map[string]any{
		"id": d.id(), "channel_id": DiscordChannel, "guild_id": DiscordGuild, "type": 0,
		"author": map[string]any{"id": DiscordUser, "username": "u"}, "content": "", "embeds": []any{}, "components": []any{},
		"attachments": []any{},
	})
	if m["referenced_message"] != nil {
		m["type"] = 19
	}
	if m["guild_id"] == "" {
		delete(m, "guild_id")
	}
	id := m["id"].(string)
	author, _ := m["author"].(map[string]any)
	user, _ := author["id"].(string)
	channel, _ := m["channel_id"].(string)
	d.state.Messages[id] = &DiscordMessage{ID: id, Channel: channel, Author: user}
	seen := false
	for _, s := range d.state.Sessions {
		seen = seen || (!s.dead && s.Intents&intentMessageContent != 0)
	}
	if m["guild_id"] != nil && !seen {
		withhold(m)
	}
	d.mu.Unlock()
	d.Dispatch("MESSAGE_CREATE", m)
	return id
}

// withhold empties what the bot may not see: each message is judged alone.
func withhold(m map[string]any) {
	content, _ := m["content"].(string)
	author, _ := m["author"].(map[string]any)
	named := strings.Contains(content, "<@"+DiscordApp+">") || strings.Contains(content, "<@!"+DiscordApp+">")
	if !named && author["id"] != DiscordApp {
		m["content"], m["embeds"], m["components"], m["attachments"] = "", []any{}, []any{}, []any{}
		delete(m, "message_snapshots")
	}
	if r, ok := m["referenced_message"].(map[string]any); ok {
		copied := jsonObject(mustJSON(r))
		withhold(copied)
		m["referenced_message"] = copied
	}
}

func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
