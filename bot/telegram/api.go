package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	tele "gopkg.in/telebot.v3"
)

// callTimeout bounds one call, other than a poll, from dial to answer.
const callTimeout = 20 * time.Second

// api calls the Bot API, one attempt per call.
type api struct {
	bot  *tele.Bot
	wire *transport
	http *http.Client
	base string
}

func newAPI(base, token string, next http.RoundTripper) (*api, error) {
	wire := newTransport(token, next)
	client := &http.Client{
		Transport: wire,
		// An answer that leads elsewhere is none; the token must not follow it.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	bot, err := tele.NewBot(tele.Settings{
		URL: base, Token: stubToken, Client: client,
		Offline: true, // no call before Run, and getMe must be told from our own types
		Updates: 1,    // telebot's queue; unused, see poll.go
	})
	if err != nil {
		return nil, fmt.Errorf("telegram: %w", err)
	}
	return &api{bot: bot, wire: wire, http: client, base: base}, nil
}

// call makes one call and decodes its result into result, unless nil. The
// error is an *apiError when the Bot API refused, a *callError when there was
// no proper answer, be it because ctx ended.
func (a *api) call(ctx context.Context, method string, params, result any) error {
	return a.callFor(ctx, callTimeout, method, params, result)
}

func (a *api) callFor(ctx context.Context, limit time.Duration, method string, params, result any) error {
	return a.flown(ctx, limit, method, result, func(_ context.Context, fragment string) ([]byte, error) {
		return a.bot.Raw(method+fragment, params)
	})
}

// upload makes one call with a file, which telebot's own way to send files
// cannot do without parameters that the Bot API does not know.
func (a *api) upload(ctx context.Context, method string, params map[string]string, field, name string, file []byte, result any) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for k, v := range params {
		if err := form.WriteField(k, v); err != nil {
			return err
		}
	}
	part, err := form.CreateFormFile(field, name)
	if err != nil {
		return err
	}
	if _, err := part.Write(file); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	return a.flown(ctx, 3*callTimeout, method, result, func(ctx context.Context, fragment string) ([]byte, error) {
		address := a.base + "/bot" + stubToken + "/" + method + fragment
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, &body)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", form.FormDataContentType())
		resp, err := a.http.Do(req)
		if err != nil {
			return nil, err
		}
		defer func() { _ = resp.Body.Close() }()
		return io.ReadAll(resp.Body)
	})
}

func (a *api) flown(ctx context.Context, limit time.Duration, method string, result any, do func(context.Context, string) ([]byte, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	fragment, f, end := a.wire.begin(bounded)
	defer end()

	data, err := do(bounded, fragment)
	if len(data) == 0 { // an error with data is a refusal, which answer reads for itself
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return &callError{Method: method, Sent: f.sent.Load(), Err: plainError(err)}
	}
	return a.answer(method, data, result)
}

// answer reads the Bot API's envelope.
func (a *api) answer(method string, data []byte, result any) error {
	env := struct {
		OK          bool   `json:"ok"`
		Result      any    `json:"result"` // decoded into what it points to
		Code        int    `json:"error_code"`
		Description string `json:"description"`
		Parameters  struct {
			RetryAfter int   `json:"retry_after"`
			MigrateTo  int64 `json:"migrate_to_chat_id"`
		} `json:"parameters"`
	}{Result: result}
	if result == nil {
		env.Result = &json.RawMessage{}
	}
	if err := json.Unmarshal(data, &env); err != nil {
		return &callError{Method: method, Sent: true, Err: fmt.Errorf("read answer: %w", err)}
	}
	if env.OK {
		return nil
	}
	return &apiError{
		Method: method, Code: env.Code, Description: a.wire.redacted(env.Description), MigrateTo: env.Parameters.MigrateTo,
		RetryAfter: time.Duration(max(env.Parameters.RetryAfter, 0)) * time.Second,
	}
}

// plainError drops the address that net/http and telebot put around an error.
func plainError(err error) error {
	if err == nil {
		return errors.New("empty answer")
	}
	for inner := errors.Unwrap(err); inner != nil && strings.Contains(err.Error(), stubToken); inner = errors.Unwrap(err) {
		err = inner
	}
	return err
}

// callError is a call without a proper answer.
type callError struct {
	Method string
	// Sent is set when the call may have been carried out all the same.
	Sent bool
	Err  error
}

func (e *callError) Error() string { return fmt.Sprintf("telegram: %s: %v", e.Method, e.Err) }
func (e *callError) Unwrap() error { return e.Err }

// apiError is the Bot API's refusal of a call.
type apiError struct {
	Method      string
	Code        int
	Description string
	RetryAfter  time.Duration
	MigrateTo   int64 // the chat's new id, where the refusal says so
}

func (e *apiError) Error() string {
	return fmt.Sprintf("telegram: %s: %s (%d)", e.Method, e.Description, e.Code)
}

func (e *apiError) says(words ...string) bool {
	for _, w := range words {
		if strings.Contains(strings.ToLower(e.Description), w) {
			return true
		}
	}
	return false
}

// refused gives the refusal in err, or one that is nothing.
func refused(err error) *apiError {
	var e *apiError
	if errors.As(err, &e) {
		return e
	}
	return &apiError{}
}

// badToken tells of a token that was never right, or is right no more. The
// Bot API answers 404 to a token it cannot read at all.
func badToken(err error) bool {
	e := refused(err)
	return e.Code == http.StatusUnauthorized || (e.Code == http.StatusNotFound && e.Method == "getMe")
}

// unchanged tells that an edit found the message as it should be.
func unchanged(err error) bool { return refused(err).says("message is not modified") }

// gone tells that the bot cannot write there any more, or never could, or
// that the message is not there to be changed: a matter between people and
// their chats, not a fault.
func gone(err error) bool {
	e := refused(err)
	switch e.Code {
	case http.StatusForbidden:
		return true
	case http.StatusBadRequest:
		return e.says("chat not found", "not enough rights", "have no rights", "write_forbidden", "chat_restricted",
			"peer_id_invalid", "user_is_blocked", "topic_closed", "topic_deleted", "administrator rights",
			"message to edit not found", "message can't be edited", "message_id_invalid")
	default:
		return false
	}
}
