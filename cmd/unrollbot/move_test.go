package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"unrollbot/bot"
	"unrollbot/internal/fakenet"
	"unrollbot/unroll"
)

func TestExportOfOneStoreIsImportedIntoAnother(t *testing.T) {
	redis := "UNROLL_REDIS_URL=redis://" + miniredis.RunT(t).Addr()
	local := "UNROLL_DATA_DIR=" + t.TempDir()
	stats := func(environ string) string {
		t.Helper()
		code, out, errs := command(t, []string{environ}, "", "admin", "stats")
		if code != 0 {
			t.Fatalf("stats: %s", errs)
		}
		return out
	}

	r := newRig(t, fakenet.Chain(3)) // exports while it runs on its file
	r.get("/?url=" + xLink(2))
	ctx := t.Context()
	if err := r.app.store.SetOptedOut(ctx, unroll.Bluesky, "did:plc:x", true); err != nil {
		t.Fatal(err)
	}
	if err := bot.NewBans(r.app.store, r.app.log).Add(ctx, bot.Ban{Platform: "telegram", User: "9", Reason: "floods"}); err != nil {
		t.Fatal(err)
	}
	_, want := r.admin("stats")
	file := filepath.Join(t.TempDir(), "backup.jsonl.gz")
	for _, step := range []struct{ environ, args string }{
		{"UNROLL_DATA_DIR=" + r.app.cfg.DataDir, "export " + file},
		{redis, "import " + file},
		{redis, "import " + file}, // twice changes nothing
		{redis, "export " + file + ".plain"},
		{local, "import " + file + ".plain"},
	} {
		if code, _, errs := command(t, []string{step.environ}, "", strings.Fields(step.args)...); code != 0 || !strings.Contains(errs, " records ") {
			t.Fatalf("%s: exit code %d: %s", step.args, code, errs)
		}
	}
	for _, environ := range []string{redis, local} {
		if got := stats(environ); got != want {
			t.Errorf("%s holds\n%swant\n%s", environ, got, want)
		}
		if _, out, _ := command(t, []string{environ}, "", "admin", "ban", "list"); !strings.Contains(out, "floods") {
			t.Errorf("%s: bans: %q", environ, out)
		}
		if _, out, _ := command(t, []string{environ}, "", "admin", "optout", "list"); out != "bluesky:did:plc:x\n" {
			t.Errorf("%s: opt-outs: %q", environ, out)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	code, out, _ := command(t, []string{local}, "", "export", "-")
	if code != 0 || !strings.HasPrefix(out, `{"format":"unrollbot-export"`) {
		t.Errorf("to the output: %d, %.80s", code, out)
	}
	if code, _, errs := command(t, []string{"UNROLL_DATA_DIR=" + t.TempDir()}, out, "import", "-"); code != 0 {
		t.Errorf("from the input: %s", errs)
	}
}

func TestImportRefuses(t *testing.T) {
	const head = `{"format":"unrollbot-export","version":1}` + "\n"
	const optOut = `{"opt_out":{"network":"x","author_id":"1"}}` + "\n"
	for name, tt := range map[string]struct{ in, want string }{
		"nothing":               {"", "is no export"},
		"something else":        {`{"a":1}`, "is no export"},
		"a newer one":           {`{"format":"unrollbot-export","version":99}`, "newer program"},
		"half of one":           {head + optOut, "not whole"},
		"half a line":           {head + optOut + `{"opt_`, "not whole"},
		"what lacks records":    {head + optOut + `{"end":2}`, "holds 1 records, but says 2"},
		"garbage in the middle": {head + optOut + "garbage\n" + `{"end":2}`, "record 2"},
		"a broken gzip":         {"\x1f\x8bgarbage", "gzip"},
	} {
		code, out, errs := command(t, []string{"UNROLL_DATA_DIR=" + t.TempDir()}, tt.in, "import", "-")
		if code != 1 || !strings.Contains(errs, tt.want) {
			t.Errorf("%s: exit code %d, want %q in: %s%s", name, code, tt.want, out, errs)
		}
	}
	if code, _, errs := command(t, nil, "", "export"); code != 2 || !strings.Contains(errs, "hint: unrollbot export backup") {
		t.Errorf("export without a file: %d %s", code, errs)
	}
}

func TestAnExportThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	code, _, errs := command(t, []string{"UNROLL_REDIS_URL=redis://127.0.0.1:1"}, "", "export", filepath.Join(dir, "backup.jsonl"))
	if code != 1 || !strings.Contains(errs, "hint: unrollbot doctor") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
