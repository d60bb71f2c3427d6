package render

import (
	"cmp"
	"html/template"
	"io"
	"strconv"

	"unrollbot/unroll"
	"unrollbot/unroll/render/typeset"
)

// PDF writes the thread as a tagged PDF, on A4: it holds the pictures that
// [Options.Picture] gets and the fonts of what it says; other media are links.
// Equal threads give equal files where the fonts are the same. Errors are w's.
func PDF(w io.Writer, t *unroll.Thread) error { return Options{}.PDF(w, t) }

// PDF is [PDF] with o's words, pictures and fonts.
func (o Options) PDF(w io.Writer, t *unroll.Thread) error {
	s := newSheet(w, t, o)
	v := newViewer(t, o)
	v.show, v.offline = s.show, true
	s.view = v.view()
	s.head()
	s.quote(s.doc, s.ReplyTo)
	s.posts(s.doc, s.Posts)
	for _, b := range s.Branches {
		s.branch(s.doc, b)
	}
	s.about()
	s.endPage()
	return s.file.Close()
}

// head is the author, the title and the facts.
func (s *sheet) head() {
	var by []span
	if s.Author.Name != "" {
		by = append(by, span{text: isolate(s.Author.Name) + " ", style: typeset.Bold})
	}
	if s.Author.Handle != "" {
		by = append(by, span{text: "@" + s.Author.Handle, link: s.Author.URL})
	}
	if len(by) == 0 {
		by = plain(s.Title)
	}
	s.mark(s.Title)
	if s.Heading == "" {
		s.flow(s.doc.Add("H1"), by, look{size: 1.3 * textSize, after: 4, keep: 3})
	} else {
		s.flow(s.doc.Add("P"), by, look{size: smallSize, after: 6})
		s.flow(s.doc.Add("H1"), plain(s.Heading), look{size: titleSize, style: typeset.Bold, after: 6, keep: 3})
	}
	facts := s.From.Text
	if s.To.Text != "" {
		facts += " – " + s.To.Text
	}
	for _, fact := range []string{s.Count, s.Minutes, s.Verdict} {
		if facts != "" && fact != "" {
			facts += " · "
		}
		facts += fact
	}
	s.flow(s.doc.Add("P"), plain(facts), look{size: smallSize, ink: quiet, after: 16})
}

func (s *sheet) posts(in *element, posts []postView) {
	for i := range posts {
		s.post(in, &posts[i])
	}
}

func (s *sheet) post(in *element, p *postView) {
	if p.Day.Text != "" {
		s.flow(in.Add("P"), plain(p.Day.Text), look{size: smallSize, ink: quiet, before: 4, after: 6, keep: 2})
	}
	s.place = ""
	if p.Place > 0 {
		s.place = strconv.Itoa(p.Place)
	}
	if p.Gap != "" {
		s.note(in, p.Gap, p.URL)
		s.space(gap)
	}
	s.covered(in, p.Warning)
	s.body(in, p.Body, p.Lang)
	s.note(in, p.CutText, p.URL)
	s.poll(in, p.Poll)
	s.covered(in, p.Covered)
	s.media(in, p.Media)
	s.quote(in, p.Quote)
	s.card(in, p.Card)
	s.note(in, p.Edited.Text, "")
	for _, b := range p.Branches {
		s.branch(in, b)
	}
}

func (s *sheet) body(in *element, r *richView, lang string) {
	if r == nil {
		return
	}
	for _, seg := range segments(r.text, r.facets) {
		to := in
		if seg.quote {
			to = in.Add("BlockQuote")
			s.indent()
		}
		for _, p := range seg.paragraphs() {
			e := to.Add("P")
			e.Lang = lang
			s.flow(e, spans(p.text, p.facets), look{size: textSize, after: gap, lang: lang})
		}
		if seg.quote {
			s.outdent()
		}
	}
}

// note is a sentence of ours in place of something.
func (s *sheet) note(in *element, sentence, link string) {
	if sentence != "" {
		s.flow(in.Add("P"), []span{{text: sentence, link: link}}, look{size: smallSize, ink: quiet, after: gap})
	}
}

// covered says what the author wanted covered. Paper has no folds.
func (s *sheet) covered(in *element, sentence string) {
	if sentence != "" {
		s.flow(in.Add("P"), plain(sentence), look{size: textSize, style: typeset.Bold, after: 4, keep: 2})
	}
}

