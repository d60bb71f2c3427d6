package unroll

import (
	"strings"
)

// Network is where a post lives.
type Network string

// The networks. Short is for links that must be resolved before they name a
// post, such as t.co's.
const (
	X        Network = "x"
	Bluesky  Network = "bluesky"
	Mastodon Network = "mastodon"
	Short    Network = "short"
)

// Ref names a post before it was fetched. Refs are comparable; two links to
// one post give equal refs where that can be known without asking anybody.
type Ref struct {
	Network Network `json:"network"`
	// Host is the server, lower-case, with its port if it is not 443:
	// Mastodon's instance, the host of a short link. Empty elsewhere.
	Host string `json:"host,omitempty"`
	// Author is the DID, or the lower-case handle until the DID is known, on
	// Bluesky. Empty elsewhere: an X handle in a link may be anything.
	Author string `json:"author,omitempty"`
	// ID is X's or Mastodon's status id, Bluesky's record key, the path of a
	// short link. It holds only letters, digits and - . _ ~ : and, in a short
	// link's path, /.
	ID string `json:"id"`
}

// Path is the ref's path on the reader, also its text form:
// /x/ID, /bluesky/AUTHOR/ID, /mastodon/HOST/ID.
func (r Ref) Path() string {
	parts := []string{"", string(r.Network)}
	if r.Host != "" {
		parts = append(parts, r.Host)
	}
	if r.Author != "" {
		parts = append(parts, r.Author)
	}
	return strings.Join(append(parts, r.ID), "/")
}

func (r Ref) String() string { return r.Path() }

// IsZero tells whether r names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// PostID is the ref's post as a [Post.ID]: unique within its conversation.
func (r Ref) PostID() string {
	if r.Author == "" {
		return r.ID
	}
	return r.Author + "/" + r.ID
}

// Sibling is the ref of another post of the same conversation.
func (r Ref) Sibling(postID string) Ref {
	if author, id, ok := strings.Cut(postID, "/"); ok && r.Network == Bluesky {
		r.Author, r.ID = author, id
		return r
	}
	r.ID = postID
	return r
}
