package telegram

import (
	"slices"
	"strings"
	"unicode/utf8"

	tele "gopkg.in/telebot.v3"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// Limits of a text message after entities are taken apart (Bot API,
// "sendMessage", November 2026). The server counts code points; UTF-16 units
// are never fewer. Of more than 100 entities it drops the rest.
const (
	maxText     = 4096
	maxEntities = 100
)

// entity is a range of a text with a meaning, in UTF-16 units. telebot's own
// always carries an empty custom emoji.
type entity struct {
	Type   tele.EntityType `json:"type"`
	Offset int             `json:"offset"`
	Length int             `json:"length"`
	URL    string          `json:"url,omitempty"`
}

// entityFolded is a quote that shows its first lines until it is opened (Bot
// API 7.4).
const entityFolded tele.EntityType = "expandable_blockquote"

// longQuote is the length in UTF-16 units from which a quote is folded.
const longQuote = 400

// richText is a message's text and what its parts are. Entities, unlike
// parse modes, need no escaping, and their count and length are exact.
type richText struct {
	Text     string   `json:"text,omitempty"`
	Entities []entity `json:"entities,omitempty"`
}

// pages lays a thread out as messages. Each leaves room for tail, which is
// written below every one.
func pages(t *unroll.Thread, o render.Options, tail string, f form) [][]render.Block {
	return laidOut(render.Blocks(t, o), tail, f)
}

func laidOut(blocks []render.Block, tail string, f form) [][]render.Block {
	room, size := maxText, cost
	if f == formPages {
		for i := range blocks {
			blocks[i] = clean(blocks[i])
		}
	} else {
		room, size = maxRich, func(b render.Block) int { return richCost(b, f == formRich) }
	}
	if tail != "" {
		room -= units(tail) + len(gap)
	}
	return render.Pack(blocks, room, size)
}

// gap stands between blocks, in UTF-16 units as long as in bytes.
const gap = "\n\n"

// cost is a block's share of a message: the units that it takes of the text,
// or the part that its entities take of theirs, whichever is more.
func cost(b render.Block) int {
	const each = (maxText + maxEntities - 1) / maxEntities
	return max(units(b.Text)+len(gap), countEntities(b)*each)
}

// compose writes a page.
func compose(page []render.Block, tail string) richText {
	var w writer
	for i, b := range page {
		if i > 0 {
			w.plain(between(page[i-1], b))
		}
		w.block(b)
	}
	if tail != "" {
		w.plain(gap + tail)
	}
	return w.done()
}

// between keeps what belongs to one post together.
func between(a, b render.Block) string {
	if a.PostID == b.PostID && a.PostID != "" {
		return "\n"
	}
	return gap
}

// writer builds a richText.
type writer struct {
	text     strings.Builder
	units    int
	entities []entity
}

func (w *writer) plain(s string) {
	w.text.WriteString(s)
	w.units += units(s)
}

func (w *writer) block(b render.Block) {
	start := w.units
	marks := marksOf(b)
	// offsets of the marks' ends, byte -> units, found in one walk
	at := newRuler(b.Text, start)
	for _, m := range marks {
		from, to := at.units(m.Start), at.units(m.End)
		w.entities = append(w.entities, entity{Type: m.kind, Offset: from, Length: to - from, URL: m.url})
	}
	w.plain(b.Text)
}

func (w *writer) done() richText {
	const space = " \n" // one unit each
	text := strings.TrimLeft(w.text.String(), space)
	lead := w.text.Len() - len(text)
	text = strings.TrimRight(text, space)
	end := w.units - (w.text.Len() - len(text) - lead)
	out := w.entities[:0]
	for _, e := range w.entities {
		from, to := max(e.Offset, lead)-lead, min(e.Offset+e.Length, end)-lead
		if e.Offset, e.Length = from, to-from; e.Length > 0 {
			out = append(out, e)
		}
	}
	return richText{Text: text, Entities: out}
}

// mark is an entity to be, in bytes of its block's text.
type mark struct {
	Start, End int
	kind       tele.EntityType
	url        string
}

// marksOf gives the entities that a block needs.
func marksOf(b render.Block) []mark {
	var marks []mark
	whole := func(kind tele.EntityType) { marks = append(marks, mark{0, len(b.Text), kind, ""}) }
	quoted := false
	switch b.Kind {
	case render.BlockQuote, render.BlockReplyTo, render.BlockCard:
		quoted = true
		if units(b.Text) > longQuote {
			whole(entityFolded)
		} else {
			whole(tele.EntityBlockquote)
		}
	case render.BlockFooter, render.BlockGap, render.BlockMedia:
		whole(tele.EntityItalic)
	case render.BlockWarning:
		whole(tele.EntityBold)
	case render.BlockTitle, render.BlockText, render.BlockPoll, render.BlockBranch:
	}
	if b.Spoiler {
		whole(tele.EntitySpoiler)
	}
	for _, f := range b.Facets {
		m := mark{f.Start, f.End, "", ""}
		switch f.Kind {
		case unroll.FacetLink, unroll.FacetMention, unroll.FacetTag:
			if !linkable(f.URL) || b.Text[f.Start:f.End] == f.URL { // Telegram finds a bare address by itself
				continue
			}
			m.kind, m.url = tele.EntityTextLink, f.URL
		case unroll.FacetBold:
			m.kind = tele.EntityBold
		case unroll.FacetItalic:
			m.kind = tele.EntityItalic
		case unroll.FacetStrike:
			m.kind = tele.EntityStrikethrough
		case unroll.FacetCode:
			m.kind = tele.EntityCode
		case unroll.FacetQuote:
			if quoted { // Telegram has no quotes in quotes
				continue
			}
			m.kind = tele.EntityBlockquote
		case unroll.FacetEmoji:
			continue
		}
		marks = append(marks, m)
	}
	return marks
}

// countEntities bounds the entities that a block will have on Telegram's
// side: its own, at most two of them around the whole, and those that the
// server adds for bare addresses, tags and the like, all of which hold one of
// a few signs. It never falls when the text grows.
func countEntities(b render.Block) int {
	n := len(b.Facets) + 2
	for i := range len(b.Text) {
		switch b.Text[i] {
		case '#', '$', '.', '@', '/':
			// Most are a full stop. A word that Telegram could take for
			// something goes on after the sign.
			if i+1 < len(b.Text) && !isBreak(b.Text[i+1]) && (i == 0 || b.Text[i-1] != b.Text[i]) {
				n++
			}
		}
	}
	return n
}

func isBreak(c byte) bool { return c <= ' ' || strings.IndexByte(".,;:!?)'\"/", c) >= 0 }

// clean takes out of a block what Telegram would take out of it, so that
// lengths stay right, and makes bare names and commands harmless: "@name"
// would call a person on Telegram who happens to have it, "/word" would be a
// command at a tap. An invisible sign after the first prevents both.
func clean(b render.Block) render.Block {
	const joiner = "\u2060" // WORD JOINER
	if harmless(b.Text) {
		return b
	}
	var out strings.Builder
	type shift struct{ at, by int } // from byte at on, offsets move by
	var shifts []shift
	moved := 0
	prev := ' '
	for i, r := range b.Text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			_, size = utf8.DecodeRuneInString(b.Text[i:])
		}
		switch {
		case r == '\r', r != '\n' && r < ' ', r >= '\u2028' && r <= '\u202e':
			// Bot API server: control characters become spaces or vanish, and
			// so do the old marks for direction.
			if r == '\t' || r == '\v' || r == '\u2028' || r == '\u2029' {
				out.WriteByte(' ')
				moved++
			}
			moved -= size
			shifts = append(shifts, shift{i + size, moved})
		default:
			out.WriteRune(r)
			if w := utf8.RuneLen(r); w != size {
				moved += w - size
				shifts = append(shifts, shift{i + size, moved})
			}
			if (r == '@' || r == '/') && !wordy(prev) && i+1 < len(b.Text) && nameByte(b.Text[i+1]) && !linked(b.Facets, i) {
				out.WriteString(joiner)
				moved += len(joiner)
				shifts = append(shifts, shift{i + 1, moved})
			}
		}
		prev = r
	}
	if len(shifts) == 0 {
		return b
	}
	move := func(at int) int {
		n, _ := slices.BinarySearchFunc(shifts, at, func(s shift, at int) int {
			if s.at <= at {
				return -1
			}
			return 1
		})
		if n == 0 {
			return at
		}
		return at + shifts[n-1].by
	}
	facets := make([]unroll.Facet, 0, len(b.Facets))
	for _, f := range b.Facets {
		if f.Start, f.End = move(f.Start), move(f.End); f.Start < f.End {
			facets = append(facets, f)
		}
	}
	b.Text, b.Facets = out.String(), facets
	return b
}

