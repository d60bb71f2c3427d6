package config

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLoadDefaults(t *testing.T) {
	c, err := Load([]string{"HOME=/root"})
	if err != nil {
		t.Fatal(err)
	}
	if c.HTTPAddr != "127.0.0.1:8080" || c.Keywords[0] != "unroll" || c.LogLevel != slog.LevelInfo || c.FxTwitterURL != "https://api.fxtwitter.com" {
		t.Errorf("defaults: %+v", c)
	}
}

func TestLoadReportsEveryProblemAtOnce(t *testing.T) {
	_, err := Load([]string{
		"UNROLL_TELEGRAM_TOKEN=hunter2-secret", "UNROLL_HTTP_ADDR=8080", "UNROLL_PUBLIC_URL=localhost",
		"UNROLL_TRUSTED_HOSTS=10.0.0.1", "UNROLL_LOG_LEVEL=loud", "UNROLL_LOG_FORMAT=xml", "UNROLL_OPERATORS=12345",
		"UNROLL_MASTODON_TOKENS=hunter2-secret", "UNROLL_DISCORD_PUBLIC_KEY=abc",
		"UNROLL_TELEGRAM_WEBHOOK_URL=https://bot.example.org/hook", "UNROLL_BLUESKY_IDENTIFIER=unroll.test",
		"UNROLL_X_API_KEY=hunter2-secret", "UNROLL_MASTODON_URL=https://m.example", "UNROLL_MENTION_AGAIN=shout", "UNROLL_X_BUDGET_USD=-1",
	})
	if err == nil {
		t.Fatal("no error")
	}
	for _, name := range []string{
		"TELEGRAM_TOKEN", "HTTP_ADDR", "PUBLIC_URL", "TRUSTED_HOSTS", "LOG_LEVEL", "LOG_FORMAT", "OPERATORS",
		"MASTODON_TOKENS", "DISCORD_PUBLIC_KEY", "TELEGRAM_WEBHOOK_SECRET",
		"BLUESKY_APP_PASSWORD", "X_ACCESS_TOKEN", "MASTODON_TOKEN", "MENTION_AGAIN", "X_BUDGET_USD",
	} {
		if !strings.Contains(err.Error(), "UNROLL_"+name) {
			t.Errorf("no word of UNROLL_%s in:\n%v", name, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret in the error:\n%v", err)
	}
}

func TestSecretsFromFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("123456:abcdefghijkl\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load([]string{"UNROLL_TELEGRAM_TOKEN_FILE=" + file})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.TelegramToken.Reveal(); got != "123456:abcdefghijkl" {
		t.Errorf("token = %q", got)
	}
	if _, err := Load([]string{"UNROLL_TELEGRAM_TOKEN_FILE=" + file, "UNROLL_TELEGRAM_TOKEN=123456:abcdefghijkl"}); err == nil {
		t.Error("a secret given twice is no error")
	}
	if _, err := Load([]string{"UNROLL_DISCORD_TOKEN_FILE=" + file + ".missing"}); err == nil || !strings.Contains(err.Error(), "DISCORD_TOKEN_FILE") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestSecretsAreNeverShown(t *testing.T) {
	c, err := Load([]string{"UNROLL_TELEGRAM_TOKEN=123456:abcdefghijkl", "UNROLL_MASTODON_TOKENS=a.example=hunter2", "UNROLL_REDIS_URL=redis://:hunter2@localhost"})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	c.Logger(&log).Info("settings", "token", c.TelegramToken, "config", c)
	all := fmt.Sprintf("%v %+v %#v %s", c, c, c.TelegramToken, log.String())
	for name, value := range Settings(c) {
		all += name + "=" + value
	}
	for _, secret := range []string{"abcdefghijkl", "hunter2"} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is shown in %s", secret, all)
		}
	}
	if !strings.Contains(all, "UNROLL_MASTODON_TOKENS=a.example=(set)") {
		t.Errorf("the hosts of tokens are not shown: %s", all)
	}
}

func TestRedacted(t *testing.T) {
	c, err := Load([]string{
		"UNROLL_DISCORD_TOKEN=abcdefghijkl", "UNROLL_REDIS_URL=redis://user:hunter%402@localhost", "UNROLL_MASTODON_TOKENS=a.example=mastodon-token",
		"UNROLL_X_BEARER_TOKEN=short",
	})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	const line = "abcdefghijkl, hunter@2, hunter%402, mastodon-token; a short one is found in words\n"
	if n, err := Redacted(&out, c).Write([]byte(line)); n != len(line) || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if want := "(secret), (secret), (secret), (secret); a short one is found in words\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

func TestTrustedProxies(t *testing.T) {
	c, err := Load([]string{"UNROLL_TRUSTED_PROXIES=10.0.0.0/8,fd00::/8"})
	if err != nil || len(c.TrustedProxies) != 2 || c.TrustedProxies[1].String() != "fd00::/8" {
		t.Errorf("%v, %v", c.TrustedProxies, err)
	}
	for name, value := range Settings(c) {
		if name == "UNROLL_TRUSTED_PROXIES" && value != "10.0.0.0/8,fd00::/8" {
			t.Errorf("shown as %s", value)
		}
	}
	if _, err := Load([]string{"UNROLL_TRUSTED_PROXIES=10.0.0.1"}); err == nil || !strings.Contains(err.Error(), "UNROLL_TRUSTED_PROXIES") {
		t.Errorf("an address without its length: %v", err)
	}
}

func TestUnknownFindsMisspeltSettings(t *testing.T) {
	got := Unknown([]string{"UNROLL_KEYWRODS=x", "UNROLL_KEYWORDS=x", "UNROLL_DISCORD_TOKEN_FILE=x", "UNROLL_TEST_REDIS_URL=x", "HOME=x", "UNROLL_A=x"})
	if !slices.Equal(got, []string{"UNROLL_A", "UNROLL_KEYWRODS"}) {
		t.Errorf("got %q", got)
	}
}
