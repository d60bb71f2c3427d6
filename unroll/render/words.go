package render

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
)

// Words are the phrases that renderers add to what the author wrote. Each
// language is one type; [English] is the one used when [Options] names none.
// No phrase holds markup. Calls may run at the same time.
type Words interface {
	// Lang is the phrases' language as a BCP 47 tag.
	Lang() string

	Posts(n int) string              // "3 posts"
	Untitled(author string) string   // title of a thread without words
	ReplyTo(author string) string    // heading of the post that the root answers
	Quoting(author string) string    // heading of a quote; author may be empty
	Branch(posts int) string         // a side branch
	BranchAfter(words string) string // heading of a side branch; words begin the post it forks from
	Warning(text string) string      // content warning; text is never empty
	Gap(unroll.GapReason) string     // a sentence in place of a post
	NoQuote(unroll.GapReason) string // a sentence in place of a quoted post
	CutText() string                 // a sentence after a text that came without its end
	Boxes(letters string) string     // a sentence: that boxes stand for letters that no font has; letters name them as U+1234
	Media(m unroll.Media) string     // label of a picture, video or sound
	NoDescription() string           // in place of a description
	Link() string                    // label of a link card
	Covered(media int) string        // label of media that the author covered
	Place(n int) string              // label of a post's permalink; n is its place in the chain, 0 in a branch
	Edited(at time.Time) string      // that a post was changed, and when
	Day(at time.Time) string         // a date without time of day
	Minutes(n int) string            // reading time
	Follow(n unroll.Network) string  // label of a link to the author's profile
	About() string                   // heading of source, time and verdict

	Poll(p unroll.Poll, now time.Time) string // heading of a poll
	Share(percent, votes int) string          // how an answer fared

	Time(at time.Time) string                         // date and time, with its zone
	Original() string                                 // label of a link to the thread at its network
	Read(source string, at time.Time) string          // a sentence: where and when
	Verdict(s unroll.State, missing int) string       // a few words; missing is 0 where it cannot be counted
	Because(s unroll.State, e unroll.Evidence) string // a sentence: the verdict and one reason
}

// Minutes is the time it takes to read t, rounded; 0 is less than half a
// minute.
func Minutes(t *unroll.Thread) int { return minutes(t) }

// English is the default [Words].
type English struct{}

var _ Words = English{}

// Lang returns "en".
func (English) Lang() string { return "en" }

// Posts counts posts.
func (English) Posts(n int) string { return plural(n, "post") }

// Untitled names a thread by its author.
func (English) Untitled(author string) string { return "Thread by " + author }

// ReplyTo heads the post that the root answers.
func (English) ReplyTo(author string) string {
	if author == "" {
		return "In reply to a post"
	}
	return "In reply to " + author
}

// Quoting heads a quoted post.
func (English) Quoting(author string) string {
	if author == "" {
		return "Quoting a post"
	}
	return "Quoting " + author
}

// Branch announces a side branch.
func (English) Branch(posts int) string { return "Side branch: " + plural(posts, "post") }

// BranchAfter heads a side branch that stands apart from its fork.
func (English) BranchAfter(words string) string {
	if words == "" {
		return "Side branch"
	}
	return "Side branch after “" + words + "”"
}

// Warning introduces the author's own content warning.
func (English) Warning(text string) string { return "Content warning: " + text }

// Gap says why a post is missing.
func (e English) Gap(r unroll.GapReason) string { return "A post is missing here: " + e.gap(r) + "." }

// NoQuote says why a quoted post is missing.
func (e English) NoQuote(r unroll.GapReason) string {
	return "The quoted post cannot be shown: " + e.gap(r) + "."
}

func (English) gap(r unroll.GapReason) string {
	switch r {
	case unroll.GapDeleted:
		return "deleted by its author"
	case unroll.GapPrivate:
		return "only for the author's followers"
	case unroll.GapBlocked:
		return "blocked by its author or by the network"
	case unroll.GapSuspended:
		return "its account is suspended"
	case unroll.GapWithheld:
		return "withheld in some countries"
	case unroll.GapRestricted:
		return "only for readers who log in"
	case unroll.GapWithdrawn:
		return "its author does not want it shown here"
	case unroll.GapUnknown:
		return "the network did not say why"
	default:
		return "the network did not say why"
	}
}

// CutText says that a text is not whole.
func (English) CutText() string {
	return "The end of this post is missing: the source gave only its beginning."
}

// Boxes says which letters no font has.
func (English) Boxes(letters string) string {
	return "Boxes stand for letters that no font on this server has: " + letters + "."
}

// Media names what a medium is, with the length of a video or sound.
func (English) Media(m unroll.Media) string {
	label := "Picture"
	switch m.Kind {
	case unroll.MediaVideo:
		label = "Video"
	case unroll.MediaGIF:
		label = "GIF"
	case unroll.MediaAudio:
		label = "Sound"
	case unroll.MediaImage:
	}
	if s := int(m.Duration.Round(time.Second).Seconds()); s > 0 {
		label += fmt.Sprintf(" (%d:%02d)", s/60, s%60)
	}
	return label
}

