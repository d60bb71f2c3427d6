package bottest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Ids in the world of [Discord].
const (
	DiscordApp     = "500" // application and bot user
	DiscordGuild   = "100"
	DiscordChannel = "101"
	DiscordGated   = "118" // a channel for grown-ups
	DiscordWithin  = "119" // a thread in that
	DiscordUser    = "777" // who asks when nothing else is said
	DiscordOwner   = "700" // of the server

	DiscordModerators = "190" // a role
)

// DiscordConfig is what stands in Discord's Developer Portal. The zero value
// works.
type DiscordConfig struct {
	Token          string // empty means "token"
	MessageContent bool   // the privileged intent
	Shards         int    // advised; 0 means 1
	Concurrency    int    // sessions that may start together; 0 means 1
	Heartbeat      time.Duration
	AckWithin      time.Duration // for interactions; 0 means 3 s
	// Lenient leaves violations to the test; else they fail it.
	Lenient bool
}

// Discord is a stand-in for Discord's REST API and gateway on loopback. It
// keeps Discord's rules strictly: whatever Discord would refuse is refused,
// and noted as a violation, and so is anything that would ping somebody other
// than who asked.
type Discord struct {
	cfg    DiscordConfig
	t      testing.TB
	server *httptest.Server

	mu      sync.Mutex
	changed *sync.Cond
	state   DiscordState
	faults  []*DiscordFault
	script  []DiscordStep
	next    int64
	closed  bool
}

// DiscordState is what the stand-in knows. It may be looked at within Await.
type DiscordState struct {
	Calls      []DiscordCall
	Violations []string
	Commands   json.RawMessage
	Answers    map[string]*DiscordAnswer  // by interaction id
	Messages   map[string]*DiscordMessage // by id
	Order      []string                   // ids of messages, oldest first
	Threads    []DiscordThread
	Sessions   []*DiscordSession
	Identifies []DiscordIdentify
	Resumes    int
	ResumedAt  []string // hosts that were asked, also in vain
}

// DiscordCall is a REST call and how it was answered.
type DiscordCall struct {
	Method, Path string // Path without the version
	Body         json.RawMessage
	Files        map[string]string // content by name
	Status       int
	Agent        string
}

// DiscordMessage is a message in a channel.
type DiscordMessage struct {
	ID, Channel, Author string
	Body                map[string]any // as sent or last edited
	Flags               int
	Files               map[string]string
	Deleted             bool
	ReplyTo             string
	Interaction         string // whose answer it is
	edited              int
}

// DiscordThread is a thread that was opened.
type DiscordThread struct{ ID, Parent, Name string }

// DiscordAnswer is how an interaction was answered.
type DiscordAnswer struct {
	User, Token string
	Type        int // of the callback, 0 before it
	Took        time.Duration
	Original    string   // id of the promised message, or of the one with the button
	FollowUps   []string // ids
	Done        bool     // the promised message is there
	Body        json.RawMessage

	at      time.Time
	channel string
	target  string // of a menu command
}

// DiscordFault makes calls fail. Match is the beginning of "METHOD /path".
type DiscordFault struct {
	Match  string
	Times  int // 0 means once
	Status int
	// RetryAfter, in seconds, goes with a 429.
	RetryAfter float64
	Global     bool
	HTML       bool // the body is a page, as from a proxy
	Code       int  // Discord's own
	Drop       bool // cut the connection without an answer
	// Apply carries the call out before it fails.
	Apply bool
	// Until holds the answer back until it is closed.
	Until <-chan struct{}
}

// NewDiscord starts a stand-in that lives as long as the test.
func NewDiscord(t testing.TB, cfg DiscordConfig) *Discord {
	t.Helper()
	if cfg.Token == "" {
		cfg.Token = "token"
	}
	if cfg.Heartbeat == 0 {
		cfg.Heartbeat = 30 * time.Second
	}
	if cfg.AckWithin == 0 {
		cfg.AckWithin = 3 * time.Second
	}
	d := &Discord{cfg: cfg, t: t, next: 1000}
	d.state.Answers, d.state.Messages = make(map[string]*DiscordAnswer), make(map[string]*DiscordMessage)
	d.changed = sync.NewCond(&d.mu)
	mux := http.NewServeMux()
	mux.HandleFunc("/gateway/ws/", d.serveGateway)
	mux.HandleFunc("/api/v10/", d.serveREST)
	d.server = httptest.NewServer(mux)
	t.Cleanup(d.close)
	return d
}

