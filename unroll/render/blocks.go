package render

import (
	"cmp"
	"strings"

	"unrollbot/unroll"
)

// Blocks lays a thread out for a chat: the main chain post by post, with a
// line for each side branch at its fork. No block is empty, and two blocks
// never share a line.
func Blocks(t *unroll.Thread, o Options) []Block {
	l := newLayout(o.prepared(t), o)
	l.opening()
	l.chain(l.thread.Posts)
	for _, b := range l.forks.lost() {
		l.branch(b)
	}
	l.footer()
	return l.blocks
}

// layout collects the blocks of one thread.
type layout struct {
	Options
	Words
	thread *unroll.Thread
	forks  forks
	blocks []Block
}

func newLayout(t *unroll.Thread, o Options) *layout {
	return &layout{
		Options: o, Words: o.words(), thread: t, forks: newForks(t),
		blocks: make([]Block, 0, 2*len(t.Posts)+4),
	}
}

// opening is what stands before the first post.
func (l *layout) opening() {
	l.title()
	if q := l.thread.ReplyTo; q != nil {
		l.quote(BlockReplyTo, l.thread.Ref.PostID(), l.ReplyTo, q)
	}
}

// chain lays posts out, with a line for each branch that forks from them.
func (l *layout) chain(posts []unroll.Post) {
	for i := range posts {
		l.post(&posts[i])
		for _, b := range l.forks.at(posts[i].ID) {
			l.branch(b)
		}
	}
}

func (l *layout) put(b Block) {
	if strings.TrimSpace(b.Text) != "" {
		l.blocks = append(l.blocks, b)
	}
}

// title is "Name · @handle · 12 posts", and the verdict if not complete.
func (l *layout) title() {
	const dot = " · "
	t := l.thread
	var r rich
	if name := line(t.Author.Name); name != "" {
		r.mark(unroll.FacetBold, isolate(name), "")
		r.plain(dot)
	}
	if handle := line(t.Author.Handle); handle != "" {
		r.mark(unroll.FacetLink, "@"+handle, weblink(t.Author.URL))
		r.plain(dot)
	}
	r.plain(l.Posts(t.Len()))
	if t.Verdict.State != unroll.Complete {
		r.plain(dot + l.Verdict(t.Verdict.State, Missing(t)))
	}
	l.put(r.block(BlockTitle, ""))
}

func (l *layout) post(p *unroll.Post) {
	if p.Gap != nil {
		var r rich
		r.mark(unroll.FacetLink, l.Gap(p.Gap.Reason), weblink(p.URL))
		l.put(r.block(BlockGap, p.ID))
		return
	}
	first := len(l.blocks)
	if warning := line(p.Warning); warning != "" {
		l.put(Block{Kind: BlockWarning, PostID: p.ID, Text: l.Warning(warning)})
	}
	covered := len(l.blocks) > first

	body := len(l.blocks)
	text, facets := clean(p.Text, p.Facets)
	l.put(Block{Kind: BlockText, PostID: p.ID, Text: text, Facets: facets})
	if p.Cut {
		var r rich
		r.mark(unroll.FacetLink, l.CutText(), weblink(p.URL))
		l.put(r.block(BlockGap, p.ID))
	}
	if p.Poll != nil {
		l.poll(p.ID, p.Poll)
	}
	if len(p.Media) > 0 {
		l.media(p.ID, p.Media, p.Sensitive)
	}
	if p.Quote != nil {
		l.quote(BlockQuote, p.ID, l.Quoting, p.Quote)
	}
	if p.Card != nil {
		l.card(p.ID, p.Card)
	}
	if covered {
		for i := body; i < len(l.blocks); i++ {
			l.blocks[i].Spoiler = true
		}
	}
}

func (l *layout) poll(postID string, p *unroll.Poll) {
	var r rich
	r.mark(unroll.FacetBold, l.Poll(*p, l.thread.FetchedAt), "")
	for i, share := range shares(p) {
		r.plain("\n• " + isolate(line(p.Options[i].Label)))
		if share >= 0 {
			r.plain(": " + l.Share(share, p.Options[i].Votes))
		}
	}
	l.put(r.block(BlockPoll, postID))
}

