package misskey_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/internal/httpx"
	"unrollbot/unroll"
	"unrollbot/unroll/source/misskey"
	"unrollbot/unroll/source/sourcetest"
)

// rich is a thread that has everything a note can have: the asked one is the
// third of five, with an answer by somebody else between.
func rich() *fake {
	f := newFake()
	quoted := f.note(1, "lin", 0, "The **old** tide tables are wrong.", object{
		"user": object{"id": "ulin", "username": "lin", "host": "far.example", "name": "Lin"}, "uri": "https://far.example/users/lin/statuses/7",
	})
	f.note(2, "mara", 0, "🌊 **Tides**, a thread. See [the table](https://tides.example/table?utm_source=x) #tides", object{"cw": "the sea", "visibility": "home"})
	f.note(3, "mara", 2, "@mara $[tada Twice] a day, says @lin@far.example :wave:", object{"files": []object{
		{"type": "image/webp", "url": "https://cdn.example/1.webp", "thumbnailUrl": "https://cdn.example/1s.webp", "comment": "A pier at low tide", "isSensitive": true, "properties": object{"width": 800, "height": 600}},
		{"type": "application/pdf", "url": "https://cdn.example/1.pdf"},
	}})
	f.note(4, "tom", 3, "Why?")
	f.note(5, "mara", 4, "The moon.")
	f.note(6, "mara", 3, "Which is your sea?", object{"poll": object{
		"choices": []object{{"text": "North", "votes": 3}, {"text": "South", "votes": 4}}, "multiple": true, "expiresAt": "2026-12-01T00:00:00.000Z",
	}})
	f.note(7, "mara", 6, "Compare:", object{"renoteId": at(1), "renote": quoted, "updatedAt": "2026-11-24T09:00:00.000Z"})
	f.note(8, "tom", 0, "I quote you", object{"renoteId": at(3)})
	return f
}

func TestContract(t *testing.T) {
	good := rich()
	sourcetest.Run(t, sourcetest.Harness{
		New: func(t testing.TB, base string, d httpx.Doer) unroll.Source {
			src, err := misskey.New(misskey.Config{Trusted: []string{strings.TrimPrefix(base, "http://")}}, d)
			if err != nil {
				t.Fatal(err)
			}
			return src
		},
		Ref: func(base string) unroll.Ref {
			return unroll.Ref{Network: unroll.Mastodon, Host: strings.TrimPrefix(base, "http://"), ID: at(3)}
		},
		Good:     good,
		Requests: 6,
	})
}

func TestGolden(t *testing.T) {
	f := rich()
	src := f.serve(t, 0)
	th := sourcetest.Unroll(t, src, f.ref(at(3)))
	sourcetest.Golden(t, "thread.golden.json", th, f.host, "notes.example")
}

func TestMatch(t *testing.T) {
	t.Parallel()
	src, err := misskey.New(misskey.Config{}, httpx.New(httpx.Config{}))
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{
		"9abcdefgh1":                 true, // aid
		"abc0000010000000":           true, // aidx
		"650f1a2b3c4d5e6f7a8b9c0d":   true, // ObjectID, meid
		"01HF0000000000000000000000": true, // ULID
		"01hf0000000000000000000000": true,
		"01Hf0000000000000000000000": false,
		"650f1a2b3c4d5e6f7a8b9c0z":   false,
		"1234567890":                 false, // all digits: Mastodon
		"113000000000000000":         false,
		"AbCdEfGhIj":                 false, // a flake of Pleroma is mixed, and longer
		"abc":                        false,
	} {
		if got := src.Match(unroll.Ref{Network: unroll.Mastodon, Host: "notes.example", ID: id}); got != want {
			t.Errorf("%s: %v, want %v", id, got, want)
		}
	}
	if _, err := misskey.New(misskey.Config{}, nil); err == nil {
		t.Error("no error without a client")
	}
}