func (d *Discord) close() {
	d.mu.Lock()
	d.closed = true
	for _, s := range d.state.Sessions {
		s.drop()
	}
	violations := slices.Clone(d.state.Violations)
	d.changed.Broadcast()
	d.mu.Unlock()
	d.server.CloseClientConnections()
	d.server.Close()
	if !d.cfg.Lenient {
		for _, v := range violations {
			d.t.Errorf("discord: violation: %s", v)
		}
	}
}

// APIURL is the base of the REST API.
func (d *Discord) APIURL() string { return d.server.URL + "/api/v10" }

// Fail adds faults.
func (d *Discord) Fail(faults ...DiscordFault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		d.faults = append(d.faults, &f)
	}
}

// patience bounds how long a test waits for something to happen.
const patience = 20 * time.Second

// Await waits until ok is true; it is asked after every change. The test
// fails if that takes too long.
func (d *Discord) Await(what string, ok func(*DiscordState) bool) {
	d.t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		late = true
		d.changed.Broadcast()
	})
	defer timer.Stop()
	d.mu.Lock()
	defer d.mu.Unlock()
	for !ok(&d.state) {
		if late || d.closed {
			for _, c := range d.state.Calls[max(0, len(d.state.Calls)-30):] {
				d.t.Logf("%s %s: %d %.300s", c.Method, c.Path, c.Status, c.Body)
			}
			d.t.Fatalf("discord: waited in vain for %s", what)
		}
		d.changed.Wait()
	}
}

// Look gives a look at the state.
func (d *Discord) Look(look func(*DiscordState)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	look(&d.state)
}

// Count counts the calls whose "METHOD /path" begin with match.
func (s *DiscordState) Count(match string) int {
	n := 0
	for _, c := range s.Calls {
		if strings.HasPrefix(c.Method+" "+c.Path, match) {
			n++
		}
	}
	return n
}

// Sent gives the messages that are there, oldest first.
func (s *DiscordState) Sent() []*DiscordMessage {
	var out []*DiscordMessage
	for _, id := range s.Order {
		if m := s.Messages[id]; !m.Deleted && m.Author == DiscordApp {
			out = append(out, m)
		}
	}
	return out
}

// Text is all that a message says: its content, embeds and text displays.
func (m *DiscordMessage) Text() string {
	var parts []string
	if s, ok := m.Body["content"].(string); ok {
		parts = append(parts, s)
	}
	for _, e := range objects(m.Body["embeds"]) {
		if s, ok := e["description"].(string); ok {
			parts = append(parts, s)
		}
	}
	m.Walk(func(c map[string]any) {
		if s, ok := c["content"].(string); ok {
			parts = append(parts, s)
		}
	})
	return strings.Join(parts, "\n")
}

// Walk visits all components of a message, nested ones after their parent.
func (m *DiscordMessage) Walk(visit func(c map[string]any)) {
	walkComponents(m.Body["components"], visit)
}

// CustomID finds the custom id of the button with a label.
func (m *DiscordMessage) CustomID(label string) string {
	id := ""
	m.Walk(func(c map[string]any) {
		if c["label"] == label && c["disabled"] != true {
			id, _ = c["custom_id"].(string)
		}
	})
	return id
}

// Private tells whether only the asker sees the message.
func (m *DiscordMessage) Private() bool { return m.Flags&flagEphemeral != 0 }

func (d *Discord) id() string {
	d.next++
	return strconv.FormatInt(d.next, 10)
}

func (d *Discord) violation(format string, args ...any) {
	d.state.Violations = append(d.state.Violations, fmt.Sprintf(format, args...))
}
