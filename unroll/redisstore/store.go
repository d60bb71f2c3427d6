package redisstore

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"unrollbot/internal/codec"
	"unrollbot/unroll"
)

// Config tunes a [Store]. URL is required.
type Config struct {
	// URL is the address, with its password. See the package's documentation.
	URL string
	Log *slog.Logger
	// Prefix begins every key; empty means "unroll:".
	Prefix string
	// Pause is how long a Redis that is gone is left alone before it is asked
	// again; 0 means 1 s.
	Pause time.Duration
	// Now is the clock of limits while Redis is gone; nil means [time.Now].
	// All else goes by the clock of Redis.
	Now func() time.Time
}

// Store is a store in Redis. It may be used concurrently.
type Store struct {
	client redis.UniversalClient
	codec  *codec.Codec
	keys   keys
	local  *unroll.LocalLimiter
}

var (
	_ unroll.Store   = (*Store)(nil)
	_ unroll.Locker  = (*Store)(nil)
	_ unroll.OptOuts = (*Store)(nil)
	_ unroll.Limiter = (*Store)(nil)
	_ unroll.Latest  = (*Store)(nil)
	_ unroll.Values  = (*Store)(nil)
	_ unroll.Leases  = (*Store)(nil)
	_ unroll.Queue   = (*Store)(nil)
)

// Open connects to Redis. It fails when the address cannot be read; a Redis
// that does not answer is logged and tried again with the calls to come.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "unroll:"
	}
	if cfg.Pause <= 0 {
		cfg.Pause = time.Second
	}
	opts, err := parseURL(cfg.URL)
	if err != nil {
		return nil, wrap("open", err)
	}
	bound(opts)
	cdc, err := codec.New(cfg.Log)
	if err != nil {
		return nil, wrap("open", err)
	}
	// go-redis logs each failed dial, for the whole process and to stderr.
	// What matters of that is in the errors, and in the hook's two lines.
	redis.SetLogger(&logging.VoidLogger{})
	s := &Store{
		client: redis.NewUniversalClient(opts),
		codec:  cdc,
		keys:   keys{cfg.Prefix},
		local:  unroll.NewLocalLimiter(cfg.Now),
	}
	s.client.AddHook(newHealth(cfg.Log, cfg.Pause))
	if err := s.Ping(ctx); err != nil {
		cfg.Log.WarnContext(ctx, "redis does not answer at the start: trying again with each request", "err", err)
	}
	return s, nil
}

// bound fills in what the address left open: calls that fail fast.
func bound(o *redis.UniversalOptions) {
	set := func(d *time.Duration, to time.Duration) {
		if *d == 0 {
			*d = to
		}
	}
	set(&o.DialTimeout, time.Second)
	set(&o.ReadTimeout, time.Second)
	set(&o.WriteTimeout, time.Second)
	set(&o.PoolTimeout, time.Second)
	if o.MaxRetries == 0 {
		o.MaxRetries = 1
	}
	o.DialerRetries = 1
	o.ContextTimeoutEnabled = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}

// Ping tells whether Redis answers.
func (s *Store) Ping(ctx context.Context) error {
	return wrap("ping", s.client.Ping(ctx).Err())
}

// Close ends all connections.
func (s *Store) Close() error { return wrap("close", s.client.Close()) }

// millis is a TTL as Redis takes it: whole milliseconds, rounded up.
func millis(ttl time.Duration) time.Duration {
	return (ttl + time.Millisecond - 1).Truncate(time.Millisecond)
}
