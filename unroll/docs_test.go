package unroll

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestThreadsPage keeps docs/threads.md in step: the tests and cases that it
// names exist, and it names every rule and every hard case.
func TestThreadsPage(t *testing.T) {
	page, err := os.ReadFile("../docs/threads.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		tests.Write(source)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`((?:Test|Fuzz)\\w*)(?:/([^`]*))?`").FindAllStringSubmatch(string(page), -1) {
		if m[1] == "TestName" {
			continue
		}
		if !strings.Contains(tests.String(), "func "+m[1]+"(") {
			t.Errorf("there is no %s", m[1])
		}
		if m[2] != "" && !strings.Contains(tests.String(), `"`+m[2]+`"`) {
			t.Errorf("there is no case %q", m[2])
		}
	}
	names := []string{}
	for _, r := range []Rule{
		RuleGap, RuleHead, RuleCutText, RuleCut, RuleNoThread, RuleCounter, RuleNumbering, RuleOpener, RuleEnd, RuleOpenEnd, RuleChainOnly,
	} {
		names = append(names, string(r))
	}
	files, err := filepath.Glob("testdata/hard/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".txtar"))
	}
	for _, name := range names {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("the page does not name %s", name)
		}
	}
}
