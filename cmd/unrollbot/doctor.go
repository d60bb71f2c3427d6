package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"unrollbot/config"
	"unrollbot/unroll"
	"unrollbot/unroll/boltstore"
	"unrollbot/unroll/redisstore"
)

// checkTime bounds one of the doctor's checks.
const checkTime = 10 * time.Second

// finding is what a check came to. do says what to do about it; a finding
// that is not bad may have advice, too.
type finding struct {
	state string // "ok", "off" or "problem"
	text  string
	do    string
}

func fine(format string, args ...any) finding {
	return finding{state: "ok", text: fmt.Sprintf(format, args...)}
}

func off(text string) finding { return finding{state: "off", text: text} }

func problem(do, format string, args ...any) finding {
	return finding{"problem", fmt.Sprintf(format, args...), do}
}

func (f finding) advise(do string) finding {
	f.do = strings.TrimPrefix(f.do+"; "+do, "; ")
	return f
}

// doctor looks whether the program could do its work with these settings. It
// leaves nothing behind, neither in the store nor on any network.
type doctor struct {
	cfg     config.Config
	environ []string
	http    probe
}

type check struct {
	part string
	run  func(context.Context) finding
}

func (d *doctor) checks() []check {
	return []check{
		{"public address", d.publicURL},
		{"reader", d.reader},
		{"store", d.store},
		{"telegram", d.telegram},
		{"discord", d.discord},
		{"x", func(ctx context.Context) finding { return d.reachable(ctx, d.cfg.FxTwitterURL) }},
		{"x, single posts", func(ctx context.Context) finding { return d.reachable(ctx, d.cfg.SyndicationURL) }},
		{"x, official", d.xAPI},
		{"bluesky", func(ctx context.Context) finding { return d.reachable(ctx, d.cfg.BlueskyAppViewURL) }},
		{"mastodon", d.mastodonTokens},
		{"bluesky account", d.blueskyAccount},
		{"mastodon account", d.mastodonAccount},
		{"x account", d.xAccount},
		{"traces", d.traces},
	}
}

// examine runs the doctor and prints a line for each part.
func examine(ctx context.Context, sys system) error {
	cfg, err := config.Load(sys.environ)
	hide := config.Redactor(cfg)
	problems := 0
	say := func(part string, f finding) {
		fmt.Fprintf(sys.out, "%-8s %-17s %s\n", f.state, part, hide.Replace(f.text))
		if f.do != "" {
			fmt.Fprintf(sys.out, "%-8s %-17s -> %s\n", "", "", hide.Replace(f.do))
		}
		if f.state == "problem" {
			problems++
		}
	}
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			say("settings", problem("", "%s", strings.TrimSpace(line)))
		}
		return fmt.Errorf("%d of the settings must be mended before the rest can be looked at", problems)
	}
	say("settings", fine("all can be read"))
	d := &doctor{cfg: cfg, environ: sys.environ, http: newProbe()}
	defer d.http.close()
	checks := d.checks()
	findings := make([]finding, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTime)
			defer cancel()
			findings[i] = c.run(ctx)
		})
	}
	wg.Wait()
	for i, c := range checks {
		say(c.part, findings[i])
	}
	switch problems {
	case 0:
		return nil
	case 1:
		return errors.New("1 problem")
	default:
		return fmt.Errorf("%d problems", problems)
	}
}

// publicURL looks at the base of all links that are handed out.
func (d *doctor) publicURL(context.Context) finding {
	u, err := url.Parse(d.cfg.PublicURL)
	if err != nil {
		return problem("set UNROLL_PUBLIC_URL", "cannot be read")
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	switch {
	case host == "localhost" || strings.HasSuffix(host, ".localhost"), err == nil && (addr.IsLoopback() || addr.IsPrivate() || addr.IsUnspecified() || addr.IsLinkLocalUnicast()):
		return problem("set UNROLL_PUBLIC_URL to the https address that people can open, and have a reverse proxy there pass on to "+d.cfg.HTTPAddr,
			"%s leads nowhere from other people's machines", d.cfg.PublicURL)
	case u.Scheme != "https":
		return problem("put a reverse proxy with a certificate in front (docs/deploy.md) and set UNROLL_PUBLIC_URL to its https address",
			"%s is not https: what people read can be seen and changed on its way", d.cfg.PublicURL)
	}
	return fine("%s", d.cfg.PublicURL)
}

// reader looks whether the port is free, or a bot listens there already.
func (d *doctor) reader(ctx context.Context) finding {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.cfg.HTTPAddr)
	if err == nil {
		_ = l.Close()
		return fine("%s is free", d.cfg.HTTPAddr)
	}
	if healthcheck(ctx, d.cfg) == nil {
		return fine("a bot is running and well on %s", d.cfg.HTTPAddr)
	}
	return problem("stop what listens there, or set UNROLL_HTTP_ADDR to another address", "%v", err)
}

