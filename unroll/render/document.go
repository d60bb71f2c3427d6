package render

import "unrollbot/unroll"

// section is a part of a document: the main chain, or a side branch with a
// heading of its own.
type section struct {
	heading string
	blocks  []Block
}

// sections lays a thread out as a document with every branch written out,
// each after the main chain. The heading of the first section is the title.
func (o Options) sections(t *unroll.Thread) []section {
	t = o.prepared(t)
	l := newLayout(t, Options{Words: o.Words})
	main := section{heading: o.words().Untitled(who(t.Author))}
	whole := t
	if heading, rest, ok := headline(t); ok {
		main.heading = heading
		whole = withoutStart(t, rest)
		l.thread = whole
	}
	l.opening()
	l.chain(whole.Posts)
	main.blocks, l.blocks = l.blocks, nil
	out := []section{main}

	first := make(map[string]string) // words by post ID, of posts that are forked from
	for i := range t.Branches {
		first[t.Branches[i].After] = ""
	}
	for p := range t.All {
		if _, ok := first[p.ID]; ok {
			first[p.ID] = shorten(line(p.Text), TitleMax/2)
		}
	}
	for i := range t.Branches {
		b := &t.Branches[i]
		l.chain(b.Posts)
		out = append(out, section{l.BranchAfter(first[b.After]), l.blocks})
		l.blocks = nil
	}
	l.footer()
	l.original()
	return append(out, section{blocks: l.blocks})
}

// withoutStart is t without the first n bytes of its first post's text.
func withoutStart(t *unroll.Thread, n int) *unroll.Thread {
	c := *t
	c.Posts = append([]unroll.Post(nil), t.Posts...)
	p := &c.Posts[0]
	cutter := newCutter(Block{Text: p.Text, Facets: p.Facets})
	cutter.advance(n)
	rest := cutter.upTo(len(p.Text))
	p.Text, p.Facets = rest.Text, rest.Facets
	return &c
}

// original is a line that leads to the thread at its network.
func (l *layout) original() {
	for i := range l.thread.Posts {
		if link := weblink(l.thread.Posts[i].URL); link != "" {
			var r rich
			r.mark(unroll.FacetLink, l.Original(), link)
			l.put(r.block(BlockFooter, ""))
			return
		}
	}
}
