package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"unrollbot/bot"
	"unrollbot/bot/mention"
	"unrollbot/config"
	"unrollbot/internal/codec"
	"unrollbot/unroll"
	"unrollbot/unroll/source/shortlink"
)

const adminUsage = `unrollbot admin does what only operators may. With the local file it speaks
with the bot that runs on it, with Redis it changes what all replicas see.

  unrollbot admin optout add|remove|show LINK-OR-AUTHOR
                                   an author who does not want to be unrolled: a
                                   link to any post of theirs, or x:NUMBER,
                                   bluesky:DID, mastodon:PROFILE-ADDRESS
  unrollbot admin optout list
  unrollbot admin purge LINK       forget a thread and take it off the lists
  unrollbot admin ban add PLATFORM USER [--for 24h] [--reason WHY]
  unrollbot admin ban remove PLATFORM USER
  unrollbot admin ban list
  unrollbot admin brake on|off|show [NETWORK]
                                   stop answers to mentions for a while
  unrollbot admin queue            requests that are written down, and those that
                                   were given up and why
  unrollbot admin stats            count what is held
`

// administer does an operator's command.
func administer(ctx context.Context, args []string, sys system) error {
	if len(args) == 0 || slices.Contains(args, "--help") || slices.Contains(args, "-h") || args[0] == "help" {
		fmt.Fprint(sys.out, adminUsage)
		return nil
	}
	cfg, err := config.Load(sys.environ)
	if err != nil {
		return usageError{fmt.Errorf("settings:\n%w", err)}
	}
	cfg = quiet(cfg)
	if cfg.RedisURL == "" {
		if there, err := askRunning(ctx, cfg, args, sys.out); there {
			return err
		}
	}
	a, err := newApp(ctx, cfg, cfg.Logger(sys.err), options{})
	if err != nil {
		return err
	}
	defer a.Close()
	if err := a.store.Ping(ctx); err != nil {
		return &hintError{err, "unrollbot doctor tells more"}
	}
	return a.administer(ctx, args, sys.out)
}

// administer does a command in this process.
func (a *app) administer(ctx context.Context, args []string, out io.Writer) error {
	o := &operator{app: a, out: out}
	flags := flag.NewFlagSet("admin", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&o.length, "for", 0, "")
	flags.StringVar(&o.reason, "reason", "", "")
	args, err := parse(flags, args)
	if err != nil {
		return usageError{&hintError{err, "unrollbot admin --help lists the commands"}}
	}
	for _, c := range []struct {
		words string
		args  int
		do    func(ctx context.Context, args []string) error
	}{
		{"optout add", 1, o.optOut},
		{"optout remove", 1, o.optIn},
		{"optout show", 1, o.optedOut},
		{"optout list", 0, o.optOuts},
		{"purge", 1, o.purge},
		{"ban add", 2, o.ban},
		{"ban remove", 2, o.unban},
		{"ban list", 0, o.bans},
		{"brake on", 0, o.brake},
		{"brake on", 1, o.brake},
		{"brake off", 0, o.release},
		{"brake off", 1, o.release},
		{"brake show", 0, o.braked},
		{"brake show", 1, o.braked},
		{"queue", 0, o.lines},
		{"stats", 0, o.stats},
	} {
		words := strings.Fields(c.words)
		if len(args) == len(words)+c.args && slices.Equal(args[:len(words)], words) {
			return c.do(ctx, args[len(words):])
		}
	}
	return usageError{&hintError{fmt.Errorf("no command %q with that many arguments", strings.Join(args, " ")), "unrollbot admin --help lists the commands"}}
}

// operator is one command of theirs.
type operator struct {
	*app
	out    io.Writer
	length time.Duration
	reason string
}

func (o *operator) say(format string, args ...any) { fmt.Fprintf(o.out, format+"\n", args...) }

// author is who is meant by a link or by a network and an id.
type author struct {
	network unroll.Network
	id      string
	handle  string // where it is known
}

func (a author) String() string {
	s := string(a.network) + ":" + a.id
	if a.handle != "" {
		s += " (@" + a.handle + ")"
	}
	return s
}

