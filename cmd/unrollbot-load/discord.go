package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// discord is as much of Discord's API as commands over HTTP need. It has no
// gateway: the bot goes on trying to reach one.
type discord struct {
	key  ed25519.PrivateKey
	last atomic.Int64 // id of an interaction

	mu      sync.Mutex
	waiting map[string]*question // by token
}

// question is a command that somebody gave.
type question struct {
	token    string
	due      time.Time
	answered chan answer // holds one
}

type answer struct {
	took time.Duration
	good bool // it holds the thread
}

const (
	application = "500"
	threadMark  = "of a tale told for the load"
)

func newDiscord() (*discord, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return &discord{key: key, waiting: map[string]*question{}}, err
}

func (d *discord) publicKey() string {
	return hex.EncodeToString(d.key.Public().(ed25519.PublicKey))
}

func (d *discord) handler() http.Handler {
	mux := http.NewServeMux()
	says := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body)
		}
	}
	mux.HandleFunc("GET /applications/@me", says(`{"id":"`+application+`","bot":{"id":"`+application+`","bot":true}}`))
	mux.HandleFunc("GET /gateway/bot", says(`{"url":"ws://127.0.0.1:1","shards":1,"session_start_limit":{"total":1000,"remaining":999,"reset_after":1000,"max_concurrency":1}}`))
	mux.HandleFunc("GET /applications/{app}/commands", says(`[]`))
	mux.HandleFunc("PUT /applications/{app}/commands", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, r.Body)
	})
	mux.HandleFunc("POST /interactions/{id}/{token}/callback", func(w http.ResponseWriter, r *http.Request) {
		d.acknowledged(r.PathValue("token"), read(r))
		w.WriteHeader(http.StatusNoContent)
	})
	answered := func(w http.ResponseWriter, r *http.Request) {
		d.answered(r.PathValue("token"), read(r))
		says(`{"id":"1"}`)(w, r)
	}
	mux.HandleFunc("PATCH /webhooks/{app}/{token}/messages/@original", answered)
	mux.HandleFunc("POST /webhooks/{app}/{token}", answered)
	mux.HandleFunc("DELETE /webhooks/{app}/{token}/messages/@original", func(w http.ResponseWriter, r *http.Request) {
		d.answered(r.PathValue("token"), nil) // a promise taken back: the program had too much to do
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func read(r *http.Request) []byte {
	body, err := io.ReadAll(io.LimitReader(r.Body, 4<<20))
	if err != nil {
		return nil
	}
	return body
}

// acknowledged takes a callback, or the response that stands for one.
func (d *discord) acknowledged(token string, body []byte) {
	var callback struct{ Type int }
	if json.Unmarshal(body, &callback) == nil && callback.Type == 4 { // answered at once, not merely promised
		d.answered(token, body)
	}
}

func (d *discord) answered(token string, body []byte) {
	d.mu.Lock()
	q := d.waiting[token]
	delete(d.waiting, token)
	d.mu.Unlock()
	if q != nil {
		q.answered <- answer{time.Since(q.due), bytes.Contains(body, []byte(threadMark))}
	}
}

// ask makes a command for a link, which should have been given at due, by a
// person and in a channel of its own: the limits of the bot are not what is
// measured here.
func (d *discord) ask(link string, due time.Time) (q *question, body []byte, header http.Header) {
	id := strconv.FormatInt(1_000_000+d.last.Add(1), 10)
	token := "token-" + id
	body, err := json.Marshal(map[string]any{
		"id": id, "application_id": application, "token": token, "version": 1, "type": 2,
		"channel_id": "7" + id, "guild_id": "8" + id, "context": 0,
		"app_permissions": "2248473465835073", "locale": "en-GB",
		"authorizing_integration_owners": map[string]any{"0": "8" + id},
		"member": map[string]any{
			"user": map[string]any{"id": "9" + id, "username": "u" + id}, "permissions": "309237713920",
		},
		"data": map[string]any{"name": "unroll", "type": 1, "options": []any{map[string]any{"name": "link", "type": 3, "value": link}}},
	})
	if err != nil { // plain data: never
		panic(err)
	}
	q = &question{token: token, due: due, answered: make(chan answer, 1)}
	d.mu.Lock()
	d.waiting[token] = q
	d.mu.Unlock()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	return q, body, http.Header{
		"Content-Type":          {"application/json"},
		"X-Signature-Timestamp": {at},
		"X-Signature-Ed25519":   {hex.EncodeToString(ed25519.Sign(d.key, append([]byte(at), body...)))},
	}
}

func link(host string, n int) string {
	return fmt.Sprintf("http://%s/@ada/%s", host, strings.TrimPrefix(postID(n, 0), "/"))
}

// postID is that of a post of the n-th thread.
func postID(n, post int) string { return strconv.Itoa(1_000_000_000 + n*1000 + post) }
