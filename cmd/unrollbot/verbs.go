package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"unrollbot/bot"
	"unrollbot/config"
	"unrollbot/unroll"
	"unrollbot/unroll/render"
)

// serve runs the bot and the reader until ctx ends.
func serve(ctx context.Context, cfg config.Config, sys system, demo bool) error {
	a, err := newApp(ctx, cfg, cfg.Logger(sys.err), options{demo: demo})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.connect(ctx); err != nil {
		return err
	}
	fmt.Fprint(sys.err, a.summary())
	return a.Run(ctx)
}

var formats = map[string]func(render.Options, io.Writer, *unroll.Thread) error{
	"text": render.Options.Text, "md": render.Options.Markdown, "html": render.Options.HTML,
	"epub": render.Options.EPUB, "pdf": render.Options.PDF,
	"json": func(_ render.Options, w io.Writer, t *unroll.Thread) error { return render.JSON(w, t) },
}

// quiet lets only trouble through: at a terminal the answer is what counts.
func quiet(cfg config.Config) config.Config {
	cfg.LogLevel = max(cfg.LogLevel, slog.LevelWarn)
	return cfg
}

// unrollOnce prints one thread.
func unrollOnce(ctx context.Context, cfg config.Config, sys system, link, format string, demo bool) error {
	write := formats[format]
	if write == nil {
		return usageError{fmt.Errorf("no format %q: there are %s", format, strings.Join(slices.Sorted(maps.Keys(formats)), ", "))}
	}
	if (format == "epub" || format == "pdf") && isTerminal(sys.out) {
		return usageError{&hintError{fmt.Errorf("%s is nothing to read on a terminal", format), "put it into a file: … --format " + format + " > thread." + format}}
	}
	ref, err := unroll.ParseRef(link)
	if err != nil {
		return usageError{&hintError{err, "give the address of one post on X, Bluesky or Mastodon"}}
	}
	cfg = quiet(cfg)
	a, err := newApp(ctx, cfg, cfg.Logger(sys.err), options{demo: demo, once: true})
	if err != nil {
		return err
	}
	defer a.Close()
	t, err := a.service.Unroll(ctx, ref)
	if err != nil {
		return errors.New(bot.ErrorReply(a.phrases, "en", ref, err).Text)
	}
	var o render.Options
	switch format {
	case "html", "epub", "pdf": // they hold their pictures
		o.Picture = a.pictures(0)(ctx, &t)
	}
	return write(o, sys.out, &t)
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// chat is the bot in the terminal.
func chat(ctx context.Context, cfg config.Config, sys system, demo bool) error {
	cfg = quiet(cfg)
	a, err := newApp(ctx, cfg, cfg.Logger(sys.err), options{demo: demo, once: true})
	if err != nil {
		return err
	}
	defer a.Close()
	console, err := a.console(sys)
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.lookout.Run(ctx, []bot.Adapter{console}) })
	g.Go(func() error {
		defer end() // whoever says goodbye waits for no news
		return console.Run(ctx)
	})
	return g.Wait()
}

// readerHere is the base of the reader's pages on this machine.
func readerHere(cfg config.Config) string {
	host, port, _ := net.SplitHostPort(cfg.HTTPAddr) // settings are validated
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1" // not by name: an image may have no hosts file
	}
	return "http://" + net.JoinHostPort(host, port)
}

// healthcheck asks the reader of a bot on this machine.
func healthcheck(ctx context.Context, cfg config.Config) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, readerHere(cfg)+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return &hintError{fmt.Errorf("no answer: %w", err), "is the bot running with the same UNROLL_HTTP_ADDR?"}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the bot answered %s", resp.Status)
	}
	return nil
}
