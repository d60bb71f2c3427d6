package discord

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"

	"unrollbot/bot"
	"unrollbot/unroll"
)

// Name is the adapter's name in requests, logs and metrics.
const Name = "discord"

// Config says how to reach Discord. Only Token is needed.
type Config struct {
	// Token is the bot's, without "Bot " before it.
	Token string
	// APIURL is the base of the REST API with its version; empty means
	// https://discord.com/api/v10. The gateway's address is asked from it.
	APIURL string
	// PublicKey is the application's, in hexadecimal. Without it
	// [Adapter.Interactions] answers nothing.
	PublicKey string
	// PublicURL is where the program lives, for the User-Agent.
	PublicURL string
	// Shared tells that other processes of the bot share the values: then each
	// shard is run by one of them.
	Shared bool
	// Version is the program's, for the User-Agent.
	Version string
	// Pictures gets the pictures of a thread for files that hold them, see
	// [render.Options]; nil means that they do without.
	Pictures func(ctx context.Context, t *unroll.Thread) func(address string) (content []byte, mediaType string, ok bool)
	Log      *slog.Logger
}

const defaultAPIURL = "https://discord.com/api/v10"

// Adapter connects the bot to Discord.
type Adapter struct {
	token     string
	log       *slog.Logger
	publicKey ed25519.PublicKey // nil without interactions over HTTP
	dispatch  bot.Dispatch
	phrases   bot.Phrases
	rest      *rest
	refs      refs
	pace      gatewayPace
	shared    bool
	sharing   sharing

	// self is who the bot is, known once Run has asked.
	self atomic.Pointer[identity]
	// withheld is set when Discord keeps the texts of messages in servers.
	withheld atomic.Bool
	tasks    *tasks
	urgent   urgent

	pictures func(context.Context, *unroll.Thread) func(string) ([]byte, string, bool) // nil: files hold none

	values      Store              // nil: nothing is kept
	settings    *bot.SettingsCache // nil without values
	rooms       *rooms
	staff       *staff
	suggestions *suggestions
}

var _ bot.Adapter = (*Adapter)(nil)

// Store is what the adapter keeps things in.
type Store interface {
	unroll.Values
	unroll.Leases // of the shards
}

type identity struct {
	app, user string // ids
	content   bool   // the portal grants the texts of messages
}

// Flags of an application that may read the texts of messages (Discord,
// "Application Flags", November 2026).
const (
	flagContent        = 1 << 18
	flagContentLimited = 1 << 19
)

// New makes an adapter. values keeps servers' settings and what is too long
// for a button; it may be nil, then there are none.
func New(cfg Config, dispatch bot.Dispatch, phrases bot.Phrases, values Store) (*Adapter, error) {
	token := strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(cfg.Token), "Bot "))
	if token == "" {
		return nil, errors.New("discord: no token; set UNROLL_DISCORD_TOKEN to the bot token from the Developer Portal")
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("discord: the token holds characters that none has; copy it again from the Developer Portal")
	}
	if cfg.APIURL == "" {
		cfg.APIURL = defaultAPIURL
	}
	base, err := url.Parse(strings.TrimRight(cfg.APIURL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, fmt.Errorf("discord: UNROLL_DISCORD_API_URL %q is no web address", cfg.APIURL)
	}
	a := &Adapter{
		token: token, log: cfg.Log, dispatch: dispatch, phrases: phrases,
		pace: defaultGatewayPace(), tasks: newTasks(),
		shared: cfg.Shared && values != nil, sharing: defaultSharing(), pictures: cfg.Pictures,
		values: values, rooms: newRooms(), staff: newStaff(), suggestions: newSuggestions(),
	}
	if values != nil {
		a.refs.values = values
		a.settings = bot.NewSettingsCache(a.Name(), bot.NewSettingsStore(values))
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if cfg.PublicKey != "" {
		key, err := hex.DecodeString(cfg.PublicKey)
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, errors.New("discord: UNROLL_DISCORD_PUBLIC_KEY is not 64 hexadecimal digits; copy it from the Developer Portal (General Information, Public Key)")
		}
		a.publicKey = key
	}
	agent := fmt.Sprintf("DiscordBot (%s, %s) unrollbot", orElse(cfg.PublicURL, "unrollbot"), orElse(cfg.Version, "dev"))
	a.rest = newRest(token, agent, newTransport(base, newRateLimits(time.Now), defaultRestPace()))
	return a, nil
}

// app is the application's id, empty before Discord was asked.
func (a *Adapter) app() string {
	if self := a.self.Load(); self != nil {
		return self.app
	}
	return ""
}

// key names a value in the store. Bots that share one have keys of their own.
func (a *Adapter) key(kind, id string) string { return "discord:" + a.app() + ":" + kind + ":" + id }

