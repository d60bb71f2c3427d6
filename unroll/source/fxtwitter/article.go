package fxtwitter

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"unrollbot/unroll"
	"unrollbot/unroll/source/link"
	"unrollbot/unroll/source/xpost"
)

// article is X's long form: blocks as the Draft.js editor keeps them. Their
// texts are not escaped, their ranges count UTF-16 units.
type article struct {
	ID      string     `json:"id"`
	Title   string     `json:"title"`
	Preview string     `json:"preview_text"`
	Cover   apiMedia   `json:"cover_media"`
	Media   []apiMedia `json:"media_entities"`
	Content struct {
		Blocks   []block   `json:"blocks"`
		Entities entityMap `json:"entityMap"`
	} `json:"content"`
}

type block struct {
	Text     string          `json:"text"`
	Type     string          `json:"type"`
	Data     json.RawMessage `json:"data"` // blockData, or any other shape
	Styles   []blockRange    `json:"inlineStyleRanges"`
	Entities []blockRange    `json:"entityRanges"`
}

type blockRange struct {
	Offset int         `json:"offset"`
	Length int         `json:"length"`
	Style  string      `json:"style"`
	Key    json.Number `json:"key"`
}

type blockData struct {
	Mentions []dataSpan `json:"mentions"`
	URLs     []dataSpan `json:"urls"`
	Hashtags []dataSpan `json:"hashtags"`
	Cashtags []dataSpan `json:"cashtags"`
}

type dataSpan struct {
	From int    `json:"fromIndex"`
	To   int    `json:"toIndex"`
	Text string `json:"text"`
}

type entity struct {
	Type string `json:"type"`
	Data struct {
		URL        string `json:"url"`
		Markdown   string `json:"markdown"`
		TweetID    string `json:"tweetId"`
		MediaItems []struct {
			MediaID string `json:"mediaId"`
		} `json:"mediaItems"`
	} `json:"data"`
}

// entityMap is a list of keys and values, or an object by key.
type entityMap map[string]entity

func (m *entityMap) UnmarshalJSON(raw []byte) error {
	if !bytes.HasPrefix(raw, []byte("[")) {
		return json.Unmarshal(raw, (*map[string]entity)(m))
	}
	var list []struct {
		Key   string `json:"key"`
		Value entity `json:"value"`
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		return err
	}
	*m = make(entityMap, len(list))
	for _, e := range list {
		(*m)[e.Key] = e.Value
	}
	return nil
}

// apiMedia is a picture or video as X itself describes it.
type apiMedia struct {
	ID   string `json:"media_id"`
	Info struct {
		Image    string       `json:"original_img_url"`
		Width    int          `json:"original_img_width"`
		Height   int          `json:"original_img_height"`
		Alt      string       `json:"ext_alt_text"`
		Poster   string       `json:"media_url_https"`
		Variants []apiVariant `json:"variants"`
		Video    struct {
			Millis   float64      `json:"duration_millis"`
			Variants []apiVariant `json:"variants"`
		} `json:"video_info"`
	} `json:"media_info"`
}

type apiVariant struct {
	URL     string `json:"url"`
	Type    string `json:"content_type"`
	Bitrate int    `json:"bitrate"`
	BitRate int    `json:"bit_rate"`
}

