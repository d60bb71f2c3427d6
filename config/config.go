// Package config reads the program's settings from the environment.
//
// Every setting is a variable with the prefix UNROLL_. Every secret can also
// be given as the path of a file that holds it, in a variable with the suffix
// _FILE; the file's trailing line break is cut.
package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Prefix of every variable.
const Prefix = "UNROLL_"

// Config is every setting. Fields of one group are needed together.
type Config struct {
	TelegramToken         Secret `env:"TELEGRAM_TOKEN"`
	TelegramAPIURL        string `env:"TELEGRAM_API_URL" envDefault:"https://api.telegram.org"`
	TelegramWebhookURL    string `env:"TELEGRAM_WEBHOOK_URL"`
	TelegramWebhookSecret Secret `env:"TELEGRAM_WEBHOOK_SECRET"`
	TelegramRich          bool   `env:"TELEGRAM_RICH" envDefault:"true"` // rich messages of Bot API 10.1, where the server takes them

	DiscordToken     Secret `env:"DISCORD_TOKEN"`
	DiscordAPIURL    string `env:"DISCORD_API_URL" envDefault:"https://discord.com/api/v10"`
	DiscordPublicKey string `env:"DISCORD_PUBLIC_KEY"`

	RedisURL Secret `env:"REDIS_URL"` // may hold a password
	DataDir  string `env:"DATA_DIR" envDefault:"./data"`

	HTTPAddr  string `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	PublicURL string `env:"PUBLIC_URL" envDefault:"http://localhost:8080"`

	TrustedProxies []netip.Prefix `env:"TRUSTED_PROXIES"` // besides loopback, may say whom a request is from

	Contact    string `env:"CONTACT"`     // mail or web address, or words
	MediaProxy bool   `env:"MEDIA_PROXY"` // pages load media through us

	Keywords []string `env:"KEYWORDS" envDefault:"unroll"`

	XBearerToken   Secret  `env:"X_BEARER_TOKEN"`
	XAPIURL        string  `env:"X_API_URL" envDefault:"https://api.x.com"`
	XBudgetUSD     float64 `env:"X_BUDGET_USD"` // per month; 0 means no bound
	FxTwitterURL   string  `env:"FXTWITTER_URL" envDefault:"https://api.fxtwitter.com"`
	SyndicationURL string  `env:"SYNDICATION_URL" envDefault:"https://cdn.syndication.twimg.com"`

	BlueskyAppViewURL  string `env:"BLUESKY_APPVIEW_URL" envDefault:"https://public.api.bsky.app"`
	BlueskyPDSURL      string `env:"BLUESKY_PDS_URL" envDefault:"https://bsky.social"`
	BlueskyIdentifier  string `env:"BLUESKY_IDENTIFIER"`
	BlueskyAppPassword Secret `env:"BLUESKY_APP_PASSWORD"`

	MastodonTokens Pairs  `env:"MASTODON_TOKENS"` // host=token, comma-separated
	MastodonURL    string `env:"MASTODON_URL"`
	MastodonToken  Secret `env:"MASTODON_TOKEN"`

	XUserID       string `env:"X_USER_ID"`
	XAPIKey       Secret `env:"X_API_KEY"`
	XAPISecret    Secret `env:"X_API_SECRET"`
	XAccessToken  Secret `env:"X_ACCESS_TOKEN"`
	XAccessSecret Secret `env:"X_ACCESS_SECRET"`

	XLink             bool    `env:"X_LINK" envDefault:"true"`            // a post with a link costs more
	XMentionBudgetUSD float64 `env:"X_MENTION_BUDGET_USD" envDefault:"5"` // per UTC day; negative means no bound

	MentionAgain        string `env:"MENTION_AGAIN" envDefault:"pointer"` // for a thread that was answered already
	MentionSilentErrors bool   `env:"MENTION_SILENT_ERRORS"`

	Operators []string `env:"OPERATORS"` // platform:id

	TrustedHosts []string `env:"TRUSTED_HOSTS"` // host:port

	LogLevel  slog.Level `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat string     `env:"LOG_FORMAT" envDefault:"text"`
	Traces    bool       `env:"TRACES"` // OpenTelemetry, by OTLP over HTTP
}

// Pairs is a list of host=token. The tokens are secret.
type Pairs map[string]Secret

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Pairs) UnmarshalText(text []byte) error {
	*p = Pairs{}
	for i, pair := range strings.Split(string(text), ",") {
		host, token, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || host == "" || token == "" {
			return fmt.Errorf("entry %d is not of the form host=token", i+1) // not the entry: it may be a token
		}
		(*p)[strings.ToLower(host)] = Secret(token)
	}
	return nil
}

// Load reads the settings from variables of the form NAME=value, as os.Environ
// gives them, and validates them. Its error names every problem at once, and
// holds no secret.
func Load(environ []string) (Config, error) {
	vars := env.ToMap(environ)
	problems := readFiles(vars)
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Prefix: Prefix, Environment: vars}); err != nil {
		var all env.AggregateError
		if errors.As(err, &all) {
			for _, e := range all.Errors {
				problems = append(problems, parseProblem(e))
			}
		} else {
			problems = append(problems, err)
		}
	}
	problems = append(problems, c.validate()...)
	return c, errors.Join(problems...)
}

// parseProblem words a parser's error with the variable's name instead of the
// field's, and without its value, which may be a secret.
func parseProblem(err error) error {
	var p env.ParseError
	if !errors.As(err, &p) {
		return err
	}
	f, _ := reflect.TypeFor[Config]().FieldByName(p.Name)
	return fmt.Errorf("%s%s: %w", Prefix, f.Tag.Get("env"), p.Err)
}

