package unroll

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// Bounds of a ref's parts, in bytes.
const (
	maxAuthor    = 253 // a handle is a domain name; DIDs in use are shorter
	maxRecordKey = 512 // atproto specification "Record Key", November 2026
	maxStatusID  = 128 // the longest in use has 64
	maxShortPath = 256
)

// ParsePath reads what [Ref.Path] wrote, and nothing else: for any path that
// it accepts, Path of the result is that path. Errors are an *[Error] with
// KindInvalidRef.
func ParsePath(path string) (Ref, error) {
	var r Ref
	p := strings.SplitN(path, "/", 5)
	switch {
	case len(p) == 3:
		r = Ref{Network: Network(p[1]), ID: p[2]}
	case len(p) == 4 && p[1] == string(Bluesky):
		r = Ref{Network: Bluesky, Author: p[2], ID: p[3]}
	case len(p) > 3:
		r = Ref{Network: Network(p[1]), Host: p[2], ID: strings.Join(p[3:], "/")}
	}
	if !r.Valid() || r.Path() != path {
		return Ref{}, refError("path", KindInvalidRef, "not the path of a post")
	}
	return r, nil
}

// Valid tells whether r names a post in its one lasting form, as all refs do
// that this package parsed.
func (r Ref) Valid() bool {
	switch r.Network {
	case X:
		id, ok := xID(r.ID)
		return ok && id == r.ID && r.Host == "" && r.Author == ""
	case Bluesky:
		return r.Host == "" && isAuthor(r.Author) && isID(r.ID, maxRecordKey)
	case Mastodon:
		name, _ := splitName(r.Host)
		return r.Author == "" && isLastingHost(r.Host) && formOf(name) == formUnknown && isID(r.ID, maxStatusID)
	case Short:
		segs := strings.Split(r.ID, "/")
		return r.Author == "" && isLastingHost(r.Host) && formOf(r.Host) == formShort && len(r.ID) <= maxShortPath &&
			!slices.ContainsFunc(segs, func(seg string) bool { return !isID(seg, maxShortPath) })
	default:
		return false
	}
}

// isID tells whether s is one path segment of the characters that [Ref.ID]
// allows.
func isID(s string, most int) bool {
	return s != "" && len(s) <= most && s != "." && s != ".." && all(s, func(c byte) bool {
		return isAlnum(c) || strings.IndexByte("-._~:", c) >= 0
	})
}

// isTID tells whether s is a record key as clients make them, and nobody else:
// 13 characters of base32-sortable (atproto specification "TID", November 2026).
func isTID(s string) bool {
	return len(s) == 13 && all(s, func(c byte) bool { return 'a' <= c && c <= 'z' || '2' <= c && c <= '7' })
}

// isAuthor tells whether s is a DID or a handle in lower case.
func isAuthor(s string) bool {
	if len(s) > maxAuthor {
		return false
	}
	if rest, ok := strings.CutPrefix(s, "did:"); ok {
		method, id, _ := strings.Cut(rest, ":")
		return method != "" && all(method, func(c byte) bool { return 'a' <= c && c <= 'z' }) &&
			isID(id, maxAuthor) && !strings.HasSuffix(id, ":")
	}
	// The AppView shows handle.invalid for every handle that it cannot verify.
	return isDomain(s) && s != "handle.invalid"
}

// lastingHost brings a host into the form of [Ref.Host]: lower case, punycode,
// with a port only if it is not the scheme's. It wants a domain name; an IPv4
// address or a lone name such as localhost only with a port, for servers that
// the settings trust.
func lastingHost(name, port, scheme string) (string, bool) {
	name = strings.TrimSuffix(name, ".")
	if len(name) > 4*maxAuthor { // before punycode, at most four bytes a letter
		return "", false
	}
	name, err := idna.Lookup.ToASCII(name)
	if err != nil {
		return "", false
	}
	if port == "" || scheme == "https" && port == "443" || scheme == "http" && port == "80" {
		return name, isLastingHost(name)
	}
	name += ":" + port
	return name, isLastingHost(name)
}

// isLastingHost tells whether host has the form that lastingHost gives.
func isLastingHost(host string) bool {
	name, port := splitName(host)
	if !strings.Contains(host, ":") {
		return isDomain(name)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || n == 443 || strconv.FormatUint(n, 10) != port {
		return false
	}
	ip, err := netip.ParseAddr(name)
	return isDomain(name) || err == nil && ip.Is4() || isLabel(name) && !isDigit(name[0])
}

// splitName cuts the port off a host.
func splitName(host string) (name, port string) {
	name, port, _ = strings.Cut(host, ":")
	return name, port
}

// isDomain tells whether s is a domain name of at least two labels, in lower
// case, whose last label is no number: not an IP address in any notation.
func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	return len(s) <= maxAuthor && len(labels) > 1 &&
		!slices.ContainsFunc(labels, func(l string) bool { return !isLabel(l) }) &&
		!isDigit(labels[len(labels)-1][0])
}

func isLabel(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-' && all(s, func(c byte) bool {
		return 'a' <= c && c <= 'z' || isDigit(c) || c == '-'
	})
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

func isDigits(s string) bool { return s != "" && all(s, isDigit) }

// all tells whether ok holds for each byte of s.
func all(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}