// anyone are the stores as if nobody had opted out, to find out whose post a
// link leads to. What is read for that is not kept.
type anyone struct{ unroll.Stores }

func (anyone) OptedOut(context.Context, unroll.Network, ...string) (map[string]bool, error) {
	return nil, nil
}

func (anyone) Save(context.Context, unroll.Ref, []unroll.Ref, unroll.Entry, time.Duration) error {
	return nil
}

func (o *operator) author(ctx context.Context, named string) (author, error) {
	network, id, _ := strings.Cut(named, ":")
	a := author{network: unroll.Network(network), id: id}
	var proper bool
	switch a.network {
	case unroll.X:
		proper = strings.Trim(id, "0123456789") == "" && id != ""
	case unroll.Bluesky:
		proper = strings.HasPrefix(id, "did:")
	case unroll.Mastodon:
		proper = strings.HasPrefix(id, "https://") || strings.HasPrefix(id, "http://")
	default:
		return o.authorOf(ctx, named)
	}
	if !proper {
		return author{}, usageError{&hintError{
			fmt.Errorf("%q is no author's id there", id),
			"X: the account's number; Bluesky: the DID; Mastodon: the profile's address on its own server. A link to one of their posts will do, too",
		}}
	}
	return a, nil
}

func (o *operator) authorOf(ctx context.Context, link string) (author, error) {
	ref, err := unroll.ParseRef(link)
	if err != nil {
		return author{}, usageError{&hintError{err, "give a link to a post of theirs, or x:NUMBER, bluesky:DID, mastodon:PROFILE-ADDRESS"}}
	}
	s, err := unroll.New(unroll.Config{Expander: shortlink.New(o.client), Log: o.log}, o.sources, anyone{o.store})
	if err != nil {
		return author{}, err
	}
	defer s.Wait()
	t, err := s.Unroll(ctx, ref)
	if err != nil {
		return author{}, &hintError{fmt.Errorf("whose post it is cannot be found out: %w", err), "name the author by their id: x:NUMBER, bluesky:DID, mastodon:PROFILE-ADDRESS"}
	}
	return author{t.Ref.Network, t.Author.ID, t.Author.Handle}, nil
}

func (o *operator) optOut(ctx context.Context, args []string) error {
	who, err := o.author(ctx, args[0])
	if err != nil {
		return err
	}
	if err := o.store.SetOptedOut(ctx, who.network, who.id, true); err != nil {
		return err
	}
	n, err := o.forgetAll(ctx, who)
	if err != nil {
		return fmt.Errorf("%s is opted out, but what is held of them could not be forgotten: %w", who, err)
	}
	o.say("%s is not unrolled any longer; threads forgotten: %d", who, n)
	return nil
}

// forgetAll drops every thread of an author.
func (o *operator) forgetAll(ctx context.Context, who author) (n int, err error) {
	var roots []unroll.Ref
	err = o.store.Dump(ctx, func(r codec.Record) error {
		switch {
		case r.Entry != nil && r.Entry.Thread != nil && r.Entry.Root.Network == who.network && r.Entry.Thread.Author.ID == who.id:
			roots = append(roots, r.Entry.Root)
			n++
		case r.Listing != nil && r.Listing.Ref.Network == who.network && r.Listing.Author.ID == who.id:
			roots = append(roots, r.Listing.Ref)
		}
		return nil
	})
	for _, root := range roots {
		err = errors.Join(err, o.store.Forget(ctx, root), o.store.DropLatest(ctx, root))
	}
	return n, err
}

func (o *operator) optIn(ctx context.Context, args []string) error {
	who, err := o.author(ctx, args[0])
	if err != nil {
		return err
	}
	if err := o.store.SetOptedOut(ctx, who.network, who.id, false); err != nil {
		return err
	}
	o.say("%s may be unrolled", who)
	return nil
}

func (o *operator) optedOut(ctx context.Context, args []string) error {
	who, err := o.author(ctx, args[0])
	if err != nil {
		return err
	}
	out, err := o.store.OptedOut(ctx, who.network, who.id)
	if err != nil {
		return err
	}
	o.say("%s: opted out: %v", who, out[who.id])
	return nil
}

