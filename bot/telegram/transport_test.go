package telegram

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"unrollbot/bot/bottest"
)

const testToken = "4242:secret-part-of-a-token"

// serveAnswers makes an api whose server gives one answer to everything.
func serveAnswers(t *testing.T, h http.HandlerFunc) *api {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	a, err := newAPI(s.URL, testToken, nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestCallErrors(t *testing.T) {
	write := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		want   string
		sent   bool // whether the call may have been carried out
	}{
		{name: "refused", answer: write(400, `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`), want: "telegram: deleteMessage: Bad Request: chat not found (400)"},
		{name: "refused with the token", answer: write(400, `{"ok":false,"error_code":400,"description":"no `+testToken+`"}`), want: "telegram: deleteMessage: no TOKEN (400)"},
		{name: "page from a gateway", answer: write(502, "<html>502</html>"), want: "telegram: deleteMessage: answer with status 502 is not a Bot API result", sent: true},
		{name: "page instead of an answer", answer: write(200, "<html>Welcome</html>"), want: "telegram: deleteMessage: answer with status 200 is not a Bot API result", sent: true},
		{name: "server error", answer: write(500, `{"ok":false,"error_code":500,"description":"Internal Server Error"}`), want: "telegram: deleteMessage: answer with status 500 is not a Bot API result", sent: true},
		{name: "half an answer", answer: write(200, `{"ok":true,"resu`), want: "telegram: deleteMessage: read answer: unexpected end of JSON input", sent: true},
		{name: "nothing", answer: write(200, ""), want: "telegram: deleteMessage: answer with status 200 is not a Bot API result", sent: true},
		{name: "redirect", answer: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, want: "telegram: deleteMessage: answer with status 302 is not a Bot API result", sent: true},
		{name: "dropped", answer: func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			panic(http.ErrAbortHandler)
		}, want: "telegram: deleteMessage: EOF", sent: true},
		{name: "too long", answer: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = io.Copy(w, io.LimitReader(zeros{}, maxAnswer+2))
		}, want: "telegram: deleteMessage: answer is larger than 16777216 bytes", sent: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := serveAnswers(t, tt.answer).call(t.Context(), "deleteMessage", map[string]any{"chat_id": 1}, nil)
			if err == nil || err.Error() != tt.want {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			var lost *callError
			if errors.As(err, &lost); (lost != nil && lost.Sent) != tt.sent {
				t.Errorf("may have been carried out: %v", !tt.sent)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

// A call that never left can be made again without a thought.
func TestCallThatNeverLeft(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	base := s.URL
	s.Close()
	a, err := newAPI(base, testToken, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = a.call(t.Context(), "sendMessage", struct{}{}, nil)
	var lost *callError
	if !errors.As(err, &lost) || lost.Sent {
		t.Errorf("got %#v", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("error tells the token: %v", err)
	}
}

// Whatever the network says, the token is not in it.
func TestTokenStaysOutOfErrors(t *testing.T) {
	wire := roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, errors.New("cannot post to " + r.URL.String())
	})
	a, err := newAPI("http://telegram.test", testToken, wire)
	if err != nil {
		t.Fatal(err)
	}
	err = a.call(t.Context(), "sendMessage", struct{}{}, nil)
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	if err = a.upload(t.Context(), "sendDocument", nil, "document", "a.txt", nil, nil); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestCallGoesToTheRightAddress(t *testing.T) {
	var got []string
	wire := roundTripper(func(r *http.Request) (*http.Response, error) {
		got = append(got, r.URL.String())
		w := httptest.NewRecorder()
		_, _ = io.WriteString(w, `{"ok":true,"result":true}`)
		return w.Result(), nil
	})
	a, err := newAPI("http://proxy.test/bot/telegram", testToken, wire)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.call(t.Context(), "getMe", nil, nil); err != nil {
		t.Error(err)
	}
	if err := a.upload(t.Context(), "sendDocument", map[string]string{"chat_id": "1"}, "document", "a.txt", []byte("a"), nil); err != nil {
		t.Error(err)
	}
	for i, method := range []string{"getMe", "sendDocument"} {
		if want := "http://proxy.test/bot/telegram/bot" + testToken + "/" + method; got[i] != want {
			t.Errorf("called %s, want %s", got[i], want)
		}
	}
	a.wire.calls.Range(func(id, _ any) bool {
		t.Errorf("call %v is still held", id)
		return true
	})
}

func TestCallHonoursContext(t *testing.T) {
	block := make(chan struct{})
	t.Cleanup(func() { close(block) })
	a := serveAnswers(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-block:
		case <-r.Context().Done():
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if err := a.call(ctx, "sendMessage", struct{}{}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	err := a.callFor(t.Context(), 20*time.Millisecond, "sendMessage", struct{}{}, nil)
	if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "http") {
		t.Errorf("got %v", err)
	}
}

func TestUpload(t *testing.T) {
	tg := bottest.NewTelegram(t)
	a, err := newAPI(tg.URL(), tg.Token, nil)
	if err != nil {
		t.Fatal(err)
	}
	chat := tg.Say(bottest.TelegramPost{Text: "hello"})
	if err := a.upload(t.Context(), "sendDocument", map[string]string{"chat_id": "77"}, "document", "thread.md", []byte("# A thread"), nil); err != nil {
		t.Fatal(err)
	}
	got := tg.Messages(77)
	if len(got) != 1 || got[0].ID != chat+1 || got[0].File.Name != "thread.md" || string(got[0].File.Data) != "# A thread" {
		t.Errorf("got %+v", got)
	}
}
