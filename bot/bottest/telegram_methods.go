package bottest

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// serve carries out a call.
func (t *Telegram) serve(r *http.Request, method string, params json.RawMessage, file *TelegramFile) (any, error) {
	switch method {
	case "getMe":
		if err := t.read(method, params, &struct{}{}); err != nil {
			return nil, err
		}
		return map[string]any{"id": t.BotID, "is_bot": true, "first_name": "Unroll", "username": t.BotName, "can_read_all_group_messages": false}, nil
	case "getUpdates":
		return t.getUpdates(r.Context(), params)
	case "sendMessage":
		return t.sendMessage(params)
	case "sendRichMessage":
		return t.sendRichMessage(params)
	case "editMessageText":
		return t.editMessageText(params)
	case "deleteMessage":
		return t.deleteMessage(params)
	case "sendDocument":
		return t.sendDocument(params, file)
	case "editMessageReplyMarkup":
		return t.editMessageReplyMarkup(params)
	case "sendMediaGroup", "sendPhoto", "sendVideo":
		return t.sendMedia(method, params)
	case "getChatMember":
		return t.getChatMember(params)
	case "getChatAdministrators":
		return t.getChatAdministrators(params)
	case "answerInlineQuery":
		return t.answerInlineQuery(params)
	case "answerGuestQuery":
		return t.answerGuestQuery(params)
	case "answerCallbackQuery":
		return t.answerCallbackQuery(params)
	case "sendChatAction":
		var p struct {
			ChatID int64  `json:"chat_id"`
			Topic  int64  `json:"message_thread_id"`
			Action string `json:"action"`
		}
		return true, t.read(method, params, &p)
	case "setMyCommands":
		var p struct {
			Commands []struct {
				Command     string `json:"command"`
				Description string `json:"description"`
			} `json:"commands"`
			Scope struct {
				Type string `json:"type"`
			} `json:"scope"`
			Language string `json:"language_code"`
		}
		return true, t.read(method, params, &p)
	case "deleteWebhook":
		return true, t.read(method, params, &struct{}{})
	case "setWebhook":
		var p struct {
			URL    string   `json:"url"`
			Secret string   `json:"secret_token"`
			Kinds  []string `json:"allowed_updates"`
		}
		return true, t.read(method, params, &p)
	default:
		t.tb.Errorf("telegram: no method %s here", method)
		return nil, refuse(http.StatusNotFound, "Not Found: method not found")
	}
}

func (t *Telegram) getUpdates(ctx context.Context, params json.RawMessage) (any, error) {
	var p struct {
		Offset  int64    `json:"offset"`
		Limit   int      `json:"limit"`
		Timeout int      `json:"timeout"`
		Kinds   []string `json:"allowed_updates"`
	}
	if err := t.read("getUpdates", params, &p); err != nil {
		return nil, err
	}
	if p.Limit == 0 {
		p.Limit = 100
	}
	defer t.wakeOn(ctx)()
	late := false
	if p.Timeout > 0 {
		timer := time.AfterFunc(time.Duration(p.Timeout)*time.Second, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			late = true
			t.changed.Broadcast()
		})
		defer timer.Stop()
	}

	t.mu.Lock()
	defer t.mu.Unlock()
	t.poll++
	number := t.poll
	t.queue = slices.DeleteFunc(t.queue, func(u telegramUpdate) bool { return u.id < p.Offset })
	t.changed.Broadcast()
	for len(t.queue) == 0 && p.Timeout > 0 && !late && ctx.Err() == nil {
		if t.poll != number {
			return nil, refuse(http.StatusConflict, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
		}
		t.changed.Wait()
	}
	out := []json.RawMessage{}
	for _, u := range t.queue[:min(len(t.queue), p.Limit)] {
		out = append(out, u.body)
	}
	return out, nil
}

// sending are the parameters that all methods which send share.
type sending struct {
	ChatID int64 `json:"chat_id"`
	Topic  int64 `json:"message_thread_id"`
	Silent bool  `json:"disable_notification"`
	Reply  *struct {
		MessageID int64  `json:"message_id"`
		Anyway    bool   `json:"allow_sending_without_reply"`
		Quote     string `json:"quote"`
	} `json:"reply_parameters"`
	Markup *TelegramKeyboard `json:"reply_markup"`
}

