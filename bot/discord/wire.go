package discord

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// wire is a connection to the gateway, between discordgo and Discord. It
// reads along, because discordgo v0.29.0 tells nobody why a connection ended
// and does not survive some of what a gateway may say:
//
//   - "Reconnect" (op 7) where READY or RESUMED is due blocks it for ever.
//     The wire ends instead, and the session is resumed over a new one.
//   - After "invalid session" (op 9) it identifies at once. Discord asks for
//     a wait of one to five seconds, so the message is held back that long.
//   - A gateway that falls silent, or answers no heartbeats, keeps it waiting
//     for minutes or for ever. The wire ends after two missed answers.
//   - It resumes only sessions that it began itself; see [takeover].
//   - It asks again at the address where a session began, not where Discord
//     wants it resumed.
//   - A late heartbeat on an ended connection closes the one that followed.
//     What is written to an ended wire goes nowhere, and without an error.
//
// Frames from the gateway are not masked and, without the compression that
// gateway.go leaves off, plain JSON (RFC 6455; Discord, "Gateway", November
// 2026).
type wire struct {
	net.Conn
	pace wirePace

	// These belong to the goroutine that opens the connection, until that is
	// done, and change its first words.
	host [2]string // in the upgrade: as discordgo has it, and as it should be
	take *takeover // nil where the session is discordgo's own

	// These belong to the goroutine that reads.
	in       *bufio.Reader
	out      bytes.Buffer // inspected, not read yet
	told     []byte       // a frame that discordgo is told first
	upgraded bool
	since    time.Time // of the connection, or of what made it start anew
	interval time.Duration
	acked    time.Time

	done  chan struct{} // closed when the wire has ended
	mu    sync.Mutex
	err   error // why it ended
	code  int   // the close code that came, if one did
	ready bool  // something was dispatched: the session is up
}

// wirePace holds the waits of a wire.
type wirePace struct {
	hello   time.Duration // for the gateway's first word
	ready   time.Duration // for READY or RESUMED
	invalid func() time.Duration
	write   time.Duration
}

func defaultWirePace() wirePace {
	return wirePace{
		hello:   20 * time.Second,
		ready:   40 * time.Second,
		invalid: func() time.Duration { return time.Second + rand.N(4*time.Second) }, //nolint:gosec // spreads reconnects, hides nothing
		write:   10 * time.Second,
	}
}

// finalText begins a frame that holds a whole message in text.
const finalText = 0x81

// Why a wire ends by itself.
var (
	errReconnect = errors.New("the gateway asked to reconnect")
	errSilent    = errors.New("the gateway fell silent")
	errNonsense  = errors.New("the gateway sent something that is no message")
)

const (
	// maxFrame bounds a frame, in bytes. READY of a bot on 2,500 servers,
	// the most for one connection, is far below.
	maxFrame = 16 << 20
	// control is the size, in bytes, below which frames are decoded: what
	// steers the connection is small.
	control = 4 << 10
)

func newWire(conn net.Conn, pace wirePace) *wire {
	now := time.Now()
	return &wire{Conn: conn, pace: pace, in: bufio.NewReaderSize(conn, 16<<10), since: now, acked: now, done: make(chan struct{})}
}

// rewritten is what goes out in place of what discordgo writes.
func (w *wire) rewritten(p []byte) []byte {
	switch {
	case w.host[0] != w.host[1] && bytes.HasPrefix(p, []byte("GET ")):
		return bytes.Replace(p, []byte("\r\nHost: "+w.host[0]+"\r\n"), []byte("\r\nHost: "+w.host[1]+"\r\n"), 1)
	case w.take != nil && len(p) > 0 && p[0] == finalText: // IDENTIFY is the first message
		p = w.take.resume()
		w.told = w.take.ready()
		w.take = nil
	}
	return p
}

// Read gives discordgo what the gateway sent, frame by frame.
func (w *wire) Read(p []byte) (int, error) {
	for w.out.Len() == 0 {
		if err := w.next(); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() && w.upgraded {
				err = errSilent
			}
			w.end(err)
			return 0, err
		}
	}
	return w.out.Read(p)
}

// Write never fails: a wire that cannot be written to has ended, and the
// reader learns of that.
func (w *wire) Write(p []byte) (int, error) {
	select {
	case <-w.done:
		return len(p), nil
	default:
	}
	if err := w.SetWriteDeadline(time.Now().Add(w.pace.write)); err != nil {
		w.end(err)
	} else if _, err := w.Conn.Write(w.rewritten(p)); err != nil {
		w.end(err)
	}
	return len(p), nil
}

// Close ends the wire from our side.
func (w *wire) Close() error {
	w.end(net.ErrClosed)
	return nil
}

// Close codes of ours. After the first Discord shows the bot as offline at
// once; after any other the session can be resumed for a few minutes (Discord,
// "Gateway", Initiating a Disconnect, November 2026).
const (
	codeOver  = 1000
	codePause = 4000
)

