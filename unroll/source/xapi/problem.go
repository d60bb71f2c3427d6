package xapi

import (
	"cmp"
	"fmt"
	"path"
	"strings"
	"time"

	"unrollbot/unroll"
)

// kind is the last part of a problem's type: "resource-not-found". The part
// before it has changed with the service's name.
func (p *problem) kind() string { return path.Base(p.Type) }

// gap says why a post that the problem is about cannot be read. The service
// reports posts of suspended accounts as not found, and tells in words only.
func (p *problem) gap() unroll.GapReason {
	words := strings.ToLower(p.Title + " " + p.Detail)
	switch {
	case strings.Contains(words, "suspended"):
		return unroll.GapSuspended
	case p.kind() == "resource-not-found":
		return unroll.GapDeleted
	case p.kind() == "not-authorized-for-resource":
		return unroll.GapPrivate
	case strings.Contains(words, "withheld"), p.kind() == "disallowed-resource":
		return unroll.GapWithheld
	default:
		return unroll.GapUnknown
	}
}

// kindOf is what a gap means when the post is all that was asked for. Not
// found is what the service says of every number that is no post's.
func kindOf(gap unroll.GapReason) unroll.Kind {
	switch gap {
	case unroll.GapPrivate:
		return unroll.KindPrivate
	case unroll.GapSuspended, unroll.GapWithheld, unroll.GapBlocked:
		return unroll.KindBlocked
	case unroll.GapRestricted:
		return unroll.KindLoginRequired
	case unroll.GapDeleted, unroll.GapUnknown:
		return unroll.KindNotFound
	default:
		return unroll.KindNotFound
	}
}

// about gives the ID of the post that the problem is about.
func (p *problem) about() string {
	if id, ok := p.Value.(string); ok {
		return cmp.Or(p.ResourceID, id)
	}
	return p.ResourceID
}

// first gives the problem that a refusal is: the answer itself, or the first
// of its list.
func (a *answer) first() *problem {
	if a.Type != "" || a.Title != "" || len(a.Errors) == 0 {
		return &a.problem
	}
	return &a.Errors[0]
}

func (p *problem) Error() string {
	said := cmp.Or(p.Detail, p.Message, p.Title)
	if r := []rune(said); len(r) > maxSaid {
		said = string(r[:maxSaid]) + "…"
	}
	return fmt.Sprintf("%s: %q", cmp.Or(p.kind(), p.Title), said)
}

// maxSaid bounds, in code points, how much of the service's words an error
// repeats.
const maxSaid = 200

// How long the service is left alone after a refusal that concerns us and not
// a post, where it does not say so itself.
const (
	restCredits = 15 * time.Minute // until somebody pays, or the month ends
	restToken   = time.Minute      // until somebody sets another token
)

// refusal says what a refused status means. A status that speaks of our token
// says nothing about the post: to take it for "private" would make the
// program forget threads that it holds.
func (p *problem) refusal(status int, told time.Duration) (kind unroll.Kind, rest time.Duration, hint string) {
	switch {
	case p.kind() == "usage-capped", status == 402:
		return unroll.KindRateLimited, max(told, restCredits), "no credits left, or the spending limit is reached: see developer.x.com"
	case status == 429:
		return unroll.KindRateLimited, told, ""
	case status == 401:
		return unroll.KindUpstream, restToken, "the bearer token is not accepted: set another"
	case status == 403:
		return unroll.KindUpstream, 0, "the bearer token may not do this"
	case status == 404 && p.kind() == "resource-not-found":
		return kindOf(p.gap()), 0, ""
	case status == 404, status == 410, status == 400:
		return unroll.KindUpstream, 0, ""
	default:
		return "", 0, ""
	}
}
