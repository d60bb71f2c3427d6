package bot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"time"

	"unrollbot/unroll"
)

// LookoutConfig tunes a [Lookout]. The zero value of every field works.
type LookoutConfig struct {
	// PublicURL is the base of the links to pages, without a slash at its end.
	PublicURL string
	// Quiet is how long a thread is watched from its last news on; 0 means a
	// day.
	Quiet time.Duration
	// Soonest and Latest bound the time between two looks at a thread, a tenth
	// of how long it has rested; 0 means 3 minutes and an hour.
	Soonest, Latest time.Duration
	// Gap is the time between two messages of news about one thread, so that a
	// thread which is being written is told in a few; 0 means 10 minutes.
	Gap time.Duration
	// Poll is how often the agenda is looked at; 0 means 5 seconds.
	Poll time.Duration
	// Bounds are what is watched at most, for each platform; 0 in a field means
	// 5,000 threads, 20 of them for one chat, 500 chats for one thread.
	Bounds unroll.AgendaBounds
	// Looks bounds how often sources are asked, over all processes; the zero
	// value means 60 a minute.
	Looks unroll.Limit
	// Observer hears of news that was told; nil means nobody.
	Observer Observer
	Log      *slog.Logger
}

// LookoutStore is what a [Lookout] keeps its watches in.
type LookoutStore interface {
	unroll.Agenda
	unroll.Limiter
}

// Lookout watches threads that may grow, and tells those who asked for it what
// is new. A watch belongs to a chat, or to a person where the answer is for
// one (see [Personal]); it ends after a day without news, without a word.
//
// Watches stand in the store. What is told is noted there twice: before it is
// sent, and when it was. A process that is killed in between leaves a note of
// what it was about to send, and the same is sent again, which a platform that
// knows messages by their NewFrom takes for the same message.
type Lookout struct {
	cfg      LookoutConfig
	store    LookoutStore
	unroller Unroller
	phrases  Phrases
	bans     *Bans
	sent     memory
}

