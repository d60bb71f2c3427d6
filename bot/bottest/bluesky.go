package bottest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Bluesky is a server with one account, a bot's, for tests. People write
// posts that notify it; what it writes is kept as records. It is strict: an
// unknown method, parameter or field, or a record beyond the lexicon's
// bounds fails the test. Its methods may be called at any time.
type Bluesky struct {
	DID, Handle, Password string

	tb     testing.TB
	server *httptest.Server

	mu       sync.Mutex
	changed  *sync.Cond
	notes    []blueskyNote
	posts    map[string]bool // at-uri -> replies are disabled
	records  map[string]BlueskyRecord
	serial   int
	session  int  // number of the login whose tokens are good
	expired  bool // the access token is
	logins   int
	seen     string
	faults   []*Fault
	onRecord func()
	calls    []string
}

// BlueskyRecord is a record of the bot's.
type BlueskyRecord struct {
	Collection, Key, CID string
	Value                json.RawMessage
	Writes               int // how often it was written
}

// BlueskyPost is a post that notifies the bot.
type BlueskyPost struct {
	URI      string // empty for a new one
	Author   string // DID
	Text     string
	Mentions bool // "@bot" in Text is a mention of the bot
	Links    map[string]string
	Root     string // at-uri
	Parent   string
	Quote    string
	Langs    []string
	At       time.Time // claimed; zero means now
	Viewer   map[string]any
	Labels   []string
	Reason   string // empty means mention
}

type blueskyNote struct {
	at   time.Time
	body map[string]any
}

// Fault lets calls fail.
type Fault struct {
	Path   string // the end of the call's path
	Status int    // 0 lets the connection break
	Body   string
	Header map[string]string
	After  bool // the call is carried out first
	Times  int  // 0 means once
}

// NewBluesky makes a server for one test.
func NewBluesky(tb testing.TB) *Bluesky {
	b := &Bluesky{
		DID: "did:plc:bot", Handle: "unroll.test", Password: "abcd-efgh-secret-word",
		tb: tb, posts: map[string]bool{}, records: map[string]BlueskyRecord{},
	}
	b.changed = sync.NewCond(&b.mu)
	return b
}

// URL is the server's address on loopback.
func (b *Bluesky) URL() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server == nil {
		b.server = httptest.NewServer(b)
		b.tb.Cleanup(b.server.Close)
	}
	return b.server.URL
}

// RoundTrip serves a call without any socket, for tests in a time bubble.
func (b *Bluesky) RoundTrip(req *http.Request) (*http.Response, error) { return inProcess(b, req) }

// inProcess serves a call without a socket. A handler that aborts breaks the
// connection.
func inProcess(h http.Handler, req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if r := recover(); r != nil {
			if e, ok := r.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
				panic(r)
			}
			resp, err = nil, io.ErrUnexpectedEOF
		}
	}()
	rec := httptest.NewRecorder()
	if req.Body == nil {
		req.Body = http.NoBody
	}
	h.ServeHTTP(rec, req)
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	return rec.Result(), nil
}

