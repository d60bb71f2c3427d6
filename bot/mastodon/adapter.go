// Package mastodon answers "@bot unroll" on Mastodon and on servers that
// speak its client API, such as GoToSocial.
//
// The stream of notifications is only a doorbell: what it announces is read
// by polling from a cursor, so that nothing is lost while the stream is down,
// and a server without one is merely slower.
package mastodon

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
const Name = "mastodon"

// Config tunes an [Adapter]. URL and Token are needed.
type Config struct {
	mention.Config

	// URL is the server of the bot's account: https://example.org.
	URL string
	// Token is an access token of the account, with the scopes
	// read:accounts, read:notifications, read:statuses, write:statuses and
	// write:favourites. It is never printed.
	Token string
	// UserAgent names the program to the server.
	UserAgent string
	// Transport carries the calls; nil means the network.
	Transport http.RoundTripper
}

// Adapter answers on Mastodon.
type Adapter struct {
	cfg    Config
	client *mention.Client
	header http.Header
	desk   *mention.Desk
	log    *slog.Logger

	mu     sync.Mutex
	me     account
	server instance
}

var (
	_ bot.Adapter     = (*Adapter)(nil)
	_ mention.Network = (*Adapter)(nil)
)

// New makes an adapter. It calls nobody: a token that the server refuses is
// found by Run.
func New(cfg Config, d bot.Dispatch, p bot.Phrases, v unroll.Values) (*Adapter, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Interval = cmp.Or(cfg.Interval, 30*time.Second)
	if cfg.Token == "" || strings.ContainsFunc(cfg.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errors.New("mastodon: an access token of the account is needed: Preferences, Development, New application")
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("mastodon: %w", err)
	}
	client, err := mention.NewClient(cfg.URL, cmp.Or(cfg.UserAgent, "unrollbot"), cfg.Transport)
	if err != nil {
		return nil, fmt.Errorf("mastodon: %w", err)
	}
	a := &Adapter{
		cfg: cfg, client: client, log: cfg.Log.With("platform", Name),
		header: http.Header{"Authorization": {"Bearer " + cfg.Token}},
	}
	a.desk = mention.NewDesk(cfg.Config, a, d, p, v)
	return a, nil
}

// Name is "mastodon".
func (a *Adapter) Name() string { return Name }

// Run answers mentions until ctx ends. It returns an error only for a token
// that the server refuses.
func (a *Adapter) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	ring := make(chan struct{}, 1)
	var listening sync.WaitGroup
	defer listening.Wait()
	defer cancel()
	listening.Go(func() { a.listen(ctx, ring) })
	return a.desk.Run(ctx, ring)
}

// call makes a call as the bot.
func (a *Adapter) call(ctx context.Context, c mention.Call, out any) error {
	h := a.header.Clone()
	for name, values := range c.Header {
		h[name] = values
	}
	c.Header = h
	return a.client.Do(ctx, c, out)
}

// known gives who the bot is and what its server allows, asking when that is
// not known yet.
func (a *Adapter) known(ctx context.Context) (account, instance, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.me.ID != "" {
		return a.me, a.server, nil
	}
	var me account
	if err := a.call(ctx, mention.Call{Path: "/api/v1/accounts/verify_credentials"}, &me); err != nil {
		if s := mention.Refusal(err).Status; s == http.StatusUnauthorized || s == http.StatusForbidden {
			err = mention.Fatal(fmt.Errorf("mastodon refuses the token: make a new one in Preferences, Development, and set it: %w", err))
		}
		return account{}, instance{}, err
	}
	if me.ID == "" {
		return account{}, instance{}, errors.New("mastodon: the server does not say who the token belongs to")
	}
	if !me.Bot {
		a.log.Info("the account is not marked as a bot's: do so in Preferences, Public profile, Automated account")
	}
	server, err := a.instance(ctx)
	if err != nil {
		return account{}, instance{}, err
	}
	a.me, a.server = me, server
	return me, server, nil
}
