package main

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/bot"
	"unrollbot/bot/bottest"
	"unrollbot/bot/mention"
	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

// admin runs an operator's command with the settings of a rig's program. The
// program goes on meanwhile.
func (r *rig) admin(args string) (code int, out string) {
	r.t.Helper()
	settings := []string{"UNROLL_DATA_DIR=" + r.app.cfg.DataDir}
	if url := r.app.cfg.RedisURL.Reveal(); url != "" {
		settings = append(settings, "UNROLL_REDIS_URL="+url)
	}
	code, stdout, stderr := command(r.t.(*testing.T), r.environ(settings...), "", append([]string{"admin"}, strings.Fields(args)...)...)
	return code, stdout + stderr
}

// onBothStores runs a story over the local file and over Redis.
func onBothStores(t *testing.T, story func(t *testing.T, r *rig)) {
	t.Helper()
	t.Run("local file", func(t *testing.T) { story(t, newRig(t, fakenet.Chain(3))) })
	t.Run("redis", func(t *testing.T) {
		story(t, newRig(t, fakenet.Chain(3), "UNROLL_REDIS_URL=redis://"+miniredis.RunT(t).Addr()))
	})
}

func TestAdminOptOut(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *rig) {
		r.telegramSays(xLink(1))
		link := xLink(2)
		code, out := r.admin("optout add " + link)
		if code != 0 || !strings.Contains(out, "is not unrolled any longer; threads forgotten: 1") {
			t.Fatalf("exit code %d: %s", code, out)
		}
		who, _, _ := strings.Cut(out, " ")
		for cmd, want := range map[string]string{
			"optout list": who, "optout show " + who: "opted out: true", "optout show " + link: "opted out: true",
		} {
			if code, out := r.admin(cmd); code != 0 || !strings.Contains(out, want) {
				t.Errorf("%s: exit code %d: %s", cmd, code, out)
			}
		}
		if _, held, err := r.app.store.Load(t.Context(), unroll.Ref{Network: unroll.X, ID: "1000001"}); held || err != nil {
			t.Errorf("the thread is held: %v, %v", held, err)
		}
		ref, err := unroll.ParseRef(xLink(3))
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the opt-out to be in effect", func() bool {
			_, err := r.app.service.Unroll(t.Context(), ref)
			return unroll.KindOf(err) == unroll.KindOptedOut
		})
		if code, out := r.admin("optout remove " + xLink(3)); code != 0 || !strings.Contains(out, "may be unrolled") {
			t.Errorf("remove: exit code %d: %s", code, out)
		}
		if code, out := r.admin("optout list"); code != 0 || out != "" {
			t.Errorf("list: exit code %d: %s", code, out)
		}
	})
}

func TestAdminPurge(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *rig) {
		r.get("/?url=" + xLink(2))
		if code, out := r.admin("purge " + xLink(3)); code != 0 || !strings.Contains(out, "/x/1000001 is forgotten") {
			t.Fatalf("exit code %d: %s", code, out)
		}
		if _, held, _ := r.app.store.Load(t.Context(), unroll.Ref{Network: unroll.X, ID: "1000001"}); held {
			t.Error("the thread is held")
		}
		if listed, err := r.app.store.Latest(t.Context(), 10); err != nil || len(listed) != 0 {
			t.Errorf("listed: %v, %v", listed, err)
		}
		if code, out := r.admin("purge " + xLink(3)); code != 0 || !strings.Contains(out, "nothing is held") {
			t.Errorf("again: exit code %d: %s", code, out)
		}
	})
}

func TestAdminBan(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *rig) {
		if code, out := r.admin("ban add telegram 77 --for 24h --reason floods"); code != 0 || !strings.Contains(out, "is not answered until") {
			t.Fatalf("exit code %d: %s", code, out)
		}
		if code, out := r.admin("ban list"); code != 0 || !strings.Contains(out, "floods") {
			t.Errorf("list: exit code %d: %s", code, out)
		}
		if !bot.NewBans(r.app.store, r.app.log).Banned(t.Context(), "telegram", "77") {
			t.Error("not banned")
		}
		if code, out := r.admin("ban remove telegram 77"); code != 0 || !strings.Contains(out, "answered again") {
			t.Errorf("remove: exit code %d: %s", code, out)
		}
		if code, out := r.admin("ban remove telegram 77"); code != 1 || !strings.Contains(out, "was not banned") {
			t.Errorf("remove again: exit code %d: %s", code, out)
		}
	})
}

