package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"unrollbot/bot"
)

// address is where an answer goes, as it is kept for another process. What was
// begun there already is not in it: see [Adapter.Recall].
type address struct {
	Way   way   `json:"way"`
	Chat  int64 `json:"chat,omitempty"`
	Topic int64 `json:"topic,omitempty"`
	// Message is the message to answer, or the one under which a button was
	// pressed.
	Message int64  `json:"message,omitempty"`
	Last    int64  `json:"last,omitempty"` // as in place
	Asker   int64  `json:"asker,omitempty"`
	Silent  bool   `json:"silent,omitempty"`
	Note    string `json:"note,omitempty"`

	Press    string     `json:"press,omitempty"` // the press's id
	Verb     string     `json:"verb,omitempty"`
	Inline   string     `json:"inline,omitempty"`
	Rows     [][]button `json:"rows,omitempty"`
	Question int64      `json:"question,omitempty"` // what Message answers, or 0

	Guest string `json:"guest,omitempty"` // the guest query's id
}

// way is how a request came.
type way string

// The ways. They stand in the store: add some, never change one.
const (
	byMessage way = "message"
	byPress   way = "press"
	byGuest   way = "guest"
	// byWatch is a press that asks for news: they answer the question that led
	// to the thread, and take nothing's place.
	byWatch way = "watch"
)

const (
	// pressFor is how long a press is worth an answer: who pressed has gone
	// on by then, or pressed again.
	pressFor = 10 * time.Minute
	// guestFor is the same for a guest's question. Telegram names no time
	// after which it takes no answer to one.
	guestFor = 10 * time.Minute
)

func (at *address) pack() []byte {
	data, err := json.Marshal(at)
	if err != nil { // plain data: never
		panic(fmt.Sprintf("telegram: address: %v", err))
	}
	return data
}

var (
	_ bot.Addressed = (*answerer)(nil)
	_ bot.Addressed = (*presser)(nil)
	_ bot.Addressed = (*guest)(nil)
	_ bot.Recaller  = (*Adapter)(nil)
)

// Address is of the message that asked. It does not end.
func (r *answerer) Address() ([]byte, time.Time) { return r.from.pack(), time.Time{} }

// Address is of the message with the button. It ends soon, but for a wish to
// be told of news.
func (r *presser) Address() ([]byte, time.Time) {
	if r.from.Way == byWatch {
		return r.from.pack(), time.Time{}
	}
	return r.from.pack(), time.Now().Add(pressFor)
}

// Address is of the one answer that a guest gets. It ends soon.
func (r *guest) Address() ([]byte, time.Time) {
	return (&address{Way: byGuest, Guest: r.query}).pack(), time.Now().Add(guestFor)
}

// Recall answers anew at an address. What Telegram showed of an earlier
// attempt is known from the store, where every message of an answer is kept
// as soon as Telegram has told its id, the sign of progress too: those are
// edited, and an edit that changes nothing does no harm.
//
// The Bot API has no key by which it would know a message that is sent twice.
// So there is a window between Telegram's taking a message and the store's
// taking its id. A message that was sent within it is found again if it is
// one of the first three of its chat after the question that this process
// does not know, see [Adapter.send]; otherwise it is given twice. A file or an
// album is given twice if the process was killed within the same window after
// it.
//
// Buttons under messages that the bot wrote for others work as others do. A
// guest's question is answered where the answer was not begun, or where it is
// known which message was; otherwise nothing can be done. An inline query has
// no address: the next key that is pressed asks anew.
func (a *Adapter) Recall(ctx context.Context, req bot.Request, data []byte) (bot.Responder, error) {
	if a.me.Load() == nil { // Run has not begun, or another replica polls
		return nil, bot.ErrElsewhere
	}
	var at address
	if err := json.Unmarshal(data, &at); err != nil {
		return nil, fmt.Errorf("telegram: address of a request: %w", err)
	}
	switch at.Way {
	case byMessage:
		return a.recallMessage(ctx, &at, &req)
	case byWatch:
		return a.later(at, &req), nil
	case byPress:
		p := a.presserAt(at, &req)
		p.again = true
		return a.responder(p, &req), nil
	case byGuest:
		return a.recallGuest(ctx, &at, &req)
	default:
		return nil, fmt.Errorf("telegram: address of the way %q", at.Way)
	}
}

func (a *Adapter) recallMessage(ctx context.Context, at *address, req *bot.Request) (bot.Responder, error) {
	r := a.answererAt(*at, req)
	begun, err := a.answersTo(ctx, at.Chat, at.Message)
	if err != nil {
		return nil, fmt.Errorf("telegram: what was answered before: %w", err)
	}
	r.old = begun
	r.to.Lost = len(begun) == 0
	return r, nil
}

func (a *Adapter) recallGuest(ctx context.Context, at *address, req *bot.Request) (bot.Responder, error) {
	inline, begun, err := a.values.Value(ctx, guestKey(at.Guest))
	if err != nil {
		return nil, fmt.Errorf("telegram: what a guest was answered before: %w", err)
	}
	return &guest{a: a, query: at.Guest, locale: req.Locale, answered: begun, inline: string(inline)}, nil
}
