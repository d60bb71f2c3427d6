package discord

import (
	"encoding/json"
	"strings"

	"github.com/bwmarrin/discordgo"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// Limits of a message with components (Discord, "Component Reference" and
// OpenAPI description, November 2026). That the text displays of a message
// may hold 4,000 characters together is what the service says when it
// refuses more; the documents give the number for a single one.
const (
	maxText        = 4000 // UTF-16 units in all text displays
	maxComponents  = 40   // nested ones counted
	maxGallery     = 10   // items
	maxAlt         = 1024 // UTF-16 units of a medium's description
	maxMediaURL    = 2048 // bytes
	maxButtonURL   = 512  // bytes
	maxLabel       = 80   // UTF-16 units on a button
	maxMenu        = 25   // options
	maxDescription = 4096 // UTF-16 units of an embed's description
	maxContent     = 2000 // UTF-16 units of plain text
)

// outgoing is a message on its way, new or an edit. All of ours are made of
// components; plain is what they fall back to.
type outgoing struct {
	// Content and Embeds are null in an edit with components: what a
	// fallback left there has to go.
	Content    json.RawMessage              `json:"content,omitempty"`
	Embeds     json.RawMessage              `json:"embeds,omitempty"`
	Components []discordgo.MessageComponent `json:"components"`
	Flags      discordgo.MessageFlags       `json:"flags,omitempty"`
	// AllowedMentions is always set: left out, Discord pings whom the text
	// mentions.
	AllowedMentions discordgo.MessageAllowedMentions `json:"allowed_mentions"`
	Attachments     []attachment                     `json:"attachments,omitempty"`
	Reference       *reference                       `json:"message_reference,omitempty"`
	// With a nonce, a message that is sent again is not posted again
	// (Discord, "Create Message"); at most 25 characters.
	Nonce        string `json:"nonce,omitempty"`
	EnforceNonce bool   `json:"enforce_nonce,omitempty"`

	files  []*discordgo.File
	opened bool             // says where a Discord thread was opened and filled
	plain  func() plainForm // nil where there is none
}

type attachment struct {
	ID       string `json:"id"` // which of the files, counted from 0
	Filename string `json:"filename"`
}

type reference struct {
	MessageID       string `json:"message_id"`
	FailIfNotExists bool   `json:"fail_if_not_exists"`
}

// plainForm is a message for where components are refused.
type plainForm struct {
	text   string // Markdown
	url    string
	colour int
	rows   []discordgo.MessageComponent
}

// newMessage makes a message of components.
func newMessage(components ...discordgo.MessageComponent) outgoing {
	return outgoing{
		Components:      components,
		Flags:           discordgo.MessageFlagsIsComponentsV2,
		AllowedMentions: discordgo.MessageAllowedMentions{Parse: []discordgo.AllowedMentionType{}},
	}
}

// naming has the message begin with a name, who is pinged by it.
func (m outgoing) naming(user string) outgoing {
	name := "<@" + user + ">"
	m.Components = append([]discordgo.MessageComponent{discordgo.TextDisplay{Content: name}}, m.Components...)
	m.AllowedMentions.Users = []string{user}
	if plain := m.plain; plain != nil {
		m.plain = func() plainForm {
			p := plain()
			p.text = name + "\n" + p.text
			return p
		}
	}
	return m
}

// asEdit makes the message replace one that is there.
func (m outgoing) asEdit() outgoing {
	m.Content, m.Embeds = json.RawMessage("null"), json.RawMessage("null")
	return m
}

func (m outgoing) ephemeral(yes bool) outgoing {
	if yes {
		m.Flags |= discordgo.MessageFlagsEphemeral
	}
	return m
}

// fallback is the message as an embed.
func (m outgoing) fallback() outgoing {
	p := m.plain()
	m.Content = nil
	m.Embeds, _ = json.Marshal([]*discordgo.MessageEmbed{{ // plain strings and numbers: it cannot fail
		Description: clip(p.text, maxDescription), URL: p.url, Color: p.colour,
	}})
	m.Components, m.plain = p.rows, nil
	if m.Components == nil {
		m.Components = []discordgo.MessageComponent{}
	}
	m.Flags &^= discordgo.MessageFlagsIsComponentsV2
	return m
}

// bare is the message as plain text, whose links unfold into nothing.
func (m outgoing) bare() outgoing {
	text := m.plain().text
	m = m.fallback()
	m.Content, _ = json.Marshal(clip(text, maxContent)) // a text: it cannot fail
	m.Embeds = json.RawMessage("[]")
	m.Flags |= discordgo.MessageFlagsSuppressEmbeds
	return m
}

// clip cuts a text that is too long, counted in UTF-16 units.
func clip(s string, limit int) string {
	if units(s) <= limit {
		return s
	}
	n := 1 // for the ellipsis
	for i, c := range s {
		if n++; c > 0xffff {
			n++
		}
		if n > limit {
			return s[:i] + "…"
		}
	}
	return s
}

// sentence makes a message of one sentence in plain text. Addresses in it
// can be followed.
func sentence(text string, rows ...discordgo.MessageComponent) outgoing {
	b := render.Block{Text: text}
	for at := 0; ; {
		i := webAddress.FindStringIndex(text[at:])
		if i == nil {
			break
		}
		start, end := at+i[0], at+i[1]
		link := strings.TrimRight(text[start:end], `.,:;!?"'`)
		b.Facets = append(b.Facets, unroll.Facet{Start: start, End: start + len(link), Kind: unroll.FacetLink, URL: link})
		at = end
	}
	shown := clip(markdown(b), maxText)
	m := newMessage(append([]discordgo.MessageComponent{discordgo.TextDisplay{Content: shown}}, rows...)...)
	m.plain = func() plainForm { return plainForm{text: shown, rows: rows} }
	return m
}