// put adds the bot's message to its chat.
func (t *Telegram) put(p sending, m *TelegramMessage) (any, error) {
	if err := t.checkMarkup(p.Markup); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chats[p.ChatID]
	switch {
	case c == nil:
		return nil, refuse(http.StatusBadRequest, "Bad Request: chat not found")
	case c.closed != "":
		return nil, refuse(http.StatusForbidden, "%s", c.closed)
	}
	m.From = &TelegramUser{ID: t.BotID, IsBot: true, Name: "Unroll", Username: t.BotName}
	m.Chat, m.Date, m.Markup = placed(TelegramChat{ID: p.ChatID, Type: c.kind}), time.Now().Unix(), p.Markup
	m.Topic, m.InTopic = p.Topic, p.Topic != 0
	if p.Reply != nil {
		switch replied := c.find(p.Reply.MessageID); {
		case replied != nil && !strings.Contains(replied.Text+replied.Caption, p.Reply.Quote):
			return nil, refuse(http.StatusBadRequest, "Bad Request: message quote is invalid: QUOTE_TEXT_INVALID")
		case replied != nil:
			m.Quote = p.Reply.Quote
			flat := *replied
			flat.ReplyTo = nil
			m.ReplyTo = &flat
		case !p.Reply.Anyway:
			return nil, refuse(http.StatusBadRequest, "Bad Request: message to be replied not found")
		}
	}
	c.add(m)
	answer := *m
	return &answer, nil
}

func (t *Telegram) sendMessage(params json.RawMessage) (any, error) {
	var p struct {
		sending
		Text     string           `json:"text"`
		Entities []TelegramEntity `json:"entities"`
		Preview  *TelegramPreview `json:"link_preview_options"`
	}
	if err := t.read("sendMessage", params, &p); err != nil {
		return nil, err
	}
	if err := t.checkText(p.Text, p.Entities, 4096); err != nil {
		return nil, err
	}
	return t.put(p.sending, &TelegramMessage{Text: p.Text, Entities: p.Entities, Preview: p.Preview})
}

func (t *Telegram) sendDocument(params json.RawMessage, file *TelegramFile) (any, error) {
	var p struct {
		sending
		Document string           `json:"document"`
		Caption  string           `json:"caption"`
		Entities []TelegramEntity `json:"caption_entities"`
	}
	if err := t.read("sendDocument", params, &p); err != nil {
		return nil, err
	}
	if file == nil {
		return nil, refuse(http.StatusBadRequest, "Bad Request: there is no document in the request")
	}
	if p.Caption != "" {
		if err := t.checkText(p.Caption, p.Entities, 1024); err != nil {
			return nil, err
		}
	}
	return t.put(p.sending, &TelegramMessage{Caption: p.Caption, Captions: p.Entities, File: file})
}

