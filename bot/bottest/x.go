package bottest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // what OAuth 1.0a signs with
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// X is X's API with one account, a bot's, for tests. It is strict: a call
// that is not signed as OAuth 1.0a says, an unknown parameter, or a post
// beyond the rules fails the test. Set its fields before it is used.
type X struct {
	BotID                         string
	Key, Secret, Token, TokenHush string
	Bearer                        string // the app's own
	// Renamed makes it know only the names of August 2026.
	Renamed bool
	// Lag is how long a post of the bot is missing from the lists, MentionLag
	// how long a mention is.
	Lag, MentionLag time.Duration
	// OtherApp makes Bearer that of another app.
	OtherApp bool

	tb testing.TB

	mu       sync.Mutex
	mentions []xPost
	own      []XPost
	serial   int64
	faults   []*Fault
	onPost   func()
	nonces   map[string]bool
	calls    []string

	subscribed []xSubscription
	streams    []*xStream
}

type xPost struct {
	id   int64
	at   time.Time
	body map[string]any
}

// XPost is what the bot posted.
type XPost struct {
	ID, Text, InReplyTo string
	At                  time.Time
}

// XMention is a post that names the bot. "@bot" in Text is its name.
type XMention struct {
	Author   string
	Text     string // HTML-escaped; empty means "@bot unroll"
	Shown    int    // where the shown text begins, in code points
	ToBot    bool
	Parent   string
	Quote    string
	Links    map[string]string
	Lang     string
	Unranged bool // without display_text_range
	At       time.Time
}

// NewX makes the API for one test.
func NewX(tb testing.TB) *X {
	return &X{
		BotID: "4242", Key: "consumer-key", Secret: "consumer-secret&", Token: "4242-token", TokenHush: "token-secret=",
		Bearer: "app-AAAA",
		tb:     tb, serial: 7, nonces: map[string]bool{},
	}
}

// RoundTrip serves a call without any socket, streams too.
func (x *X) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Path == "/2/activity/stream" {
		return streamed(x, req)
	}
	return inProcess(x, req)
}

// Mention lets somebody name the bot, and gives the post's id.
func (x *X) Mention(m XMention) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if m.Text == "" {
		m.Text = "@bot unroll"
	}
	if m.At.IsZero() {
		m.At = time.Now()
	}
	x.serial++
	id := (m.At.UnixMilli()-1288834974657)<<22 + x.serial
	body := map[string]any{
		"id": fmt.Sprint(id), "author_id": m.Author, "conversation_id": "20", "text": m.Text, "lang": m.Lang,
		"created_at": m.At.UTC().Format("2006-01-02T15:04:05.000Z"), "edit_history_tweet_ids": []string{fmt.Sprint(id)},
	}
	if !m.Unranged {
		body["display_text_range"] = []int{m.Shown, len([]rune(m.Text))}
	}
	spanOf := func(part string) map[string]any {
		before, _, ok := strings.Cut(m.Text, part)
		if !ok {
			x.tb.Errorf("x: %q is not in the post", part)
		}
		start := len([]rune(before))
		return map[string]any{"start": start, "end": start + len([]rune(part))}
	}
	var names, urls []any
	for rest, at := m.Text, 0; ; {
		i := strings.Index(rest, "@")
		if i < 0 {
			break
		}
		name, _, _ := strings.Cut(rest[i:], " ")
		start := at + len([]rune(rest[:i]))
		who := "999"
		if name == "@bot" {
			who = x.BotID
		}
		names = append(names, map[string]any{"start": start, "end": start + len([]rune(name)), "username": name[1:], "id": who})
		at, rest = start+len([]rune(name)), rest[i+len(name):]
	}
	for part, link := range m.Links {
		u := spanOf(part)
		u["url"], u["expanded_url"] = part, link
		urls = append(urls, u)
	}
	body["entities"] = map[string]any{"mentions": names, "urls": urls}
	var refs []any
	if m.Parent != "" {
		refs = append(refs, map[string]any{"type": "replied_to", "id": m.Parent})
		body["in_reply_to_user_id"] = "999"
	}
	if m.ToBot {
		body["in_reply_to_user_id"] = x.BotID
	}
	if m.Quote != "" {
		refs = append(refs, map[string]any{"type": "quoted", "id": m.Quote})
	}
	body[x.names("referenced_tweets", "referenced_posts")] = refs
	x.mentions = append(x.mentions, xPost{id, m.At, body})
	before, _, named := strings.Cut(m.Text, "@bot")
	if named && len([]rune(before)) >= m.Shown && (!m.Unranged || !m.ToBot) && m.Author != x.BotID {
		x.announce(body)
	}
	return fmt.Sprint(id)
}

