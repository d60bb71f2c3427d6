package fakenet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Config is how the networks of a [Net] behave. The zero value is how the
// real ones do.
type Config struct {
	FxTwitter FxTwitterConfig
	XAPI      XAPIConfig
	AppView   AppViewConfig
	Mastodon  MastodonConfig
}

// Net is one World served by all networks on loopback.
type Net struct {
	FxTwitter *FxTwitter
	XAPI      *XAPI
	AppView   *AppView
	Mastodon  *Mastodon

	FxTwitterURL string // "http://127.0.0.1:port"
	XAPIURL      string
	AppViewURL   string
	MastodonHost string // "127.0.0.1:port", to be trusted by the client

	close []func() error
}

// Start serves w until ctx ends or Close is called.
func Start(ctx context.Context, w World, cfg Config) (*Net, error) {
	n := &Net{
		FxTwitter: NewFxTwitter(w, cfg.FxTwitter),
		XAPI:      NewXAPI(w, cfg.XAPI),
		AppView:   NewAppView(w, cfg.AppView),
		Mastodon:  NewMastodon(w, cfg.Mastodon),
	}
	for _, s := range []struct {
		handler http.Handler
		addr    *string
	}{
		{n.FxTwitter, &n.FxTwitterURL},
		{n.XAPI, &n.XAPIURL},
		{n.AppView, &n.AppViewURL},
		{n.Mastodon, &n.MastodonHost},
	} {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("fakenet: %w", err), n.Close())
		}
		*s.addr = l.Addr().String()
		n.close = append(n.close, Serve(ctx, l, s.handler))
	}
	for _, address := range []*string{&n.FxTwitterURL, &n.XAPIURL, &n.AppViewURL} {
		*address = "http://" + *address
	}
	return n, nil
}

// Set replaces the World on all networks.
func (n *Net) Set(w World) {
	n.FxTwitter.Set(w)
	n.XAPI.Set(w)
	n.AppView.Set(w)
	n.Mastodon.Set(w)
}

// Close stops serving, also calls under way.
func (n *Net) Close() error {
	var errs []error
	for _, stop := range n.close {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

// Serve serves h on l until ctx ends or stop is called, which may be done more
// than once.
func Serve(ctx context.Context, l net.Listener, h http.Handler) (stop func() error) {
	srv := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(io.Discard, "", 0), // dropped connections are meant
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l) // always http.ErrServerClosed
	}()
	unhook := context.AfterFunc(ctx, func() { _ = srv.Close() })
	return func() error {
		unhook()
		err := srv.Close()
		<-done
		return err
	}
}
