package discord

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bwmarrin/discordgo"
	"github.com/cenkalti/backoff/v5"
	"github.com/gorilla/websocket"
)

// gateway keeps one connection (shard) to the gateway alive through a
// discordgo session, and hands on the events as they came. Reconnecting is
// done here: discordgo would go on for ever also where Discord said never to
// come back.
type gateway struct {
	token  string
	target *url.URL // as GET /gateway/bot gave it
	shard  [2]int   // id, count
	// content asks for the texts of messages in servers, until refused.
	content bool
	pace    gatewayPace
	log     *slog.Logger

	// take gets every event. It must not block for long.
	take func(kind string, data json.RawMessage)
	// start waits until a session may start.
	start func(context.Context)
	// refused is told when Discord does not grant the texts.
	refused func()
	// kept is a session of before to be resumed; nil begins a new one. With
	// lasts, sessions outlive this gateway.
	kept  *session
	lasts bool

	mu   sync.Mutex // held while an event is taken
	now  session    // as far as its events were taken
	left bool       // what comes still is for whoever resumes

	session *discordgo.Session
	lost    chan struct{} // discordgo has let go of a connection
}

type gatewayPace struct {
	wire  wirePace
	open  time.Duration // from dial to READY
	stuck time.Duration // for discordgo to notice that a wire has ended
	first time.Duration // wait after a failed connect, growing from there
	most  time.Duration
	// identify is the wait between sessions that may not start together.
	identify time.Duration
}

func defaultGatewayPace() gatewayPace {
	return gatewayPace{
		wire: defaultWirePace(), open: time.Minute, stuck: 5 * time.Second,
		first: time.Second, most: time.Minute, identify: 5 * time.Second,
	}
}

// Close codes after which coming back is pointless (Discord, "Opcodes and
// Status Codes", November 2026), and what to do about them.
var fatalCodes = map[int]string{
	4004: "Discord refused the bot token; copy the current one from the Developer Portal (your application, Bot, Reset Token) into UNROLL_DISCORD_TOKEN",
	4010: "Discord refused the shard number; this is a fault of unrollbot, please report it",
	4011: "the bot is on too many servers for one connection; restart it, it asks Discord how many connections to open",
	4012: "Discord no longer speaks this gateway version; update unrollbot",
	4013: "Discord does not know the intents asked for; update unrollbot",
	4014: "Discord does not allow the bot its intents; see the Developer Portal (your application, Bot, Privileged Gateway Intents)",
}

const codeIntentsRefused = 4014

// run serves until ctx ends, and returns nil then. Its error is final.
func (g *gateway) run(ctx context.Context) error {
	g.lost = make(chan struct{}, 1)
	if g.kept != nil {
		g.now = *g.kept
	}
	g.session = g.newSession()
	delay := backoff.NewExponentialBackOff()
	delay.InitialInterval, delay.MaxInterval = g.pace.first, g.pace.most
	straight := true // to where Discord wants the session resumed
	for fresh := g.kept == nil; ctx.Err() == nil; {
		if fresh {
			g.start(ctx)
		}
		code, err, ready := g.serve(ctx, straight)
		straight = ready || !straight
		fresh = fresh && !ready // one that was up is resumed
		if ctx.Err() != nil {
			return nil
		}
		if code == codeIntentsRefused && g.content {
			fresh = false // a session that was refused has not started
			g.withoutContent()
			g.session = g.newSession()
			g.refused()
			continue
		}
		if advice, fatal := fatalCodes[code]; fatal {
			return fmt.Errorf("discord: %s (close code %d)", advice, code)
		}
		if ready {
			delay.Reset()
			g.log.Info("gateway connection ended", "shard", g.shard[0], "code", code, "err", err)
			continue // discordgo has taken a second to close it
		}
		wait := delay.NextBackOff()
		g.log.Warn("gateway cannot be reached", "shard", g.shard[0], "code", code, "err", err, "retry_in", wait)
		sleep(ctx, wait)
	}
	return nil
}

// serve connects once, and returns when the connection has ended.
func (g *gateway) serve(ctx context.Context, straight bool) (code int, err error, ready bool) {
	var current atomic.Pointer[wire]
	opening, cancel := context.WithTimeout(ctx, g.pace.open)
	defer cancel()
	target := g.target
	if there := g.state().place(); straight && there != nil {
		target = there
	}
	g.session.Dialer = &websocket.Dialer{
		HandshakeTimeout: g.pace.wire.hello,
		NetDialContext: func(context.Context, string, string) (net.Conn, error) {
			conn, err := dial(opening, target)
			if err != nil {
				return nil, err
			}
			w := newWire(conn, g.pace.wire)
			w.host = [2]string{g.target.Host, target.Host}
			if g.kept != nil {
				w.take = &takeover{g.token, g.state()}
			}
			current.Store(w)
			return w, nil
		},
	}
	err = g.open(opening, &current)
	w := current.Load()
	if w != nil && err == nil {
		g.kept = nil // from here on it is discordgo's, too
	}
	if err == nil {
		g.log.Debug("gateway connection is up", "shard", g.shard[0])
		g.hold(ctx, w)
	}
	if w == nil {
		return 0, err, false
	}
	code, ended, ready := w.fate()
	return code, errors.Join(err, ended), ready
}

