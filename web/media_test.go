package web_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"
	"unrollbot/web"
)

// camera gets pictures, and remembers which.
type camera struct {
	asked   []string
	content string
	err     error
}

func (c *camera) picture(_ context.Context, address string) ([]byte, error) {
	c.asked = append(c.asked, address)
	return []byte(c.content), c.err
}

const onePixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

// pictured are the addresses that a page loads without being asked to.
func pictured(t *testing.T, page string) (out []string) {
	t.Helper()
	for _, n := range nodes(t, page) {
		for _, key := range []string{"src", "poster", "srcset"} {
			if address, ok := attr(n, key); ok {
				out = append(out, address)
			}
		}
	}
	return out
}

func TestProxiedPagesLoadNothingFromElsewhere(t *testing.T) {
	c := &camera{content: onePixel}
	s := newServer(t, newFake(), web.Config{ProxyMedia: true, Picture: c.picture})
	r := get(t, s, root)
	policy := r.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "img-src 'self'; media-src 'none'; ") || strings.Contains(policy, "https:") {
		t.Errorf("policy %s", policy)
	}
	pictures := pictured(t, r.Body)
	if len(pictures) < 10 {
		t.Errorf("%d pictures", len(pictures))
	}
	for _, address := range pictures {
		if !strings.HasPrefix(address, "/media/") {
			t.Errorf("loads %s", address)
		} else if p := get(t, s, address); p.StatusCode != http.StatusOK || p.Body != onePixel || p.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: %d", address, p.StatusCode)
		}
	}
	if !slices.Contains(c.asked, "https://media.example/avatar.png") {
		t.Errorf("asked for %v", c.asked)
	}
	asked := len(c.asked)
	get(t, s, pictures[0])
	if len(c.asked) != asked {
		t.Error("a picture is fetched twice")
	}
}

func TestTheProxyFetchesWhatWeSignedOnly(t *testing.T) {
	f := newFake()
	c := &camera{content: onePixel}
	s := newServer(t, f, web.Config{ProxyMedia: true, Picture: c.picture})
	good := pictured(t, get(t, s, root).Body)[0]
	parts := strings.Split(good, "/")
	other := base64.RawURLEncoding.EncodeToString([]byte("https://intern.example/secret.png"))
	for name, path := range map[string]string{
		"another address":     "/media/" + parts[2] + "/" + other,
		"no signature":        "/media/_/" + parts[3],
		"a cut signature":     "/media/" + parts[2][:10] + "/" + parts[3],
		"no base64":           "/media/" + parts[2] + "/!!",
		"no address":          "/media/" + parts[2] + "/",
		"another secret":      good,
		"another purpose":     "/media/" + parts[2] + "/" + base64.RawURLEncoding.EncodeToString([]byte("x 1")),
		"trailing bits of it": good[:len(good)-1] + "_",
	} {
		server := s
		if name == "another secret" {
			server = newServer(t, newFake(), web.Config{ProxyMedia: true, Picture: c.picture})
		}
		if r := get(t, server, path); r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", name, r.StatusCode)
		}
	}
	if len(c.asked) != 0 {
		t.Errorf("asked for %v", c.asked)
	}
	if r := get(t, newServer(t, f, web.Config{ProxyMedia: true, Picture: c.picture}), good); r.StatusCode != http.StatusOK {
		t.Errorf("another process with the same store: %d", r.StatusCode)
	}
	if r := get(t, newServer(t, f, web.Config{Picture: c.picture}), good); r.StatusCode != http.StatusNotFound {
		t.Errorf("without the setting: %d", r.StatusCode)
	}
}

func TestProxiedPictures(t *testing.T) {
	tests := []struct {
		name, content string
		err           error
		status        int
		kind          string
	}{
		{"png", onePixel, nil, 200, "image/png"},
		{"gif", "GIF89a....", nil, 200, "image/gif"},
		{"jpeg", "\xff\xd8\xff\xe0....", nil, 200, "image/jpeg"},
		{"webp", "RIFF....WEBPVP8 ", nil, 200, "image/webp"},
		{"avif", "\x00\x00\x00\x20ftypavif....", nil, 200, "image/avif"},
		{"svg", "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", nil, 422, ""},
		{"page", "<!DOCTYPE html><script>alert(1)</script>", nil, 422, ""},
		{"nothing", "", nil, 422, ""},
		{"gone", "", &unroll.Error{Kind: unroll.KindNotFound}, 404, ""},
		{"too large", "", &unroll.Error{Kind: unroll.KindTooLarge}, 502, ""},
		{"a private host", "", &unroll.Error{Kind: unroll.KindBlocked}, 403, ""},
		{"slow", "", context.DeadlineExceeded, 504, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &camera{content: tt.content, err: tt.err}
			s := newServer(t, newFake(), web.Config{ProxyMedia: true, Picture: c.picture})
			r := get(t, s, pictured(t, get(t, s, root).Body)[0])
			if r.StatusCode != tt.status || tt.kind != "" && r.Header.Get("Content-Type") != tt.kind {
				t.Errorf("%d, %s", r.StatusCode, r.Header.Get("Content-Type"))
			}
			if r.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Error("browsers may guess what it is")
			}
		})
	}
}

func TestProxiedPagesWithoutASecret(t *testing.T) {
	f := newFake()
	f.valueErr = errors.New("redis is down")
	r := get(t, newServer(t, f, web.Config{ProxyMedia: true, Picture: (&camera{}).picture}), root)
	if diff := cmp.Diff([]string(nil), pictured(t, r.Body)); diff != "" || r.StatusCode != http.StatusOK {
		t.Errorf("%d, pictures (-want +got):\n%s", r.StatusCode, diff)
	}
}

func TestTheProxyIsLimited(t *testing.T) {
	f := newFake()
	c := &camera{content: onePixel}
	s := newServer(t, f, web.Config{ProxyMedia: true, Picture: c.picture})
	address := pictured(t, get(t, s, root).Body)[0]
	f.wait = time.Minute
	if r := get(t, s, address); r.StatusCode != http.StatusTooManyRequests || len(c.asked) != 0 {
		t.Errorf("%d, asked for %v", r.StatusCode, c.asked)
	}
}

func TestPagesWithoutPictures(t *testing.T) {
	f := newFake()
	s := newServer(t, f, web.Config{})
	for range 2 {
		r := get(t, s, root+"?media=0")
		if diff := cmp.Diff([]string(nil), pictured(t, r.Body)); diff != "" || r.StatusCode != http.StatusOK {
			t.Errorf("%d, loads (-want +got):\n%s", r.StatusCode, diff)
		}
		if !strings.Contains(r.Body, `<link rel="canonical" href="https://unroll.example`+root+`">`) {
			t.Error("not the canonical address")
		}
	}
	if len(f.asked) != 1 {
		t.Errorf("asked %v", f.asked)
	}
	if got := len(pictured(t, get(t, s, root).Body)); got == 0 {
		t.Error("the page with pictures has none")
	}
	r := get(t, s, "/mastodon/tidewater.example/1105?media=0")
	if got := r.Header.Get("Location"); got != root+"?media=0#p-1105" {
		t.Errorf("leads to %s", got)
	}
}
