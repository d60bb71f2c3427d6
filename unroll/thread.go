package unroll

import (
	"time"
)

// SchemaVersion is written into every stored and exported thread. It grows
// when a field changes its meaning or goes away, not when one is added.
const SchemaVersion = 1

// Thread is an assembled thread: the author's chain of replies to themselves.
type Thread struct {
	Schema int    `json:"schema"`
	Ref    Ref    `json:"ref"` // the root's; the thread's one address
	Author Author `json:"author"`

	// Posts is the main chain in reply order, root first. Missing posts
	// stand in it as posts with a Gap.
	Posts []Post `json:"posts"`

	// Branches are the author's other chains, in order of their fork.
	Branches []Branch `json:"branches,omitempty"`

	// ReplyTo is the post of somebody else that the root answers, if any.
	ReplyTo *Quote `json:"reply_to,omitempty"`

	Verdict Verdict `json:"verdict"`
	Source  string  `json:"source"` // Source.Name of where it was read
	// Sources names all that have a part in the thread, Source among them,
	// where there are several.
	Sources   []string  `json:"sources,omitempty"`
	FetchedAt time.Time `json:"fetched_at"`
}

// Branch is a chain of the author's posts beside the main chain.
type Branch struct {
	// After is the ID of the post that the branch's first post replies to.
	// It stands in the main chain or in an earlier branch.
	After string `json:"after"`
	Posts []Post `json:"posts"`
}

// Author is who wrote a post, as the network showed them at the time.
type Author struct {
	// ID is what the network never changes: X's numeric user id, Bluesky's
	// DID, the account's URL on its own server for Mastodon.
	ID     string `json:"id"`
	Handle string `json:"handle"` // without "@"; user@host on Mastodon
	Name   string `json:"name,omitempty"`
	URL    string `json:"url,omitempty"` // profile page, to follow the author
	Avatar string `json:"avatar,omitempty"`
}

// Post is one post. Text and Facets belong together: facets are byte ranges
// of the UTF-8 text, and nothing in Text is markup.
type Post struct {
	// ID is unique within its conversation and safe as part of a URL path:
	// X and Mastodon status id, "DID/RKEY" on Bluesky. See [Ref.PostID].
	ID  string `json:"id"`
	URL string `json:"url,omitempty"` // where the post can be read at its network

	// AuthorID is [Author.ID]. Empty inside an assembled thread, where every
	// post is the thread's author's.
	AuthorID string `json:"author_id,omitempty"`

	ParentID       string `json:"parent_id,omitempty"`        // the post this one replies to
	ParentAuthorID string `json:"parent_author_id,omitempty"` // its author, where the source tells
	RootID         string `json:"root_id,omitempty"`          // first post of the conversation, where the source tells

	At       time.Time `json:"at,omitzero"` // as the network claims; never used to decide membership
	EditedAt time.Time `json:"edited_at,omitzero"`

	Text   string  `json:"text,omitempty"`
	Facets []Facet `json:"facets,omitempty"`
	Media  []Media `json:"media,omitempty"`
	Quote  *Quote  `json:"quote,omitempty"`
	Poll   *Poll   `json:"poll,omitempty"`
	Card   *Card   `json:"card,omitempty"`

	Warning   string `json:"warning,omitempty"`   // content warning written by the author
	Sensitive bool   `json:"sensitive,omitempty"` // media to be covered
	Lang      string `json:"lang,omitempty"`      // BCP 47
	Cut       bool   `json:"cut,omitempty"`       // the source gave only the beginning of the text

	// Numbering is set where the author numbers the posts, and consecutive
	// numbers prove it. The text holds it still.
	Numbering *Numbering `json:"numbering,omitempty"`

	// Gap, when set, makes this a placeholder: the post is known to exist,
	// or to have existed, and could not be read.
	Gap *Gap `json:"gap,omitempty"`
}

// Gap says why a post is missing.
type Gap struct {
	Reason GapReason `json:"reason"`
}

// GapReason is why a post cannot be shown.
type GapReason string

// The reasons sources tell apart.
const (
	GapUnknown    GapReason = "unknown" // not held, and nobody said why
	GapDeleted    GapReason = "deleted"
	GapPrivate    GapReason = "private"
	GapBlocked    GapReason = "blocked"
	GapSuspended  GapReason = "suspended"
	GapWithheld   GapReason = "withheld"   // by law, in some countries
	GapRestricted GapReason = "restricted" // behind an age or login wall
	GapWithdrawn  GapReason = "withdrawn"  // quoted or answered, and its author does not want it shown
)