// NoDescription stands where the author described nothing.
func (English) NoDescription() string { return "no description" }

// Link labels a link card.
func (English) Link() string { return "Link" }

// Covered labels media behind a fold.
func (English) Covered(media int) string {
	if media == 1 {
		return "Sensitive: 1 picture or video"
	}
	return "Sensitive: " + group(media) + " pictures or videos"
}

// Place labels the permalink of a post.
func (English) Place(n int) string {
	if n == 0 {
		return "Link to this post"
	}
	return "Link to post " + group(n)
}

// Edited says that the post is not as it was.
func (e English) Edited(at time.Time) string { return "Edited " + e.Time(at) }

// Day is a date in UTC.
func (English) Day(at time.Time) string { return day(at) }

// Minutes is the time it takes to read.
func (English) Minutes(n int) string { return group(n) + " min read" }

// Follow leads to where the author can be followed.
func (English) Follow(n unroll.Network) string {
	switch n {
	case unroll.X:
		return "Follow on X"
	case unroll.Bluesky:
		return "Follow on Bluesky"
	case unroll.Mastodon:
		return "Follow on Mastodon"
	case unroll.Short:
	}
	return "Follow"
}

// About heads what is known of the copy.
func (English) About() string { return "About this copy" }

// Poll heads a poll as it stood at now.
func (English) Poll(p unroll.Poll, now time.Time) string {
	s := "Poll"
	if p.Votes > 0 {
		s += ": " + plural(p.Votes, "vote")
	}
	switch {
	case p.EndsAt.IsZero():
	case p.EndsAt.Before(now):
		s += ", ended " + day(p.EndsAt)
	default:
		s += ", open until " + day(p.EndsAt)
	}
	return s
}

// Share gives an answer's part of all votes.
func (English) Share(percent, votes int) string {
	return strconv.Itoa(percent) + "% (" + group(votes) + ")"
}

// Time is date and time of day in UTC.
func (English) Time(at time.Time) string { return at.UTC().Format("2 January 2006, 15:04 UTC") }

// Original leads to the thread where it was written.
func (English) Original() string { return "Original thread" }

// Read says where a thread came from.
func (e English) Read(source string, at time.Time) string {
	switch {
	case source == "" && at.IsZero():
		return ""
	case at.IsZero():
		return "Read from " + source + "."
	case source == "":
		return "Read on " + e.Time(at) + "."
	default:
		return "Read from " + source + " on " + e.Time(at) + "."
	}
}

// Verdict sums the verdict up.
func (English) Verdict(s unroll.State, missing int) string {
	switch s {
	case unroll.Complete:
		return "complete"
	case unroll.Partial:
		if missing > 0 {
			return "partial: " + plural(missing, "post") + " missing"
		}
		return "partial: something is missing"
	case unroll.Unknown:
		return "perhaps not complete"
	default:
		return "perhaps not complete"
	}
}

// Because gives the verdict with one reason for it. A zero e means that no
// reason is known.
func (e English) Because(s unroll.State, ev unroll.Evidence) string {
	head := "Perhaps not complete"
	switch s {
	case unroll.Complete:
		head = "Complete"
	case unroll.Partial:
		head = "Partial"
	case unroll.Unknown:
	}
	if reason := e.reason(ev); reason != "" {
		return head + ": " + reason + "."
	}
	return head + "."
}

func (English) reason(e unroll.Evidence) string {
	switch e.Rule {
	case unroll.RuleGap:
		return "a post in it cannot be read"
	case unroll.RuleHead:
		return "it begins with a reply to an earlier post of the author, which is not here"
	case unroll.RuleCutText:
		return "a long post came without its end"
	case unroll.RuleCut:
		return "the source stopped before the end"
	case unroll.RuleNoThread:
		return "the source knew this post, but not the thread around it"
	case unroll.RuleCounter:
		return counted("the source counts "+plural(e.Want, "post"), e)
	case unroll.RuleNumbering:
		return counted("the author numbered "+plural(e.Want, "post"), e)
	case unroll.RuleOpener:
		return "the post says that a thread follows, and none was found"
	case unroll.RuleEnd:
		return "nothing by the author follows the last post"
	case unroll.RuleOpenEnd:
		return "the last post has replies that could not be seen"
	case unroll.RuleChainOnly:
		return "the source shows one chain of posts and hides side branches"
	default:
		return ""
	}
}

func counted(claim string, e unroll.Evidence) string {
	switch {
	case e.Want == 0:
		return ""
	case e.Have >= e.Want:
		return claim + ", and all are here"
	default:
		return claim + ", and " + group(e.Have) + " are here"
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return group(n) + " " + noun + "s"
}

// group writes n with commas between thousands.
func group(n int) string {
	s := strconv.Itoa(n)
	digits := strings.TrimPrefix(s, "-")
	if len(digits) <= 3 {
		return s
	}
	var b strings.Builder
	b.WriteString(s[:len(s)-len(digits)])
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func day(at time.Time) string { return at.UTC().Format("2 January 2006") }
