package xpost

import (
	"cmp"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
)

var statusLink = regexp.MustCompile(`^https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|\w+)/status(?:es)?/(\d+)`)

// StatusID gives the ID of the post that an address on X leads to, "" where
// it leads elsewhere.
func StatusID(address string) string {
	if m := statusLink.FindStringSubmatch(address); m != nil {
		return m[1]
	}
	return ""
}

// ValidID tells whether s can be the ID of a post or an account: a decimal
// number of 64 bits, kept as text everywhere.
func ValidID(s string) bool {
	_, err := strconv.ParseUint(s, 10, 64)
	return err == nil && s[0] != '+'
}

// Lang turns X's language of a post into BCP 47, "" where X names none: it
// keeps two withdrawn codes, and has others for texts without a language.
func Lang(code string) string {
	switch {
	case code == "in":
		return "id"
	case code == "iw":
		return "he"
	case code == "und", code == "zxx", code == "art", len(code) == 3 && code[0] == 'q':
		return ""
	default:
		return code
	}
}

// StatusURL is where a post can be read. Handle may be "i" where nobody
// knows it: X looks at the ID only.
func StatusURL(handle, id string) string {
	return ProfileURL(handle) + "/status/" + id
}

// ProfileURL is the page of an account.
func ProfileURL(handle string) string { return "https://x.com/" + url.PathEscape(handle) }

// Preview is the address of the small version of a picture that X serves
// (680 pixels on its longer side), "" for pictures of others.
func Preview(picture string) string {
	if before, ok := served(picture); ok {
		return before + "?name=small"
	}
	return ""
}

// Original is the address of a picture in full size. Other pictures stay as
// they are.
func Original(picture string) string {
	if before, ok := served(picture); ok {
		return before + "?name=orig"
	}
	return picture
}

// served tells whether X serves a picture in sizes, and its address without
// one.
func served(picture string) (string, bool) {
	before, _, _ := strings.Cut(picture, "?name=")
	return before, strings.HasPrefix(before, "https://pbs.twimg.com/media/") && !strings.Contains(before, "?")
}

// Variants drops what a reader cannot open and sorts the rest, what most
// players can play first: MP4 with H.264, by bitrate; other files; playlists.
func Variants(all []unroll.Variant) []unroll.Variant {
	rank := func(v unroll.Variant) int {
		switch {
		case v.Type == "video/mp4" && !strings.Contains(v.URL, "/hevc/"):
			return 0
		case strings.EqualFold(v.Type, "application/x-mpegURL"):
			return 2
		default:
			return 1
		}
	}
	sorted := slices.DeleteFunc(slices.Clone(all), func(v unroll.Variant) bool { return link.Web(v.URL) == "" || v.Type == "" })
	for i := range sorted {
		sorted[i].Bitrate = max(sorted[i].Bitrate, 0)
	}
	slices.SortStableFunc(sorted, func(a, b unroll.Variant) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Bitrate, a.Bitrate))
	})
	return sorted
}

// PromisesMore tells whether a post says that more follow it. Then a counter
// of no replies is not believed: it is late in the first minutes.
func PromisesMore(text string) bool {
	n, ok := unroll.NumberIn(text)
	return ok && n.N < n.Total
}
