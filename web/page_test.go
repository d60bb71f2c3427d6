package web_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/html"

	"unrollbot/unroll"
	"unrollbot/web"
)

func prefixes(t *testing.T, s ...string) []netip.Prefix {
	t.Helper()
	var out []netip.Prefix
	for _, one := range s {
		p, err := netip.ParsePrefix(one)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, p)
	}
	return out
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// TestPagesKeepThePolicy: what the policy forbids is not on any page, and
// what it allows by hash is what the page holds.
func TestPagesKeepThePolicy(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	for _, path := range []string{"/", "/latest", root, root + ".html", "/?url=hello", "/nothing"} {
		r := get(t, s, path)
		page := r.Body
		policy := r.Header.Get("Content-Security-Policy")
		styles := 0
		for _, n := range nodes(t, page) {
			for _, a := range n.Attr {
				if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
					t.Errorf("%s: <%s %s>", path, n.Data, a.Key)
				}
			}
			switch kind, _ := attr(n, "type"); n.Data {
			case "style":
				styles++
				sum := sha256.Sum256([]byte(n.FirstChild.Data))
				if !strings.Contains(policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") && path != root+".html" {
					t.Errorf("%s: the policy refuses the style sheet", path)
				}
			case "script":
				if kind != "application/ld+json" {
					t.Errorf("%s: a script", path)
				}
			case "iframe", "object", "embed", "base":
				t.Errorf("%s: <%s>", path, n.Data)
			}
		}
		if styles != 1 {
			t.Errorf("%s: %d style sheets", path, styles)
		}
	}
}

// TestEveryLinkLeadsSomewhere follows all links within the reader and looks
// at all others.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	s := newServer(t, newFake(), web.Config{})
	for _, path := range []string{"/", "/latest", root, "/?url=hello"} {
		page := nodes(t, get(t, s, path).Body)
		ids := make(map[string]bool)
		for _, n := range page {
			if id, ok := attr(n, "id"); ok {
				if ids[id] {
					t.Errorf("%s: id %s twice", path, id)
				}
				ids[id] = true
			}
		}
		for _, n := range page {
			for _, key := range []string{"href", "src", "action", "poster", "aria-labelledby", "aria-describedby", "for"} {
				link, ok := attr(n, key)
				switch {
				case !ok:
				case key == "aria-labelledby" || key == "aria-describedby" || key == "for":
					if !ids[link] {
						t.Errorf("%s: %s=%q", path, key, link)
					}
				case strings.HasPrefix(link, "#"):
					if !ids[link[1:]] {
						t.Errorf("%s: %s leads nowhere", path, link)
					}
				case strings.HasSuffix(link, "/refresh"):
				case strings.HasPrefix(link, "/"):
					if r := get(t, s, link); r.StatusCode != http.StatusOK {
						t.Errorf("%s: %s answers %d", path, link, r.StatusCode)
					}
				default:
					if u, err := url.Parse(link); err != nil || u.Scheme != "https" {
						t.Errorf("%s: %s=%q", path, key, link)
					}
				}
			}
		}
	}
}

func TestThreadPageIsSmall(t *testing.T) {
	page := get(t, newServer(t, newFake(), web.Config{}), root).Body
	if n := len(page); n > 30<<10 {
		t.Errorf("%d bytes for 27 posts", n)
	}
}

func TestThreadPageTellsMachines(t *testing.T) {
	for _, n := range nodes(t, get(t, newServer(t, newFake(), web.Config{}), root).Body) {
		if n.Data != "script" {
			continue
		}
		var got map[string]any
		if err := json.Unmarshal([]byte(n.FirstChild.Data), &got); err != nil {
			t.Fatal(err)
		}
		if got["headline"] != "How lighthouses learned to speak 🧵" || got["@type"] != "SocialMediaPosting" {
			t.Errorf("got %v", got)
		}
		return
	}
	t.Error("nothing for machines")
}