// shares gives each answer's part of the vote in whole percent, -1 where it
// is hidden.
func shares(p *unroll.Poll) []int {
	total := 0
	for _, o := range p.Options {
		total += max(o.Votes, 0)
	}
	if p.Multiple && p.Votes > 0 {
		total = p.Votes
	}
	out := make([]int, len(p.Options))
	for i, o := range p.Options {
		switch {
		case o.Votes < 0:
			out[i] = -1
		case total > 0:
			out[i] = min((o.Votes*100+total/2)/total, 100)
		}
	}
	return out
}

func (l *layout) media(postID string, media []unroll.Media, spoiler bool) {
	var r rich
	l.mediaLines(&r, media)
	b := r.block(BlockMedia, postID)
	b.Media, b.Spoiler = media, spoiler
	l.put(b)
}

func (l *layout) mediaLines(r *rich, media []unroll.Media) {
	for i, m := range media {
		if i > 0 {
			r.plain("\n")
		}
		r.mark(unroll.FacetLink, l.Media(m), weblink(m.URL))
		if alt := line(m.Alt); alt != "" {
			r.plain(": " + isolate(alt))
		} else {
			r.plain(" (" + l.NoDescription() + ")")
		}
	}
}

func (l *layout) quote(kind BlockKind, postID string, heading func(string) string, q *unroll.Quote) {
	var r rich
	link := weblink(q.URL)
	if q.Gap != nil {
		r.mark(unroll.FacetLink, l.NoQuote(q.Gap.Reason), link)
		l.put(r.block(kind, postID))
		return
	}
	r.mark(unroll.FacetLink, heading(who(q.Author)), link)
	warning := line(q.Warning)
	if warning != "" {
		r.plain("\n" + l.Warning(warning))
	}
	if text, facets := clean(q.Text, q.Facets); strings.TrimSpace(text) != "" {
		r.plain("\n")
		r.inQuote(func() { r.add(text, facets) })
	}
	if len(q.Media) > 0 {
		r.plain("\n")
		l.mediaLines(&r, q.Media)
	}
	if q.Card != nil {
		r.plain("\n")
		l.cardLine(&r, q.Card)
	}
	b := r.block(kind, postID)
	b.Media, b.Spoiler = q.Media, q.Sensitive || warning != ""
	l.put(b)
}

func (l *layout) card(postID string, c *unroll.Card) {
	var r rich
	l.cardLine(&r, c)
	if d := line(c.Description); d != "" {
		r.plain("\n" + d)
	}
	l.put(r.block(BlockCard, postID))
}

func (l *layout) cardLine(r *rich, c *unroll.Card) {
	link := weblink(c.URL)
	r.plain(l.Link() + ": ")
	r.mark(unroll.FacetLink, cmp.Or(isolate(line(c.Title)), host(link), line(c.URL)), link)
	if h := host(link); h != "" && line(c.Title) != "" {
		r.plain(" · " + h)
	}
}

func (l *layout) branch(b *unroll.Branch) {
	link := ""
	if l.PageURL != "" && len(b.Posts) > 0 {
		link = l.PageURL + "#" + Anchor(l.thread, b.Posts[0].ID)
	}
	var r rich
	r.mark(unroll.FacetLink, l.Branch(l.forks.size(b)), link)
	l.put(r.block(BlockBranch, b.After))
}

// footer is source and time of reading, then the verdict with its reason.
func (l *layout) footer() {
	t := l.thread
	read := l.Read(SourceName(t), t.FetchedAt)
	because := l.Because(t.Verdict.State, Strongest(t.Verdict))
	l.put(Block{Kind: BlockFooter, Text: strings.TrimSpace(read + " " + because)})
}

// SourceName is what readers know the thread's source as, or its sources if
// several have a part in it.
func SourceName(t *unroll.Thread) string {
	if len(t.Sources) < 2 {
		return sourceName(t, t.Source)
	}
	names := make([]string, len(t.Sources))
	for i, s := range t.Sources {
		names[i] = sourceName(t, s)
	}
	return strings.Join(names, ", ")
}

func sourceName(t *unroll.Thread, source string) string {
	switch source {
	case "fxtwitter":
		return "FxTwitter"
	case "xapi":
		return "X"
	case "syndication":
		return "X (embeds)"
	case "bluesky":
		return "Bluesky"
	case "mastodon":
		return cmp.Or(t.Ref.Host, "Mastodon")
	default:
		return line(source)
	}
}
