package discord

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/bot"
)

// sim controls the stand-in.
type sim struct {
	t       *testing.T
	base    string
	adapter *Adapter
	handler *stub
}

func (s *sim) post(path string, body, out any) {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.call(http.MethodPost, path, bytes.NewReader(data), out)
}

func (s *sim) get(path string, query url.Values, out any) {
	s.t.Helper()
	s.call(http.MethodGet, path+"?"+query.Encode(), http.NoBody, out)
}

func (s *sim) call(method, path string, body io.Reader, out any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.base+"/_sim"+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.t.Fatalf("sim: %s %v %s", path, err, data)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			s.t.Fatalf("sim: %s: %v", data, err)
		}
	}
}

func (s *sim) violations() {
	s.t.Helper()
	var found []json.RawMessage
	s.get("/violations", nil, &found)
	for _, v := range found {
		if bytes.Contains(v, []byte("40060 ")) && strings.HasSuffix(s.t.Name(), "broken_API") {
			continue // acknowledged, the answer lost, and acknowledged again: nobody can tell that from one never received
		}
		s.t.Errorf("violation: %.600s", v)
	}
}

// run starts an adapter.
func (s *sim) run(content bool, answer func(context.Context, bot.Request, bot.Responder) error) {
	s.t.Helper()
	s.serve(content, answer, nil)
	s.live(1)
	s.wait(`^PUT /applications/.*/commands`, 1)
}

// serve starts an adapter and returns how to end it.
func (s *sim) serve(content bool, answer func(context.Context, bot.Request, bot.Responder) error, change func(*Adapter)) (end func()) {
	s.t.Helper()
	s.post("/config", map[string]any{"message_content": content}, nil)
	s.handler = &stub{answer: answer}
	phrases, err := bot.NewMessages() // Discord judges all languages
	if err != nil {
		s.t.Fatal(err)
	}
	a, err := New(Config{Token: "rig", APIURL: s.base + "/api/v10", PublicURL: "https://unroll.example", Shared: true, Log: testLog(s.t)}, s.handler, phrases, &memory{})
	if err != nil {
		s.t.Fatal(err)
	}
	hurry(a)
	if change != nil {
		change(a)
	}
	s.adapter = a
	handler := s.handler
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	var once sync.Once
	end = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				s.t.Errorf("Run: %v", err)
			}
			handler.wg.Wait()
			for _, err := range handler.errs {
				s.t.Errorf("handler: %v", err)
			}
		})
	}
	s.t.Cleanup(end)
	return end
}

// live waits until n sessions have a connection.
func (s *sim) live(n int) {
	s.t.Helper()
	s.until("sessions", func() bool {
		var state struct {
			Sessions []struct {
				Live, Dead bool
			} `json:"sessions"`
		}
		s.get("/state", nil, &state)
		live := 0
		for _, x := range state.Sessions {
			if x.Live && !x.Dead {
				live++
			}
		}
		return live == n
	})
}

func (s *sim) until(what string, ok func() bool) {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (s *sim) wait(match string, n int) {
	s.t.Helper()
	var out struct {
		OK bool `json:"ok"`
	}
	s.get("/wait_call", url.Values{"match": {match}, "count": {fmt.Sprint(n)}, "timeout": {"20000"}}, &out)
	if !out.OK {
		s.t.Fatalf("waited in vain for %d of %s", n, match)
	}
}

type simMessage struct {
	ID         string `json:"id"`
	Content    string `json:"content"`
	Flags      int    `json:"flags"`
	Components any    `json:"components"`
}

type simInteraction struct {
	State    string       `json:"state"`
	Why      string       `json:"why"`
	AckMs    int          `json:"ackMs"`
	Messages []simMessage `json:"messages"`
	Choices  []any        `json:"choices"`
}

func (s *sim) interact(fields map[string]any) string {
	s.t.Helper()
	var out struct {
		ID string `json:"id"`
	}
	s.post("/interaction", fields, &out)
	return out.ID
}

func (s *sim) done(id string) simInteraction {
	s.t.Helper()
	var out simInteraction
	s.get("/wait", url.Values{"id": {id}, "state": {"responded,updated,failed,choices"}, "timeout": {"20000"}}, &out)
	if out.State == "failed" || out.State == "sent" || out.State == "deferred" || out.AckMs >= 3000 {
		s.t.Errorf("interaction: state %s, acknowledged after %d ms, %s", out.State, out.AckMs, out.Why)
	}
	return out
}

// slash asks for the thread and returns the answer.
func (s *sim) slash() simMessage {
	s.t.Helper()
	i := s.done(s.interact(map[string]any{"kind": "slash", "name": "unroll", "options": map[string]any{"link": link}}))
	if len(i.Messages) == 0 {
		s.t.Fatalf("no message in %+v", i)
	}
	return i.Messages[0]
}

func (m simMessage) says(text string) bool {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	return enc.Encode(m.Components) == nil && strings.Contains(b.String(), text)
}

func (s *sim) messages(channel string) []simMessage {
	s.t.Helper()
	var out []simMessage
	s.get("/messages", url.Values{"channel_id": {channel}}, &out)
	return out
}

const simChannel = "900000000000000101"

func (s *sim) say(fields map[string]any) simMessage {
	s.t.Helper()
	var out struct {
		Message simMessage `json:"message"`
	}
	s.post("/message", fields, &out)
	return out.Message
}