func (o *operator) optOuts(ctx context.Context, _ []string) error {
	return o.store.Dump(ctx, func(r codec.Record) error {
		if r.OptOut != nil {
			o.say("%s", author{network: r.OptOut.Network, id: r.OptOut.AuthorID})
		}
		return nil
	})
}

func (o *operator) purge(ctx context.Context, args []string) error {
	ref, err := unroll.ParseRef(args[0])
	if err != nil {
		return usageError{&hintError{err, "give a link to any post of the thread"}}
	}
	root := ref
	e, found, err := o.store.Load(ctx, ref)
	if err == nil && e.Thread != nil {
		root = e.Thread.Ref
	}
	if err := errors.Join(err, o.store.Forget(ctx, ref), o.store.DropLatest(ctx, root)); err != nil {
		return err
	}
	if !found {
		o.say("nothing is held of %s", ref)
		return nil
	}
	o.say("%s is forgotten; pages made before are gone within half a minute", root)
	return nil
}

func (o *operator) ban(ctx context.Context, args []string) error {
	if o.length < 0 {
		return usageError{errors.New("--for must be positive, such as 24h")}
	}
	now := time.Now().UTC().Truncate(time.Second)
	ban := bot.Ban{Platform: args[0], User: args[1], Reason: o.reason, Since: now}
	if o.length > 0 {
		ban.Until = now.Add(o.length)
	}
	if err := bot.NewBans(o.store, o.log).Add(ctx, ban); err != nil {
		return err
	}
	o.say("user %s on %s is not answered %s", ban.User, ban.Platform, until(ban))
	return nil
}

func until(b bot.Ban) string {
	if b.Until.IsZero() {
		return "any longer"
	}
	return "until " + b.Until.Format(time.DateTime) + " UTC"
}

func (o *operator) unban(ctx context.Context, args []string) error {
	was, err := bot.NewBans(o.store, o.log).Remove(ctx, args[0], args[1])
	if err != nil {
		return err
	}
	if !was {
		return fmt.Errorf("user %s on %s was not banned", args[1], args[0])
	}
	o.say("user %s on %s is answered again", args[1], args[0])
	return nil
}

func (o *operator) bans(ctx context.Context, _ []string) error {
	list, err := bot.NewBans(o.store, o.log).List(ctx)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	for _, b := range list {
		fmt.Fprintf(w, "%s\t%s\tsince %s\t%s\t%s\n", b.Platform, b.User, b.Since.Format(time.DateTime), until(b), b.Reason)
	}
	return w.Flush()
}

// network is the one named, "" for all.
func network(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

func (o *operator) brake(ctx context.Context, args []string) error {
	if err := mention.NewBrake(o.store).Pull(ctx, network(args)); err != nil {
		return err
	}
	o.say("mentions wait until unrollbot admin brake off")
	return nil
}

func (o *operator) release(ctx context.Context, args []string) error {
	if err := mention.NewBrake(o.store).Release(ctx, network(args)); err != nil {
		return err
	}
	return o.braked(ctx, args)
}

func (o *operator) braked(ctx context.Context, args []string) error {
	on, err := mention.NewBrake(o.store).Pulled(ctx, network(args))
	if err != nil {
		return err
	}
	if on {
		o.say("mentions wait")
	} else {
		o.say("mentions are answered")
	}
	return nil
}

func (o *operator) stats(ctx context.Context, _ []string) error {
	var threads, posts, failures, optOuts, values, listed int
	if err := o.store.Dump(ctx, func(r codec.Record) error {
		switch {
		case r.Entry != nil && r.Entry.Thread != nil:
			threads++
			posts += r.Entry.Thread.Len()
		case r.Entry != nil:
			failures++
		case r.OptOut != nil:
			optOuts++
		case r.Value != nil:
			values++
		case r.Listing != nil:
			listed++
		}
		return nil
	}); err != nil {
		return err
	}
	o.say("threads   %d, of %d posts\nfailures  %d remembered\nlisted    %d\nopt-outs  %d\nvalues    %d (settings, marks of answered requests, ...)",
		threads, posts, failures, listed, optOuts, values)
	return nil
}
