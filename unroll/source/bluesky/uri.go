package bluesky

import (
	"net/url"
	"strings"

	"unrollbot/unroll"
)

const (
	postCollection = "app.bsky.feed.post"
	web            = "https://bsky.app"
)

// recordURI is an at-uri taken apart. Its parts are safe in a URL path.
type recordURI struct {
	did, collection, key string
}

// parseURI takes at://DID/COLLECTION/KEY apart. A handle in the place of the
// DID is refused: what the AppView answers always has DIDs.
func parseURI(uri string) (recordURI, bool) {
	rest, ok := strings.CutPrefix(uri, "at://")
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return recordURI{}, false
	}
	u := recordURI{parts[0], parts[1], parts[2]}
	ok = isDID(u.did) && plain(u.collection, 317) && plain(u.key, 512) && u.key != "." && u.key != ".."
	return u, ok
}

// parsePost is parseURI for posts only.
func parsePost(uri string) (recordURI, bool) {
	u, ok := parseURI(uri)
	return u, ok && u.collection == postCollection
}

// id is the post's [unroll.Post.ID].
func (u recordURI) id() string { return u.did + "/" + u.key }

// page is the record's address for people. Accounts are named by their DID:
// a handle may be somebody else's tomorrow.
func (u recordURI) page() string {
	switch u.collection {
	case postCollection:
		return web + "/profile/" + u.did + "/post/" + u.key
	case "app.bsky.feed.generator":
		return web + "/profile/" + u.did + "/feed/" + u.key
	case "app.bsky.graph.list":
		return web + "/profile/" + u.did + "/lists/" + u.key
	case "app.bsky.graph.starterpack":
		return web + "/starter-pack/" + u.did + "/" + u.key
	default:
		return profilePage(u.did)
	}
}

func profilePage(did string) string { return web + "/profile/" + did }

func tagPage(tag string) string { return web + "/hashtag/" + url.PathEscape(tag) }

// postURI is the at-uri of a post by its ref, whose author may be a handle.
func postURI(ref unroll.Ref) string {
	return "at://" + ref.Author + "/" + postCollection + "/" + ref.ID
}

// isDID tells whether s is a DID that can stand in a path. The limit is that
// of the syntax (atproto.com/specs/did, 2026-06: 2,048 characters), halved.
func isDID(s string) bool {
	return strings.HasPrefix(s, "did:") && strings.Count(s, ":") >= 2 && plain(s, 1024)
}

// plain tells whether s has 1 to limit bytes, all of which may stand in a URL
// path as they are.
func plain(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte("-._~:", c) >= 0:
		default:
			return false
		}
	}
	return true
}
