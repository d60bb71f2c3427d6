package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Telegram is a Bot API server for tests. It keeps chats in memory, delivers
// what people write and press, and is strict: a parameter that the Bot API
// does not know, a text beyond its limits or an entity outside its text fails
// the test. Its methods may be called at any time, from any goroutine.
type Telegram struct {
	// Token is the one that is accepted.
	Token string
	// BotID and BotName are the bot's.
	BotID   int64
	BotName string
	// Rich is set where the server knows the rich messages of Bot API 10.1. It
	// is to be set before the first call.
	Rich bool
	// Moderates is set where the bot may delete what others write. It is to be
	// set before the first call.
	Moderates bool

	tb     testing.TB
	signs  signs
	server *httptest.Server

	mu      sync.Mutex
	changed *sync.Cond // a call was answered, an update came, a poll ended
	chats   map[int64]*telegramChat
	queue   []telegramUpdate
	update  int64 // id of the last
	poll    int   // number of the last
	press   int
	open    map[string]*TelegramPress
	queries map[string]*telegramQuery
	inline  map[string]*TelegramMessage
	calls   []TelegramCall
	faults  []*TelegramFault
}

type telegramChat struct {
	messages []*TelegramMessage // by id
	last     int64
	admins   []int64
	closed   string // why the bot cannot write here
	kind     string // as in TelegramChat.Type
}

type telegramUpdate struct {
	id   int64
	body json.RawMessage
}

// NewTelegram makes a server for one test. It listens once URL is called.
func NewTelegram(tb testing.TB) *Telegram {
	t := &Telegram{
		Token: "4242:test-token-of-no-worth", BotID: 4242, BotName: "unroll_test_bot",
		tb: tb, signs: newSigns(), chats: make(map[int64]*telegramChat), open: make(map[string]*TelegramPress), update: 1000,
		queries: make(map[string]*telegramQuery), inline: make(map[string]*TelegramMessage),
	}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// URL is the base of the Bot API, on loopback.
func (t *Telegram) URL() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.server == nil {
		t.server = httptest.NewServer(t)
		t.tb.Cleanup(func() {
			t.server.CloseClientConnections()
			t.server.Close()
		})
	}
	return t.server.URL
}

// RoundTrip serves a call without any socket, for tests in a time bubble.
func (t *Telegram) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	rec := httptest.NewRecorder()
	defer func() {
		if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteRequest != nil {
			trace.WroteRequest(httptrace.WroteRequestInfo{})
		}
		if r := recover(); r != nil {
			if e, ok := r.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
				panic(r)
			}
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	t.ServeHTTP(rec, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

func (t *Telegram) push(kind string, object any) int64 {
	t.update++
	body, err := json.Marshal(map[string]any{"update_id": t.update, kind: object})
	if err != nil {
		t.tb.Errorf("telegram: update: %v", err)
	}
	t.queue = append(t.queue, telegramUpdate{t.update, body})
	t.changed.Broadcast()
	return t.update
}

// Pending tells how many updates are not confirmed.
func (t *Telegram) Pending() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.queue)
}

// Close lets a chat refuse the bot: "Forbidden: bot was blocked by the user".
func (t *Telegram) Close(chat int64, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chat(chat).closed = why
}

// Promote makes a person an admin of a chat.
func (t *Telegram) Promote(chat, user int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.chat(chat)
	c.admins = append(c.admins, user)
}

// Fail makes the method's next calls fail.
func (t *Telegram) Fail(f TelegramFault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	t.faults = append(t.faults, &f)
}

// Calls gives the calls of a method so far, in the order of their answers.
func (t *Telegram) Calls(method string) []TelegramCall {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.called(method)
}

func (t *Telegram) called(method string) []TelegramCall {
	var out []TelegramCall
	for _, c := range t.calls {
		if c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// Messages gives what the bot wrote into a chat, as it stands now.
func (t *Telegram) Messages(chat int64) []TelegramMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.written(chat)
}

// Chat gives everything that stands in a chat, as it stands now.
func (t *Telegram) Chat(id int64) []TelegramMessage {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []TelegramMessage
	for _, m := range t.chat(id).messages {
		out = append(out, *m)
	}
	return out
}

func (t *Telegram) written(chat int64) []TelegramMessage {
	var out []TelegramMessage
	for _, m := range t.chat(chat).messages {
		if m.From != nil && m.From.ID == t.BotID {
			out = append(out, *m)
		}
	}
	return out
}

// WaitCalls waits until a method was called n times.
func (t *Telegram) WaitCalls(method string, n int) []TelegramCall {
	t.tb.Helper()
	var out []TelegramCall
	t.Wait(fmt.Sprintf("%d calls of %s", n, method), func() bool {
		out = t.called(method)
		return len(out) >= n
	})
	return out
}

// WaitMessages waits until the bot has n messages in a chat.
func (t *Telegram) WaitMessages(chat int64, n int) []TelegramMessage {
	t.tb.Helper()
	var out []TelegramMessage
	t.Wait(fmt.Sprintf("%d messages in chat %d", n, chat), func() bool {
		out = t.written(chat)
		return len(out) >= n
	})
	return out
}

// WaitPress waits until a press was answered.
func (t *Telegram) WaitPress(id string) TelegramPress {
	t.tb.Helper()
	var out TelegramPress
	t.Wait("an answer to "+id, func() bool {
		if p := t.open[id]; p != nil {
			out = *p
		}
		return out.Answered
	})
	return out
}

// Wait waits until ok, which is asked whenever something happens. It must
// not call other methods.
func (t *Telegram) Wait(what string, ok func() bool) {
	t.tb.Helper()
	late := false
	timer := time.AfterFunc(waitTime, func() {
		t.mu.Lock()
		late = true
		t.mu.Unlock()
		t.changed.Broadcast()
	})
	defer timer.Stop()
	t.mu.Lock()
	defer t.mu.Unlock()
	for !ok() {
		if late {
			t.tb.Fatalf("telegram: waited in vain for %s; calls: %s", what, t.log())
		}
		t.changed.Wait()
	}
}

// waitTime is when waiting has become pointless. In a time bubble it must be
// longer than any pause of an adapter.
const waitTime = 3 * time.Minute

func (t *Telegram) log() string {
	var b strings.Builder
	for _, c := range t.calls {
		fmt.Fprintf(&b, "\n\t%d %s %.300s", c.Status, c.Method, c.Params)
	}
	return b.String()
}

func (t *Telegram) chat(id int64) *telegramChat {
	c := t.chats[id]
	if c == nil {
		c = &telegramChat{}
		t.chats[id] = c
	}
	return c
}

func (c *telegramChat) add(m *TelegramMessage) {
	c.last++
	m.ID = c.last
	c.messages = append(c.messages, m)
}

func (c *telegramChat) find(id int64) *TelegramMessage {
	i := slices.IndexFunc(c.messages, func(m *TelegramMessage) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return c.messages[i]
}

// wakeOn wakes everybody who waits when ctx ends.
func (t *Telegram) wakeOn(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.changed.Broadcast()
	})
}
