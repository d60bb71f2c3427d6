package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"unrollbot/bot"
	"unrollbot/config"
	"unrollbot/internal/codec"
	"unrollbot/internal/demo"
	"unrollbot/internal/httpx"
	"unrollbot/internal/metrics"
	"unrollbot/internal/pictures"
	"unrollbot/internal/tracing"
	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
	"unrollbot/unroll/redisstore"
	"unrollbot/unroll/render"
	"unrollbot/unroll/source/bluesky"
	"unrollbot/unroll/source/fxtwitter"
	"unrollbot/unroll/source/mastodon"
	"unrollbot/unroll/source/misskey"
	"unrollbot/unroll/source/shortlink"
	"unrollbot/unroll/source/syndication"
	"unrollbot/unroll/source/xapi"
	"unrollbot/web"
)

// drainFor is how long accepted requests may take while the program ends:
// below the 45 s that compose.yaml and the systemd unit grant.
const drainFor = 40 * time.Second

// hotThreads are kept in memory for hotFor, in front of the store: long
// enough for a channel that opens one link, short enough that a take-down on
// another replica is not noticed late.
const (
	hotThreads = 500
	hotFor     = 2 * time.Second
)

// store is everything that a store does for the program.
type store interface {
	unroll.Stores
	unroll.Limiter
	unroll.Values
	unroll.Leases
	unroll.Agenda
	Dump(context.Context, func(codec.Record) error) error
	Restore(context.Context, codec.Record) error
	Ping(context.Context) error
	Close() error
}

type options struct {
	demo bool // threads of our own from this machine, a store that is thrown away
	once bool // one command at the terminal: no reader, no chats
	// watch hurries tests; the zero value is right.
	watch bot.LookoutConfig
}

// app is the program. It is the one place that knows every concrete part.
type app struct {
	cfg        config.Config
	log        *slog.Logger
	metrics    *metrics.Metrics
	tracer     *tracing.Tracer // nil without traces
	phrases    *bot.Messages
	triggers   *bot.Triggers
	store      store
	client     *httpx.Client
	sources    []unroll.Source
	service    *unroll.Service
	queue      unroll.Queue // nil without Redis
	durable    *bot.Durable // nil without Redis
	dispatcher dispatcher
	lookout    *bot.Lookout
	demo       *demo.Net // nil without --demo

	listener net.Listener
	server   *http.Server
	adapters []bot.Adapter

	close []func() error // in reverse order
}

// newApp wires the parts without serving. What was begun is rolled back when
// a later part fails.
func newApp(ctx context.Context, cfg config.Config, log *slog.Logger, o options) (_ *app, err error) {
	log = slog.New(tracing.Logs(log.Handler()))
	a := &app{cfg: cfg, log: log, metrics: metrics.New(version)}
	defer func() {
		if err != nil {
			a.Close()
		}
	}()
	if err := a.startTracing(ctx); err != nil {
		return nil, err
	}
	if o.demo {
		if err := a.startDemo(ctx); err != nil {
			return nil, err
		}
	}
	if a.phrases, err = bot.NewMessages(); err != nil {
		return nil, err
	}
	if err := a.openStore(ctx, o); err != nil {
		return nil, err
	}
	a.store = counted{a.store, a.metrics.Limited}
	if a.tracer != nil {
		a.store = traced{a.store, a.tracer}
	}
	if err := a.newService(); err != nil {
		return nil, err
	}
	a.triggers = bot.NewTriggers(cfg.Keywords)
	o.watch.PublicURL, o.watch.Observer, o.watch.Log = cfg.PublicURL, a.metrics, log
	a.lookout = bot.NewLookout(o.watch, a.store, a.unroller(), a.phrases, bot.NewBans(a.store, log))
	answerer := bot.NewAnswerer(bot.AnswererConfig{
		PublicURL: cfg.PublicURL, Lookout: a.lookout, Published: a.publish, Log: log,
	}, a.triggers, a.unroller(), a.phrases)
	a.newDispatcher(bot.Chain(answerer, a.middleware()...))
	a.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), drainFor)
		defer cancel()
		err := a.dispatcher.Close(ctx)
		a.service.Wait()
		return err
	})
	return a, nil
}

func (a *app) onClose(f func() error) { a.close = append(a.close, f) }

// Close ends everything that was begun, the latest first.
func (a *app) Close() {
	for i := len(a.close) - 1; i >= 0; i-- {
		if err := a.close[i](); err != nil {
			a.log.Warn("a part did not end well", "err", err)
		}
	}
	a.close = nil
}

