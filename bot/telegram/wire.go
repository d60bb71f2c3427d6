package telegram

import (
	"encoding/json"
	"sync"

	tele "gopkg.in/telebot.v3"
)

// The parts of the Bot API's objects that this adapter reads. telebot's own
// Update lacks what came after Bot API 7.1, and one field of a kind that it
// does not expect loses it the whole batch.

// update is something that happened. All but one pointer are nil; all are in
// an update of a kind that was not asked for.
type update struct {
	ID       int64        `json:"update_id"`
	Message  *message     `json:"message"`
	Post     *message     `json:"channel_post"`
	Edited   *message     `json:"edited_message"`
	Guest    *message     `json:"guest_message"`
	Callback *callback    `json:"callback_query"`
	Inline   *inlineQuery `json:"inline_query"`
}

// kinds are the updates to ask for.
func kinds() []string {
	return []string{"message", "channel_post", "edited_message", "guest_message", "callback_query", "inline_query"}
}

func decodeUpdate(data []byte) (update, error) {
	var u update
	if err := json.Unmarshal(data, &u); err != nil {
		// The id alone is needed to get past an update that makes no sense.
		var id struct {
			ID int64 `json:"update_id"`
		}
		_ = json.Unmarshal(data, &id)
		return update{ID: id.ID}, err
	}
	return u, nil
}

type message struct {
	ID         int64      `json:"message_id"`
	ThreadID   int64      `json:"message_thread_id"`
	Topic      bool       `json:"is_topic_message"`
	Date       int64      `json:"date"`      // Unix time, in seconds
	Edited     int64      `json:"edit_date"` // the same, 0 for never
	From       *tele.User `json:"from"`
	SenderChat *chat      `json:"sender_chat"`
	Chat       chat       `json:"chat"`
	Via        *tele.User `json:"via_bot"`

	Text            string               `json:"text"`
	Entities        []tele.MessageEntity `json:"entities"`
	Caption         string               `json:"caption"`
	CaptionEntities []tele.MessageEntity `json:"caption_entities"`
	Preview         *preview             `json:"link_preview_options"`
	Markup          *keyboard            `json:"reply_markup"`
	Rich            json.RawMessage      `json:"rich_message"` // only ever compared

	ReplyTo *message        `json:"reply_to_message"`
	Outside *outsideReply   `json:"external_reply"`
	Quote   *tele.TextQuote `json:"quote"`

	// TopicCreated marks the service message that a forum topic begins with.
	// Everything written in the topic comes as a reply to it.
	TopicCreated *struct{} `json:"forum_topic_created"`

	GuestQuery string `json:"guest_query_id"`

	// Forwarded marks a channel's post in the group that discusses it.
	Forwarded bool `json:"is_automatic_forward"`
	// MigrateTo is the id that the group goes on with as a supergroup.
	MigrateTo int64 `json:"migrate_to_chat_id"`
}

// body is the message's text with its entities, or its caption with those.
func (m *message) body() (string, []tele.MessageEntity) {
	if m.Text == "" {
		return m.Caption, m.CaptionEntities
	}
	return m.Text, m.Entities
}

// topic is the forum topic that the message stands in, or 0. Elsewhere the
// thread id only tells replies apart, and sending with it is refused.
func (m *message) topic() int64 {
	if m.Topic {
		return m.ThreadID
	}
	return 0
}

type chat struct {
	ID   int64         `json:"id"`
	Type tele.ChatType `json:"type"`
}

// outsideReply is a replied message of another chat, without its text.
type outsideReply struct {
	Preview *preview `json:"link_preview_options"`
}

// preview is how a message's link preview is made, in both directions.
type preview struct {
	Disabled bool   `json:"is_disabled,omitempty"`
	URL      string `json:"url,omitempty"`
	Small    bool   `json:"prefer_small_media,omitempty"`
}

type callback struct {
	ID      string     `json:"id"`
	From    *tele.User `json:"from"`
	Message *message   `json:"message"`
	Inline  string     `json:"inline_message_id"`
	// Instance stands for the chat, which an inline message's press hides.
	Instance string `json:"chat_instance"`
	Data     string `json:"data"`
}

type inlineQuery struct {
	ID    string     `json:"id"`
	From  *tele.User `json:"from"`
	Query string     `json:"query"`
}

// recent remembers the last updates taken, because Telegram delivers one
// again whenever it does not learn that it arrived. Ids grow, but not always:
// after a quiet week they begin anew anywhere (Bot API, "Update", November
// 2026).
type recent struct {
	mu   sync.Mutex
	seen map[int64]struct{}
	ring []int64
	next int
}

// maxRecent is twenty full polls.
const maxRecent = 2000

func newRecent() *recent {
	return &recent{seen: make(map[int64]struct{}, maxRecent), ring: make([]int64, 0, maxRecent)}
}

// add tells whether id is new.
func (r *recent) add(id int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.seen[id]; ok {
		return false
	}
	if len(r.ring) < maxRecent {
		r.ring = append(r.ring, id)
	} else {
		delete(r.seen, r.ring[r.next])
		r.ring[r.next] = id
		r.next = (r.next + 1) % maxRecent
	}
	r.seen[id] = struct{}{}
	return true
}

// drop forgets id, which was not taken after all.
func (r *recent) drop(id int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, id)
}
