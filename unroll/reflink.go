package unroll

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// link is a web address taken apart.
type link struct {
	host     string   // as in [Ref.Host]
	name     string   // host without the port
	path     []string // segments, unescaped, without empty ones
	query    url.Values
	fragment string
}

// parseLink reads an address with its scheme. Wrapped links are followed if
// wrapped is set: once.
func parseLink(address string, wrapped bool) (Ref, error) {
	l, err := splitLink(address)
	if err != nil {
		return Ref{}, err
	}
	f := formOf(l.name)
	if f != formUnknown && l.host != l.name {
		return Ref{}, refError(l.host, KindInvalidRef, "no such server: a known service on an odd port")
	}
	switch f {
	case formX:
		return l.x()
	case formBluesky:
		return l.bluesky()
	case formWrapped:
		for _, key := range []string{"url", "u", "uri"} {
			if inner := l.query.Get(key); wrapped && inner != "" {
				if !strings.Contains(inner, "://") {
					inner = "https://" + inner
				}
				if strings.HasPrefix(inner, "at://") {
					return parseAT(inner)
				}
				return parseLink(inner, false)
			}
		}
		return Ref{}, refError(l.host, KindInvalidRef, "a link without a post inside; paste the post's own address")
	case formClient:
		return l.client()
	case formShort:
		return l.short()
	case formForeign:
		return Ref{}, refError(l.host, KindUnsupported, "a service we do not read; we read X, Bluesky and Mastodon")
	case formUnknown:
	}
	if r, ok := l.atBluesky(); ok && isTID(r.ID) {
		return r, nil
	}
	return l.fediverse()
}

// splitLink takes an address apart and brings its host into lasting form.
func splitLink(address string) (link, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "":
		return link{}, refError("", KindInvalidRef, "not a web address")
	case u.User != nil:
		return link{}, refError("", KindInvalidRef, "an address with a user name in it; leave that out")
	}
	host, ok := lastingHost(u.Hostname(), u.Port(), strings.ToLower(u.Scheme))
	if !ok {
		return link{}, refError("", KindInvalidRef, "not the name of a public server")
	}
	name, _, _ := strings.Cut(host, ":")
	// A broken query only loses its broken parts.
	query, _ := url.ParseQuery(u.RawQuery)
	return link{host: host, name: name, path: segments(u.EscapedPath()), query: query, fragment: u.Fragment}, nil
}

func segments(path string) []string {
	var segs []string
	for seg := range strings.SplitSeq(path, "/") {
		if seg == "" {
			continue
		}
		if plain, err := url.PathUnescape(seg); err == nil {
			seg = plain
		}
		segs = append(segs, seg)
	}
	return segs
}

// x reads X's paths. The handle in front may be anything, X ignores it, and
// so may be what follows the id: /photo/1, a language, .mp4.
func (l link) x() (Ref, error) {
	path := l.path
	if hashbang, ok := strings.CutPrefix(l.fragment, "!"); ok && len(path) == 0 {
		path = segments(hashbang) // as Twitter wrote links until 2012
	}
	for i := range len(path) - 1 {
		own := i > 0 && path[i-1] == "i"
		switch strings.ToLower(path[i]) {
		case "status", "statuses", "thread", "tweet":
		case "article": // an article's id under /i/ is not a post's
			if own {
				continue
			}
		default:
			continue
		}
		if id, ok := xID(path[i+1]); ok {
			return Ref{Network: X, ID: id}, nil
		}
	}
	if id, ok := xID(l.query.Get("id")); ok && strings.HasSuffix(strings.Join(path, "/"), "embed/Tweet.html") {
		return Ref{Network: X, ID: id}, nil
	}
	switch {
	case len(path) > 1 && path[0] == "i":
		return Ref{}, refError(l.host, KindUnsupported,
			"a space, broadcast, article or list, not a post; paste the address of a post that tells of it")
	case len(path) == 1:
		return Ref{}, refError(l.host, KindInvalidRef, "a link to a profile; open a post of it and paste that address")
	default:
		return Ref{}, refError(l.host, KindInvalidRef, "not a link to a post; it should hold /status/ and a number")
	}
}

