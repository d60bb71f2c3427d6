package bottest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// refusal is an answer in the Bot API's form for calls that it does not take.
type refusal struct {
	status      int
	description string
	parameters  map[string]any
}

func (r *refusal) Error() string { return r.description }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, description: fmt.Sprintf(format, args...)}
}

// ServeHTTP is the Bot API.
func (t *Telegram) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/bot")
	token, method, found := strings.Cut(rest, "/")
	if !ok || !found || r.Method != http.MethodPost {
		t.answer(w, nil, refuse(http.StatusNotFound, "Not Found"))
		return
	}
	params, file, err := readCall(r)
	if err != nil {
		t.tb.Errorf("telegram: %s: %v", method, err)
		t.answer(w, nil, refuse(http.StatusBadRequest, "Bad Request: %v", err))
		return
	}
	if token != t.Token {
		t.note(method, params, t.answer(w, nil, refuse(http.StatusUnauthorized, "Unauthorized")))
		return
	}
	f := t.fault(method)
	if f != nil && !f.Applied {
		t.note(method, params, t.fail(w, f))
		return
	}
	result, err := t.serve(r, method, params, file)
	if f != nil {
		t.note(method, params, t.fail(w, f))
		return
	}
	t.note(method, params, t.answer(w, result, err))
}

func (t *Telegram) fault(method string) *TelegramFault {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range t.faults {
		if f.Method == method && f.Times > 0 {
			f.Times--
			return f
		}
	}
	return nil
}

func (t *Telegram) fail(w http.ResponseWriter, f *TelegramFault) func() int {
	switch {
	case f.Drop:
		return func() int { panic(http.ErrAbortHandler) }
	case f.HTML:
		return func() int {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(f.Status)
			_, _ = io.WriteString(w, "<html><body><h1>Bad Gateway</h1></body></html>")
			return f.Status
		}
	default:
		p := map[string]any{}
		if f.RetryAfter > 0 {
			p["retry_after"] = f.RetryAfter
		}
		if f.MigrateTo != 0 {
			p["migrate_to_chat_id"] = f.MigrateTo
		}
		return t.answer(w, nil, &refusal{f.Status, f.Description, p})
	}
}

// answer prepares an answer, which is sent once the call is noted.
func (t *Telegram) answer(w http.ResponseWriter, result any, err error) func() int {
	status, body := http.StatusOK, map[string]any{"ok": true, "result": result}
	if err != nil {
		r, ok := err.(*refusal) //nolint:errorlint // made here, never wrapped
		if !ok {
			r = &refusal{status: http.StatusInternalServerError, description: err.Error()}
		}
		status, body = r.status, map[string]any{"ok": false, "error_code": r.status, "description": r.description}
		if len(r.parameters) > 0 {
			body["parameters"] = r.parameters
		}
	}
	send := func() int {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(body)
		return status
	}
	return send
}

// note sends an answer and then tells those who wait for it.
func (t *Telegram) note(method string, params json.RawMessage, send func() int) {
	c := TelegramCall{Method: method, Params: params, At: time.Now()}
	defer func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.calls = append(t.calls, c)
		t.changed.Broadcast()
	}()
	c.Status = send()
}

// readCall brings a call's parameters into one form, as the Bot API does.
func readCall(r *http.Request) (params json.RawMessage, file *TelegramFile, err error) {
	kind, attrs, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/json":
		body, err := io.ReadAll(r.Body)
		if err == nil && !json.Valid(body) {
			err = fmt.Errorf("body is not JSON: %.100q", body)
		}
		return body, nil, err
	case "multipart/form-data":
		form := map[string]json.RawMessage{}
		for parts := multipart.NewReader(r.Body, attrs["boundary"]); ; {
			p, err := parts.NextPart()
			if err == io.EOF { //nolint:errorlint // documented to be io.EOF itself
				params, err = json.Marshal(form)
				return params, file, err
			}
			if err != nil {
				return nil, nil, err
			}
			data, err := io.ReadAll(p)
			if err != nil {
				return nil, nil, err
			}
			if p.FileName() != "" {
				file = &TelegramFile{ID: "file-" + p.FileName(), Name: p.FileName(), Data: data}
				form[p.FormName()], _ = json.Marshal("attached")
				continue
			}
			if value := json.RawMessage(data); json.Valid(value) {
				form[p.FormName()] = value
			} else {
				form[p.FormName()], _ = json.Marshal(string(data))
			}
		}
	default:
		return nil, nil, fmt.Errorf("content type %q", kind)
	}
}

