package bottest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// Say lets a person write a message, and gives its id. In a channel it is a
// post of the channel's.
func (t *Telegram) Say(p TelegramPost) int64 {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	from := person(p.From)
	if p.Chat.ID == 0 {
		p.Chat.ID = from.ID
	}
	c := t.chat(p.Chat.ID)
	c.kind = placed(p.Chat).Type
	m := &TelegramMessage{From: &from, Chat: placed(p.Chat), Date: time.Now().Unix(), Text: p.Text, Caption: p.Caption, Topic: p.Topic, InTopic: p.Topic != 0}
	if m.Entities = p.Entities; p.Entities == nil {
		m.Entities = t.signs.in(p.Text + p.Caption)
	}
	if p.Caption != "" {
		m.Captions, m.Entities = m.Entities, nil
	}
	if p.ReplyTo != 0 {
		replied := c.find(p.ReplyTo)
		if replied == nil {
			t.tb.Errorf("telegram: no message %d to reply to", p.ReplyTo)
			return 0
		}
		flat := *replied
		flat.ReplyTo = nil
		m.ReplyTo = &flat
	}
	c.add(m)
	body, kind := fields(m), "message"
	if c.kind == "channel" { // nobody is named there
		kind = "channel_post"
		delete(body, "from")
		body["sender_chat"] = m.Chat
	}
	for k, v := range p.Extra {
		body[k] = v
	}
	t.push(kind, body)
	return m.ID
}

// Press lets a person press the button with this label, and gives the
// press's id.
func (t *Telegram) Press(from TelegramUser, chat, messageID int64, label string) string {
	t.tb.Helper()
	t.mu.Lock()
	m := t.chat(chat).find(messageID)
	t.mu.Unlock()
	if m == nil {
		t.tb.Errorf("telegram: no message %d in chat %d", messageID, chat)
		return ""
	}
	b, ok := m.Button(label)
	if !ok || b.Data == "" {
		t.tb.Errorf("telegram: no button %q to press among %q", label, m.Labels())
		return ""
	}
	return t.PressData(from, chat, messageID, b.Data)
}

// PressData sends data as if a button had it, as any client can.
func (t *Telegram) PressData(from TelegramUser, chat, messageID int64, data string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.press++
	p := &TelegramPress{ID: fmt.Sprintf("press-%d", t.press)}
	t.open[p.ID] = p
	q := map[string]any{"id": p.ID, "from": person(from), "chat_instance": fmt.Sprint(chat), "data": data}
	if m := t.chat(chat).find(messageID); m != nil {
		q["message"] = m
	}
	t.push("callback_query", q)
	return p.ID
}

// PressInline lets a person press the button with this label under a message
// that the bot wrote for somebody else.
func (t *Telegram) PressInline(from TelegramUser, id, label string) string {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.inline[id]
	if m == nil {
		t.tb.Errorf("telegram: no inline message %q", id)
		return ""
	}
	b, ok := m.Button(label)
	if !ok || b.Data == "" {
		t.tb.Errorf("telegram: no button %q to press among %q", label, m.Labels())
		return ""
	}
	t.press++
	p := &TelegramPress{ID: fmt.Sprintf("press-%d", t.press)}
	t.open[p.ID] = p
	t.push("callback_query", map[string]any{
		"id": p.ID, "from": person(from), "chat_instance": "somewhere", "inline_message_id": id, "data": b.Data,
	})
	return p.ID
}

// Edit lets a person change a message of theirs.
func (t *Telegram) Edit(chat, messageID int64, text string) {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.chat(chat).find(messageID)
	if m == nil {
		t.tb.Errorf("telegram: no message %d in chat %d", messageID, chat)
		return
	}
	m.Text, m.Entities, m.Edits = text, t.signs.in(text), m.Edits+1
	body := fields(m)
	body["edit_date"] = time.Now().Unix()
	t.push("edited_message", body)
}

// Query lets a person type "@bot text" in some chat, and gives the query's id.
func (t *Telegram) Query(from TelegramUser, text string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := &telegramQuery{id: fmt.Sprintf("query-%d", len(t.queries)+1)}
	t.queries[q.id] = q
	t.push("inline_query", map[string]any{"id": q.id, "from": person(from), "query": text, "offset": ""})
	return q.id
}

