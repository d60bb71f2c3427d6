package render

import (
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

// weblink returns an address that is safe to offer as a link, in ASCII, else
// "".
func weblink(address string) string {
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	if u.Host = asciiHost(u); u.Host == "" {
		return ""
	}
	link := u.String() // leaves the query as it came
	if strings.IndexFunc(link, unsafe) < 0 {
		return link
	}
	var b strings.Builder
	for i := range len(link) {
		if unsafe(rune(link[i])) {
			fmt.Fprintf(&b, "%%%02X", link[i])
		} else {
			b.WriteByte(link[i])
		}
	}
	return b.String()
}

// unsafe are the bytes that must not stand in an address as they are (RFC
// 3986, 2).
func unsafe(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"<>\^`+"`{|}", c) }

// asciiHost is the host of u as DNS wants it, with its port, "" where it is
// none.
func asciiHost(u *url.URL) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]"
	if strings.Trim(u.Host, plain) == "" {
		return u.Host
	}
	name, err := idna.Lookup.ToASCII(u.Hostname())
	if err != nil {
		return ""
	}
	if port := u.Port(); port != "" {
		return name + ":" + port
	}
	return name
}

// host is the host of an address as people say it.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(u.Hostname(), "www.")
}