func (t *Telegram) editMessageText(params json.RawMessage) (any, error) {
	var p struct {
		ChatID    int64             `json:"chat_id"`
		MessageID int64             `json:"message_id"`
		Inline    string            `json:"inline_message_id"`
		Text      string            `json:"text"`
		Rich      *TelegramRich     `json:"rich_message"`
		Entities  []TelegramEntity  `json:"entities"`
		Preview   *TelegramPreview  `json:"link_preview_options"`
		Markup    *TelegramKeyboard `json:"reply_markup"`
	}
	if err := t.read("editMessageText", params, &p); err != nil {
		return nil, err
	}
	if p.Rich != nil && t.Rich { // an older server does not see the parameter
		if err := t.checkRich(p.Rich); err != nil {
			return nil, err
		}
	} else if err := t.checkText(p.Text, p.Entities, 4096); err != nil {
		return nil, err
	}
	if err := t.checkMarkup(p.Markup); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.chat(p.ChatID).find(p.MessageID)
	if p.Inline != "" {
		m = t.inline[p.Inline]
	}
	switch {
	case m == nil:
		return nil, refuse(http.StatusBadRequest, "Bad Request: message to edit not found")
	case p.Inline == "" && m.From.ID != t.BotID:
		return nil, refuse(http.StatusBadRequest, "Bad Request: message can't be edited")
	case m.Text == p.Text && reflect.DeepEqual(m.Rich, p.Rich) && reflect.DeepEqual(m.Entities, p.Entities) && reflect.DeepEqual(m.Markup, p.Markup):
		return nil, refuse(http.StatusBadRequest, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message")
	}
	if !t.Rich {
		p.Rich = nil
	}
	m.Text, m.Rich, m.Entities, m.Preview, m.Markup = p.Text, p.Rich, p.Entities, p.Preview, p.Markup
	m.Edits++
	answer := *m
	return &answer, nil
}

func (t *Telegram) editMessageReplyMarkup(params json.RawMessage) (any, error) {
	var p struct {
		ChatID    int64             `json:"chat_id"`
		MessageID int64             `json:"message_id"`
		Markup    *TelegramKeyboard `json:"reply_markup"`
	}
	if err := t.read("editMessageReplyMarkup", params, &p); err != nil {
		return nil, err
	}
	if err := t.checkMarkup(p.Markup); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.chat(p.ChatID).find(p.MessageID)
	switch {
	case m == nil:
		return nil, refuse(http.StatusBadRequest, "Bad Request: message to edit not found")
	case reflect.DeepEqual(m.Markup, p.Markup):
		return nil, refuse(http.StatusBadRequest, "Bad Request: message is not modified")
	}
	m.Markup = p.Markup
	answer := *m
	return &answer, nil
}

func (t *Telegram) getChatMember(params json.RawMessage) (any, error) {
	var p struct {
		ChatID int64 `json:"chat_id"`
		UserID int64 `json:"user_id"`
	}
	if err := t.read("getChatMember", params, &p); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	status := "member"
	if slices.Contains(t.chat(p.ChatID).admins, p.UserID) {
		status = "administrator"
	}
	return map[string]any{"status": status, "user": TelegramUser{ID: p.UserID}}, nil
}

func (t *Telegram) getChatAdministrators(params json.RawMessage) (any, error) {
	var p struct {
		ChatID int64 `json:"chat_id"`
	}
	if err := t.read("getChatAdministrators", params, &p); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	out := []any{}
	for i, id := range t.chat(p.ChatID).admins {
		status := "administrator"
		if i == 0 {
			status = "creator"
		}
		out = append(out, map[string]any{"status": status, "user": TelegramUser{ID: id}})
	}
	return out, nil
}

// sendMedia takes one photo or video, or an album of them, by address.
func (t *Telegram) sendMedia(method string, params json.RawMessage) (any, error) {
	var p struct {
		sending
		Photo   string          `json:"photo"`
		Video   string          `json:"video"`
		Caption string          `json:"caption"`
		Spoiler bool            `json:"has_spoiler"`
		Media   []TelegramMedia `json:"media"`
	}
	if err := t.read(method, params, &p); err != nil {
		return nil, err
	}
	switch method {
	case "sendPhoto":
		p.Media = []TelegramMedia{{"photo", p.Photo, p.Caption, p.Spoiler}}
	case "sendVideo":
		p.Media = []TelegramMedia{{"video", p.Video, p.Caption, p.Spoiler}}
	default:
		if len(p.Media) < 2 || len(p.Media) > 10 {
			t.tb.Errorf("telegram: album of %d", len(p.Media))
		}
	}
	var out []any
	for _, m := range p.Media {
		if (m.Type != "photo" && m.Type != "video") || !webAddress(m.Media) || utf16Len(m.Caption) > 1024 {
			t.tb.Errorf("telegram: medium %+v", m)
		}
		sent, err := t.put(p.sending, &TelegramMessage{Caption: m.Caption, Media: &m})
		if err != nil {
			return nil, err
		}
		out = append(out, sent)
	}
	if method == "sendMediaGroup" {
		return out, nil
	}
	return out[0], nil
}

func (t *Telegram) deleteMessage(params json.RawMessage) (any, error) {
	var p struct {
		ChatID    int64 `json:"chat_id"`
		MessageID int64 `json:"message_id"`
	}
	if err := t.read("deleteMessage", params, &p); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chat(p.ChatID)
	m := c.find(p.MessageID)
	switch {
	case m == nil:
		return nil, refuse(http.StatusBadRequest, "Bad Request: message to delete not found")
	case m.From.ID != t.BotID && !t.Moderates:
		t.tb.Errorf("telegram: the bot deletes a message of somebody else")
	}
	c.messages = slices.DeleteFunc(c.messages, func(o *TelegramMessage) bool { return o == m })
	return true, nil
}
