// Package render turns an assembled thread into something to read: plain
// text, Markdown, HTML, JSON, and the blocks that chat adapters put into
// their own markup.
//
// Nothing in a thread is markup. Every renderer escapes for its own target.
package render

import (
	"unrollbot/unroll"
	"unrollbot/unroll/render/typeset"
)

// BlockKind is what a block shows.
type BlockKind string

// Kinds of blocks, in the order in which they appear: a title first, then
// for each post a Warning, its Text, Poll, Media, Quote, Card and the Branch
// lines that fork there; a Footer last.
const (
	BlockTitle   BlockKind = "title"   // the thread's title line: author, count
	BlockReplyTo BlockKind = "replyto" // what the root answers
	BlockText    BlockKind = "text"    // the text of a post
	BlockWarning BlockKind = "warning" // content warning of the post that follows
	BlockPoll    BlockKind = "poll"
	BlockMedia   BlockKind = "media" // a line that names media with alt text
	BlockQuote   BlockKind = "quote"
	BlockCard    BlockKind = "card"
	BlockGap     BlockKind = "gap"    // a missing post, or a missing end of a post, and why
	BlockBranch  BlockKind = "branch" // a side branch: how many posts, with a link
	BlockFooter  BlockKind = "footer" // source, time, verdict
)

// Block is a piece of rich text: plain text with facets (byte ranges), and
// the media that a platform may show in place of the line. Facets are
// sorted and lie on rune borders; one ends before the next or contains it.
type Block struct {
	Kind   BlockKind
	PostID string // of the post it belongs to; empty for title and footer
	Text   string
	Facets []unroll.Facet
	Media  []unroll.Media
	// Spoiler is set where the author covered the post or its media.
	Spoiler bool
}

// Options tune the renderers. The zero value shows everything but the numbers
// of posts, in English.
type Options struct {
	// PageURL is the address of the thread's page, for links to side
	// branches; empty means no such links.
	PageURL string
	// KeepNumbers shows what the author wrote to count the posts, such as
	// "3/12". It is left out where [unroll.Post.Numbering] says that it is
	// that: one text needs no numbers.
	KeepNumbers bool
	// Words are the phrases around the author's; nil means [English].
	Words Words
	// Picture gets a picture for forms that hold their pictures, [HTML],
	// [EPUB] and [PDF]: its bytes and media type. Without it, or where it is
	// not ok, HTML leaves the picture where it is and the others do without.
	Picture func(address string) (content []byte, mediaType string, ok bool)
	// Fonts are what [PDF] is set in; nil means those of the program and of
	// the machine.
	Fonts *typeset.Fonts
	// Show gives the address from which [Options.Article] shows a picture,
	// "" to do without; nil shows it from where it is. With Show, videos and
	// sounds are linked to and not played.
	Show func(address string) string
}

func (o Options) words() Words {
	if o.Words == nil {
		return English{}
	}
	return o.Words
}

// Anchor is the id of a post's element on the thread's page: "p-" and the
// last part of its ref.
func Anchor(t *unroll.Thread, postID string) string { return "p-" + t.Ref.Sibling(postID).ID }
