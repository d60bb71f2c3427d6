// Package render turns an assembled thread into something to read: plain
// text, Markdown, HTML, JSON, and the blocks that chat adapters put into
// their own markup.
//
// Nothing in a thread is markup. Every renderer escapes for its own target.
package render

import "unrollbot/unroll"

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
	BlockGap     BlockKind = "gap"    // a missing post and why
	BlockBranch  BlockKind = "branch" // a side branch: how many posts, with a link
	BlockFooter  BlockKind = "footer" // source, time, verdict
)

// Block is a piece of rich text: plain text with facets (byte ranges), and
// the media that a platform may show in place of the line.
type Block struct {
	Kind   BlockKind
	PostID string // of the post it belongs to; empty for title and footer
	Text   string
	Facets []unroll.Facet
	Media  []unroll.Media
	// Spoiler is set where the author covered the post or its media.
	Spoiler bool
}

// Options tune what [Blocks] yields. The zero value shows everything.
type Options struct {
	// PageURL is the address of the thread's page, for links to side
	// branches; empty means no such links.
	PageURL string
}
