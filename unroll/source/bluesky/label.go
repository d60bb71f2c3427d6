package bluesky

import (
	"slices"
	"strings"

	"unrollbot/unroll"
)

// Labels that are known to everybody (atproto.com/specs/label, 2026-06). What
// other labels mean, their labeler says to those who follow it.
const (
	// labelLoginOnly on an account asks not to be shown to people who are
	// not logged in. The AppView shows its posts all the same (measured
	// 2026-11) and leaves it to us.
	labelLoginOnly = "!no-unauthenticated"
	labelWarn      = "!warn"
	labelHide      = "!hide"
	labelTakedown  = "!takedown"
	labelSuspend   = "!suspend"
)

// covering lists the labels that cover media.
var covering = []string{
	labelWarn, "porn", "sexual", "sexual-figurative", "nudity", "graphic-media",
	"gore", "nsfl", // older names of graphic-media
}

func has(labels []label, vals ...string) bool {
	return slices.ContainsFunc(labels, func(l label) bool { return !l.Neg && slices.Contains(vals, l.Val) })
}

// loginOnly tells whether the account asks not to be shown in public.
func (p *profile) loginOnly() bool { return has(p.Labels, labelLoginOnly) }

// onAccount gives the labels that hold for everything the account posts;
// those on the profile record are about its picture and description.
func (p *profile) onAccount() []label {
	var all []label
	for _, l := range p.Labels {
		if !strings.HasPrefix(l.URI, "at://") {
			all = append(all, l)
		}
	}
	return all
}

// hidden says why a post with these labels is not shown, "" where it is.
func hidden(author *profile, labels []label) unroll.GapReason {
	account := author.onAccount()
	switch {
	case author.loginOnly():
		return unroll.GapRestricted
	case has(account, labelSuspend):
		return unroll.GapSuspended
	case has(account, labelHide, labelTakedown), has(labels, labelHide, labelTakedown):
		return unroll.GapWithheld
	default:
		return ""
	}
}

// sensitive tells whether the media of a post with these labels is covered.
// The author's own labels stand in the record, and the AppView repeats them
// among the post's.
func sensitive(author *profile, labels ...[]label) bool {
	return has(author.onAccount(), covering...) ||
		slices.ContainsFunc(labels, func(l []label) bool { return has(l, covering...) })
}
