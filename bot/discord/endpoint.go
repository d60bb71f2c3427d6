package discord

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxInteraction bounds an interaction's body, in bytes. The largest
	// holds the message a command was used on, with all its components.
	maxInteraction = 1 << 20
	// maxAge is how old a signed interaction may be, and how far ahead its
	// clock. It has three seconds to be answered anyway; the rest is for
	// clocks that are off. A replay within that time is refused by Discord
	// when it is acknowledged.
	maxAge = 30 * time.Second
)

// Interactions takes interactions over HTTP, for when their address is set in
// the Developer Portal. Without a public key it takes none. Everything is
// verified before it is read (Discord, "Overview of Interactions",
// November 2026). Work ends with Run: what comes later is turned away.
func (a *Adapter) Interactions() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		if a.publicKey == nil {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "interactions are posted", http.StatusMethodNotAllowed)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInteraction))
		if err != nil {
			http.Error(w, "the body is too large or incomplete", http.StatusRequestEntityTooLarge)
			return
		}
		if !verify(a.publicKey, r.Header, body, at) {
			http.Error(w, "invalid request signature", http.StatusUnauthorized)
			return
		}
		i, err := decodeInteraction(body)
		if err != nil {
			a.log.Warn("event cannot be read", "kind", "interaction", "err", err)
			http.Error(w, "no interaction", http.StatusBadRequest)
			return
		}
		if i.Type == interactionPing {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"type":`+strconv.Itoa(answerPong)+`}`) // a caller that is gone needs no answer
			return
		}
		if a.tasks.crowded(at) { // told in the response: the cheapest there is
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(a.away(i)) // a caller that is gone needs no answer
			return
		}
		// Answered as from the gateway, by a call: then the acknowledgement is
		// known to have arrived before anything builds on it.
		if !a.tasks.start(func() { a.interact(context.WithoutCancel(r.Context()), i, at) }) {
			http.Error(w, "too many at once, or the program is ending", http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
}

// verify checks the signature over timestamp and body, and that it is fresh.
func verify(key ed25519.PublicKey, h http.Header, body []byte, now time.Time) bool {
	signature, err := hex.DecodeString(h.Get("X-Signature-Ed25519"))
	if err != nil || len(signature) != ed25519.SignatureSize {
		return false
	}
	timestamp := h.Get("X-Signature-Timestamp")
	if !ed25519.Verify(key, append([]byte(timestamp), body...), signature) {
		return false
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	return err == nil && now.Sub(time.Unix(seconds, 0)).Abs() <= maxAge
}