// startDemo serves the invented threads and points the sources to them.
func (a *app) startDemo(ctx context.Context) error {
	n, err := demo.Serve(ctx)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	a.onClose(n.Close)
	a.demo = n
	a.cfg.FxTwitterURL, a.cfg.SyndicationURL, a.cfg.BlueskyAppViewURL = n.FxTwitterURL, n.FxTwitterURL, n.AppViewURL
	a.cfg.TrustedHosts = append(a.cfg.TrustedHosts, n.MastodonHost) // the pictures' too
	return nil
}

// openStore opens Redis where one is set, else the local file. A demo, and a
// command where no file is yet, use a file that is thrown away.
func (a *app) openStore(ctx context.Context, o options) error {
	if a.cfg.RedisURL != "" && !o.demo {
		s, err := redisstore.Open(ctx, redisstore.Config{URL: a.cfg.RedisURL.Reveal(), Log: a.log})
		if err != nil {
			return &hintError{err, "UNROLL_REDIS_URL takes redis://[user:password@]host:port[/db], rediss://…, see README.md"}
		}
		a.store, a.queue = s, s
		a.onClose(s.Close)
		return nil
	}
	path := filepath.Join(a.cfg.DataDir, "unrollbot.db")
	if _, err := os.Stat(path); o.demo || (o.once && err != nil) {
		dir, err := os.MkdirTemp("", "unrollbot-")
		if err != nil {
			return err
		}
		a.onClose(func() error { return os.RemoveAll(dir) })
		path = filepath.Join(dir, "unrollbot.db")
	}
	s, err := boltstore.Open(boltstore.Config{Path: path, Log: a.log})
	if err != nil {
		return err
	}
	a.store = s
	a.onClose(s.Close)
	return nil
}

// newService makes the core with its sources, in the order of the ladder.
func (a *app) newService() error {
	client := httpx.Config{UserAgent: a.userAgent(), Trusted: a.trusted(), Log: a.log}
	if a.tracer != nil {
		client.Around = a.tracer.Transport
	}
	a.client = httpx.New(client)
	a.onClose(func() error { a.client.Close(); return nil })
	var err error
	if a.sources, err = a.newSources(); err != nil {
		return err
	}
	if a.tracer != nil {
		for i, s := range a.sources {
			a.sources[i] = a.tracer.Source(s)
		}
	}
	stores, err := unroll.NewHot(a.store, hotThreads, hotFor, nil)
	if err != nil {
		return err
	}
	a.service, err = unroll.New(unroll.Config{
		Observer: a.metrics, Expander: shortlink.New(a.client), Limits: upstreamLimits(), Limiter: a.store, Log: a.log,
	}, a.sources, stores)
	return err
}

// newSources makes the sources of all networks. Those of one network are
// asked in this order.
func (a *app) newSources() ([]unroll.Source, error) {
	tokens := map[string]string{}
	for host, token := range a.cfg.MastodonTokens {
		tokens[host] = token.Reveal()
	}
	var sources []unroll.Source
	var errs []error
	add := func(s unroll.Source, err error) {
		sources, errs = append(sources, s), append(errs, err)
	}
	if a.cfg.XBearerToken != "" && a.demo == nil {
		add(xapi.New(xapi.Config{
			Token: a.cfg.XBearerToken.Reveal(), BaseURL: a.cfg.XAPIURL, BudgetUSD: a.cfg.XBudgetUSD,
			MaxTimeline: -1, // FxTwitter, next in line, has old threads for nothing
			Observe:     a.metrics.Paid, Log: a.log,
		}, a.client, a.store))
	}
	add(fxtwitter.New(fxtwitter.Config{BaseURL: a.cfg.FxTwitterURL}, a.client))
	add(syndication.New(syndication.Config{BaseURL: a.cfg.SyndicationURL}, a.client))
	add(bluesky.New(bluesky.Config{BaseURL: a.cfg.BlueskyAppViewURL}, a.client))
	add(mastodon.New(mastodon.Config{Tokens: tokens, Trusted: a.cfg.TrustedHosts}, a.client))
	add(misskey.New(misskey.Config{Trusted: a.cfg.TrustedHosts}, a.client))
	return sources, errors.Join(errs...)
}

