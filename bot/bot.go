// Package bot is what every chat platform shares: a Request that an adapter
// fills, the Handler that answers it, and the Reply that the adapter renders
// in its platform's own form.
//
//	adapter -> Durable -> Dispatcher -> middleware -> Handler -> unroll.Service
//	                                                     |
//	adapter <- Responder.Send(Reply) <-------------------+
//
// An adapter knows its platform and nothing of threads; the Handler knows
// threads and nothing of platforms. Durable, which needs a queue outside of the
// process, may be left out.
package bot

import (
	"context"
	"errors"

	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// Request is one thing that a user asked, in no platform's words.
type Request struct {
	// ID is unique per platform and stable when the platform delivers the
	// same update again.
	ID       string
	Platform string // Adapter.Name
	Chat     string // the platform's id of the chat, channel or conversation
	User     string // the platform's id of who asks
	Locale   string // BCP 47, may be empty

	// Private is set in a chat between the user and the bot alone.
	Private bool
	// Public is set where anybody can read the request: a mention on a
	// network. Only such threads may be listed as latest.
	Public bool
	// Mentioned is set when the message names the bot.
	Mentioned bool

	// Command is the platform's own command without its slash ("unroll",
	// "start", "help"), empty for a plain message.
	Command string
	// Message is what the user wrote, without the command and the bot's name.
	Message Message
	// Replied is the message that the user's message replies to, or the one
	// a menu command was used on.
	Replied *Message

	// Page asks for a page of a thread already shown: a button was pressed.
	Page *PageRequest

	// Settings are the chat's, as the adapter read them.
	Settings Settings
}

// Message is a message's text and the addresses that stand behind it.
type Message struct {
	Text string
	// Links are addresses that are not in Text: behind a word, in an embed,
	// in a link preview.
	Links []string
	// Hidden is set when the platform keeps the content from the bot.
	Hidden bool
}

// PageRequest asks for page Number, counted from 1, of the thread at Ref.
type PageRequest struct {
	Ref    unroll.Ref
	Number int
	// Fresh asks to look again at the source first.
	Fresh bool
}

// Reply is an answer in no platform's words. Thread is set, or Text is.
type Reply struct {
	// Thread is the whole thread, its main chain through the asked post.
	Thread *unroll.Thread
	// Asked is the ref that led to Thread.
	Asked unroll.Ref
	// PageURL is the address of the thread's page on the reader.
	PageURL string
	// Page is which page of the thread to show, from 1.
	Page int
	// Offer is set when nobody asked for Thread: it may be offered, not shown.
	Offer bool
	// NewFrom is set when a watched thread has grown: the id of the first post
	// of its main chain that is news. Who asked to watch is told of it, with
	// the posts from there on.
	NewFrom string

	// Text is a sentence in the user's language: help, or what went wrong
	// and what to do about it. Plain text.
	Text string
	// Kind is set when Text tells of an error.
	Kind unroll.Kind
	// Retry is set where asking again later may help.
	Retry bool
}

// ErrDeclined is a Responder's refusal of a request, as when only some people
// may ask in a chat.
var ErrDeclined = errors.New("bot: who asks may not ask here")

// Responder carries the answer to one request back to where it came from.
type Responder interface {
	// Working shows that the answer is being made. It is called once at
	// most, before Send, when the request is going to be answered. With
	// [ErrDeclined] there will be no answer: the adapter has said why.
	// Otherwise its error is of no consequence.
	Working(ctx context.Context) error
	// Send delivers the reply. It is called once for each link asked for.
	Send(ctx context.Context, r Reply) error
}

// Handler answers requests.
type Handler interface {
	// Handle answers req through res, or does nothing when req is none of
	// the bot's business. Its error is one that no reply could tell of.
	Handle(ctx context.Context, req Request, res Responder) error
}

// HandlerFunc is a Handler.
type HandlerFunc func(ctx context.Context, req Request, res Responder) error

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, req Request, res Responder) error {
	return f(ctx, req, res)
}

// Middleware wraps a Handler.
type Middleware func(Handler) Handler

// Adapter connects the bot to one platform.
type Adapter interface {
	// Name is short and stable: "telegram".
	Name() string
	// Run serves until ctx ends, then finishes what it took on and returns
	// nil. It returns an error when it cannot go on: a refused token. Trouble
	// that may pass is logged and retried inside.
	Run(ctx context.Context) error
}

// Dispatch hands a request to the bounded pool that answers it.
type Dispatch interface {
	// Dispatch takes req and returns at once. It returns ErrBusy when too
	// many requests wait already, and ErrClosed when the program is ending;
	// then nothing will be sent.
	Dispatch(ctx context.Context, req Request, res Responder) error
}

// Phrases gives the sentences that adapters need themselves: names of
// buttons, "slow down". See messages.go for the ids.
type Phrases interface {
	Text(locale, id string, args map[string]any) string
	// Words are the phrases that renderers put around an author's text.
	Words(locale string) render.Words
}
