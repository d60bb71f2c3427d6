package discord

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/url"
)

// session is what it takes to resume a session of the gateway, over whichever
// connection and from whichever process: events from Seq on are sent again.
type session struct {
	ID  string `json:"id"`
	Seq int64  `json:"seq"`
	URL string `json:"url,omitempty"` // where Discord wants it resumed
	// Content tells whether it was granted the texts of messages.
	Content bool `json:"content,omitempty"`
}

// note takes what an event tells of the session that it came over.
func (s *session) note(kind string, seq int64, data json.RawMessage) {
	if kind == "READY" {
		var ready struct {
			ID  string `json:"session_id"`
			URL string `json:"resume_gateway_url"`
		}
		if decode(data, &ready) == nil && ready.ID != s.ID {
			s.ID, s.URL = ready.ID, ready.URL
		}
	}
	if seq > 0 {
		s.Seq = seq
	}
}

// place is where to connect to resume; nil when Discord named none.
func (s session) place() *url.URL {
	u, err := url.Parse(s.URL)
	if s.ID == "" || err != nil || u.Host == "" || (u.Scheme != "wss" && u.Scheme != "ws") {
		return nil
	}
	return u
}

// takeover has a new discordgo session resume one that it never had. It holds
// that in fields of its own, so its first word, IDENTIFY, is made into RESUME
// on the wire, and it is told READY of the session.
type takeover struct {
	token string
	session
}

// resume is the message to Discord, as a frame.
func (t *takeover) resume() []byte {
	return textFrame(true, map[string]any{"op": 6, "d": map[string]any{"token": "Bot " + t.token, "session_id": t.ID, "seq": t.Seq}})
}

// ready is the message to discordgo, as a frame.
func (t *takeover) ready() []byte {
	return textFrame(false, map[string]any{"op": 0, "t": "READY", "s": t.Seq, "d": map[string]any{
		"session_id": t.ID, "resume_gateway_url": t.URL, "user": map[string]any{"id": ""}, "guilds": []any{},
	}})
}

// textFrame is a message in one frame (RFC 6455, section 5; a mask of noughts
// changes nothing).
func textFrame(masked bool, message any) []byte {
	payload, _ := json.Marshal(message) // strings and numbers: it cannot fail
	var b bytes.Buffer
	mask := byte(0)
	if masked {
		mask = 0x80
	}
	b.Write([]byte{finalText, mask | 126})
	_ = binary.Write(&b, binary.BigEndian, uint16(len(payload))) //nolint:gosec // a few hundred bytes, into memory
	if masked {
		b.Write(make([]byte, 4))
	}
	b.Write(payload)
	return b.Bytes()
}