// TestHostileThread: whatever a thread holds, the page keeps its elements.
func TestHostileThread(t *testing.T) {
	outline := func(trick string) string {
		f := newFake()
		ref := unroll.Ref{Network: unroll.X, ID: "7"}
		f.threads[ref] = unroll.Thread{
			Ref: ref, Author: unroll.Author{Name: trick, Handle: strings.NewReplacer("/", "", "?", "", "#", "", "%", "").Replace(trick)}, Source: trick,
			Posts: []unroll.Post{{ID: "7", Text: trick, Media: []unroll.Media{{Kind: unroll.MediaImage, URL: "https://m.example/a.png", Alt: trick}}}},
		}
		f.list = []unroll.Listing{{Ref: ref, Title: trick, Author: unroll.Author{Name: trick}}}
		s := newServer(t, f, web.Config{})
		var b strings.Builder
		for _, path := range []string{"/x/7", "/latest", "/?url=" + url.QueryEscape(trick)} {
			for _, n := range nodes(t, get(t, s, path).Body) {
				b.WriteString(n.Data)
				for _, a := range n.Attr {
					b.WriteString(" " + a.Key)
				}
				b.WriteByte('\n')
			}
		}
		return b.String()
	}
	want := outline("plain words")
	for _, trick := range []string{
		`</title><script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' autofocus onfocus='alert(1)`,
		`</script><script>alert(1)</script>`, `</style><h1>`, `<!--`, `]]>`, "\u202e\u2067 gpj.exe", "a\x00\x1bb", `{{.Style}}`, `\u003cscript\u003e`,
	} {
		if diff := cmp.Diff(want, outline(trick)); diff != "" {
			t.Errorf("%q (-plain +hostile):\n%s", trick, diff)
		}
	}
}

func TestEncodings(t *testing.T) {
	s := newServer(t, newFake(), web.Config{})
	plain := get(t, s, root).Body
	tests := []struct{ accept, want string }{
		{"", ""},
		{"gzip, deflate, br, zstd", "br"},
		{"gzip, zstd", "zstd"},
		{"gzip", "gzip"},
		{"GZIP;q=0.5", "gzip"},
		{"zstd;q=0, gzip", "gzip"},
		{"zstd;q=0.000, gzip;q=0", ""},
		{"br", "br"},
		{"deflate", ""},
		{"identity", ""},
	}
	tags := make(map[string]bool)
	for _, tt := range tests {
		t.Run(tt.accept, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, root, nil)
			r.Header.Set("Accept-Encoding", tt.accept)
			answer := do(t, s, r)
			if got := answer.Header.Get("Content-Encoding"); got != tt.want {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			tags[answer.Header.Get("Etag")] = true
			if answer.Header.Get("Vary") != "Accept-Encoding" {
				t.Error("no Vary")
			}
			var body io.Reader = strings.NewReader(answer.Body)
			switch tt.want {
			case "gzip":
				z, err := gzip.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				body = z
			case "br":
				body = brotli.NewReader(body)
			case "zstd":
				z, err := zstd.NewReader(body)
				if err != nil {
					t.Fatal(err)
				}
				defer z.Close()
				body = z
			}
			got, err := io.ReadAll(body)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, []byte(plain)) {
				t.Error("another page")
			}
		})
	}
	if len(tags) != 4 {
		t.Errorf("%d tags for four encodings", len(tags))
	}
}

func TestNotModified(t *testing.T) {
	s := newServer(t, newFake(), web.Config{})
	tag := get(t, s, root).Header.Get("Etag")
	for match, want := range map[string]int{tag: 304, "W/" + tag: 304, `"a", ` + tag: 304, "*": 304, `"a"`: 200} {
		r := httptest.NewRequest(http.MethodGet, root, nil)
		r.Header.Set("If-None-Match", match)
		if got := do(t, s, r); got.StatusCode != want || (want == 304) != (got.Body == "") {
			t.Errorf("%s: %d", match, got.StatusCode)
		}
	}
}

func TestHeadHasNoBody(t *testing.T) {
	s := newServer(t, newFake(), web.Config{})
	for _, path := range []string{root, "/nothing", "/"} {
		r := do(t, s, httptest.NewRequest(http.MethodHead, path, nil))
		if body := r.Body; body != "" || r.Header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d bytes, %v", path, len(body), r.Header)
		}
	}
}

