package bottest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Mastodon is a server of Mastodon's client API with one account, a bot's,
// for tests. It is strict: an unknown call, parameter or field, or a post
// beyond the limits fails the test. Set its fields before it is used.
type Mastodon struct {
	Token    string
	MaxChars int // of a post
	// GoToSocial makes it one: no Idempotency-Key, no stream of events.
	GoToSocial bool
	// Old makes it know only the first form of the instance.
	Old bool

	tb testing.TB

	mu        sync.Mutex
	notes     []mastodonNote
	statuses  map[string]map[string]any
	posts     []MastodonPost
	keys      map[string]int // Idempotency-Key -> index in posts
	likes     []string
	serial    int
	faults    []*Fault
	onPost    func()
	calls     []string
	listeners []*io.PipeWriter
}

type mastodonNote struct {
	id   int
	body map[string]any
}

// MastodonPost is what the bot posted.
type MastodonPost struct {
	ID                            string
	Status, InReplyTo, Visibility string
}

// MastodonMention is a post that notifies the bot.
type MastodonMention struct {
	Author     string // account id; "me" is the bot
	Content    string // HTML; empty is a mention and "unroll"
	Visibility string // empty means public
	InReplyTo  string
	ToBot      bool // InReplyTo is the bot's
	Quote      map[string]any
	Language   string
	Bot        bool
	At         time.Time // zero means now
}

// MastodonBot is how a post names the bot.
const MastodonBot = `<span class="h-card"><a href="https://social.example/@unroll" class="u-url mention">@<span>unroll</span></a></span>`

// NewMastodon makes a server for one test.
func NewMastodon(tb testing.TB) *Mastodon {
	return &Mastodon{
		Token: "mastodon-token-of-no-worth", MaxChars: 500, tb: tb,
		statuses: map[string]map[string]any{}, keys: map[string]int{}, serial: 1000,
	}
}

// RoundTrip serves a call without any socket, streams too.
func (s *Mastodon) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(req.URL.Path, "/api/v1/streaming/") || s.GoToSocial {
		return inProcess(s, req)
	}
	if req.Header.Get("Authorization") != "Bearer "+s.Token {
		s.tb.Error("mastodon: a stream without the token")
	}
	r, w := io.Pipe()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, "GET "+req.URL.Path)
	s.listeners = append(s.listeners, w)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: r, Request: req}, nil
}

// Hang makes all streams end.
func (s *Mastodon) Hang() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.listeners {
		_ = w.Close() // a pipe's never fails
	}
	s.listeners = nil
}

// Post puts a post of somebody that the bot can read, and gives its id.
func (s *Mastodon) Post(url string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serial++
	id := strconv.Itoa(s.serial)
	s.statuses[id] = map[string]any{"id": id, "url": url, "uri": url, "visibility": "public"}
	return id
}

// Mention lets somebody name the bot, and gives the post's id.
func (s *Mastodon) Mention(m MastodonMention) string {
	s.mu.Lock()
	s.serial += 2
	id := strconv.Itoa(s.serial)
	if m.Content == "" {
		m.Content = "<p>" + MastodonBot + " unroll</p>"
	}
	if m.Visibility == "" {
		m.Visibility = "public"
	}
	if m.At.IsZero() {
		m.At = time.Now()
	}
	body := map[string]any{
		"id": id, "uri": "https://social.example/users/carol/statuses/" + id, "url": "https://social.example/@carol/" + id,
		"account": map[string]any{"id": m.Author, "acct": "carol@social.example", "bot": m.Bot},
		"content": m.Content, "visibility": m.Visibility, "language": m.Language, "in_reply_to_id": nil, "in_reply_to_account_id": nil,
		"mentions": []any{map[string]any{"id": "me", "acct": "unroll", "url": "https://social.example/@unroll"}},
	}
	if m.InReplyTo != "" {
		body["in_reply_to_id"], body["in_reply_to_account_id"] = m.InReplyTo, "somebody"
	}
	if m.ToBot {
		body["in_reply_to_account_id"] = "me"
	}
	if m.Quote != nil {
		body["quote"] = m.Quote
	}
	s.statuses[id] = body
	s.notes = append(s.notes, mastodonNote{s.serial, map[string]any{
		"id": strconv.Itoa(s.serial), "type": "mention", "created_at": m.At.UTC().Format("2006-01-02T15:04:05.000Z"),
		"account": body["account"], "status": body,
	}})
	listeners := slices.Clone(s.listeners)
	s.mu.Unlock()
	for _, w := range listeners {
		_, _ = io.WriteString(w, ":thump\nevent: notification\ndata: {}\n\n")
	}
	return id
}

// Delete takes a post away, though not its notification.
func (s *Mastodon) Delete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.statuses, id)
}

// Fail lets calls fail.
func (s *Mastodon) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// Mend takes back all faults.
func (s *Mastodon) Mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// OnPost calls f when the bot has posted, before it hears of that.
func (s *Mastodon) OnPost(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onPost = f
}

// Posts gives what the bot posted.
func (s *Mastodon) Posts() []MastodonPost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// Likes gives the posts that the bot likes.
func (s *Mastodon) Likes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.likes)
}

