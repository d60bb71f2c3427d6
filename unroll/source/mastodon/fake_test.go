package mastodon_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/mastodon"
	"unrollbot/unroll/source/sourcetest"
)

// fake is a server with Mastodon's own limits. Its posts are JSON objects, so
// that a test can send whatever it likes.
type fake struct {
	host  string
	posts map[string]object
	token string // wanted for every call, if set

	// stops keeps all ancestors back where one of them is gone, as GoToSocial
	// does.
	stops bool
	// refresh is sent with the first context, and what comes after it.
	refresh string
	later   []object
	fail    map[string]int // statuses by path

	mu    sync.Mutex
	calls []string
}

type object map[string]any

func newFake() *fake { return &fake{posts: map[string]object{}, fail: map[string]int{}} }

// serve starts the fake and makes a source that may talk to it.
func (f *fake) serve(t testing.TB, cfg mastodon.Config, others ...*fake) *mastodon.Source {
	t.Helper()
	var trusted []string
	var clients []httpx.Doer
	for _, one := range append([]*fake{f}, others...) {
		base, d := sourcetest.Serve(t, one)
		one.host = strings.TrimPrefix(base, "http://")
		trusted = append(trusted, one.host)
		clients = append(clients, d)
		for _, p := range one.posts {
			one.settle(p)
		}
	}
	d := clients[0]
	if len(others) > 0 {
		c := httpx.New(httpx.Config{Trusted: trusted, Retries: -1})
		t.Cleanup(c.Close)
		d = c
	}
	cfg.Trusted = trusted
	if f.token != "" && cfg.Tokens == nil {
		cfg.Tokens = map[string]string{f.host: f.token}
	}
	src, err := mastodon.New(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// settle writes the server's address into a post.
func (f *fake) settle(p object) {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err)
	}
	clear(p)
	if err := json.Unmarshal([]byte(strings.ReplaceAll(string(raw), "{base}", "http://"+f.host)), &p); err != nil {
		panic(err)
	}
}

func (f *fake) ref(id string) unroll.Ref {
	return unroll.Ref{Network: unroll.Mastodon, Host: f.host, ID: id}
}

// post adds a post by user in reply to parent, "" for none.
func (f *fake) post(id, user, parent, content string, more ...object) object {
	p := object{
		"id": id, "uri": "{base}/users/" + user + "/statuses/" + id, "url": "{base}/@" + user + "/" + id,
		"created_at": time.Date(2026, 11, 1, 0, 0, len(f.posts), 0, time.UTC).Format(time.RFC3339),
		"account": object{
			"id": "1" + user, "acct": user, "display_name": strings.ToUpper(user), "url": "{base}/@" + user,
			"avatar": "{base}/avatars/" + user + ".png", "note": "<p>Writes.</p>", "emojis": []any{},
		},
		"in_reply_to_id": nil, "in_reply_to_account_id": nil, "replies_count": 0,
		"content": content, "spoiler_text": "", "sensitive": false, "visibility": "public", "language": "en",
		"mentions": []any{}, "emojis": []any{}, "media_attachments": []any{}, "reblog": nil, "poll": nil, "card": nil,
	}
	if up, ok := f.posts[parent]; ok {
		p["in_reply_to_id"] = parent
		p["in_reply_to_account_id"] = up["account"].(object)["id"]
		up["replies_count"] = up["replies_count"].(int) + 1
	}
	for _, m := range more {
		maps.Copy(p, m)
	}
	f.posts[id] = p
	return p
}

// chain adds n posts by user, numbered on from first, below parent.
func (f *fake) chain(user, parent string, first, n int) (last string) {
	for i := first; i < first+n; i++ {
		id := strconv.Itoa(i)
		f.post(id, user, parent, fmt.Sprintf("<p>Post %d.</p>", i))
		parent = id
	}
	return parent
}

func (f *fake) parent(id string) string {
	up, _ := f.posts[id]["in_reply_to_id"].(string)
	return up
}