func TestFetch(t *testing.T) {
	t.Parallel()
	const show, up, user, down = "notes/show ", "notes/conversation ", "users/show ", "notes/children "
	tests := []struct {
		name  string
		world func(f *fake)
		ask   int
		calls int
		want  []string // posts of the thread, gaps with their reason
		state unroll.State
		asked []string
	}{
		{
			name: "a lone note", world: func(f *fake) { f.chain("ann", 1, 1) }, ask: 1,
			want: []string{"1"}, state: unroll.Complete, asked: []string{show + at(1), user + "uann"},
		},
		{
			name: "from the root", world: func(f *fake) { f.chain("ann", 1, 3) }, ask: 1,
			want: []string{"1", "2", "3"}, state: unroll.Complete,
			asked: []string{show + at(1), user + "uann", down + at(1), down + at(2)},
		},
		{
			name: "from the end", world: func(f *fake) { f.chain("ann", 1, 3) }, ask: 3,
			want: []string{"1", "2", "3"}, state: unroll.Complete,
			asked: []string{show + at(3), up + at(3), user + "uann", down + at(1), down + at(2)},
		},
		{
			name: "a renote leads to the original", world: func(f *fake) {
				f.chain("ann", 1, 2)
				f.note(3, "bob", 0, "", object{"text": nil, "renoteId": at(1), "renote": f.notes[at(1)]})
			}, ask: 3,
			want: []string{"1", "2"}, state: unroll.Complete,
			asked: []string{show + at(3), user + "uann", down + at(1)},
		},
		{
			name: "an answer by somebody else stands for what it answers", world: func(f *fake) {
				f.chain("ann", 1, 2)
				f.note(3, "bob", 2, "Nice")
			}, ask: 3,
			want: []string{"1", "2"}, state: unroll.Complete,
			asked: []string{show + at(3), up + at(3), user + "uann", down + at(2), down + at(1)},
		},
		{
			name: "replies by others are not gone into", world: func(f *fake) {
				f.chain("ann", 1, 2)
				f.note(3, "bob", 2, "Nice")
				f.note(4, "bob", 3, "Very")
			}, ask: 1,
			want: []string{"1", "2"}, state: unroll.Complete,
			asked: []string{show + at(1), user + "uann", down + at(1), down + at(2)},
		},
		{
			name: "more replies than a page", world: func(f *fake) {
				f.chain("ann", 1, 2)
				for n := 10; n < 120; n++ {
					f.note(n, "bob", 1, "Nice")
				}
			}, ask: 1,
			want: []string{"1", "2"}, state: unroll.Complete,
			asked: []string{show + at(1), user + "uann", down + at(1), down + at(1)},
		},
		{
			name: "more notes above than a page", world: func(f *fake) { f.chain("ann", 1, 102) }, ask: 102, calls: 3,
			want: []string{"1", "…", "102"}, state: unroll.Partial,
			asked: []string{show + at(102), up + at(102), up + at(102), user + "uann"},
		},
		{
			name: "out of calls", world: func(f *fake) { f.chain("ann", 1, 9) }, ask: 1, calls: 4,
			want: []string{"1", "2", "3"}, state: unroll.Partial,
			asked: []string{show + at(1), user + "uann", down + at(1), down + at(2)},
		},
		{
			name: "the note above is gone", world: func(f *fake) { f.note(2, "ann", 1, "On") }, ask: 2,
			want: []string{"2"}, state: unroll.Unknown, asked: []string{show + at(2), up + at(2), user + "uann"},
		},
		{
			name: "for followers in the middle", world: func(f *fake) {
				f.chain("ann", 1, 3)
				maps.Copy(f.notes[at(2)], object{"visibility": "followers", "isHidden": true, "text": nil})
			}, ask: 3,
			want: []string{"1", "2 private", "3"}, state: unroll.Partial,
			asked: []string{show + at(3), up + at(3), user + "uann", down + at(1)},
		},
		{
			name: "a copy is no proof of the end", world: func(f *fake) {
				f.note(1, "ann", 0, "Far", object{"user": object{"id": "uann", "username": "ann", "host": "far.example"}, "url": "https://far.example/@ann/1"})
			}, ask: 1,
			want: []string{"1"}, state: unroll.Unknown, asked: []string{show + at(1), user + "uann"},
		},
		{
			name: "in a circle", world: func(f *fake) {
				f.chain("ann", 1, 2)
				f.notes[at(1)]["replyId"] = at(2)
			}, ask: 1,
			want: []string{"2", "1"}, state: unroll.Unknown,
			asked: []string{show + at(1), up + at(1), user + "uann", down + at(1)},
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			tc.world(f)
			src := f.serve(t, tc.calls)
			conv, err := src.Fetch(t.Context(), f.ref(at(tc.ask)))
			if err != nil {
				t.Fatal(err)
			}
			sourcetest.CheckConversation(t, conv)
			th, err := unroll.Assemble(conv)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, names(&th)); diff != "" {
				t.Errorf("thread (-want +got)\n%s", diff)
			}
			if th.Verdict.State != tc.state {
				t.Errorf("verdict %+v, want %s", th.Verdict, tc.state)
			}
			if diff := cmp.Diff(tc.asked, f.calls); diff != "" {
				t.Errorf("calls (-want +got)\n%s", diff)
			}
		})
	}
}