// Calls counts the calls so far whose method and path begin so.
func (s *Mastodon) Calls(prefix string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// ServeHTTP serves a call.
func (s *Mastodon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.tb.Errorf("mastodon: %v", err)
	}
	call := r.Method + " " + r.URL.Path
	s.mu.Lock()
	s.calls = append(s.calls, call)
	var f *Fault
	s.faults, f = fault(s.faults, r.URL.Path)
	s.mu.Unlock()
	if f != nil && !f.After {
		f.answer(w)
		return
	}
	s.mu.Lock()
	status, out := s.serve(r, call, body)
	hook := s.onPost
	s.mu.Unlock()
	if call == "POST /api/v1/statuses" && status == 200 && hook != nil {
		hook()
	}
	if f != nil {
		f.answer(w)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(out)
}

func (s *Mastodon) serve(r *http.Request, call string, body []byte) (int, any) {
	notFound := map[string]string{"error": "Record not found"}
	if r.Header.Get("Authorization") != "Bearer "+s.Token {
		return 401, map[string]string{"error": "The access token is invalid"}
	}
	switch call {
	case "GET /api/v1/accounts/verify_credentials":
		return 200, map[string]any{"id": "me", "acct": "unroll", "url": "https://social.example/@unroll", "bot": true}
	case "GET /api/v2/instance":
		if s.Old {
			return 404, notFound
		}
		return 200, map[string]any{"configuration": map[string]any{
			"statuses": map[string]any{"max_characters": s.MaxChars, "characters_reserved_per_url": 23},
			"urls":     map[string]any{"streaming": "wss://streaming.social.example"},
		}}
	case "GET /api/v1/instance":
		return 200, map[string]any{"max_toot_chars": s.MaxChars, "urls": map[string]any{"streaming_api": "wss://streaming.social.example"}}
	case "GET /api/v1/notifications":
		return s.list(r)
	case "POST /api/v1/statuses":
		return s.post(r, body)
	}
	id, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/statuses/"), "/")
	status, ok := s.statuses[id]
	switch {
	case r.URL.Path == "/api/v1/streaming/user/notification":
		return 404, notFound
	case !strings.HasPrefix(r.URL.Path, "/api/v1/statuses/"):
		s.tb.Errorf("mastodon: no call %s here", call)
		return 404, notFound
	case !ok:
		return 404, notFound
	case rest == "" && r.Method == http.MethodGet:
		return 200, status
	case rest == "context" && r.Method == http.MethodGet:
		down := []any{}
		for _, p := range s.posts {
			if p.InReplyTo == id {
				down = append(down, map[string]any{"id": p.ID, "in_reply_to_id": id, "account": map[string]any{"id": "me"}, "content": p.html()})
			}
		}
		return 200, map[string]any{"ancestors": []any{}, "descendants": down}
	case rest == "favourite" && r.Method == http.MethodPost:
		if !slices.Contains(s.likes, id) {
			s.likes = append(s.likes, id)
		}
		return 200, status
	}
	s.tb.Errorf("mastodon: no call %s here", call)
	return 404, notFound
}

// html is a post as the server shows it: its addresses as links.
func (p *MastodonPost) html() string {
	var b strings.Builder
	for line := range strings.Lines(p.Status) {
		for w := range strings.FieldsSeq(line) {
			if strings.HasPrefix(w, "https://") {
				w = `<a href="` + w + `" rel="nofollow">` + w + "</a>"
			}
			b.WriteString(w + " ")
		}
		b.WriteString("<br>")
	}
	return b.String()
}

// list gives notifications, two a page: so that paging is met early.
func (s *Mastodon) list(r *http.Request) (int, any) {
	const most = 2
	q := r.URL.Query()
	for k := range q {
		if !slices.Contains([]string{"types[]", "limit", "min_id", "max_id"}, k) {
			s.tb.Errorf("mastodon: notifications have no parameter %s", k)
		}
	}
	var found []mastodonNote
	bound := func(name string) (int, bool) {
		n, err := strconv.Atoi(q.Get(name))
		return n, err == nil
	}
	after, hasAfter := bound("min_id")
	before, hasBefore := bound("max_id")
	for _, n := range s.notes {
		if (!hasAfter || n.id > after) && (!hasBefore || n.id < before) {
			found = append(found, n)
		}
	}
	if hasAfter {
		found = found[:min(most, len(found))]
	} else {
		found = found[max(0, len(found)-most):]
	}
	out := []any{}
	for _, n := range slices.Backward(found) {
		out = append(out, n.body)
	}
	return 200, out
}

func (s *Mastodon) post(r *http.Request, body []byte) (int, any) {
	var p struct {
		Status      string `json:"status"`
		InReplyTo   string `json:"in_reply_to_id"`
		Visibility  string `json:"visibility"`
		ContentType string `json:"content_type"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		s.tb.Errorf("mastodon: post: %v", err)
	}
	if n := len([]rune(p.Status)); n > s.MaxChars || n == 0 {
		s.tb.Errorf("mastodon: a post of %d characters", n)
		return 422, map[string]string{"error": "Validation failed: Text character limit exceeded"}
	}
	if !slices.Contains([]string{"unlisted", "direct"}, p.Visibility) || !strings.HasPrefix(p.Status, "@carol@social.example ") {
		s.tb.Errorf("mastodon: post %+v", p)
	}
	if strings.Count(p.Status, "@") != strings.Count(p.Status, "@\u2060")+2 {
		s.tb.Errorf("mastodon: the post calls somebody: %q", p.Status)
	}
	if _, ok := s.statuses[p.InReplyTo]; !ok {
		return 404, map[string]string{"error": "The post you are trying to reply to does not appear to exist."}
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		s.tb.Error("mastodon: a post without an Idempotency-Key")
	}
	if i, ok := s.keys[key]; ok && !s.GoToSocial {
		return 200, map[string]any{"id": s.posts[i].ID}
	}
	s.serial++
	s.keys[key] = len(s.posts)
	s.posts = append(s.posts, MastodonPost{fmt.Sprint(s.serial), p.Status, p.InReplyTo, p.Visibility})
	return 200, map[string]any{"id": fmt.Sprint(s.serial)}
}