func (x *X) names(before, now string) string {
	if x.Renamed {
		return now
	}
	return before
}

// Delete lets the author of a mention delete it.
func (x *X) Delete(id string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mentions = slices.DeleteFunc(x.mentions, func(m xPost) bool { return fmt.Sprint(m.id) == id })
}

// Fail lets calls fail.
func (x *X) Fail(f Fault) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = append(x.faults, &f)
}

// Mend takes back all faults.
func (x *X) Mend() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.faults = nil
}

// OnPost calls f when the bot has posted, before it hears of that.
func (x *X) OnPost(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.onPost = f
}

// Posts gives what the bot posted.
func (x *X) Posts() []XPost {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.own)
}

// Calls counts the calls so far whose method and path end so.
func (x *X) Calls(suffix string) int {
	x.mu.Lock()
	defer x.mu.Unlock()
	n := 0
	for _, c := range x.calls {
		if strings.HasSuffix(c, suffix) {
			n++
		}
	}
	return n
}

// ServeHTTP serves a call.
func (x *X) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		x.tb.Errorf("x: %v", err)
	}
	call := r.Method + " " + r.URL.Path
	x.mu.Lock()
	x.calls = append(x.calls, call)
	var f *Fault
	x.faults, f = fault(x.faults, call)
	x.mu.Unlock()
	if f != nil && !f.After {
		f.answer(w)
		return
	}
	if call == "GET /2/activity/stream" {
		x.stream(w, r)
		return
	}
	x.mu.Lock()
	status, out := x.serve(r, call, body)
	hook := x.onPost
	x.mu.Unlock()
	if status == http.StatusCreated && hook != nil {
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

func xProblem(status int, title, detail string) (int, any) {
	return status, map[string]any{"title": title, "detail": detail, "type": "about:blank", "status": status}
}

func (x *X) serve(r *http.Request, call string, body []byte) (int, any) {
	if strings.HasPrefix(r.URL.Path, "/2/activity/") {
		return x.activity(r, body)
	}
	if !x.signed(r) {
		return xProblem(401, "Unauthorized", "Unauthorized")
	}
	switch call {
	case "GET /2/users/" + x.BotID + "/mentions":
		return x.list(r, slices.DeleteFunc(slices.Clone(x.mentions), func(p xPost) bool { return time.Since(p.at) < x.MentionLag }))
	case "GET /2/users/" + x.BotID + "/tweets":
		var own []xPost
		for _, p := range x.own {
			if time.Since(p.At) >= x.Lag {
				id, _ := strconv.ParseInt(p.ID, 10, 64)
				own = append(own, xPost{id, p.At, map[string]any{
					"id": p.ID, x.names("referenced_tweets", "referenced_posts"): []any{map[string]any{"type": "replied_to", "id": p.InReplyTo}},
				}})
			}
		}
		return x.list(r, own)
	case "POST /2/tweets":
		return x.post(body)
	default:
		x.tb.Errorf("x: no call %s here", call)
		return xProblem(404, "Not Found", "")
	}
}

// list gives posts, newest first, two a page: so that paging is met early.
func (x *X) list(r *http.Request, posts []xPost) (int, any) {
	const most = 2
	q := r.URL.Query()
	fields := x.names("tweet.fields", "post.fields")
	for k := range q {
		if !slices.Contains([]string{"max_results", "since_id", "start_time", "pagination_token", fields}, k) {
			return xProblem(400, "Invalid Request", "unknown parameter "+k)
		}
	}
	if !strings.Contains(q.Get(fields), x.names("referenced_tweets", "referenced_posts")) {
		return xProblem(400, "Invalid Request", "fields")
	}
	since, _ := strconv.ParseInt(q.Get("since_id"), 10, 64)
	from, _ := time.Parse(time.RFC3339, q.Get("start_time"))
	start, _ := strconv.Atoi(q.Get("pagination_token"))
	var found []any
	posts = slices.Clone(posts)
	slices.SortFunc(posts, func(a, b xPost) int { return int(b.id>>20 - a.id>>20) })
	for _, p := range posts {
		if p.id > since && !p.at.Before(from) {
			found = append(found, p.body)
		}
	}
	meta := map[string]any{"result_count": len(found)}
	end := min(start+most, len(found))
	if end < len(found) {
		meta["next_token"] = strconv.Itoa(end)
	}
	return 200, map[string]any{"data": found[min(start, end):end], "meta": meta}
}

func (x *X) post(body []byte) (int, any) {
	var p struct {
		Text  string `json:"text"`
		Reply struct {
			To string `json:"in_reply_to_tweet_id"`
		} `json:"reply"`
	}
	d := json.NewDecoder(strings.NewReader(string(body)))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		x.tb.Errorf("x: post: %v", err)
	}
	weight := 0
	for w := range strings.FieldsSeq(p.Text) {
		if strings.HasPrefix(w, "https://") {
			w = strings.Repeat("x", 23)
		}
		for _, c := range w {
			if weight++; c > 4351 && (c < 8192 || c > 8247) {
				weight++
			}
		}
		weight++
	}
	if weight-1 > 280 || p.Text == "" {
		x.tb.Errorf("x: a post of weight %d: %q", weight-1, p.Text)
	}
	if strings.Count(p.Text, "@") != strings.Count(p.Text, "@\u2060") {
		x.tb.Errorf("x: the post calls somebody: %q", p.Text)
	}
	if !slices.ContainsFunc(x.mentions, func(m xPost) bool { return fmt.Sprint(m.id) == p.Reply.To }) {
		return xProblem(403, "Forbidden", "You may reply only to those who named you.")
	}
	if slices.ContainsFunc(x.own, func(o XPost) bool { return o.Text == p.Text }) {
		return xProblem(403, "Forbidden", "You are not allowed to create a Tweet with duplicate content.")
	}
	x.serial++
	now := time.Now()
	id := fmt.Sprint((now.UnixMilli()-1288834974657)<<22 + x.serial)
	x.own = append(x.own, XPost{id, p.Text, p.Reply.To, now})
	return 201, map[string]any{"data": map[string]any{"id": id, "text": p.Text}}
}