// WaitQuery waits until a query was answered.
func (t *Telegram) WaitQuery(id string) TelegramSuggestions {
	t.tb.Helper()
	var out TelegramSuggestions
	t.Wait("an answer to "+id, func() bool {
		q := t.queries[id]
		if q != nil {
			out = q.answer
		}
		return q != nil && q.answered
	})
	return out
}

// Choose lets the person take a suggestion, and gives the id of the message
// that it becomes; empty where the bot cannot change it.
func (t *Telegram) Choose(queryID, resultID string) string {
	t.tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queries[queryID]
	if q == nil {
		t.tb.Errorf("telegram: no query %q", queryID)
		return ""
	}
	for _, r := range q.answer.Results {
		if r.ID == resultID && r.Markup != nil {
			id := fmt.Sprintf("inline-%d", len(t.inline)+1)
			t.inline[id] = r.message()
			return id
		}
	}
	return ""
}

// Ask lets a person name the bot in a chat that it is not in, perhaps in
// reply to a message with the given text, and gives the question's id.
func (t *Telegram) Ask(from TelegramUser, text, replied string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	q := &telegramQuery{id: fmt.Sprintf("guest-%d", len(t.queries)+1), guest: true}
	t.queries[q.id] = q
	who := person(from)
	m := &TelegramMessage{ID: 5, From: &who, Chat: placed(TelegramChat{ID: -100777}), Date: time.Now().Unix(), Text: text, Entities: t.signs.in(text)}
	if replied != "" {
		m.ReplyTo = &TelegramMessage{ID: 4, From: &TelegramUser{ID: 99}, Chat: m.Chat, Text: replied, Entities: t.signs.in(replied)}
	}
	body := fields(m)
	body["guest_query_id"] = q.id
	t.push("guest_message", body)
	return q.id
}

// Inline gives a message that the bot wrote for somebody else.
func (t *Telegram) Inline(id string) (TelegramMessage, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.inline[id]
	if m == nil {
		return TelegramMessage{}, false
	}
	return *m, true
}

// Pressed tells what became of a press.
func (t *Telegram) Pressed(id string) TelegramPress {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.open[id]; p != nil {
		return *p
	}
	return TelegramPress{}
}

// Update delivers anything, and gives the update's id.
func (t *Telegram) Update(kind string, object any) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.push(kind, object)
}

// Again delivers the last update once more, under the same id.
func (t *Telegram) Again(kind string, object any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.update--
	t.push(kind, object)
}

func person(u TelegramUser) TelegramUser {
	if u.ID == 0 {
		u.ID = 77
	}
	if u.Name == "" {
		u.Name = "Person"
	}
	return u
}

func placed(c TelegramChat) TelegramChat {
	switch {
	case c.Type != "":
	case c.ID > 0:
		c.Type = "private"
	default:
		c.Type = "supergroup"
	}
	return c
}

func fields(v any) map[string]any {
	data, _ := json.Marshal(v)
	var out map[string]any
	_ = json.Unmarshal(data, &out)
	return out
}

// signs are what Telegram finds in any text by itself.
type signs []sign

type sign struct {
	kind    string
	pattern *regexp.Regexp // its second group is what is found
}

func newSigns() signs {
	return signs{
		{"url", regexp.MustCompile(`()(https?://[^\s<>"]*[^\s<>".,;:!?)])`)},
		{"bot_command", regexp.MustCompile(`(^|[^\w/<>])(/\w{1,64}(?:@\w{3,32})?)\b`)},
		{"mention", regexp.MustCompile(`(^|\W)(@[A-Za-z]\w{3,31})\b`)},
		{"hashtag", regexp.MustCompile(`(^|[^\w&#/])(#[\pL_][\pL\pN_]*)`)},
	}
}

func (all signs) in(text string) []TelegramEntity {
	var out []TelegramEntity
	for _, s := range all {
		for _, at := range s.pattern.FindAllStringSubmatchIndex(text, -1) {
			e := TelegramEntity{Type: s.kind, Offset: utf16Len(text[:at[4]]), Length: utf16Len(text[at[4]:at[5]])}
			if !slices.ContainsFunc(out, func(o TelegramEntity) bool { return e.Offset < o.Offset+o.Length && o.Offset < e.Offset+e.Length }) {
				out = append(out, e)
			}
		}
	}
	return out
}