// leave says goodbye and ends the wire (RFC 6455, section 5; a mask of noughts
// changes nothing). discordgo's own Close would sleep for a second.
func (w *wire) leave(code int) {
	_, _ = w.Write([]byte{0x88, 0x82, 0, 0, 0, 0, byte(code >> 8), byte(code & 0xff)}) //nolint:gosec // a close code has two bytes; Write never fails
	w.end(net.ErrClosed)
}

// end closes the connection and remembers the first reason.
func (w *wire) end(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return
	}
	w.err = err
	close(w.done)
	_ = w.Conn.Close() // nothing can be done about a connection that does not close
}

// fate tells how the wire fared: the close code, why it ended (nil while it
// has not), and whether the session had come up.
func (w *wire) fate() (code int, err error, ready bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.code, w.err, w.ready
}

// next reads one frame, or a line of the answer to the upgrade, into out.
func (w *wire) next() error {
	if w.out.Cap() > 1<<20 {
		w.out = bytes.Buffer{} // one large frame need not hold memory for ever
	}
	w.out.Reset()
	if !w.upgraded {
		line, err := w.in.ReadSlice('\n')
		w.out.Write(line)
		w.upgraded = err == nil && len(bytes.TrimSpace(line)) == 0
		return err
	}
	if len(w.told) > 0 {
		w.out.Write(w.told)
		w.told = nil
		return nil
	}
	if err := w.SetReadDeadline(w.deadline()); err != nil {
		return err
	}
	var head [14]byte
	if _, err := io.ReadFull(w.in, head[:2]); err != nil {
		return err
	}
	size, n := uint64(head[1]&0x7f), 2
	switch size {
	case 126:
		n = 4
	case 127:
		n = 10
	}
	if _, err := io.ReadFull(w.in, head[2:n]); err != nil {
		return err
	}
	switch n {
	case 4:
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 10:
		size = binary.BigEndian.Uint64(head[2:])
	}
	if size > maxFrame || head[1]&0x80 != 0 {
		return fmt.Errorf("%w: a frame of %d bytes", errNonsense, size)
	}
	w.out.Write(head[:n])
	if _, err := io.CopyN(&w.out, w.in, int64(size)); err != nil {
		return err
	}
	return w.inspect(head[0], w.out.Bytes()[n:])
}

// deadline is when the next frame is due. Only answers to heartbeats put it
// off: a gateway that sends events and answers none is as good as gone.
func (w *wire) deadline() time.Time {
	_, _, ready := w.fate()
	switch {
	case w.interval == 0:
		return w.since.Add(w.pace.hello)
	case !ready:
		return w.since.Add(w.pace.ready)
	default:
		return w.acked.Add(2*w.interval + w.interval/4)
	}
}

// inspect looks at a frame before discordgo does. Its error ends the wire.
func (w *wire) inspect(first byte, payload []byte) error {
	const finalClose = 0x88
	switch first {
	case finalClose:
		if len(payload) >= 2 {
			w.mu.Lock()
			w.code = int(binary.BigEndian.Uint16(payload))
			w.mu.Unlock()
		}
		return nil
	case finalText:
	default:
		return nil
	}
	if len(payload) == 0 || payload[0] != '{' { // null would crash discordgo
		return errNonsense
	}
	if len(payload) > control {
		w.dispatched()
		return nil
	}
	var m struct {
		Op   int             `json:"op"`
		Data json.RawMessage `json:"d"`
	}
	if err := json.Unmarshal(payload, &m); err != nil {
		return errNonsense
	}
	switch m.Op {
	case 0:
		w.dispatched()
	case 7:
		return errReconnect
	case 9:
		if bytes.Equal(m.Data, []byte("true")) {
			return errReconnect // the session lives on: resume it
		}
		return w.hold(w.pace.invalid())
	case 10:
		return w.hello(m.Data)
	case 11:
		w.acked = time.Now()
	}
	return nil
}

func (w *wire) hello(data []byte) error {
	var hello struct {
		Interval int64 `json:"heartbeat_interval"` // in milliseconds
	}
	if err := json.Unmarshal(data, &hello); err != nil || hello.Interval <= 0 || hello.Interval > 600_000 {
		return errNonsense // discordgo would panic on an interval of nought
	}
	w.interval, w.acked = time.Duration(hello.Interval)*time.Millisecond, time.Now()
	return nil
}

func (w *wire) dispatched() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ready {
		w.ready, w.acked = true, time.Now()
	}
}

// hold waits before an "invalid session" is passed on, and gives the new
// session its time to come up.
func (w *wire) hold(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.done:
		return net.ErrClosed
	}
	w.since = time.Now()
	w.mu.Lock()
	w.ready = false
	w.mu.Unlock()
	return nil
}
