package bot

import (
	"fmt"
	"strconv"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// words are the phrases around a thread in one language, from its message
// files. English is [render.English]; a test holds words.en.json, which
// translators read, to what that says.
type words struct {
	speech
	lang    string
	numbers *message.Printer
	bare    int  // numbers up to this have no mark between thousands
	rtl     bool // written from right to left
}

var _ render.Words = (*words)(nil)

func newWords(tag language.Tag, s speech) (*words, error) {
	latin, err := tag.SetTypeForKey("nu", "latn") // the digits that the bot's other sentences have
	if err != nil {
		return nil, fmt.Errorf("digits of %s: %w", tag, err)
	}
	script, _ := tag.Script()
	w := &words{
		speech: s, lang: tag.String(), numbers: message.NewPrinter(latin), bare: 999,
		rtl: script.String() == "Arab" || script.String() == "Hebr",
	}
	if tag == language.Spanish {
		w.bare = 9999 // CLDR's minimum grouping of two digits, which x/text does not know
	}
	return w, nil
}

// named is the phrase with this id and value as its end, otherwise where
// there is none: values come from stored threads, and newer ones may be among
// them.
func (w *words) named(id, value, otherwise string) string {
	if p, ok := w.phrases[id+value]; ok {
		return p.fill()
	}
	return w.say(otherwise)
}

// count is the phrase with this id in the plural form that n needs.
func (w *words) count(id string, n int) string { return w.countOf(id, n, 0) }

// countOf is count for a phrase that says how many of n are here, too.
func (w *words) countOf(id string, n, have int) string {
	text, err := w.Localize(&i18n.LocalizeConfig{
		MessageID: id, PluralCount: n, TemplateData: map[string]string{"PluralCount": w.number(n), "Have": w.number(have)},
	})
	if err != nil && text == "" {
		return id
	}
	return text
}

func (w *words) number(n int) string {
	if -w.bare <= n && n <= w.bare {
		return strconv.Itoa(n)
	}
	return w.numbers.Sprint(n)
}

// led is for phrases that stand in a line behind others. A number at the
// beginning of one that is written from right to left would join a name
// before it that is not (UAX #9, W7); a mark keeps them apart.
func (w *words) led(s string) string {
	if w.rtl && s != "" && s[0] >= '0' && s[0] <= '9' {
		return "\u200f" + s
	}
	return s
}

func (w *words) Lang() string { return w.lang }

func (w *words) Posts(n int) string { return w.led(w.count("mention_posts", n)) }

func (w *words) Untitled(author string) string { return w.say("words_untitled", "Author", author) }

func (w *words) ReplyTo(author string) string {
	if author == "" {
		return w.say("words_reply")
	}
	return w.say("words_reply_to", "Author", author)
}

func (w *words) Quoting(author string) string {
	if author == "" {
		return w.say("words_quoting_post")
	}
	return w.say("words_quoting", "Author", author)
}

func (w *words) Branch(posts int) string { return w.count("words_branch", posts) }

func (w *words) BranchAfter(begin string) string {
	if begin == "" {
		return w.say("words_branch_apart")
	}
	return w.say("words_branch_after", "Words", begin)
}

func (w *words) Warning(text string) string { return w.say("words_warning", "Text", text) }

func (w *words) Gap(r unroll.GapReason) string { return w.missing("words_gap", r) }

func (w *words) NoQuote(r unroll.GapReason) string { return w.missing("words_no_quote", r) }

func (w *words) missing(id string, r unroll.GapReason) string {
	return w.say(id, "Reason", w.named("words_gap_", string(r), "words_gap_unknown"))
}

func (w *words) CutText() string { return w.say("words_cut_text") }

func (w *words) Boxes(letters string) string { return w.say("words_boxes", "Letters", letters) }

func (w *words) Media(m unroll.Media) string {
	label := w.named("words_media_", string(m.Kind), "words_media_image")
	s := int(m.Duration.Round(time.Second).Seconds())
	if s <= 0 {
		return label
	}
	return w.say("words_media_long", "Media", label, "Duration", fmt.Sprintf("%d:%02d", s/60, s%60))
}

func (w *words) NoDescription() string { return w.say("words_no_description") }

func (w *words) Link() string { return w.say("words_link") }

func (w *words) Covered(media int) string { return w.count("words_covered", media) }

func (w *words) Place(n int) string {
	if n == 0 {
		return w.say("words_place_branch")
	}
	return w.say("words_place", "Number", w.number(n))
}

func (w *words) Edited(at time.Time) string { return w.say("words_edited", "Time", w.Time(at)) }

func (w *words) Day(at time.Time) string {
	year, month, day := at.UTC().Date()
	y, m := strconv.Itoa(year), w.named("words_month_", strconv.Itoa(int(month)), "")
	if day == 1 { // "1er mars"
		return w.led(w.say("words_day_first", "Month", m, "Year", y))
	}
	return w.led(w.say("words_day", "Day", strconv.Itoa(day), "Month", m, "Year", y))
}

func (w *words) Time(at time.Time) string {
	return w.say("words_time", "Date", w.Day(at), "Clock", at.UTC().Format("15:04"))
}

func (w *words) Minutes(n int) string { return w.led(w.count("words_minutes", n)) }

func (w *words) Follow(n unroll.Network) string {
	name := ""
	switch n {
	case unroll.X:
		name = "X"
	case unroll.Bluesky:
		name = "Bluesky"
	case unroll.Mastodon:
		name = "Mastodon"
	case unroll.Short:
	}
	if name == "" {
		return w.say("words_follow")
	}
	return w.say("words_follow_on", "Network", name)
}

func (w *words) About() string { return w.say("words_about") }

func (w *words) Poll(p unroll.Poll, now time.Time) string {
	s := w.say("words_poll")
	if p.Votes > 0 {
		s = w.count("words_poll_votes", p.Votes)
	}
	switch {
	case p.EndsAt.IsZero():
		return s
	case p.EndsAt.Before(now):
		return w.say("words_poll_ended", "Poll", s, "Day", w.Day(p.EndsAt))
	default:
		return w.say("words_poll_open", "Poll", s, "Day", w.Day(p.EndsAt))
	}
}

func (w *words) Share(percent, votes int) string {
	return w.say("words_share", "Percent", strconv.Itoa(percent), "Votes", w.number(votes))
}

func (w *words) Original() string { return w.say("words_original") }

func (w *words) Read(source string, at time.Time) string {
	switch {
	case source == "" && at.IsZero():
		return ""
	case at.IsZero():
		return w.say("words_read_from", "Source", source)
	case source == "":
		return w.say("words_read_on", "Time", w.Time(at))
	default:
		return w.say("words_read", "Source", source, "Time", w.Time(at))
	}
}

func (w *words) Verdict(s unroll.State, missing int) string {
	if s == unroll.Partial && missing > 0 {
		return w.count("words_verdict_missing", missing)
	}
	return w.named("words_verdict_", string(s), "words_verdict_unknown")
}

func (w *words) Because(s unroll.State, e unroll.Evidence) string {
	head := w.named("words_head_", string(s), "words_head_unknown")
	reason := w.why(e)
	if reason == "" {
		return w.say("words_because_nothing", "Verdict", head)
	}
	return w.say("words_because", "Verdict", head, "Reason", reason)
}

func (w *words) why(e unroll.Evidence) string {
	switch {
	case e.Rule != unroll.RuleCounter && e.Rule != unroll.RuleNumbering:
		return w.named("words_why_", string(e.Rule), "")
	case e.Want == 0:
		return ""
	case e.Have >= e.Want:
		return w.count("words_why_"+string(e.Rule)+"_all", e.Want)
	default:
		return w.countOf("words_why_"+string(e.Rule)+"_some", e.Want, e.Have)
	}
}
