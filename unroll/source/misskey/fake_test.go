package misskey_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/misskey"
	"unrollbot/unroll/source/sourcetest"
)

type object = map[string]any

// fake is a server with Misskey's own limits. Its notes are JSON objects, so
// that a test can send whatever it likes.
type fake struct {
	host     string
	notes    map[string]object
	profiles map[string]string // descriptions by user name
	fail     func(call string) (status int, body string)

	mu    sync.Mutex
	calls []string
}

func newFake() *fake { return &fake{notes: map[string]object{}, profiles: map[string]string{}} }

// at makes the n-th id of a server: aidx, 16 characters.
func at(n int) string { return fmt.Sprintf("abc%06d0000000", n) }

func now() time.Time { return time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC) }

func (f *fake) serve(t testing.TB, calls int) *misskey.Source {
	t.Helper()
	base, d := sourcetest.Serve(t, f)
	f.host = strings.TrimPrefix(base, "http://")
	src, err := misskey.New(misskey.Config{Trusted: []string{f.host}, Calls: calls, Now: now}, d)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func (f *fake) ref(id string) unroll.Ref {
	return unroll.Ref{Network: unroll.Mastodon, Host: f.host, ID: id}
}

// note adds the n-th note, by user in reply to the parent-th, 0 for none.
func (f *fake) note(n int, user string, parent int, text string, more ...object) object {
	o := object{
		"id": at(n), "createdAt": now().Add(time.Duration(n) * time.Minute).Format(time.RFC3339), "text": text, "cw": nil,
		"user":       object{"id": "u" + user, "username": user, "host": nil, "name": strings.ToUpper(user), "avatarUrl": "https://cdn.example/" + user + ".webp"},
		"visibility": "public", "replyId": nil, "renoteId": nil, "repliesCount": 0, "files": []any{},
	}
	if up, ok := f.notes[at(parent)]; ok {
		o["replyId"] = at(parent)
		up["repliesCount"] = up["repliesCount"].(int) + 1
	} else if parent != 0 {
		o["replyId"] = at(parent)
	}
	for _, m := range more {
		maps.Copy(o, m)
	}
	f.notes[at(n)] = o
	return o
}

// chain adds notes by user from the first to the last, each a reply to the one
// before it.
func (f *fake) chain(user string, first, last int) {
	for n := first; n <= last; n++ {
		parent := 0
		if n > first {
			parent = n - 1
		}
		f.note(n, user, parent, fmt.Sprintf("Note %d.", n))
	}
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var in struct {
		NoteID, UserID, UntilID string
		Limit, Offset           int
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(&in) != nil {
		refuse(w, http.StatusNotFound, "UNKNOWN_API_ENDPOINT")
		return
	}
	what := strings.TrimPrefix(r.URL.Path, "/api/")
	call := what + " " + in.NoteID + in.UserID
	f.calls = append(f.calls, call)
	if f.fail != nil {
		if status, body := f.fail(call); status != 0 {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
			return
		}
	}
	if what == "users/show" {
		_ = json.NewEncoder(w).Encode(object{"id": in.UserID, "description": f.profiles[strings.TrimPrefix(in.UserID, "u")]})
		return
	}
	n, ok := f.notes[in.NoteID]
	if !ok {
		refuse(w, http.StatusBadRequest, "NO_SUCH_NOTE")
		return
	}
	var out any
	switch what {
	case "notes/show":
		out = n
	case "notes/conversation":
		out = f.above(n, in.Offset, in.Limit)
	case "notes/children":
		out = f.below(in.NoteID, in.UntilID, in.Limit)
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (f *fake) above(n object, offset, limit int) []object {
	all := []object{}
	for len(all) < offset+limit {
		id, _ := n["replyId"].(string)
		up, ok := f.notes[id]
		if !ok {
			break
		}
		all, n = append(all, up), up
	}
	return all[min(offset, len(all)):]
}

// below lists replies and quotes, newest first.
func (f *fake) below(id, until string, limit int) []object {
	all := []object{}
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(f.notes))) {
		n := f.notes[key]
		isQuote := n["renoteId"] == id && n["text"] != ""
		if (n["replyId"] == id || isQuote) && (until == "" || key < until) && n["visibility"] != "followers" && len(all) < limit {
			all = append(all, n)
		}
	}
	return all
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"error": object{"code": code, "message": "No."}})
}
