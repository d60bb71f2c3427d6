package main

import (
	"cmp"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"unrollbot/config"
)

// TestFilesNameRealSettings finds settings that are misspelt, or gone, in what
// operators copy.
func TestFilesNameRealSettings(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../deploy/*", "../../compose.yaml", "../../Dockerfile", "../../README.md", "../../docs/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	name := regexp.MustCompile(`\bUNROLL_[A-Z_]*[A-Z]\b`)
	ofTests := testVariables(t)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var environ []string
		for _, n := range name.FindAllString(string(text), -1) {
			environ = append(environ, n+"=x")
		}
		for _, n := range config.Unknown(environ) {
			if !ofTests[n] {
				t.Errorf("%s names %s, which is no setting", file, n)
			}
		}
	}
}

// testVariables are those that tests go by.
func testVariables(t *testing.T) map[string]bool {
	t.Helper()
	names, read := map[string]bool{}, regexp.MustCompile(`Getenv\("(UNROLL_[A-Z_]+)"\)`)
	if err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return cmp.Or(err, fs.SkipDir)
		case d.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range read.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return names
}

// TestSystemdUnit has systemd itself read the unit.
func TestSystemdUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	ours, err := os.ReadFile("../../deploy/unrollbot.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "unrollbot.service")
	here := strings.Replace(string(ours), "/usr/local/bin/unrollbot", os.Args[0], 1)
	if err := os.WriteFile(unit, []byte(here), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	// In tenths of what it counts as exposure, of 100 at most.
	if out, err := exec.Command(analyze, "security", "--offline=true", "--threshold=20", unit).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
