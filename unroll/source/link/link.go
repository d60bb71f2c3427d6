// Package link makes the addresses that services hand out fit for readers.
package link

import (
	"net/url"
	"slices"
	"strings"
)

// Web gives address unchanged when a reader may open it: http or https, with
// a host. Anything else gives "".
func Web(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return address
}

// Clean is [Web] without the query parameters that only tell where a reader
// came from. The others stay byte for byte: some servers sign their queries.
func Clean(address string) string {
	u, err := url.Parse(address)
	if err != nil || Web(address) == "" {
		return ""
	}
	if u.RawQuery == "" {
		return address
	}
	host := strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
	params := strings.Split(u.RawQuery, "&")
	kept := slices.DeleteFunc(slices.Clone(params), func(p string) bool {
		name, _, _ := strings.Cut(p, "=")
		return tracks(host, strings.ToLower(name))
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
	return before
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

// trackers are parameters that follow readers from site to site.
var trackers = map[string]bool{
	"fbclid": true, "gclid": true, "dclid": true, "gbraid": true, "wbraid": true, "msclkid": true, "yclid": true,
	"twclid": true, "ttclid": true, "li_fat_id": true, "igsh": true, "igshid": true, "mc_cid": true, "mc_eid": true,
	"mkt_tok": true, "_hsenc": true, "_hsmi": true, "ref_src": true, "ref_url": true, "vero_id": true, "srsltid": true,
}

// siteTrackers mean that only on the sites that hand them out: elsewhere a
// "t" is often a time in a video.
var siteTrackers = map[string][]string{
	"x.com":              {"s", "t"},
	"mobile.x.com":       {"s", "t"},
	"twitter.com":        {"s", "t"},
	"mobile.twitter.com": {"s", "t"},
	"youtube.com":        {"si"},
	"youtu.be":           {"si"},
	"open.spotify.com":   {"si"},
}

func tracks(host, name string) bool {
	return strings.HasPrefix(name, "utm_") || trackers[name] || slices.Contains(siteTrackers[host], name)
}
