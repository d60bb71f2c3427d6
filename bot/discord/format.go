package discord

import (
	"hash/fnv"
	"net/url"
	"slices"
	"strings"

	"github.com/bwmarrin/discordgo"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// galleryCost is what a media gallery counts towards a page, in units of
// text. It bounds the components: a page of 4,000 units holds at most seven
// galleries with a text between each two, 15 components, beside the 24 of
// the frame (see TestLimits).
const galleryCost = 500

// book is a thread laid out in pages that each fit a message.
type book struct {
	thread *unroll.Thread
	title  string // Markdown
	footer string // Markdown
	body   []render.Block
	pages  [][]render.Block
}

// bareness is which media are left as lines of text.
type bareness int

const (
	bareNone    bareness = iota
	bareCovered          // what its author covered
	bareAll
)

// newBook lays a thread out.
func newBook(t *unroll.Thread, o render.Options, bare bareness) *book {
	b := &book{thread: t}
	for _, block := range render.Blocks(t, o) {
		switch block.Kind {
		case render.BlockTitle:
			b.title = framed(block, maxText/4)
		case render.BlockFooter:
			b.footer = framed(block, maxText/4)
		default:
			if bare == bareAll || (bare == bareCovered && block.Spoiler) {
				block.Media = nil
			}
			b.body = append(b.body, apart(block)...)
		}
	}
	if a, ok := address(o.PageURL); ok && !buttonURL(o.PageURL) {
		b.footer += "\n" + subtext + "<" + a + ">"
	}
	b.lay()
	return b
}

// framed is the Markdown of a title or footer. A foreign name can be of any
// length, and must not crowd out the thread.
func framed(b render.Block, limit int) string {
	md := markdown(b)
	if units(md) <= limit {
		return md
	}
	cut := []rune(b.Text)
	b.Text, b.Facets = string(cut[:min(len(cut), limit/2-len(subtext)-1)])+"…", nil
	return markdown(b) // at most a backslash before each character
}

// size is what a block counts on a page, never less than the units of text
// it comes to.
func size(b render.Block) int {
	n := 0
	items, covered := gallery(b)
	if len(items) > 0 {
		n = galleryCost * ((len(items) + maxGallery - 1) / maxGallery)
	}
	if !covered {
		n += units(markdown(b)) + len("\n\n")
	}
	return n
}

// hasMedia tells whether there is something to look at.
func (b *book) hasMedia() bool {
	return slices.ContainsFunc(b.body, func(block render.Block) bool { return block.Kind == render.BlockMedia })
}

// only leaves out the blocks that keep does not take.
func (b *book) only(keep func(render.Block) bool) {
	b.body = slices.DeleteFunc(b.body, func(block render.Block) bool { return !keep(block) })
	b.lay()
}

// lay puts the body onto pages.
func (b *book) lay() {
	b.pages = render.Pack(b.body, maxText-nameUnits-units(b.title)-units(b.footer), size)
	if len(b.pages) == 0 {
		b.pages = [][]render.Block{nil}
	}
}

// nameUnits is room for the name of who asked, in UTF-16 units: a mention
// holds at most 20 digits.
const nameUnits = 24

// number brings a page number into the book.
func (b *book) number(n int) int { return min(max(n, 1), len(b.pages)) }

// container is page n: title, posts, footer.
func (b *book) container(n int) discordgo.Container { return b.part(n, true, true) }

// part is page n, with the title and the footer or without.
func (b *book) part(n int, title, footer bool) discordgo.Container {
	colour := accent(b.thread.Author.ID)
	var parts [][]discordgo.MessageComponent
	if title {
		parts = append(parts, []discordgo.MessageComponent{b.heading()})
	}
	if body := content(b.pages[n-1]); len(body) > 0 {
		parts = append(parts, body)
	}
	if (footer && b.footer != "") || len(parts) == 0 {
		parts = append(parts, []discordgo.MessageComponent{discordgo.TextDisplay{Content: b.footer}})
	}
	c := discordgo.Container{AccentColor: &colour}
	for i, p := range parts {
		if i > 0 {
			c.Components = append(c.Components, discordgo.Separator{})
		}
		c.Components = append(c.Components, p...)
	}
	return c
}

// heading is the title, beside the author's picture where there is one.
func (b *book) heading() discordgo.MessageComponent {
	title := discordgo.TextDisplay{Content: b.title}
	avatar, ok := mediaURL(b.thread.Author.Avatar)
	if !ok {
		return title
	}
	return discordgo.Section{
		Components: []discordgo.MessageComponent{title},
		Accessory:  discordgo.Thumbnail{Media: discordgo.UnfurledMediaItem{URL: avatar}},
	}
}

// content shows blocks: texts run together until media come between.
func content(blocks []render.Block) []discordgo.MessageComponent {
	var out []discordgo.MessageComponent
	var text strings.Builder
	flush := func() {
		if s := strings.TrimSpace(text.String()); s != "" {
			out = append(out, discordgo.TextDisplay{Content: s})
		}
		text.Reset()
	}
	post := ""
	for i, b := range blocks {
		items, covered := gallery(b)
		if !covered {
			switch {
			case text.Len() == 0:
			case i > 0 && b.PostID == post && b.Kind != render.BlockText:
				text.WriteString("\n")
			default:
				text.WriteString("\n\n")
			}
			text.WriteString(markdown(b))
		}
		post = b.PostID
		if len(items) > 0 {
			flush()
			for some := range slices.Chunk(items, maxGallery) {
				out = append(out, discordgo.MediaGallery{Items: some})
			}
		}
	}
	flush()
	return out
}

// gallery gives the media of a block that Discord can show, and tells
// whether they say all that the block's text says.
func gallery(b render.Block) (items []discordgo.MediaGalleryItem, covered bool) {
	covered = b.Kind == render.BlockMedia && len(b.Media) > 0
	for _, m := range b.Media {
		source, whole := playable(m)
		if source == "" {
			covered = false
			continue
		}
		covered = covered && whole
		item := discordgo.MediaGalleryItem{Media: discordgo.UnfurledMediaItem{URL: source}, Spoiler: b.Spoiler}
		if alt := strings.TrimSpace(m.Alt); alt != "" {
			alt = clip(alt, maxAlt)
			item.Description = &alt
		}
		items = append(items, item)
	}
	return items, covered
}

// playable is the address under which Discord can show a medium, and whether
// that is the medium itself rather than a still of it. Playlists (HLS) and
// sounds are no media to Discord.
func playable(m unroll.Media) (source string, whole bool) {
	switch m.Kind {
	case unroll.MediaImage:
		source, whole = mediaURL(m.URL)
	case unroll.MediaVideo, unroll.MediaGIF:
		candidates := []string{m.URL}
		for _, v := range m.Variants {
			if v.Type == "video/mp4" {
				candidates = append([]string{v.URL}, candidates...)
				break // best first
			}
		}
		for _, c := range candidates {
			if u, ok := mediaURL(c); ok && !isPlaylist(u) {
				return u, true
			}
		}
	case unroll.MediaAudio:
	}
	if source == "" {
		source, _ = mediaURL(m.Preview)
	}
	return source, whole
}

func isPlaylist(address string) bool {
	u, err := url.Parse(address)
	return err == nil && strings.HasSuffix(strings.ToLower(u.Path), ".m3u8")
}

// mediaURL brings an address into the form that Discord takes: http or
// https, a host with a dot, ASCII, not too long.
func mediaURL(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || !public(u) {
		return "", false
	}
	s := u.String()
	ascii := !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"<>\\^`{|}", r) })
	if !ascii || len(s) > maxMediaURL {
		return "", false
	}
	return s, true
}