func (f *fake) isPublic(id string) bool {
	v := f.posts[id]["visibility"]
	return v == "public" || v == "unlisted" || f.token != ""
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, r.URL.RequestURI())
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if f.token != "" && r.Header.Get("Authorization") != "Bearer "+f.token {
		http.Error(w, `{"error":"This method requires an authenticated user"}`, http.StatusUnauthorized)
		return
	}
	if code := f.fail[r.URL.Path]; code != 0 {
		w.WriteHeader(code)
		_, _ = w.Write([]byte(`{"error":"broken"}`))
		return
	}
	p := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/")
	var out any
	switch {
	case len(p) == 3 && p[0] == "accounts" && p[2] == "statuses":
		out = f.list(p[1], r.URL.Query().Get("max_id"), r.URL.Query().Get("min_id"))
	case r.URL.Path == "/api/v2/search":
		out = f.search(r.URL.Query().Get("q"))
	case strings.HasPrefix(r.URL.Path, "/objects/"):
		for id, post := range f.posts {
			if strings.HasSuffix(post["uri"].(string), r.URL.Path) {
				http.Redirect(w, r, "/notice/"+id, http.StatusFound)
				return
			}
		}
	case len(p) > 1 && p[0] == "statuses" && f.posts[p[1]] != nil && f.isPublic(p[1]):
		out = f.posts[p[1]]
		if len(p) == 3 {
			out = f.context(p[1])
			if f.refresh != "" {
				w.Header().Set("Mastodon-Async-Refresh", f.refresh)
				f.refresh = ""
				for _, late := range f.later {
					f.posts[late["id"].(string)] = late
				}
			}
		}
	}
	if out == nil {
		w.WriteHeader(http.StatusNotFound)
		out = object{"error": "Record not found"}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (f *fake) sorted() []string {
	return slices.SortedFunc(maps.Keys(f.posts), func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
}

// context obeys Mastodon's limits: 40 posts above; 60 below, 20 deep, in
// order of their paths, and hidden ones count.
func (f *fake) context(id string) object {
	most, deepest, above := 60, 20, 40
	if f.token != "" {
		most, deepest, above = 4096, 4096, 4096
	}
	ancestors := []object{}
	for up := f.parent(id); up != "" && above > 0; up = f.parent(up) {
		if f.posts[up] == nil {
			if f.stops {
				ancestors = nil
			}
			break
		}
		if f.isPublic(up) {
			ancestors = append(ancestors, f.posts[up])
		}
		above--
	}
	slices.Reverse(ancestors)
	if ancestors == nil {
		ancestors = []object{}
	}

	below := map[string][]string{}
	for _, at := range f.sorted() {
		below[f.parent(at)] = append(below[f.parent(at)], at)
	}
	descendants := []object{}
	var walk func(at string, depth int)
	walk = func(at string, depth int) {
		for _, kid := range below[at] {
			if most == 0 || depth > deepest {
				return
			}
			most--
			if f.isPublic(kid) {
				descendants = append(descendants, f.posts[kid])
			}
			walk(kid, depth+1)
		}
	}
	walk(id, 1)
	return object{"ancestors": ancestors, "descendants": descendants}
}

func (f *fake) list(account, maxID, minID string) []object {
	out := []object{}
	after := func(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }
	for _, at := range f.sorted() {
		p := f.posts[at]
		acc, _ := p["account"].(map[string]any)
		if acc["id"] != account || !f.isPublic(at) || maxID != "" && !after(maxID, at) || minID != "" && !after(at, minID) {
			continue
		}
		out = append(out, p)
	}
	if minID != "" {
		out = out[:min(len(out), 40)]
	} else if len(out) > 40 {
		out = out[len(out)-40:]
	}
	slices.Reverse(out)
	return out
}

func (f *fake) search(q string) object {
	found := []object{}
	for _, p := range f.posts {
		if p["url"] == q || p["uri"] == q {
			found = append(found, p)
		}
	}
	return object{"statuses": found, "accounts": []any{}, "hashtags": []any{}}
}

// gone deletes a post. Mastodon forgets it in the replies; others keep its id.
func (f *fake) gone(id string, forget bool) {
	up := f.posts[f.parent(id)]
	delete(f.posts, id)
	if up != nil {
		up["replies_count"] = up["replies_count"].(int) - 1
	}
	for _, p := range f.posts {
		if p["in_reply_to_id"] == id && forget {
			p["in_reply_to_id"] = nil
		}
	}
}
