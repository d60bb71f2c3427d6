package bot

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"time"

	"unrollbot/unroll"
)

// Unroller is what the bot needs of the core.
type Unroller interface {
	Unroll(ctx context.Context, ref unroll.Ref) (unroll.Thread, error)
	Refresh(ctx context.Context, ref unroll.Ref) (unroll.Thread, error)
}

// AnswererConfig tunes an [Answerer].
type AnswererConfig struct {
	// PublicURL is the base of the links to pages, without a slash at its end.
	PublicURL string
	// MaxLinks is how many links of one message are answered; 0 means 3.
	MaxLinks int
	// Lookout watches threads that may grow; nil means that none are watched.
	Lookout *Lookout
	// Published hears of threads asked for in public; nil means nobody.
	Published func(context.Context, *unroll.Thread)
	Log       *slog.Logger
}

// Answerer is the Handler behind every adapter.
type Answerer struct {
	cfg      AnswererConfig
	triggers *Triggers
	unroller Unroller
	phrases  Phrases
}

var _ Handler = (*Answerer)(nil)

// NewAnswerer makes the handler.
func NewAnswerer(cfg AnswererConfig, t *Triggers, u Unroller, p Phrases) *Answerer {
	if cfg.MaxLinks == 0 {
		cfg.MaxLinks = 3
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	return &Answerer{cfg: cfg, triggers: t, unroller: u, phrases: p}
}

// Handle answers req: a reply per link, or one sentence.
func (a *Answerer) Handle(ctx context.Context, req Request, res Responder) error {
	intent, refs := a.triggers.Find(&req)
	switch intent {
	case IntentIgnore:
		return nil
	case IntentHelp:
		return res.Send(ctx, Reply{Text: a.phrases.Text(req.Locale, "help", map[string]any{"Page": a.cfg.PublicURL})})
	case IntentNoLink:
		return res.Send(ctx, Reply{Text: a.noLink(&req), Kind: unroll.KindInvalidRef})
	case IntentHidden:
		return res.Send(ctx, Reply{Text: a.phrases.Text(req.Locale, "hidden", nil), Kind: unroll.KindInvalidRef})
	case IntentOffer:
		return a.offer(ctx, &req, refs, res)
	case IntentUnroll, IntentPage, IntentWatch, IntentUnwatch, IntentNews:
	}
	switch err := res.Working(ctx); {
	case errors.Is(err, ErrDeclined):
		return nil
	case err != nil: // only a courtesy: the answer follows
		a.cfg.Log.InfoContext(ctx, "progress cannot be shown", "platform", req.Platform, "err", err)
	}
	if len(refs) == 0 {
		return res.Send(ctx, a.watchNone(ctx, intent, &req, res))
	}
	var errs []error
	for _, ref := range refs[:min(len(refs), a.cfg.MaxLinks)] {
		var r Reply
		switch {
		case intent != IntentWatch && intent != IntentUnwatch:
			r = a.reply(ctx, &req, ref)
		case a.cfg.Lookout == nil:
			r = a.watchNone(ctx, intent, &req, res)
		case intent == IntentWatch:
			r = a.cfg.Lookout.Watch(ctx, &req, ref, res)
		default:
			r = a.cfg.Lookout.Unwatch(ctx, &req, ref, res)
		}
		errs = append(errs, res.Send(ctx, r))
	}
	return errors.Join(errs...)
}

// watchNone answers a wish to watch that names no thread.
func (a *Answerer) watchNone(ctx context.Context, intent Intent, req *Request, res Responder) Reply {
	switch {
	case a.cfg.Lookout == nil:
		return Reply{Text: a.phrases.Text(req.Locale, "watch_cannot", map[string]any{"Page": a.cfg.PublicURL}), Kind: unroll.KindUnsupported}
	case intent == IntentUnwatch:
		return a.cfg.Lookout.UnwatchAll(ctx, req, res)
	default:
		return a.cfg.Lookout.Which(ctx, req, res)
	}
}

// offer offers the threads that are long enough. What cannot be read is
// passed over in silence: nobody asked for it.
func (a *Answerer) offer(ctx context.Context, req *Request, refs []unroll.Ref, res Responder) error {
	var errs []error
	for _, ref := range refs[:min(len(refs), a.cfg.MaxLinks)] {
		r := a.reply(ctx, req, ref)
		if r.Thread == nil || r.Thread.Len() < req.Settings.MinPosts() {
			continue
		}
		r.Offer = true
		errs = append(errs, res.Send(ctx, r))
	}
	return errors.Join(errs...)
}

func (a *Answerer) reply(ctx context.Context, req *Request, ref unroll.Ref) Reply {
	get, page := a.unroller.Unroll, 1
	if req.Page != nil {
		page = max(req.Page.Number, 1)
		if req.Page.Fresh {
			get = a.unroller.Refresh
		}
	}
	t, err := get(ctx, ref)
	if err != nil {
		return ErrorReply(a.phrases, req.Locale, ref, err)
	}
	if req.Public && a.cfg.Published != nil {
		a.cfg.Published(ctx, &t)
	}
	return Reply{Thread: &t, Asked: ref, PageURL: a.cfg.PublicURL + t.Ref.Path(), Page: page}
}

// noLink says what was wrong with what was sent in a link's place.
func (a *Answerer) noLink(req *Request) string {
	id := "no_link"
	if text := strings.TrimSpace(req.Message.Text); strings.Contains(text, "/") && (req.Command != "" || req.Private) {
		id = "not_a_post"
		if _, err := unroll.ParseRef(text); unroll.KindOf(err) == unroll.KindUnsupported {
			id = "error_unsupported"
		}
	}
	return a.phrases.Text(req.Locale, id, nil)
}

// ErrorReply is the sentence for an error, with its next step.
func ErrorReply(p Phrases, locale string, ref unroll.Ref, err error) Reply {
	kind := unroll.KindOf(err)
	args := map[string]any{"Source": networkName(p, locale, ref.Network), "Wait": ""}
	id := "error_" + string(kind)
	if wait := unroll.RetryAfter(err); wait > 0 {
		args["Wait"] = p.Text(locale, "wait_seconds", map[string]any{"PluralCount": int(math.Ceil(wait.Seconds()))})
		if wait >= time.Minute {
			args["Wait"] = p.Text(locale, "wait_minutes", map[string]any{"PluralCount": int(math.Ceil(wait.Minutes()))})
		}
		if kind == unroll.KindRateLimited {
			id = "error_rate_limited_until"
		}
	}
	return Reply{Asked: ref, Text: p.Text(locale, id, args), Kind: kind, Retry: retryable(kind)}
}

func retryable(k unroll.Kind) bool {
	switch k {
	case unroll.KindUpstream, unroll.KindTimeout, unroll.KindRateLimited, unroll.KindInternal, unroll.KindCanceled:
		return true
	default:
		return false
	}
}

func networkName(p Phrases, locale string, n unroll.Network) string {
	switch n {
	case unroll.X:
		return "X"
	case unroll.Bluesky:
		return "Bluesky"
	case unroll.Mastodon:
		return "Mastodon"
	case unroll.Short:
		return p.Text(locale, "short_link", nil)
	default:
		return string(n)
	}
}
