package discord

import (
	"context"
	"net/http"
	"sync"
	"time"
)

const (
	// maxRooms bounds how many channels are remembered.
	maxRooms = 10_000
	// roomFor is how long what was asked of a channel is believed.
	roomFor = 10 * time.Minute
)

// rooms remembers what Discord says of channels.
type rooms struct {
	mu   sync.Mutex
	byID map[string]channelState
}

// channelState is what a channel is below, and whether it is for grown-ups.
type channelState struct {
	parent string
	gated  bool
	until  time.Time
}

func newRooms() *rooms { return &rooms{byID: make(map[string]channelState)} }

// of asks Discord about a channel; what it does not tell is empty. A thread is
// for grown-ups when the channel is that it hangs in.
func (r *rooms) of(ctx context.Context, api *rest, channel string) channelState {
	r.mu.Lock()
	known, ok := r.byID[channel]
	r.mu.Unlock()
	if ok && time.Now().Before(known.until) {
		return known
	}
	var got struct {
		Type   int    `json:"type"`
		Parent string `json:"parent_id"`
		Gated  bool   `json:"nsfw"`
	}
	err := api.do(ctx, http.MethodGet, "/channels/"+channel, nil, &got)
	if status := refusal(err).Status; err != nil && (status < 400 || status >= 500) {
		return channelState{parent: known.parent} // ask again next time; it does not move
	}
	now := channelState{parent: got.Parent, gated: got.Gated, until: time.Now().Add(roomFor)}
	if isThread(got.Type) && got.Parent != "" {
		now.gated = r.of(ctx, api, got.Parent).gated
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.byID) >= maxRooms {
		clear(r.byID)
	}
	r.byID[channel] = now
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
