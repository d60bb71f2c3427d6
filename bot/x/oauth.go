package x

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what OAuth 1.0a signs with on X
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// keys sign calls as RFC 5849 says, with HMAC-SHA1.
type keys struct{ api, apiSecret, token, tokenSecret string }

func (k keys) secrets() []string { return []string{k.api, k.apiSecret, k.token, k.tokenSecret} }

// nonce is a text that no other call has.
func nonce() string { return rand.Text() }

// sign gives the Authorization header of a call at address, which holds no
// query. A body of JSON is not signed (RFC 5849, section 3.4.1.3.1).
func (k keys) sign(method, address string, query url.Values, nonce string, at time.Time) string {
	own := [][2]string{
		{"oauth_consumer_key", k.api},
		{"oauth_nonce", nonce},
		{"oauth_signature_method", "HMAC-SHA1"},
		{"oauth_timestamp", strconv.FormatInt(at.Unix(), 10)},
		{"oauth_token", k.token},
		{"oauth_version", "1.0"},
	}
	var params []string
	for _, p := range own {
		params = append(params, escape(p[0])+"="+escape(p[1]))
	}
	for name, values := range query {
		for _, v := range values {
			params = append(params, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(params)
	base := method + "&" + escape(address) + "&" + escape(strings.Join(params, "&"))
	mac := hmac.New(sha1.New, []byte(escape(k.apiSecret)+"&"+escape(k.tokenSecret)))
	mac.Write([]byte(base))
	own = append(own, [2]string{"oauth_signature", base64.StdEncoding.EncodeToString(mac.Sum(nil))})
	var header []string
	for _, p := range own {
		header = append(header, escape(p[0])+`="`+escape(p[1])+`"`)
	}
	return "OAuth " + strings.Join(header, ", ")
}

// escape is RFC 5849's: all but letters, digits and - . _ ~.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
}
