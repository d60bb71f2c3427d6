package bottest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// DiscordIdentify is how a session was opened.
type DiscordIdentify struct {
	Intents int
	Shard   []int
	Version string
	At      time.Time
}

// DiscordStep is what the gateway does with a coming connection. On is
// "hello", "identify" or "resume": when it happens; connections for which the
// moment does not come use the step up. Do is "op7", "op9" (not resumable),
// "op9resumable", "close", "drop" or "silent".
type DiscordStep struct {
	On, Do string
	Code   int
}

// DiscordSession is a session of the gateway, over however many connections.
type DiscordSession struct {
	ID      string
	Shard   []int
	Intents int

	seq    int64
	events []json.RawMessage // all of them, for resuming
	dead   bool
	conn   *discordConn
}

func (s *DiscordSession) drop() {
	if s.conn != nil {
		_ = s.conn.ws.Close()
	}
}

// Live tells whether the session has a connection.
func (s *DiscordSession) Live() bool { return s.conn != nil && !s.dead }

// Ended tells whether the session can no longer be resumed.
func (s *DiscordSession) Ended() bool { return s.dead }

// discordConn serialises writes to a connection.
type discordConn struct {
	ws     *websocket.Conn
	mu     sync.Mutex
	silent bool // answers nothing
}

func (c *discordConn) send(v any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.silent {
		_ = c.ws.WriteJSON(v) // a connection that is gone shows in reading
	}
}

func (c *discordConn) close(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	_ = c.ws.Close()
}

type gatewayOp struct {
	Op   int    `json:"op"`
	Data any    `json:"d"`
	Seq  *int64 `json:"s"`
	Type string `json:"t,omitempty"`
}

// Script says what happens to the next connections, one step each.
func (d *Discord) Script(steps ...DiscordStep) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.script = append(d.script, steps...)
}

// Gateway does something to all live connections: see [DiscordStep].
func (d *Discord) Gateway(do string, code int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.state.Sessions {
		if s.Live() {
			d.act(s.conn, s, do, code)
		}
	}
}

func (d *Discord) act(c *discordConn, s *DiscordSession, do string, code int) {
	switch do {
	case "op7":
		c.send(gatewayOp{Op: 7})
	case "op9":
		if s != nil {
			s.dead = true
		}
		c.send(gatewayOp{Op: 9, Data: false})
	case "op9resumable":
		c.send(gatewayOp{Op: 9, Data: true})
	case "close":
		if s != nil && (code == 1000 || code == 4004) {
			s.dead = true
		}
		c.close(code)
	case "drop":
		_ = c.ws.Close()
	case "silent":
		c.mu.Lock()
		c.silent = true
		c.mu.Unlock()
	}
}

// Raw sends a message as it is to all live connections.
func (d *Discord) Raw(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.state.Sessions {
		if s.Live() {
			s.conn.mu.Lock()
			_ = s.conn.ws.WriteMessage(websocket.TextMessage, []byte(text))
			s.conn.mu.Unlock()
		}
	}
}

// Forget ends all sessions, as Discord does with those that nobody resumes.
func (d *Discord) Forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.state.Sessions {
		s.dead = true
	}
}

// Grant switches the privileged intent on in the portal.
func (d *Discord) Grant() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cfg.MessageContent = true
}

// Connected waits until n sessions are live.
func (d *Discord) Connected(n int) {
	d.t.Helper()
	d.Await("gateway sessions", func(s *DiscordState) bool {
		live := 0
		for _, s := range s.Sessions {
			if s.Live() {
				live++
			}
		}
		return live == n
	})
}

// Dispatch sends an event to the session of shard 0, also while it is
// without a connection: then it comes when the session is resumed.
func (d *Discord) Dispatch(kind string, data any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := len(d.state.Sessions) - 1; i >= 0; i-- {
		if s := d.state.Sessions[i]; !s.dead && (len(s.Shard) == 0 || s.Shard[0] == 0) {
			s.dispatch(kind, data)
			return
		}
	}
	d.t.Errorf("discord: no session to send %s to", kind)
}

func (s *DiscordSession) dispatch(kind string, data any) {
	s.seq++
	seq := s.seq
	event, err := json.Marshal(gatewayOp{Data: data, Seq: &seq, Type: kind})
	if err != nil {
		panic(err)
	}
	s.events = append(s.events, event)
	if s.conn != nil {
		s.conn.send(json.RawMessage(event))
	}
}

