package render

import (
	"cmp"
	"html/template"
	"regexp"
	"strings"
	"time"
	"unicode"

	"unrollbot/unroll"
)

// viewer builds a view.
type viewer struct {
	Options
	Words
	thread *unroll.Thread
	forks  forks
	shown  map[*unroll.Branch]bool
	day    string // of the post before

	// show gives the address to show a picture from, "" to do without.
	show    func(address string) template.URL
	offline bool // players have nothing to play
}

func newViewer(t *unroll.Thread, o Options) *viewer {
	t = o.prepared(t)
	return &viewer{Options: o, Words: o.words(), thread: t, forks: newForks(t), shown: make(map[*unroll.Branch]bool), show: inPlace}
}

// inPlace shows a picture from where it is.
func inPlace(address string) template.URL { return checked(weblink(address)) }

// checked is an address that weblink let through, or that we made ourselves.
func checked(address string) template.URL {
	return template.URL(address) //nolint:gosec // see above; attributes are still escaped
}

func (v *viewer) view() *view {
	t := v.thread
	out := &view{
		W: v.Words, Dir: direction(v.Lang()), Title: v.Title(t), Author: v.author(t.Author), Follow: v.Follow(t.Ref.Network),
		Count: v.Posts(t.Len()), Read: v.Read(SourceName(t), t.FetchedAt), Because: v.Because(t.Verdict.State, Strongest(t.Verdict)),
	}
	heading, rest, ok := headline(t)
	if ok {
		out.Heading = heading
		t = withoutStart(t, rest)
	}
	if n := minutes(t); n > 0 {
		out.Minutes = v.Minutes(n)
	}
	if t.Verdict.State != unroll.Complete {
		out.Verdict = v.Verdict(t.Verdict.State, Missing(t))
	}
	v.dates(out)
	out.ReplyTo = v.quote(t.ReplyTo, v.ReplyTo)
	out.Posts = v.chain(t.Posts, true, 0)
	for _, b := range v.forks.lost() {
		out.Branches = append(out.Branches, v.branch(b, 0)...)
	}
	out.Evidence = v.evidence()
	for i := range t.Posts {
		if out.Original = weblink(t.Posts[i].URL); out.Original != "" {
			break
		}
	}
	return out
}

func (v *viewer) evidence() []evidenceView {
	held := make(map[string]bool)
	for p := range v.thread.All {
		held[p.ID] = true
	}
	var out []evidenceView
	for _, e := range v.thread.Verdict.Evidence {
		ev := evidenceView{Text: v.Because(e.State, e)}
		if held[e.Post] {
			ev.Anchor = Anchor(v.thread, e.Post)
		}
		out = append(out, ev)
	}
	return out
}

func (v *viewer) dates(out *view) {
	var first, last time.Time
	for i := range v.thread.Posts {
		if at := v.thread.Posts[i].At; !at.IsZero() {
			if first.IsZero() {
				first = at
			}
			last = at
		}
	}
	out.From = v.stampDay(first)
	if to := v.stampDay(last); to.Text != out.From.Text {
		out.To = to
	}
	v.day = out.From.Text
}

func (v *viewer) stamp(at time.Time, text func(time.Time) string) stamp {
	if at.IsZero() {
		return stamp{}
	}
	return stamp{text(at), at.UTC().Format(time.RFC3339)}
}

func (v *viewer) stampDay(at time.Time) stamp {
	s := v.stamp(at, v.Day)
	if s.Text != "" {
		s.Machine = s.Machine[:len("2006-01-02")]
	}
	return s
}

func (v *viewer) author(a unroll.Author) authorView {
	return authorView{Name: line(a.Name), Handle: line(a.Handle), URL: weblink(a.URL), Avatar: v.show(a.Avatar)}
}

// maxFold is how deep side branches are shown within each other; deeper ones
// follow the branch they fork from. Browsers stop nesting at 512 elements.
const maxFold = 6

func (v *viewer) chain(posts []unroll.Post, main bool, depth int) []postView {
	out := make([]postView, len(posts))
	for i := range posts {
		place := 0
		if main {
			place = i + 1
		}
		out[i] = v.post(&posts[i], place)
		if main {
			if day := v.stampDay(posts[i].At); day.Text != "" && day.Text != v.day {
				out[i].Day, v.day = day, day.Text
			}
		}
		if depth < maxFold {
			for _, b := range v.forks.at(posts[i].ID) {
				out[i].Branches = append(out[i].Branches, v.branch(b, depth+1)...)
			}
		}
	}
	return out
}

// branch shows a branch once, and after it what is too deep to be shown in it.
func (v *viewer) branch(b *unroll.Branch, depth int) []branchView {
	var out []branchView
	for todo := []*unroll.Branch{b}; len(todo) > 0; {
		b, todo = todo[0], todo[1:]
		if v.shown[b] {
			continue
		}
		v.shown[b] = true
		label := v.Branch(v.forks.size(b))
		if depth == maxFold {
			label = v.Branch(present(b.Posts))
			for i := range b.Posts {
				todo = append(todo, v.forks.at(b.Posts[i].ID)...)
			}
		}
		out = append(out, branchView{Label: label, Posts: v.chain(b.Posts, false, depth)})
	}
	return out
}