// store writes, reads and deletes a value.
func (d *doctor) store(ctx context.Context) finding {
	if d.cfg.RedisURL != "" {
		return d.redis(ctx)
	}
	path := filepath.Join(d.cfg.DataDir, "unrollbot.db")
	if _, err := os.Stat(path); err != nil {
		return d.dataDir(path)
	}
	if healthcheck(ctx, d.cfg) == nil { // it holds the file
		if err := d.ready(ctx); err != nil {
			return problem("look into the log of the running bot for its reason", "the running bot says: %v", err)
		}
		return fine("the running bot says that %s is well", path)
	}
	s, err := boltstore.Open(boltstore.Config{Path: path})
	if err != nil {
		return problem("see the reason; docs/operating.md tells how to bring back a backup", "%v", err)
	}
	defer func() { _ = s.Close() }() // it was only looked at
	if err := tryValues(ctx, s); err != nil {
		return problem("is the disk full, or the file not this user's?", "%v", err)
	}
	return fine("%s can be read and written; one process can use it", path)
}

// dataDir looks whether the file can be made.
func (d *doctor) dataDir(path string) finding {
	dir := d.cfg.DataDir
	for { // the nearest that exists: the rest is made at the start
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return problem("set UNROLL_DATA_DIR to a directory", "%s is no directory", dir)
		}
		if parent := filepath.Dir(dir); err != nil && parent != dir {
			dir = parent
			continue
		}
		break
	}
	f, err := os.CreateTemp(dir, ".unrollbot-*")
	if err != nil {
		return problem("let the bot's user write there, or set UNROLL_DATA_DIR to another directory", "%s cannot be made: %v", path, err)
	}
	_ = f.Close()
	if err := os.Remove(f.Name()); err != nil {
		return problem("look at the directory's permissions", "%v", err)
	}
	return fine("%s will be made at the first start", path)
}

func (d *doctor) redis(ctx context.Context) finding {
	const do = "is Redis running, and are host, port and password in UNROLL_REDIS_URL right?"
	s, err := redisstore.Open(ctx, redisstore.Config{URL: d.cfg.RedisURL.Reveal()})
	if err != nil {
		return problem("UNROLL_REDIS_URL takes redis://[user:password@]host:port[/db], rediss://…, see README.md", "%v", err)
	}
	defer func() { _ = s.Close() }() // it was only looked at
	if err := s.Ping(ctx); err != nil {
		return problem(do, "%v", err)
	}
	if err := tryValues(ctx, s); err != nil {
		return problem("may this user write keys that begin with unroll:, and run scripts? Is Redis full, with maxmemory-policy noeviction?", "%v", err)
	}
	start := time.Now()
	if err := s.Ping(ctx); err != nil {
		return problem(do, "%v", err)
	}
	f := fine("Redis can be read and written, and answers in %s", time.Since(start).Round(10*time.Microsecond))
	if took := time.Since(start); took > 20*time.Millisecond {
		return f.advise("that is slow: put Redis nearer to the bot")
	}
	return f
}

// tryValues does with a value of its own what the program does with others.
func tryValues(ctx context.Context, v unroll.Values) error {
	key := "doctor:" + rand.Text()
	if _, err := v.Claim(ctx, key, time.Minute); err != nil {
		return err
	}
	if err := v.SetValue(ctx, key, []byte("well"), time.Minute); err != nil {
		return err
	}
	got, ok, err := v.Value(ctx, key)
	if err == nil && (!ok || string(got) != "well") {
		err = errors.New("what was written could not be read back")
	}
	return errors.Join(err, v.DeleteValue(ctx, key))
}
