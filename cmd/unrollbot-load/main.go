// Command unrollbot-load measures the whole program: it starts replicas of
// unrollbot as processes of their own, plays people on Discord who ask for
// threads on Mastodon, and takes the time from when each question was due to
// its answer. All of it stays on loopback, and within a bounded count and time.
//
//	go run ./cmd/unrollbot-load -cold 1000 -cached 10000 -cached-rate 200
//
// Discord by signed HTTP is the way in, because it is the one that neither the
// platform nor the bot itself holds to 30 messages a second, and Mastodon the
// network, because its servers have no limit of ours in common.
//
// Between the rounds the same questions go to a program that does nothing but
// acknowledge and answer, with a message of the same size: what those bare
// round trips take is what the machine and this program add to every time.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// The bounds of one run.
const (
	maxCount    = 200_000
	maxRate     = 5_000
	maxReplicas = 10
	maxTime     = 15 * time.Minute
	maxPosts    = 100
)

type settings struct {
	binary       string
	replicas     int
	redis        string
	cold, cached int
	coldRate     float64
	cachedRate   float64
	posts        int
	hot          int
	verbose      bool
}

func main() {
	if slices.Equal(os.Args[1:], []string{bareVerb}) {
		if err := runBare(os.Getenv); err != nil {
			fmt.Fprintln(os.Stderr, "unrollbot-load:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "unrollbot-load:", err)
		os.Exit(1)
	}
}

func parse(args []string) (settings, error) {
	var s settings
	f := flag.NewFlagSet("unrollbot-load", flag.ContinueOnError)
	f.StringVar(&s.binary, "binary", "", "the program; empty builds ./cmd/unrollbot")
	f.IntVar(&s.replicas, "replicas", 1, "processes; more than one needs -redis")
	f.StringVar(&s.redis, "redis", "", "redis:// address on loopback, of a server that holds nothing else; empty uses a local file")
	f.IntVar(&s.cold, "cold", 500, "threads that are asked for the first time")
	f.Float64Var(&s.coldRate, "cold-rate", 50, "of those, how many a second")
	f.IntVar(&s.cached, "cached", 5000, "threads that are asked for again")
	f.Float64Var(&s.cachedRate, "cached-rate", 200, "of those, how many a second")
	f.IntVar(&s.posts, "posts", 12, "posts of a thread")
	f.IntVar(&s.hot, "hot", 100, "how many of the threads are asked for again")
	f.BoolVar(&s.verbose, "v", false, "show the log of the replicas")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	return s, s.validate()
}

func (s *settings) validate() error {
	switch {
	case s.replicas < 1 || s.replicas > maxReplicas:
		return fmt.Errorf("-replicas must be 1 to %d", maxReplicas)
	case s.replicas > 1 && s.redis == "":
		return errors.New("several replicas share a Redis: set -redis")
	case s.cold < 1 || s.cached < 0 || s.cold+s.cached > maxCount:
		return fmt.Errorf("-cold must be at least 1, and -cold and -cached together at most %d", maxCount)
	case !(s.coldRate > 0 && s.coldRate <= maxRate && s.cachedRate > 0 && s.cachedRate <= maxRate):
		return fmt.Errorf("rates must be above 0 and at most %d a second", maxRate)
	case s.posts < 1 || s.posts > maxPosts:
		return fmt.Errorf("-posts must be 1 to %d", maxPosts)
	case s.hot < 1:
		return errors.New("-hot must be at least 1")
	}
	if s.redis == "" {
		return nil
	}
	u, err := url.Parse(s.redis)
	if err != nil || (u.Scheme != "redis" && u.Scheme != "rediss") {
		return errors.New("-redis must be like redis://127.0.0.1:6379")
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errors.New("-redis must be on this machine: the load is not for others")
	}
	return nil
}

func run(ctx context.Context, args []string, out io.Writer) error {
	s, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, maxTime, fmt.Errorf("not done within %s", maxTime))
	defer cancel()
	dir, err := os.MkdirTemp("", "unrollbot-load-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if s.binary == "" {
		s.binary = filepath.Join(dir, "unrollbot")
		build := exec.CommandContext(ctx, "go", "build", "-o", s.binary, "unrollbot/cmd/unrollbot") //nolint:gosec // a path of our own
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return fmt.Errorf("building the program: %w", err)
		}
	}
	l, err := begin(ctx, s, dir)
	if err != nil {
		return err
	}
	defer l.close()
	return l.play(ctx, out)
}
