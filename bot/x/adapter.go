// Package x answers "@bot unroll" on X, through its API and nothing else.
//
// X takes a reply only under a post whose author named the bot, wants one at
// most, and charges for it (docs.x.com, "Developer guidelines" and "Pricing",
// August 2026): so there is no news of watched threads. It knows no key that
// makes a post once: so a claim is left in the store before a post, and where
// an earlier claim stands the bot's own posts are read first.
//
// Mentions are polled; with the app's token they come by X's activity stream
// as well, and sooner. The polls go on behind it: they alone move the cursor,
// and find what the stream missed.
package x

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/mention"
	"unrollbot/unroll"
)

// Name is the adapter's name in requests, logs and metrics.
const Name = "x"

// Config tunes an [Adapter]. UserID and the four keys are needed.
type Config struct {
	// Config's Again cannot be a like: X takes none through its API. Then
	// nothing is done.
	mention.Config

	// APIURL is the base of the API; empty means X's own.
	APIURL string
	// UserID is the account's number.
	UserID string
	// The keys of the app and of the account, for OAuth 1.0a. They are never
	// printed.
	APIKey, APISecret, AccessToken, AccessSecret string
	// BearerToken is the app's own. With it mentions come by the activity
	// stream, at once, for five times the price of a poll's; without it they
	// are polled alone.
	BearerToken string
	// NoLink leaves the link out of answers: a post with one costs twenty
	// times as much.
	NoLink bool
	// Budget is what may be spent in a day of UTC, in US dollars; 0 means 5,
	// less than 0 no bound. What is beyond it waits for the next day.
	Budget float64
	// UserAgent names the program to the server.
	UserAgent string
	// Transport carries the calls; nil means the network.
	Transport http.RoundTripper
}

// Adapter answers on X.
type Adapter struct {
	cfg     Config
	client  *mention.Client
	streams *mention.Client
	keys    keys
	desk    *mention.Desk
	phrases bot.Phrases
	values  unroll.Values
	purse   *purse
	log     *slog.Logger

	mu       sync.Mutex // guards what follows
	names    int        // index in dialects
	newest   string     // id of the newest mention that a list held
	last     []*mention.Mention
	lastList time.Time
	heard    map[string]heard // by id
}

var (
	_ bot.Adapter     = (*Adapter)(nil)
	_ mention.Network = (*Adapter)(nil)
)

// New makes an adapter. It calls nobody: keys that X refuses are found by
// Run.
func New(cfg Config, d bot.Dispatch, p bot.Phrases, v unroll.Values) (*Adapter, error) {
	cfg.APIURL = cmp.Or(cfg.APIURL, "https://api.x.com")
	cfg.Interval = cmp.Or(cfg.Interval, time.Minute)
	cfg.MaxAge = cmp.Or(cfg.MaxAge, 24*time.Hour)
	cfg.Budget = cmp.Or(cfg.Budget, 5)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.UserID == "" || strings.Trim(cfg.UserID, "0123456789") != "" {
		return nil, errors.New("x: the account's number is needed, which is digits only")
	}
	if cfg.APIKey == "" || cfg.APISecret == "" || cfg.AccessToken == "" || cfg.AccessSecret == "" {
		return nil, errors.New("x: the app's key and secret and the account's access token and secret are needed")
	}
	if strings.ContainsFunc(cfg.BearerToken, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("x: the app's bearer token has characters that none has: copy it anew from console.x.com")
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("x: %w", err)
	}
	if cfg.Again == mention.AgainLike {
		cfg.Again = mention.AgainSilent
	}
	cfg.UserAgent = cmp.Or(cfg.UserAgent, "unrollbot")
	client, err := mention.NewClient(cfg.APIURL, cfg.UserAgent, cfg.Transport)
	if err != nil {
		return nil, fmt.Errorf("x: %w", err)
	}
	transport := cfg.Transport
	if transport == nil {
		transport = streamTransport()
	}
	streams, err := mention.NewClient(cfg.APIURL, cfg.UserAgent, transport)
	if err != nil {
		return nil, fmt.Errorf("x: %w", err)
	}
	a := &Adapter{
		cfg: cfg, client: client, streams: streams, heard: make(map[string]heard), phrases: p, values: v, log: cfg.Log.With("platform", Name),
		keys:  keys{cfg.APIKey, cfg.APISecret, cfg.AccessToken, cfg.AccessSecret},
		purse: &purse{values: v, budget: dollars(cfg.Budget)},
	}
	a.desk = mention.NewDesk(cfg.Config, a, d, p, v)
	return a, nil
}

// Name is "x".
func (a *Adapter) Name() string { return Name }

// Run answers mentions until ctx ends. It returns an error only for keys that
// X refuses.
func (a *Adapter) Run(ctx context.Context) error {
	if a.cfg.BearerToken == "" {
		return a.desk.Run(ctx, nil)
	}
	ctx, cancel := context.WithCancel(ctx)
	ring := make(chan struct{}, 1)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	listening.Go(func() { (&listener{a: a, ring: ring}).listen(ctx) })
	return a.desk.Run(ctx, ring)
}

// Like implements [mention.Network]. X takes no likes through its API since
// April 2026 (docs.x.com, "Changelog").
func (a *Adapter) Like(context.Context, *mention.Mention) error { return nil }

// call makes a signed call.
func (a *Adapter) call(ctx context.Context, c mention.Call, out any) error {
	c.Method = cmp.Or(c.Method, http.MethodGet)
	c.Secrets = a.keys.secrets()
	c.Header = http.Header{"Authorization": {a.keys.sign(c.Method, strings.TrimSuffix(a.cfg.APIURL, "/")+c.Path, c.Query, nonce(), time.Now())}}
	return a.client.Do(ctx, c, out)
}
