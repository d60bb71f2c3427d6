package unroll

import (
	"slices"
	"strings"
)

// fediversePath is a way in which fediverse servers write links to posts. In
// the pattern {user} is a name with or without a host; the other words in
// braces stand for the post and for what its id looks like.
type fediversePath struct {
	pattern string
	servers string // where it is seen
}

// fediversePaths are tried in order. Each may stand behind /web or /deck, and
// have one of fediverseTails behind it. Ids have to look like ids, because any
// host may have such paths.
var fediversePaths = []fediversePath{
	{"@{user}/{number}", "Mastodon, also a copy of another server's post"},
	{"@{user}/statuses/{id}", "GoToSocial"},
	{"@{user}/posts/{id}", "Soapbox in front of Pleroma or Mastodon"},
	{"users/{user}/statuses/{id}", "Mastodon's and GoToSocial's ActivityPub ids"},
	{"ap/users/{user}/statuses/{number}", "Mastodon's ActivityPub ids from 4.5 on"},
	{"statuses/{number}", "Mastodon"},
	{"notice/{id}", "Pleroma, Akkoma"},
	{"objects/{uuid}", "Pleroma's ActivityPub ids"},
	{"notes/{note}", "the Misskey family"},
	{"p/{user}/{number}", "Pixelfed"},
	{"{user}/p/{stamp}", "snac"},
}

// fediverseTails are path segments that may follow a post's own address.
var fediverseTails = []string{"embed", "activity", "reblogs", "favourites", "quotes", "history", "media", "replies", "context"}

// match gives the id of the post that path leads to.
func (f fediversePath) match(path []string) (string, bool) {
	if len(path) > 1 && (path[0] == "web" || path[0] == "deck") {
		path = path[1:]
	}
	id, user := "", ""
	for want := range strings.SplitSeq(f.pattern, "/") {
		if len(path) == 0 {
			return "", false
		}
		seg := path[0]
		path = path[1:]
		ok := seg == want
		switch want {
		case "@{user}":
			ok = strings.HasPrefix(seg, "@") && isUser(seg[1:])
		case "{user}":
			user, ok = seg, isUser(seg)
		case "{stamp}":
			// A snac link tells who and when; the id has to be asked for.
			id, ok = user+":"+seg, isStamp(seg)
		case "{number}", "{id}", "{uuid}", "{note}":
			id, ok = seg, isStatusID(want, seg)
		}
		if !ok {
			return "", false
		}
	}
	if len(path) > 0 && !slices.Contains(fediverseTails, path[0]) {
		return "", false
	}
	if strings.Contains(f.pattern, "{uuid}") {
		id = strings.ToLower(id)
	}
	return id, true
}

// isStatusID tells whether s looks like the ids that servers of a kind hand
// out.
func isStatusID(kind, s string) bool {
	switch kind {
	case "{number}":
		return isDigits(s) && len(s) <= 20 && s[0] != '0'
	case "{uuid}":
		return isUUID(s)
	case "{note}": // aid, aidx, ObjectID and meid, ULID have these lengths
		return isStatusID("{id}", s) && slices.Contains([]int{10, 16, 24, 26}, len(s))
	default: // a number, ULID, flake or hash: letters and digits, never a word
		return len(s) <= 64 && strings.ContainsAny(s, "0123456789") && all(s, isAlnum)
	}
}

// isUser tells whether s is a user name of the fediverse, maybe with a host.
func isUser(s string) bool {
	name, host, remote := strings.Cut(s, "@")
	if remote {
		hostname, port := splitName(host)
		if _, ok := lastingHost(hostname, port, "https"); !ok {
			return false
		}
	}
	return name != "" && len(name) <= 64 && all(name, func(c byte) bool {
		return isAlnum(c) || c == '_' || c == '.' || c == '-'
	})
}

// isStamp tells whether s is a time as snac writes it: 1795479460.303517.
func isStamp(s string) bool {
	seconds, micros, ok := strings.Cut(s, ".")
	return ok && len(seconds) == 10 && len(micros) == 6 && isDigits(seconds) && isDigits(micros)
}

// isUUID tells whether s has the form 8-4-4-4-12 of hexadecimal digits.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !isDigit(s[i]) && (s[i]|0x20 < 'a' || s[i]|0x20 > 'f') {
				return false
			}
		}
	}
	return true
}
