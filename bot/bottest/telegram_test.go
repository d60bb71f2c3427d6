package bottest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"unrollbot/bot/bottest"
)

// complaints is a test that notes its errors instead of failing.
type complaints struct {
	testing.TB
	mu   sync.Mutex
	said []string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, fmt.Sprintf(format, args...))
}

func (c *complaints) Error(args ...any) { c.Errorf("%s", fmt.Sprint(args...)) }

func post(t *testing.T, tg *bottest.Telegram, method, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tg.URL()+"/bot"+tg.Token+"/"+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(bytes.TrimSpace(data))
}

func TestTelegramIsStrict(t *testing.T) {
	tests := []struct {
		name, method, body string
		want               string // in the complaint; empty for none
	}{
		{"message", "sendMessage", `{"chat_id":77,"text":"Hello 🧵","entities":[{"type":"bold","offset":6,"length":2}]}`, ""},
		{"unknown parameter", "sendMessage", `{"chat_id":77,"text":"a","colour":"red"}`, `unknown field "colour"`},
		{"unknown method", "sendTelepathy", `{}`, "no method sendTelepathy"},
		{"long text", "sendMessage", `{"chat_id":77,"text":"` + strings.Repeat("🧵", 2049) + `"}`, "text of 4098 units"},
		{"entity beyond the end", "sendMessage", `{"chat_id":77,"text":"abc","entities":[{"type":"bold","offset":2,"length":2}]}`, "lies outside"},
		{"entity within a character", "sendMessage", `{"chat_id":77,"text":"🧵","entities":[{"type":"bold","offset":1,"length":1}]}`, "within a character"},
		{"too many entities", "sendMessage", `{"chat_id":77,"text":"` + strings.Repeat("#aa ", 101) + `."}`, "101 entities"},
		{"link to nowhere", "sendMessage", `{"chat_id":77,"text":"abc","entities":[{"type":"text_link","offset":0,"length":2,"url":"http://localhost/"}]}`, "link to"},
		{"call to a stranger", "sendMessage", `{"chat_id":77,"text":"ask @stranger"}`, "calls somebody"},
		{"space around", "sendMessage", `{"chat_id":77,"text":"abc "}`, "space around"},
		{"button for localhost", "sendMessage", `{"chat_id":77,"text":"a","reply_markup":{"inline_keyboard":[[{"text":"b","url":"http://localhost/"}]]}}`, "button URL"},
		{"button with two actions", "sendMessage", `{"chat_id":77,"text":"a","reply_markup":{"inline_keyboard":[[{"text":"b","url":"https://a.example/","callback_data":"x"}]]}}`, "button"},
		{"long data", "sendMessage", `{"chat_id":77,"text":"a","reply_markup":{"inline_keyboard":[[{"text":"b","callback_data":"` + strings.Repeat("x", 65) + `"}]]}}`, "64 bytes"},
		{"somebody else's message", "deleteMessage", `{"chat_id":77,"message_id":1}`, "message of somebody else"},
		{"rich", "sendRichMessage", `{"chat_id":77,"rich_message":{"html":"<p>a<br>b</p>"}}`, ""},
		{"folded", "sendRichMessage", `{"chat_id":77,"rich_message":{"html":"<h4>a</h4><details><summary>b</summary><p>c</p></details>"}}`, ""},
		{"summary of nothing", "sendRichMessage", `{"chat_id":77,"rich_message":{"html":"<p>c</p><summary>b</summary>"}}`, "<summary> in <>"},
		{"fold without a summary", "sendRichMessage", `{"chat_id":77,"rich_message":{"html":"<details><p>c</p></details>"}}`, "<p> in <details>"},
		{"tags that do not nest", "sendRichMessage", `{"chat_id":77,"rich_message":{"html":"<p><b>a</p></b>"}}`, "closes"},
		{"picture in a paragraph", "sendRichMessage", `{"chat_id":77,"rich_message":{"html":"<p><img src='https://a.example/1'/></p>"}}`, "<img> in <p>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &complaints{TB: t}
			tg := bottest.NewTelegram(c)
			tg.Rich = true
			tg.Say(bottest.TelegramPost{Text: "hello"})
			post(t, tg, tt.method, tt.body)
			if got := strings.Join(c.said, "\n"); (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("complaint is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTelegramFaults(t *testing.T) {
	const body = `{"chat_id":77,"text":"hello"}`
	tests := []struct {
		name   string
		fault  bottest.TelegramFault
		status int // 0: no answer
		answer string
		sent   int
	}{
		{"refused", bottest.TelegramFault{Status: 400, Description: "Bad Request: no"}, 400, "Bad Request: no", 0},
		{"flood", bottest.TelegramFault{Status: 429, RetryAfter: 7}, 429, `"retry_after":7`, 0},
		{"migrated", bottest.TelegramFault{Status: 400, MigrateTo: -5}, 400, `"migrate_to_chat_id":-5`, 0},
		{"gateway", bottest.TelegramFault{Status: 502, HTML: true}, 502, "<html>", 0},
		{"dropped", bottest.TelegramFault{Drop: true}, 0, "EOF", 0},
		{"applied, then dropped", bottest.TelegramFault{Drop: true, Applied: true}, 0, "EOF", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tg := bottest.NewTelegram(t)
			tg.Say(bottest.TelegramPost{Text: "hello"})
			tt.fault.Method = "sendMessage"
			tg.Fail(tt.fault)
			status, answer := post(t, tg, "sendMessage", body)
			if status != tt.status || !strings.Contains(answer, tt.answer) {
				t.Errorf("got %d %s", status, answer)
			}
			if n := len(tg.Messages(77)); n != tt.sent {
				t.Errorf("%d messages, want %d", n, tt.sent)
			}
			if status, _ := post(t, tg, "sendMessage", body); status != 200 {
				t.Errorf("the next call has status %d", status)
			}
		})
	}
}

func TestTelegramUpdates(t *testing.T) {
	tg := bottest.NewTelegram(t)
	first := tg.Update("message", map[string]any{"text": "a"})
	tg.Update("message", map[string]any{"text": "b"})
	if _, got := post(t, tg, "getUpdates", `{"limit":1,"timeout":0,"allowed_updates":[]}`); !strings.Contains(got, `"text":"a"`) || strings.Contains(got, `"text":"b"`) {
		t.Errorf("got %s", got)
	}
	if n := tg.Pending(); n != 2 {
		t.Errorf("%d are pending before any is confirmed", n)
	}
	if _, got := post(t, tg, "getUpdates", fmt.Sprintf(`{"offset":%d,"timeout":0,"allowed_updates":[]}`, first+1)); strings.Contains(got, `"text":"a"`) {
		t.Errorf("got %s", got)
	}
	if n := tg.Pending(); n != 1 {
		t.Errorf("%d are pending", n)
	}

	// The second of two polls wins.
	conflict := make(chan string, 1)
	waiting := fmt.Sprintf(`{"offset":%d,"timeout":30,"allowed_updates":[]}`, first+2)
	go func() {
		_, got := post(t, tg, "getUpdates", waiting)
		conflict <- got
	}()
	for len(conflict) == 0 { // until the first has arrived and was told
		post(t, tg, "getUpdates", fmt.Sprintf(`{"offset":%d,"timeout":0,"allowed_updates":[]}`, first+2))
	}
	if got := <-conflict; !strings.Contains(got, "Conflict") {
		t.Errorf("got %s", got)
	}
}

func TestTelegramRefusesTokens(t *testing.T) {
	tg := bottest.NewTelegram(t)
	base := tg.URL()
	tg.Token = "1:other"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/bot4242:wrong/getMe", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("status %d, %v", resp.StatusCode, err)
	}
}
