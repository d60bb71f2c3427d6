package bluesky

import "encoding/json"

// The AppView's JSON, as far as it is used. Lexicons of 2026-08: the structs
// of app.bsky.feed.defs, app.bsky.embed.* and app.bsky.richtext.facet.

// refusal is what an XRPC method answers instead of its output.
type refusal struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

// threadAnswer is the output of app.bsky.feed.getPostThread.
type threadAnswer struct {
	refusal
	Thread *threadNode `json:"thread"`
}

// threadNode is a threadViewPost, a notFoundPost or a blockedPost.
type threadNode struct {
	Post   *postView   `json:"post"`
	Parent *threadNode `json:"parent"`
	// Replies is nil where the AppView did not look for replies, and empty
	// where it looked and shows none.
	Replies []*threadNode `json:"replies"`

	URI      string `json:"uri"` // of a post that is not there
	NotFound bool   `json:"notFound"`
	Blocked  bool   `json:"blocked"`
}

// postView holds Record and Embed unread: most posts of a conversation are
// not the author's, and one that is malformed must not spoil the others.
type postView struct {
	URI        string          `json:"uri"`
	Author     profile         `json:"author"`
	Record     json.RawMessage `json:"record"`
	Embed      json.RawMessage `json:"embed"`
	ReplyCount *int            `json:"replyCount"`
	IndexedAt  string          `json:"indexedAt"`
	Labels     []label         `json:"labels"`
}

type profile struct {
	DID         string  `json:"did"`
	Handle      string  `json:"handle"`
	DisplayName string  `json:"displayName"`
	Avatar      string  `json:"avatar"`
	Labels      []label `json:"labels"`
}

type label struct {
	URI string `json:"uri"` // the DID of a labelled account, else a record's at-uri
	Val string `json:"val"`
	Neg bool   `json:"neg"` // takes an earlier label back
}

// record is app.bsky.feed.post, as its author's software wrote it.
type record struct {
	Text   string   `json:"text"`
	Facets []facet  `json:"facets"`
	Langs  []string `json:"langs"`
	Reply  *struct {
		Root   strongRef `json:"root"`
		Parent strongRef `json:"parent"`
	} `json:"reply"`
	Labels struct {
		Values []label `json:"values"`
	} `json:"labels"`
	CreatedAt string `json:"createdAt"`
	// BridgyOriginalText is set on posts that a bridge brought over from the
	// fediverse; Text is cut to 300 graphemes there.
	BridgyOriginalText string `json:"bridgyOriginalText"`
}

type strongRef struct {
	URI string `json:"uri"`
}

type facet struct {
	Index struct {
		Start int `json:"byteStart"`
		End   int `json:"byteEnd"`
	} `json:"index"`
	Features []feature `json:"features"`
}

type feature struct {
	Type string `json:"$type"`
	URI  string `json:"uri"`
	DID  string `json:"did"`
	Tag  string `json:"tag"`
}

// embed is any of the embed views. Type tells them apart.
type embed struct {
	Type string `json:"$type"`

	Images []image `json:"images"`
	Items  []image `json:"items"` // of a gallery

	External *external `json:"external"`

	Playlist     string `json:"playlist"` // of a video
	Thumbnail    string `json:"thumbnail"`
	Alt          string `json:"alt"`
	AspectRatio  ratio  `json:"aspectRatio"`
	Presentation string `json:"presentation"`

	Record *embedRecord `json:"record"`
	Media  *embed       `json:"media"` // of recordWithMedia
}

type image struct {
	Thumb       string `json:"thumb"`
	Thumbnail   string `json:"thumbnail"` // the same in a gallery
	Fullsize    string `json:"fullsize"`
	Alt         string `json:"alt"`
	AspectRatio ratio  `json:"aspectRatio"`
}

type ratio struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

type external struct {
	URI         string  `json:"uri"`
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Thumb       string  `json:"thumb"`
	Labels      []label `json:"labels"`
}

// embedRecord is any of the views that an embed's record can be: a post, what
// is left of one, or a feed, list, labeler or starter pack. In
// recordWithMedia one of them stands in the Record of another.
type embedRecord struct {
	Type string `json:"$type"`
	URI  string `json:"uri"`

	Author    profile         `json:"author"`
	Value     json.RawMessage `json:"value"`
	Labels    []label         `json:"labels"`
	Embeds    []embed         `json:"embeds"`
	IndexedAt string          `json:"indexedAt"`

	Creator     profile `json:"creator"`
	DisplayName string  `json:"displayName"` // of a feed
	Name        string  `json:"name"`        // of a list, or in a starter pack's record
	Description string  `json:"description"`
	Avatar      string  `json:"avatar"`

	Record *embedRecord `json:"record"`
}

// feedAnswer is the output of app.bsky.feed.getAuthorFeed.
type feedAnswer struct {
	refusal
	Cursor string     `json:"cursor"`
	Feed   []feedItem `json:"feed"`
}

type feedItem struct {
	Post *postView `json:"post"`
	// Reason is set where somebody else's post is shown, or a pinned one out
	// of its order.
	Reason json.RawMessage `json:"reason"`
}

// countAnswer is the output of app.bsky.unspecced.getPostThreadV2, of which
// nothing but the counter is used.
type countAnswer struct {
	refusal
	Thread []struct {
		Depth int `json:"depth"`
		Value struct {
			OPThreadPostCount int `json:"opThreadPostCount"`
		} `json:"value"`
	} `json:"thread"`
}
