package syndication

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

// fake answers /tweet-result from posts by ID.
type fake struct {
	posts map[string]json.RawMessage
	mu    sync.Mutex
	asked []string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	f.mu.Lock()
	f.asked = append(f.asked, id)
	f.mu.Unlock()
	post, ok := f.posts[id]
	switch {
	case r.URL.Path != "/tweet-result" || r.URL.Query().Get("token") != token(id):
		http.Error(w, "bad request", http.StatusBadRequest)
	case string(post) == "500":
		http.Error(w, "broken", http.StatusInternalServerError)
	case !ok:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		_, _ = w.Write([]byte("<!doctype html>"))
	default:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(post)
	}
}

func recorded(t testing.TB) *fake {
	t.Helper()
	f := &fake{}
	if err := json.Unmarshal(sourcetest.Fixture(t, "posts.json"), &f.posts); err != nil {
		t.Fatal(err)
	}
	return f
}

func start(t testing.TB, f *fake, cfg Config) *Source {
	t.Helper()
	base, d := sourcetest.Serve(t, f)
	cfg.BaseURL = base + "/"
	s, err := New(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ref(id string) unroll.Ref { return unroll.Ref{Network: unroll.X, ID: id} }

func TestFetchGolden(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ id, asked string }{
		// The third post is asked for to get the second with its media.
		"thread":   {"1800000000000000005", "05 03 02"},
		"stranger": {"1800000000000000041", "41 01"},
		"poll":     {"1800000000000000031", "31"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := recorded(t)
			conv, err := start(t, f, Config{}).Fetch(t.Context(), ref(tc.id))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.CheckConversation(t, conv)
			if got := strings.ReplaceAll(strings.Join(f.asked, " "), "18000000000000000", ""); got != tc.asked {
				t.Errorf("asked for %s", got)
			}
			conv.FetchedAt = time.Time{}
			sourcetest.Golden(t, name+".golden", conv)
		})
	}
}

// line makes a post out of "id<parent@author author replies", and more JSON.
func line(l string, more ...string) json.RawMessage {
	var id, parent, who string
	replies := 0
	if _, err := fmt.Sscan(strings.Replace(l, "<", " ", 1), &id, &parent, &who, &replies); err != nil {
		panic(l)
	}
	s := map[string]any{
		"__typename": "Tweet", "id_str": id, "text": "post " + id, "conversation_count": replies,
		"user": map[string]any{"id_str": ids[who], "screen_name": who},
	}
	if up, to, ok := strings.Cut(parent, "@"); ok {
		s["in_reply_to_status_id_str"], s["in_reply_to_user_id_str"] = up, ids[to]
	}
	for _, m := range more {
		if err := json.Unmarshal([]byte(m), &s); err != nil {
			panic(err)
		}
	}
	raw, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return raw
}

var ids = map[string]string{"ada": "1", "bob": "2", "cyd": "3"}

func along(p json.RawMessage) string { return `{"parent":` + string(p) + `}` }

