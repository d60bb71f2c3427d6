package unroll

import (
	"context"
	"time"
)

// Source reads conversations from one service.
//
// Fetch gets a ref that Match accepted and returns what the service has of
// the conversation around it: the thread's posts for certain, replies by
// others as far as they came along. Posts may come in any order and more than
// once; [Assemble] decides what belongs to the thread.
//
// A post that the service names but does not show is a Post with a Gap. What
// the service itself left out is a Cut. Both are data, not errors: Fetch
// fails only when there is no post at all to show, with an *[Error] whose
// Kind tells why. A Fetch that failed half-way returns what it has, with a
// Cut, and no error.
//
// Calls may run at the same time. Fetch honours ctx, asks the service as
// seldom as its API allows, and never panics on what the service answers.
type Source interface {
	// Name is short, stable, and shown to readers: "fxtwitter".
	Name() string
	// Match tells whether the source can read such refs, without any call.
	Match(Ref) bool
	Fetch(context.Context, Ref) (Conversation, error)
}

// Updater is what a [Source] may be besides: it reads a thread anew that it
// gave before, for less than Fetch costs, or more closely than is worth it for
// a thread that perhaps nobody asks for twice, see [Conversation.Cursory]. A
// service that hides what hangs below a deleted post is asked for its own
// count then.
//
// Update gives the whole conversation as Fetch does, not only what is new;
// posts that were edited or deleted show as they are now. It fails as Fetch
// does: with the Kind of the last post where that is gone and the root too.
// It does not change held.
type Updater interface {
	Update(ctx context.Context, held *Thread) (Conversation, error)
}

// Expander resolves a short link (a Ref with Network [Short]) to the address
// it leads to, as text for [ParseRef]. Errors are as for [Source].
type Expander interface {
	Expand(ctx context.Context, short Ref) (string, error)
}

// Conversation is what a source has of a post and the replies around it.
type Conversation struct {
	// Asked is the ID of the post that the ref led to, once reposts were
	// followed to the original and old versions of an edited post to the
	// current one. It need not be the ID in the ref.
	Asked string

	// Ref is the ref of the asked post in its lasting form: a DID instead of
	// a handle, the post's own server instead of the one that was asked.
	Ref Ref

	Posts   []Post
	Authors map[string]Author // by Post.AuthorID; the asked post's author at least

	Source    string // Source.Name
	FetchedAt time.Time

	// Count is the service's own number of posts in the author's thread, 0
	// where it has none.
	Count int

	// Replies holds the service's own number of direct replies by post ID,
	// where it tells one. A missing ID means unknown, not zero.
	Replies map[string]int

	// Cuts are the places where the service, or our budget for it, stopped.
	Cuts []Cut

	// Cursory is set where an Update would look closer than this reading did:
	// a thread that seems complete is then looked at again soon.
	Cursory bool

	// ChainOnly is set where the service shows one chain of the author's
	// posts and hides the author's other replies, so that Replies says
	// nothing about what is missing beside the chain.
	ChainOnly bool

	// Seen holds the IDs of posts whose direct replies the service showed in
	// full, as far as it shows any to us: nothing of the author's can hang
	// below them unseen. It is what proves the end of a thread where Replies
	// is not 0, because replies by others need not be in Posts.
	Seen map[string]bool
}

// Cut is a place in a conversation where more may follow.
type Cut struct {
	After  string // ID of the last post seen there
	Reason CutReason
}

// CutReason is why a conversation was not read to its end.
type CutReason string

// Reasons for cuts.
const (
	CutNoThread CutReason = "no-thread" // the service gave the post without its thread
	CutLimit    CutReason = "limit"     // the service's page or depth limit
	CutBudget   CutReason = "budget"    // our own bound on calls or posts
	CutFailed   CutReason = "failed"    // a later call failed
)
