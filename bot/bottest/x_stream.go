package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// xBeat is how often X shows that a stream lives.
const xBeat = 20 * time.Second

// xSubscription is what the activity stream tells of.
type xSubscription struct {
	Type   string         `json:"event_type"`
	Filter map[string]any `json:"filter"`
	Tag    string         `json:"tag,omitempty"`
	ID     string         `json:"subscription_id,omitempty"`
}

// xStream is an open activity stream.
type xStream struct {
	lines chan string // closed for its end
	mute  bool        // no more signs of life
}

// activity serves what X has under /2/activity but the stream.
func (x *X) activity(r *http.Request, body []byte) (int, any) {
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/2/activity/subscriptions":
		if !x.asApp(r) {
			return xProblem(403, "Unsupported Authentication", "Authenticating with this method is forbidden for this endpoint.")
		}
		// One subscription of another user comes first, a page each.
		all := append([]xSubscription{{Type: "post.create", Filter: map[string]any{"user_id": "1"}, ID: "1"}}, x.subscribed...)
		start := 0
		_, _ = fmt.Sscan(r.URL.Query().Get("pagination_token"), &start) // 0 for none
		meta := map[string]any{"result_count": 1}
		if start+1 < len(all) {
			meta["next_token"] = fmt.Sprint(start + 1)
		}
		if x.OtherApp {
			return 200, map[string]any{"meta": map[string]any{"result_count": 0}}
		}
		return 200, map[string]any{"data": all[start : start+1], "meta": meta}
	case r.Method == http.MethodPost && r.URL.Path == "/2/activity/subscriptions":
		if !x.signed(r) {
			return xProblem(401, "Unauthorized", "Unauthorized")
		}
		var s xSubscription
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.DisallowUnknownFields()
		if err := d.Decode(&s); err != nil || s.Type != "post.mention.create" || s.Filter["user_id"] != x.BotID || s.ID != "" {
			x.tb.Errorf("x: subscription %s: %v", body, err)
		}
		x.serial++
		s.ID = fmt.Sprint(x.serial)
		x.subscribed = append(x.subscribed, s)
		return 200, map[string]any{"data": map[string]any{"subscription": s}}
	default:
		x.tb.Errorf("x: no call %s %s here", r.Method, r.URL.Path)
		return xProblem(404, "Not Found", "")
	}
}

func (x *X) asApp(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+x.Bearer }

// stream serves an activity stream. The head comes with the first sign of
// life, as X's does.
func (x *X) stream(w http.ResponseWriter, r *http.Request) {
	x.mu.Lock()
	status := 0
	switch {
	case !x.asApp(r):
		status = 401
	case len(x.streams) == 2:
		status = 429
	}
	s := &xStream{lines: make(chan string, 64)}
	if status == 0 {
		x.streams = append(x.streams, s)
	}
	x.mu.Unlock()
	if status != 0 {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"title":"ConnectionException","detail":"not now","connection_issue":"TooManyConnections","type":"https://api.x.com/2/problems/streaming-connection"}`)
		return
	}
	defer x.close(s)
	beat := time.NewTicker(xBeat)
	defer beat.Stop()
	for {
		line := "\r\n"
		select {
		case <-r.Context().Done():
			return
		case l, ok := <-s.lines:
			if !ok {
				return
			}
			line = l + line
		case <-beat.C:
			x.mu.Lock()
			mute := s.mute
			x.mu.Unlock()
			if mute {
				continue
			}
		}
		if _, err := io.WriteString(w, line); err != nil {
			return
		}
		if f, ok := w.(http.Flusher); ok {
			f.Flush()
		}
	}
}

func (x *X) close(s *xStream) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.streams = slices.DeleteFunc(x.streams, func(o *xStream) bool { return o == s })
}

// tell puts a line on all streams. The caller holds the lock.
func (x *X) tell(line string) {
	for _, s := range x.streams {
		s.lines <- line
	}
}

// announce tells of a post that names the bot in so many words.
func (x *X) announce(body map[string]any) {
	for _, s := range x.subscribed {
		line, err := json.Marshal(map[string]any{"data": map[string]any{
			"event_uuid": body["id"], "event_type": s.Type, "filter": s.Filter, "tag": s.Tag, "payload": body,
			"includes": map[string]any{"users": []any{map[string]any{"id": body["author_id"], "username": "somebody"}}},
		}})
		if err != nil {
			x.tb.Errorf("x: %v", err)
		}
		x.tell(string(line))
	}
}

// Repeat tells of a mention anew.
func (x *X) Repeat(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, m := range x.mentions {
		if fmt.Sprint(m.id) == id {
			x.announce(m.body)
		}
	}
}

// Tell puts a line of any kind on the streams.
func (x *X) Tell(line string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.tell(line)
}

// Hang ends all streams.
func (x *X) Hang() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range x.streams {
		close(s.lines)
	}
	x.streams = nil
}

// Mute takes the signs of life from the open streams, and what they would
// tell.
func (x *X) Mute() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range x.streams {
		s.mute = true
	}
	x.streams = nil
}

// Streams counts the open streams that tell of mentions.
func (x *X) Streams() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.streams)
}

// pipeAnswer is an answer that is read while it is written.
type pipeAnswer struct {
	header http.Header
	w      *io.PipeWriter
	begun  chan int // the status, once
	once   sync.Once
}

func (p *pipeAnswer) Header() http.Header { return p.header }

func (p *pipeAnswer) WriteHeader(status int) { p.once.Do(func() { p.begun <- status }) }

func (p *pipeAnswer) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.w.Write(b)
}

// streamed serves a call without any socket, and gives its answer as soon as
// it begins.
func streamed(h http.Handler, req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	r, w := io.Pipe()
	p := &pipeAnswer{header: http.Header{}, w: w, begun: make(chan int, 1)}
	if req.Body == nil {
		req.Body = http.NoBody
	}
	go func() {
		defer func() {
			_ = w.Close() // a pipe's never fails
			v := recover()
			if err, ok := v.(error); v != nil && (!ok || !errors.Is(err, http.ErrAbortHandler)) {
				panic(v)
			}
			cancel()
		}()
		h.ServeHTTP(p, req.WithContext(ctx))
	}()
	select {
	case status := <-p.begun:
		return &http.Response{StatusCode: status, Header: p.header, Body: hangUp{r, cancel}, Request: req}, nil
	case <-ctx.Done():
		_ = r.Close() // a pipe's never fails
		return nil, io.ErrUnexpectedEOF
	}
}

// hangUp tells the writer that nobody reads on.
type hangUp struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (h hangUp) Close() error {
	h.cancel()
	return h.PipeReader.Close()
}
