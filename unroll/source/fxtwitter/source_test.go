package fxtwitter

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/sourcetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// fake answers /2/thread/{id} from a map, and 404 in FxTwitter's way for ids
// that it does not hold.
type fake struct {
	answers map[string]http.HandlerFunc
	mu      sync.Mutex
	asked   []string
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/2/thread/")
	f.mu.Lock()
	f.asked = append(f.asked, id)
	f.mu.Unlock()
	if h, ok := f.answers[id]; ok {
		h(w, r)
		return
	}
	answer(404, `{"status":null,"thread":null,"author":null,"code":404}`)(w, r)
}

func answer(code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}
}

func start(t testing.TB, f *fake) *Source {
	t.Helper()
	base, d := sourcetest.Serve(t, f)
	s, err := New(Config{BaseURL: base + "/"}, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ref(id string) unroll.Ref { return unroll.Ref{Network: unroll.X, ID: id} }

func TestFetchGolden(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{
		"thread":          "1800000000000000003",
		"no_thread":       "1800000000000000001",
		"note":            "1800000000000000011",
		"article":         "1800000000000000021",
		"article_preview": "1800000000000000022",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answers: map[string]http.HandlerFunc{id: answer(200, string(fixture(t, name)))}}
			conv, err := start(t, f).Fetch(t.Context(), ref(id))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.CheckConversation(t, conv)
			if len(f.asked) != 1 {
				t.Errorf("asked for %v", f.asked)
			}
			conv.FetchedAt = time.Time{}
			got, err := json.MarshalIndent(conv, "", "\t")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// tell makes an answer out of one line per post: "id<parent by author, n
// replies", "!id" for a tombstone. The first line is the status asked for.
func tell(lines ...string) http.HandlerFunc {
	var list []map[string]any
	for _, l := range lines {
		var id, parent, who string
		replies := 0
		if gone, ok := strings.CutPrefix(l, "!"); ok {
			list = append(list, map[string]any{"type": "tombstone", "id": gone, "reason": "deleted"})
			continue
		}
		if _, err := fmt.Sscan(strings.NewReplacer("<", " ", ",", " ").Replace(l), &id, &parent, &who, &replies); err != nil {
			panic(l)
		}
		s := map[string]any{
			"type": "status", "id": id, "replies": replies,
			"raw_text": map[string]any{"text": "post " + id},
			"author":   map[string]any{"id": handles[who], "screen_name": who},
		}
		if parent != "0" {
			handle := "nobody"
			if up, to, ok := strings.Cut(parent, "@"); ok {
				parent, handle = up, to
			}
			s["replying_to"] = map[string]any{"screen_name": handle, "status": parent}
		}
		list = append(list, s)
	}
	body, err := json.Marshal(map[string]any{"code": 200, "status": list[0], "thread": list[1:]})
	if err != nil {
		panic(err)
	}
	return answer(200, string(body))
}

var handles = map[string]string{"ada": "1", "bob": "2", "cyd": "3"}

func TestCalls(t *testing.T) {
	t.Parallel()
	type answers = map[string]http.HandlerFunc
	tests := []struct {
		name    string
		asked   string
		answers answers
		calls   string
		posts   string // IDs, a gap with "!"
		seen    string
		cuts    string
	}{
		{
			name: "nothing below the last post", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,0")},
			calls:   "10", posts: "10 11 12",
		},
		{
			name: "a lone post with replies by others", asked: "10",
			answers: answers{"10": tell("10<0,ada,93", "10<0,ada,93")},
			calls:   "10", posts: "10", seen: "10",
		},
		{
			name: "asked for the last post", asked: "12",
			answers: answers{"12": tell("12<11@ada,ada,9", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,9")},
			calls:   "12", posts: "10 11 12", seen: "12",
		},
		{
			name: "more below the last post", asked: "10",
			answers: answers{
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5"),
				"11": tell("11<10@ada,ada,5", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,3"),
				"12": tell("12<11@ada,ada,3", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,3"),
			},
			calls: "10 11 12", posts: "10 11 12", seen: "12",
		},
		{
			name: "numbering says more, whatever the counter", asked: "10",
			answers: answers{
				"10": func(w http.ResponseWriter, r *http.Request) {
					answer(200, `{"code":200,"status":{"type":"status","id":"10","replies":1,"author":{"id":"1","screen_name":"ada"},"raw_text":{"text":"(1/3)"}},`+
						`"thread":[{"type":"status","id":"10","replies":1,"author":{"id":"1","screen_name":"ada"},"raw_text":{"text":"(1/3)"}},`+
						`{"type":"status","id":"11","replies":0,"author":{"id":"1","screen_name":"ada"},"raw_text":{"text":"more: 2/3"},"replying_to":{"screen_name":"ada","status":"10"}}]}`)(w, r)
				},
				"11": tell("11<10@ada,ada,0", "10<0,ada,1", "11<10@ada,ada,0", "12<11@ada,ada,0"),
			},
			calls: "10 11", posts: "10 11 12",
		},
		{
			name: "a stranger's answer means the thread above", asked: "31",
			answers: answers{
				"31": tell("31<11@ada,bob,4", "10<0,ada,1", "11<10@ada,ada,5", "31<11@ada,bob,4"),
				"11": tell("11<10@ada,ada,5", "10<0,ada,1", "11<10@ada,ada,5", "12<11@ada,ada,0"),
			},
			calls: "31 11", posts: "10 11 31 12", seen: "31",
		},
		{
			name: "a stranger's answer to a stranger's answer", asked: "32",
			answers: answers{
				"32": tell("32<31@bob,cyd,0", "10<0,ada,2", "31<10@ada,bob,1", "32<31@bob,cyd,0"),
				"31": tell("31<10@ada,bob,1", "10<0,ada,2", "31<10@ada,bob,1"),
				"10": tell("10<0,ada,2", "10<0,ada,2", "11<10@ada,ada,0"),
			},
			calls: "32 31 10", posts: "10 31 32 11", seen: "31 32",
		},
		{
			name: "somebody's own thread below a stranger's post is theirs", asked: "20",
			answers: answers{"20": tell("20<10@bob,ada,1", "10<0,bob,7", "20<10@bob,ada,1", "21<20@ada,ada,0")},
			calls:   "20", posts: "10 20 21",
		},
		{
			name: "the beginning is missing, and found", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "11<10@ada,ada,1", "12<11@ada,ada,0"),
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,1"),
			},
			calls: "12 10", posts: "11 12 10", seen: "12",
		},
		{
			name: "the beginning is gone", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "11<10@ada,ada,1", "12<11@ada,ada,0"),
				"10": answer(404, `{"code":404,"status":{"type":"tombstone","reason":"deleted","id":"10"},"thread":null}`),
			},
			calls: "12 10", posts: "11 12 !10", seen: "12",
		},
		{
			name: "the beginning cannot be asked for now", asked: "12",
			answers: answers{
				"12": tell("12<11@ada,ada,0", "11<10@ada,ada,1", "12<11@ada,ada,0"),
				"10": answer(500, `{}`),
			},
			calls: "12 10", posts: "11 12", seen: "12",
		},
		{
			name: "a deleted post in the middle", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "!11", "12<11@ada,ada,0")},
			calls:   "10", posts: "10 !11 12", seen: "10",
		},
		{
			name: "two deleted posts, one without id", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "!11", "!", "13<12@ada,ada,0")},
			calls:   "10", posts: "10 !11 !12 13", seen: "10",
		},
		{
			name: "a deleted post at the top, under another id", asked: "12",
			answers: answers{"12": tell("12<11@ada,ada,0", "!9", "11<10@ada,ada,1", "12<11@ada,ada,0")},
			calls:   "12", posts: "!10 11 12", seen: "12",
		},
		{
			name: "a deleted post beside the chain", asked: "10",
			answers: answers{"10": tell("10<0,ada,1", "10<0,ada,1", "!11", "12<10@ada,ada,0")},
			calls:   "10", posts: "10 !11 12",
		},
		{
			name: "a repost leads to the original", asked: "50",
			answers: answers{"50": tell("10<0,ada,5", "10<0,ada,5", "11<10@ada,ada,0")},
			calls:   "50", posts: "10 11",
		},
		{
			name: "a repost of a last post", asked: "50",
			answers: answers{"50": tell("10<0,ada,5", "10<0,ada,5")},
			calls:   "50", posts: "10", seen: "10",
		},
		{
			name: "no thread, no further calls", asked: "11",
			answers: answers{"11": answer(200, `{"code":200,"status":{"type":"status","id":"11","replies":3,"author":{"id":"1","screen_name":"ada"},`+
				`"replying_to":{"screen_name":"ada","status":"10"}},"thread":null}`)},
			calls: "11", posts: "11", cuts: "11 no-thread",
		},
		{
			name: "two people answering each other in a circle", asked: "10",
			answers: answers{
				"10": tell("10<20@bob,ada,0", "20<10@ada,bob,0", "10<20@bob,ada,0"),
				"20": tell("20<10@ada,bob,0", "20<10@ada,bob,0"),
			},
			calls: "10 20", posts: "20 10", seen: "10",
		},
		{
			name: "the asked post is gone and has no id", asked: "11",
			answers: answers{"11": tell("!", "10<0,ada,1", "!11", "12<11@ada,ada,0")},
			calls:   "11", posts: "10 !11 12",
		},
		{
			name: "the second call fails", asked: "10",
			answers: answers{
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5"),
				"11": answer(429, `{}`),
			},
			calls: "10 11", posts: "10 11", cuts: "11 failed",
		},
		{
			name: "the second call knows no thread", asked: "10",
			answers: answers{
				"10": tell("10<0,ada,1", "10<0,ada,1", "11<10@ada,ada,5"),
				"11": answer(200, `{"code":200,"status":{"type":"status","id":"11","author":{"id":"1","screen_name":"ada"}},"thread":null}`),
			},
			calls: "10 11", posts: "10 11", cuts: "11 no-thread",
		},
		{
			name: "a cycle", asked: "10",
			answers: answers{"10": tell("10<12@ada,ada,1", "10<12@ada,ada,1", "11<10@ada,ada,1", "12<11@ada,ada,1")},
			calls:   "10", posts: "10 11 12",
		},
		{
			name: "its own parent", asked: "10",
			answers: answers{"10": tell("10<10@ada,ada,1", "10<10@ada,ada,1")},
			calls:   "10", posts: "10", seen: "10",
		},
		{
			name: "the asked post is gone, the thread is not", asked: "11",
			answers: answers{"11": tell("!11", "10<0,ada,1", "!11", "12<11@ada,ada,0")},
			calls:   "11", posts: "10 !11 12",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answers: tc.answers}
			conv, err := start(t, f).Fetch(t.Context(), ref(tc.asked))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.CheckConversation(t, conv)
			var posts, seen, cuts []string
			for _, p := range conv.Posts {
				if p.Gap != nil {
					posts = append(posts, "!"+p.ID)
				} else {
					posts = append(posts, p.ID)
				}
			}
			for _, p := range []string{"10", "11", "12", "31", "32"} {
				if conv.Seen[p] {
					seen = append(seen, p)
				}
			}
			for _, c := range conv.Cuts {
				cuts = append(cuts, c.After+" "+string(c.Reason))
			}
			got := [...]string{strings.Join(f.asked, " "), strings.Join(posts, " "), strings.Join(seen, " "), strings.Join(cuts, ", ")}
			if diff := cmp.Diff([...]string{tc.calls, tc.posts, tc.seen, tc.cuts}, got); diff != "" {
				t.Errorf("calls, posts, seen, cuts: %s", diff)
			}
		})
	}
}