// keep puts a value into the store. Nothing goes wrong for want of it but what
// the caller says.
func (a *Adapter) keep(ctx context.Context, key, value string, ttl time.Duration) {
	if a.values == nil {
		return
	}
	if err := a.values.SetValue(ctx, key, []byte(value), ttl); err != nil {
		a.log.Warn("store cannot keep a value", "err", err)
	}
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// Name is [Name].
func (a *Adapter) Name() string { return Name }

// Run serves the gateway until ctx ends. It returns an error when Discord
// refuses the bot for good.
func (a *Adapter) Run(ctx context.Context) error {
	defer a.tasks.finish()
	if err := a.identify(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { a.register(ctx); return nil })
	group.Go(func() error { return a.connect(ctx) })
	return group.Wait()
}

// identify asks Discord who the bot is. It proves the token.
func (a *Adapter) identify(ctx context.Context) error {
	var app struct {
		ID    string `json:"id"`
		Bot   user   `json:"bot"`
		Flags int    `json:"flags"`
	}
	if err := a.persist(ctx, "/applications/@me", &app); err != nil || ctx.Err() != nil {
		return err
	}
	if app.Bot.ID == "" {
		app.Bot.ID = app.ID // the same, but for applications from before 2016
	}
	a.self.Store(&identity{app: app.ID, user: app.Bot.ID, content: app.Flags&(flagContent|flagContentLimited) != 0})
	a.log.Info("discord knows the bot", "application", app.ID)
	return nil
}

// persist asks until it gets an answer, for what nothing goes without. Its
// error is final; it is nil too when ctx ended.
func (a *Adapter) persist(ctx context.Context, path string, out any) error {
	delay := backoff.NewExponentialBackOff()
	delay.InitialInterval, delay.MaxInterval = a.pace.first, a.pace.most
	for {
		err := a.rest.do(ctx, http.MethodGet, path, nil, out)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		switch refusal(err).Status {
		case http.StatusUnauthorized:
			return fmt.Errorf("discord: %s", fatalCodes[4004])
		case http.StatusForbidden, http.StatusNotFound:
			return fmt.Errorf("discord: %w; is UNROLL_DISCORD_API_URL right?", err)
		}
		wait := delay.NextBackOff()
		a.log.Warn("discord cannot be reached", "err", err, "retry_in", wait)
		sleep(ctx, wait)
	}
}

// connect opens as many connections to the gateway as Discord advises.
func (a *Adapter) connect(ctx context.Context) error {
	var advice struct {
		URL    string `json:"url"`
		Shards int    `json:"shards"`
		Limit  struct {
			Remaining   *int  `json:"remaining"`
			ResetAfter  int64 `json:"reset_after"` // in milliseconds
			Concurrency int   `json:"max_concurrency"`
		} `json:"session_start_limit"`
	}
	if err := a.persist(ctx, "/gateway/bot", &advice); err != nil || ctx.Err() != nil {
		return err
	}
	target, err := url.Parse(advice.URL)
	if err != nil || target.Host == "" || (target.Scheme != "wss" && target.Scheme != "ws") {
		return fmt.Errorf("discord: the gateway's address %q is none; is UNROLL_DISCORD_API_URL right?", advice.URL)
	}
	if left := advice.Limit.Remaining; left != nil && *left < max(advice.Shards, 1) {
		wait := time.Duration(advice.Limit.ResetAfter) * time.Millisecond
		a.log.Warn("discord allows no more sessions for now", "retry_in", wait)
		sleep(ctx, wait)
	}
	app := a.self.Load().app
	starts := &starts{prefix: "discord:" + app + ":start:", space: a.pace.identify, next: make(map[int]time.Time)}
	if a.shared && advice.Shards > 1 {
		starts.values = a.values // a lone shard is started by who has its lease
	}
	s := &shards{
		a: a, app: app, name: rand.Text(), starts: starts, sharing: a.sharing, held: make(map[int]context.CancelFunc), rest: make(map[int]time.Time),
		plan: shardPlan{target: target, count: max(advice.Shards, 1), concurrency: max(advice.Limit.Concurrency, 1)},
	}
	return s.run(ctx)
}

// withhold goes on without the texts of messages in servers.
func (a *Adapter) withhold() {
	if !a.withheld.Swap(true) {
		a.log.Warn("discord does not grant the message content intent: in servers the bot sees only messages that mention it; "+
			"commands work all the same", "hint", "Developer Portal, your application, Bot, Message Content Intent")
	}
}

// take gets every event of the gateway, in order.
func (a *Adapter) take(kind string, data json.RawMessage) {
	defer a.recovered()
	at := time.Now()
	switch kind {
	case "INTERACTION_CREATE":
		i, err := decodeInteraction(data)
		if err != nil {
			a.log.Warn("event cannot be read", "kind", kind, "err", err)
			return
		}
		if !a.tasks.start(func() { a.interact(context.Background(), i, at) }) {
			a.log.Warn("event dropped: too many at once", "kind", kind)
		}
	case "MESSAGE_CREATE":
		m, err := decodeMessage(data)
		if err != nil {
			a.log.Warn("event cannot be read", "kind", kind, "err", err)
			return
		}
		a.receive(context.Background(), m)
	case "GUILD_CREATE":
		a.tasks.start(func() { a.greet(data) }) // one more would be no loss
	}
}

func (a *Adapter) greet(data json.RawMessage) {
	defer a.recovered()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := a.welcome(ctx, data); err != nil {
		a.log.Warn("bot cannot be introduced", "err", err)
	}
}

// recovered keeps a panic over one event from ending the program.
func (a *Adapter) recovered() {
	if r := recover(); r != nil {
		a.log.Error("event handler panicked", "panic", r, "stack", string(debug.Stack()))
	}
}
