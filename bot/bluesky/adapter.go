// Package bluesky answers "@bot unroll" on Bluesky: under a thread, in a
// quote of a post of it, or with a link.
//
// The bot's record keys are made of the mention they answer, and records are
// only ever written where none stands: so an answer cannot be doubled,
// whichever process writes it and however often.
package bluesky

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"unrollbot/bot"
	"unrollbot/bot/mention"
	"unrollbot/unroll"
)

// Name is the adapter's name in requests, logs and metrics.
const Name = "bluesky"

// Config tunes an [Adapter]. Identifier and AppPassword are needed.
type Config struct {
	mention.Config

	// PDSURL is the server of the bot's account; empty means Bluesky's own.
	PDSURL string
	// Identifier is the account's handle, DID or mail address.
	Identifier string
	// AppPassword is one from Settings, "App passwords". It is never printed.
	AppPassword string
	// Unlabelled leaves the account's profile as it is. Otherwise it is
	// labelled as a bot's, as Bluesky asks of bots.
	Unlabelled bool
	// UserAgent names the program to the server.
	UserAgent string
	// Transport carries the calls; nil means the network.
	Transport http.RoundTripper
}

// Adapter answers on Bluesky.
type Adapter struct {
	cfg     Config
	session *session
	desk    *mention.Desk
	log     *slog.Logger

	introduced bool // the account is labelled; only Poll looks
}

var (
	_ bot.Adapter     = (*Adapter)(nil)
	_ mention.Network = (*Adapter)(nil)
	_ mention.Seener  = (*Adapter)(nil)
)

// New makes an adapter. It calls nobody: a password that the server refuses
// is found by Run.
func New(cfg Config, d bot.Dispatch, p bot.Phrases, v unroll.Values) (*Adapter, error) {
	cfg.PDSURL = cmp.Or(cfg.PDSURL, "https://bsky.social")
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Identifier == "" || cfg.AppPassword == "" {
		return nil, errors.New("bluesky: the account's identifier and an app password are needed")
	}
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("bluesky: %w", err)
	}
	client, err := mention.NewClient(cfg.PDSURL, cmp.Or(cfg.UserAgent, "unrollbot"), cfg.Transport)
	if err != nil {
		return nil, fmt.Errorf("bluesky: %w", err)
	}
	a := &Adapter{
		cfg: cfg, log: cfg.Log.With("platform", Name),
		session: &session{client: client, identifier: cfg.Identifier, password: cfg.AppPassword},
	}
	a.desk = mention.NewDesk(cfg.Config, a, d, p, v)
	return a, nil
}

// Name is "bluesky".
func (a *Adapter) Name() string { return Name }

// Run answers mentions until ctx ends. It returns an error only for an
// account that the server does not let in.
func (a *Adapter) Run(ctx context.Context) error { return a.desk.Run(ctx, nil) }

// Seen implements [mention.Seener].
func (a *Adapter) Seen(ctx context.Context, m *mention.Mention) error {
	return a.session.call(ctx, mention.Call{
		Method: http.MethodPost, Path: "/xrpc/app.bsky.notification.updateSeen", Body: map[string]string{"seenAt": m.Cursor},
	}, nil)
}
