package discord

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The events, as far as the bot looks at them. They are decoded from the raw
// message: discordgo's own types fail on a component type that they do not
// know, and anybody can send one.

type user struct {
	ID  string `json:"id"`
	Bot bool   `json:"bot"`
}

type message struct {
	ID        string  `json:"id"`
	ChannelID string  `json:"channel_id"`
	GuildID   string  `json:"guild_id"` // empty in direct messages
	Type      int     `json:"type"`
	Author    user    `json:"author"`
	Member    *member `json:"member"` // of the server
	WebhookID string  `json:"webhook_id"`
	Flags     int     `json:"flags"`
	Content   string  `json:"content"`
	Embeds    []embed `json:"embeds"`
	// Components are decoded apart, see texts.
	Components  json.RawMessage   `json:"components"`
	Attachments []json.RawMessage `json:"attachments"`
	Reference   *struct {
		Type int `json:"type"` // 0 reply, 1 forward
	} `json:"message_reference"`
	Referenced *message `json:"referenced_message"`
	Snapshots  []struct {
		Message message `json:"message"`
	} `json:"message_snapshots"` // what was forwarded
	Interaction *struct {
		User   user   `json:"user"`
		Target string `json:"target_message_id"` // of a menu command
	} `json:"interaction_metadata"`
}