// Facet gives a range of a text a meaning.
type Facet struct {
	Start int       `json:"start"` // in bytes of the UTF-8 text, on a rune border
	End   int       `json:"end"`   // exclusive, in bytes; greater than Start
	Kind  FacetKind `json:"kind"`
	URL   string    `json:"url,omitempty"` // target of a link, mention or tag; picture of an emoji
}

// FacetKind is what a range of text is.
type FacetKind string

// Facets as networks have them. Facets of one text are sorted by Start and
// do not overlap partly: one either ends before the next or contains it.
const (
	FacetLink    FacetKind = "link"
	FacetMention FacetKind = "mention"
	FacetTag     FacetKind = "tag"
	FacetBold    FacetKind = "bold"
	FacetItalic  FacetKind = "italic"
	FacetStrike  FacetKind = "strike"
	FacetCode    FacetKind = "code"
	FacetQuote   FacetKind = "quote" // a block quote inside the post
	FacetEmoji   FacetKind = "emoji" // a :shortcode: with a picture of its own
)

// Media is one picture, video or sound of a post.
type Media struct {
	Kind     MediaKind     `json:"kind"`
	URL      string        `json:"url"`               // the best the source has: an image, an MP4, or an HLS playlist
	Preview  string        `json:"preview,omitempty"` // a smaller picture, or a video's poster
	Alt      string        `json:"alt,omitempty"`     // the author's description
	Width    int           `json:"width,omitempty"`   // in pixels
	Height   int           `json:"height,omitempty"`
	Duration time.Duration `json:"duration,omitempty"` // in nanoseconds
	Variants []Variant     `json:"variants,omitempty"` // of a video, best first
}

// MediaKind is what a [Media] is.
type MediaKind string

// Kinds of media. A GIF is a short silent video that loops.
const (
	MediaImage MediaKind = "image"
	MediaVideo MediaKind = "video"
	MediaGIF   MediaKind = "gif"
	MediaAudio MediaKind = "audio"
)

// Variant is one encoding of a video.
type Variant struct {
	URL     string `json:"url"`
	Type    string `json:"type"`              // media type, such as video/mp4
	Bitrate int    `json:"bitrate,omitempty"` // bits per second
}

// Quote is a post shown inside another, one level deep.
type Quote struct {
	URL    string    `json:"url,omitempty"`
	Author Author    `json:"author,omitzero"`
	Text   string    `json:"text,omitempty"`
	Facets []Facet   `json:"facets,omitempty"`
	Media  []Media   `json:"media,omitempty"`
	Card   *Card     `json:"card,omitempty"`
	At     time.Time `json:"at,omitzero"`

	Warning   string `json:"warning,omitempty"`
	Sensitive bool   `json:"sensitive,omitempty"`

	// Gap, when set, says why nothing but (at most) the URL is there.
	Gap *Gap `json:"gap,omitempty"`
}

// Poll is a vote attached to a post.
type Poll struct {
	Options  []PollOption `json:"options"`
	Votes    int          `json:"votes"` // people who voted, or votes where the source has only those
	EndsAt   time.Time    `json:"ends_at,omitzero"`
	Multiple bool         `json:"multiple,omitempty"` // several answers allowed
}

// PollOption is one answer of a [Poll].
type PollOption struct {
	Label string `json:"label"`
	Votes int    `json:"votes"` // -1 when the source hides it
}

// Card is the preview of a linked page.
type Card struct {
	URL         string `json:"url"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Image       string `json:"image,omitempty"`
	ImageAlt    string `json:"image_alt,omitempty"`
}

// Len counts the posts that are there: main chain and branches, no gaps.
func (t *Thread) Len() int {
	n := 0
	for p := range t.All {
		if p.Gap == nil {
			n++
		}
	}
	return n
}

// All yields every post, the main chain first, then each branch.
func (t *Thread) All(yield func(*Post) bool) {
	for i := range t.Posts {
		if !yield(&t.Posts[i]) {
			return
		}
	}
	for i := range t.Branches {
		for j := range t.Branches[i].Posts {
			if !yield(&t.Branches[i].Posts[j]) {
				return
			}
		}
	}
}

// Has tells whether the thread holds the post with this ID, gap or not.
func (t *Thread) Has(id string) bool {
	for p := range t.All {
		if p.ID == id {
			return true
		}
	}
	return false
}

// Sensitive tells whether any post is marked sensitive or carries a warning.
func (t *Thread) Sensitive() bool {
	for p := range t.All {
		if p.Sensitive || p.Warning != "" || (p.Quote != nil && (p.Quote.Sensitive || p.Quote.Warning != "")) {
			return true
		}
	}
	return false
}

// RefOf gives the ref of one of the thread's posts.
func (t *Thread) RefOf(p *Post) Ref { return t.Ref.Sibling(p.ID) }
