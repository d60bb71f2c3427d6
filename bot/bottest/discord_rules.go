package bottest

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
)

// Flags of messages.
const (
	flagSuppress  = 1 << 2
	flagEphemeral = 1 << 6
	flagLoading   = 1 << 7
	flagV2        = 1 << 15
)

func invalidForm(what string) refused {
	return refused{http.StatusBadRequest, 50035, "Invalid Form Body: " + what}
}

func flagsOf(body map[string]any) int {
	f, _ := body["flags"].(float64)
	return int(f)
}

// utf16Units counts in UTF-16 units, the stricter way.
func utf16Units(s string) int { return len(utf16.Encode([]rune(s))) }

// checkMessage holds a message against Discord's limits. before are the flags
// of the message it replaces.
func (d *Discord) checkMessage(body map[string]any, files map[string]string, before int, asker string) (refused, bool) {
	v2 := (flagsOf(body)|before)&flagV2 != 0
	content, _ := body["content"].(string)
	embeds, components := objects(body["embeds"]), objects(body["components"])
	if utf16Units(content) > 2000 {
		return invalidForm("content"), true
	}
	total := 0
	for _, e := range embeds {
		text, _ := e["description"].(string)
		total += utf16Units(text)
		if utf16Units(text) > 4096 {
			return invalidForm("embeds: description"), true
		}
		if u, ok := e["url"].(string); ok && !discordAddress(u) {
			return invalidForm("embeds: url"), true
		}
	}
	if len(embeds) > 10 || total > 6000 {
		return invalidForm("embeds"), true
	}
	if strings.TrimSpace(content) == "" && len(embeds) == 0 && len(components) == 0 && len(files) == 0 {
		return refused{http.StatusBadRequest, 50006, "Cannot send an empty message"}, true
	}
	if v2 && (content != "" || len(embeds) > 0) {
		return invalidForm("content and embeds do not go with components"), true
	}
	c := componentCheck{v2: v2, files: files, ids: make(map[string]bool)}
	for _, top := range components {
		c.component(top, 0)
	}
	switch {
	case c.bad != "":
		return invalidForm("components: " + c.bad), true
	case c.count > 40:
		return invalidForm(fmt.Sprintf("components: %d of them", c.count)), true
	case utf16Units(c.text.String()) > 4000:
		return invalidForm(fmt.Sprintf("components: %d units of text", utf16Units(c.text.String()))), true
	case !v2 && len(components) > 5:
		return invalidForm("components: too many rows"), true
	}
	d.checkPings(body, content+"\n"+c.text.String(), asker)
	return refused{}, false
}

// componentCheck walks the components of a message and keeps the first fault.
type componentCheck struct {
	v2    bool
	files map[string]string
	ids   map[string]bool
	count int
	text  strings.Builder
	bad   string
}

func (c *componentCheck) fault(format string, args ...any) {
	if c.bad == "" {
		c.bad = fmt.Sprintf(format, args...)
	}
}

func (c *componentCheck) component(m map[string]any, depth int) {
	c.count++
	kind, _ := m["type"].(float64)
	nested := objects(m["components"])
	if id, ok := m["custom_id"].(string); ok {
		if utf16Units(id) < 1 || utf16Units(id) > 100 || c.ids[id] {
			c.fault("custom_id %q", id)
		}
		c.ids[id] = true
	}
	if kind > 8 && !c.v2 {
		c.fault("type %v without the flag", kind)
	}
	switch kind {
	case 1: // row
		if len(nested) < 1 || len(nested) > 5 {
			c.fault("a row of %d", len(nested))
		}
	case 2:
		c.button(m)
	case 3: // menu
		if n := len(objects(m["options"])); n < 1 || n > 25 {
			c.fault("a menu of %d", n)
		}
	case 9: // section
		if len(nested) < 1 || len(nested) > 3 || m["accessory"] == nil {
			c.fault("section")
		}
	case 10: // text display
		text, _ := m["content"].(string)
		if strings.TrimSpace(text) == "" {
			c.fault("an empty text display")
		}
		c.text.WriteString(text)
	case 11:
		c.media(m["media"])
	case 12: // gallery
		items := objects(m["items"])
		if len(items) < 1 || len(items) > 10 {
			c.fault("a gallery of %d", len(items))
		}
		for _, i := range items {
			c.media(i["media"])
			if text, ok := i["description"].(string); ok && (utf16Units(text) < 1 || utf16Units(text) > 1024) {
				c.fault("a description of %d", utf16Units(text))
			}
		}
	case 13: // file
		file, _ := m["file"].(map[string]any)
		name, _ := file["url"].(string)
		if _, ok := c.files[strings.TrimPrefix(name, "attachment://")]; !ok {
			c.fault("file %q is not there", name)
		}
	case 14: // separator
	case 17: // container
		if depth > 0 || len(nested) == 0 {
			c.fault("container")
		}
	default:
		c.fault("type %v", kind)
	}
	for _, n := range nested {
		c.component(n, depth+1)
	}
	if a, ok := m["accessory"].(map[string]any); ok {
		c.component(a, depth+1)
	}
}