// NewLookout makes a lookout. bans may be nil.
func NewLookout(cfg LookoutConfig, s LookoutStore, u Unroller, p Phrases, bans *Bans) *Lookout {
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	cfg.Quiet = cmp.Or(cfg.Quiet, 24*time.Hour)
	cfg.Soonest = cmp.Or(cfg.Soonest, 3*time.Minute)
	cfg.Latest = cmp.Or(cfg.Latest, time.Hour)
	cfg.Gap = cmp.Or(cfg.Gap, 10*time.Minute)
	cfg.Poll = cmp.Or(cfg.Poll, 5*time.Second)
	cfg.Bounds.Topics = cmp.Or(cfg.Bounds.Topics, 5000)
	cfg.Bounds.Each = cmp.Or(cfg.Bounds.Each, 20)
	cfg.Bounds.Waiting = cmp.Or(cfg.Bounds.Waiting, 500)
	if cfg.Looks == (unroll.Limit{}) {
		cfg.Looks = unroll.Limit{Events: 60, Per: time.Minute, Burst: 30}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Lookout{cfg: cfg, store: s, unroller: u, phrases: p, bans: bans}
}

// Personal is an [Addressed] whose answers are for one person, wherever others
// may read along: each who asks is told of news.
type Personal interface {
	Personal()
}

// Wrapper is a Responder around another one.
type Wrapper interface {
	Unwrap() Responder
}

// unwrapped finds an ability of a Responder, or of one that it wraps.
func unwrapped[T any](res Responder) (T, bool) {
	for {
		if t, ok := res.(T); ok {
			return t, true
		}
		w, ok := res.(Wrapper)
		if !ok {
			var none T
			return none, false
		}
		res = w.Unwrap()
	}
}

// askedPerUser bounds the watches that one user may begin, in whatever chats.
var askedPerUser = unroll.Limit{Events: 60, Per: 24 * time.Hour, Burst: 30}

// Watch watches the thread that ref belongs to, and says so.
func (l *Lookout) Watch(ctx context.Context, req *Request, ref unroll.Ref, res Responder) Reply {
	to, ok := unwrapped[Addressed](res)
	if !ok {
		return l.cannot(req, ref, res)
	}
	address, until := to.Address()
	if !until.IsZero() && time.Until(until) < l.cfg.Quiet {
		return l.cannot(req, ref, res)
	}
	wait, err := l.store.Allow(ctx, "watch:"+req.Platform+":"+req.User, askedPerUser)
	if err != nil {
		l.cfg.Log.WarnContext(ctx, "limits cannot be counted", "err", err)
	}
	if wait > 0 {
		return ErrorReply(l.phrases, req.Locale, ref, &unroll.Error{Kind: unroll.KindRateLimited, Op: "watch", RetryAfter: wait})
	}
	// Who asks has the thread before their eyes as it is now.
	t, err := l.unroller.Refresh(ctx, ref)
	if err != nil {
		return ErrorReply(l.phrases, req.Locale, ref, err)
	}
	w := watch{Request: bare(req), Address: address, Told: told(nil, &t)}
	value, err := json.Marshal(w)
	if err != nil {
		return ErrorReply(l.phrases, req.Locale, ref, err)
	}
	fresh, err := l.store.Enter(ctx, unroll.Waiting{Lane: req.Platform, Topic: t.Ref.Path(), Who: who(req, res), Value: value},
		l.interval(&t), l.cfg.Quiet, l.cfg.Bounds)
	switch {
	case errors.Is(err, unroll.ErrWaitsEnough):
		return Reply{Asked: ref, Kind: unroll.KindTooLarge, Text: l.counted(req, res, "watch_enough", l.cfg.Bounds.Each) + l.list(ctx, req, res)}
	case errors.Is(err, unroll.ErrAgendaFull):
		return Reply{Asked: ref, Kind: unroll.KindTooLarge, Text: l.text(req, "watch_full", nil)}
	case err != nil:
		l.cfg.Log.WarnContext(ctx, "store cannot keep a watch", "err", err)
		return Reply{Asked: ref, Kind: unroll.KindInternal, Text: l.text(req, "watch_failed", nil)}
	case !fresh:
		return Reply{Asked: ref, Text: l.counted(req, res, "watch_already", t.Len())}
	default:
		return Reply{Asked: ref, Text: l.counted(req, res, "watch_on", t.Len())}
	}
}

// Unwatch ends the watch of the thread that ref belongs to, and says so.
func (l *Lookout) Unwatch(ctx context.Context, req *Request, ref unroll.Ref, res Responder) Reply {
	root := ref
	t, err := l.unroller.Unroll(ctx, ref)
	if err == nil {
		root = t.Ref
	} // else it may be gone by now, and ref its first post
	was, err := l.store.Leave(ctx, req.Platform, root.Path(), who(req, res))
	switch {
	case err != nil:
		l.cfg.Log.WarnContext(ctx, "store cannot end a watch", "err", err)
		return Reply{Asked: ref, Kind: unroll.KindInternal, Text: l.text(req, "watch_failed", nil)}
	case !was:
		return Reply{Asked: ref, Text: l.text(req, "unwatch_none", nil) + l.list(ctx, req, res)}
	default:
		return Reply{Asked: ref, Text: l.counted(req, res, "unwatch_done", 1)}
	}
}

// UnwatchAll ends all watches of whom req comes from, and says so.
func (l *Lookout) UnwatchAll(ctx context.Context, req *Request, res Responder) Reply {
	topics, err := l.store.Entered(ctx, req.Platform, who(req, res))
	n := 0
	for _, topic := range topics {
		was, lerr := l.store.Leave(ctx, req.Platform, topic, who(req, res))
		err = errors.Join(err, lerr)
		if was {
			n++
		}
	}
	switch {
	case err != nil:
		l.cfg.Log.WarnContext(ctx, "store cannot end a watch", "err", err)
		return Reply{Kind: unroll.KindInternal, Text: l.text(req, "watch_failed", nil)}
	case n == 0:
		return Reply{Text: l.text(req, "unwatch_none", nil)}
	default:
		return Reply{Text: l.counted(req, res, "unwatch_done", n)}
	}
}

// Which asks what to watch, and names what is watched already.
func (l *Lookout) Which(ctx context.Context, req *Request, res Responder) Reply {
	return Reply{Kind: unroll.KindInvalidRef, Text: l.text(req, "watch_which", nil) + l.list(ctx, req, res)}
}

// list names the threads that are watched, each on a line of its own.
func (l *Lookout) list(ctx context.Context, req *Request, res Responder) string {
	topics, err := l.store.Entered(ctx, req.Platform, who(req, res))
	if err != nil || len(topics) == 0 || personal(res) { // a network's posts are short
		return ""
	}
	text := "\n\n" + l.text(req, "watch_list", nil)
	for _, topic := range topics {
		text += "\n" + l.cfg.PublicURL + topic
	}
	return text
}

// cannot says that nothing can be sent later, and where to look instead.
func (l *Lookout) cannot(req *Request, ref unroll.Ref, res Responder) Reply {
	id := "watch_cannot"
	if personal(res) {
		id = "watch_cannot_network"
	}
	return Reply{Asked: ref, Kind: unroll.KindUnsupported, Text: l.text(req, id, map[string]any{"Page": l.cfg.PublicURL + ref.Path()})}
}

func (l *Lookout) text(req *Request, id string, args map[string]any) string {
	return l.phrases.Text(req.Locale, id, args)
}

// counted is a sentence with a number, and the word that ends a watch: on a
// network it stands beside the bot's name, in a chat it is a command.
func (l *Lookout) counted(req *Request, res Responder, id string, n int) string {
	word := "/unwatch"
	if personal(res) {
		word = "unwatch"
	}
	return l.text(req, id, map[string]any{"PluralCount": n, "Word": word})
}

// who is told: a chat, or who asked where answers are for one.
func who(req *Request, res Responder) string {
	if personal(res) {
		return "user:" + req.User
	}
	return "chat:" + req.Chat
}

func personal(res Responder) bool {
	_, ok := unwrapped[Personal](res)
	return ok
}

// bare is what of a request is needed to answer it later: nothing that anybody
// wrote.
func bare(req *Request) Request {
	return Request{
		Platform: req.Platform, Chat: req.Chat, User: req.User, Locale: req.Locale,
		Private: req.Private, Public: req.Public, Mentioned: req.Mentioned, Command: "watch", Settings: req.Settings,
	}
}
