package link

import (
	"net/url"
	"strings"
	"testing"

	"unrollbot/unroll/source/sourcetest"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing to strip", "https://example.org/a?b=1#c", "https://example.org/a?b=1#c"},
		{"utm", "https://example.org/a?utm_source=x&b=1&UTM_Medium=y", "https://example.org/a?b=1"},
		{"all of it", "https://example.org/a?utm_source=x", "https://example.org/a"},
		{"fragment stays", "https://example.org/a?fbclid=1#top", "https://example.org/a#top"},
		{"question mark in the fragment", "https://example.org/a?gclid=1#a?b", "https://example.org/a#a?b"},
		{"encoding stays", "https://example.org/a?q=%41+b%20c&gclid=1&&x", "https://example.org/a?q=%41+b%20c&&x"},
		{"share marks of x", "https://x.com/a/status/20?s=20&t=abc", "https://x.com/a/status/20"},
		{"share marks of twitter", "https://www.twitter.com/a/status/20?t=abc&lang=en", "https://www.twitter.com/a/status/20?lang=en"},
		{"t elsewhere is a time", "https://example.org/v?t=30s", "https://example.org/v?t=30s"},
		{"youtube", "https://youtu.be/abc?si=xyz&t=30", "https://youtu.be/abc?t=30"},
		{"below a site", "https://open.spotify.com/track/1?si=xyz", "https://open.spotify.com/track/1"},
		{"a host that ends alike", "https://netflix.com/?s=1&t=2", "https://netflix.com/?s=1&t=2"},
		{"white space around", " https://example.org/a\n", "https://example.org/a"},
		{"plain http", "http://example.org/", "http://example.org/"},
		{"upper case", "HTTPS://EXAMPLE.ORG/?utm_x=1", "HTTPS://EXAMPLE.ORG/"},
		{"script", "javascript:alert(1)", ""},
		{"mail", "mailto:a@example.org", ""},
		{"relative", "/a?utm_source=x", ""},
		{"no host", "https:///a", ""},
		{"broken", "https://exa mple.org/", ""},
		{"empty", "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := Clean(tc.in); got != tc.want {
				t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestDisplay(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, Display, map[string]string{
		"https://www.example.org/": "example.org",
		"http://example.org/a/b":   "example.org/a/b",
		"example.org":              "example.org",
	})
}

func TestBrief(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, func(s string) string { return Brief(s, 20) }, map[string]string{
		"https://www.example.org/":               "example.org",
		"https://example.org/a/":                 "example.org/a/",
		"https://example.org/éééééééé":           "example.org/éééééééé",
		"https://example.org/éééééééééé":         "example.org/éééééééé…",
		"https://example.org/a/long/way/to/go/?": "example.org/a/long/w…",
		"":                                       "",
	})
}

func FuzzClean(f *testing.F) {
	f.Add("https://example.org/a?utm_source=x&b=1#c?d")
	f.Add("https://x.com/?s=1&t=%zz")
	f.Fuzz(func(t *testing.T, in string) {
		out := Clean(in)
		if out == "" {
			return
		}
		if Web(out) == "" {
			t.Errorf("Clean(%q) = %q is not for the web", in, out)
		}
		if again := Clean(out); again != out {
			t.Errorf("Clean(%q) = %q, then %q", in, out, again)
		}
		u, err := url.Parse(out)
		if err != nil || strings.Contains(u.RawQuery, "utm_") && strings.Contains("&"+u.RawQuery, "&utm_") {
			t.Errorf("Clean(%q) = %q", in, out)
		}
	})
}