func TestParentAuthors(t *testing.T) {
	t.Parallel()
	f := &fake{answers: map[string]http.HandlerFunc{
		"12": tell("12<11@Ada,ada,0", "!10", "11<10@ADA,ada,1", "12<11@Ada,ada,0"),
		"30": tell("30<29@zed,cyd,0", "30<29@zed,cyd,0"),
	}}
	s := start(t, f)
	conv, err := s.Fetch(t.Context(), ref("12"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range conv.Posts {
		if p.Gap == nil && p.ParentAuthorID != "1" {
			t.Errorf("post %s: parent's author %q", p.ID, p.ParentAuthorID)
		}
	}
	if conv, err = s.Fetch(t.Context(), ref("30")); err != nil {
		t.Fatal(err)
	}
	if got := conv.Posts[0]; got.ParentID != "29" || got.ParentAuthorID != "" {
		t.Errorf("a parent of whom only the handle is known: %+v", got)
	}
}

func TestNestedQuote(t *testing.T) {
	t.Parallel()
	const link = "https://t.co/aaaaaaaaaa"
	quote := func(id string, inner *status) *status {
		to := "https://x.com/ada/status/"
		if inner != nil {
			to += inner.ID
		}
		return &status{
			ID: id, Author: author{ID: "1", ScreenName: "ada"}, Quote: inner,
			RawText: rawText{Text: "see " + link, Facets: []facet{{
				Type: "url", Indices: []int{4, 27}, Original: link, Display: "x.com/ada/…", Replacement: to,
			}}},
		}
	}
	p := toPost(quote("7", quote("8", quote("9", nil))))
	if p.Text != "see" || p.Quote.Text != "see x.com/ada/…" || p.Quote.URL != "https://x.com/ada/status/8" {
		t.Errorf("text %q, quote %+v", p.Text, p.Quote)
	}
}

// TestOwnLink: a text that X cut short ends in a link to the post itself.
func TestOwnLink(t *testing.T) {
	t.Parallel()
	p := toPost(&status{ID: "7", RawText: rawText{Text: "much… https://t.co/aaaaaaaaaa", Facets: []facet{{
		Type: "url", Indices: []int{6, 29}, Original: "https://t.co/aaaaaaaaaa", Replacement: "https://x.com/i/web/status/7",
	}}}})
	if p.Text != "much…" {
		t.Errorf("text %q", p.Text)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	base, d := sourcetest.Serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var id int
		_, _ = fmt.Sscanf(r.URL.Path, "/2/thread/%d", &id)
		self, next := fmt.Sprintf("%d<%d@ada,ada,1", id, id-1), fmt.Sprintf("%d<%d@ada,ada,1", id+1, id)
		if id == 1 {
			self = "1<0,ada,1"
		}
		tell(self, self, next)(w, r) // never ends
	}))
	s, err := New(Config{BaseURL: base, MaxCalls: 4}, d)
	if err != nil {
		t.Fatal(err)
	}
	conv, err := s.Fetch(t.Context(), ref("1"))
	if err != nil {
		t.Fatal(err)
	}
	want := []unroll.Cut{{After: "5", Reason: unroll.CutBudget}}
	if diff := cmp.Diff(want, conv.Cuts); diff != "" || len(conv.Posts) != 5 {
		t.Errorf("%d posts, cuts: %s", len(conv.Posts), diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		code int
		body string
		kind unroll.Kind
	}{
		{"unknown or deleted", 404, `{"status":null,"thread":null,"author":null,"code":404}`, unroll.KindNotFound},
		{"deleted", 404, `{"status":{"type":"tombstone","reason":"deleted"},"thread":null,"author":null,"code":404}`, unroll.KindDeleted},
		{"suspended", 404, `{"status":{"type":"tombstone","reason":"suspended","id":"20"},"thread":null,"code":404}`, unroll.KindBlocked},
		{"private", 404, `{"status":{"type":"tombstone","reason":"private"},"code":404}`, unroll.KindPrivate},
		{"unavailable", 404, `{"status":{"type":"tombstone","reason":"unavailable"},"code":404}`, unroll.KindNotFound},
		{"deleted with 200", 200, `{"status":{"type":"tombstone","reason":"deleted"},"thread":[],"code":200}`, unroll.KindDeleted},
		{"protected account", 401, `{"status":null,"thread":null,"author":null,"code":401}`, unroll.KindPrivate},
		{"our name is missing", 401, `{"error":"You must say who you are"}`, unroll.KindUpstream},
		{"no such route", 404, `{"code":404,"message":"Not found"}`, unroll.KindUpstream},
		{"not an id", 400, `{"code":400,"message":"id: must be a number"}`, unroll.KindInvalidRef},
		{"refused in the body", 200, `{"status":null,"thread":null,"code":404}`, unroll.KindNotFound},
		{"failed in the body", 200, `{"status":null,"thread":null,"code":500}`, unroll.KindUpstream},
		{"a post without author", 200, `{"code":200,"status":{"type":"status","id":"20"},"thread":null}`, unroll.KindUpstream},
		{"a post with a strange id", 200, `{"code":200,"status":{"type":"status","id":"a/b","author":{"id":"1","screen_name":"ada"}},"thread":[]}`, unroll.KindUpstream},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, &fake{answers: map[string]http.HandlerFunc{"20": answer(tc.code, tc.body)}})
			if _, err := s.Fetch(t.Context(), ref("20")); unroll.KindOf(err) != tc.kind {
				t.Errorf("got %v, want %s", err, tc.kind)
			}
		})
	}
	s := start(t, &fake{})
	if _, err := s.Fetch(t.Context(), ref("abc")); unroll.KindOf(err) != unroll.KindInvalidRef {
		t.Errorf("abc: %v", err)
	}
}

