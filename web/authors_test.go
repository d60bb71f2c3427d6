package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/web"
)

// desk is a fake with a thread of Ada's and one of Eve's on X, both listed.
func desk() *fake {
	f := newFake()
	for id, a := range map[string]unroll.Author{"1": {ID: "100", Handle: "ada"}, "2": {ID: "200", Handle: "eve"}} {
		ref := unroll.Ref{Network: unroll.X, ID: id}
		f.threads[ref] = unroll.Thread{Ref: ref, Author: a, Posts: []unroll.Post{{ID: id, Text: "Words."}}}
		f.list = append(f.list, unroll.Listing{Ref: ref, Author: a})
	}
	f.list = append(f.list,
		unroll.Listing{Ref: unroll.Ref{Network: unroll.X, ID: "3"}, Author: unroll.Author{ID: "100"}},
		unroll.Listing{Ref: unroll.Ref{Network: unroll.Bluesky, Author: "did:plc:a", ID: "4"}, Author: unroll.Author{ID: "100"}})
	return f
}

func (f *fake) say(id string, change func(*unroll.Thread)) {
	ref := unroll.Ref{Network: unroll.X, ID: id}
	t := f.threads[ref]
	t.Posts = append([]unroll.Post(nil), t.Posts...)
	change(&t)
	f.threads[ref] = t
}

var codeOn = regexp.MustCompile(`do-not-unroll-[a-z2-7]{16}`)

func codeFor(t *testing.T, h http.Handler, link string) string {
	t.Helper()
	r := get(t, h, "/authors?url="+url.QueryEscape(link))
	code := codeOn.FindString(r.Body)
	if r.StatusCode != http.StatusOK || code == "" {
		t.Fatalf("no code for %s: %d", link, r.StatusCode)
	}
	return code
}

func check(t *testing.T, h http.Handler, link string, header ...string) reply {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/authors", strings.NewReader(url.Values{"url": {link}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return do(t, h, r)
}

const (
	adas = "https://x.com/ada/status/1"
	eves = "https://x.com/eve/status/2"
)

func TestAnAuthorOptsOut(t *testing.T) {
	f := desk()
	f.forgotten = []unroll.Ref{{Network: unroll.X, ID: "3"}}
	s := newServer(t, f, web.Config{})
	code := codeFor(t, s, adas)
	if again := codeFor(t, newServer(t, f, web.Config{}), adas); again != code {
		t.Errorf("another process gives %s, this one %s", again, code)
	}
	if r := check(t, s, adas); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(r.Body, code) {
		t.Errorf("before the code is posted: %d", r.StatusCode)
	}
	if len(f.out) != 0 {
		t.Fatalf("opted out without a code: %v", f.out)
	}
	for _, path := range []string{"/x/1", "/x/3"} { // whose pages are kept from now on
		get(t, s, path)
	}
	f.say("1", func(th *unroll.Thread) {
		th.Branches = []unroll.Branch{{After: "1", Posts: []unroll.Post{{ID: "9", Text: "Here: " + strings.ToUpper(code) + "."}}}}
	})
	if r := check(t, s, adas); r.StatusCode != http.StatusOK || !strings.Contains(r.Body, "Done.") || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %s", r.StatusCode, r.Header)
	}
	if diff := cmp.Diff([]string{"x 100"}, f.out); diff != "" {
		t.Errorf("opted out (-want +got):\n%s", diff)
	}
	for _, path := range []string{"/x/1", "/x/3"} {
		asked := len(f.asked)
		get(t, s, path)
		if len(f.asked) == asked {
			t.Errorf("the page of %s is still kept", path)
		}
	}
}

// TestNobodyOptsOutAnother: what others write, wherever it stands, is no wish
// of the author's.
func TestNobodyOptsOutAnother(t *testing.T) {
	tests := []struct {
		name  string
		check string // whose link is sent
		post  func(f *fake, adas, eves string)
	}{
		{"own code in a stranger's thread", eves, func(f *fake, adas, _ string) {
			f.say("2", func(t *unroll.Thread) { t.Posts[0].Text = adas })
		}},
		{"a stranger's code in the author's thread", adas, func(f *fake, _, eves string) {
			f.say("1", func(t *unroll.Thread) { t.Posts[0].Text = eves })
		}},
		{"in a quote", adas, func(f *fake, adas, _ string) {
			f.say("1", func(t *unroll.Thread) { t.Posts[0].Quote = &unroll.Quote{Text: adas} })
		}},
		{"in what the author answers", adas, func(f *fake, adas, _ string) {
			f.say("1", func(t *unroll.Thread) { t.ReplyTo = &unroll.Quote{Text: adas} })
		}},
		{"in a linked page", adas, func(f *fake, adas, _ string) {
			f.say("1", func(t *unroll.Thread) { t.Posts[0].Card = &unroll.Card{Title: adas, Description: adas} })
		}},
		{"only the beginning", adas, func(f *fake, adas, _ string) {
			f.say("1", func(t *unroll.Thread) { t.Posts[0].Text = adas[:len(adas)-1] })
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := desk()
			s := newServer(t, f, web.Config{})
			tt.post(f, codeFor(t, s, adas), codeFor(t, s, eves))
			if r := check(t, s, tt.check); r.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("status %d", r.StatusCode)
			}
			if len(f.out) != 0 {
				t.Errorf("opted out %v", f.out)
			}
		})
	}
}

