package unroll_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
)

func TestParseRefRefuses(t *testing.T) {
	tests := []struct {
		text string
		kind unroll.Kind
		hint string // a word of it
	}{
		{"", unroll.KindInvalidRef, "no link"},
		{"hello", unroll.KindInvalidRef, "no link"},
		{"0", unroll.KindInvalidRef, "no link"},
		{"18446744073709551616", unroll.KindInvalidRef, "no link"},
		{"https://example.com/", unroll.KindInvalidRef, "not a link to a post"},
		{"https://", unroll.KindInvalidRef, "not a web address"},
		{"ftp://x.com/gopher/status/20", unroll.KindInvalidRef, ""},
		{"https://x.com/i/spaces/1abc", unroll.KindUnsupported, "space"},
		{"https://x.com/i/broadcasts/1abc", unroll.KindUnsupported, "broadcast"},
		{"https://x.com/i/article/1841206275088290279", unroll.KindUnsupported, "article"},
		{"https://x.com/i/lists/20", unroll.KindUnsupported, "list"},
		{"https://x.com/gopher", unroll.KindInvalidRef, "profile"},
		{"https://x.com/", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/abc", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/20abc", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/-20", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/0", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/gopher/status/18446744073709551616", unroll.KindInvalidRef, "/status/"},
		{"https://x.com/@gopher/12345", unroll.KindInvalidRef, "/status/"},
		{"https://fxtwitter.com/users/gopher/statuses", unroll.KindInvalidRef, "/status/"},
		{"https://x.com:8080/gopher/status/20", unroll.KindInvalidRef, "odd port"},
		{"https://x.com:8080/@gopher/12345", unroll.KindInvalidRef, "odd port"},
		{"https://gopher:secret@x.com/gopher/status/20", unroll.KindInvalidRef, "user name"},
		{"https://evil.example@x.com/gopher/status/20", unroll.KindInvalidRef, "user name"},
		{"https://bsky.app/profile/gopher.example", unroll.KindInvalidRef, "profile"},
		{"https://bsky.app/profile/gopher.example/feed/abc", unroll.KindUnsupported, "feed"},
		{"https://bsky.app/profile/handle.invalid/post/" + rkey, unroll.KindInvalidRef, "DID"},
		{"https://bsky.app/profile/gopher/post/" + rkey, unroll.KindInvalidRef, "/profile/"},
		{"https://bsky.app/profile/gopher.example/post/..", unroll.KindInvalidRef, "/profile/"},
		{"at://" + did + "/app.bsky.graph.list/" + rkey, unroll.KindUnsupported, "record"},
		{"at://" + did, unroll.KindInvalidRef, "at://"},
		{"https://unknown.example/profile/gopher.example/post/hello", unroll.KindInvalidRef, "not a link to a post"},
		{"https://skyview.social/", unroll.KindInvalidRef, "inside"},
		{"https://skyview.social/?url=https%3A%2F%2Fskyview.social%2F%3Furl%3Dx.com/gopher/status/20", unroll.KindInvalidRef, "inside"},
		{"https://social.example/@gopher", unroll.KindInvalidRef, "profile"},
		{"https://social.example/@gopher@other.example", unroll.KindInvalidRef, "profile"},
		{"https://social.example/@gopher/a-story-of-2023", unroll.KindInvalidRef, ""},
		{"https://social.example/@gopher/2023/03", unroll.KindInvalidRef, ""},
		{"https://social.example/notes/javascript", unroll.KindInvalidRef, ""},
		{"https://social.example/notes/2023", unroll.KindInvalidRef, ""},
		{"https://social.example/objects/9f8b1d2c", unroll.KindInvalidRef, ""},
		{"https://www.youtube.com/@gopher/12345", unroll.KindUnsupported, "do not read"},
		{"https://medium.com/@gopher/12345", unroll.KindUnsupported, "do not read"},
		{"https://www.tiktok.com/@gopher/video/12345", unroll.KindUnsupported, "do not read"},
		{"https://localhost/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://127.0.0.1/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://2130706433:80/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://0x7f.1:80/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://social.example:0/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://social.example:70000/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://social_1.example/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://-social.example/@gopher/12345", unroll.KindInvalidRef, "server"},
		{"https://elk.zone/x.com/@gopher/12345", unroll.KindInvalidRef, "own address"},
		{"https://t.co/", unroll.KindInvalidRef, "short link"},
		{"https://t.co/../../etc", unroll.KindInvalidRef, "short link"},
		{"https://x.com/gopher/status/20" + strings.Repeat("x", 3000), unroll.KindInvalidRef, "no link"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			r, err := unroll.ParseRef(tt.text)
			if unroll.KindOf(err) != tt.kind {
				t.Fatalf("got %v, %v; want %s", r, err, tt.kind)
			}
			if !r.IsZero() {
				t.Errorf("got %v beside an error", r)
			}
			var e *unroll.Error
			if !errors.As(err, &e) || e.Op == "" || !strings.Contains(e.Error(), tt.hint) {
				t.Errorf("got %v, want an error with %q", err, tt.hint)
			}
		})
	}
}

