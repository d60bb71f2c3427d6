package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSettingsAreBounded(t *testing.T) {
	for args, want := range map[string]string{
		"-replicas 2":                           "share a Redis",
		"-replicas 99":                          "must be 1 to 10",
		"-redis redis://redis.example.org:6379": "must be on this machine",
		"-redis redis://10.0.0.1:6379":          "must be on this machine",
		"-redis 127.0.0.1:6379":                 "must be like",
		"-cold 0":                               "at least 1",
		"-cached 1000000":                       "at most 200000",
		"-cold-rate 0":                          "rates must be",
		"-cached-rate 100000":                   "rates must be",
		"-cached-rate NaN":                      "rates must be",
		"-posts 1000":                           "must be 1 to 100",
		"-hot 0":                                "at least 1",
		"-replicas 3 -redis redis://127.0.0.1:6379":       "",
		"-redis redis://localhost:6379/1 -cached-rate 10": "",
	} {
		_, err := parse(strings.Fields(args))
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

func TestQuantiles(t *testing.T) {
	var took []time.Duration
	for i := range 100 {
		took = append(took, time.Duration(i)*time.Millisecond)
	}
	for p, want := range map[float64]string{0: "0.0ms", .5: "50.0ms", .99: "99.0ms", 1: "99.0ms"} {
		if got := ms(quantile(took, p)); got != want {
			t.Errorf("%v: %s, want %s", p, got, want)
		}
	}
	if got := quantile(nil, .5); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
}

// TestMain is the bare program, too: the load starts itself as that.
func TestMain(m *testing.M) {
	if slices.Equal(os.Args[1:], []string{bareVerb}) {
		if err := runBare(os.Getenv); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestTenths(t *testing.T) {
	var samples []int
	if got := tenths(samples); got != "" {
		t.Errorf("of nothing: %q", got)
	}
	for i := range 30 {
		samples = append(samples, (i/3+1)<<20)
	}
	if got, want := tenths(samples), "1 2 3 4 5 6 7 8 9 10"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// TestASmallLoad plays with the real program.
func TestASmallLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the program")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("needs the go command")
	}
	var out strings.Builder
	if err := run(t.Context(), strings.Fields("-cold 20 -cold-rate 100 -cached 40 -cached-rate 100 -hot 5"), &out); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^cold +20 .* 0 +0 +0 +38 `).MatchString(out.String()) || // one was asked for at the start
		!regexp.MustCompile(`(?m)^bare +40 .* 0 +0 +0 +0 `).MatchString(out.String()) ||
		!regexp.MustCompile(`(?m)^cached +40 .* 0 +0 +0 +0 `).MatchString(out.String()) ||
		!strings.Contains(out.String(), "over the bare round trips") {
		t.Errorf("unexpected:\n%s", out.String())
	}
}
