package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
)

const (
	// newFor is how long after it joined a server the bot introduces itself.
	// Every connection begins with the same event for every server.
	newFor = time.Hour
	// welcomedFor is how long it does not do so again on the same server.
	welcomedFor = 365 * 24 * time.Hour
)

// guild is a server as the gateway describes it.
type guild struct {
	ID       string    `json:"id"`
	Joined   time.Time `json:"joined_at"`
	Locale   string    `json:"preferred_locale"`
	System   string    `json:"system_channel_id"` // where Discord itself greets
	Roles    []role    `json:"roles"`
	Channels []struct {
		ID         string      `json:"id"`
		Overwrites []overwrite `json:"permission_overwrites"`
	} `json:"channels"`
	Members []struct {
		User  user     `json:"user"`
		Roles []string `json:"roles"`
	} `json:"members"`
}

type role struct {
	ID          string `json:"id"`
	Permissions string `json:"permissions"`
}

// overwrite changes permissions in a channel, for a role or a member.
type overwrite struct {
	ID    string `json:"id"`
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

// wantedPermissions are what the invitation asks for: 309237746688.
func wantedPermissions() []permission {
	return append([]permission{
		{discordgo.PermissionViewChannel, "View Channel"},
		{discordgo.PermissionSendMessages, "Send Messages"},
		{discordgo.PermissionAttachFiles, "Attach Files"},
		{discordgo.PermissionReadMessageHistory, "Read Message History"},
	}, threadPermissions()...)
}

// welcome introduces the bot to a server that it has just joined, once, where
// Discord itself greets and if it may write there.
func (a *Adapter) welcome(ctx context.Context, data json.RawMessage) error {
	var g guild
	if err := decode(data, &g); err != nil {
		return err
	}
	self := a.self.Load()
	if self == nil || a.values == nil || g.ID == "" || g.System == "" || time.Since(g.Joined).Abs() > newFor {
		return nil
	}
	have := g.permissions(self.user, g.System)
	if !has(have, discordgo.PermissionViewChannel|discordgo.PermissionSendMessages) {
		return nil
	}
	first, err := a.values.Claim(ctx, a.key("welcome", g.ID), welcomedFor)
	if err != nil || !first {
		return err
	}
	m := sentence(a.introduction(g.Locale, missing(have, wantedPermissions())))
	m.Nonce, m.EnforceNonce = "hi-"+g.ID, true // at most 20 digits
	err = a.send(ctx, http.MethodPost, "/channels/"+g.System+"/messages", m, nil)
	if refusal(err).Status == http.StatusForbidden {
		a.log.Info("no permission to introduce the bot", "err", err)
		return nil
	}
	return err
}

// introduction is how to ask, how to choose, and what is missing, a line each.
func (a *Adapter) introduction(locale string, missing []string) string {
	s := a.speaker(locale)
	lines := []string{
		s.say("welcome_ask", "🧵 I unroll threads from X, Bluesky and Mastodon. Right-click a message with a link and choose Apps, “Unroll thread”; or send /unroll.", nil),
		s.say("welcome_settings", "Who manages this server chooses with /unroll-settings where I answer, in which form, and whether I offer threads by myself.", nil),
	}
	if names := strings.Join(missing, ", "); names != "" {
		lines = append(lines, s.say("permission_missing", "I lack a permission in this channel: "+names+". Ask whoever runs the server to grant it.",
			map[string]any{"Permissions": names}))
	}
	return strings.Join(lines, "\n")
}

// permissions are a member's in a channel, as Discord works them out
// (Discord, "Permissions", November 2026).
func (g *guild) permissions(member, channel string) string {
	roles := []string{g.ID} // everybody's role has the server's id
	for _, m := range g.Members {
		if m.User.ID == member {
			roles = append(roles, m.Roles...)
		}
	}
	var sum int64
	for _, r := range g.Roles {
		if slices.Contains(roles, r.ID) {
			sum |= bits(r.Permissions)
		}
	}
	for _, c := range g.Channels {
		if c.ID != channel {
			continue
		}
		var everyone, some, own overwrite64
		for _, o := range c.Overwrites {
			switch {
			case o.ID == g.ID:
				everyone.add(o)
			case o.ID == member:
				own.add(o)
			case slices.Contains(roles, o.ID):
				some.add(o)
			}
		}
		if sum&discordgo.PermissionAdministrator == 0 {
			sum = own.on(some.on(everyone.on(sum)))
		}
	}
	return strconv.FormatInt(sum, 10)
}

// overwrite64 is the sum of overwrites of one kind.
type overwrite64 struct{ allow, deny int64 }

func (s *overwrite64) add(o overwrite) {
	s.allow |= bits(o.Allow)
	s.deny |= bits(o.Deny)
}

func (s overwrite64) on(permissions int64) int64 { return permissions&^s.deny | s.allow }
