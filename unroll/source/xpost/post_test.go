package xpost

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"unrollbot/unroll"

	"unrollbot/unroll/source/sourcetest"
)

func TestStatusID(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, StatusID, map[string]string{
		"https://x.com/ada/status/20":                  "20",
		"https://twitter.com/i/web/status/20":          "20",
		"http://mobile.twitter.com/a/statuses/20?s=20": "20",
		"https://x.com/ada/status/20/photo/1":          "20",
		"https://x.com/ada":                            "",
		"https://x.com.test/ada/status/20":             "",
		"https://example.org/x.com/ada/status/20":      "",
	})
}

func TestValidID(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, ValidID, map[string]bool{
		"20": true, "18446744073709551615": true, "18446744073709551616": false, "": false, "+1": false, "-1": false, "a": false, "1/2": false,
	})
}

func TestLang(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, Lang, map[string]string{"en": "en", "in": "id", "iw": "he", "und": "", "qme": "", "zxx": "", "": "", "ckb": "ckb"})
}

func TestVariants(t *testing.T) {
	t.Parallel()
	got := Variants([]unroll.Variant{
		{URL: "https://v.test/list.m3u8", Type: "application/x-mpegURL"},
		{URL: "https://v.test/low.mp4", Type: "video/mp4", Bitrate: 1},
		{URL: "https://v.test/hevc/best.mp4", Type: "video/mp4", Bitrate: 9},
		{URL: "javascript:alert(1)", Type: "video/mp4", Bitrate: 9},
		{URL: "https://v.test/untyped"},
		{URL: "https://v.test/high.mp4", Type: "video/mp4", Bitrate: 5},
		{URL: "https://v.test/a.webm", Type: "video/webm", Bitrate: -1},
	})
	var order []string
	for _, v := range got {
		order = append(order, strings.TrimPrefix(v.URL, "https://v.test/"))
	}
	if diff := cmp.Diff("high.mp4 low.mp4 hevc/best.mp4 a.webm list.m3u8", strings.Join(order, " ")); diff != "" {
		t.Error(diff)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, Preview, map[string]string{
		"https://pbs.twimg.com/media/A.jpg?name=orig":        "https://pbs.twimg.com/media/A.jpg?name=small",
		"https://pbs.twimg.com/media/A.jpg":                  "https://pbs.twimg.com/media/A.jpg?name=small",
		"https://pbs.twimg.com/media/A?format=jpg&name=orig": "",
		"https://example.org/media/A.jpg":                    "",
		"":                                                   "",
	})
}

func TestOriginal(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, Original, map[string]string{
		"https://pbs.twimg.com/media/A.jpg":             "https://pbs.twimg.com/media/A.jpg?name=orig",
		"https://pbs.twimg.com/media/A.jpg?name=medium": "https://pbs.twimg.com/media/A.jpg?name=orig",
		"https://example.org/A.jpg":                     "https://example.org/A.jpg",
		"":                                              "",
	})
}

func TestURLs(t *testing.T) {
	t.Parallel()
	if got := StatusURL("a/b", "20"); got != "https://x.com/a%2Fb/status/20" {
		t.Error(got)
	}
}

func TestPromisesMore(t *testing.T) {
	t.Parallel()
	sourcetest.Gives(t, PromisesMore, map[string]bool{
		"1/12 First": true, "🧵 (3/12) more": true, "more [3 / 12]": true, "and so 3/12 🧵": true, "12/12": false, "12/12 done": false,
		"half of 1/2 cup of milk": false, "no": false, "24/7": false, "3/": false, "": false, "http://a/1/2 b": false,
	})
}
