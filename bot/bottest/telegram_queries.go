package bottest

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"
)

func (t *Telegram) answerCallbackQuery(params json.RawMessage) (any, error) {
	var p struct {
		ID    string `json:"callback_query_id"`
		Text  string `json:"text"`
		Alert bool   `json:"show_alert"`
	}
	if err := t.read("answerCallbackQuery", params, &p); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	press := t.open[p.ID]
	switch {
	case press == nil || press.Answered:
		return nil, tooOld()
	case utf8.RuneCountInString(p.Text) > 200:
		t.tb.Errorf("telegram: answer to a press of %d characters", utf8.RuneCountInString(p.Text))
		return nil, refuse(http.StatusBadRequest, "Bad Request: MESSAGE_TOO_LONG")
	}
	press.Answered, press.Text, press.Alert = true, p.Text, p.Alert
	return true, nil
}

func tooOld() error {
	return refuse(http.StatusBadRequest, "Bad Request: query is too old and response timeout expired or query ID is invalid")
}

func (t *Telegram) answerInlineQuery(params json.RawMessage) (any, error) {
	var p struct {
		ID       string            `json:"inline_query_id"`
		Results  []TelegramArticle `json:"results"`
		Cache    *int              `json:"cache_time"`
		Personal bool              `json:"is_personal"`
		Button   *struct {
			Text  string `json:"text"`
			Start string `json:"start_parameter"`
		} `json:"button"`
	}
	if err := t.read("answerInlineQuery", params, &p); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, r := range p.Results {
		if err := t.checkArticle(r); err != nil {
			return nil, err
		}
		if seen[r.ID] {
			t.tb.Errorf("telegram: two results %q", r.ID)
		}
		seen[r.ID] = true
	}
	if p.Results == nil || len(p.Results) > 50 || p.Cache == nil {
		t.tb.Errorf("telegram: answer to a query: %s", params)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queries[p.ID]
	if q == nil || q.guest || q.answered {
		return nil, tooOld()
	}
	q.answered, q.answer = true, TelegramSuggestions{Results: p.Results}
	if p.Cache != nil {
		q.answer.Cache = *p.Cache
	}
	if p.Button != nil {
		q.answer.Button = p.Button.Text
	}
	return true, nil
}

func (t *Telegram) answerGuestQuery(params json.RawMessage) (any, error) {
	var p struct {
		ID     string          `json:"guest_query_id"`
		Result TelegramArticle `json:"result"`
	}
	if err := t.read("answerGuestQuery", params, &p); err != nil {
		return nil, err
	}
	if err := t.checkArticle(p.Result); err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	q := t.queries[p.ID]
	if q == nil || !q.guest || q.answered {
		return nil, tooOld()
	}
	q.answered = true
	t.inline[p.ID] = p.Result.message()
	return map[string]any{"inline_message_id": p.ID}, nil
}

func (t *Telegram) checkArticle(a TelegramArticle) error {
	if a.Type != "article" || a.ID == "" || len(a.ID) > 64 || a.Title == "" {
		t.tb.Errorf("telegram: result %+v", a)
		return refuse(http.StatusBadRequest, "Bad Request: RESULT_ID_INVALID")
	}
	if err := t.checkMarkup(a.Markup); err != nil {
		return err
	}
	if a.Content.Rich != nil {
		if !t.Rich {
			return refuse(http.StatusBadRequest, "Bad Request: can't parse inline query result: message content is not specified")
		}
		return t.checkRich(a.Content.Rich)
	}
	return t.checkText(a.Content.Text, a.Content.Entities, 4096)
}