// TestAForeignServerProvesNothing: whoever runs a server of Mastodon's kind
// can let it claim any author.
func TestAForeignServerProvesNothing(t *testing.T) {
	f := newFake()
	for host, id := range map[string]string{"evil.example": "https://good.example/@ada", "good.example": "https://good.example/@ada", "none.example": ""} {
		ref := unroll.Ref{Network: unroll.Mastodon, Host: host, ID: "5"}
		f.threads[ref] = unroll.Thread{Ref: ref, Author: unroll.Author{ID: id, Handle: "ada"}, Posts: []unroll.Post{{ID: "5"}}}
	}
	s := newServer(t, f, web.Config{})
	code := codeFor(t, s, "https://good.example/@ada/5")
	for ref, th := range f.threads {
		if ref.ID == "5" {
			th.Posts = []unroll.Post{{ID: "5", Text: code}}
			f.threads[ref] = th
		}
	}
	for _, host := range []string{"evil.example", "none.example"} {
		if r := check(t, s, "https://"+host+"/@ada/5"); r.StatusCode != http.StatusBadRequest || len(f.out) != 0 {
			t.Errorf("%s: %d, opted out %v", host, r.StatusCode, f.out)
		}
	}
	if r := check(t, s, "https://good.example/@ada/5"); r.StatusCode != http.StatusOK || len(f.out) != 1 {
		t.Errorf("at home: %d, %v", r.StatusCode, f.out)
	}
}

func TestOptingOutFails(t *testing.T) {
	broken := errors.New("redis is down")
	tests := []struct {
		name   string
		spoil  func(*fake)
		header []string
		link   string
		status int
	}{
		{"another site's form", func(*fake) {}, []string{"Sec-Fetch-Site", "cross-site"}, adas, 403},
		{"too often", func(f *fake) { f.wait = time.Hour }, nil, adas, 429},
		{"no link", func(*fake) {}, nil, "hello", 400},
		{"no such thread", func(*fake) {}, nil, "https://x.com/ada/status/77", 404},
		{"the secret cannot be had", func(f *fake) { f.valueErr = broken }, nil, adas, 500},
		{"the secret is being made elsewhere", func(f *fake) { f.values["web:secret:made"] = nil }, nil, adas, 500},
		{"the wish cannot be kept", func(f *fake) { f.outErr = broken }, nil, adas, 500},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := desk()
			code := codeFor(t, newServer(t, f, web.Config{}), adas)
			f.say("1", func(th *unroll.Thread) { th.Posts[0].Text = code })
			if tt.name == "the secret is being made elsewhere" {
				delete(f.values, "web:secret")
			}
			tt.spoil(f)
			if r := check(t, newServer(t, f, web.Config{}), tt.link, tt.header...); r.StatusCode != tt.status {
				t.Errorf("status %d, want %d", r.StatusCode, tt.status)
			}
			if len(f.out) != 0 {
				t.Errorf("opted out %v", f.out)
			}
		})
	}
}

func TestContacts(t *testing.T) {
	for contact, want := range map[string]string{
		"hello@unroll.example":     `<a href="mailto:hello@unroll.example">hello@unroll.example</a>`,
		"https://unroll.example/c": `<a href="https://unroll.example/c">https://unroll.example/c</a>`,
		"@ops on the network":      `write to @ops on the network.`,
		"javascript:alert(1)":      `write to javascript:alert(1).`,
		"":                         "",
	} {
		page := get(t, newServer(t, newFake(), web.Config{Contact: contact}), "/authors").Body
		if !strings.Contains(page, want) || strings.Contains(page, "taken down, or") != (contact != "") {
			t.Errorf("%s: %s", contact, page)
		}
	}
}

func TestOptedOutLeadsToTheAuthorsPage(t *testing.T) {
	f := newFake()
	f.errs[unroll.Ref{Network: unroll.X, ID: "6"}] = &unroll.Error{Kind: unroll.KindOptedOut}
	if r := get(t, newServer(t, f, web.Config{}), "/x/6"); !strings.Contains(r.Body, `<a href="/authors">What`) {
		t.Error(r.Body)
	}
}

// An author who opts out in another process vanishes from pages that this one
// keeps, also from threads that quote them.
func TestAnAuthorOptsOutElsewhere(t *testing.T) {
	for name, path := range map[string]string{"page": "/x/1", "export": "/x/1.md", "without pictures": "/x/1?media=0", "oEmbed": "/oembed?url=https://unroll.example/x/1", "quoted": "/x/2"} {
		t.Run(name, func(t *testing.T) {
			f := desk()
			f.say("2", func(t *unroll.Thread) {
				t.Posts[0].Quote = &unroll.Quote{Author: unroll.Author{ID: "100"}, Text: "quoted"}
			})
			now := time.Now()
			s := newServer(t, f, web.Config{Now: func() time.Time { return now }})
			if r := get(t, s, path); r.StatusCode != http.StatusOK {
				t.Fatalf("status %d", r.StatusCode)
			}
			asked := len(f.asked)
			f.outElsewhere = "100"
			if get(t, s, path); len(f.asked) != asked {
				t.Error("a page that was just made is made again")
			}
			now = now.Add(3 * time.Second)
			if get(t, s, path); len(f.asked) != asked+1 {
				t.Error("the page is still shown as it was")
			}
		})
	}
}