func TestExports(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	for suffix, want := range map[string]struct{ kind, disposition string }{
		".md":   {"text/markdown; charset=utf-8", "inline; filename=mara-how-lighthouses-learned-to-speak.md"},
		".txt":  {"text/plain; charset=utf-8", "inline; filename=mara-how-lighthouses-learned-to-speak.txt"},
		".json": {"application/json", "inline; filename=mara-how-lighthouses-learned-to-speak.json"},
		".html": {"text/html; charset=utf-8", "attachment; filename=mara-how-lighthouses-learned-to-speak.html"},
		".epub": {"application/epub+zip", "attachment; filename=mara-how-lighthouses-learned-to-speak.epub"},
		".pdf":  {"application/pdf", "attachment; filename=mara-how-lighthouses-learned-to-speak.pdf"},
	} {
		h := get(t, s, root+suffix).Header
		if h.Get("Content-Type") != want.kind || h.Get("Content-Disposition") != want.disposition {
			t.Errorf("%s: %s, %s", suffix, h.Get("Content-Type"), h.Get("Content-Disposition"))
		}
		if got := h.Get("Link"); got != "<https://unroll.example"+root+`>; rel="canonical"` {
			t.Errorf("%s: Link %s", suffix, got)
		}
	}
	var got unroll.Thread
	if err := json.Unmarshal([]byte(get(t, s, root+".json").Body), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.threads[got.Ref], got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	f := newFake()
	for i := range 100 {
		ref := unroll.Ref{Network: unroll.X, ID: string(rune('1'+i/10)) + string(rune('0'+i%10))}
		f.threads[ref] = unroll.Thread{Ref: ref, Posts: []unroll.Post{{ID: ref.ID, Text: strings.Repeat("x", 100)}}}
	}
	s := newServer(t, f, web.Config{CacheBytes: 100 << 10})
	for ref := range f.threads {
		get(t, s, ref.Path())
	}
	first := len(f.asked)
	for ref := range f.threads {
		get(t, s, ref.Path())
	}
	if again := len(f.asked) - first; again < 50 {
		t.Errorf("only %d of %d pages were made again: the cache holds too much", again, len(f.threads))
	}
}

func TestTheCacheKeepsWhatIsRead(t *testing.T) {
	f := newFake()
	for i := range 20 {
		ref := unroll.Ref{Network: unroll.X, ID: strconv.Itoa(i + 1)}
		f.threads[ref] = unroll.Thread{Ref: ref, Posts: []unroll.Post{{ID: ref.ID, Text: "x"}}}
	}
	s := newServer(t, f, web.Config{CacheBytes: 100 << 10})
	for i := range 20 {
		get(t, s, "/x/1")
		get(t, s, "/x/"+strconv.Itoa(i+1))
	}
	if n := strings.Count(strings.Join(f.asked, "\n")+"\n", "unroll /x/1\n"); n != 1 {
		t.Errorf("the page that is read all the time was made %d times", n)
	}
}

// TestThreadPageReadsAsAnArticle: what makes a page out of ours, such as a
// reading mode or an instant view, looks for these.
func TestThreadPageReadsAsAnArticle(t *testing.T) {
	count := make(map[string]int)
	for _, n := range nodes(t, get(t, newServer(t, newFake(), web.Config{}), root).Body) {
		inside := false
		for p := n.Parent; p != nil; p = p.Parent {
			inside = inside || p.Data == "article"
		}
		switch rel, _ := attr(n, "rel"); {
		case n.Data == "article":
			count["articles"]++
		case n.Data == "h1" && inside:
			count["headings"]++
		case n.Data == "h1":
			t.Error("a heading outside of the article")
		case n.Data == "a" && strings.Contains(rel, "author"):
			count["authors"]++
		case n.Data == "figure":
			count["figures"]++
			caption := false
			for c := range n.ChildNodes() {
				caption = caption || c.Data == "figcaption" || c.Data == "details"
			}
			if !caption {
				t.Error("a figure without a caption")
			}
		case n.Data == "time":
			if at, ok := attr(n, "datetime"); !ok || at == "" {
				t.Error("a time for people only")
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"articles": 1, "headings": 1, "authors": 1, "figures": count["figures"]}, count); diff != "" || count["figures"] < 5 {
		t.Errorf("%d figures (-want +got):\n%s", count["figures"], diff)
	}
}
