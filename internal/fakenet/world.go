package fakenet

import (
	"strings"
	"time"

	"unrollbot/unroll"
)

// World is what a network holds. Its order is the order in which a network
// without a better idea lists posts; an earlier post wins its ID.
type World struct {
	Authors []Author
	Posts   []Post
	// Emoji are the custom emoji by shortcode, with the address of their
	// picture. Only Mastodon knows such.
	Emoji map[string]string
}

// Author is somebody who posts.
type Author struct {
	ID     string // the World's key, also the user name: letters, digits, _
	Handle string // Bluesky's handle; ID + ".test" when empty
	Name   string
	Bio    string
	Avatar string

	// Gap, when set, is why none of the author's posts can be read: private,
	// suspended, or deleted for an account that is gone.
	Gap unroll.GapReason
	// LoginOnly asks Bluesky's apps to show the author to nobody who is not
	// logged in. The AppView shows the posts all the same.
	LoginOnly bool
}

// Post is a post and what the network knows of it besides. In the embedded
// post AuthorID is an [Author.ID], a mention's URL is one too, a tag needs no
// URL, and Quote stays nil. With Gap set the post is hidden for that reason.
type Post struct {
	unroll.Post

	// Quotes is the ID of a post that this one quotes.
	Quotes string
	// QuoteGap, when set, keeps the quoted post from being shown inside this
	// one: its author withdrew it (withheld), is blocked, or has yet to agree
	// (unknown).
	QuoteGap unroll.GapReason
	// Reposts is the ID of a post that this one merely passes on.
	Reposts string
	// Note marks one of X's long posts.
	Note bool
}

// Conversation gives everything the World holds, as a source that sees all
// would: hidden posts are gaps without content. It is what property tests
// feed to [unroll.Assemble], with whatever nonsense the World holds.
func (w World) Conversation(asked string) unroll.Conversation {
	x := newIndex(w)
	c := unroll.Conversation{
		Asked:   asked,
		Ref:     unroll.Ref{Network: unroll.X, ID: asked},
		Authors: make(map[string]unroll.Author, len(w.Authors)),
		Replies: make(map[string]int, len(w.Posts)),
		Source:  "fakenet",
	}
	for _, a := range w.Authors {
		c.Authors[a.ID] = unroll.Author{ID: a.ID, Handle: a.ID, Name: a.Name, Avatar: a.Avatar}
	}
	for i := range w.Posts {
		p := &w.Posts[i]
		n := p.Post
		n.ParentAuthorID = x.parentAuthor(p)
		n.RootID = x.root(p).ID
		if gap := x.gap(p); gap != "" {
			n = unroll.Post{ID: p.ID, Gap: &unroll.Gap{Reason: gap}}
		}
		c.Posts = append(c.Posts, n)
		c.Replies[p.ID] = len(x.children[p.ID])
	}
	return c
}

// Rename gives the same World with every post's ID changed.
func (w World) Rename(id func(string) string) World {
	to := func(old string) string {
		if old == "" {
			return ""
		}
		return id(old)
	}
	posts := make([]Post, len(w.Posts))
	for i, p := range w.Posts {
		p.ID, p.ParentID, p.RootID = to(p.ID), to(p.ParentID), to(p.RootID)
		p.Quotes, p.Reposts = to(p.Quotes), to(p.Reposts)
		posts[i] = p
	}
	w.Posts = posts
	return w
}

// epoch is when the first post of a World without times was written.
var epoch = time.Date(2026, time.March, 3, 8, 0, 0, 0, time.UTC)

// index finds things in a World.
type index struct {
	world    World
	posts    map[string]*Post
	order    map[string]int // position in World.Posts
	children map[string][]*Post
	authors  map[string]*Author
}

func newIndex(w World) *index {
	x := &index{
		world:    w,
		posts:    make(map[string]*Post, len(w.Posts)),
		order:    make(map[string]int, len(w.Posts)),
		children: make(map[string][]*Post),
		authors:  make(map[string]*Author, len(w.Authors)),
	}
	for i := range w.Authors {
		x.authors[w.Authors[i].ID] = &w.Authors[i]
	}
	for i := range w.Posts {
		p := &w.Posts[i]
		if _, taken := x.posts[p.ID]; taken {
			continue
		}
		x.posts[p.ID], x.order[p.ID] = p, i
		if p.ParentID != "" {
			x.children[p.ParentID] = append(x.children[p.ParentID], p)
		}
	}
	return x
}

// gap tells why p cannot be read, "" if it can.
func (x *index) gap(p *Post) unroll.GapReason {
	if p.Gap != nil {
		return p.Gap.Reason
	}
	if a := x.author(p.AuthorID); a.Gap != "" {
		return a.Gap
	}
	return ""
}

// visible gives the post with this ID if it can be read.
func (x *index) visible(id string) *Post {
	if p := x.posts[id]; p != nil && x.gap(p) == "" {
		return p
	}
	return nil
}

// replies are the readable direct replies to a post.
func (x *index) replies(id string) []*Post {
	var out []*Post
	for _, p := range x.children[id] {
		if x.gap(p) == "" {
			out = append(out, p)
		}
	}
	return out
}

// author gives the author, a stand-in where the World does not name one.
func (x *index) author(id string) *Author {
	if a := x.authors[id]; a != nil {
		return a
	}
	return &Author{ID: id, Name: id}
}

func (x *index) parentAuthor(p *Post) string {
	if parent := x.posts[p.ParentID]; parent != nil {
		return parent.AuthorID
	}
	return ""
}

// ancestors are all posts above p, the nearest first, hidden ones too.
func (x *index) ancestors(p *Post) []*Post {
	var out []*Post
	seen := map[string]bool{p.ID: true}
	for q := x.posts[p.ParentID]; q != nil && !seen[q.ID]; q = x.posts[q.ParentID] {
		seen[q.ID] = true
		out = append(out, q)
	}
	return out
}

// root is the first post of p's conversation.
func (x *index) root(p *Post) *Post {
	if up := x.ancestors(p); len(up) > 0 {
		return up[len(up)-1]
	}
	return p
}

// at is when p was written; posts without a time follow each other by minutes.
func (x *index) at(p *Post) time.Time {
	if !p.At.IsZero() {
		return p.At.UTC()
	}
	return epoch.Add(time.Duration(x.order[p.ID]) * time.Minute)
}

func (a *Author) name() string {
	if a.Name != "" {
		return a.Name
	}
	return strings.ToUpper(a.ID[:min(1, len(a.ID))]) + a.ID[min(1, len(a.ID)):]
}