func TestClimb(t *testing.T) {
	t.Parallel()
	gone := json.RawMessage(`{"__typename":"TweetTombstone","tombstone":{"text":{"text":"This post was deleted by its author."}}}`)
	root := `{"self_thread":{"id_str":"10"}}`
	type posts = map[string]json.RawMessage
	tests := []struct {
		name  string
		asked string
		posts posts
		max   int
		calls string
		want  string // posts, a gap with "!"
		cuts  string
	}{
		{"a lone post without replies", "10", posts{"10": line("10<0 ada 0")}, 0, "10", "10", ""},
		{"a lone post with replies", "10", posts{"10": line("10<0 ada 7")}, 0, "10", "10", "10 no-thread"},
		{
			"a counter of no replies that is late", "10",
			posts{"10": line("10<0 ada 0", `{"text":"1/3 First"}`)},
			0, "10", "10", "10 no-thread",
		},
		{
			"one call a post where no parent comes along", "12",
			posts{"12": line("12<11@ada ada 0"), "11": line("11<10@ada ada 1"), "10": line("10<0 ada 1")},
			0, "12 11 10", "12 11 10", "",
		},
		{
			"a parent that came along saves a call", "12",
			posts{"12": line("12<11@ada ada 0", along(line("11<10@ada ada 1"))), "10": line("10<0 ada 1")},
			0, "12 10", "12 11 10", "",
		},
		{
			"a parent that came along is the root", "11",
			posts{"11": line("11<10@ada ada 0", along(line("10<0 ada 1", root)))},
			0, "11", "11 10", "",
		},
		{
			"what the thread answers", "12",
			posts{"12": line("12<11@ada ada 0", along(line("11<9@bob ada 1", along(line("9<0 bob 5")))))},
			0, "12", "12 11 9", "",
		},
		{
			"what the thread answers is not asked for", "12",
			posts{"12": line("12<11@ada ada 0", along(line("11<9@bob ada 1")))},
			0, "12", "12 11", "",
		},
		{
			"an answer to a thread means the thread", "30",
			posts{"30": line("30<11@ada bob 0"), "11": line("11<10@ada ada 4"), "10": line("10<0 ada 1")},
			0, "30 11 10", "30 11 10", "11 no-thread",
		},
		{
			"an answer to an answer", "31",
			posts{"31": line("31<30@bob cyd 0"), "30": line("30<10@ada bob 1"), "10": line("10<0 ada 3")},
			0, "31 30 10", "31 30 10", "10 no-thread",
		},
		{
			"a deleted post, and the root above it", "13",
			posts{"13": line("13<12@ada ada 0", root), "12": gone, "10": line("10<0 ada 1", root)},
			0, "13 12 10", "13 !12 10", "",
		},
		{
			"the root of another author's thread is not this one's", "30",
			posts{"30": line("30<13@ada bob 0", `{"self_thread":{"id_str":"5"}}`), "13": line("13<12@ada ada 0"), "5": line("5<0 bob 0")},
			0, "30 13 12", "30 13 !12", "",
		},
		{
			"a post that is not there, and no root known", "13",
			posts{"13": line("13<12@ada ada 0")},
			0, "13 12", "13 !12", "",
		},
		{
			"a parent that cannot be had now", "13",
			posts{"13": line("13<12@ada ada 0"), "12": json.RawMessage("500")},
			0, "13 12", "13", "",
		},
		{
			"less than whole is more than nothing", "13",
			posts{"13": line("13<12@ada ada 0", along(line("12<0 ada 0"))), "12": json.RawMessage("500")},
			0, "13 12", "13 12", "",
		},
		{
			"no calls left", "13",
			posts{"13": line("13<12@ada ada 0"), "12": line("12<11@ada ada 1"), "11": line("11<10@ada ada 1")},
			2, "13 12", "13 12", "",
		},
		{
			"an old version leads to the current one", "10",
			posts{
				"10": line("10<0 ada 0", `{"edit_control":{"edit_tweet_ids":["10","11"]}}`),
				"11": line("11<0 ada 0", `{"edit_control":{"edit_tweet_ids":["10","11"]}}`),
			},
			0, "10 11", "11", "",
		},
		{
			"a reply to an old version", "13",
			posts{"13": line("13<10@ada ada 0", along(line("12<9@ada ada 0", `{"edit_control":{"edit_tweet_ids":["10","12"]}}`)))},
			0, "13 9", "13 12 !9", "",
		},
		{
			"a cycle", "10",
			posts{"10": line("10<11@ada ada 0"), "11": line("11<10@ada ada 0")},
			0, "10 11", "10 11", "",
		},
		{
			"a cycle through an old version", "12",
			posts{
				"12": line("12<10@ada ada 0", `{"edit_control":{"edit_tweet_ids":["10","12"]}}`),
				"10": line("12<10@ada ada 0", `{"edit_control":{"edit_tweet_ids":["10","12"]}}`),
			},
			0, "12 10", "12", "",
		},
		{
			"a cycle that came along", "12",
			posts{"12": line("12<10@ada ada 0", along(line("12<9@ada ada 0", `{"edit_control":{"edit_tweet_ids":["10","12"]}}`)))},
			0, "12 10", "12 !10", "",
		},
		{"its own parent", "10", posts{"10": line("10<10@ada ada 0")}, 0, "10", "10", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{posts: tc.posts}
			conv, err := start(t, f, Config{MaxCalls: tc.max}).Fetch(t.Context(), ref(tc.asked))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.CheckConversation(t, conv)
			posts, cuts := sourcetest.Outline(conv)
			have := [...]string{strings.Join(f.asked, " "), posts, cuts}
			if diff := cmp.Diff([...]string{tc.calls, tc.want, tc.cuts}, have); diff != "" {
				t.Errorf("calls, posts, cuts: %s", diff)
			}
		})
	}
}