func TestNew(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"api.fxtwitter.com", "ftp://x", "https://", "https://x?y", "::"} {
		if _, err := New(Config{BaseURL: base}, nil); err == nil || !strings.Contains(err.Error(), defaultBaseURL) {
			t.Errorf("%q: %v", base, err)
		}
	}
	s, err := New(Config{}, nil)
	if err != nil || s.base != defaultBaseURL {
		t.Errorf("%+v, %v", s, err)
	}
	for id, want := range map[string]bool{"20": true, "1234567890123456789": true, "": false, "a": false, "99999999999999999999": false} {
		if s.Match(ref(id)) != want {
			t.Errorf("match %q", id)
		}
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	good := &fake{answers: map[string]http.HandlerFunc{
		"1800000000000000103": answer(200, string(fixture(t, "stranger"))),
		"1800000000000000003": answer(200, string(fixture(t, "thread"))),
	}}
	harness := sourcetest.Harness{
		New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
			s, err := New(Config{BaseURL: base}, d)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Ref:      func(string) unroll.Ref { return ref("1800000000000000103") },
		Good:     good,
		Requests: 2,
		Kinds:    map[int]unroll.Kind{400: unroll.KindInvalidRef, 401: unroll.KindUpstream},
	}
	sourcetest.Run(t, harness)

	for name, id := range map[string]string{
		"article": "1800000000000000021", "note": "1800000000000000011",
	} {
		t.Run(name, func(t *testing.T) {
			h := harness
			h.Ref = func(string) unroll.Ref { return ref(id) }
			h.Good, h.Requests = answer(200, string(fixture(t, name))), 1
			sourcetest.Run(t, h)
		})
	}
}

