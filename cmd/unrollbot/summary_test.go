package main

import (
	"net"
	"strings"
	"testing"

	"unrollbot/config"
)

func TestSummaryTellsTheWaysIn(t *testing.T) {
	cfg, err := config.Load([]string{
		"UNROLL_TELEGRAM_TOKEN=123456:abcdefghijkl", "UNROLL_TELEGRAM_WEBHOOK_URL=https://unroll.example/telegram", "UNROLL_TELEGRAM_WEBHOOK_SECRET=hunter2",
		"UNROLL_DISCORD_TOKEN=hunter2", "UNROLL_DISCORD_PUBLIC_KEY=" + strings.Repeat("00", 32),
	})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	said := (&app{cfg: cfg, listener: l}).summary()
	for _, want := range []string{"by webhook at https://unroll.example/telegram", "over the gateway, commands over HTTP as well"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in:\n%s", want, said)
		}
	}
	if tells(said) {
		t.Errorf("a secret is told:\n%s", said)
	}
}
