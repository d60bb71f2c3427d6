// Package telegram connects the bot to Telegram's Bot API.
//
// telebot.v3 is the library: its Bot carries the calls, its types and names
// are used where they are right. Its poller, its parsing of commands and its
// handling of errors are not used; platforms change faster than it does, and
// each file here that does without them says why.
//
//	poll.go, webhook.go -> take.go -> bot.Dispatch
//	answerer.go, press.go, guest.go <- bot.Responder, rendered by view.go,
//	                        format.go and rich.go
//	later.go, news.go: answers that another process gives, or that come later
//	settings.go, delete.go: what needs no thread
//	answer.go, call.go, pace.go -> api.go -> transport.go -> the Bot API
package telegram

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tele "gopkg.in/telebot.v3"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Name is the adapter's name in requests, logs and metrics.
const Name = "telegram"

// Config tunes an [Adapter]. Only Token is needed.
type Config struct {
	// Token is what @BotFather gave out. It is never printed.
	Token string
	// APIURL is the base of the Bot API; empty means Telegram's own.
	APIURL string
	// WebhookURL is where Telegram shall send updates: the public address of
	// [Adapter.Webhook]. Empty means that updates are fetched.
	WebhookURL string
	// WebhookSecret proves that an update comes from Telegram: 1 to 256
	// letters, digits, _ and -. Empty means one derived from Token.
	WebhookSecret string
	// Classic shows threads as classic messages also where the server takes
	// rich ones (Bot API 10.1).
	Classic bool
	// Languages are those to describe the commands in, two letters each,
	// besides English.
	Languages []string
	// Pictures gets the pictures of a thread for files that hold them, see
	// [render.Options]; nil means that they do without.
	Pictures func(ctx context.Context, t *unroll.Thread) func(address string) (content []byte, mediaType string, ok bool)
	Log      *slog.Logger
}

// Store is what the adapter keeps for later, and for its other processes.
type Store interface {
	unroll.Values
	// Limiter counts messages over all processes that use the bot's token.
	unroll.Limiter
}

// Adapter answers on Telegram.
type Adapter struct {
	cfg      Config
	api      *api
	pace     *pacer
	recent   *recent
	ids      *ids
	crew     *crew
	dispatch bot.Dispatch
	phrases  bot.Phrases
	values   unroll.Values
	limiter  unroll.Limiter
	settings *bot.SettingsCache
	admins   *admins
	log      *slog.Logger

	me   atomic.Pointer[tele.User] // set once Run knows it
	rich richness
}

var _ bot.Adapter = (*Adapter)(nil)

// New makes an adapter. It calls nobody: a token that Telegram refuses is
// found by Run.
func New(cfg Config, d bot.Dispatch, p bot.Phrases, s Store) (*Adapter, error) {
	if cfg.APIURL == "" {
		cfg.APIURL = tele.DefaultApiURL
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	if cfg.WebhookSecret == "" {
		cfg.WebhookSecret = deriveSecret(cfg.Token)
	}
	api, err := newAPI(strings.TrimSuffix(cfg.APIURL, "/"), cfg.Token, nil)
	if err != nil {
		return nil, err
	}
	id, _, _ := strings.Cut(cfg.Token, ":") // of the bot; not secret
	log := cfg.Log.With("platform", Name)
	return &Adapter{
		cfg: cfg, api: api, pace: newPacer(s, "telegram:pace:"+id+":", log), recent: newRecent(), ids: newIDs(), crew: newCrew(),
		dispatch: d, phrases: p, values: s, limiter: s,
		settings: bot.NewSettingsCache(Name, bot.NewSettingsStore(s)), admins: newAdmins(), log: log,
	}, nil
}

func (c *Config) validate() error {
	var errs []error
	id, key, ok := strings.Cut(c.Token, ":")
	if !ok || id == "" || key == "" || strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' || r == '/' || r == '?' || r == '#' || r == '%' }) {
		errs = append(errs, errors.New("telegram: the token does not look like one from @BotFather, which is digits, a colon and letters"))
	}
	if u, err := url.Parse(c.APIURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.Fragment != "" {
		errs = append(errs, errors.New("telegram: the API URL must be like https://api.telegram.org"))
	}
	if c.WebhookURL != "" {
		if u, err := url.Parse(c.WebhookURL); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			errs = append(errs, errors.New("telegram: the webhook URL must be like https://example.org/telegram"))
		}
	}
	if len(c.WebhookSecret) > 256 || strings.Trim(c.WebhookSecret, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		errs = append(errs, errors.New("telegram: the webhook secret must be 1 to 256 letters, digits, _ and -"))
	}
	return errors.Join(errs...)
}

func deriveSecret(token string) string {
	mac := hmac.New(sha256.New, []byte(token))
	mac.Write([]byte("webhook secret"))
	return hex.EncodeToString(mac.Sum(nil))
}

// Name is "telegram".
func (a *Adapter) Name() string { return Name }

// Run takes updates and hands them to the Dispatcher until ctx ends. It
// returns an error only for a token that Telegram refuses.
func (a *Adapter) Run(ctx context.Context) error {
	if err := a.introduce(ctx); err != nil {
		return quiet(ctx, err)
	}
	var describing sync.WaitGroup
	defer a.crew.close()
	defer describing.Wait()
	describing.Go(func() { a.describe(ctx) })
	if a.cfg.WebhookURL != "" {
		return quiet(ctx, a.listen(ctx))
	}
	return quiet(ctx, a.poll(ctx))
}

// quiet makes nothing of an error that only says that ctx has ended.
func quiet(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil
	}
	return err
}

// introduce learns who the bot is, as soon as Telegram can be reached.
func (a *Adapter) introduce(ctx context.Context) error {
	wait := newBackoff()
	for {
		var me tele.User
		err := a.api.call(ctx, "getMe", struct{}{}, &me)
		switch {
		case err == nil:
			a.me.Store(&me)
			a.log.Info("telegram knows the bot", "bot", me.Username, "reads_groups", me.CanReadMessages)
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case badToken(err):
			return tokenError(err)
		}
		if err := a.pause(ctx, wait, err); err != nil {
			return err
		}
	}
}

func tokenError(err error) error {
	return fmt.Errorf("telegram refuses the token: ask @BotFather for a new one and set it: %w", err)
}

// pause tells of trouble that may pass and waits it out.
func (a *Adapter) pause(ctx context.Context, b *backoff, err error) error {
	d := b.next()
	switch e := refused(err); e.Code {
	case http.StatusTooManyRequests:
		d = max(e.RetryAfter, time.Second)
		a.log.Warn("telegram asks to slow down", "wait", d)
	case http.StatusConflict:
		a.log.Warn("another program takes this bot's updates with the same token; stop it, or give this one a bot of its own", "wait", d, "err", err)
	default:
		a.log.Warn("telegram cannot be reached", "wait", d, "err", err)
	}
	return sleep(ctx, d)
}