func (s *sheet) poll(in *element, p *pollView) {
	if p == nil {
		return
	}
	s.flow(in.Add("P"), plain(p.Heading), look{size: smallSize, style: typeset.Bold, after: 3, keep: 2})
	list := in.Add("L")
	for _, o := range p.Options {
		label := isolate(o.Label)
		if o.Percent >= 0 {
			label += ": " + o.Share
		}
		s.flow(list.Add("LI").Add("LBody"), plain(label), look{size: textSize, after: 2, keep: 2})
		if o.Percent >= 0 {
			s.bar(float64(o.Percent) / 100)
		}
	}
	s.space(gap)
}

// Heights of pictures, at most: of one alone, of several, of a card's.
const (
	pictureHeight = 300.0
	galleryHeight = 190.0
	cardHeight    = 120.0
)

func (s *sheet) media(in *element, all []mediaView) {
	height := pictureHeight
	if len(all) > 1 {
		height = galleryHeight
	}
	for i := range all {
		m := &all[i]
		caption := m.Alt
		if shown := m.Source != "" && s.picture(in, string(m.Source), cmp.Or(m.Alt, m.Label), height); !shown || m.Kind != unroll.MediaImage {
			label := span{text: m.Label, link: cmp.Or(m.Page, m.URL)}
			if caption == "" {
				caption = " (" + m.None + ")"
			} else {
				caption = ": " + isolate(caption)
			}
			s.flow(in.Add("P"), []span{label, {text: caption}}, look{size: smallSize, ink: quiet, after: gap})
			continue
		}
		s.flow(in.Add("Caption"), plain(cmp.Or(caption, m.None)), look{size: smallSize, ink: quiet, after: gap})
	}
}

func (s *sheet) quote(in *element, q *quoteView) {
	if q == nil {
		return
	}
	if q.Gap != "" {
		s.note(in, q.Gap, q.URL)
		return
	}
	e := in.Add("BlockQuote")
	s.indent()
	by := []span{{text: q.Heading, link: q.URL}}
	if q.At.Text != "" {
		by = append(by, span{text: " · " + q.At.Text})
	}
	s.flow(e.Add("P"), by, look{size: smallSize, ink: quiet, after: 4, keep: 2})
	s.covered(e, q.Warning)
	s.body(e, q.Body, "")
	s.covered(e, q.Covered)
	s.media(e, q.Media)
	s.card(e, q.Card)
	s.outdent()
}

func (s *sheet) card(in *element, c *cardView) {
	if c == nil {
		return
	}
	s.indent()
	if c.Image != "" {
		s.picture(in, string(c.Image), cmp.Or(c.Alt, c.Title), cardHeight)
	}
	line := []span{{text: isolate(c.Title), link: c.URL, style: typeset.Bold}}
	if c.Host != "" {
		line = append(line, span{text: " · " + c.Host})
	}
	s.flow(in.Add("P"), line, look{size: smallSize, after: 2})
	if c.Description != "" {
		s.flow(in.Add("P"), plain(c.Description), look{size: smallSize, ink: quiet})
	}
	s.space(gap)
	s.outdent()
}

func (s *sheet) branch(in *element, b branchView) {
	s.place = ""
	section := in.Add("Sect")
	h := section.Add("H2")
	s.mark(b.Label)
	s.flow(h, plain(b.Label), look{size: textSize, style: typeset.Bold, before: 4, after: 6, keep: 3})
	s.indent()
	s.posts(section, b.Posts)
	s.outdent()
}

// about is where the thread was read, when, and what makes it whole.
func (s *sheet) about() {
	s.place = ""
	section := s.doc.Add("Sect")
	s.space(10)
	s.mark(s.W.About())
	s.flow(section.Add("H2"), plain(s.W.About()), look{size: textSize, style: typeset.Bold, after: 4, keep: 3})
	s.note(section, s.Read+" "+s.Because, "")
	if len(s.Evidence) > 1 {
		list := section.Add("L")
		for _, e := range s.Evidence {
			s.flow(list.Add("LI").Add("LBody"), plain("• "+e.Text), look{size: smallSize, ink: quiet, after: 2})
		}
		s.space(gap)
	}
	if s.Original != "" {
		s.flow(section.Add("P"), []span{{text: s.W.Original() + ": " + s.Original, link: s.Original}}, look{size: smallSize, after: gap})
	}
	if letters := unset(s.fonts.Missing()); letters != "" {
		s.note(section, s.W.Boxes(letters), "")
	}
}

// show remembers where a picture is, if it can be had.
func (s *sheet) show(address string) template.URL {
	link := weblink(address)
	if link == "" || s.get == nil {
		return ""
	}
	return checked(link)
}