func (v *viewer) post(p *unroll.Post, place int) postView {
	out := postView{
		Anchor: Anchor(v.thread, p.ID), Place: place, Label: v.Place(place), URL: weblink(p.URL),
		At: v.stamp(p.At, v.Time), Edited: v.stamp(p.EditedAt, v.Edited),
	}
	if p.Gap != nil {
		out.Gap = v.Gap(p.Gap.Reason)
		return out
	}
	out.Lang, out.RTL = language(p.Lang), RightToLeft(p.Text)
	if warning := line(p.Warning); warning != "" {
		out.Warning = v.Warning(warning)
	}
	out.Body = v.rich(p.Text, p.Facets)
	if p.Cut {
		out.CutText = v.CutText()
	}
	if p.Poll != nil {
		out.Poll = v.poll(p.Poll)
	}
	out.Media = v.media(p.Media, out.URL)
	if p.Sensitive && out.Warning == "" && len(out.Media) > 0 {
		out.Covered = v.Covered(len(out.Media))
	}
	out.Quote = v.quote(p.Quote, v.Quoting)
	out.Card = v.card(p.Card)
	return out
}

func (v *viewer) rich(text string, facets []unroll.Facet) *richView {
	text, facets = clean(text, facets)
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return &richView{text, facets, v.show}
}

func (v *viewer) poll(p *unroll.Poll) *pollView {
	out := &pollView{Heading: v.Poll(*p, v.thread.FetchedAt)}
	for i, share := range shares(p) {
		o := optionView{Label: line(p.Options[i].Label), Percent: share}
		if share >= 0 {
			o.Share = v.Share(share, p.Options[i].Votes)
		}
		out.Options = append(out.Options, o)
	}
	return out
}

func (v *viewer) quote(q *unroll.Quote, heading func(string) string) *quoteView {
	if q == nil {
		return nil
	}
	out := &quoteView{URL: weblink(q.URL), Heading: heading("")}
	if q.Gap != nil {
		out.Gap = v.NoQuote(q.Gap.Reason)
		return out
	}
	out.Author, out.At = v.author(q.Author), v.stampDay(q.At)
	out.Heading = heading(who(q.Author))
	if warning := line(q.Warning); warning != "" {
		out.Warning = v.Warning(warning)
	}
	out.Body = v.rich(q.Text, q.Facets)
	out.Media = v.media(q.Media, out.URL)
	out.Card = v.card(q.Card)
	if q.Sensitive && out.Warning == "" && len(out.Media) > 0 {
		out.Covered = v.Covered(len(out.Media))
	}
	return out
}

// longAlt is how many bytes of a description fit under a picture.
const longAlt = 280

func (v *viewer) media(media []unroll.Media, post string) []mediaView {
	var out []mediaView
	for _, m := range media {
		view := mediaView{
			Kind: m.Kind, Label: v.Media(m), URL: weblink(m.URL), Page: post, Offline: v.offline,
			Alt: line(m.Alt), None: v.NoDescription(), Width: max(m.Width, 0), Height: max(m.Height, 0),
		}
		view.Long = len(view.Alt) > longAlt
		preview := weblink(m.Preview)
		switch m.Kind {
		case unroll.MediaVideo, unroll.MediaGIF, unroll.MediaAudio:
			view.Variants = variants(m)
		case unroll.MediaImage:
			preview = cmp.Or(preview, view.URL)
		default:
			view.Kind, preview = unroll.MediaImage, cmp.Or(preview, view.URL)
		}
		view.Source = v.show(preview)
		out = append(out, view)
	}
	return out
}

var mediaType = regexp.MustCompile(`^[a-zA-Z]+/[a-zA-Z0-9.+-]+$`)

// variants are the addresses a player may try, with their types where sure.
func variants(m unroll.Media) []unroll.Variant {
	all := m.Variants
	if len(all) == 0 {
		all = []unroll.Variant{{URL: m.URL}}
	}
	var out []unroll.Variant
	for _, one := range all {
		if one.URL = weblink(one.URL); one.URL == "" {
			continue
		}
		if !mediaType.MatchString(one.Type) {
			one.Type = ""
		}
		out = append(out, one)
	}
	return out
}

func (v *viewer) card(c *unroll.Card) *cardView {
	if c == nil || weblink(c.URL) == "" {
		return nil
	}
	link := weblink(c.URL)
	out := &cardView{
		URL: link, Title: line(c.Title), Description: line(c.Description), Host: host(link),
		Image: v.show(c.Image), Alt: line(c.ImageAlt),
	}
	if out.Title == "" {
		out.Title, out.Host = out.Host, ""
	}
	return out
}

var languageTag = regexp.MustCompile(`^[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*$`)

// language is a BCP 47 tag that browsers know what to do with, else "".
func language(tag string) string {
	if !languageTag.MatchString(tag) || tag == "und" || strings.HasPrefix(tag, "q") { // X: qme, qst and so on
		return ""
	}
	return tag
}

// direction is how texts in a language run.
func direction(lang string) string {
	switch lang, _, _ = strings.Cut(lang, "-"); lang {
	case "ar", "fa", "he", "ur":
		return "rtl"
	default:
		return "ltr"
	}
}

// RightToLeft tells whether a text runs from right to left: its first letter
// does.
func RightToLeft(text string) bool {
	for _, c := range text {
		if unicode.IsLetter(c) {
			return rightToLeft(c)
		}
	}
	return false
}

// minutes is the time it takes to read t: 230 words a minute, and 500
// characters where words are not set apart.
func minutes(t *unroll.Thread) int {
	words, characters := 0, 0
	for p := range t.All {
		in := false
		for _, c := range p.Text {
			switch {
			case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
				characters++
				in = false
			case unicode.IsSpace(c):
				in = false
			case !in:
				words++
				in = true
			}
		}
	}
	return (words*500 + characters*230 + 230*500/2) / (230 * 500)
}