func FuzzAnswer(f *testing.F) {
	for _, name := range []string{"thread", "stranger", "note", "article", "article_preview", "no_thread"} {
		f.Add(fixture(f, name))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var env envelope
		if json.Unmarshal(raw, &env) != nil || env.Status == nil {
			return
		}
		w := newWalk(&env)
		w.next()
		if w.has(w.conv.Asked) {
			sourcetest.CheckConversation(t, w.finish())
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	lines := []string{"1<0,ada,1", "1<0,ada,1"}
	for i := 2; i <= 30; i++ {
		lines = append(lines, fmt.Sprintf("%d<%d@ada,ada,1", i, i-1))
	}
	rec := &recorder{header: http.Header{}}
	tell(lines...)(rec, nil)
	b.ReportAllocs()
	b.SetBytes(int64(len(rec.body)))
	for b.Loop() {
		var env envelope
		if err := json.Unmarshal(rec.body, &env); err != nil {
			b.Fatal(err)
		}
		newWalk(&env).finish()
	}
}

// BenchmarkWalk is to grow as the number of posts does.
func BenchmarkWalk(b *testing.B) {
	for _, n := range []int{100, 1000, 10000} {
		env := &envelope{}
		for i := 1; i <= n; i++ {
			replies := 1
			env.Thread = append(env.Thread, &status{
				ID: fmt.Sprint(i), Author: author{ID: "1", ScreenName: "ada"}, RawText: rawText{Text: "A post of a few words."},
				ReplyingTo: &replyTo{"ada", fmt.Sprint(i - 1)}, Replies: &replies,
			})
		}
		env.Status = env.Thread[0]
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := newWalk(env)
				w.next()
				w.finish()
			}
		})
	}
}

type recorder struct {
	header http.Header
	body   []byte
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(int)             {}
func (r *recorder) Write(b []byte) (int, error) { r.body = append(r.body, b...); return len(b), nil }