// readFiles puts the contents of ..._FILE variables in their twins' place.
func readFiles(vars map[string]string) (problems []error) {
	for name := range secrets() {
		file := vars[name+"_FILE"]
		if file == "" {
			continue
		}
		if vars[name] != "" {
			problems = append(problems, fmt.Errorf("%s and %s_FILE are both set: keep one", name, name))
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s_FILE: %w", name, err))
			continue
		}
		vars[name] = strings.TrimRight(string(text), "\r\n")
	}
	return problems
}

// Unknown gives the names of variables with our prefix that are no setting:
// misspelt ones, which would else be ignored in silence.
func Unknown(environ []string) []string {
	known := map[string]bool{}
	for name := range Settings(Config{}) {
		known[name] = true
	}
	for name := range secrets() {
		known[name+"_FILE"] = true
	}
	var names []string
	for name := range env.ToMap(environ) {
		if strings.HasPrefix(name, Prefix) && !known[name] && !strings.HasPrefix(name, Prefix+"TEST_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

var publicKey = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

func (c *Config) validate() (problems []error) {
	bad := func(name, format string, args ...any) {
		problems = append(problems, fmt.Errorf(Prefix+name+": "+format, args...))
	}
	for name, value := range map[string]string{
		"TELEGRAM_API_URL": c.TelegramAPIURL, "DISCORD_API_URL": c.DiscordAPIURL, "PUBLIC_URL": c.PublicURL,
		"X_API_URL": c.XAPIURL, "FXTWITTER_URL": c.FxTwitterURL, "SYNDICATION_URL": c.SyndicationURL,
		"BLUESKY_APPVIEW_URL": c.BlueskyAppViewURL, "BLUESKY_PDS_URL": c.BlueskyPDSURL,
		"MASTODON_URL": c.MastodonURL, "TELEGRAM_WEBHOOK_URL": c.TelegramWebhookURL,
	} {
		optional := name == "MASTODON_URL" || name == "TELEGRAM_WEBHOOK_URL"
		if value == "" && optional {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			bad(name, "is not an http(s) address: give one such as https://example.org")
		} else if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			bad(name, "must be a plain base address, without user, query or fragment")
		}
	}
	if _, _, err := net.SplitHostPort(c.HTTPAddr); err != nil {
		bad("HTTP_ADDR", "is not host:port: give one such as 127.0.0.1:8080 or :8080")
	}
	for _, pair := range c.TrustedHosts {
		if host, port, err := net.SplitHostPort(pair); err != nil || host == "" || port == "" {
			bad("TRUSTED_HOSTS", "%q is not host:port", pair)
		}
	}
	if t := c.TelegramToken.Reveal(); t != "" && !telegramToken.MatchString(t) {
		bad("TELEGRAM_TOKEN", "does not look like a token of @BotFather (123456789:AbC...)")
	}
	if c.TelegramWebhookURL != "" && c.TelegramWebhookSecret == "" {
		bad("TELEGRAM_WEBHOOK_SECRET", "must be set with UNROLL_TELEGRAM_WEBHOOK_URL: any 1 to 256 characters of A-Z a-z 0-9 _ -")
	}
	if s := c.TelegramWebhookSecret.Reveal(); s != "" && !webhookSecret.MatchString(s) {
		bad("TELEGRAM_WEBHOOK_SECRET", "must be 1 to 256 characters of A-Z a-z 0-9 _ -")
	}
	if c.DiscordPublicKey != "" && !publicKey.MatchString(c.DiscordPublicKey) {
		bad("DISCORD_PUBLIC_KEY", "must be the 64 hexadecimal digits of the portal's General Information page")
	}
	if c.MentionAgain != "pointer" && c.MentionAgain != "like" && c.MentionAgain != "silent" {
		bad("MENTION_AGAIN", "must be pointer, like or silent")
	}
	for _, group := range []struct {
		names string
		set   []bool
	}{
		{"BLUESKY_IDENTIFIER and UNROLL_BLUESKY_APP_PASSWORD", []bool{c.BlueskyIdentifier != "", c.BlueskyAppPassword != ""}},
		{"MASTODON_URL and UNROLL_MASTODON_TOKEN", []bool{c.MastodonURL != "", c.MastodonToken != ""}},
		{
			"X_USER_ID, UNROLL_X_API_KEY, UNROLL_X_API_SECRET, UNROLL_X_ACCESS_TOKEN and UNROLL_X_ACCESS_SECRET",
			[]bool{c.XUserID != "", c.XAPIKey != "", c.XAPISecret != "", c.XAccessToken != "", c.XAccessSecret != ""},
		},
	} {
		if slices.Contains(group.set, true) && slices.Contains(group.set, false) {
			bad(group.names, "belong together: set all or none")
		}
	}
	if c.XBudgetUSD < 0 {
		bad("X_BUDGET_USD", "must not be negative: dollars per month, 0 for no bound")
	}
	for _, who := range c.Operators {
		if !operator.MatchString(who) {
			bad("OPERATORS", "%q is not platform:id, such as telegram:12345; platforms are telegram, discord, bluesky, mastodon and x", who)
		}
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		bad("LOG_FORMAT", "must be text or json")
	}
	if len(c.Keywords) == 0 {
		bad("KEYWORDS", "must name at least one word")
	}
	return problems
}

var (
	telegramToken = regexp.MustCompile(`^\d+:[A-Za-z0-9_-]{10,}$`)
	webhookSecret = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	operator      = regexp.MustCompile(`^(telegram|discord|bluesky|mastodon|x):\S+$`)
)

// Logger makes the logger that the settings ask for.
func (c *Config) Logger(w io.Writer) *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}
