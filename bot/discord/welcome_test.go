package discord

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"unrollbot/bot/bottest"
)

// server is the event for a server that the bot has just joined.
func server(id string, changes map[string]any) map[string]any {
	g := map[string]any{
		"id": id, "joined_at": time.Now().UTC().Format(time.RFC3339Nano), "preferred_locale": "en-US", "system_channel_id": "110",
		"roles": []any{
			map[string]any{"id": id, "permissions": "0"},
			map[string]any{"id": "41", "permissions": "309237746688"},
			map[string]any{"id": "42", "permissions": "8"},
		},
		"members":  []any{map[string]any{"user": map[string]any{"id": bottest.DiscordApp}, "roles": []any{"41"}}},
		"channels": []any{map[string]any{"id": "110", "type": 0, "permission_overwrites": []any{}}},
	}
	for k, v := range changes {
		g[k] = v
	}
	return g
}

func overwritten(id, allow, deny string) map[string]any {
	return map[string]any{"channels": []any{map[string]any{"id": "110", "permission_overwrites": []any{
		map[string]any{"id": id, "type": 0, "allow": allow, "deny": deny},
	}}}}
}

func TestWelcome(t *testing.T) {
	t.Parallel()
	r := start(t, bottest.DiscordConfig{}, whole(1))
	r.Dispatch("GUILD_CREATE", server("100", nil))
	r.Await("an introduction", func(s *bottest.DiscordState) bool { return len(s.Sent()) == 1 })
	r.Look(func(s *bottest.DiscordState) {
		m := s.Sent()[0]
		if m.Channel != "110" || strings.Count(m.Text(), "\n") != 1 || !strings.Contains(m.Text(), "/unroll-settings") {
			t.Errorf("in %s: %q", m.Channel, m.Text())
		}
	})
	r.Dispatch("GUILD_CREATE", server("100", nil)) // as after a reconnect
	r.Dispatch("GUILD_CREATE", server("101", overwritten("41", "0", "32768")))
	r.Await("another server's", func(s *bottest.DiscordState) bool { return len(s.Sent()) > 1 })
	r.Look(func(s *bottest.DiscordState) {
		if m := s.Sent()[1]; len(s.Sent()) != 2 || !strings.Contains(m.Text(), "\nI lack a permission in this channel: Attach Files. ") {
			t.Errorf("%d, %q", len(s.Sent()), m.Text())
		}
	})
}

func TestNoWelcome(t *testing.T) {
	t.Parallel()
	for name, changes := range map[string]map[string]any{
		"an old server":             {"joined_at": time.Now().Add(-2 * newFor).Format(time.RFC3339)},
		"no date":                   {"joined_at": nil},
		"no channel for it":         {"system_channel_id": nil},
		"no permission there":       overwritten("41", "0", "2048"),
		"none for everybody":        {"members": []any{}},
		"none for the bot":          overwritten(bottest.DiscordApp, "0", "1024"),
		"not there":                 {"unavailable": true, "joined_at": 5, "roles": "x", "system_channel_id": ""},
		"an id that is no text":     {"id": 5},
		"permissions of no meaning": {"roles": []any{map[string]any{"id": "41", "permissions": "many"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, bottest.DiscordConfig{}, whole(1))
			r.Dispatch("GUILD_CREATE", server("100", changes))
			r.alive()
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			r.Look(func(s *bottest.DiscordState) {
				if n := s.Count("POST /channels/"); n > 0 {
					t.Errorf("%d messages", n)
				}
			})
		})
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		changes map[string]any
		want    string
	}{
		"a role's":                  {nil, "309237746688"},
		"an administrator's":        {map[string]any{"members": []any{map[string]any{"user": map[string]any{"id": "500"}, "roles": []any{"42"}}}}, "8"},
		"forbidden to everybody":    {overwritten("100", "0", "2048"), "309237744640"},
		"given to the bot":          {overwritten("500", "16384", "0"), "309237763072"},
		"given to a role not its":   {overwritten("42", "16384", "0"), "309237746688"},
		"in a channel nobody named": {map[string]any{"channels": []any{}}, "309237746688"},
		"its own weighs more": {map[string]any{"channels": []any{map[string]any{"id": "110", "permission_overwrites": []any{
			map[string]any{"id": "500", "allow": "2048", "deny": "0"}, map[string]any{"id": "41", "allow": "0", "deny": "2048"},
		}}}}, "309237746688"},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := json.Marshal(server("100", tc.changes))
			if err != nil {
				t.Fatal(err)
			}
			var g guild
			if err := decode(data, &g); err != nil {
				t.Fatal(err)
			}
			if got := g.permissions("500", "110"); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	sum := int64(0)
	for _, p := range wantedPermissions() {
		sum |= p.bit
	}
	if sum != 309237746688 {
		t.Errorf("the documented number is not %d", sum)
	}
}

// The page on Discord names the permissions that the bot wants, and their sum.
func TestPermissionsOnThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/discord.md")
	if err != nil {
		t.Fatal(err)
	}
	var sum int64
	for _, p := range wantedPermissions() {
		sum += p.bit
		if row := fmt.Sprintf("| %s | %d |", p.name, p.bit); !strings.Contains(string(page), row) {
			t.Errorf("no row %q", row)
		}
	}
	if !strings.Contains(string(page), fmt.Sprintf("&permissions=%d\n", sum)) || strings.Count(string(page), "\n| ") < len(wantedPermissions()) {
		t.Errorf("the invitation does not ask for %d", sum)
	}
}