// addArticle puts an article below the post's own text, in full when its
// blocks came along; else as a card, and the post is marked as cut.
func addArticle(p *unroll.Post, raw json.RawMessage) {
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return
	}
	var a article
	if json.Unmarshal(raw, &a) != nil {
		p.Cut = true
		return
	}
	cover, hasCover := a.Cover.convert()
	w := articleWriter{article: &a}
	for i := range a.Content.Blocks {
		w.block(&a.Content.Blocks[i])
	}
	if strings.TrimSpace(w.text.String()) == "" && len(w.media) == 0 {
		p.Cut = true
		if p.Card == nil {
			p.Card = &unroll.Card{URL: p.URL, Title: a.Title, Description: a.Preview, Image: cmp.Or(cover.Preview, cover.URL)}
			if xpost.ValidID(a.ID) {
				p.Card.URL = "https://x.com/i/article/" + a.ID
			}
		}
		return
	}
	var text strings.Builder
	add := func(s string, facets ...unroll.Facet) {
		if s == "" {
			return
		}
		if text.Len() > 0 {
			text.WriteString("\n\n")
		}
		for _, f := range facets {
			f.Start, f.End = f.Start+text.Len(), f.End+text.Len()
			p.Facets = append(p.Facets, f)
		}
		text.WriteString(s)
	}
	own := p.Facets
	p.Facets = nil
	add(p.Text, own...)
	title := strings.TrimSpace(a.Title)
	add(title, unroll.Facet{End: len(title), Kind: unroll.FacetBold})
	add(w.text.String(), w.facets...)
	p.Text = text.String()
	if hasCover {
		p.Media = append(p.Media, cover)
	}
	p.Media = append(p.Media, w.media...)
}

func (m *apiMedia) convert() (unroll.Media, bool) {
	out := unroll.Media{
		Kind: unroll.MediaImage, URL: link.Web(m.Info.Image), Alt: m.Info.Alt,
		Width: max(m.Info.Width, 0), Height: max(m.Info.Height, 0),
	}
	variants := m.Info.Variants
	if len(variants) == 0 {
		variants = m.Info.Video.Variants
	}
	if len(variants) > 0 {
		out.Kind = unroll.MediaVideo
		out.Preview = cmp.Or(out.URL, link.Web(m.Info.Poster))
		out.Duration = duration(m.Info.Video.Millis / float64(time.Second/time.Millisecond))
		out.URL, out.Variants = "", articleVariants(variants)
		if len(out.Variants) > 0 {
			out.URL = out.Variants[0].URL
		}
	}
	return out, out.URL != ""
}

func articleVariants(all []apiVariant) []unroll.Variant {
	out := make([]unroll.Variant, 0, len(all))
	for _, v := range all {
		out = append(out, unroll.Variant{URL: v.URL, Type: v.Type, Bitrate: max(v.Bitrate, v.BitRate)})
	}
	return xpost.Variants(out)
}

// articleWriter writes blocks as paragraphs.
type articleWriter struct {
	*article
	text   strings.Builder
	facets []unroll.Facet
	media  []unroll.Media
	last   string // type of the block before
	item   int    // number of the last item of an ordered list
}

// paragraph starts one, and gives where it begins.
func (w *articleWriter) paragraph(kind string) int {
	if w.text.Len() > 0 {
		w.text.WriteString("\n")
		if !strings.HasSuffix(kind, "list-item") || kind != w.last {
			w.text.WriteString("\n")
		}
	}
	w.last = kind
	return w.text.Len()
}

func (w *articleWriter) block(b *block) {
	if b.Type == "atomic" {
		w.atomic(b)
		return
	}
	if strings.TrimSpace(b.Text) == "" {
		return
	}
	if b.Type != "ordered-list-item" {
		w.item = 0
	}
	from := w.paragraph(b.Type)
	switch b.Type {
	case "unordered-list-item":
		w.text.WriteString("• ")
	case "ordered-list-item":
		w.item++
		w.text.WriteString(strconv.Itoa(w.item) + ". ")
	}
	body := w.text.Len()
	w.text.WriteString(b.Text)
	facets := w.inline(b, body)
	if kind, ok := blockFacets[b.Type]; ok {
		facets = append(facets, unroll.Facet{Start: from, End: w.text.Len(), Kind: kind})
	}
	w.facets = append(w.facets, xpost.Nest(facets)...) // blocks do not overlap
}