type embed struct {
	URL         string `json:"url"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Author      struct {
		URL string `json:"url"`
	} `json:"author"`
	Fields []struct {
		Value string `json:"value"`
	} `json:"fields"`
}

// Types of messages that people write themselves (Discord, "Message Types").
const (
	typeDefault = 0
	typeReply   = 19
)

// interaction is a command, a pressed button, or the like.
type interaction struct {
	ID          string `json:"id"`
	App         string `json:"application_id"`
	Token       string `json:"token"`
	Type        int    `json:"type"`
	GuildID     string `json:"guild_id"`
	ChannelID   string `json:"channel_id"`
	Context     *int   `json:"context"`
	Locale      string `json:"locale"`
	Permissions string `json:"app_permissions"`
	Channel     struct {
		Type   int    `json:"type"`
		Parent string `json:"parent_id"`
		Gated  bool   `json:"nsfw"`
	} `json:"channel"`
	// Owners are where the app was installed: "0" holds the server's id,
	// "1" the user's.
	Owners  map[string]string `json:"authorizing_integration_owners"`
	User    *user             `json:"user"`
	Member  *member           `json:"member"`
	Message *message          `json:"message"` // whose button was pressed
	Data    json.RawMessage   `json:"data"`
}

type member struct {
	User        user     `json:"user"`
	Roles       []string `json:"roles"`
	Permissions string   `json:"permissions"` // comes with interactions only
}

// Types of interactions (Discord, "Interaction Type").
const (
	interactionPing         = 1
	interactionCommand      = 2
	interactionComponent    = 3
	interactionAutocomplete = 4
)

// inBotDM is the context of a direct message with the bot.
const inBotDM = 1

// installed tells whether the bot is a member of the server where it happens.
func (i *interaction) installed() bool { return i.GuildID != "" && i.Owners["0"] == i.GuildID }

// Types of channels (Discord, "Channel Types"). The first two are those whose
// messages can carry a thread.
const (
	channelText               = 0
	channelAnnouncement       = 5
	channelAnnouncementThread = 10
	channelPublicThread       = 11
	channelPrivateThread      = 12
)

// threadable tells whether a Discord thread can be opened on an answer here.
func (i *interaction) threadable() bool {
	kind := i.Channel.Type
	return i.installed() && (kind == channelText || kind == channelAnnouncement) && len(missing(i.Permissions, threadPermissions())) == 0
}

// asker is the user who did it; its ID is empty when the event names nobody.
func (i *interaction) asker() user {
	switch {
	case i.Member != nil:
		return i.Member.User
	case i.User != nil:
		return *i.User
	default:
		return user{}
	}
}

// command is the data of a command or of an option being typed.
type command struct {
	Name     string   `json:"name"`
	Type     int      `json:"type"`
	Target   string   `json:"target_id"`
	Options  []option `json:"options"`
	Resolved struct {
		Messages map[string]message `json:"messages"`
	} `json:"resolved"`
}

type option struct {
	Name    string          `json:"name"`
	Value   json.RawMessage `json:"value"`
	Focused bool            `json:"focused"`
}

// text is an option's value if it is a text.
func (c *command) text(name string) string {
	for _, o := range c.Options {
		var s string
		if o.Name == name && json.Unmarshal(o.Value, &s) == nil {
			return s
		}
	}
	return ""
}

// flag is an option's value if it is true or false.
func (c *command) flag(name string) bool {
	for _, o := range c.Options {
		var b bool
		if o.Name == name && json.Unmarshal(o.Value, &b) == nil {
			return b
		}
	}
	return false
}

// number is an option's value if it is a whole number.
func (c *command) number(name string) int {
	for _, o := range c.Options {
		var n int
		if o.Name == name && json.Unmarshal(o.Value, &n) == nil {
			return n
		}
	}
	return 0
}

// pressed is the data of a button or menu.
type pressed struct {
	CustomID string   `json:"custom_id"`
	Values   []string `json:"values"`
}

// component is any component, known or not, by the fields that may hold
// text or addresses.
type component struct {
	Content    string          `json:"content"`
	URL        string          `json:"url"`
	Components json.RawMessage `json:"components"`
	Accessory  json.RawMessage `json:"accessory"`
}

// maxDepth bounds how deep components are followed. Discord nests three.
const maxDepth = 6

// decode reads data into v. A field of another type than we know stays
// empty: the rest may be all that is needed.
func decode(data []byte, v any) error {
	var other *json.UnmarshalTypeError
	if err := json.Unmarshal(data, v); err != nil && !errors.As(err, &other) {
		return err
	}
	return nil
}

func decodeMessage(data []byte) (*message, error) {
	var m message
	if err := decode(data, &m); err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	if m.ID == "" || m.ChannelID == "" {
		return nil, fmt.Errorf("message: no id")
	}
	return &m, nil
}

func decodeInteraction(data []byte) (*interaction, error) {
	var i interaction
	if err := decode(data, &i); err != nil {
		return nil, fmt.Errorf("interaction: %w", err)
	}
	if i.ID == "" || i.Token == "" || i.App == "" {
		return nil, fmt.Errorf("interaction: no id or token")
	}
	return &i, nil
}

func decodeCommand(data []byte) (*command, error) {
	var c command
	if err := decode(data, &c); err != nil {
		return nil, fmt.Errorf("command: %w", err)
	}
	return &c, nil
}

// empty tells that the message shows nothing to us, be it that the content
// is withheld or that there is none.
func (m *message) empty() bool {
	return m.Content == "" && len(m.Embeds) == 0 && len(m.Attachments) == 0 && len(m.Snapshots) == 0 && len(m.texts()) == 0
}

// links gives the addresses in the message that are not in its content.
func (m *message) links() []string {
	var links []string
	for _, e := range m.Embeds {
		for _, address := range []string{e.URL, e.Author.URL} {
			if address != "" {
				links = append(links, address)
			}
		}
		links = append(links, addresses(e.Title)...)
		links = append(links, addresses(e.Description)...)
		for _, f := range e.Fields {
			links = append(links, addresses(f.Value)...)
		}
	}
	for _, text := range m.texts() {
		links = append(links, addresses(text)...)
	}
	for i := range m.Snapshots {
		s := m.Snapshots[i].Message
		s.Snapshots = nil // forwards are not nested
		links = append(append(links, addresses(s.Content)...), s.links()...)
	}
	return links
}

// texts gives the texts and addresses of a message's components.
func (m *message) texts() []string { return componentTexts(m.Components, maxDepth) }

func componentTexts(data json.RawMessage, depth int) []string {
	if len(data) == 0 || depth == 0 {
		return nil
	}
	var raw []json.RawMessage
	if json.Unmarshal(data, &raw) != nil {
		raw = []json.RawMessage{data} // an accessory is a single one
	}
	var texts []string
	for _, r := range raw {
		var c component
		if json.Unmarshal(r, &c) != nil {
			continue
		}
		for _, text := range []string{c.Content, c.URL} {
			if text != "" {
				texts = append(texts, text)
			}
		}
		texts = append(texts, componentTexts(c.Components, depth-1)...)
		texts = append(texts, componentTexts(c.Accessory, depth-1)...)
	}
	return texts
}

var webAddress = regexp.MustCompile(`https?://[^\s<>()\[\]]+`)

func addresses(text string) []string {
	if !strings.Contains(text, "://") {
		return nil
	}
	return webAddress.FindAllString(text, -1)
}