// harmless tells, at a glance, that clean has nothing to do.
func harmless(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c < ' ' && c != '\n', c == '@', c == '/':
			return false
		case c == 0xe2 && strings.HasPrefix(text[i:], "\xe2\x80"): // U+2000 to U+203F
			return false
		}
	}
	return utf8.ValidString(text)
}

// wordy tells whether a sign after r belongs to a word or an address.
func wordy(r rune) bool {
	return r == '/' || r == '.' || r == ':' || r == '@' || r == '_' || r == '-' || r == '<' || r == '>' ||
		(r >= '0' && r <= '9') || (r|0x20 >= 'a' && r|0x20 <= 'z')
}

func nameByte(c byte) bool {
	return c == '_' || (c >= '0' && c <= '9') || (c|0x20 >= 'a' && c|0x20 <= 'z')
}

// linked tells whether the byte at i lies in a facet that becomes a link:
// Telegram looks for nothing inside one.
func linked(facets []unroll.Facet, i int) bool {
	return slices.ContainsFunc(facets, func(f unroll.Facet) bool {
		switch f.Kind {
		case unroll.FacetLink, unroll.FacetMention, unroll.FacetTag:
			return f.Start <= i && i < f.End && linkable(f.URL)
		case unroll.FacetCode:
			return f.Start <= i && i < f.End
		default:
			return false
		}
	})
}

// ruler turns byte offsets into units, fastest when asked in rising order.
type ruler struct {
	text        string
	base        int
	bytes, unit int
}

func newRuler(text string, base int) *ruler { return &ruler{text: text, base: base} }

func (r *ruler) units(at int) int {
	if at < r.bytes {
		r.bytes, r.unit = 0, 0
	}
	r.unit += units(r.text[r.bytes:at])
	r.bytes = at
	return r.base + r.unit
}