// names lists the numbers of a thread's notes; of many the first and the last.
func names(th *unroll.Thread) []string {
	var all []string
	for p := range th.All {
		name := strings.TrimLeft(p.ID[3:9], "0")
		if p.Gap != nil {
			name += " " + string(p.Gap.Reason)
		}
		all = append(all, name)
	}
	if len(all) > 50 {
		return []string{all[0], "…", all[len(all)-1]}
	}
	return all
}

func TestErrors(t *testing.T) {
	t.Parallel()
	refused := func(code string) string { return `{"error":{"code":"` + code + `","message":"No."}}` }
	tests := []struct {
		name   string
		status int
		body   string
		kind   unroll.Kind
		sure   bool
	}{
		{"no such note", 400, refused("NO_SUCH_NOTE"), unroll.KindNotFound, true},
		{"an id of another form", 400, refused("INVALID_PARAM"), unroll.KindNotFound, true},
		{"closed to strangers", 400, refused("CREDENTIAL_REQUIRED"), unroll.KindLoginRequired, true},
		{"closed to strangers, by status", 401, refused("CREDENTIAL_REQUIRED"), unroll.KindLoginRequired, true},
		{"too often", 429, refused("RATE_LIMIT_EXCEEDED"), unroll.KindRateLimited, true},
		{"too often, by code alone", 400, refused("RATE_LIMIT_EXCEEDED"), unroll.KindRateLimited, true},
		{"down", 502, `{}`, unroll.KindUpstream, true},
		{"an error of its own", 500, refused("INTERNAL_ERROR"), unroll.KindUpstream, true},
		{"a server of another kind", 404, `{"error":"Record not found"}`, unroll.KindNotFound, false},
		{"a server that has no POST", 405, `{}`, unroll.KindUpstream, false},
		{"for followers", 200, `{"id":"` + at(1) + `","visibility":"followers","user":{"id":"u","username":"ann"}}`, unroll.KindPrivate, true},
		{"without an author", 200, `{"id":"` + at(1) + `","visibility":"public"}`, unroll.KindUpstream, false},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.fail = func(string) (int, string) { return tc.status, tc.body }
			src := f.serve(t, 0)
			_, err := src.Fetch(t.Context(), f.ref(at(1)))
			if kind := unroll.KindOf(err); kind != tc.kind {
				t.Fatalf("kind %q, want %q: %v", kind, tc.kind, err)
			}
			e, ok := err.(*unroll.Error) //nolint:errorlint // sources return it bare
			if !ok || e.Sure != tc.sure {
				t.Errorf("sure %v, want %v: %v", ok && e.Sure, tc.sure, err)
			}
		})
	}
}

func TestWishToBeLeftAlone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, profile string
		status        int
		kind          unroll.Kind
	}{
		{"asks for it", "Sailor. #NoBot please", 0, unroll.KindOptedOut},
		{"says something else", "I like #nobots", 0, ""},
		{"profiles are closed", "", http.StatusUnauthorized, ""},
		{"nobody can tell", "", http.StatusBadGateway, unroll.KindUpstream},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.chain("ann", 1, 1)
			f.profiles["ann"] = tc.profile
			f.fail = func(call string) (int, string) {
				if strings.HasPrefix(call, "users/") {
					return tc.status, "{}"
				}
				return 0, ""
			}
			src := f.serve(t, 1)
			if _, err := src.Fetch(t.Context(), f.ref(at(1))); unroll.KindOf(err) != tc.kind {
				t.Errorf("kind %q, want %q: %v", unroll.KindOf(err), tc.kind, err)
			}
		})
	}
}
