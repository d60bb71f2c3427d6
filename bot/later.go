package bot

import (
	"context"
	"errors"
	"time"
)

// ErrElsewhere is a Recaller's word that another replica has to answer: the
// adapter does not run in this one.
var ErrElsewhere = errors.New("bot: this adapter runs on another replica")

// ErrGone is a Recaller's word that nobody can be answered there any more:
// the chat is closed to the bot, or the address has ended.
var ErrGone = errors.New("bot: there is nowhere to answer any more")

// Addressed is a Responder that can be made anew later, by another process
// too: when its own was killed, or when there is news of a watched thread.
type Addressed interface {
	Responder
	// Address is what [Recaller.Recall] takes, and until when it works; the
	// zero time stands for an address that does not end. It may hold what only
	// the platform and the bot may know, such as an interaction's token: it
	// goes into the store and nowhere else.
	Address() (address []byte, until time.Time)
}

// Recaller is an Adapter that answers at an address it gave before.
type Recaller interface {
	Adapter
	// Recall makes the Responder of req anew. An answer to req that was begun,
	// or given already, is taken up and not given a second time, as far as the
	// platform lets the bot know of it; a [Reply] with NewFrom is a message of
	// its own. It returns [ErrElsewhere] or [ErrGone], or an error that may
	// pass.
	Recall(ctx context.Context, req Request, address []byte) (Responder, error)
}