// signed checks a call's signature (RFC 5849, section 3.4).
func (x *X) signed(r *http.Request) bool {
	params := url.Values{}
	for k, v := range r.URL.Query() {
		params[k] = v
	}
	signature := ""
	rest, ok := strings.CutPrefix(r.Header.Get("Authorization"), "OAuth ")
	for part := range strings.SplitSeq(rest, ", ") {
		name, value, _ := strings.Cut(part, "=")
		value, err := url.PathUnescape(strings.Trim(value, `"`))
		if err != nil {
			x.tb.Errorf("x: authorization: %v", err)
		}
		if name == "oauth_signature" {
			signature = value
			continue
		}
		params.Set(name, value)
	}
	if !ok || params.Get("oauth_consumer_key") != x.Key || params.Get("oauth_token") != x.Token {
		return false
	}
	if n := params.Get("oauth_nonce"); x.nonces[n] {
		x.tb.Error("x: a nonce was used twice")
	} else {
		x.nonces[n] = true
	}
	enc := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	var pairs []string
	for k, vs := range params {
		for _, v := range vs {
			pairs = append(pairs, enc(k)+"="+enc(v))
		}
	}
	slices.Sort(pairs)
	mac := hmac.New(sha1.New, []byte(enc(x.Secret)+"&"+enc(x.TokenHush)))
	mac.Write([]byte(r.Method + "&" + enc(cmp.Or(r.URL.Scheme, "http")+"://"+cmp.Or(r.URL.Host, r.Host)+r.URL.Path) + "&" + enc(strings.Join(pairs, "&"))))
	return signature == base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