func (c *componentCheck) button(m map[string]any) {
	label, _ := m["label"].(string)
	address, link := m["url"].(string)
	_, custom := m["custom_id"].(string)
	switch {
	case utf16Units(label) < 1 || utf16Units(label) > 80:
		c.fault("label %q", label)
	case link == custom, link != (m["style"] == float64(5)):
		c.fault("a button with both or neither of address and custom id")
	case link && (!discordAddress(address) || len(address) > 512):
		c.fault("address %q", address)
	}
}

func (c *componentCheck) media(v any) {
	m, _ := v.(map[string]any)
	if u, _ := m["url"].(string); !discordAddress(u) || len(u) > 2048 {
		c.fault("media %q", u)
	}
}

// discordAddress is stricter than Discord's schema: the service takes no host
// without a dot either.
func discordAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && strings.Contains(u.Hostname(), ".")
}

var discordMention = regexp.MustCompile(`<@!?(\d+)>|<@&(\d+)>|@(everyone|here)\b`)

// checkPings notes whoever would be pinged, but who asked.
func (d *Discord) checkPings(body map[string]any, text, asker string) {
	allowed, ok := body["allowed_mentions"].(map[string]any)
	if !ok {
		d.violation("a message without allowed_mentions")
		return
	}
	parse, _ := allowed["parse"].([]any)
	users, _ := allowed["users"].([]any)
	for _, m := range discordMention.FindAllStringSubmatch(text, -1) {
		switch {
		case m[1] != "" && m[1] != asker && (slices.Contains(parse, any("users")) || slices.Contains(users, any(m[1]))),
			m[2] != "" && slices.Contains(parse, any("roles")),
			m[3] != "" && slices.Contains(parse, any("everyone")):
			d.violation("would ping %s", m[0])
		}
	}
	if ref, ok := body["message_reference"].(map[string]any); ok && allowed["replied_user"] == true {
		to, _ := ref["message_id"].(string)
		if m := d.state.Messages[to]; m != nil && m.Author != asker {
			d.violation("would ping %s", m.Author)
		}
	}
}

var discordName = regexp.MustCompile(`^[-_\p{L}\p{N}]{1,32}$`)

func checkCommands(commands []map[string]any) (refused, bool) {
	seen := make(map[string]bool)
	for i, c := range commands {
		name, _ := c["name"].(string)
		description, _ := c["description"].(string)
		options := objects(c["options"])
		key := fmt.Sprint(c["type"], name)
		switch c["type"] {
		case float64(1):
			if !discordName.MatchString(name) || name != strings.ToLower(name) || utf16Units(description) < 1 || utf16Units(description) > 100 {
				return invalidForm(fmt.Sprintf("%d: name or description", i)), true
			}
		case float64(3):
			if utf16Units(name) < 1 || utf16Units(name) > 32 || description != "" || len(options) > 0 {
				return invalidForm(fmt.Sprintf("%d: a menu command with more than a name", i)), true
			}
		default:
			return invalidForm(fmt.Sprintf("%d: type", i)), true
		}
		if seen[key] {
			return invalidForm(fmt.Sprintf("%d: name twice", i)), true
		}
		seen[key] = true
		optional := false
		for _, o := range options {
			name, _ := o["name"].(string)
			description, _ := o["description"].(string)
			required := o["required"] == true
			if !discordName.MatchString(name) || utf16Units(description) < 1 || utf16Units(description) > 100 || (required && optional) {
				return invalidForm(fmt.Sprintf("%d: option %q", i, name)), true
			}
			optional = optional || !required
		}
	}
	return refused{}, false
}