// read takes a call's parameters; one that the method does not have fails
// the test.
func (t *Telegram) read(method string, params json.RawMessage, into any) error {
	d := json.NewDecoder(bytes.NewReader(params))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		t.tb.Errorf("telegram: %s: %v in %s", method, err, params)
		return refuse(http.StatusBadRequest, "Bad Request: %v", err)
	}
	return nil
}

// checkText holds a text against the limits of the Bot API.
func (t *Telegram) checkText(text string, entities []TelegramEntity, most int) error {
	switch n := utf16Len(text); {
	case strings.TrimSpace(text) == "":
		return refuse(http.StatusBadRequest, "Bad Request: message text is empty")
	case n > most:
		t.tb.Errorf("telegram: text of %d units is longer than %d", n, most)
		return refuse(http.StatusBadRequest, "Bad Request: message is too long")
	case !utf8.ValidString(text):
		t.tb.Error("telegram: text is not UTF-8")
		return refuse(http.StatusBadRequest, "Bad Request: strings must be encoded in UTF-8")
	}
	if text != strings.TrimSpace(text) {
		t.tb.Errorf("telegram: text %.40q has space around it, which Telegram takes away", text)
	}
	code := utf16.Encode([]rune(text))
	all := append(entities[:len(entities):len(entities)], t.missed(text, entities)...)
	if len(all) > 100 {
		t.tb.Errorf("telegram: %d entities, of which Telegram keeps 100", len(all))
	}
	inside := func(at int) bool { return at < len(code) && code[at] >= 0xdc00 && code[at] < 0xe000 }
	for _, e := range entities {
		switch end := e.Offset + e.Length; {
		case e.Offset < 0 || e.Length < 1 || end > len(code):
			t.tb.Errorf("telegram: entity %+v lies outside a text of %d units", e, len(code))
			return refuse(http.StatusBadRequest, "Bad Request: entity beginning at UTF-16 offset %d ends after the end of the text", e.Offset)
		case inside(e.Offset) || inside(end):
			t.tb.Errorf("telegram: entity %+v begins or ends within a character", e)
			return refuse(http.StatusBadRequest, "Bad Request: entity begins in a middle of a UTF-16 symbol")
		}
		switch e.Type {
		case "bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "blockquote", "expandable_blockquote":
		case "text_link":
			if !webAddress(e.URL) {
				t.tb.Errorf("telegram: link to %q", e.URL)
			}
		default:
			t.tb.Errorf("telegram: entity of type %q", e.Type)
		}
	}
	return nil
}

// missed gives the entities that the server adds by itself.
func (t *Telegram) missed(text string, have []TelegramEntity) []TelegramEntity {
	var out []TelegramEntity
	for _, e := range t.signs.in(text) {
		taken := false
		for _, h := range have {
			if (h.Type == "text_link" || h.Type == "code") && e.Offset < h.Offset+h.Length && h.Offset < e.Offset+e.Length {
				taken = true
			}
		}
		if !taken {
			if e.Type == "mention" {
				t.tb.Errorf("telegram: %.60q calls somebody on Telegram", text)
			}
			out = append(out, e)
		}
	}
	return out
}

func (t *Telegram) checkMarkup(k *TelegramKeyboard) error {
	if k == nil {
		return nil
	}
	for _, row := range k.Rows {
		for _, b := range row {
			switch {
			case strings.TrimSpace(b.Text) == "" || (b.URL == "") == (b.Data == ""):
				t.tb.Errorf("telegram: button %+v", b)
				return refuse(http.StatusBadRequest, "Bad Request: can't parse inline keyboard button")
			case len(b.Data) > 64:
				t.tb.Errorf("telegram: button data %q is longer than 64 bytes", b.Data)
				return refuse(http.StatusBadRequest, "Bad Request: BUTTON_DATA_INVALID")
			case b.URL != "" && !webAddress(b.URL):
				t.tb.Errorf("telegram: button URL %q", b.URL)
				return refuse(http.StatusBadRequest, "Bad Request: inline keyboard button URL '%s' is invalid: Wrong HTTP URL", b.URL)
			}
		}
	}
	return nil
}

// webAddress is the form of address that Telegram takes: its host has a dot.
func webAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && strings.Contains(u.Hostname(), ".") && len(s) <= 2048
}

func utf16Len(s string) int { return len(utf16.Encode([]rune(s))) }