// bluesky reads the paths of Bluesky and of those who copy them.
func (l link) bluesky() (Ref, error) {
	if r, ok := l.atBluesky(); ok {
		return r, nil
	}
	author, key := l.query.Get("author"), l.query.Get("post") // Skythread
	if len(l.path) == 2 && strings.HasPrefix(l.path[0], "@") {
		author, key = l.path[0], l.path[1] // Skywriter
	}
	if r, ok := blueskyRef(author, key); ok {
		return r, nil
	}
	switch {
	case len(l.path) == 2 && l.path[0] == "profile":
		return Ref{}, refError(l.host, KindInvalidRef, "a link to a profile; open a post of it and paste that address")
	case len(l.path) > 1 && slices.Contains([]string{"feed", "lists", "starter-pack", "start"}, l.path[len(l.path)-2]):
		return Ref{}, refError(l.host, KindUnsupported, "a feed, list or starter pack, not a post")
	case slices.Contains(l.path, "handle.invalid"):
		return Ref{}, refError(l.host, KindInvalidRef, "the account's name is broken; use a link with its DID")
	default:
		return Ref{}, refError(l.host, KindInvalidRef, "not a link to a post; it should look like /profile/NAME/post/KEY")
	}
}

// atBluesky reads the paths by which Bluesky's posts are known on any host:
// …/profile/A/post/K and …/A/app.bsky.feed.post/K.
func (l link) atBluesky() (Ref, bool) {
	p := l.path
	for i := 1; i+1 < len(p); i++ {
		ofProfile := p[i] == "post" && i > 1 && (p[i-2] == "profile" || p[i-2] == "pages")
		if !ofProfile && p[i] != postCollection {
			continue
		}
		if r, ok := blueskyRef(p[i-1], p[i+1]); ok {
			return r, true
		}
	}
	return Ref{}, false
}

// postCollection is the type of record that a post is.
const postCollection = "app.bsky.feed.post"

// parseAT reads at://{handle or DID}/app.bsky.feed.post/{rkey}.
func parseAT(address string) (Ref, error) {
	p := strings.Split(address, "/") // "at:", "", author, collection, key
	if len(p) == 5 && p[3] == postCollection {
		if r, ok := blueskyRef(p[2], p[4]); ok {
			return r, nil
		}
	}
	if len(p) > 3 && p[3] != postCollection {
		return Ref{}, refError("at:", KindUnsupported, "a record that is not a post")
	}
	return Ref{}, refError("at:", KindInvalidRef, "it should look like at://NAME/app.bsky.feed.post/KEY")
}

func blueskyRef(author, key string) (Ref, bool) {
	author = strings.TrimPrefix(author, "@")
	if !strings.HasPrefix(author, "did:") {
		name, ok := lastingHost(author, "", "https")
		if !ok {
			return Ref{}, false
		}
		author = name
	}
	r := Ref{Network: Bluesky, Author: author, ID: key}
	return r, r.Valid()
}

// client reads links of fediverse clients, which name the server in the path.
func (l link) client() (Ref, error) {
	path := l.path
	if len(path) == 0 {
		path = segments(l.fragment)
	}
	if len(path) > 2 {
		if host, ok := lastingHost(path[0], "", "https"); ok && formOf(host) == formUnknown {
			if len(path) == 3 && path[1] == "s" {
				path = []string{host, "statuses", path[2]}
			}
			return link{host: host, name: host, path: path[1:]}.fediverse()
		}
	}
	return Ref{}, refError(l.host, KindInvalidRef, "not a link to a post; paste the post's own address")
}

// short reads a short link. What it leads to is known only after asking.
func (l link) short() (Ref, error) {
	r := Ref{Network: Short, Host: l.host, ID: strings.Join(l.path, "/")}
	if !r.Valid() {
		return Ref{}, refError(l.host, KindInvalidRef, "not a whole short link")
	}
	return r, nil
}

// fediverse reads the paths of fediverse servers. Which host is one shows in
// its paths only.
func (l link) fediverse() (Ref, error) {
	for _, f := range fediversePaths {
		if id, ok := f.match(l.path); ok {
			r := Ref{Network: Mastodon, Host: l.host, ID: id}
			if r.Valid() {
				return r, nil
			}
		}
	}
	if len(l.path) == 1 && strings.HasPrefix(l.path[0], "@") && isUser(l.path[0][1:]) {
		return Ref{}, refError(l.host, KindInvalidRef, "a link to a profile; open a post of it and paste that address")
	}
	return Ref{}, refError(l.host, KindInvalidRef, "not a link to a post of X, Bluesky or Mastodon")
}

// xID reads a status id at the start of a path segment. It fits 64 bits.
func xID(seg string) (string, bool) {
	n := 0
	for n < len(seg) && isDigit(seg[n]) {
		n++
	}
	if n < len(seg) && (isAlnum(seg[n]) || seg[n] == '-') {
		return "", false
	}
	id, err := strconv.ParseUint(seg[:n], 10, 64)
	if err != nil || id == 0 {
		return "", false
	}
	return strconv.FormatUint(id, 10), true
}
