package telegram

import (
	"slices"
	"sync"
)

// ids remembers which messages are in the chats, as far as the bot was shown
// them or sent them. A message whose receipt was lost is one that is missing
// among them.
//
// Supergroups and channels count their messages each for itself. The others
// share the count of the bot's own mailbox (as every account's private chats
// do; self-made servers may count each chat, too).
type ids struct {
	mu    sync.Mutex
	chats map[int64]*trail
	box   trail
	owner map[int64]int64 // whose an id in box is
	apart bool            // one id was in two chats: there is no common count
	under map[int64]int   // how many messages are on their way to a chat
}

// trail is the last ids of one count, the newest last.
type trail struct{ last []int64 }

const (
	// maxTrail is how many ids are remembered of a chat, maxBox how many of
	// the mailbox: more than come while a call is under way.
	maxTrail = 32
	maxBox   = 1024
	// maxTrails bounds the chats.
	maxTrails = 10_000
)

func newIDs() *ids {
	return &ids{chats: make(map[int64]*trail), owner: make(map[int64]int64), under: make(map[int64]int)}
}

// counted tells whether the chat has a count of its own. Ids of supergroups
// and channels begin with -100.
func counted(chat int64) bool { return chat < -1_000_000_000_000 }

// note remembers a message, and tells whether it was not known before.
func (k *ids) note(chat, id int64) (isNew bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.chats[chat]; t != nil && slices.Contains(t.last, id) {
		return false
	}
	k.add(chat, id)
	return true
}

// sending counts a message that is on its way to the chat until done.
func (k *ids) sending(chat int64) (done func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.under[chat]++
	return func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.under[chat]--; k.under[chat] <= 0 {
			delete(k.under, chat)
		}
	}
}

// alone tells whether no more than one message is on its way to the chat.
func (k *ids) alone(chat int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.under[chat] <= 1
}

func (k *ids) add(chat, id int64) {
	t := k.chats[chat]
	if t == nil {
		for any := range k.chats {
			if len(k.chats) < maxTrails {
				break
			}
			delete(k.chats, any)
		}
		t = &trail{}
		k.chats[chat] = t
	}
	t.add(id, maxTrail)
	if counted(chat) || k.apart {
		return
	}
	if other, ok := k.owner[id]; ok && other != chat {
		k.apart, k.owner, k.box = true, nil, trail{}
		return
	}
	k.owner[id] = chat
	if dropped, ok := k.box.add(id, maxBox); ok {
		delete(k.owner, dropped)
	}
}

// top is the newest message of the count that the chat is in, 0 for none.
func (k *ids) top(chat int64) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	if t := k.trail(chat); t != nil && len(t.last) > 0 {
		return slices.Max(t.last)
	}
	return 0
}

// missing is the first id after another that is not known.
func (k *ids) missing(chat, after int64) int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.trail(chat)
	for after++; t != nil && slices.Contains(t.last, after); after++ {
	}
	return after
}

func (k *ids) trail(chat int64) *trail {
	if counted(chat) || k.apart {
		return k.chats[chat]
	}
	return &k.box
}

// add remembers id, and tells which one is forgotten for it.
func (t *trail) add(id int64, most int) (dropped int64, full bool) {
	if slices.Contains(t.last, id) {
		return 0, false
	}
	if len(t.last) == most {
		dropped, full = t.last[0], true
		t.last = slices.Delete(t.last, 0, 1)
	}
	t.last = append(t.last, id)
	return dropped, full
}
