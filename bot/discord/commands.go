package discord

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/bwmarrin/discordgo"
)

// The commands' names, their options, and the type of a menu command.
const (
	commandUnroll = "unroll"
	commandHelp   = "help"
	optionLink    = "link"
	optionView    = "view"
	optionPrivate = "private"
	menuCommand   = 3
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
}

type optionSpec struct {
	Type         int               `json:"type"`
	Name         string            `json:"name"`
	Description  string            `json:"description"`
	Descriptions map[string]string `json:"description_localizations,omitempty"`
	Required     bool              `json:"required,omitempty"`
	MaxLength    int               `json:"max_length,omitempty"`
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

// commands are what the bot registers.
func (a *Adapter) commands() []commandSpec {
	everywhere, anyone := []int{0, 1, 2}, []int{0, 1}
	text := func(id, english string, limit int) (string, map[string]string) {
		first := clip(a.speaker("en").say(id, english, nil), limit)
		others := make(map[string]string)
		for locale := range discordgo.Locales {
			if s := clip(a.speaker(string(locale)).say(id, english, nil), limit); locale != "" && s != first {
				others[string(locale)] = s
			}
		}
		return first, others
	}
	choice := func(v view, id, english string) choiceSpec {
		c := choiceSpec{Value: string(v)}
		c.Name, c.Names = text(id, english, maxCommandDescription)
		return c
	}
	const stringOption, flagOption = 3, 5
	link := optionSpec{Type: stringOption, Name: optionLink, Required: true, MaxLength: 2048}
	link.Description, link.Descriptions = text("command_unroll_link", "Link to any post of the thread", maxCommandDescription)
	form := optionSpec{Type: stringOption, Name: optionView, Choices: []choiceSpec{
		choice("page", "view_page", "Pages, with buttons"), choice(viewFile, "view_file", "One file"),
	}}
	form.Description, form.Descriptions = text("command_unroll_view", "How to show it", maxCommandDescription)
	private := optionSpec{Type: flagOption, Name: optionPrivate}
	private.Description, private.Descriptions = text("command_unroll_private", "Show it only to me", maxCommandDescription)

	slash := commandSpec{Type: 1, Name: commandUnroll, Contexts: everywhere, Integrations: anyone, Options: []optionSpec{link, form, private}}
	slash.Description, slash.Descriptions = text("command_unroll", "Unroll a thread from X, Bluesky or Mastodon", maxCommandDescription)
	help := commandSpec{Type: 1, Name: commandHelp, Contexts: everywhere, Integrations: anyone}
	help.Description, help.Descriptions = text("command_help", "How to use me, with an example", maxCommandDescription)
	menu := commandSpec{Type: menuCommand, Contexts: everywhere, Integrations: anyone}
	menu.Name, menu.Names = text("command_unroll_message", "Unroll thread", maxCommandName)
	return []commandSpec{slash, help, menu}
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
