package sourcetest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

// Fixture reads a file of testdata.
func Fixture(t testing.TB, file string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// Golden compares v, as JSON, with a file of testdata. Where that JSON holds
// what a run made up, such as the port of a server, rename says what the file
// has in its place: pairs of old and new, as for [strings.NewReplacer].
func Golden(t testing.TB, file string, v any, rename ...string) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	got := strings.NewReplacer(rename...).Replace(b.String())
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", file), []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(Fixture(t, file)), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// Recording is a recorded answer of a service.
type Recording struct {
	Name string // of the file
	Raw  []byte
}

// Corpus reads the recorded answers below the directory that UNROLL_CORPUS
// names, and skips the test where it is not set: others' words are in no
// repository of ours.
func Corpus(t testing.TB, patterns ...string) []Recording {
	t.Helper()
	dir := os.Getenv("UNROLL_CORPUS")
	if dir == "" {
		t.Skipf("UNROLL_CORPUS is not set: it names a directory with recorded answers in %q", patterns)
	}
	var all []Recording
	for _, pattern := range patterns {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, Recording{filepath.Base(file), raw})
		}
	}
	if len(all) == 0 {
		t.Fatalf("no recorded answers in %s: %q", dir, patterns)
	}
	return all
}
