package bot

import (
	"strings"
	"testing"

	"unrollbot/unroll"
)

func TestSettingsHaveBounds(t *testing.T) {
	s := NewSettingsStore(&shelf{})
	for name, tc := range map[string]struct {
		to   Settings
		fits bool
	}{
		"parts of a chat":   {Settings{AutoIn: make([]string, maxParts), AnswerIn: make([]string, maxParts)}, true},
		"too many with it":  {Settings{AutoIn: make([]string, maxParts+1)}, false},
		"too many to write": {Settings{AnswerIn: make([]string, maxParts+1)}, false},
		"a long keyword":    {Settings{Keywords: []string{strings.Repeat("x", maxKeyword+1)}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := s.Change(t.Context(), "chat", "1", tc.to)
			if (err == nil) != tc.fits || (err != nil && unroll.KindOf(err) != unroll.KindTooLarge) {
				t.Error(err)
			}
		})
	}
}