func TestABannedUserGetsNoAnswer(t *testing.T) {
	r := newRig(t, fakenet.Chain(3))
	if err := bot.NewBans(r.app.store, r.app.log).Add(context.Background(), bot.Ban{Platform: "telegram", User: "77"}); err != nil {
		t.Fatal(err)
	}
	before := len(r.telegram.Messages(77))
	r.telegram.Say(bottest.TelegramPost{Text: "/unroll " + xLink(1)})
	eventually(t, "the request to be dropped", func() bool {
		_, _, body := r.get("/metrics")
		return strings.Contains(body, `unrollbot_banned_requests_total{platform="telegram"} 1`)
	})
	if n := len(r.telegram.Messages(77)); n != before {
		t.Errorf("%d answers", n-before)
	}
}

func TestAdminBrakeAndStats(t *testing.T) {
	onBothStores(t, func(t *testing.T, r *rig) {
		if code, out := r.admin("brake on bluesky"); code != 0 {
			t.Fatalf("exit code %d: %s", code, out)
		}
		brake := mention.NewBrake(r.app.store)
		for network, want := range map[string]bool{"bluesky": true, "mastodon": false} {
			if on, err := brake.Pulled(t.Context(), network); err != nil || on != want {
				t.Errorf("%s: %v, %v", network, on, err)
			}
		}
		if code, out := r.admin("brake off bluesky"); code != 0 || !strings.Contains(out, "are answered") {
			t.Errorf("exit code %d: %s", code, out)
		}
		r.get("/?url=" + xLink(2))
		if code, out := r.admin("stats"); code != 0 || !strings.Contains(out, "threads   1, of 3 posts") || !strings.Contains(out, "listed    1") {
			t.Errorf("exit code %d: %s", code, out)
		}
	})
}

func TestAdminCommandLine(t *testing.T) {
	dir := "UNROLL_DATA_DIR=" + t.TempDir()
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"", 0, "unrollbot admin purge LINK"},
		{"--help", 0, "unrollbot admin purge LINK"},
		{"frobnicate", 2, "hint: unrollbot admin --help"},
		{"ban add telegram", 2, "hint: unrollbot admin --help"},
		{"ban add telegram 7 --for ever", 2, "hint: unrollbot admin --help"},
		{"ban add telegram 7 --for -1h", 2, "must be positive"},
		{"purge https://x.com/ada", 2, "hint: give a link"},
		{"optout add nobody", 2, "bluesky:DID"},
		{"optout add x:ada", 2, "the account's number"},
		{"optout add bluesky:ada.test", 2, "the DID"},
		{"optout add x:42", 0, "x:42 is not unrolled any longer; threads forgotten: 0"},
		{"optout list", 0, "x:42"}, // it was kept
	} {
		code, out, errs := command(t, []string{dir}, "", append([]string{"admin"}, strings.Fields(tt.args)...)...)
		if code != tt.code || !strings.Contains(out+errs, tt.want) {
			t.Errorf("%q: exit code %d, want %d; want %q in:\n%s%s", tt.args, code, tt.code, tt.want, out, errs)
		}
	}
}

func TestTheAdminSocketIsTheOperatorsAlone(t *testing.T) {
	r := newRig(t, fakenet.Chain(1))
	info, err := os.Stat(socketPath(r.app.cfg))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	if code, out := r.admin("frobnicate"); code != 2 || !strings.Contains(out, "hint:") {
		t.Errorf("exit code %d: %s", code, out)
	}
	if err := r.end(); err != nil {
		t.Fatal(err)
	}
	if code, out := r.admin("ban list"); code != 0 {
		t.Errorf("once the bot has ended: exit code %d: %s", code, out)
	}
}
