package discord

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/bwmarrin/discordgo"
	lru "github.com/hashicorp/golang-lru/v2"
)

// moderation are the permissions of which one makes a moderator.
const moderation = discordgo.PermissionManageGuild | discordgo.PermissionManageMessages | discordgo.PermissionAdministrator

// manages tells whether who asks runs the server. An interaction tells their
// permissions.
func (i *interaction) manages() bool {
	return i.GuildID == "" || (i.Member != nil && bits(i.Member.Permissions)&moderation != 0)
}

// moderates tells it of a message's author. A message tells their roles only;
// what those may do, apart from single channels, is asked. Whoever cannot be
// told to be a moderator is none.
func (a *Adapter) moderates(ctx context.Context, m *message) bool {
	s := a.staffOf(ctx, m.GuildID)
	if m.Author.ID == s.owner {
		return true
	}
	return m.Member != nil && slices.ContainsFunc(m.Member.Roles, func(id string) bool { return slices.Contains(s.roles, id) })
}

const (
	// maxStaff bounds of how many servers the moderators' roles are kept.
	maxStaff = 10_000
	// staffFor is how long they are believed.
	staffFor = 5 * time.Minute
)

// staff remembers by server which roles make moderators.
type staff = lru.Cache[string, serverStaff]

type serverStaff struct {
	owner string
	roles []string
	until time.Time
}

func newStaff() *staff {
	known, _ := lru.New[string, serverStaff](maxStaff) // fails for no size only
	return known
}

// staffOf asks Discord about a server; what it does not tell is empty.
func (a *Adapter) staffOf(ctx context.Context, server string) serverStaff {
	known, _ := a.staff.Get(server)
	if time.Now().Before(known.until) {
		return known
	}
	var got struct {
		Owner string `json:"owner_id"`
		Roles []role `json:"roles"`
	}
	if err := a.rest.do(ctx, http.MethodGet, "/guilds/"+server, nil, &got); err != nil {
		return known
	}
	now := serverStaff{owner: got.Owner, until: time.Now().Add(staffFor)}
	for _, r := range got.Roles {
		if bits(r.Permissions)&moderation != 0 {
			now.roles = append(now.roles, r.ID)
		}
	}
	a.staff.Add(server, now)
	return now
}

// bits reads a set of permissions; what is none is empty.
func bits(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64) // then it is 0
	return n
}