// Links may hold what was said in private; errors go to logs.
func TestParseRefErrorsKeepSecrets(t *testing.T) {
	for _, text := range []string{
		"https://gopher:secret@x.com/gopher/status/20",
		"https://x.com/secret/status?token=secret",
		"https://skyview.social/?url=https://example.com/secret",
		"https://secret:secret/secret",
		"tell nobody: secret",
	} {
		if _, err := unroll.ParseRef(text); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("ParseRef(%q): %v", text, err)
		}
	}
}

func TestFindRefs(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"none", "unroll this please", nil},
		{"one", "unroll https://x.com/gopher/status/20 please", []string{"/x/20"}},
		{"in order, each once", "x.com/a/status/2 x.com/b/status/1 https://fxtwitter.com/c/status/2", []string{"/x/2", "/x/1"}},
		{"several networks", "https://bsky.app/profile/a.example/post/" + rkey + "\nhttps://social.example/@a/1", []string{"/bluesky/a.example/" + rkey, "/mastodon/social.example/1"}},
		{"short", "https://t.co/AbCdEf1234", []string{"/short/t.co/AbCdEf1234"}},
		{"left alone", "<https://x.com/a/status/1> $https://x.com/a/status/2 <x.com/a/status/3> $x.com/a/status/4 https://x.com/a/status/5", []string{"/x/5"}},
		{"left alone in Markdown", "[a](<https://x.com/a/status/1>) [b](https://x.com/a/status/2)", []string{"/x/2"}},
		{"left alone with a comma inside", "<https://x.com/a/status/1?s=1,2>", nil},
		{"opened and not closed", "a < https://x.com/a/status/1 and <https://x.com/a/status/2 b>", []string{"/x/1", "/x/2"}},
		{"spoiler", "||https://x.com/a/status/1||", []string{"/x/1"}},
		{"address as its own name", "[https://x.com/a/status/1](https://x.com/a/status/1)", []string{"/x/1"}},
		{"lists", "x.com/a/status/1,x.com/a/status/2;x.com/a/status/3", []string{"/x/1", "/x/2", "/x/3"}},
		{"without spaces", "看https://x.com/a/status/1，https://x.com/a/status/2。x.com/a/status/3！", []string{"/x/1", "/x/2", "/x/3"}},
		{"numbers and at:// are talk", "20 at://" + did + "/app.bsky.feed.post/" + rkey, nil},
		{"no posts", "https://x.com/gopher https://youtube.com/watch?v=1 https://example.com/a/b and/or e.g./x", nil},
		{"mail", "gopher@x.com/a/status/1", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, r := range unroll.FindRefs(tt.text) {
				got = append(got, r.Path())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParsePathRefuses(t *testing.T) {
	for _, path := range []string{
		"", "/", "x/20", "/x", "/x/", "/x/0", "/x/020", "/x/abc", "/x/20/", "/x/20/1", "/x/18446744073709551616", "/X/20", "//x/20",
		"/bluesky/" + rkey, "/bluesky/gopher/" + rkey, "/bluesky/Gopher.example/" + rkey, "/bluesky/a.example/..", "/bluesky/a.example/a/b",
		"/bluesky/did:plc/" + rkey, "/bluesky/did:plc:/" + rkey, "/bluesky/did:plc:a%3A/" + rkey, "/bluesky/handle.invalid/" + rkey, "/bluesky/a.example/" + strings.Repeat("a", 513),
		"/mastodon/social.example", "/mastodon/social.example/", "/mastodon/social.example/.", "/mastodon/social.example/..", "/mastodon/social.example/1/2",
		"/mastodon/Social.example/1", "/mastodon/social.example:443/1", "/mastodon/social.example:080/1", "/mastodon/social.example:/1", "/mastodon/localhost/1",
		"/mastodon/127.0.0.1/1", "/mastodon/[::1]:80/1", "/mastodon/x.com/1", "/mastodon/nitter.net/1", "/mastodon/a@social.example/1", "/mastodon/social.example/a b",
		"/mastodon/social.example/1?a", "/mastodon/social.example/" + strings.Repeat("1", 129), "/mastodon/" + strings.Repeat("a.", 200) + "example/1",
		"/short/example.com/a", "/short/t.co/", "/short/t.co/a//b", "/short/t.co/a/", "/short/t.co/../a", "/short/t.co:8080/a", "/myspace/1", "/short/t.co",
	} {
		if r, err := unroll.ParsePath(path); unroll.KindOf(err) != unroll.KindInvalidRef {
			t.Errorf("ParsePath(%q) = %+v, %v", path, r, err)
		}
	}
}

func TestRefValid(t *testing.T) {
	for _, r := range []unroll.Ref{
		{},
		{Network: unroll.X, ID: "20", Host: "x.com"},
		{Network: unroll.X, ID: "20", Author: "a.example"},
		{Network: unroll.Bluesky, Host: "bsky.app", Author: "a.example", ID: rkey},
		{Network: unroll.Mastodon, Host: "social.example", Author: "a.example", ID: "1"},
		{Network: unroll.Mastodon, ID: "1"},
		{Network: unroll.Short, Host: "t.co", Author: "a", ID: "1"},
	} {
		if r.Valid() {
			t.Errorf("%+v is valid", r)
		}
	}
}

// Reading a message is linear in its length, whatever it holds.
func TestFindRefsHostile(t *testing.T) {
	for name, unit := range map[string]string{
		"schemes":  "http://",
		"opened":   "<http://x.com/a,",
		"slashes":  "https://a.b/" + strings.Repeat("/", 100),
		"percents": "https://a.b/%%%%%%%%%",
		"dots":     "a.b/.",
		"wrapped":  "https://skyview.social/?url=",
		"colons":   "://",
		"labels":   "https://" + strings.Repeat("a.", 900) + "/ ",
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Repeat(unit, 1<<20/len(unit))
			start := time.Now()
			if refs := unroll.FindRefs(text); refs != nil {
				t.Errorf("got %v", refs)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("1 MiB took %v", took)
			}
		})
	}
}

