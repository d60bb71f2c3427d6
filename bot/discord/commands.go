package discord

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"unrollbot/bot"
)

// The commands' names, their options, and the type of a menu command.
const (
	commandUnroll   = "unroll"
	commandHelp     = "help"
	commandSettings = "unroll-settings"
	commandWatch    = "watch"
	commandUnwatch  = "unwatch"
	optionLink      = "link"
	optionView      = "view"
	optionPrivate   = "private"
	menuCommand     = 3

	choicePages = "pages" // as a choice; as a setting it is empty
	choiceAsker = "asker"
)

// commandSpec is a command as it is registered. discordgo's own type writes
// null where other servers that speak Discord's API refuse it.
type commandSpec struct {
	Type         int               `json:"type"`
	Name         string            `json:"name"`
	Names        map[string]string `json:"name_localizations,omitempty"`
	Description  string            `json:"description,omitempty"`
	Descriptions map[string]string `json:"description_localizations,omitempty"`
	// Contexts and Integrations let the command be used in servers, in
	// direct messages, and by users who installed it for themselves.
	Contexts     []int        `json:"contexts"`
	Integrations []int        `json:"integration_types"`
	Options      []optionSpec `json:"options,omitempty"`
	// Permissions are what a member needs to see the command; servers can
	// change that.
	Permissions permissions `json:"default_member_permissions,omitempty"`
}

// permissions are sent as a number, as the OpenAPI description has it, and
// come back in quotes.
type permissions int64

