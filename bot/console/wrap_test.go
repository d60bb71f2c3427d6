package console

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		name  string
		text  string
		cells int
		want  []string
	}{
		{"fits", "one two", 10, []string{"one two"}},
		{"at spaces", "one two three four", 9, []string{"one two", "three", "four"}},
		{"just fits", "one two three", 7, []string{"one two", "three"}},
		{"lines and blank lines stay", "one\n\ntwo", 10, []string{"one", "", "two"}},
		{"indents stay", "- a\n   - b c", 6, []string{"- a", "   - b", "c"}},
		{"addresses are never broken", "see https://example.org/a/long/path now", 12, []string{"see", "https://example.org/a/long/path", "now"}},
		{"other words only when they must", "a incomprehensibilities b", 10, []string{"a", "incomprehe", "nsibilitie", "s b"}},
		{"wide letters, two cells each", "织布这件事，汉字里", 8, []string{"织布这件", "事，汉字", "里"}},
		{"a comma does not begin a line", "织布这件事，汉字里", 10, []string{"织布这件", "事，汉字里"}},
		{"wide and narrow", "ab 日本語 cd", 6, []string{"ab 日", "本語", "cd"}},
		{"emoji are one piece", "👩‍🔬👨‍👩‍👧 x", 4, []string{"👩‍🔬👨‍👩‍👧", "x"}},
		{"right to left", "שתי וערב חקירה", 9, []string{"שתי וערב", "חקירה"}},
		{"nothing", "", 9, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrap(tt.text, tt.cells)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCellsOf(t *testing.T) {
	for g, want := range map[string]int{
		"a": 1, "é": 1, "e\u0301": 1, "日": 2, "ｱ": 1, "Ａ": 2, "👩‍🔬": 2, "❤️": 2, "🇫🇷": 2, "\u200d": 0, "ש": 1, "שׁ": 1,
	} {
		if got := cellsOf(g); got != want {
			t.Errorf("cellsOf(%q) = %d, want %d", g, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	const hostile = "a\x1b[2J\x07b\u009b31mc\r\nd\te\u202eF\u2066g\u2028h"
	if got, want := clean(hostile), "a[2Jb31mc\nd eF\u2066gh"; got != want {
		t.Errorf("clean(%q) = %q, want %q", hostile, got, want)
	}
}

func FuzzWrap(f *testing.F) {
	f.Add("one two https://example.org/x three", 9)
	f.Add("织布这件事，汉字里藏得到处都是 👩‍🔬 שתי", 5)
	f.Add(" \n\t x\u0301 ", 3)
	f.Fuzz(func(t *testing.T, text string, cells int) {
		if !utf8.ValidString(text) || cells < 2 || cells > 200 {
			t.Skip()
		}
		text = clean(text)
		lines := wrap(text, cells)
		bare := func(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }
		if got, want := bare(strings.Join(lines, "")), bare(text); got != want {
			t.Fatalf("wrap(%q, %d) lost something: %q", text, cells, got)
		}
		for _, line := range lines {
			n := 0
			for _, w := range words(line) {
				n += w.spaces + w.cells
			}
			if n > cells && !strings.Contains(line, "://") {
				t.Fatalf("wrap(%q, %d): line %q takes %d cells", text, cells, line, n)
			}
		}
	})
}
