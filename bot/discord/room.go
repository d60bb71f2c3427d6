package discord

import (
	"context"
	"net/http"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

const (
	// maxRooms bounds how many channels are remembered.
	maxRooms = 10_000
	// roomFor is how long what was asked of a channel is believed.
	roomFor = 10 * time.Minute
)

// rooms remembers what Discord says of channels.
type rooms = lru.Cache[string, channelState]

// channelState is what a channel is below, and whether it is for grown-ups.
type channelState struct {
	parent string
	gated  bool
	until  time.Time
}

func newRooms() *rooms {
	known, _ := lru.New[string, channelState](maxRooms) // fails for no size only
	return known
}

// room asks Discord about a channel; what it does not tell is empty. A thread
// is for grown-ups when the channel is that it hangs in.
func (a *Adapter) room(ctx context.Context, channel string) channelState {
	known, _ := a.rooms.Get(channel)
	if time.Now().Before(known.until) {
		return known
	}
	var got struct {
		Type   int    `json:"type"`
		Parent string `json:"parent_id"`
		Gated  bool   `json:"nsfw"`
	}
	err := a.rest.do(ctx, http.MethodGet, "/channels/"+channel, nil, &got)
	if status := refusal(err).Status; err != nil && (status < 400 || status >= 500) {
		return channelState{parent: known.parent} // ask again next time; it does not move
	}
	now := channelState{parent: got.Parent, gated: got.Gated, until: time.Now().Add(roomFor)}
	if isThread(got.Type) && got.Parent != "" {
		now.gated = a.room(ctx, got.Parent).gated
	}
	a.rooms.Add(channel, now)
	return now
}

func isThread(kind int) bool {
	switch kind {
	case channelAnnouncementThread, channelPublicThread, channelPrivateThread:
		return true
	default:
		return false
	}
}