func (p *permissions) UnmarshalJSON(data []byte) error {
	text := strings.Trim(string(data), `"`)
	if text == "null" {
		*p = 0
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	*p = permissions(n)
	return err
}

type optionSpec struct {
	Type         int               `json:"type"`
	Name         string            `json:"name"`
	Description  string            `json:"description"`
	Descriptions map[string]string `json:"description_localizations,omitempty"`
	Required     bool              `json:"required,omitempty"`
	Autocomplete bool              `json:"autocomplete,omitempty"`
	MaxLength    int               `json:"max_length,omitempty"`
	MinValue     int               `json:"min_value,omitempty"`
	MaxValue     int               `json:"max_value,omitempty"`
	Choices      []choiceSpec      `json:"choices,omitempty"`
}

type choiceSpec struct {
	Name  string            `json:"name"`
	Names map[string]string `json:"name_localizations,omitempty"`
	Value string            `json:"value"`
}

// Limits of a command (Discord, "Application Commands", November 2026).
const (
	maxCommandName        = 32
	maxCommandDescription = 100
)

// Types of options (Discord, "Application Command Option Type").
const (
	optionString  = 3
	optionInteger = 4
	optionBool    = 5
)

// commands are what the bot registers.
func (a *Adapter) commands() []commandSpec {
	everywhere, anyone := []int{0, 1, 2}, []int{0, 1}
	link := a.option(optionString, optionLink, "command_unroll_link", "Link to any post of the thread")
	link.Required, link.Autocomplete, link.MaxLength = true, true, 2048
	slash := commandSpec{
		Type: 1, Name: commandUnroll, Contexts: everywhere, Integrations: anyone,
		Options: []optionSpec{link, a.viewOption(viewThread, viewBranches), a.option(optionBool, optionPrivate, "command_unroll_private", "Show it only to me")},
	}
	slash.Description, slash.Descriptions = a.texts("command_unroll", "Unroll a thread from X, Bluesky or Mastodon", maxCommandDescription)
	help := commandSpec{Type: 1, Name: commandHelp, Contexts: everywhere, Integrations: anyone}
	help.Description, help.Descriptions = a.texts("command_help", "How to use me, with an example", maxCommandDescription)
	link.Required = false
	menu := commandSpec{Type: menuCommand, Contexts: everywhere, Integrations: anyone}
	menu.Name, menu.Names = a.texts("command_unroll_message", "Unroll thread", maxCommandName)

	all := []commandSpec{slash, help, menu}
	for _, watch := range [][2]string{{commandWatch, "Tell me when a thread goes on"}, {commandUnwatch, "No longer tell me of a thread"}} {
		c := commandSpec{Type: 1, Name: watch[0], Contexts: everywhere, Integrations: anyone, Options: []optionSpec{link}}
		c.Description, c.Descriptions = a.texts("command_"+watch[0], watch[1], maxCommandDescription)
		all = append(all, c)
	}
	if a.settings != nil {
		all = append(all, a.settingsCommand())
	}
	return all
}

// settingsCommand is for who manages a server, and nowhere else.
func (a *Adapter) settingsCommand() commandSpec {
	language := a.option(optionString, optionLanguage, "command_settings_language", "Language of the answers")
	language.Choices = a.languages()
	keyword := a.option(optionString, optionKeyword, "command_settings_keyword", "Words that ask for a thread in a reply, separated by commas")
	keyword.MaxLength = 600
	from := a.option(optionInteger, optionAutoFrom, "command_settings_auto_from", "From how many posts on a thread is offered")
	from.MinValue, from.MaxValue = minOffer, maxOffer
	c := commandSpec{
		Type: 1, Name: commandSettings, Contexts: []int{0}, Integrations: []int{0},
		Permissions: discordgo.PermissionManageGuild,
		Options: []optionSpec{
			a.viewOption(), language, keyword,
			a.option(optionBool, optionQuiet, "command_settings_quiet", "Leave pictures and videos out"),
			a.option(optionBool, optionAdmins, "command_settings_admins", "Answer moderators only"),
			a.placeOption(optionWhere, "command_settings_where", "Where I answer for all to see", choiceServer, choiceHere),
			a.placeOption(optionAuto, "command_settings_auto", "Where I offer threads that nobody asked for", choiceNowhere, choiceHere, choiceServer), from,
			a.option(optionBool, optionReset, "command_settings_reset", "Forget all settings of this server"),
		},
	}
	c.Description, c.Descriptions = a.texts("command_settings", "How I behave on this server; without an option, show it", maxCommandDescription)
	return c
}

func (a *Adapter) option(kind int, name, id, english string) optionSpec {
	o := optionSpec{Type: kind, Name: name}
	o.Description, o.Descriptions = a.texts(id, english, maxCommandDescription)
	return o
}

// placeOption lets somebody choose where something holds.
func (a *Adapter) placeOption(name, id, english string, choices ...string) optionSpec {
	o := a.option(optionString, name, id, english)
	names := map[string]string{choiceNowhere: "nowhere", choiceHere: "in this channel, too", choiceServer: "the whole server"}
	for _, v := range choices {
		c := choiceSpec{Value: v}
		c.Name, c.Names = a.texts("where_"+v, names[v], maxCommandDescription)
		o.Choices = append(o.Choices, c)
	}
	return o
}

func (a *Adapter) viewOption(more ...bot.View) optionSpec {
	o := a.option(optionString, optionView, "command_unroll_view", "How to show it")
	for _, view := range slices.Concat([]bot.View{bot.ViewPages, bot.ViewWhole, bot.ViewFile, bot.ViewLink}, more) {
		id, english := viewName(view)
		v := choiceSpec{Value: cmp.Or(string(view), choicePages)}
		v.Name, v.Names = a.texts(id, english, maxCommandDescription)
		o.Choices = append(o.Choices, v)
	}
	return o
}

// viewName is the id of a view's name, and the English one.
func viewName(v bot.View) (id, english string) {
	switch v {
	case bot.ViewWhole:
		return "view_all", "All of it, in several messages"
	case bot.ViewFile:
		return "view_file", "One file"
	case bot.ViewLink:
		return "view_link", "Only a link to its page"
	case viewThread:
		return "view_thread", "All of it, in a Discord thread"
	case viewBranches:
		return "view_branches", "Its side branches, a line each"
	case bot.ViewPages:
	}
	return "view_page", "Pages, with buttons"
}

// languages offers those that the bot speaks.
func (a *Adapter) languages() []choiceSpec {
	asker := choiceSpec{Value: choiceAsker}
	asker.Name, asker.Names = a.texts("settings_asker", "that of who asks", maxCommandDescription)
	out := []choiceSpec{asker, {Name: discordgo.Locales[discordgo.EnglishUS], Value: "en"}}
	_, others := a.texts("command_unroll", "Unroll a thread from X, Bluesky or Mastodon", maxCommandDescription)
	for _, locale := range slices.Sorted(maps.Keys(others)) {
		if len(out) < maxChoices {
			out = append(out, choiceSpec{Name: discordgo.Locales[discordgo.Locale(locale)], Value: locale})
		}
	}
	return out
}

// texts gives a sentence in English and in the languages where it differs.
func (a *Adapter) texts(id, english string, limit int) (string, map[string]string) {
	first := clip(a.speaker("en").say(id, english, nil), limit)
	others := make(map[string]string)
	for locale := range discordgo.Locales {
		if s := clip(a.speaker(string(locale)).say(id, english, nil), limit); locale != "" && s != first {
			others[string(locale)] = s
		}
	}
	return first, others
}

// register makes Discord know the commands. They are written only when they
// differ: a write counts against a daily limit, and clients reload them.
func (a *Adapter) register(ctx context.Context) {
	defer a.recovered()
	path := "/applications/" + a.self.Load().app + "/commands"
	want := a.commands()
	for wait := a.pace.first; ctx.Err() == nil; wait = min(2*wait, time.Hour) {
		err := a.registerOnce(ctx, path, want)
		if err == nil || ctx.Err() != nil {
			return
		}
		status := refusal(err).Status
		if status >= 400 && status < 500 && status != http.StatusTooManyRequests {
			a.log.Error("commands cannot be registered", "err", err)
			return
		}
		a.log.Warn("commands cannot be registered yet", "err", err, "retry_in", wait)
		sleep(ctx, wait)
	}
}

func (a *Adapter) registerOnce(ctx context.Context, path string, want []commandSpec) error {
	var have []commandSpec
	if err := a.rest.do(ctx, http.MethodGet, path+"?with_localizations=true", nil, &have); err != nil {
		return err
	}
	if sameCommands(have, want) {
		a.log.Debug("commands are registered")
		return nil
	}
	var got []commandSpec
	if err := a.rest.do(ctx, http.MethodPut, path, want, &got); err != nil {
		return err
	}
	if len(got) != len(want) {
		return errors.New("discord: not all commands were taken")
	}
	a.log.Info("commands registered", "count", len(got))
	return nil
}

// sameCommands compares without regard to order, which Discord does not keep.
func sameCommands(have, want []commandSpec) bool {
	if len(have) != len(want) {
		return false
	}
	for _, w := range want {
		found := false
		for _, h := range have {
			found = found || (h.Type == w.Type && h.Name == w.Name && reflect.DeepEqual(h.normal(), w.normal()))
		}
		if !found {
			return false
		}
	}
	return true
}

// normal makes absent and empty the same.
func (c commandSpec) normal() commandSpec {
	c.Names, c.Descriptions = orNil(c.Names), orNil(c.Descriptions)
	options := make([]optionSpec, len(c.Options))
	for i, o := range c.Options {
		o.Descriptions = orNil(o.Descriptions)
		choices := make([]choiceSpec, len(o.Choices))
		for j, ch := range o.Choices {
			ch.Names = orNil(ch.Names)
			choices[j] = ch
		}
		o.Choices = choices
		options[i] = o
	}
	c.Options = options
	return c
}

func orNil(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}
