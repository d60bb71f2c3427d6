package mastodon

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// webURL gives an address that a reader may safely open, empty for any other.
func webURL(address string) string {
	address = strings.TrimSpace(address)
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return address
}

// linkTarget is webURL for links in texts: mail addresses may stay, what only
// tells where the reader came from may not.
func linkTarget(address string) string {
	address = strings.TrimSpace(address)
	u, err := url.Parse(address)
	if err == nil && u.Scheme == "mailto" {
		return address
	}
	if webURL(address) == "" {
		return ""
	}
	params := strings.Split(u.RawQuery, "&")
	kept := slices.DeleteFunc(slices.Clone(params), func(p string) bool {
		name, _, _ := strings.Cut(p, "=")
		return isTracker(strings.ToLower(name), u.Hostname())
	})
	if len(kept) == len(params) {
		return address // byte for byte: escapes may matter to the server
	}
	u.RawQuery = strings.Join(kept, "&")
	u.ForceQuery = false
	return u.String()
}

// isTracker tells whether a query parameter tracks readers.
func isTracker(name, host string) bool {
	if strings.HasPrefix(name, "utm_") {
		return true
	}
	on := func(hosts ...string) bool {
		return slices.ContainsFunc(hosts, func(h string) bool { return host == h || strings.HasSuffix(host, "."+h) })
	}
	switch name {
	case "fbclid", "gclid", "dclid", "gbraid", "wbraid", "msclkid", "twclid", "yclid",
		"igshid", "igsh", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "ref_src", "ref_url":
		return true
	case "s", "t":
		return on("twitter.com", "x.com")
	case "si":
		return on("youtube.com", "youtu.be", "spotify.com")
	default:
		return false
	}
}

// maxShown is how much of an address is shown, in code points. Mastodon's own
// page shows as much.
const maxShown = 30

// shown is how a bare address reads in a text: host and path, without the
// scheme and www., cut with … when long. The facet keeps the whole address.
func shown(address string) string {
	s := address
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s = strings.TrimPrefix(s, "www.")
	if bare, ok := strings.CutSuffix(s, "/"); ok && !strings.Contains(bare, "/") {
		s = bare
	}
	if utf8.RuneCountInString(s) <= maxShown {
		return s
	}
	n := 0
	for i := range s {
		if n == maxShown {
			return s[:i] + "…"
		}
		n++
	}
	return s
}