func (d *Discord) serveGateway(w http.ResponseWriter, r *http.Request) {
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = ws.Close() }()
	c := &discordConn{ws: ws}
	d.mu.Lock()
	var step DiscordStep
	if len(d.script) > 0 {
		step, d.script = d.script[0], d.script[1:]
	}
	d.mu.Unlock()
	if step.On == "hello" {
		d.act(c, nil, step.Do, step.Code)
	}
	c.send(gatewayOp{Op: 10, Data: map[string]any{"heartbeat_interval": d.cfg.Heartbeat.Milliseconds()}})

	var session *DiscordSession
	for {
		var m struct {
			Op   int             `json:"op"`
			Data json.RawMessage `json:"d"`
		}
		if err = ws.ReadJSON(&m); err != nil {
			break
		}
		switch m.Op {
		case 1:
			c.send(gatewayOp{Op: 11})
		case 2:
			session = d.identify(c, step, m.Data, r.URL.Query().Get("v"))
			step = DiscordStep{}
		case 6:
			session = d.resume(c, step, m.Data, r.Host)
			step = DiscordStep{}
		}
	}
	d.mu.Lock()
	if session != nil && session.conn == c {
		session.conn = nil
		session.dead = session.dead || websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway)
	}
	d.changed.Broadcast()
	d.mu.Unlock()
}

const intentMessageContent = 1 << 15

func (d *Discord) identify(c *discordConn, step DiscordStep, data json.RawMessage, version string) *DiscordSession {
	var id struct {
		Token   string `json:"token"`
		Intents int    `json:"intents"`
		Shard   []int  `json:"shard"`
	}
	_ = json.Unmarshal(data, &id) // an empty token is refused below
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.changed.Broadcast()
	d.state.Identifies = append(d.state.Identifies, DiscordIdentify{Intents: id.Intents, Shard: id.Shard, Version: version, At: time.Now()})
	switch {
	case strings.TrimPrefix(id.Token, "Bot ") != d.cfg.Token:
		c.close(4004)
		return nil
	case id.Intents&intentMessageContent != 0 && !d.cfg.MessageContent:
		c.close(4014)
		return nil
	case step.On == "identify":
		d.act(c, nil, step.Do, step.Code)
		return nil
	}
	s := &DiscordSession{ID: "s" + d.id(), Shard: id.Shard, Intents: id.Intents, conn: c}
	d.state.Sessions = append(d.state.Sessions, s)
	s.dispatch("READY", map[string]any{
		"v": 9, "session_id": s.ID, "resume_gateway_url": d.resumeURL(), "user": map[string]any{"id": DiscordApp, "bot": true},
		"application": map[string]any{"id": DiscordApp}, "guilds": []any{},
	})
	return s
}

func (d *Discord) resume(c *discordConn, step DiscordStep, data json.RawMessage, host string) *DiscordSession {
	var req struct {
		Session string `json:"session_id"`
		Seq     int64  `json:"seq"`
	}
	_ = json.Unmarshal(data, &req) // an unknown session is refused below
	d.mu.Lock()
	defer d.mu.Unlock()
	defer d.changed.Broadcast()
	d.state.ResumedAt = append(d.state.ResumedAt, host)
	if step.On == "resume" {
		d.act(c, nil, step.Do, step.Code)
		return nil
	}
	for _, s := range d.state.Sessions {
		if s.ID != req.Session || s.dead || req.Seq > s.seq {
			continue
		}
		s.drop()
		s.conn = c
		for _, e := range s.events[req.Seq:] {
			c.send(e)
		}
		d.state.Resumes++
		s.dispatch("RESUMED", map[string]any{})
		return s
	}
	c.send(gatewayOp{Op: 9, Data: false})
	return nil
}

// resumeURL is where sessions are to be resumed: the same place by another
// name.
func (d *Discord) resumeURL() string {
	_, port, _ := strings.Cut(strings.TrimPrefix(d.server.URL, "http://"), ":")
	return "ws://localhost:" + port + "/gateway/ws"
}

// withDefaults fills in what the given fields leave out.
func withDefaults(given, defaults map[string]any) map[string]any {
	out := maps.Clone(defaults)
	maps.Copy(out, given)
	return out
}
