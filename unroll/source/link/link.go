// Package link makes the addresses that services hand out fit for readers.
package link

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Web gives address, without white space around it, when a reader may open it:
// http or https, with a host. Anything else gives "".
func Web(address string) string {
	address = strings.TrimSpace(address)
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return address
}

// Base gives the base address of an API, without a slash at its end: address,
// or standard where that is empty. Its error does not repeat the address, which
// may hold a password.
func Base(address, standard string) (string, error) {
	base := strings.TrimRight(cmp.Or(address, standard), "/")
	u, err := url.Parse(base)
	if err != nil || Web(base) == "" || u.User != nil || strings.ContainsAny(base, "?#") {
		return "", fmt.Errorf("want a base address like %s", standard)
	}
	return base, nil
}

// Clean is [Web] without the query parameters that only tell where a reader
// came from. The others stay byte for byte: some servers sign their queries.
func Clean(address string) string {
	address = Web(address)
	u, err := url.Parse(address)
	if err != nil || address == "" {
		return ""
	}
	if u.RawQuery == "" {
		return address
	}
	host := strings.ToLower(u.Hostname())
	params := strings.Split(u.RawQuery, "&")
	kept := slices.DeleteFunc(slices.Clone(params), func(p string) bool {
		name, _, _ := strings.Cut(p, "=")
		return tracks(host, strings.ToLower(strings.TrimSpace(name)))
	})
	if len(kept) == len(params) {
		return address
	}
	before, rest, _ := strings.Cut(address, "?")
	_, fragment, found := strings.Cut(rest, "#")
	if len(kept) > 0 {
		before += "?" + strings.Join(kept, "&")
	}
	if found {
		before += "#" + fragment
	}
	return strings.TrimSpace(before)
}

// Display is how an address reads in a text when its service has no short
// form of its own: without scheme, "www." and a lone slash at the end.
func Display(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	return strings.TrimSuffix(strings.TrimPrefix(rest, "www."), "/")
}

// Brief is how a bare address reads where there is little room: host and path,
// cut with … where they have more code points than most.
func Brief(address string, most int) string {
	s := address
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = strings.TrimPrefix(rest, "www.")
	}
	if bare, ok := strings.CutSuffix(s, "/"); ok && !strings.Contains(bare, "/") {
		s = bare
	}
	n := 0
	for i := range s {
		if n == most {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// trackers are parameters that follow readers from site to site.
var trackers = map[string]bool{
	"fbclid": true, "gclid": true, "dclid": true, "gbraid": true, "wbraid": true, "msclkid": true, "yclid": true,
	"twclid": true, "ttclid": true, "li_fat_id": true, "igsh": true, "igshid": true, "mc_cid": true, "mc_eid": true,
	"mkt_tok": true, "_hsenc": true, "_hsmi": true, "ref_src": true, "ref_url": true, "vero_id": true, "srsltid": true,
}

// siteTrackers mean that only on the sites that hand them out, and on what is
// below them: elsewhere a "t" is often a time in a video.
var siteTrackers = map[string][]string{
	"x.com":       {"s", "t"},
	"twitter.com": {"s", "t"},
	"youtube.com": {"si", "feature"},
	"youtu.be":    {"si"},
	"spotify.com": {"si"},
	"tiktok.com":  {"_t", "_r"},
}

func tracks(host, name string) bool {
	if strings.HasPrefix(name, "utm_") || trackers[name] {
		return true
	}
	for site, names := range siteTrackers {
		if (host == site || strings.HasSuffix(host, "."+site)) && slices.Contains(names, name) {
			return true
		}
	}
	return false
}