// buttonURL tells whether a button may lead to an address. Discord takes no
// host without a dot, such as localhost, and would refuse the whole message.
func buttonURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && public(u) && len(address) <= maxButtonURL
}

// public tells whether an address can be one that everybody reaches.
func public(u *url.URL) bool {
	return (u.Scheme == "https" || u.Scheme == "http") && strings.Contains(strings.Trim(u.Hostname(), "."), ".")
}

// accent is a colour that stays an author's: a hue by their id, bright enough
// for a dark page and dark enough for a bright one.
func accent(authorID string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(authorID)) // never fails
	hue := int(h.Sum32() % 360)
	const low, high = 0x50, 0xc8
	rise := low + (high-low)*(hue%60)/60
	fall := low + high - rise
	var r, g, b int
	switch hue / 60 {
	case 0:
		r, g, b = high, rise, low
	case 1:
		r, g, b = fall, high, low
	case 2:
		r, g, b = low, high, rise
	case 3:
		r, g, b = low, fall, high
	case 4:
		r, g, b = rise, low, high
	default:
		r, g, b = high, low, fall
	}
	return r<<16 | g<<8 | b
}

// plain is page n without components: its texts in a row.
func (b *book) plain(n int) string {
	parts := []string{b.title}
	for _, block := range b.pages[n-1] {
		parts = append(parts, markdown(block))
	}
	return strings.Join(append(parts, b.footer), "\n\n")
}