var blockFacets = map[string]unroll.FacetKind{
	"header-one": unroll.FacetBold, "header-two": unroll.FacetBold, "header-three": unroll.FacetBold,
	"blockquote": unroll.FacetQuote, "code-block": unroll.FacetCode,
}

var styles = map[string]unroll.FacetKind{
	"bold": unroll.FacetBold, "italic": unroll.FacetItalic, "strikethrough": unroll.FacetStrike, "code": unroll.FacetCode,
}

// maxMarks bounds the ranges of one block, and maxFacets those of an article:
// a long one has a few hundred.
const (
	maxMarks  = 100
	maxFacets = 5000
)

// inline gives the ranges of a block whose text begins at byte body.
func (w *articleWriter) inline(b *block, body int) []unroll.Facet {
	var facets []unroll.Facet
	mark := func(offset, length int, kind unroll.FacetKind, target string) {
		if len(facets) == maxMarks || len(w.facets) > maxFacets {
			return
		}
		lo, hi := xpost.UTF16Range(b.Text, offset, offset+length)
		if lo < hi && kind != "" {
			facets = append(facets, unroll.Facet{Start: body + lo, End: body + hi, Kind: kind, URL: target})
		}
	}
	for _, s := range b.Styles {
		mark(s.Offset, s.Length, styles[strings.ToLower(s.Style)], "")
	}
	for _, r := range b.Entities {
		if e, ok := w.Content.Entities[r.Key.String()]; ok {
			if to := link.Clean(e.Data.URL); to != "" {
				mark(r.Offset, r.Length, unroll.FacetLink, to)
			}
		}
	}
	var data blockData
	if json.Unmarshal(b.Data, &data) != nil {
		return facets
	}
	for _, named := range []struct {
		kind  xpost.Kind
		spans []dataSpan
	}{
		{xpost.Mention, data.Mentions},
		{xpost.Hashtag, data.Hashtags},
		{xpost.Cashtag, data.Cashtags},
		{xpost.Link, data.URLs},
	} {
		for _, s := range named.spans {
			e := xpost.Entity{Kind: named.kind, Text: s.Text, URL: s.Text}
			if facet, target, ok := e.Facet(); ok {
				mark(s.From, s.To-s.From, facet, target)
			}
		}
	}
	return facets
}

// atomic is a block that is something other than text.
func (w *articleWriter) atomic(b *block) {
	for _, r := range b.Entities {
		e, ok := w.Content.Entities[r.Key.String()]
		if !ok {
			continue
		}
		for _, item := range e.Data.MediaItems {
			for i := range w.Media {
				if w.Media[i].ID != item.MediaID {
					continue
				}
				if m, ok := w.Media[i].convert(); ok {
					w.media = append(w.media, m)
				}
			}
		}
		if code := strings.TrimSpace(e.Data.Markdown); code != "" {
			w.markdown(code)
		}
		target := link.Clean(e.Data.URL)
		if xpost.ValidID(e.Data.TweetID) {
			target = xpost.StatusURL("i", e.Data.TweetID)
		}
		if target != "" {
			from := w.paragraph(b.Type)
			w.text.WriteString(link.Display(target))
			w.facets = append(w.facets, unroll.Facet{Start: from, End: w.text.Len(), Kind: unroll.FacetLink, URL: target})
		}
	}
}

// markdown writes what authors use these blocks for, code in fences, as code;
// anything else as it is.
func (w *articleWriter) markdown(s string) {
	code, fenced := strings.CutPrefix(s, "```")
	if fenced {
		code = strings.TrimSuffix(code, "```")
		if _, rest, ok := strings.Cut(code, "\n"); ok {
			code = rest // the first line names the language
		}
		s = strings.TrimRight(code, "\n")
	}
	if s == "" {
		return
	}
	from := w.paragraph("code-block")
	w.text.WriteString(s)
	if fenced {
		w.facets = append(w.facets, unroll.Facet{Start: from, End: w.text.Len(), Kind: unroll.FacetCode})
	}
}