func ExampleParseRef() {
	r, err := unroll.ParseRef("||https://d.fxtwitter.com/gopher/status/1841206275088290279?s=20||")
	fmt.Println(r, err)

	_, err = unroll.ParseRef("https://x.com/i/spaces/1abc")
	fmt.Println(unroll.KindOf(err))
	// Output:
	// /x/1841206275088290279 <nil>
	// unsupported
}

func ExampleFindRefs() {
	for _, r := range unroll.FindRefs("This (x.com/gopher/status/20) but not <https://x.com/gopher/status/21>, and https://social.example/@gopher/12345.") {
		fmt.Println(r)
	}
	// Output:
	// /x/20
	// /mastodon/social.example/12345
}

func BenchmarkFindRefs(b *testing.B) {
	text := strings.Repeat("some words, a link: https://x.com/gopher/status/1841206275088290279?s=20 and more. ", 20)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		unroll.FindRefs(text)
	}
}

// seedLinks are the forms of the tables above.
func seedLinks(f *testing.F) {
	for _, tt := range linkForms {
		f.Add(tt.link)
	}
}

// checkRef fails unless r is valid and its path leads back to it.
func checkRef(t *testing.T, r unroll.Ref) {
	t.Helper()
	if !r.Valid() {
		t.Fatalf("%+v is not valid", r)
	}
	if back, err := unroll.ParsePath(r.Path()); err != nil || back != r {
		t.Fatalf("ParsePath(%q) = %+v, %v", r.Path(), back, err)
	}
}

func FuzzParseRef(f *testing.F) {
	seedLinks(f)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := unroll.ParseRef(text)
		if err != nil {
			if k := unroll.KindOf(err); k != unroll.KindInvalidRef && k != unroll.KindUnsupported {
				t.Fatalf("kind %q", k)
			}
			return
		}
		checkRef(t, r)
	})
}

func FuzzFindRefs(f *testing.F) {
	seedLinks(f)
	f.Fuzz(func(t *testing.T, text string) {
		seen := map[unroll.Ref]bool{}
		for _, r := range unroll.FindRefs(text) {
			checkRef(t, r)
			if seen[r] {
				t.Fatalf("%v twice", r)
			}
			seen[r] = true
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, tt := range linkForms {
		f.Add(tt.path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := unroll.ParsePath(path)
		if err != nil {
			return
		}
		if !r.Valid() || r.Path() != path {
			t.Fatalf("%q became %+v", path, r)
		}
	})
}
