package telegram

import (
	"context"
	"net/http"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
)

// admins remembers for a while who runs which chat.
type admins = lru.Cache[membership, standing]

type membership struct{ chat, user int64 }

type standing struct {
	runs  bool
	until time.Time
}

const (
	// adminFresh is how long somebody's standing in a chat is believed.
	adminFresh = time.Minute
	maxAdmins  = 10_000
)

func newAdmins() *admins {
	known, _ := lru.New[membership, standing](maxAdmins) // fails for no size only
	return known
}

// admin tells whether somebody runs a chat. Who writes in a chat's own name
// does: an anonymous admin, or any post of a channel.
func (a *Adapter) admin(ctx context.Context, chat, user int64) (bool, error) {
	switch {
	case chat > 0 || user == chat:
		return true, nil
	case user < 0: // another chat
		return false, nil
	}
	key := membership{chat, user}
	if known, _ := a.admins.Get(key); time.Now().Before(known.until) {
		return known.runs, nil
	}
	runs, err := a.asksWhoRuns(ctx, key)
	if err == nil {
		a.admins.Add(key, standing{runs, time.Now().Add(adminFresh)})
	}
	return runs, err
}

// asksWhoRuns asks for one member. Where that is kept from bots that are no
// admins themselves, as the Bot API may ("getChatMember", November 2026), it
// asks for all admins.
func (a *Adapter) asksWhoRuns(ctx context.Context, m membership) (bool, error) {
	var one member
	err := a.call(ctx, turn{}, "getChatMember", map[string]any{"chat_id": m.chat, "user_id": m.user}, &one)
	if refused(err).Code != http.StatusBadRequest {
		return one.runs(), err
	}
	var all []member
	if err := a.call(ctx, turn{}, "getChatAdministrators", map[string]any{"chat_id": m.chat}, &all); err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(one member) bool { return one.User.ID == m.user && one.runs() }), nil
}

type member struct {
	Status tele.MemberStatus `json:"status"`
	User   struct {
		ID int64 `json:"id"`
	} `json:"user"`
}

func (m *member) runs() bool { return m.Status == tele.Creator || m.Status == tele.Administrator }

// mayAsk tells whether somebody may ask in a chat. Where Telegram cannot tell
// who they are, they may.
func (a *Adapter) mayAsk(ctx context.Context, s bot.Settings, chat, user int64) bool {
	if !s.AdminsOnly {
		return true
	}
	runs, err := a.admin(ctx, chat, user)
	if err != nil {
		a.log.Warn("telegram cannot tell who is an admin", "err", err)
		return true
	}
	return runs
}