// Write lets somebody write a post that notifies the bot, and gives its URI.
func (b *Bluesky) Write(p BlueskyPost) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial++
	uri := cmp.Or(p.URI, fmt.Sprintf("at://%s/app.bsky.feed.post/3n2zd4h4k%s222", p.Author, string("234567abcdefghijklmnopqrstuvwxyz"[b.serial%32])))
	if p.At.IsZero() {
		p.At = time.Now()
	}
	record := map[string]any{"$type": "app.bsky.feed.post", "text": p.Text, "createdAt": p.At.Format(time.RFC3339Nano)}
	if p.Langs != nil {
		record["langs"] = p.Langs
	}
	var facets []any
	facet := func(part string, feature map[string]any) {
		i := strings.Index(p.Text, part)
		if i < 0 {
			b.tb.Errorf("bluesky: %q is not in the post", part)
		}
		facets = append(facets, map[string]any{"index": map[string]int{"byteStart": i, "byteEnd": i + len(part)}, "features": []any{feature}})
	}
	if p.Mentions {
		facet("@bot", map[string]any{"$type": "app.bsky.richtext.facet#mention", "did": b.DID})
	}
	for part, link := range p.Links {
		facet(part, map[string]any{"$type": "app.bsky.richtext.facet#link", "uri": link})
	}
	if facets != nil {
		record["facets"] = facets
	}
	if p.Parent != "" {
		record["reply"] = map[string]any{"root": blueskyStrong(cmp.Or(p.Root, p.Parent)), "parent": blueskyStrong(p.Parent)}
	}
	if p.Quote != "" {
		record["embed"] = map[string]any{"$type": "app.bsky.embed.record", "record": blueskyStrong(p.Quote)}
	}
	labels := []any{}
	for _, l := range p.Labels {
		labels = append(labels, map[string]any{"src": p.Author, "uri": p.Author, "val": l})
	}
	if p.Viewer == nil {
		p.Viewer = map[string]any{"muted": false, "blockedBy": false}
	}
	b.notes = append(b.notes, blueskyNote{p.At, map[string]any{
		"uri": uri, "cid": blueskyStrong(uri)["cid"], "reason": cmp.Or(p.Reason, "mention"), "isRead": false,
		"indexedAt": p.At.UTC().Format("2006-01-02T15:04:05.000Z"), "labels": []any{}, "record": record,
		"author": map[string]any{"did": p.Author, "handle": "someone.test", "viewer": p.Viewer, "labels": labels},
	}})
	b.posts[uri] = false
	for _, u := range []string{p.Root, p.Parent} {
		if _, there := b.posts[u]; u != "" && !there {
			b.posts[u] = false
		}
	}
	return uri
}

// Gate lets only some reply under a post, and not the bot.
func (b *Bluesky) Gate(uri string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posts[uri] = true
}

// Delete takes a post away, though not its notification.
func (b *Bluesky) Delete(uri string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.posts, uri)
}

// Expire makes the access token stale; with all, the refresh token as well.
func (b *Bluesky) Expire(all bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expired = true
	if all {
		b.session++
	}
}

// Fail lets calls fail.
func (b *Bluesky) Fail(f Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, &f)
}

// OnPost calls f when the bot has written a record, before it hears of that.
func (b *Bluesky) OnPost(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.onRecord = f
}

// Records gives the bot's records of a collection, by key.
func (b *Bluesky) Records(collection string) []BlueskyRecord {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []BlueskyRecord
	for _, r := range b.records {
		if r.Collection == collection {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(x, y BlueskyRecord) int { return cmp.Compare(x.Key, y.Key) })
	return out
}

// Put lets a record stand, as one that was written earlier.
func (b *Bluesky) Put(collection, key string, value any) {
	data, err := json.Marshal(value)
	if err != nil {
		b.tb.Fatal(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.records[collection+"/"+key] = BlueskyRecord{collection, key, "bafyold", data, 1}
}

// Seen is up to when notifications are marked as read.
func (b *Bluesky) Seen() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

// Logins counts the sessions that were made with the password.
func (b *Bluesky) Logins() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.logins
}

// Calls counts the calls of a method so far.
func (b *Bluesky) Calls(method string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, c := range b.calls {
		if strings.HasSuffix(c, method) {
			n++
		}
	}
	return n
}

func blueskyStrong(uri string) map[string]any {
	return map[string]any{"uri": uri, "cid": "bafy" + uri[len(uri)-4:]}
}

// fault gives the fault that a call meets, and uses it up.
func fault(faults []*Fault, path string) (rest []*Fault, hit *Fault) {
	for i, f := range faults {
		if strings.HasSuffix(path, f.Path) {
			if f.Times--; f.Times <= 0 {
				faults = slices.Delete(slices.Clone(faults), i, i+1)
			}
			return faults, f
		}
	}
	return faults, nil
}

func (f *Fault) answer(w http.ResponseWriter) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(f.Status)
	_, _ = io.WriteString(w, f.Body)
}

// Mend takes back all faults.
func (b *Bluesky) Mend() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = nil
}