// upstreamLimits keep all processes together well below what the services
// allow one address: FxTwitter 1,000 calls a minute (its documentation, "API
// introduction", August 2026), Bluesky's AppView 3,000 in 5 minutes. A fetch
// may take a few calls.
func upstreamLimits() map[string]unroll.Limit {
	return map[string]unroll.Limit{
		fxtwitter.Name:   {Events: 400, Per: time.Minute, Burst: 100},
		syndication.Name: {Events: 200, Per: time.Minute, Burst: 50},
		"bluesky":        {Events: 200, Per: time.Minute, Burst: 100},
	}
}

// trusted are the hosts that may be private: those in the settings' list, and
// upstreams that the operator has put at an address of their own.
func (a *app) trusted() []string {
	hosts := slices.Clone(a.cfg.TrustedHosts)
	for _, base := range []string{a.cfg.FxTwitterURL, a.cfg.SyndicationURL, a.cfg.BlueskyAppViewURL, a.cfg.XAPIURL} {
		u, err := url.Parse(base)
		switch {
		case err != nil: // not with settings that were validated
		case u.Port() != "":
			hosts = append(hosts, u.Host)
		case u.Scheme == "http":
			hosts = append(hosts, net.JoinHostPort(u.Hostname(), "80"))
		}
	}
	return hosts
}

// publish lists a thread that was asked for in public.
func (a *app) publish(ctx context.Context, t *unroll.Thread) {
	if err := a.service.Publish(ctx, t, render.Title(t)); err != nil {
		a.log.Warn("thread cannot be listed", "err", err)
	}
}

// connect makes the chat adapters and the reader, and takes the reader's port.
func (a *app) connect(ctx context.Context) error {
	mux := http.NewServeMux()
	if err := a.newAdapters(mux); err != nil {
		return err
	}
	reader, err := web.New(web.Config{
		PublicURL: a.cfg.PublicURL, Keyword: a.cfg.Keywords[0], Contact: a.cfg.Contact,
		MediaSources: a.mediaSources(), ProxyMedia: a.cfg.MediaProxy, Picture: a.picture, Pictures: a.pictures(0), Words: a.phrases.Words,
		Limit:   unroll.Limit{Events: 60, Per: time.Minute, Burst: 40},
		Metrics: a.metrics.Handler(), Served: a.metrics.Served, TrustedProxies: a.cfg.TrustedProxies, Checks: []web.Check{{Name: "store", Ready: a.store.Ping}}, Log: a.log,
	}, a.service, a.store)
	if err != nil {
		return err
	}
	pages := http.Handler(reader)
	if a.tracer != nil {
		pages = a.tracer.Pages(pages)
	}
	mux.Handle("/", pages)
	a.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", a.cfg.HTTPAddr)
	if err != nil {
		return &hintError{fmt.Errorf("reader: %w", err), "is another unrollbot running? UNROLL_HTTP_ADDR sets another address"}
	}
	a.server = web.HTTPServer(mux)
	a.onClose(a.server.Close)
	a.listenAdmin(ctx)
	return nil
}

// pictureMax bounds one picture of an export, in bytes.
const pictureMax = 8 << 20

// picture gets a picture of a post, for exports that hold their pictures.
func (a *app) picture(ctx context.Context, address string) ([]byte, error) {
	return a.client.Image(ctx, "picture of an export", address, pictureMax)
}

// pictures gets those of a thread for a file: at most max bytes, 0 for as many
// as are good for a file.
func (a *app) pictures(max int) func(context.Context, *unroll.Thread) func(string) ([]byte, string, bool) {
	return pictures.New(pictures.Config{MaxBytes: max, Log: a.log}, a.picture).Of
}

// mediaSources are the places besides https that pages show media from.
func (a *app) mediaSources() []string {
	if a.demo == nil {
		return nil
	}
	return []string{strings.TrimSuffix(a.demo.MediaURL, "/media/")}
}

// Run serves until ctx ends or a part cannot go on, then finishes what was
// accepted.
func (a *app) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, adapter := range a.adapters {
		g.Go(func() error {
			if err := a.run(ctx, adapter); err != nil {
				return fmt.Errorf("%s: %w", adapter.Name(), err)
			}
			return nil
		})
	}
	g.Go(func() error { return a.lookout.Run(ctx, a.adapters) })
	g.Go(func() error {
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("reader: %w", err)
		}
		return nil
	})
	g.Go(func() error {
		<-ctx.Done()
		a.log.Info("ending: finishing what was accepted")
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
		defer cancel()
		return errors.Join(a.dispatcher.Close(drain), a.server.Shutdown(drain))
	})
	return g.Wait()
}