// open runs discordgo's Open. Should it ever not return although its
// connection is closed, the session is left behind for a new one.
func (g *gateway) open(ctx context.Context, current *atomic.Pointer[wire]) error {
	opened := make(chan error, 1)
	session := g.session
	go func() {
		defer func() {
			if r := recover(); r != nil {
				opened <- fmt.Errorf("discordgo panicked: %v", r)
			}
		}()
		opened <- session.Open()
	}()
	select {
	case err := <-opened:
		return err
	case <-ctx.Done():
	}
	if w := current.Load(); w != nil {
		w.end(ctx.Err())
	}
	select {
	case err := <-opened:
		return errors.Join(ctx.Err(), err)
	case <-time.After(g.pace.stuck):
		g.log.Error("discordgo hangs; going on with a new session", "shard", g.shard[0])
		if now := g.state(); now.ID != "" {
			g.kept = &now
		}
		g.session = g.newSession()
	}
	return ctx.Err()
}

// hold waits until the connection has ended, or ends it with ctx.
func (g *gateway) hold(ctx context.Context, w *wire) {
	for {
		select {
		case <-g.lost: // perhaps of the connection before
			if _, err, _ := w.fate(); err != nil {
				return
			}
		case <-ctx.Done():
			w.leave(g.leave()) // discordgo's goroutines see that and end by themselves
			return
		}
	}
}

// state is the session as it stands.
func (g *gateway) state() session {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

// withoutContent gives the session up for one that does not ask for texts.
func (g *gateway) withoutContent() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.content, g.now, g.kept = false, session{}, nil
}

// leave has no more events taken, once the one under way is, and tells how to
// say goodbye.
func (g *gateway) leave() (code int) {
	if !g.lasts {
		return codeOver
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left = true
	return codePause
}

// took hands an event on, and then counts it as taken.
func (g *gateway) took(e *discordgo.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.left {
		return
	}
	g.take(e.Type, e.RawData)
	g.now.note(e.Type, e.Sequence, e.RawData)
	g.now.Content = g.content
}

// dial connects to the gateway and, where its address says so, starts TLS:
// the wire must see what is inside.
func dial(ctx context.Context, target *url.URL) (net.Conn, error) {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	host, port := target.Hostname(), target.Port()
	if target.Scheme == "wss" {
		if port == "" {
			port = "443"
		}
		return (&tls.Dialer{NetDialer: dialer}).DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	}
	if port == "" {
		port = "80"
	}
	return dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
}

func (g *gateway) newSession() *discordgo.Session {
	s, _ := discordgo.New("Bot " + g.token) // never fails
	s.LogLevel = -1                         // it writes to the global logger
	s.ShouldReconnectOnError = false
	s.StateEnabled = false
	s.SyncEvents = true // take keeps the order, and does not block
	s.Compress = false  // the wire reads along
	s.Identify.Intents = discordgo.IntentGuilds | discordgo.IntentGuildMessages | discordgo.IntentDirectMessages
	if g.content {
		s.Identify.Intents |= discordgo.IntentMessageContent
	}
	s.Identify.Properties.Browser = "unrollbot"
	s.ShardID, s.ShardCount = g.shard[0], g.shard[1]
	s.Client = &http.Client{Transport: gatewayAnswer{g.target}}
	s.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) { g.took(e) })
	s.AddHandler(func(*discordgo.Session, *discordgo.Disconnect) {
		select {
		case g.lost <- struct{}{}:
		default:
		}
	})
	return s
}

// gatewayAnswer answers the one request that discordgo makes when it opens a
// session, GET /gateway, from what is known. The address says ws: also where
// TLS is spoken, which dial has started already.
type gatewayAnswer struct{ target *url.URL }

func (a gatewayAnswer) RoundTrip(req *http.Request) (*http.Response, error) {
	u := *a.target
	u.Scheme = "ws"
	body, err := json.Marshal(map[string]string{"url": u.String()})
	if err != nil {
		return nil, err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: make(http.Header), Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// sleep waits for d, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