func TestReplyLinks(t *testing.T) {
	t.Parallel()
	f := &fake{posts: map[string]json.RawMessage{
		"13": line("13<10@ada ada 0", along(line("12<9@bob ada 0", `{"edit_control":{"edit_tweet_ids":["10","12"]}}`))),
	}}
	conv, err := start(t, f, Config{}).Fetch(t.Context(), ref("13"))
	if err != nil {
		t.Fatal(err)
	}
	if p := conv.Posts[0]; p.ParentID != "12" || p.ParentAuthorID != "1" {
		t.Errorf("a reply to an old version: %+v", p)
	}
	if p := conv.Posts[1]; p.ParentID != "9" || p.ParentAuthorID != "2" {
		t.Errorf("a reply to somebody: %+v", p)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	stone := func(text string) string {
		return `{"__typename":"TweetTombstone","tombstone":{"text":{"text":"` + text + `"}}}`
	}
	tests := []struct {
		name, body string
		kind       unroll.Kind
	}{
		{"nothing", `{}`, unroll.KindNotFound},
		{"a tombstone without words", `{"__typename":"TweetTombstone","tombstone":{}}`, unroll.KindNotFound},
		{"age wall", stone("Age-restricted adult content. This content might not be appropriate"), unroll.KindLoginRequired},
		{"suspended", stone("This Post is from a suspended account. Learn more"), unroll.KindBlocked},
		{"deleted", stone("This Post was deleted by the Post author. Learn more"), unroll.KindDeleted},
		{"account gone", stone("This Post is from an account that no longer exists."), unroll.KindDeleted},
		{"private", stone("You're unable to view this Post because this account owner limits who can view their Posts."), unroll.KindPrivate},
		{"withheld", stone("This Post from @a has been withheld in B in response to a report from the copyright holder."), unroll.KindBlocked},
		{"against the rules", stone("This Post violated the X Rules."), unroll.KindBlocked},
		{"no author", `{"__typename":"Tweet","id_str":"20","text":"x"}`, unroll.KindUpstream},
		{"a strange id", `{"__typename":"Tweet","id_str":"a/b","text":"x","user":{"id_str":"1","screen_name":"ada"}}`, unroll.KindUpstream},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, &fake{posts: map[string]json.RawMessage{"20": json.RawMessage(tc.body)}}, Config{})
			if _, err := s.Fetch(t.Context(), ref("20")); unroll.KindOf(err) != tc.kind {
				t.Errorf("got %v, want %s", err, tc.kind)
			}
		})
	}
	s := start(t, &fake{}, Config{})
	if _, err := s.Fetch(t.Context(), ref("20")); unroll.KindOf(err) != unroll.KindNotFound {
		t.Errorf("404 as a page: %v", err)
	}
	if _, err := s.Fetch(t.Context(), ref("abc")); unroll.KindOf(err) != unroll.KindInvalidRef {
		t.Errorf("abc: %v", err)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	sourcetest.BaseURLs(t, defaultBaseURL, func(base string) error {
		_, err := New(Config{BaseURL: base}, nil)
		return err
	})
	if s, err := New(Config{}, nil); err != nil || s.base != defaultBaseURL {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		id       string
		requests int
	}{"thread": {"1800000000000000005", 3}, "stranger": {"1800000000000000041", 2}, "poll": {"1800000000000000031", 1}} {
		t.Run(name, func(t *testing.T) {
			sourcetest.Run(t, sourcetest.Harness{
				New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
					s, err := New(Config{BaseURL: base}, d)
					if err != nil {
						t.Fatal(err)
					}
					return s
				},
				Ref:      func(string) unroll.Ref { return ref(tc.id) },
				Good:     recorded(t),
				Requests: tc.requests,
			})
		})
	}
}

func FuzzAnswer(f *testing.F) {
	for _, raw := range recorded(f).posts {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var p tweet
		if json.Unmarshal(raw, &p) != nil || !p.sound() {
			return
		}
		c := newClimb(&p)
		if err := c.up(func(string) (*tweet, error) { return nil, errBudget }); err != nil {
			t.Fatal(err)
		}
		sourcetest.CheckConversation(t, c.finish())
	})
}
